//! What operators see of the cluster: its instances, who is connected; and closing a connection by hand.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::past::{self, Past, Wanted};
use crate::{
    batch::Trouble,
    bus::{Bus, Letter},
    domain::{credential::Origin, event::TaskKey, ids::WorkspaceId, notification::Channel, policy::Actor},
    lifecycle::Lifecycle,
    store::{
        self, Database, Page, audit, causes,
        connections::{self, Listed, Which},
        instances,
        outbox::{self, ChannelState},
        samples::{self, Event},
    },
    telemetry::outbox::Causes,
};

/// Longest a look, or a change, may take.
const LOOK: Duration = Duration::from_secs(4);

/// Looks at the cluster. Clones share everything.
#[derive(Clone)]
pub struct Listing {
    pub database: Database,
    pub bus: Bus,
    pub lifecycle: Lifecycle,
    pub lease_ttl: Duration,
    pub heartbeat: Duration,
}

/// Who closes which connection.
pub struct Closing {
    pub key: TaskKey,
    pub by: Actor,
    pub origin: Arc<Origin>,
}

impl Listing {
    /// Instances that hold a lease, or lost theirs not long ago.
    pub async fn instances(&self) -> Result<Vec<instances::Listed>, Trouble> {
        Ok(self.database.read.run(LOOK, instances::list).await?)
    }

    /// How the instances were, step by step.
    pub async fn past(&self, workspace: WorkspaceId, wanted: &Wanted) -> Result<Past, Trouble> {
        let heartbeat = self.heartbeat;
        let read = async |conn: &mut PgConnection| past::read(conn, wanted, heartbeat).await;
        Ok(self.database.tenant.within(workspace, LOOK, read).await?)
    }

    /// What happened to the service, newest first.
    pub async fn happened(
        &self,
        workspace: WorkspaceId,
        since: Option<DateTime<Utc>>,
        before: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Page<Event>, Trouble> {
        let read = async |conn: &mut PgConnection| samples::events(conn, since, before, limit).await;
        Ok(self.database.tenant.within(workspace, LOOK, read).await?)
    }

    /// What waits to be sent, of all workspaces. Asked where it is sent from: no other work waits because of it.
    pub async fn outbox(&self) -> Result<(Vec<ChannelState>, Causes), Trouble> {
        let channels = [Channel::Email, Channel::Slack, Channel::Webhook].map(|it| it.as_str().to_owned());
        let look = async |conn: &mut PgConnection| {
            let (stuck, oldest_seconds) = causes::standing(&mut *conn).await?;
            Ok((outbox::standing(conn, &channels).await?, Causes { stuck, oldest_seconds }))
        };
        Ok(self.database.notify.run(LOOK, look).await?)
    }

    /// Live connections of a workspace.
    pub async fn connections(
        &self,
        workspace: WorkspaceId,
        which: &Which<'_>,
    ) -> Result<Vec<Listed>, Trouble> {
        let list =
            async |conn: &mut PgConnection| connections::list(conn, workspace, which, self.lease_ttl).await;
        Ok(self.database.tenant.within(workspace, LOOK, list).await?)
    }

    /// Closes a task's connection, wherever it is; answers whether there was one. Goes on when the caller has gone.
    pub async fn close(&self, closing: Closing) -> Result<bool, Trouble> {
        let (reply, answer) = oneshot::channel();
        let me = self.clone();
        self.lifecycle.spawn("closing", async move {
            let result = match me.mark(&closing).await {
                Ok(Some(instance)) => {
                    me.bus.publisher.letter(&instance, Letter::Owner(closing.key.clone()));
                    me.bus.seats.check(&closing.key);
                    Ok(true)
                }
                Ok(None) => Ok(false),
                Err(error) => Err(Trouble::from(error)),
            };
            // The caller may have gone.
            let _ = reply.send(result);
        });
        answer.await.unwrap_or(Err(Trouble::TimedOut))
    }

    /// Postgres says that it is closed; the owner looks, and does so.
    async fn mark(&self, closing: &Closing) -> Result<Option<String>, store::Error> {
        let workspace = closing.key.workspace;
        let mark = async |conn: &mut PgConnection| {
            let instance = connections::close(conn, &closing.key, &closing.by, self.lease_ttl).await?;
            if let Some(instance) = &instance {
                let entry = audit::Entry {
                    workspace,
                    action: "connection.closed",
                    subject: Some(closing.key.task.as_str()),
                    run: None,
                    actor: Some(&closing.by),
                    via: "human",
                    origin: &closing.origin,
                    before: None,
                    after: None,
                    detail: json!({ "task_id": closing.key.task, "instance_id": instance }),
                };
                audit::append(conn, entry).await?;
            }
            Ok(instance)
        };
        self.database.tenant.within(workspace, LOOK, mark).await
    }
}
