//! Principals: added, described, given roles, disabled.

use sqlx::PgConnection;

use super::{
    Attempted, By, Call, Failure, Identity, Refusal,
    grants::{self, Grants},
    recorded,
};
use crate::{
    auth::{Caller, Permission},
    domain::{
        ids::{PrincipalId, WorkspaceId},
        names::{InvalidName, PrincipalName, is_unseen},
        patch::Patch,
        slack::Account,
    },
    store::{
        self, Page, keys,
        principals::{self, Principal, Profile, Who},
        slack,
    },
};

/// What callers do with the principals of their workspace.
pub struct Principals<'a>(&'a Identity);

impl Identity {
    pub fn principals(&self) -> Principals<'_> {
        Principals(self)
    }
}

impl Principals<'_> {
    /// A page of them in the order of their names, behind that one.
    pub async fn page(
        &self,
        caller: &Caller,
        after: Option<&PrincipalName>,
        limit: i64,
    ) -> Result<Page<Principal>, Failure> {
        let after = after.map(PrincipalName::as_str);
        let page =
            async |conn: &mut PgConnection| principals::page(conn, caller.workspace, after, limit).await;
        self.0.look(caller, page).await
    }

    pub async fn get(&self, caller: &Caller, id: PrincipalId) -> Result<Option<Principal>, Failure> {
        let get = async |conn: &mut PgConnection| principals::get(conn, caller.workspace, Who::Id(id)).await;
        self.0.look(caller, get).await
    }

    pub async fn create(
        &self,
        call: Call<'_>,
        name: &PrincipalName,
        changes: Changes,
    ) -> Result<Principal, Failure> {
        let workspace = call.caller.workspace;
        let create =
            async |conn: &mut PgConnection, by: &By<'_>| create(conn, by, workspace, name, changes).await;
        self.0.change(call, Some(Permission::PrincipalManage), create).await
    }

    pub async fn update(
        &self,
        call: Call<'_>,
        id: PrincipalId,
        changes: Changes,
    ) -> Result<Principal, Failure> {
        let workspace = call.caller.workspace;
        let update = async |conn: &mut PgConnection, by: &By<'_>| {
            update(conn, by, workspace, Who::Id(id), changes).await
        };
        self.0.change(call, Some(Permission::PrincipalManage), update).await
    }
}

/// What is to be changed; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub kind: Option<&'static str>,
    pub display_name: Patch<String>,
    pub email: Patch<String>,
    pub roles: Option<Vec<String>>,
    pub groups: Option<Vec<String>>,
    /// Their account in Slack, as `team/user`.
    pub slack: Patch<String>,
    pub is_disabled: Option<bool>,
}

/// Longest address of a mailbox, in characters (RFC 5321).
const LONGEST_EMAIL: usize = 320;

impl Changes {
    /// The changes as they will be stored: what is checked here is what is written.
    fn checked(mut self) -> Result<Self, Refusal> {
        let invalid = |field, message: &str| Err(Refusal::Invalid { field, message: message.to_owned() });
        if let Some(name) = self.display_name.value() {
            match PrincipalName::new(name) {
                Ok(name) => self.display_name = Patch::Set(name.as_str().to_owned()),
                Err(error) => return invalid("display_name", &error.to_string()),
            }
        }
        if let Some(email) = self.email.value()
            && !is_mailbox(email)
        {
            return invalid("email", "must be an address like ana@example.com");
        }
        if let Some(account) = self.slack.value()
            && let Err(error) = Account::parse(account)
        {
            return invalid("slack", &error.to_string());
        }
        for (field, names) in [("roles", &mut self.roles), ("groups", &mut self.groups)] {
            let Some(names) = names else { continue };
            match normalised(names) {
                Ok(normalised) => *names = normalised,
                Err(error) => return invalid(field, &error.to_string()),
            }
            grants::few(field, names)?;
        }
        Ok(self)
    }

    /// Whether the principal would have other roles or groups.
    fn moves(&self, before: &Principal) -> bool {
        self.roles.as_ref().is_some_and(|roles| *roles != before.roles)
            || self.groups.as_ref().is_some_and(|groups| *groups != before.groups)
    }

    fn apply(self, mut profile: Profile) -> Profile {
        if let Some(kind) = self.kind {
            kind.clone_into(&mut profile.kind);
        }
        self.display_name.apply(&mut profile.display_name);
        self.email.apply(&mut profile.email);
        if let Some(roles) = self.roles {
            profile.roles = roles;
        }
        if let Some(groups) = self.groups {
            profile.groups = groups;
        }
        self.slack.apply(&mut profile.slack);
        if let Some(is_disabled) = self.is_disabled {
            profile.is_disabled = is_disabled;
        }
        profile
    }
}

/// Names in NFC, in the order in which they were given.
fn normalised(names: &[String]) -> Result<Vec<String>, InvalidName> {
    names.iter().map(|name| PrincipalName::new(name).map(|name| name.as_str().to_owned())).collect()
}

/// Good enough to tell a mailbox from a mistake; whether it exists, only mail tells.
pub fn is_mailbox(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || is_unseen(c) || "<>,;\"".contains(c))
    };
    text.chars().count() <= LONGEST_EMAIL
        && text
            .rsplit_once('@')
            .is_some_and(|(local, host)| plain(local) && plain(host) && !local.contains('@'))
}

/// Adds a principal.
pub async fn create(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    name: &PrincipalName,
    changes: Changes,
) -> Attempted<Principal> {
    let changes = match changes.checked() {
        Ok(changes) => changes,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let wanted = Grants { roles: changes.roles.clone().unwrap_or_default(), ..Grants::default() };
    if let Err(refusal) = grants::to_get(conn, by, workspace, &wanted).await? {
        return Ok(Err(refusal));
    }
    let kind = changes.kind.unwrap_or("person");
    if let Err(refusal) = to_be_bound(conn, by, workspace, (None, kind), &changes).await? {
        return Ok(Err(refusal));
    }
    let (id, is_new) = principals::ensure(conn, workspace, name, kind).await?;
    if !is_new {
        let message = "there is one of that name already".to_owned();
        return Ok(Err(Refusal::Invalid { field: "name", message }));
    }
    let Some(made) = principals::lock(conn, workspace, Who::Id(id)).await? else {
        return Ok(Err(Refusal::NotFound("principal")));
    };
    let after = write(conn, workspace, &made, changes).await?.unwrap_or(made);
    by.record(conn, workspace, "principal.created", name.as_str(), (None, Some(recorded(&after)))).await?;
    Ok(Ok(after))
}

/// Changes one. Disabling takes effect within seconds, for sockets within a minute.
pub async fn update(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    who: Who<'_>,
    changes: Changes,
) -> Attempted<Principal> {
    let changes = match changes.checked() {
        Ok(changes) => changes,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(before) = principals::lock(conn, workspace, who).await? else {
        return Ok(Err(Refusal::NotFound("principal")));
    };
    // Neither what a principal has nor what they get may go beyond the caller's own: no caller disables an administrator
    // but another one.
    let had = had(conn, &before).await?;
    if let Err(refusal) = grants::had(conn, by, workspace, &had).await? {
        return Ok(Err(refusal));
    }
    // A service's keys are for others to make, a person's are not.
    if changes.kind.is_some_and(|kind| kind != before.kind) && !by.is_admin() {
        let message = "only an administrator makes a service of a person, or a person of a service";
        return Ok(Err(Refusal::Forbidden(message)));
    }
    if by.is(&before) && !by.is_admin() && changes.moves(&before) {
        let message = "only an administrator changes their own roles and groups";
        return Ok(Err(Refusal::Forbidden(message)));
    }
    let kind = changes.kind.unwrap_or(&before.kind);
    if let Err(refusal) = to_be_bound(conn, by, workspace, (Some(&before), kind), &changes).await? {
        return Ok(Err(refusal));
    }
    let gets = Grants { roles: changes.roles.clone().unwrap_or_default(), ..Grants::default() };
    if let Err(refusal) = grants::to_get(conn, by, workspace, &gets).await? {
        return Ok(Err(refusal));
    }
    let Some(after) = write(conn, workspace, &before, changes).await? else {
        return Ok(Ok(before));
    };
    let action = match (before.disabled_at.is_some(), after.disabled_at.is_some()) {
        (false, true) => "principal.disabled",
        (true, false) => "principal.enabled",
        _ => "principal.updated",
    };
    by.record(conn, workspace, action, &before.name, (Some(recorded(&before)), Some(recorded(&after))))
        .await?;
    Ok(Ok(after))
}

/// Binds a person to a subject of an issuer: another account of theirs, instead of the one they had. For operators
/// alone: who may bind, may become anybody.
pub async fn bind(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    who: Who<'_>,
    (issuer, subject): (&str, &str),
) -> Attempted<Principal> {
    if by.caller.is_some() {
        return Ok(Err(Refusal::Forbidden("only an operator of the service binds people to accounts")));
    }
    principals::lock_subject(conn, workspace, issuer, subject).await?;
    let Some(before) = principals::lock(conn, workspace, who).await? else {
        return Ok(Err(Refusal::NotFound("principal")));
    };
    if before.kind != "person" {
        let message = "a service has no account of a person".to_owned();
        return Ok(Err(Refusal::Invalid { field: "name", message }));
    }
    match principals::of_subject(conn, workspace, issuer, subject).await? {
        Some((holder, _)) if holder.id == before.id => return Ok(Ok(before)),
        Some((holder, _)) => {
            let message = format!("it is the account of {}", holder.name);
            return Ok(Err(Refusal::Invalid { field: "subject", message }));
        }
        None => {}
    }
    principals::bind(conn, before.id, Some((issuer, subject))).await?;
    let after = principals::get(conn, workspace, Who::Id(PrincipalId(before.id))).await?;
    let Some(after) = after else { return Ok(Err(Refusal::NotFound("principal"))) };
    let states = (Some(recorded(&before)), Some(recorded(&after)));
    by.record(conn, workspace, "principal.updated", &before.name, states).await?;
    Ok(Ok(after))
}

/// Whether an account in Slack may become a principal's, or cease to be. Who has it acts as that person: so administrators
/// alone say whose it is.
async fn to_be_bound(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    (before, kind): (Option<&Principal>, &str),
    changes: &Changes,
) -> Attempted<()> {
    let invalid = |message: String| Ok(Err(Refusal::Invalid { field: "slack", message }));
    if changes.slack == Patch::Keep {
        return Ok(Ok(()));
    }
    if !by.is_admin() {
        let message = "only an administrator says whose an account in Slack is";
        return Ok(Err(Refusal::Forbidden(message)));
    }
    let Some(text) = changes.slack.value() else { return Ok(Ok(())) };
    if kind != "person" {
        return invalid("a service has no account in Slack".to_owned());
    }
    let account = match Account::parse(text) {
        Ok(account) => account,
        Err(error) => return invalid(error.to_string()),
    };
    match slack::holder(&mut *conn, workspace, &account).await? {
        Some(holder) if before.is_none_or(|before| before.id != holder.0) => {
            let holder = principals::get(conn, workspace, Who::Id(holder)).await?;
            let name = holder.map_or_else(|| "another".to_owned(), |holder| holder.name);
            invalid(format!("it is the account of {name}"))
        }
        _ => Ok(Ok(())),
    }
}

/// All that a principal may do, with any credential. Who has the principal locked keeps it from getting new keys.
async fn had(conn: &mut PgConnection, principal: &Principal) -> Result<Grants, store::Error> {
    let (permissions, mut roles) = keys::granted(conn, principal.id).await?;
    roles.extend(principal.roles.iter().chain(&principal.claimed_roles).cloned());
    Ok(Grants { permissions, roles })
}

/// Writes what is to be another; `None` if nothing is.
async fn write(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    before: &Principal,
    changes: Changes,
) -> Result<Option<Principal>, store::Error> {
    let known = Profile::from(before);
    let wanted = changes.apply(known.clone());
    if wanted == known {
        return Ok(None);
    }
    principals::update(&mut *conn, before.id, &wanted).await?;
    if wanted.slack != known.slack {
        let account = wanted.slack.as_deref().and_then(|text| Account::parse(text).ok());
        let person = PrincipalId(before.id);
        let by = slack::By::Administrator;
        if !slack::bind(&mut *conn, workspace, person, account.as_ref(), by).await? {
            let why = "the account was bound to another person at this moment".into();
            return Err(store::Error::Busy(sqlx::Error::Protocol(why)));
        }
    }
    let after = principals::get(conn, workspace, Who::Id(PrincipalId(before.id))).await?;
    let after = after.ok_or_else(|| store::Error::Corrupt {
        table: "principals",
        id: before.id.to_string(),
        what: "it went while it was changed".to_owned(),
    })?;
    Ok(Some(after))
}
