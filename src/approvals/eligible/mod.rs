//! Who may agree, and what their agreement would do: those whom a policy means are read, and [`explain`] puts to them
//! what the matching that decides says. It decides nothing.

mod explain;
pub mod people;

use std::sync::Arc;

use sqlx::PgConnection;

pub use self::explain::{Eligible, Explained, State};
use self::{explain::Found, people::meant};
use super::{Approvals, aside::aside, commit::Failure, read::READ};
use crate::{
    batch::Trouble,
    domain::{
        decision::Verdict,
        ids::{ApprovalId, WorkspaceId},
        policy::{Asked, Policy, admission::Voter},
        standing::{Allowed, Reading, Standing},
    },
    store::{
        self,
        approvals::{Loaded, Votes},
        eligible::{Candidate, Meant, Whom},
    },
};

/// What the one who asks may do.
pub struct You {
    pub approve: Standing,
    pub edit: Standing,
    pub reject: Standing,
    pub cancel: Standing,
    pub escalate: Standing,
    pub extend: Standing,
}

impl You {
    fn of(loaded: &Loaded, voter: &Arc<Voter>, allowed: Allowed) -> Self {
        let Loaded { approval, votes, due, now, .. } = loaded;
        let reading = Reading { approval, votes, due: *due, at: *now };
        let approve = reading.vote_with_effect(voter, allowed.approve, Verdict::Approved);
        Self {
            edit: reading.edit(&approve),
            approve,
            reject: reading.vote_with_effect(voter, allowed.reject, Verdict::Rejected),
            cancel: reading.cancel(allowed.cancel),
            escalate: reading.escalate(voter, allowed.escalate),
            extend: reading.extend(voter, allowed.extend),
        }
    }
}

/// Most people whose part is worked out on a thread that serves others too.
const FEW: usize = 50;

impl Approvals {
    /// Explains an approval as it stands, and what the one who asks may do with it.
    pub async fn eligible(
        &self,
        workspace: WorkspaceId,
        id: ApprovalId,
        (voter, allowed): (&Arc<Voter>, Allowed),
    ) -> Result<(You, Explained), Failure> {
        // One that is due is settled first.
        self.get(workspace, id).await?;
        let loaded = self.with_all_votes(workspace, id).await?.ok_or(Failure::NotFound)?;
        let you = You::of(&loaded, voter, allowed);
        let meant = meant(loaded.approval.policy_now(), Whom::All);
        let (candidates, mut truncated) = self.candidates(workspace, &meant).await?;
        let (delegates, is_cut) = self.delegates(workspace, &meant, &candidates).await?;
        truncated |= is_cut;
        let all = candidates.iter().chain(delegates.iter().map(|(candidate, _)| candidate));
        let room = self.shared.room(workspace, all.map(Candidate::size).sum())?;
        let count = candidates.len() + delegates.len();
        let found = Found { candidates, delegates, truncated };
        let explained = aside(count > FEW, move || explain::explain(&loaded, &found, room)).await?;
        Ok((you, explained))
    }

    /// Whether today's members could satisfy a policy that is not asked yet. Also where they were too many for a look
    /// at all of them.
    pub async fn is_satisfiable_now(
        &self,
        workspace: WorkspaceId,
        policy: &Policy,
        asked: &Asked<'_>,
    ) -> Result<bool, Trouble> {
        // Those who may not vote would take the places of those who may.
        let whom = if policy.allow_services { Whom::Enabled } else { Whom::EnabledPeople };
        let meant = meant(policy, whom);
        let (candidates, truncated) = self.candidates(workspace, &meant).await?;
        let count = candidates.len();
        let (policy, by, on_behalf_of) = (policy.clone(), asked.by.clone(), asked.on_behalf_of.cloned());
        let work = move || {
            let asked = Asked { by: &by, on_behalf_of: on_behalf_of.as_ref() };
            explain::is_satisfiable_by(&policy, asked, &candidates)
        };
        Ok(truncated || aside(count > FEW, work).await?)
    }

    /// The approval with every vote, whether it has ended or not.
    async fn with_all_votes(
        &self,
        workspace: WorkspaceId,
        id: ApprovalId,
    ) -> Result<Option<Loaded>, Trouble> {
        let read = async |conn: &mut PgConnection| store::approvals::load(conn, &[id], Votes::Read).await;
        let mut part = self.shared.database.tenant.within(workspace, READ, read).await?;
        Ok(part.found.remove(&id).transpose()?.filter(|loaded| loaded.approval.workspace == workspace))
    }

    /// Those who are meant.
    async fn candidates(
        &self,
        workspace: WorkspaceId,
        meant: &Meant,
    ) -> Result<(Vec<Candidate>, bool), Trouble> {
        let ttl = self.shared.lease_ttl;
        let find =
            async |conn: &mut PgConnection| people::candidates(conn, workspace, meant, meant, ttl).await;
        Ok(self.shared.database.tenant.within(workspace, READ, find).await?)
    }

    /// Those to whom the seats of `owners` are open, and whether there are more than are looked at.
    async fn delegates(
        &self,
        workspace: WorkspaceId,
        policy: &Meant,
        owners: &[Candidate],
    ) -> Result<(Vec<(Candidate, Voter)>, bool), Trouble> {
        let ttl = self.shared.lease_ttl;
        let find =
            async |conn: &mut PgConnection| people::delegates(conn, workspace, policy, owners, ttl).await;
        Ok(self.shared.database.tenant.within(workspace, READ, find).await?)
    }
}
