//! What the matching that decides says of an approval, put to the members as they are. It reads nothing and waits for
//! nothing. It may take long where thousands are meant, so it is no work for a thread that serves others.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::{
    domain::{
        decision::{Verdict, Vote},
        ids::PrincipalId,
        names::PrincipalName,
        policy::{
            Actor, Asked, Kind, Policy, Selector,
            admission::{Voter, Wish},
            explain::{Missing, Need},
        },
    },
    limits::Room,
    store::{approvals::Loaded, eligible::Candidate},
};

/// What keeps a person from voting, if anything does.
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
    /// They could have voted, and it has ended.
    Ended,
}

impl State {
    pub const WORDS: &'static [&'static str] =
        &["can_vote", "voted", "own_request", "disabled", "service", "unknown", "no_permission", "ended"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::CanVote => "can_vote",
            Self::Voted => "voted",
            Self::OwnRequest => "own_request",
            Self::Disabled => "disabled",
            Self::Service => "service",
            Self::Unknown => "unknown",
            Self::NoPermission => "no_permission",
            Self::Ended => "ended",
        }
    }
}

/// One person whom the policy means.
pub struct Eligible {
    pub name: PrincipalName,
    /// Who it is, unless no principal is called so.
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
    /// The votes leave no way to satisfy it.
    pub impossible: bool,
    /// Whether the members as they are now could satisfy it, as far as they were looked at.
    pub satisfiable_now: bool,
    /// How many members were found for each role and group, and for anyone.
    pub members: BTreeMap<Selector, usize>,
    /// By name, and then by that of the seat.
    pub people: Vec<Eligible>,
    /// Not all who are meant were looked at.
    pub truncated: bool,
    /// What it takes until the answer is made.
    pub(super) _room: Option<Room>,
}

/// Who was found: those whom the policy means, and those to whom their seats are open.
pub(super) struct Found {
    pub candidates: Vec<Candidate>,
    pub delegates: Vec<(Candidate, Voter)>,
    pub truncated: bool,
}

/// An approval, and all that is asked of it again and again.
struct Looking<'a> {
    policy: &'a Policy,
    asked: Asked<'a>,
    ended: bool,
    used: Used<'a>,
    next: BTreeSet<&'a Selector>,
}

/// Whose seats were used, by themselves or by a delegate, and who used them.
struct Used<'a> {
    ids: HashSet<PrincipalId>,
    names: HashSet<&'a PrincipalName>,
}

impl<'a> Used<'a> {
    fn by(votes: &'a [Vote]) -> Self {
        let seats = votes.iter().filter_map(|vote| vote.seat.as_ref());
        let ids = votes.iter().map(|vote| &vote.by).chain(seats).map(|actor| actor.id);
        Self { ids: ids.collect(), names: votes.iter().flat_map(Vote::names).collect() }
    }

    fn has(&self, actor: &Actor) -> bool {
        self.ids.contains(&actor.id) || self.names.contains(&actor.name)
    }
}

/// Explains an approval, of which every vote was read.
pub(super) fn explain(loaded: &Loaded, found: &Found, room: Option<Room>) -> Explained {
    let approval = &loaded.approval;
    let (policy, asked) = (approval.policy_now(), approval.asked());
    let here: Vec<Vote> =
        loaded.votes.iter().filter(|vote| vote.level == approval.escalation_level).cloned().collect();
    let ended = approval.state.is_final();
    let missing =
        if ended { Missing { missing: 0, next: Vec::new() } } else { policy.missing(&here, &asked) };
    let next = missing.next.iter().collect();
    let looking = Looking { policy, asked, ended, used: Used::by(&here), next };
    let mut people = looking.people(&found.candidates);
    let wish = Wish {
        verdict: Verdict::Approved,
        approval_type: &approval.request.approval_type,
        seat: None,
        at: loaded.now,
    };
    people.extend(found.delegates.iter().flat_map(|it| looking.in_seats(it, wish)));
    people.sort_by(|one, other| (&one.name, &one.seat).cmp(&(&other.name, &other.seat)));
    let satisfiable_now = if ended {
        policy.is_satisfiable_with(&here, std::iter::empty())
    } else {
        // Those who were not looked at may do it.
        found.truncated || looking.is_satisfiable_now(&here, &found.candidates, &people)
    };
    Explained {
        level: approval.escalation_level,
        needs: policy.needs(&here),
        ways: policy.ways(),
        impossible: policy.has_no_way_left(&here, &asked),
        satisfiable_now,
        members: members(&people),
        missing,
        people,
        truncated: found.truncated,
        _room: room,
    }
}

/// Whether these could satisfy a policy that is not asked yet.
pub(super) fn is_satisfiable_by(policy: &Policy, asked: Asked<'_>, candidates: &[Candidate]) -> bool {
    let looking = Looking { policy, asked, ended: false, used: Used::by(&[]), next: BTreeSet::new() };
    looking.is_satisfiable_now(&[], candidates, &[])
}

fn members(people: &[Eligible]) -> BTreeMap<Selector, usize> {
    let mut members = BTreeMap::new();
    let in_their_own_right = people.iter().filter(|it| it.seat.is_none());
    for selector in in_their_own_right.flat_map(|it| &it.counted_as) {
        if !matches!(selector, Selector::Person(_)) {
            *members.entry(selector.clone()).or_insert(0) += 1;
        }
    }
    members
}

impl Looking<'_> {
    fn people(&self, candidates: &[Candidate]) -> Vec<Eligible> {
        let known: HashSet<&PrincipalName> = candidates.iter().map(|it| &it.member.actor.name).collect();
        let found = candidates.iter().map(|candidate| {
            let counted_as = self.policy.matching(&candidate.member, Verdict::Approved);
            self.eligible(candidate, None, counted_as)
        });
        let unknown = self.policy.approvers().into_iter().filter_map(|selector| {
            let Selector::Person(name) = &selector else { return None };
            (!known.contains(name)).then(|| Eligible {
                name: name.clone(),
                candidate: None,
                seat: None,
                counted_as: vec![selector.clone()],
                state: State::Unknown,
                helps: false,
            })
        });
        found.chain(unknown).collect()
    }

    /// A delegate, once for each seat that they may take. Who is admitted by themselves takes none.
    fn in_seats(&self, (candidate, sitter): &(Candidate, Voter), wish: Wish<'_>) -> Vec<Eligible> {
        if !self.policy.matching(&sitter.member, Verdict::Approved).is_empty() {
            return Vec::new();
        }
        let open = self.policy.seats(&self.asked, sitter, wish).into_iter();
        open.map(|(seat, counted_as)| self.eligible(candidate, Some(&seat.owner.actor), counted_as)).collect()
    }

    fn eligible(&self, candidate: &Candidate, seat: Option<&Actor>, counted_as: Vec<Selector>) -> Eligible {
        let actor = &candidate.member.actor;
        let state = if self.used.has(actor) || seat.is_some_and(|owner| self.used.has(owner)) {
            State::Voted
        } else {
            let unless_ended = if self.ended { State::Ended } else { State::CanVote };
            self.obstacle(candidate).unwrap_or(unless_ended)
        };
        Eligible {
            name: actor.name.clone(),
            candidate: Some(candidate.clone()),
            seat: seat.map(|owner| owner.name.clone()),
            helps: state == State::CanVote && self.is_next(&counted_as),
            counted_as,
            state,
        }
    }

    fn is_next(&self, counted_as: &[Selector]) -> bool {
        self.next.contains(&Selector::Anyone) || counted_as.iter().any(|it| self.next.contains(it))
    }

    /// What keeps them from voting whatever the votes are.
    fn obstacle(&self, candidate: &Candidate) -> Option<State> {
        let actor = &candidate.member.actor;
        if !self.policy.allow_self_approval && self.asked.is(Some(actor.id), &actor.name) {
            Some(State::OwnRequest)
        } else if candidate.disabled {
            Some(State::Disabled)
        } else if candidate.kind == Kind::Service && !self.policy.allow_services {
            Some(State::Service)
        } else if !candidate.may_approve {
            Some(State::NoPermission)
        } else {
            None
        }
    }

    /// Whether those who may vote now could complete what the votes have begun. Who lacks nothing but the permission
    /// may be sat in for: each by one delegate, and each delegate for one.
    fn is_satisfiable_now(&self, votes: &[Vote], candidates: &[Candidate], people: &[Eligible]) -> bool {
        let mut delegates: HashMap<&PrincipalName, Vec<&PrincipalName>> = HashMap::new();
        for it in people.iter().filter(|it| it.state == State::CanVote) {
            if let Some(owner) = &it.seat {
                delegates.entry(owner).or_default().push(&it.name);
            }
        }
        let mut sitting: HashSet<&PrincipalName> = HashSet::new();
        let mut is_sat_in_for = |owner: &PrincipalName| {
            delegates.get(owner).into_iter().flatten().any(|delegate| sitting.insert(delegate))
        };
        let free = candidates.iter().filter(|it| {
            !self.used.has(&it.member.actor)
                && match self.obstacle(it) {
                    None => true,
                    Some(State::NoPermission) => is_sat_in_for(&it.member.actor.name),
                    Some(_) => false,
                }
        });
        self.policy.is_satisfiable_with(votes, free.map(|candidate| &candidate.member))
    }
}
