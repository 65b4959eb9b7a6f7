//! Who may agree, and what their agreement would do: what the matching that decides says, put to the members as they
//! are now. It decides nothing.

use std::sync::Arc;

use sqlx::PgConnection;

use super::{Approvals, commit::Failure, read::READ};
use crate::{
    auth::{Permission, role},
    batch::Trouble,
    domain::{
        approval::Approval,
        decision::{Verdict, Vote},
        ids::{ApprovalId, WorkspaceId},
        names::PrincipalName,
        policy::{
            Asked, Kind, Policy, Selector,
            explain::{Missing, Need},
        },
    },
    store::eligible::{self, Candidate, Meant},
};

/// What stands in somebody's way, if anything does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    CanVote,
    Voted,
    OwnRequest,
    Disabled,
    Service,
    /// Named, and there is no such principal.
    Unknown,
    /// Neither their roles nor a live key of theirs allow to approve.
    NoPermission,
}

impl State {
    pub const WORDS: &'static [&'static str] =
        &["can_vote", "voted", "own_request", "disabled", "service", "unknown", "no_permission"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::CanVote => "can_vote",
            Self::Voted => "voted",
            Self::OwnRequest => "own_request",
            Self::Disabled => "disabled",
            Self::Service => "service",
            Self::Unknown => "unknown",
            Self::NoPermission => "no_permission",
        }
    }
}

/// One person whom the policy means.
pub struct Eligible {
    pub name: PrincipalName,
    /// Who it is, unless nobody is called so.
    pub candidate: Option<Candidate>,
    pub counted_as: Vec<Selector>,
    pub state: State,
    /// Whether their approval would bring the outcome nearer.
    pub helps: bool,
}

/// How an approval stands with those whom its policy means.
pub struct Explained {
    pub level: i32,
    pub missing: Missing,
    pub needs: Vec<Need>,
    pub ways: usize,
    /// Whether the members as they are now could satisfy it.
    pub satisfiable_now: bool,
    /// By name.
    pub people: Vec<Eligible>,
    /// Not all members of a role or group were looked at.
    pub truncated: bool,
}

impl Approvals {
    /// Explains an approval as it stands.
    pub async fn eligible(
        &self,
        workspace: WorkspaceId,
        id: ApprovalId,
    ) -> Result<(Arc<Approval>, Explained), Failure> {
        // One that is due is settled first.
        self.get(workspace, id).await?;
        let loaded = self.readers.load(workspace, id).await?.ok_or(Failure::NotFound)?;
        let approval = loaded.approval.clone();
        let here: Vec<Vote> =
            loaded.votes.iter().filter(|vote| vote.level == approval.escalation_level).cloned().collect();
        let policy = approval.policy_now();
        let asked = approval.asked();
        let (candidates, truncated) = self.candidates(workspace, policy).await?;
        let missing = if approval.state.is_final() {
            Missing { missing: 0, next: Vec::new() }
        } else {
            policy.missing(&here, &asked)
        };
        let people = people(policy, &asked, &here, &missing, &candidates);
        let explained = Explained {
            level: approval.escalation_level,
            needs: policy.needs(&here),
            ways: policy.ways(),
            satisfiable_now: is_satisfiable_now(policy, &asked, &here, &candidates),
            missing,
            people,
            truncated,
        };
        Ok((approval, explained))
    }

    /// Whether today's members could satisfy a policy that is not asked yet.
    pub async fn is_satisfiable_now(
        &self,
        workspace: WorkspaceId,
        policy: &Policy,
        asked: &Asked<'_>,
    ) -> Result<bool, Trouble> {
        let (candidates, _) = self.candidates(workspace, policy).await?;
        Ok(is_satisfiable_now(policy, asked, &[], &candidates))
    }

    async fn candidates(
        &self,
        workspace: WorkspaceId,
        policy: &Policy,
    ) -> Result<(Vec<Candidate>, bool), Trouble> {
        let meant = meant(policy);
        let ttl = self.shared.lease_ttl;
        let find = async |conn: &mut PgConnection| eligible::candidates(conn, workspace, &meant, ttl).await;
        Ok(self.shared.database.tenant.within(workspace, READ, find).await?)
    }
}

fn meant(policy: &Policy) -> Meant {
    let mut meant = Meant::default();
    for selector in policy.approvers() {
        match selector {
            Selector::Person(name) => drop(meant.people.insert(name)),
            Selector::Role(name) => drop(meant.roles.insert(name)),
            Selector::Group(name) => drop(meant.groups.insert(name)),
            Selector::Anyone => meant.anyone = true,
            Selector::Veto => {}
        }
    }
    meant
}

fn may_approve(candidate: &Candidate) -> bool {
    role::allowed(&candidate.permissions, &candidate.roles).allow(Permission::ApprovalApprove)
}

/// What keeps them from voting whatever the votes are.
fn obstacle(policy: &Policy, asked: &Asked<'_>, candidate: &Candidate) -> Option<State> {
    let actor = &candidate.member.actor;
    if !policy.allow_self_approval && asked.is(Some(actor.id), &actor.name) {
        Some(State::OwnRequest)
    } else if candidate.disabled {
        Some(State::Disabled)
    } else if candidate.kind == Kind::Service && !policy.allow_services {
        Some(State::Service)
    } else if !may_approve(candidate) {
        Some(State::NoPermission)
    } else {
        None
    }
}

/// Whether those who may vote now could complete what the votes have begun.
fn is_satisfiable_now(policy: &Policy, asked: &Asked<'_>, votes: &[Vote], candidates: &[Candidate]) -> bool {
    let is_done = |candidate: &Candidate| votes.iter().any(|vote| vote.by.id == candidate.member.actor.id);
    let free = candidates.iter().filter(|it| obstacle(policy, asked, it).is_none() && !is_done(it));
    policy.is_satisfiable_with(votes, free.map(|candidate| &candidate.member))
}

fn people(
    policy: &Policy,
    asked: &Asked<'_>,
    votes: &[Vote],
    missing: &Missing,
    candidates: &[Candidate],
) -> Vec<Eligible> {
    let known = candidates.iter().map(|candidate| {
        let counted_as = policy.matching(&candidate.member, Verdict::Approved);
        let name = &candidate.member.actor.name;
        let has_voted = votes.iter().any(|vote| vote.by.id == candidate.member.actor.id)
            || votes.iter().any(|vote| vote.names().any(|taken| taken == name));
        let state = match obstacle(policy, asked, candidate) {
            _ if has_voted => State::Voted,
            Some(obstacle) => obstacle,
            None => State::CanVote,
        };
        let would_help =
            missing.next.contains(&Selector::Anyone) || counted_as.iter().any(|it| missing.next.contains(it));
        let helps = state == State::CanVote && would_help;
        Eligible { name: name.clone(), candidate: Some(candidate.clone()), counted_as, state, helps }
    });
    let unknown = policy.approvers().into_iter().filter_map(|selector| {
        let Selector::Person(name) = &selector else { return None };
        let is_known = candidates.iter().any(|candidate| candidate.member.actor.name == *name);
        (!is_known).then(|| Eligible {
            name: name.clone(),
            candidate: None,
            counted_as: vec![selector.clone()],
            state: State::Unknown,
            helps: false,
        })
    });
    let mut people: Vec<Eligible> = known.chain(unknown).collect();
    people.sort_by(|one, other| one.name.cmp(&other.name));
    people
}
