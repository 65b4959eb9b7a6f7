//! Finds which card was pressed, and who pressed it: the person who is bound to the account, by an administrator or by
//! their address. Where the account is bound to no person, nothing is done.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use sqlx::PgConnection;

use super::signers;
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

/// The longest time that a look may take. Slack waits three seconds for all of it.
const LOOK: Duration = Duration::from_millis(1_500);
/// The longest time that Slack may take to give the address of an account.
const ASK: Duration = Duration::from_secs(1);

/// How often an unknown card is looked for again, and after what pause.
const PATIENCE: usize = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// Who pressed, and what.
pub enum Who {
    /// The card is not one of ours.
    NotOurs,
    /// Nothing is done for this account, and why.
    Stranger(String),
    Known(Box<Known>),
}

/// A known card, and the person who pressed it.
pub struct Known {
    pub card: Posted,
    /// The app that posted the card and signed the press.
    pub app: Installation,
    pub decider: Decider,
    /// Takes out what the card's workspace doesn't show.
    pub redactor: Arc<Redactor>,
}

/// A card, the app that posted it, the person who has the account, and the redactor.
type Found = (Posted, Installation, Option<PrincipalId>, Arc<Redactor>);

/// Looks for a card that one of these apps has posted, and for the person who has the account in the card's workspace.
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
        if let Some(home) = api.slack.as_ref().and_then(|slack| slack.home()) {
            home.find(&mut *conn).await?;
        }
        let Some(app) = apps.iter().find(|app| has_posted(api, app, &card)).cloned() else {
            return Ok(None);
        };
        // The secret of an app that was replaced or removed counts for nothing from that moment on.
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
    signers::run(api, apps, LOOK, looking).await
}

/// Whether this app posted the card. A press counts only for cards of the app's own workspace.
fn has_posted(api: &Api, app: &Installation, card: &Posted) -> bool {
    let home = api.slack.as_ref().and_then(|slack| slack.home());
    match &app.whose {
        Whose::Service => {
            let may_be = card.app.is_none() || card.may_be_services;
            may_be && home.is_some_and(|home| home.is_of(card.workspace))
        }
        Whose::Workspace { workspace, app, .. } => {
            *workspace == card.workspace && card.app.as_deref() == Some(app)
        }
    }
}

/// Looks for the card and the person. `apps`: those that have signed the press.
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
        // A person may press before it is written down where the card is.
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

/// Binds an account to the one person who has its address. Only administrators bind guests, people of other teams, and
/// people who have another account already.
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

/// The address of an account, if the account is a full member of the app's own team or organisation.
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
