//! What members do with their workspace's own app. Each change is on record. Secrets are never shown.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Slack, installation::Whose, secrets::Secrets};
use crate::{
    domain::{ids::WorkspaceId, slack::AppState},
    identity::{Attempted, By, Refusal},
    notify::deliver::LEASE,
    store::{
        Error,
        slack_installations::{self as stored, App, Installed},
    },
};

/// Longer than any lease: a lane that is held for longer has no worker.
const HELD: Duration = LEASE.saturating_mul(2);

/// The app that a workspace wants.
#[derive(Debug)]
pub struct Wanted {
    pub secrets: Secrets,
    /// The channel for cards whose request names none. `None`: each person gets a card.
    pub channel: Option<String>,
}

/// The subject of the record.
const SUBJECT: &str = "slack";
const TAKEN: &str = "this app of this team serves another workspace: a press in Slack says which app it comes from, and \
                     not for which workspace; make another app in Slack for this one";
const OURS: &str = "this is the service's own app, which serves workspaces without one of their own; make another app in \
                    Slack for this one";

impl Slack {
    /// Gives a workspace this app, and replaces the one that it had.
    pub async fn put(
        &self,
        conn: &mut PgConnection,
        by: &By<'_>,
        workspace: WorkspaceId,
        (app, wanted): (&App, &Wanted),
    ) -> Attempted<Installed> {
        let corrupt =
            |what: String| Error::Corrupt { table: "slack_installations", id: workspace.0.to_string(), what };
        // Where Slack has not said which app the service's is, nothing is compared.
        let own = self.service().and_then(|service| service.client.known_app());
        if own.is_some_and(|own| Whose::name(own) == Whose::name(app)) {
            return Ok(Err(Refusal::LimitReached(OURS.to_owned())));
        }
        let before = stored::get(&mut *conn, workspace).await?;
        let revision = Uuid::now_v7();
        // Without a sealer the caller was refused before.
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

    /// How an app stands, and why it can't be used.
    pub fn state(&self, it: &Installed) -> (AppState, Option<String>) {
        match (Secrets::open(self.sealer(), it.workspace, it.revision, &it.secrets), &it.refused) {
            (Err(unusable), _) => (AppState::Unusable, Some(unusable.to_string())),
            (Ok(_), Some((_, why))) => (AppState::Refused, Some(why.clone())),
            (Ok(_), None) => (AppState::Good, None),
        }
    }
}

/// Takes the app away from a workspace.
pub async fn remove(conn: &mut PgConnection, by: &By<'_>, workspace: WorkspaceId) -> Attempted<()> {
    let before = stored::get(&mut *conn, workspace).await?;
    let Some(before) = before else { return Ok(Err(Refusal::NotFound("app in Slack"))) };
    stored::delete(&mut *conn, workspace).await?;
    stored::release(&mut *conn, workspace, HELD).await?;
    by.record(conn, workspace, "slack.removed", SUBJECT, (Some(recorded(&before)), None)).await?;
    Ok(Ok(()))
}

/// The app as the record shows it: without secrets. Another revision says that they may have changed.
fn recorded(it: &Installed) -> Value {
    json!({
        "team": it.app.team,
        "bot": it.app.bot,
        "channel": it.channel,
        "revision": it.revision,
    })
}
