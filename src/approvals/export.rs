//! The history as a whole, for a file: any number of lines in the memory of a few hundred.
//!
//! The reader of the lines sets the pace: the next ones are read when the last ones are out. Nothing of the database
//! is held meanwhile, and an export whose taker has gone is just dropped.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::PgConnection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Approvals, Shared, history::Progress, read::READ};
use crate::{
    batch::Trouble,
    domain::ids::WorkspaceId,
    limits::{Cap, Held},
    store::{
        self, Turns,
        export::{self, Line},
        history::Search,
    },
};

/// Exports under way on one instance, and of those the ones of one workspace.
const MOST: usize = 32;
const MOST_OF_A_WORKSPACE: usize = 8;
/// Lines that are read at once, and the bytes that end them before.
const LINES: usize = 1_000;
const LARGEST: usize = 1024 * 1024;
/// How often a part is read again, and how long after the first failure.
const RETRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(250);
/// How long an export may go on when the instance closes.
const FAREWELL: Duration = Duration::from_secs(5);

/// What exports share.
#[derive(Clone)]
pub(super) struct Exports {
    open: Arc<Semaphore>,
    /// So that one workspace can't keep the others out.
    workspaces: Cap<WorkspaceId>,
    /// So that any number of exports leaves connections to those who wait for an answer, of whichever workspace.
    reading: Arc<Semaphore>,
    turns: Turns,
}

impl Exports {
    pub fn new(connections: usize) -> Self {
        let reading = (connections / 2).max(1);
        Self {
            open: Arc::new(Semaphore::new(MOST)),
            workspaces: Cap::new(MOST_OF_A_WORKSPACE),
            reading: Arc::new(Semaphore::new(reading)),
            turns: Turns::at(reading),
        }
    }
}

/// An export on its way.
pub struct Export {
    shared: Shared,
    reading: Arc<Semaphore>,
    turns: Turns,
    search: Search,
    progress: Progress,
    /// Since when the instance is closing, as far as was noticed.
    closing: Option<Instant>,
    _places: (OwnedSemaphorePermit, Held<WorkspaceId>),
}

/// Why an export breaks off.
#[derive(Debug, thiserror::Error)]
pub enum BrokenOff {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("this instance goes away")]
    Draining,
}

impl From<BrokenOff> for Trouble {
    fn from(why: BrokenOff) -> Self {
        match why {
            BrokenOff::Store(error) => error.into(),
            BrokenOff::Draining => Self::Overloaded,
        }
    }
}

impl Approvals {
    /// Begins an export of all that matches.
    pub fn export(&self, search: Search) -> Result<Export, Trouble> {
        let shed = |cap| self.shared.shed(cap);
        let place = self.exports.open.clone().try_acquire_owned().map_err(|_| shed("exports"))?;
        let of_workspace = self.exports.workspaces.enter(search.workspace);
        let of_workspace = of_workspace.ok_or_else(|| shed("exports_of_workspace"))?;
        Ok(Export {
            shared: self.shared.clone(),
            reading: self.exports.reading.clone(),
            turns: self.exports.turns.clone(),
            search,
            progress: Progress::new(None),
            closing: None,
            _places: (place, of_workspace),
        })
    }
}

impl Export {
    /// The next lines, perhaps none; `None` at the end. After an error there is nothing more to come. The caller of the
    /// export is looked at between the parts, and a search may have long stretches without a line.
    pub async fn next(&mut self) -> Result<Option<Vec<Line>>, BrokenOff> {
        if !self.progress.more {
            return Ok(None);
        }
        if self.shared.lifecycle.closing().is_cancelled()
            && self.closing.get_or_insert_with(Instant::now).elapsed() > FAREWELL
        {
            return Err(BrokenOff::Draining);
        }
        Ok(Some(self.part().await?))
    }

    /// The next part, which may be empty. Tried again where the database may be back soon.
    async fn part(&mut self) -> Result<Vec<Line>, store::Error> {
        let mut failures = 0;
        loop {
            match self.try_part().await {
                Err(error) if failures < RETRIES && !matches!(error, store::Error::Refused(_)) => {
                    self.shared.database.suspect(&error);
                    tokio::time::sleep(PAUSE * 2_u32.pow(failures)).await;
                    failures += 1;
                }
                result => return result,
            }
        }
    }

    async fn try_part(&mut self) -> Result<Vec<Line>, store::Error> {
        let workspace = self.search.workspace;
        let _turn = self.turns.take(workspace).await?;
        let _reading = self.reading.acquire().await;
        let (keys, mut progress) = self.progress.step(&self.shared, &self.search, LINES).await?;
        let read = async |conn: &mut PgConnection| export::lines(conn, workspace, &keys, LARGEST).await;
        let lines = self.shared.database.tenant.within(workspace, READ, read).await?;
        // The rest did not fit, or is gone by now.
        if let Some(last) = lines.last().filter(|_| lines.len() < keys.len()) {
            progress = progress.behind(last.position());
        }
        // Only now, so that an attempt that fails leaves nothing out.
        self.progress = progress;
        Ok(lines)
    }
}
