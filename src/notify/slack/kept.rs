//! The apps in Slack of workspaces' own, as the database had them a moment ago. Creating and routing use them without
//! asking the database.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Slack,
    installation::{Installation, Whose},
    secrets::{Secrets, Unusable},
};
use crate::{
    domain::ids::WorkspaceId,
    store::{Error, slack_installations as stored},
};

/// The pause between two looks for changes.
const PAUSE: Duration = Duration::from_secs(2);
/// The longest time that a look may take.
const LOOK: Duration = Duration::from_secs(4);

/// A workspace's app.
#[derive(Clone)]
pub struct Entry {
    pub workspace: WorkspaceId,
    pub revision: Uuid,
    /// The app's name: team and bot.
    pub app: Arc<str>,
    pub channel: Option<Arc<str>>,
    pub installation: Result<Installation, Unusable>,
    team: String,
    enterprise: Option<String>,
}

#[derive(Default)]
struct Entries {
    by_workspace: HashMap<WorkspaceId, Arc<Entry>>,
    /// By team, and once more by organisation.
    by_team: HashMap<String, Vec<Arc<Entry>>>,
}

impl Entries {
    fn of(by_workspace: HashMap<WorkspaceId, Arc<Entry>>) -> Self {
        let mut by_team: HashMap<String, Vec<Arc<Entry>>> = HashMap::new();
        for entry in by_workspace.values() {
            for team in std::iter::once(&entry.team).chain(&entry.enterprise) {
                by_team.entry(team.clone()).or_default().push(entry.clone());
            }
        }
        Self { by_workspace, by_team }
    }
}

/// The apps that are known.
#[derive(Default)]
pub(super) struct Kept {
    entries: RwLock<Entries>,
    is_known: AtomicBool,
    /// Lets one look run at a time, so that an older one never replaces a newer one.
    turn: tokio::sync::Mutex<()>,
}

impl Kept {
    /// Whether the apps were read at least once.
    pub fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Acquire)
    }

    pub fn get(&self, workspace: WorkspaceId) -> Option<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.by_workspace.get(&workspace).cloned()
    }

    /// The apps of these teams and organisations, each once.
    pub fn of_teams(&self, teams: &[String]) -> Vec<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let mut seen = HashSet::new();
        let found = teams.iter().filter_map(|team| entries.by_team.get(team)).flatten();
        found.filter(|entry| seen.insert(entry.workspace)).cloned().collect()
    }

    pub fn all(&self) -> Vec<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.by_workspace.values().cloned().collect()
    }

    fn replace(&self, by_workspace: HashMap<WorkspaceId, Arc<Entry>>) {
        let entries = Entries::of(by_workspace);
        *self.entries.write().unwrap_or_else(PoisonError::into_inner) = entries;
        self.is_known.store(true, Ordering::Release);
    }
}

impl Slack {
    /// Whether the database has other apps for these workspaces than this instance knows.
    pub async fn is_behind(&self, conn: &mut PgConnection, of: &[WorkspaceId]) -> Result<bool, Error> {
        let now = stored::revisions_of(conn, of).await?;
        let known = |id: &WorkspaceId| self.kept.get(*id).map(|entry| entry.revision);
        Ok(!self.kept.is_known() || of.iter().any(|id| now.get(id).copied() != known(id)))
    }

    /// Reads the apps that have changed.
    pub async fn read(&self) -> Result<(), Error> {
        let _turn = self.kept.turn.lock().await;
        let before: HashMap<WorkspaceId, Arc<Entry>> =
            self.kept.all().into_iter().map(|entry| (entry.workspace, entry)).collect();
        let look = async |conn: &mut PgConnection| {
            let now = stored::revisions(&mut *conn).await?;
            let is_new = |it: &&(WorkspaceId, Uuid, bool)| {
                before.get(&it.0).is_none_or(|entry| entry.revision != it.1)
            };
            let new: Vec<WorkspaceId> = now.iter().filter(is_new).map(|it| it.0).collect();
            let read = if new.is_empty() { Vec::new() } else { stored::of(conn, &new).await? };
            Ok((now, read))
        };
        let (now, read) = self.database.notify.run(LOOK, look).await?;
        if self.kept.is_known() && read.is_empty() && now.len() == before.len() {
            hear_of_refusals(&before, &now);
            return Ok(());
        }
        let mut entries: HashMap<WorkspaceId, Arc<Entry>> =
            now.iter().filter_map(|it| Some((it.0, before.get(&it.0)?.clone()))).collect();
        for it in read {
            entries.insert(it.workspace, Arc::new(self.entry(it)));
        }
        hear_of_refusals(&entries, &now);
        self.kept.replace(entries);
        Ok(())
    }

    fn entry(&self, it: stored::Installed) -> Entry {
        let (workspace, revision, app) = (it.workspace, it.revision, Whose::name(&it.app));
        let opened = Secrets::open(self.sealer(), workspace, revision, &it.secrets);
        if let Err(error) = &opened {
            tracing::error!(%error, workspace = %workspace.0, "a workspace's app in Slack can't be used");
        }
        let whose = Whose::Workspace { workspace, revision, app: app.clone() };
        let installation = opened.map(|it| self.made(whose, it.bot_token, it.signing_secret));
        let channel = it.channel.as_deref().map(Into::into);
        Entry {
            workspace,
            revision,
            app,
            channel,
            installation,
            team: it.app.team,
            enterprise: it.app.enterprise,
        }
    }

    /// Reads changes now and then, until the instance ends.
    pub async fn keep(self) {
        let mut is_failing = false;
        loop {
            match self.read().await {
                Ok(()) => is_failing = false,
                Err(error) => {
                    if !is_failing {
                        tracing::warn!(%error, "workspaces' apps in Slack could not be read; it is tried again");
                    }
                    is_failing = true;
                }
            }
            tokio::time::sleep(PAUSE.mul_f64(rand::random_range(0.8..1.2))).await;
        }
    }
}

/// Takes over which tokens other instances have seen refused.
fn hear_of_refusals(entries: &HashMap<WorkspaceId, Arc<Entry>>, now: &[(WorkspaceId, Uuid, bool)]) {
    for (workspace, _, is_refused) in now {
        let entry = entries.get(workspace).filter(|_| *is_refused);
        if let Some(Ok(installation)) = entry.map(|entry| &entry.installation) {
            installation.client.hear_of_refusal();
        }
    }
}
