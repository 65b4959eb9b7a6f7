//! Handing a question on: the levels above the request's own, and the hops that led there.
//!
//! A level is a new question to other people: it has a policy and a full time of its own, and votes of earlier levels
//! settle nothing there. The list only goes forward, so there are no loops, and its length is the most hops there are.

use chrono::{DateTime, Utc};

use super::{
    approval::{Approval, Via, written},
    decision::{Precondition, Refusal, Verdict},
    policy::{
        Actor, Policy,
        admission::{NotEligible, Voter, Wish},
    },
};

/// One level above the request's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// How long it has, from the hop that leads to it.
    pub after_seconds: u32,
    pub policy: Policy,
    pub label: Option<String>,
}

/// A hop from one level to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    pub from_level: i32,
    pub at: DateTime<Utc>,
    /// A person, or the deadline.
    pub via: Via,
    pub by: Option<Actor>,
    pub reason: Option<String>,
}

impl Hop {
    /// The deadline's. When, is the database's to say.
    pub fn by_deadline(approval: &Approval) -> Self {
        let (from_level, at) = (approval.escalation_level, approval.updated_at);
        Self { from_level, at, via: Via::Timeout, by: None, reason: None }
    }

    /// A person's. When, is the database's to say.
    pub fn by_person(approval: &Approval, push: &Push) -> Self {
        let (by, reason) = (Some(push.by.clone()), Some(push.reason.clone()));
        Self { via: Via::Human, by, reason, ..Self::by_deadline(approval) }
    }
}

/// The levels of one approval above the first, and the hops so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Escalation {
    pub levels: Vec<Level>,
    pub hops: Vec<Hop>,
}

/// How the deadline of a level was moved so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extended {
    pub seconds: u32,
    pub times: u32,
}

/// Most times that the deadline of a level is moved: each leaves a record for ever.
const MOST_TIMES: u32 = 20;

/// Bytes that a level or a hop takes besides its texts.
const FIXED: usize = 128;

impl Escalation {
    /// The level with this number; level 0 is the request's own, which is not here.
    pub fn level(&self, number: i32) -> Option<&Level> {
        usize::try_from(number).ok()?.checked_sub(1).and_then(|index| self.levels.get(index))
    }

    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        let levels = self.levels.iter().map(Level::size).sum::<usize>();
        levels + self.hops.iter().map(|hop| hop_size(hop.reason.as_deref())).sum::<usize>()
    }
}

impl Level {
    pub fn size(&self) -> usize {
        FIXED + self.policy.size() + self.label.as_deref().map_or(0, written)
    }
}

/// Bytes that an approval grows by with a hop for this reason.
pub fn hop_size(reason: Option<&str>) -> usize {
    FIXED + reason.map_or(0, written)
}

/// What a person says who hands a question on.
#[derive(Debug, Clone)]
pub struct Push {
    pub by: Actor,
    pub reason: String,
    /// Only from this level on: so a repeated call hops once.
    pub from_level: Option<i32>,
}

/// Hands a pending approval to its next level. The same again by the same person, from the same level, changes nothing
/// and succeeds (`false`).
pub fn escalate(approval: &Approval, push: &Push, expected: &Precondition) -> Result<bool, Refusal> {
    let at = approval.escalation_level;
    let is_theirs = |hop: &Hop| {
        Some(hop.from_level) == push.from_level && hop.by.as_ref().is_some_and(|by| by.id == push.by.id)
    };
    if approval.escalation.hops.iter().any(is_theirs) {
        return Ok(false);
    }
    if let Some(refusal) = approval.state.refusal() {
        return Err(refusal);
    }
    expected.check(approval.version)?;
    match push.from_level {
        Some(from) if from != at => Err(Refusal::OtherLevel { at }),
        _ if !approval.has_next_level() => Err(Refusal::NoFurtherLevel),
        _ => Ok(true),
    }
}

/// Looks whether `voter` may move the deadline of a pending approval by this many seconds. Whether it has passed, only
/// the database's clock can tell.
pub fn extend(
    approval: &Approval,
    voter: &Voter,
    seconds: u32,
    expected: &Precondition,
    at: DateTime<Utc>,
) -> Result<(), Refusal> {
    if let Some(refusal) = approval.state.refusal() {
        return Err(refusal);
    }
    expected.check(approval.version)?;
    let policy = approval.policy_now();
    let extension = policy.extension.unwrap_or_default();
    let wish =
        Wish { verdict: Verdict::Approved, approval_type: &approval.request.approval_type, seat: None, at };
    let me = &voter.member.actor;
    let asked = approval.asked();
    let may = extension.by_requester && asked.is(Some(me.id), &me.name)
        || extension.by_approvers && policy.may_approve(&asked, voter, wish);
    if !may {
        return Err(NotEligible::MayNotExtend.into());
    }
    let left = extension.max_seconds.saturating_sub(approval.extended.seconds);
    if seconds > left {
        return Err(Refusal::ExtendedEnough { left });
    }
    if approval.extended.times >= MOST_TIMES {
        return Err(Refusal::ExtendedTooOften { most: MOST_TIMES });
    }
    Ok(())
}
