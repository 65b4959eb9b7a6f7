//! Who may agree, and what their agreement would do: what the matching that decides says, put to the members as they
//! are now. It decides nothing.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use sqlx::PgConnection;

use super::{Approvals, commit::Failure, read::READ};
use crate::{
    auth::{Permission, role},
    batch::Trouble,
    domain::{
        approval::Approval,
        decision::{Verdict, Vote},
        ids::{ApprovalId, PrincipalId, WorkspaceId},
        names::PrincipalName,
        policy::{
            Actor, Asked, Kind, Member, Policy, Selector,
            admission::{Seat, Voter, Wish},
            explain::{Missing, Need},
        },
    },
    store::{
        eligible::{self, Candidate, Meant},
        open_seats,
    },
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
    /// In whose seat, for a delegate.
    pub seat: Option<PrincipalName>,
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
    /// By name, and then by that of the seat.
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
        let (candidates, mut truncated) = self.candidates(workspace, policy).await?;
        let (delegates, is_cut) = self.delegates(workspace, &candidates).await?;
        truncated |= is_cut;
        let missing = if approval.state.is_final() {
            Missing { missing: 0, next: Vec::new() }
        } else {
            policy.missing(&here, &asked)
        };
        let helps = |it: &[Selector]| {
            it.iter().any(|it| missing.next.contains(it)) || missing.next.contains(&Selector::Anyone)
        };
        let mut people = people(policy, &asked, &here, &helps, &candidates);
        let wish = Wish {
            verdict: Verdict::Approved,
            approval_type: &approval.request.approval_type,
            seat: None,
            at: loaded.now,
        };
        for (candidate, voter) in &delegates {
            people.extend(in_seats(policy, &asked, (candidate, voter), wish, &here, &helps));
        }
        people.sort_by(|one, other| (&one.name, &one.seat).cmp(&(&other.name, &other.seat)));
        let explained = Explained {
            level: approval.escalation_level,
            needs: policy.needs(&here),
            ways: policy.ways(),
            satisfiable_now: is_satisfiable_now(policy, &asked, &here, &candidates, &people),
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
        Ok(is_satisfiable_now(policy, asked, &[], &candidates, &[]))
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

    /// Those to whom the seats of `owners` are open, and whether there are more than are looked at.
    async fn delegates(
        &self,
        workspace: WorkspaceId,
        owners: &[Candidate],
    ) -> Result<(Vec<(Candidate, Voter)>, bool), Trouble> {
        let open = owners.iter().filter(|it| !it.disabled && it.kind == Kind::Person);
        let open: HashMap<PrincipalId, &Member> = open.map(|it| (it.member.actor.id, &it.member)).collect();
        let ids: Vec<PrincipalId> = open.keys().copied().collect();
        let ttl = self.shared.lease_ttl;
        let find = async |conn: &mut PgConnection| {
            let most = i64::from(eligible::MOST);
            let mut found = open_seats::delegates(conn, workspace, &ids, most + 1).await?;
            let is_cut = i64::try_from(found.len()).is_ok_and(|count| count > most);
            found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            if found.is_empty() {
                return Ok((found, Vec::new(), is_cut));
            }
            let people = found.iter().map(|it| it.delegate.name.clone()).collect();
            let meant = Meant { people, ..Meant::default() };
            let (candidates, _) = eligible::candidates(conn, workspace, &meant, ttl).await?;
            Ok((found, candidates, is_cut))
        };
        let (found, candidates, is_cut) = self.shared.database.tenant.within(workspace, READ, find).await?;
        let mut seats: HashMap<PrincipalId, Vec<Seat>> = HashMap::new();
        for it in found {
            let Some(owner) = open.get(&it.owner) else { continue };
            seats.entry(it.delegate.id).or_default().push(Seat {
                owner: (*owner).clone(),
                delegations: it.delegations,
                through: it.through,
                approval_types: it.approval_types,
                until: it.until,
            });
        }
        let delegates = candidates.into_iter().filter_map(|candidate| {
            let seats = seats.remove(&candidate.member.actor.id)?;
            let voter = Voter { member: candidate.member.clone(), kind: candidate.kind, seats };
            Some((candidate, voter))
        });
        Ok((delegates.collect(), is_cut))
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

/// Whether those who may vote now could complete what the votes have begun. Who lacks nothing but the permission may
/// be sat in for: each by one delegate, and each delegate for one.
fn is_satisfiable_now(
    policy: &Policy,
    asked: &Asked<'_>,
    votes: &[Vote],
    candidates: &[Candidate],
    people: &[Eligible],
) -> bool {
    let mut sitting: HashSet<&PrincipalName> = HashSet::new();
    let mut is_sat_in_for = |owner: &PrincipalName| {
        let free = people.iter().filter(|it| it.state == State::CanVote && it.seat.as_ref() == Some(owner));
        free.map(|it| &it.name).any(|delegate| sitting.insert(delegate))
    };
    let free = candidates.iter().filter(|it| {
        !is_used(votes, &it.member.actor)
            && match obstacle(policy, asked, it) {
                None => true,
                Some(State::NoPermission) => is_sat_in_for(&it.member.actor.name),
                Some(_) => false,
            }
    });
    policy.is_satisfiable_with(votes, free.map(|candidate| &candidate.member))
}

/// Whether a person has voted, or a delegate in their seat.
fn is_used(votes: &[Vote], owner: &Actor) -> bool {
    votes
        .iter()
        .any(|vote| vote.by.id == owner.id || vote.seat.as_ref().is_some_and(|seat| seat.id == owner.id))
}

/// A delegate, once for each seat that they may take. Who is admitted by themselves takes none.
fn in_seats(
    policy: &Policy,
    asked: &Asked<'_>,
    (candidate, sitter): (&Candidate, &Voter),
    wish: Wish<'_>,
    votes: &[Vote],
    helps: &impl Fn(&[Selector]) -> bool,
) -> Vec<Eligible> {
    if !policy.matching(&sitter.member, Verdict::Approved).is_empty() {
        return Vec::new();
    }
    let open = policy.seats(asked, sitter, wish).into_iter().map(|(seat, counted_as)| {
        let state = match obstacle(policy, asked, candidate) {
            _ if is_used(votes, &sitter.member.actor) || is_used(votes, &seat.owner.actor) => State::Voted,
            Some(obstacle) => obstacle,
            None => State::CanVote,
        };
        Eligible {
            name: sitter.member.actor.name.clone(),
            candidate: Some(candidate.clone()),
            seat: Some(seat.owner.actor.name.clone()),
            helps: state == State::CanVote && helps(&counted_as),
            counted_as,
            state,
        }
    });
    open.collect()
}

fn people(
    policy: &Policy,
    asked: &Asked<'_>,
    votes: &[Vote],
    helps: &impl Fn(&[Selector]) -> bool,
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
        let helps = state == State::CanVote && helps(&counted_as);
        Eligible {
            name: name.clone(),
            candidate: Some(candidate.clone()),
            seat: None,
            counted_as,
            state,
            helps,
        }
    });
    let unknown = policy.approvers().into_iter().filter_map(|selector| {
        let Selector::Person(name) = &selector else { return None };
        let is_known = candidates.iter().any(|candidate| candidate.member.actor.name == *name);
        (!is_known).then(|| Eligible {
            name: name.clone(),
            candidate: None,
            seat: None,
            counted_as: vec![selector.clone()],
            state: State::Unknown,
            helps: false,
        })
    });
    known.chain(unknown).collect()
}
