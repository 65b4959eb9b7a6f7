//! What members do with the app of their workspace's own, each change with its record. Secrets are never told.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Slack, installation::Whose, secrets::Secrets};
use crate::{
    domain::{ids::WorkspaceId, slack::AppState},
    identity::{By, Outcome, Refusal},
    notify::deliver::LEASE,
    store::{
        Error,
        slack_installations::{self as stored, App, Installed},
    },
};

/// Longer than any lease, so that what is held for so long is no one's.
const HELD: Duration = LEASE.saturating_mul(2);

/// An app that is to be a workspace's.
#[derive(Debug)]
pub struct Wanted {
    pub secrets: Secrets,
    /// Where cards go whose request names no channel. `None`: to each person.
    pub channel: Option<String>,
}

/// What the record is about.
const SUBJECT: &str = "slack";
const TAKEN: &str = "this app of this team serves another workspace: a press in Slack says which app it comes from, and \
                     not for which workspace; make another app in Slack for this one";
const OURS: &str = "this is the service's own app, which serves workspaces without one of their own; make another app in \
                    Slack for this one";

impl Slack {
    /// Gives a workspace this app, in place of the one that it had.
    pub async fn put(
        &self,
        conn: &mut PgConnection,
        by: &By<'_>,
        workspace: WorkspaceId,
        (app, wanted): (&App, &Wanted),
    ) -> Outcome<Installed> {
        let corrupt =
            |what: String| Error::Corrupt { table: "slack_installations", id: workspace.0.to_string(), what };
        // Where that can't be told, the token has shown nothing else.
        let own = self.service().and_then(|service| service.client.known_app());
        if own.is_some_and(|own| Whose::name(own) == Whose::name(app)) {
            return Ok(Err(Refusal::LimitReached(OURS.to_owned())));
        }
        let before = stored::get(&mut *conn, workspace).await?;
        let revision = Uuid::now_v7();
        // Callers were told before that it is missing.
        let sealer = self.sealer().ok_or_else(|| corrupt("nothing can be sealed".to_owned()))?;
        let secrets = wanted.secrets.seal(sealer, workspace, revision);
        let secrets = secrets.map_err(|error| corrupt(error.to_string()))?;
        let what = (app, wanted.channel.as_deref());
        if !stored::put(&mut *conn, workspace, revision, what, &secrets).await? {
            return Ok(Err(Refusal::LimitReached(TAKEN.to_owned())));
        }
        stored::release(&mut *conn, workspace, HELD).await?;
        let after = stored::get(&mut *conn, workspace).await?;
        let after = after.ok_or_else(|| corrupt("it went while it was changed".to_owned()))?;
        let change = (before.as_ref().map(recorded), Some(recorded(&after)));
        by.record(conn, workspace, "slack.set", SUBJECT, change).await?;
        Ok(Ok(after))
    }

    /// How an app is.
    pub fn state(&self, it: &Installed) -> (AppState, Option<String>) {
        match (Secrets::open(self.sealer(), it.workspace, it.revision, &it.secrets), &it.refused) {
            (Err(unusable), _) => (AppState::Unusable, Some(unusable.to_string())),
            (Ok(_), Some((_, why))) => (AppState::Refused, Some(why.clone())),
            (Ok(_), None) => (AppState::Good, None),
        }
    }
}

/// Takes the app away from a workspace.
pub async fn remove(conn: &mut PgConnection, by: &By<'_>, workspace: WorkspaceId) -> Outcome<()> {
    let before = stored::get(&mut *conn, workspace).await?;
    let Some(before) = before else { return Ok(Err(Refusal::NotFound("app in Slack"))) };
    stored::delete(&mut *conn, workspace).await?;
    stored::release(&mut *conn, workspace, HELD).await?;
    by.record(conn, workspace, "slack.removed", SUBJECT, (Some(recorded(&before)), None)).await?;
    Ok(Ok(()))
}

/// As it is recorded: without secrets. The revision tells that they may be others.
fn recorded(it: &Installed) -> Value {
    json!({
        "team": it.app.team,
        "bot": it.app.bot,
        "channel": it.channel,
        "revision": it.revision,
    })
}
