//! Which workspaces the service's own app in Slack is for. The settings may name one workspace, by a name that has to
//! be looked up.

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

/// The pause between two looks for a workspace that doesn't exist yet.
const PAUSE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_secs(4);

/// Whose app it is, and where its cards go. Clones share what was found out.
#[derive(Debug, Clone)]
pub struct Home {
    /// The workspace's name. `None`: the app is every workspace's.
    name: Option<Arc<str>>,
    found: Arc<OnceLock<WorkspaceId>>,
    channel: Option<Arc<str>>,
}

impl Home {
    pub fn new(config: &config::Slack) -> Self {
        let given = |text: &str| (!text.is_empty()).then(|| text.into());
        Self { name: given(&config.workspace), found: Arc::default(), channel: given(&config.channel) }
    }

    /// Whether the app is for this workspace, too.
    pub fn is_of(&self, workspace: WorkspaceId) -> bool {
        self.name.is_none() || self.found.get() == Some(&workspace)
    }

    /// The channel for cards whose request names none.
    pub fn channel(&self) -> Option<&str> {
        self.channel.as_deref()
    }

    /// Looks for the workspace, unless it was found already. The router calls it, so that the workspace's first
    /// requests have cards.
    pub async fn find(&self, conn: &mut PgConnection) -> Result<(), Error> {
        if let (Some(name), None) = (&self.name, self.found.get())
            && let Some(workspace) = workspaces::by_name(conn, name).await?
        {
            self.found.get_or_init(|| WorkspaceId(workspace.id));
        }
        Ok(())
    }

    /// Looks for the workspace until it exists.
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
        // A task like this one must run until the instance ends.
        std::future::pending::<()>().await;
    }
}
