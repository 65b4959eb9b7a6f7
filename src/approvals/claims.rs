//! Acting on what was approved: one executor claims it, and says when it is done.
//!
//! Claims are taken in batches, like votes. Renewing, releasing and completing are statements of their own. Whose a claim is
//! is read only where the statement did not get it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::SecondsFormat;
use sqlx::PgConnection;
use tokio::sync::oneshot;

use super::{ATTEMPT, Approvals, Authority, Shared};
use crate::{
    batch::{Calls, Trouble, Weigh, has_lapsed},
    domain::{
        approval::Approval,
        claim::{Claim, End, Ground, Holder, NewClaim, Step},
        credential::Origin,
        ids::{ApprovalId, WorkspaceId},
        policy::Actor,
    },
    limits::Room,
    store::{
        self,
        claims::{self, Attempt, Found},
    },
};

/// Claims in one commit at most, and workers that commit.
const BATCH: usize = 64;
const WORKERS: usize = 2;

/// A claim as its executor has it.
#[derive(Debug, Clone)]
pub struct Held {
    /// False where the same executor had it already, or had said the same.
    pub changed: bool,
    pub claim: Claim,
    /// What its receipt rests on; `None` where no receipt is signed.
    pub ground: Option<Arc<Ground>>,
}

/// Why it was not done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClaimFailure {
    #[error("there is no such approval")]
    NotFound,
    /// It is pending, or ended otherwise.
    #[error("it is not approved")]
    NotApproved { approval: Arc<Approval>, room: Option<Arc<Room>> },
    #[error("only its requester, and those whom the request names as executors, may claim it")]
    NotEligible,
    #[error("{}", taken(.0))]
    Taken(Box<Claim>),
    #[error("{}", late(*.0))]
    Late(Option<u32>),
    /// The key or the fence is not, or no more, that of the claim.
    #[error("{}", stale(.0.as_deref()))]
    Stale(Option<Box<Claim>>),
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

fn taken(claim: &Claim) -> String {
    let by = &claim.by.name;
    match (&claim.end, claim.lease_until()) {
        (Some(End::Completed { outcome, .. }), _) => {
            format!("{by} has claimed it and is done: it {}", outcome.as_str())
        }
        (_, Some(until)) => {
            format!("{by} has claimed it, until {}", until.to_rfc3339_opts(SecondsFormat::Secs, true))
        }
        (_, None) => format!("{by} has claimed it, for good"),
    }
}

fn late(within: Option<u32>) -> String {
    match within {
        Some(seconds) => format!("it had to be claimed within {seconds} seconds of its outcome"),
        None => "the time to claim it is over".to_owned(),
    }
}

fn stale(claim: Option<&Claim>) -> String {
    match claim {
        None => "there is no such claim".to_owned(),
        Some(claim) if claim.end.is_some() => format!("the claim is {}", claim.state()),
        Some(claim) => {
            format!(
                "the claim has another key or fence: {} holds it with fence {}",
                claim.by.name, claim.fence
            )
        }
    }
}

/// What is to become of a claim, and who says so.
#[derive(Debug, Clone)]
pub struct Advance {
    pub approval: ApprovalId,
    pub by: Actor,
    pub holder: Holder,
    pub step: Step,
    /// Whether what its receipt rests on is asked for.
    pub with_ground: bool,
    /// Whether the caller may see claims of others.
    pub may_see: bool,
}

/// One claim on its way.
#[derive(Clone)]
pub(super) struct Call {
    new: Arc<NewClaim>,
    origin: Arc<Origin>,
    /// When the caller was last looked at.
    looked_at: Option<Instant>,
    /// Whether what its receipt rests on is asked for.
    with_ground: bool,
}

impl Weigh for Call {
    fn weight(&self) -> usize {
        0
    }

    fn workspace(&self) -> WorkspaceId {
        self.new.workspace
    }

    fn looked_at(&self) -> Option<Instant> {
        self.looked_at
    }
}

/// What the batch says of one.
#[derive(Debug, Clone)]
pub(super) enum Taken {
    NotFound,
    NotApproved,
    NotEligible,
    Late,
    Held(Box<Held>),
    /// It is had, but what its receipt rests on could not be read. The same call gets it.
    Unread(Trouble),
    Other(Box<Claim>),
}

pub(super) type Claims = Calls<Call, Taken>;

pub(super) fn start(shared: &Shared, capacity: usize) -> Claims {
    let lifecycle = shared.lifecycle.clone();
    let shared = shared.clone();
    Calls::start(&lifecycle, "claims", (WORKERS, BATCH, capacity), move |calls: Arc<[Call]>| {
        let shared = shared.clone();
        async move { take(&shared, &calls).await }
    })
}

async fn take(shared: &Shared, calls: &[Call]) -> Result<Vec<Taken>, store::Error> {
    let begun = Instant::now();
    let write = async |conn: &mut PgConnection| {
        let rows: Vec<(&NewClaim, &Origin)> = calls.iter().map(|call| (&*call.new, &*call.origin)).collect();
        let attempts = claims::claim(conn, &rows).await?;
        let is_open = |it: &&Attempt| it.is_approved && it.is_eligible && it.got.is_none();
        let of = |it: &Attempt| calls[it.index].new.approval;
        let open: BTreeSet<ApprovalId> = attempts.iter().filter(is_open).map(of).collect();
        let others = if open.is_empty() {
            Vec::new()
        } else {
            claims::find(conn, &open.into_iter().collect::<Vec<_>>()).await?
        };
        Ok((attempts, others))
    };
    let (attempts, others) = match shared.database.decide.run(ATTEMPT, write).await {
        // It was deleted in this moment. Of several claims it is not known whose, so each is tried by itself.
        Err(error) if claims::is_gone(&error) && calls.len() == 1 => return Ok(vec![Taken::NotFound]),
        result => result?,
    };
    shared.metrics.batch("claims", calls.len(), begun.elapsed());
    let others: HashMap<ApprovalId, Found> = others.into_iter().map(|it| (it.claim.approval, it)).collect();
    let mut answers = vec![Taken::NotFound; calls.len()];
    let mut shown = BTreeSet::new();
    for attempt in attempts {
        let (index, call) = (attempt.index, &calls[attempt.index]);
        if let Some((_, task)) = &attempt.got {
            shared.announce_event(task.clone());
        }
        answers[index] = answer(&call.new, attempt, &others);
        shared.metrics.claimed(answers[index].word());
        if call.with_ground && matches!(answers[index], Taken::Held(_)) {
            shown.insert(call.new.approval);
        }
    }
    if !shown.is_empty() {
        let shown: Vec<ApprovalId> = shown.into_iter().collect();
        let read = async |conn: &mut PgConnection| claims::grounds(conn, &shown).await;
        let grounds = shared.database.read.run(ATTEMPT, read).await.inspect_err(|error| {
            tracing::warn!(%error, approvals = shown.len(), "claims are made, but their receipts could not be");
        });
        let grounds = grounds.map_err(Trouble::from);
        add_grounds(calls, &mut answers, grounds);
    }
    Ok(answers)
}

/// The claims are committed. Where this could not be read, the others are answered all the same.
fn add_grounds(calls: &[Call], answers: &mut [Taken], grounds: Result<Vec<(ApprovalId, Ground)>, Trouble>) {
    let grounds = grounds.map(|them| {
        let shared = them.into_iter().map(|(id, ground)| (id, Arc::new(ground)));
        shared.collect::<HashMap<ApprovalId, Arc<Ground>>>()
    });
    for (call, answer) in calls.iter().zip(answers) {
        let Taken::Held(held) = answer else { continue };
        match &grounds {
            _ if !call.with_ground => {}
            Ok(grounds) => held.ground = grounds.get(&call.new.approval).cloned(),
            Err(trouble) => *answer = Taken::Unread(trouble.clone()),
        }
    }
}

impl Taken {
    /// For metrics.
    fn word(&self) -> &'static str {
        match self {
            Self::Held(held) if held.changed => "claimed",
            Self::Held(_) => "repeated",
            _ => "refused",
        }
    }
}

fn answer(new: &NewClaim, attempt: Attempt, others: &HashMap<ApprovalId, Found>) -> Taken {
    if let Some((claim, _)) = attempt.got {
        return Taken::Held(Box::new(Held { changed: true, claim, ground: None }));
    }
    // Who may not act on it is told no more than that.
    if !attempt.is_eligible {
        return Taken::NotEligible;
    }
    if !attempt.is_approved {
        return Taken::NotApproved;
    }
    let Some(Found { claim, now }) = others.get(&new.approval) else { return Taken::Late };
    if claim.is_of(&new.by, &new.key) && !matches!(claim.end, Some(End::Released { .. })) {
        return Taken::Held(Box::new(Held { changed: false, claim: claim.clone(), ground: None }));
    }
    if attempt.is_late && claim.is_free(*now) { Taken::Late } else { Taken::Other(Box::new(claim.clone())) }
}

impl Approvals {
    /// Claims an approved action for a caller. Once this is called it happens or fails on its own, like every command.
    pub async fn claim(
        &self,
        authority: Authority,
        new: NewClaim,
        with_ground: bool,
    ) -> Result<Held, ClaimFailure> {
        let (workspace, approval) = (new.workspace, new.approval);
        let Authority { origin, looked_at, .. } = authority;
        match self.claims.call(Call { new: Arc::new(new), origin, looked_at, with_ground }).await? {
            Taken::Held(held) => Ok(*held),
            Taken::Unread(trouble) => Err(trouble.into()),
            Taken::Other(claim) => Err(ClaimFailure::Taken(claim)),
            Taken::NotFound => Err(ClaimFailure::NotFound),
            Taken::NotEligible => Err(ClaimFailure::NotEligible),
            Taken::NotApproved => {
                let found = self.look(workspace, approval).await?.ok_or(ClaimFailure::NotFound)?;
                let room = self.shared.room(workspace, found.size)?.map(Arc::new);
                Err(ClaimFailure::NotApproved { approval: found.approval.clone(), room })
            }
            Taken::Late => {
                let approval = self.shown(workspace, approval).await?;
                Err(ClaimFailure::Late(approval.request.claim_within_seconds))
            }
        }
    }

    /// Renews, releases or completes a claim. It happens or fails on its own, whether or not the caller stays to hear it.
    pub async fn advance_claim(&self, authority: Authority, advance: Advance) -> Result<Held, ClaimFailure> {
        let (reply, answer) = oneshot::channel();
        let me = self.clone();
        self.shared.lifecycle.spawn("claim", async move {
            // The caller may have gone.
            let result = me.advance(&authority, &advance).await;
            me.shared.metrics.claimed(word(&advance.step, &result));
            let _ = reply.send(result);
        });
        answer.await.unwrap_or(Err(ClaimFailure::Trouble(Trouble::TimedOut)))
    }

    async fn advance(&self, authority: &Authority, advance: &Advance) -> Result<Held, ClaimFailure> {
        let Advance { approval, by, holder, step, with_ground, may_see } = advance;
        let (workspace, database) = (authority.workspace, &self.shared.database);
        let write = async |conn: &mut PgConnection| {
            // It may have waited for its turn, and for a connection.
            if has_lapsed(authority.looked_at) {
                return Err(store::Error::TimedOut);
            }
            let key = (workspace, *approval);
            if let Some(advanced) = claims::advance(conn, key, by, holder, step, &authority.origin).await? {
                return Ok((Some(advanced), None));
            }
            Ok((None, claims::find(conn, &[*approval]).await?.pop()))
        };
        let written = database.transact.shared(workspace, ATTEMPT, write).await;
        let written = written.inspect_err(|error| {
            tracing::warn!(%error, approval_id = %approval, "whether a claim was renewed, released or completed is unknown");
        });
        let mut held = match written.map_err(Trouble::from)? {
            (Some((claim, task)), _) => {
                if matches!(step, Step::Complete { .. }) {
                    self.shared.announce_event(task);
                }
                Held { changed: true, claim, ground: None }
            }
            (None, Some(Found { claim, .. }))
                if claim.workspace == workspace && is_done(&claim, by, holder, step) =>
            {
                Held { changed: false, claim, ground: None }
            }
            (None, other) => {
                self.shown(workspace, *approval).await?;
                let shown = other.map(|found| found.claim).filter(|claim| *may_see || claim.by.id == by.id);
                return Err(ClaimFailure::Stale(shown.map(Box::new)));
            }
        };
        if *with_ground {
            let read = async |conn: &mut PgConnection| claims::grounds(conn, &[*approval]).await;
            let grounds = database.read.run(ATTEMPT, read).await.map_err(Trouble::from)?;
            held.ground = grounds.into_iter().next().map(|(_, ground)| Arc::new(ground));
        }
        Ok(held)
    }

    /// The claim of an approval, if there is one.
    pub async fn claim_of(
        &self,
        workspace: WorkspaceId,
        approval: ApprovalId,
    ) -> Result<Option<Claim>, ClaimFailure> {
        self.shown(workspace, approval).await?;
        let read = async |conn: &mut PgConnection| claims::find(conn, &[approval]).await;
        let found = self.shared.database.tenant.within(workspace, READ, read).await;
        Ok(found.map_err(Trouble::from)?.pop().map(|found| found.claim))
    }

    async fn shown(&self, workspace: WorkspaceId, id: ApprovalId) -> Result<Arc<Approval>, ClaimFailure> {
        let found = self.look(workspace, id).await?.ok_or(ClaimFailure::NotFound)?;
        Ok(found.approval.clone())
    }
}

/// For metrics.
fn word(step: &Step, result: &Result<Held, ClaimFailure>) -> &'static str {
    match (step, result) {
        (_, Err(ClaimFailure::Trouble(_))) => "failed",
        (_, Err(_)) => "refused",
        (_, Ok(held)) if !held.changed => "repeated",
        (Step::Renew { .. }, _) => "renewed",
        (Step::Release { .. }, _) => "released",
        (Step::Complete { .. }, _) => "completed",
    }
}

/// Longest a read may take.
const READ: Duration = Duration::from_secs(4);

/// Whether the same has been said before.
fn is_done(claim: &Claim, by: &Actor, holder: &Holder, step: &Step) -> bool {
    let is_theirs = match holder {
        Holder::Executor { key, fence } => claim.is_of(by, key) && claim.fence == *fence,
        Holder::Anyone { fence } => fence.is_none_or(|fence| claim.fence == fence),
    };
    is_theirs
        && match (&claim.end, step) {
            (Some(End::Released { .. }), Step::Release { .. }) => true,
            (Some(End::Completed { outcome, .. }), Step::Complete { outcome: said, .. }) => outcome == said,
            _ => false,
        }
}
