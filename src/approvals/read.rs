//! Reading approvals: all callers that ask at the same moment share one query.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use sqlx::PgConnection;
use tokio::sync::oneshot;

use super::{
    Approvals, Authority, Shared,
    commit::{Act, Failure},
};
use crate::{
    batch::{Queue, Trouble, Weigh},
    domain::{
        approval::Approval,
        ids::{ApprovalId, WorkspaceId},
        names::CallerName,
    },
    store::{
        self, Database,
        approvals::{Loaded, Part, Votes},
        audit::AuditRecord,
        decisions::DecisionRecord,
        runs::Overview,
    },
};

/// Most reads in one query.
const BATCH: usize = 256;
/// Longest a read may take.
pub(super) const READ: Duration = Duration::from_secs(4);

/// `None`: there is no such approval.
type Answer = Result<Option<Arc<Loaded>>, Trouble>;

struct Request {
    /// Who asks; whose approval it is, is seen when it is read.
    workspace: WorkspaceId,
    id: ApprovalId,
    reply: oneshot::Sender<Answer>,
}

impl Weigh for Request {
    /// An id. What it leads to may be large, but is not known before.
    fn weight(&self) -> usize {
        0
    }

    fn workspace(&self) -> WorkspaceId {
        self.workspace
    }
}

#[derive(Clone)]
pub(super) struct Readers {
    queue: Queue<Request>,
}

impl Readers {
    pub fn start(shared: &Shared, count: usize, capacity: usize) -> Self {
        let database = shared.database.clone();
        let queue = Queue::start(&shared.lifecycle, "reader", (count, BATCH, capacity), move |batch| {
            let database = database.clone();
            async move { read(&database, batch).await }
        });
        Self { queue }
    }

    pub fn queued(&self) -> usize {
        self.queue.queued()
    }

    pub(super) async fn load(&self, workspace: WorkspaceId, id: ApprovalId) -> Answer {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Request { workspace, id, reply })?;
        answer.await.unwrap_or(Err(Trouble::TimedOut))
    }
}

/// Reads what is asked for and answers it; hands back what was too much to be read along.
async fn read(database: &Database, mut requests: Vec<Request>) -> Vec<Request> {
    // A caller that has gone needs no answer.
    requests.retain(|request| !request.reply.is_closed());
    // In their order: so what is left out for its size is what came last.
    let mut seen = HashSet::new();
    let ids: Vec<ApprovalId> =
        requests.iter().map(|request| request.id).filter(|id| seen.insert(*id)).collect();
    let result = match store::in_time(READ, load(database, &ids)).await {
        // Reading is safe to repeat, and the first attempt may have met a connection that was just cut.
        Err(error @ store::Error::Unavailable(_)) => {
            database.suspect(&error);
            store::in_time(READ, load(database, &ids)).await
        }
        result => result,
    };
    match result {
        Ok((found, rest)) => {
            let left = |request: &Request| rest.binary_search(&request.id).is_ok();
            let (later, now): (Vec<_>, Vec<_>) = requests.into_iter().partition(left);
            for request in now {
                let _ = request.reply.send(found.get(&request.id).cloned().transpose());
            }
            later
        }
        Err(error) => {
            tracing::warn!(%error, approvals = ids.len(), "could not read");
            let trouble = Trouble::from(error);
            for request in requests {
                let _ = request.reply.send(Err(trouble.clone()));
            }
            Vec::new()
        }
    }
}

/// What was found, and what is to be read next.
type Read = (HashMap<ApprovalId, Result<Arc<Loaded>, Trouble>>, Vec<ApprovalId>);

async fn load(database: &Database, ids: &[ApprovalId]) -> Result<Read, store::Error> {
    if ids.is_empty() {
        return Ok((HashMap::new(), Vec::new()));
    }
    let mut conn = database.read.checkout().await?;
    let Part { found, rest } = store::approvals::load(&mut conn, ids, Votes::OfPending).await?;
    conn.done();
    let found = found.into_iter().map(|(id, loaded)| (id, loaded.map(Arc::new).map_err(Trouble::from)));
    Ok((found.collect(), rest))
}

impl Approvals {
    /// The approval as it stands. One that is due is settled first.
    pub async fn get(&self, workspace: WorkspaceId, id: ApprovalId) -> Result<Arc<Approval>, Failure> {
        let loaded = self.readers.load(workspace, id).await?.ok_or(Failure::NotFound)?;
        if loaded.approval.workspace != workspace {
            return Err(Failure::NotFound);
        }
        if loaded.due {
            let authority = Authority { workspace, origin: Arc::default(), looked_at: None };
            return Ok(self.act(authority, id, Act::Settle).await?.approval);
        }
        Ok(loaded.approval.clone())
    }

    /// The approval as it was read, with its votes while it is pending. Nothing is settled: looking changes nothing.
    pub async fn look(&self, workspace: WorkspaceId, id: ApprovalId) -> Result<Option<Arc<Loaded>>, Trouble> {
        let loaded = self.readers.load(workspace, id).await?;
        Ok(loaded.filter(|loaded| loaded.approval.workspace == workspace))
    }

    /// Who said what, oldest first; `part` is how many to pass over, and how many to tell. Also whether there may be
    /// more.
    pub async fn decisions(
        &self,
        workspace: WorkspaceId,
        id: ApprovalId,
        part: (i64, i64),
    ) -> Result<(Vec<DecisionRecord>, bool), Failure> {
        self.get(workspace, id).await?;
        let read =
            async |conn: &mut PgConnection| store::decisions::decisions(conn, workspace, id, part).await;
        Ok(self.shared.database.tenant.within(workspace, READ, read).await.map_err(Trouble::from)?)
    }

    /// A run, and how its approvals stand.
    pub async fn run(
        &self,
        workspace: WorkspaceId,
        run: &CallerName,
    ) -> Result<Option<Overview>, store::Error> {
        let read = async |conn: &mut PgConnection| store::runs::overview(conn, workspace, run).await;
        self.shared.database.tenant.within(workspace, READ, read).await
    }

    /// Every change, oldest first, in the same way.
    pub async fn audit(
        &self,
        workspace: WorkspaceId,
        id: ApprovalId,
        part: (i64, i64),
    ) -> Result<(Vec<AuditRecord>, bool), Failure> {
        self.get(workspace, id).await?;
        let read = async |conn: &mut PgConnection| store::audit::of_approval(conn, workspace, id, part).await;
        Ok(self.shared.database.tenant.within(workspace, READ, read).await.map_err(Trouble::from)?)
    }
}
