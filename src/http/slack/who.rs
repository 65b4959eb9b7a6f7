//! Which card was pressed, and who pressed it: a person whom an administrator, or their address, has bound to the
//! account. Where that is no one, nothing happens.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use sqlx::PgConnection;

use crate::{
    auth::{Permission, role},
    domain::{
        credential::Origin,
        ids::{PrincipalId, WorkspaceId},
        policy::{Actor, admission::Voter},
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
        self, audit, persons,
        slack::{self, Posted},
    },
};

/// Longest that a look may take: Slack waits three seconds for the whole.
const LOOK: Duration = Duration::from_millis(1_500);
/// Longest that Slack may take to say who somebody is.
const ASK: Duration = Duration::from_secs(1);

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
    pub voter: Arc<Voter>,
    permissions: (Vec<String>, Vec<String>),
    pub looked_at: Instant,
}

impl Known {
    pub fn may(&self, permission: Permission) -> bool {
        let (permissions, roles) = &self.permissions;
        role::allowed(permissions, roles).allow(permission)
    }
}

enum Found {
    NotOurs,
    Nobody(Posted),
    Disabled,
    Person(Posted, persons::Person),
}

/// Looks for both.
pub async fn look(
    api: &Api,
    slack: &Slack,
    (about, place): (&About, &Place),
    account: &Account,
    origin: &Origin,
) -> Result<Who, store::Error> {
    let looked_at = Instant::now();
    let looking = async |conn: &mut PgConnection| {
        let posted = slack::posted(&mut *conn, about.approval, &place.channel, &place.ts).await?;
        // An installation speaks for its own workspace alone.
        let Some(card) = posted.filter(|card| api.channels.slack(card.workspace).is_some()) else {
            return Ok(Found::NotOurs);
        };
        let Some(person) = slack::holder(&mut *conn, card.workspace, account).await? else {
            return Ok(Found::Nobody(card));
        };
        let person = persons::get(conn, card.workspace, person).await?;
        Ok(person.map_or(Found::Disabled, |person| Found::Person(card, person)))
    };
    let known = |card, person: persons::Person| {
        let voter = Arc::new(person.voter);
        Who::Known(Known { card, voter, permissions: (person.permissions, person.roles), looked_at })
    };
    Ok(match api.database.notify.run(LOOK, looking).await? {
        Found::NotOurs => Who::NotOurs,
        Found::Disabled => Who::Stranger("You are disabled here; nothing was done.".to_owned()),
        Found::Person(card, person) => known(card, person),
        Found::Nobody(card) if slack.binds_by_email => {
            match bound_by_address(api, slack, card.workspace, account, origin).await? {
                Ok(person) => {
                    let look =
                        async |conn: &mut PgConnection| persons::get(conn, card.workspace, person).await;
                    let person = api.database.notify.run(LOOK, look).await?;
                    person.map_or_else(|| Who::Stranger(unbound(account)), |person| known(card, person))
                }
                Err(why) => Who::Stranger(why),
            }
        }
        Found::Nobody(_) => Who::Stranger(unbound(account)),
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
    let Some(person) = persons::get(&mut *conn, workspace, person).await? else { return Ok(()) };
    let actor: &Actor = &person.voter.member.actor;
    let entry = audit::Entry {
        workspace,
        action: "principal.slack_bound",
        subject: Some(actor.name.as_str()),
        run: None,
        actor: Some(actor),
        via: "human",
        origin,
        before: None,
        after: Some(json!({ "slack": account.to_string() })),
        detail: json!({ "by": "email" }),
    };
    audit::append(conn, entry).await
}
