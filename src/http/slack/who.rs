//! Finds which card was pressed, and who pressed it: the person who is bound to the account, by an administrator or by
//! their address. Where the account is bound to no person, nothing is done.

use std::{sync::Arc, time::Duration};

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
            installation::Installation,
            modal::{About, Place},
            press::Pressed,
        },
    },
    store::{self, slack::Posted},
};

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

/// Looks for the card and the person. `apps`: those that have signed the press.
pub async fn look(
    api: &Api,
    (slack, apps): (&Slack, &[Installation]),
    what: (&About, &Place),
    account: &Account,
    origin: &Origin,
) -> Result<Who, store::Error> {
    let mut found = slack.pressed(&api.redactions, apps, what, account).await?;
    for _ in 0..PATIENCE {
        if found.is_some() {
            break;
        }
        // A person may press before it is written down where the card is.
        tokio::time::sleep(PAUSE).await;
        found = slack.pressed(&api.redactions, apps, what, account).await?;
    }
    let Some(Pressed { card, app, holder, redactor }) = found else { return Ok(Who::NotOurs) };
    let person = match holder {
        Some(person) => person,
        None if app.binds_by_email => {
            match bound_by_address(slack, &app, card.workspace, account, origin).await? {
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
    slack: &Slack,
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
    let bound = slack.bind_by_address(workspace, account, &email, origin).await?;
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
