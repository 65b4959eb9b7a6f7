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
    notify::{
        Slack,
        slack::{
            client::Failure,
            modal::{About, Place},
        },
    },
    store::{
        self, audit, principals,
        slack::{self, Posted},
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
#[derive(Debug)]
pub enum Who {
    /// No card of ours is there.
    NotOurs,
    /// Nothing is done for them, and why.
    Stranger(String),
    Known(Known),
}

/// A card, and a person.
#[derive(Debug)]
pub struct Known {
    pub card: Posted,
    pub decider: Decider,
    /// What of the card's workspace is shown to no one.
    pub redactor: Arc<Redactor>,
}

/// A card, who has the account, and what is not shown.
type Found = (Posted, Option<PrincipalId>, Arc<Redactor>);

/// Looks for a card, and for who has an account in its workspace.
async fn find(
    api: &Api,
    (about, place): (&About, &Place),
    account: &Account,
) -> Result<Option<Found>, store::Error> {
    let looking = async |conn: &mut PgConnection| {
        let what = (about.approval, about.level);
        let posted = slack::posted(&mut *conn, what, &place.channel, &place.ts).await?;
        // An installation speaks for its own workspace alone.
        let Some(card) = posted.filter(|card| api.channels.slack(card.workspace).is_some()) else {
            return Ok(None);
        };
        let holder = slack::holder(&mut *conn, card.workspace, account).await?;
        let redactors = api.redactions.of(conn, [card.workspace].into()).await?;
        Ok(redactors.into_values().next().map(|redactor| (card, holder, redactor)))
    };
    api.database.notify.run(LOOK, looking).await
}

/// Looks for both.
pub async fn look(
    api: &Api,
    slack: &Slack,
    (about, place): (&About, &Place),
    account: &Account,
    origin: &Origin,
) -> Result<Who, store::Error> {
    let mut found = find(api, (about, place), account).await?;
    for _ in 0..PATIENCE {
        if found.is_some() {
            break;
        }
        // A hand may be faster than the record of where the card is.
        tokio::time::sleep(PAUSE).await;
        found = find(api, (about, place), account).await?;
    }
    let Some((card, holder, redactor)) = found else { return Ok(Who::NotOurs) };
    let person = match holder {
        Some(person) => person,
        None if slack.binds_by_email => {
            match bound_by_address(api, slack, card.workspace, account, origin).await? {
                Ok(person) => person,
                Err(why) => return Ok(Who::Stranger(why)),
            }
        }
        None => return Ok(Who::Stranger(unbound(account))),
    };
    Ok(match api.authenticator.decider(card.workspace, person).await? {
        Some(decider) => Who::Known(Known { card, decider, redactor }),
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
    slack: &Slack,
    workspace: WorkspaceId,
    account: &Account,
    origin: &Origin,
) -> Result<Result<PrincipalId, String>, store::Error> {
    let asked = tokio::time::timeout(ASK, address(slack, account)).await;
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
async fn address(slack: &Slack, account: &Account) -> Result<Option<String>, Failure> {
    let team = slack.client.team().await?;
    if account.team != team.id && Some(&account.team) != team.enterprise.as_ref() {
        return Ok(None);
    }
    let answer = slack.client.look("users.info", &[("user", &account.user)]).await?;
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
