//! Delegations: made, revoked. A delegation opens one seat; whose it is, and who sits in it, stays on record.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::{Attempted, By, Call, Failure, Identity, Refusal, recorded};
use crate::{
    auth::{Caller, Permission},
    domain::{
        delegation::{self, Delegating, Link, Tangle},
        ids::{DelegationId, PrincipalId, WorkspaceId},
        names::PrincipalName,
        policy::Actor,
    },
    store::{
        self, Page,
        delegations::{self, Delegation, NewDelegation, Which},
        principals::{self, Principal, Who},
        workspaces,
    },
};

/// How long a delegation lasts.
const SHORTEST: TimeDelta = TimeDelta::minutes(1);
const LONGEST: TimeDelta = TimeDelta::days(90);
/// How long a request may take to arrive, and how far a caller's clock may be behind ours.
const ON_ITS_WAY: TimeDelta = TimeDelta::seconds(5);
const CLOCK: TimeDelta = TimeDelta::minutes(5);
/// Most that have neither ended nor been revoked.
const MOST_FROM: i64 = 10;
const MOST_TO: i64 = 20;

/// What callers do with delegations in their workspace. Each side sees its own; a caller who manages principals sees all.
pub struct Delegations<'a>(&'a Identity);

impl Identity {
    pub fn delegations(&self) -> Delegations<'_> {
        Delegations(self)
    }
}

/// Which delegations to list.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pub from: Option<PrincipalName>,
    pub to: Option<PrincipalName>,
    /// Those that hold now, or the others.
    pub active: Option<bool>,
    /// The last one of the page before.
    pub after: Option<DelegationId>,
}

impl Delegations<'_> {
    /// A page of those that the caller sees, the newest first.
    pub async fn page(&self, caller: &Caller, wish: &Wish, limit: i64) -> Result<Page<Delegation>, Failure> {
        let which = Which {
            from: wish.from.as_ref(),
            to: wish.to.as_ref(),
            active: wish.active,
            of: (!sees_all(caller)).then_some(caller.actor.id),
            after: wish.after.map(|id| id.0),
        };
        let page =
            async |conn: &mut PgConnection| delegations::page(conn, caller.workspace, &which, limit).await;
        self.0.look(caller, page).await
    }

    pub async fn get(&self, caller: &Caller, id: DelegationId) -> Result<Option<Delegation>, Failure> {
        let get = async |conn: &mut PgConnection| delegations::get(conn, caller.workspace, id).await;
        let found = self.0.look(caller, get).await?;
        Ok(found.filter(|it| sees_all(caller) || is_side(&caller.actor, it)))
    }

    pub async fn create(&self, call: Call<'_>, wanted: Wanted) -> Result<Delegation, Failure> {
        let workspace = call.caller.workspace;
        let create = async |conn: &mut PgConnection, by: &By<'_>| create(conn, by, workspace, wanted).await;
        self.0.change(call, None, create).await
    }

    pub async fn revoke(&self, call: Call<'_>, id: DelegationId) -> Result<(), Failure> {
        let workspace = call.caller.workspace;
        let revoke = async |conn: &mut PgConnection, by: &By<'_>| revoke(conn, by, workspace, id).await;
        self.0.change(call, None, revoke).await
    }
}

/// Whether the caller sees the delegations of others.
fn sees_all(caller: &Caller) -> bool {
    caller.may(Permission::PrincipalManage)
}

/// A delegation that is to be.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// `None`: the caller's own.
    pub from: Option<PrincipalName>,
    pub to: PrincipalName,
    /// `None`: now.
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: DateTime<Utc>,
    /// `None`: all.
    pub approval_types: Option<Vec<String>>,
    pub redelegable: bool,
    pub reason: Option<String>,
}

/// Lets a person sit in another's seat. Callers of a workspace come here one at a time (`By::caller`), so two that would make a
/// circle together don't pass each other.
pub async fn create(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    wanted: Wanted,
) -> Attempted<Delegation> {
    let Some(me) = by.actor() else { return Ok(Err(Refusal::Forbidden("a delegation is made by a caller"))) };
    let setting = match workspaces::get(conn, workspace).await? {
        Some(found) => Delegating::from_word(&found.delegation).unwrap_or_default(),
        None => return Ok(Err(Refusal::NotFound("workspace"))),
    };
    let from = wanted.from.as_ref().map_or(Who::Id(me.id), Who::Name);
    let from = principals::get(conn, workspace, from).await?;
    let is_own = wanted.from.is_none() || from.as_ref().is_some_and(|from| by.is(from));
    if let Err(refusal) = may(by, setting, is_own) {
        return Ok(Err(refusal));
    }
    let to = principals::get(conn, workspace, Who::Name(&wanted.to)).await?;
    let (from, to) = match (person("from", from), person("to", to)) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(refusal), _) | (_, Err(refusal)) => return Ok(Err(refusal)),
    };
    if from.id == to.id {
        return Ok(Err(breaks("to", "self", "must be another person than the owner of the seat")));
    }
    // Power over seats is power over approvals. It is the same with one's own roles.
    if !is_own && by.is(&to) && !by.is_admin() {
        let message = "only an administrator lets themselves sit in another person's seat";
        return Ok(Err(Refusal::Forbidden(message)));
    }
    let (from_id, to_id) = (PrincipalId(from.id), PrincipalId(to.id));
    let standing = delegations::standing(conn, from_id, to_id).await?;
    let (starts_at, ends_at) = match times(&wanted, standing.now) {
        Ok(times) => times,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let link = Link { from: from_id, to: to_id, starts_at, ends_at };
    if let Err(tangle) = delegation::check(&link, &delegations::around(conn, &link).await?) {
        let rule = match tangle {
            Tangle::Cycle => "cycle",
            Tangle::Depth => "depth",
        };
        return Ok(Err(breaks("to", rule, &tangle.to_string())));
    }
    for (whose, count, most, which) in
        [(&from, standing.from, MOST_FROM, "from"), (&to, standing.to, MOST_TO, "to")]
    {
        if count >= most {
            let message =
                format!("there are {most} delegations {which} {} already, which is the most", whose.name);
            return Ok(Err(Refusal::LimitReached(message)));
        }
    }
    let id = DelegationId::generate();
    let new = NewDelegation {
        id,
        workspace,
        link,
        approval_types: wanted.approval_types.as_deref(),
        redelegable: wanted.redelegable,
        reason: wanted.reason.as_deref(),
        by: me,
    };
    delegations::insert(conn, &new).await?;
    let made = again(conn, workspace, id).await?;
    by.record(conn, workspace, "delegation.created", &id.to_string(), (None, Some(recorded(&made)))).await?;
    Ok(Ok(made))
}

/// Revokes a delegation. Doing so again, or after its end, changes nothing.
pub async fn revoke(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    id: DelegationId,
) -> Attempted<()> {
    if !by.may(Permission::ApprovalApprove) && !by.may(Permission::PrincipalManage) {
        return Ok(Err(Refusal::Lacks(Permission::PrincipalManage)));
    }
    let before = match seen(conn, by, workspace, id).await? {
        Ok(before) => before,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(me) = by.actor() else {
        return Ok(Err(Refusal::Forbidden("a delegation is revoked by a caller")));
    };
    if before.state == "ended" || !delegations::revoke(conn, workspace, id, me).await? {
        return Ok(Ok(()));
    }
    let after = again(conn, workspace, id).await?;
    let states = (Some(recorded(&before)), Some(recorded(&after)));
    by.record(conn, workspace, "delegation.revoked", &id.to_string(), states).await?;
    Ok(Ok(()))
}

/// A delegation, for one of its two sides or for who manages principals. For others it is not there.
async fn seen(
    conn: &mut PgConnection,
    by: &By<'_>,
    workspace: WorkspaceId,
    id: DelegationId,
) -> Attempted<Delegation> {
    let found = delegations::get(conn, workspace, id).await?;
    let is_theirs = |it: &Delegation| by.actor().is_some_and(|me| is_side(me, it));
    let found = found.filter(|it| is_theirs(it) || by.may(Permission::PrincipalManage));
    Ok(found.ok_or(Refusal::NotFound("delegation")))
}

/// Whether a delegation is from or to this person.
fn is_side(actor: &Actor, delegation: &Delegation) -> bool {
    [delegation.from_id, delegation.to_id].contains(&actor.id.0)
}

async fn again(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: DelegationId,
) -> Result<Delegation, store::Error> {
    delegations::get(conn, workspace, id).await?.ok_or_else(|| store::Error::Corrupt {
        table: "delegations",
        id: id.to_string(),
        what: "it went while it was changed".to_owned(),
    })
}

fn breaks(field: &'static str, rule: &'static str, message: &str) -> Refusal {
    Refusal::Breaks { field, rule, message: message.to_owned() }
}

/// Who may delegate a seat: its owner, or who manages principals; as the workspace has it.
fn may(by: &By<'_>, setting: Delegating, is_own: bool) -> Result<(), Refusal> {
    let manages = by.may(Permission::PrincipalManage);
    match setting {
        Delegating::Off => Err(Refusal::Forbidden(
            "no one sits in for others here: the workspace's setting delegation is off",
        )),
        Delegating::Managed if !manages => Err(Refusal::Forbidden(
            "only who manages principals delegates here (principal:manage): the workspace's setting delegation is \
             managed",
        )),
        Delegating::Own if is_own && !by.may(Permission::ApprovalApprove) && !manages => {
            Err(Refusal::Lacks(Permission::ApprovalApprove))
        }
        Delegating::Own if !is_own && !manages => Err(Refusal::Lacks(Permission::PrincipalManage)),
        Delegating::Own | Delegating::Managed => Ok(()),
    }
}

/// Both sides are people, and enabled.
fn person(field: &'static str, found: Option<Principal>) -> Result<Principal, Refusal> {
    let found = found.ok_or_else(|| breaks(field, "unknown", "must be a person of the workspace"))?;
    if found.kind != "person" {
        Err(breaks(field, "service", "must be a person, not a service"))
    } else if found.disabled_at.is_some() {
        Err(breaks(field, "disabled", "must not be disabled"))
    } else {
        Ok(found)
    }
}

/// From when until when, by our clock.
fn times(wanted: &Wanted, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>), Refusal> {
    if wanted.starts_at.is_some_and(|it| it < now - CLOCK) {
        return Err(breaks("starts_at", "past", "must not be in the past"));
    }
    if wanted.ends_at <= now {
        return Err(breaks("ends_at", "past", "must not be in the past"));
    }
    let starts_at = wanted.starts_at.unwrap_or(now).max(now);
    let lasts = wanted.ends_at - starts_at;
    let shortest = if starts_at > now { SHORTEST } else { SHORTEST - ON_ITS_WAY };
    if lasts < shortest || lasts > LONGEST {
        return Err(breaks("ends_at", "range", "must be 1 minute to 90 days after the start"));
    }
    Ok((starts_at, wanted.ends_at))
}
