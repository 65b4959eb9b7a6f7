//! Which workspace the service's own installation in Slack is for, where the settings name one.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use sqlx::PgConnection;

use crate::{
    config,
    domain::ids::WorkspaceId,
    store::{Database, Error, workspaces},
};

/// Between two looks for a workspace that is not there yet.
const PAUSE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_secs(4);

/// Whose installation it is, and where its cards go. Clones share what was found out.
#[derive(Debug, Clone)]
pub struct Home {
    /// `None`: every workspace's.
    name: Option<Arc<str>>,
    found: Arc<OnceLock<WorkspaceId>>,
    channel: Option<Arc<str>>,
}

impl Home {
    pub fn new(config: &config::Slack) -> Self {
        let given = |text: &str| (!text.is_empty()).then(|| text.into());
        Self { name: given(&config.workspace), found: Arc::default(), channel: given(&config.channel) }
    }

    /// Whether it is this workspace's.
    pub fn is_of(&self, workspace: WorkspaceId) -> bool {
        self.name.is_none() || self.found.get() == Some(&workspace)
    }

    /// Where cards go whose request names no channel.
    pub fn channel(&self) -> Option<&str> {
        self.channel.as_deref()
    }

    /// Looks for the workspace, unless it was found already: what is routed before would have no cards.
    pub async fn find(&self, conn: &mut PgConnection) -> Result<(), Error> {
        if let (Some(name), None) = (&self.name, self.found.get())
            && let Some(workspace) = workspaces::by_name(conn, name).await?
        {
            self.found.get_or_init(|| WorkspaceId(workspace.id));
        }
        Ok(())
    }

    /// Looks for the workspace until it is there.
    pub async fn look(self, database: Database) {
        if let Some(name) = &self.name {
            loop {
                let look = async |conn: &mut PgConnection| workspaces::by_name(conn, name).await;
                match database.notify.run(LOOK, look).await {
                    Ok(Some(workspace)) => {
                        self.found.get_or_init(|| WorkspaceId(workspace.id));
                        break;
                    }
                    Ok(None) => {
                        tracing::debug!(%name, "the workspace that slack.workspace names is not there yet");
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the workspace of slack.workspace could not be looked for");
                    }
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        // A service runs to the instance's end.
        std::future::pending::<()>().await;
    }
}
