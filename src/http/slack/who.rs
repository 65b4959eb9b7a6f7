//! Which card was pressed, and who pressed it: a person whom an administrator, or their address, has bound to the
//! account. Where that is no one, nothing happens.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use sqlx::PgConnection;

use crate::{
    auth::Decider,
    domain::{
        credential::Origin,
        ids::{PrincipalId, WorkspaceId},
        redaction::Redactor,
        slack::Account,
    },
    http::Api,
    notify::slack::{
        client::Failure,
        installation::{Installation, Whose},
        modal::{About, Place},
    },
    store::{
        self, audit, principals,
        slack::{self, Posted},
        slack_installations,
    },
};

/// Longest that a look may take: Slack waits three seconds for the whole.
const LOOK: Duration = Duration::from_millis(1_500);
/// Longest that Slack may take to say who somebody is.
const ASK: Duration = Duration::from_secs(1);

/// How often a card is looked for again that is not known, and after what time.
const PATIENCE: usize = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// Who pressed, and what.
pub enum Who {
    /// No card of ours is there.
    NotOurs,
    /// Nothing is done for them, and why.
    Stranger(String),
    Known(Box<Known>),
}

/// A card, and a person.
pub struct Known {
    pub card: Posted,
    /// The app that posted it, and has signed the press.
    pub app: Installation,
    pub decider: Decider,
    /// What of the card's workspace is shown to no one.
    pub redactor: Arc<Redactor>,
}

/// A card, the app that posted it, who has the account, and what is not shown.
type Found = (Posted, Installation, Option<PrincipalId>, Arc<Redactor>);

/// Looks for a card that one of these apps has posted, and for who has an account in its workspace.
async fn find(
    api: &Api,
    apps: &[Installation],
    (about, place): (&About, &Place),
    account: &Account,
) -> Result<Option<Found>, store::Error> {
    let looking = async |conn: &mut PgConnection| {
        let what = (about.approval, about.level);
        let posted = slack::posted(&mut *conn, what, &place.channel, &place.ts).await?;
        let Some(card) = posted else { return Ok(None) };
        let Some(app) = apps.iter().find(|app| has_posted(api, app, &card)).cloned() else {
            return Ok(None);
        };
        // Whoever has the secret of an app that was taken away has no say from that moment on.
        if let Whose::Workspace { workspace, revision, .. } = &app.whose {
            let now = slack_installations::revisions_of(&mut *conn, &[*workspace]).await?;
            if now.get(workspace) != Some(revision) {
                return Ok(None);
            }
        }
        let holder = slack::holder(&mut *conn, card.workspace, account).await?;
        let redactors = api.redactions.of(conn, [card.workspace].into()).await?;
        Ok(redactors.into_values().next().map(|redactor| (card, app, holder, redactor)))
    };
    api.database.notify.run(LOOK, looking).await
}

/// Whether a card is this app's. An app speaks for the cards of its own workspace alone.
fn has_posted(api: &Api, app: &Installation, card: &Posted) -> bool {
    let home = api.slack.as_ref().and_then(|slack| slack.home());
    match &app.whose {
        Whose::Service => card.app.is_none() && home.is_some_and(|home| home.is_of(card.workspace)),
        Whose::Workspace { workspace, app, .. } => {
            *workspace == card.workspace && card.app.as_deref() == Some(app)
        }
    }
}

/// Looks for both. `apps`: those that have signed the press.
pub async fn look(
    api: &Api,
    apps: &[Installation],
    (about, place): (&About, &Place),
    account: &Account,
    origin: &Origin,
) -> Result<Who, store::Error> {
    let mut found = find(api, apps, (about, place), account).await?;
    for _ in 0..PATIENCE {
        if found.is_some() {
            break;
        }
        // A hand may be faster than the record of where the card is.
        tokio::time::sleep(PAUSE).await;
        found = find(api, apps, (about, place), account).await?;
    }
    let Some((card, app, holder, redactor)) = found else { return Ok(Who::NotOurs) };
    let person = match holder {
        Some(person) => person,
        None if app.binds_by_email => {
            match bound_by_address(api, &app, card.workspace, account, origin).await? {
                Ok(person) => person,
                Err(why) => return Ok(Who::Stranger(why)),
            }
        }
        None => return Ok(Who::Stranger(unbound(account))),
    };
    Ok(match api.authenticator.decider(card.workspace, person).await? {
        Some(decider) => Who::Known(Box::new(Known { card, app, decider, redactor })),
        None => Who::Stranger("You are disabled here; nothing was done.".to_owned()),
    })
}

fn unbound(account: &Account) -> String {
    format!(
        "Your Slack account is bound to no person in Signoff, so nothing was done. An administrator binds it: signoff \
         principals set NAME --slack {account}"
    )
}

/// Binds an account to the one person who has its address. Guests, and people of other teams, are bound by
/// administrators alone; so is whoever has another account already.
async fn bound_by_address(
    api: &Api,
    app: &Installation,
    workspace: WorkspaceId,
    account: &Account,
    origin: &Origin,
) -> Result<Result<PrincipalId, String>, store::Error> {
    let asked = tokio::time::timeout(ASK, address(app, account)).await;
    let email = match asked {
        Ok(Ok(Some(email))) => email,
        Ok(Ok(None)) => return Ok(Err(unbound(account))),
        Ok(Err(error)) => {
            tracing::warn!(%error, "Slack could not be asked who somebody is");
            return Ok(Err(LATER.to_owned()));
        }
        Err(_) => return Ok(Err(LATER.to_owned())),
    };
    let bind = async |conn: &mut PgConnection| {
        let found = slack::with_address(&mut *conn, workspace, &email).await?;
        let &[person] = found.as_slice() else { return Ok(None) };
        if !slack::accounts(&mut *conn, workspace, &[person]).await?.is_empty()
            || !slack::bind(&mut *conn, workspace, person, Some(account), slack::By::Email).await?
        {
            return Ok(None);
        }
        record(conn, workspace, person, account, origin).await?;
        Ok(Some(person))
    };
    let bound = api.database.tenant.within(workspace, LOOK, bind).await?;
    Ok(bound.ok_or_else(|| unbound(account)))
}

const LATER: &str = "Slack could not say who you are; press again in a moment.";

/// The address of an account, if it is a full member's of the installation's own team.
async fn address(app: &Installation, account: &Account) -> Result<Option<String>, Failure> {
    let own = app.client.app().await?;
    if account.team != own.team && Some(&account.team) != own.enterprise.as_ref() {
        return Ok(None);
    }
    let answer = app.client.look("users.info", &[("user", &account.user)]).await?;
    let user = &answer["user"];
    let is = |flag: &str| user[flag] == true;
    let limits = ["deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger"];
    if limits.into_iter().any(is) || user["is_email_confirmed"] == false {
        return Ok(None);
    }
    Ok(user["profile"]["email"].as_str().map(str::to_owned))
}

async fn record(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    person: PrincipalId,
    account: &Account,
    origin: &Origin,
) -> Result<(), store::Error> {
    let who = principals::Who::Id(person);
    let Some(person) = principals::get(&mut *conn, workspace, who).await? else { return Ok(()) };
    let entry = audit::Entry {
        workspace,
        action: "principal.slack_bound",
        subject: Some(&person.name),
        run: None,
        actor: None,
        via: "sign_in",
        origin,
        before: None,
        after: Some(json!({ "slack": account.to_string() })),
        detail: json!({ "by": "email" }),
    };
    audit::append(conn, entry).await
}
