//! The state machine, tried in any order; repeated answers, disabled approvers, moved deadlines.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{json, value::to_raw_value};

use super::*;
use crate::domain::{
    approval::{TimedOut, TimeoutAction, tests::pending},
    escalation::{Extended, Hop, Level, Push, escalate, extend},
    ids::PrincipalId,
    names::{CallerName, PrincipalName},
    policy::{Extension, Kind, Member, Policy, Selectors},
};

fn person(number: u8) -> Actor {
    Actor {
        id: PrincipalId(uuid::Uuid::from_u128(u128::from(number))),
        name: PrincipalName::new(&format!("p{number}")).unwrap(),
    }
}

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn admission() -> Admission {
    Admission { seat: None, counted_as: vec![Selector::Anyone] }
}

fn policy(min_approvers: u32, rejections_to_reject: u32) -> Policy {
    Policy { rejections_to_reject, ..Policy::simple(min_approvers, Selectors::default()) }
}

fn ballot(who: u8, verdict: Verdict, edits: bool) -> Ballot {
    Ballot {
        id: DecisionId::generate(),
        voter: Arc::new(Voter {
            member: Member { actor: person(who), roles: BTreeSet::new(), groups: BTreeSet::new() },
            kind: Kind::Person,
            seats: Vec::new(),
        }),
        seat: None,
        verdict,
        modifications: edits.then(|| Modifications(to_raw_value(&json!({ "limit": 1 })).unwrap())),
        modifications_digest: None,
        digest: None,
        feedback: None,
        comment: None,
        metadata: None,
    }
}

/// What may be tried on an approval, in any order.
#[derive(Debug, Clone)]
enum Step {
    Vote {
        who: u8,
        approve: bool,
        edits: bool,
        expected: Option<i32>,
    },
    Cancel {
        who: u8,
    },
    /// A person is disabled, or enabled again.
    Disable {
        who: u8,
        out: bool,
    },
    Escalate {
        who: u8,
        from: Option<i32>,
    },
    Deadline,
}

/// Two levels above the first, with other policies.
fn levels(min_approvers: u32) -> Vec<Level> {
    let level = |min_approvers| Level { after_seconds: 60, policy: policy(min_approvers, 1), label: None };
    vec![level(min_approvers), level(1)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..6u8, any::<bool>(), any::<bool>(), prop::option::of(1..6i32))
            .prop_map(|(who, approve, edits, expected)| Step::Vote { who, approve, edits, expected }),
        1 => (0..6u8).prop_map(|who| Step::Cancel { who }),
        2 => (0..6u8, any::<bool>()).prop_map(|(who, out)| Step::Disable { who, out }),
        1 => (0..3u8, prop::option::of(0..3i32)).prop_map(|(who, from)| Step::Escalate { who, from }),
        1 => Just(Step::Deadline),
    ];
    prop::collection::vec(step, 1..24)
}

fn hop(approval: &mut Approval, by: Option<Actor>) {
    let from_level = approval.escalation_level;
    let via = if by.is_some() { Via::Human } else { Via::Timeout };
    approval.escalation.hops.push(Hop { from_level, at: NOW, via, by, reason: None });
    approval.escalation_level += 1;
}

proptest! {
    /// Whatever is tried, and in whatever order: one outcome at most, never left; versions rise by one for
    /// each accepted change; nobody votes twice at a level; the requester (p0) never does; no level is skipped, none
    /// comes back, and votes of one settle nothing at the next.
    #[test]
    fn the_state_machine_keeps_its_promises(
        steps in steps(), min_approvers in 1..4u32, rejections_to_reject in 1..3u32, escalates in any::<bool>(),
    ) {
        let mut approval = pending(person(0));
        approval.policy = policy(min_approvers, rejections_to_reject);
        approval.escalation.levels = levels(min_approvers);
        if escalates {
            approval.request.timeout_action = TimeoutAction::Escalate;
        }
        let mut votes: Vec<Vote> = Vec::new();
        for step in steps {
            let before = approval.clone();
            if let Step::Disable { who, out } = step {
                let theirs = |vote: &&mut Vote| vote.by == person(who) && vote.verdict == Verdict::Approved;
                votes.iter_mut().filter(theirs).for_each(|vote| vote.counts = !out);
                continue;
            }
            let level = approval.escalation_level;
            let change = match step {
                Step::Vote { who, approve, edits, expected } => {
                    let verdict = if approve { Verdict::Approved } else { Verdict::Rejected };
                    let ballot = ballot(who, verdict, approve && edits);
                    let expected = expected.map_or(Precondition::None, |it| Precondition::OneOf(vec![it]));
                    match cast(&approval, &votes, &ballot, &expected, NOW) {
                        Ok(Cast::Same) => {
                            prop_assert!(votes.iter().any(|vote| vote.by == *ballot.by() && vote.level == level));
                            continue;
                        }
                        Ok(Cast::Concluded(ending)) => {
                            let said = |vote: &Vote| {
                                vote.by == *ballot.by() && vote.verdict == verdict && vote.level == level
                            };
                            prop_assert!(votes.iter().any(said));
                            Some(ending)
                        }
                        Ok(cast) => {
                            prop_assert!(who != 0, "the requester voted");
                            let earlier = |vote: &Vote| vote.by == *ballot.by() && vote.level == level;
                            prop_assert!(!votes.iter().any(earlier), "a second vote");
                            let (admission, ending) = match cast {
                                Cast::Decisive(admission, ending) => (admission, Some(ending)),
                                Cast::Counted(admission) => (admission, None),
                                _ => panic!("told above"),
                            };
                            votes.push(Vote::new(&votes, &ballot, &admission, level));
                            ending
                        }
                        Err(refusal) => {
                            let is_final = matches!(
                                refusal, Refusal::AlreadyDecided | Refusal::Cancelled | Refusal::Expired);
                            prop_assert_eq!(is_final, approval.state.is_final());
                            continue;
                        }
                    }
                }
                Step::Cancel { who } => match cancel(&approval, &person(who), "no", &Precondition::None) {
                    Ok(Some(ending)) => Some(ending),
                    Ok(None) => continue,
                    Err(_) => { prop_assert!(approval.state.is_final()); continue; }
                },
                Step::Disable { .. } => continue,
                Step::Escalate { who, from } => {
                    let push = Push { by: person(who), reason: "hurry".to_owned(), from_level: from };
                    match escalate(&approval, &push, &Precondition::None) {
                        Ok(true) => {
                            prop_assert!(from.is_none_or(|from| from == level));
                            hop(&mut approval, Some(push.by));
                            None
                        }
                        Ok(false) => {
                            prop_assert!(from.is_some_and(|from| from < level));
                            continue;
                        }
                        Err(_) => {
                            let lost = approval.state.is_final() || level == 2;
                            prop_assert!(lost || from.is_some_and(|from| from != level));
                            continue;
                        }
                    }
                }
                Step::Deadline if approval.state.is_final() => continue,
                Step::Deadline => match approval.time_out() {
                    TimedOut::End(ending) => {
                        prop_assert!(!escalates || level == 2, "a level was skipped");
                        Some(ending)
                    }
                    TimedOut::Escalate => {
                        prop_assert!(escalates && level < 2);
                        hop(&mut approval, None);
                        None
                    }
                },
            };
            prop_assert!(!before.state.is_final(), "a final approval changed");
            approval.version += 1;
            if let Some(ending) = change {
                if let Ending::Resolved { resolution, .. } = &ending {
                    let asked = [(rejections_to_reject, min_approvers), (1, min_approvers), (1, 1)];
                    let (rejections, approvals) = asked[usize::try_from(level).unwrap()];
                    let (verdict, needed) = match resolution {
                        Resolution::Rejected => (Verdict::Rejected, rejections),
                        _ => (Verdict::Approved, approvals),
                    };
                    let counts = |vote: &&Vote| vote.verdict == verdict && vote.counts && vote.level == level;
                    let count = votes.iter().filter(counts).count();
                    prop_assert!(count >= needed as usize);
                }
                let at = approval.updated_at;
                approval.state = approval.state.clone().end(ending.clone(), at).unwrap();
                prop_assert!(approval.state.clone().end(ending, at).is_err());
            }
        }
        if let State::Final { ending: Ending::Resolved { resolution, outcome, .. }, .. } = &approval.state {
            prop_assert_eq!(*resolution == Resolution::Modified, outcome.modifications.is_some());
        }
    }
}

/// An approval whose approver is disabled since doesn't count, and does again once the approver is back.
#[test]
fn an_approval_of_a_disabled_approver_waits_for_their_return() {
    let mut approval = pending(person(0));
    approval.policy = policy(2, 2);
    let by = |who, counts| Vote {
        counts,
        ..Vote::new(&[], &ballot(who, Verdict::Approved, false), &admission(), 0)
    };
    let none = Precondition::None;
    let second = ballot(2, Verdict::Approved, false);
    assert_eq!(cast(&approval, &[by(1, false)], &second, &none, NOW), Ok(Cast::Counted(admission())));
    assert!(matches!(cast(&approval, &[by(1, true)], &second, &none, NOW), Ok(Cast::Decisive(..))));
    // What was agreed on stays agreed on.
    let other = ballot(2, Verdict::Approved, true);
    assert_eq!(cast(&approval, &[by(1, false)], &other, &none, NOW), Err(Refusal::ModificationsDiffer));
    assert_eq!(cast(&approval, &[by(1, false), by(2, true)], &second, &none, NOW), Ok(Cast::Same));
    let back = [by(1, true), by(2, true)];
    assert!(matches!(cast(&approval, &back, &second, &none, NOW), Ok(Cast::Concluded(_))));
    assert_eq!(cast(&approval, &back, &second, &Precondition::OneOf(vec![99]), NOW), Ok(Cast::Same));
    // A rejection doesn't conclude what the others approved.
    assert_eq!(
        cast(&approval, &back, &ballot(3, Verdict::Rejected, false), &none, NOW),
        Ok(Cast::Counted(admission()))
    );
}

#[test]
fn the_order_of_checks_is_part_of_the_contract() {
    let mut approval = pending(person(0));
    let stale = Precondition::OneOf(vec![99]);
    let mine = ballot(1, Verdict::Approved, false);
    // The precondition before the person, the person before the vote.
    assert_eq!(
        cast(&approval, &[], &ballot(0, Verdict::Approved, false), &stale, NOW),
        Err(Refusal::VersionConflict)
    );
    assert_eq!(
        cast(&approval, &[], &ballot(0, Verdict::Approved, false), &Precondition::None, NOW),
        Err(Refusal::NotEligible(NotEligible::OwnRequest))
    );
    // The outcome before the precondition; the same again before the outcome.
    let Ok(Cast::Decisive(_, ending)) = cast(&approval, &[], &mine, &Precondition::None, NOW) else {
        panic!()
    };
    approval.state = approval.state.clone().end(ending, approval.updated_at).unwrap();
    let vote = Vote::new(&[], &mine, &admission(), 0);
    assert_eq!(cast(&approval, std::slice::from_ref(&vote), &mine, &stale, NOW), Ok(Cast::Same));
    let other = ballot(2, Verdict::Approved, false);
    assert_eq!(cast(&approval, &[vote], &other, &stale, NOW), Err(Refusal::AlreadyDecided));
}

/// By whom and by how much is the policy's to say.
#[test]
fn a_deadline_is_moved_as_far_as_the_policy_lets_it() {
    let none = Precondition::None;
    let voter = |who| ballot(who, Verdict::Approved, false).voter;
    let mut approval = pending(person(0));
    approval.policy = policy(1, 1);
    let extend = |approval: &Approval, who, seconds| extend(approval, &voter(who), seconds, &none, NOW);
    assert_eq!(extend(&approval, 1, 1), Err(Refusal::ExtendedEnough { left: 0 }));
    assert_eq!(extend(&approval, 0, 1), Err(NotEligible::MayNotExtend.into()));
    let extension =
        |by_approvers, by_requester| Some(Extension { max_seconds: 60, by_approvers, by_requester });
    approval.policy.extension = extension(true, false);
    assert_eq!(extend(&approval, 1, 60), Ok(()));
    assert_eq!(extend(&approval, 1, 61), Err(Refusal::ExtendedEnough { left: 60 }));
    assert_eq!(extend(&approval, 0, 1), Err(NotEligible::MayNotExtend.into()));
    approval.policy.extension = extension(false, true);
    assert_eq!(extend(&approval, 0, 60), Ok(()));
    assert_eq!(extend(&approval, 1, 1), Err(NotEligible::MayNotExtend.into()));
    approval.extended = Extended { seconds: 50, times: 20 };
    assert_eq!(extend(&approval, 0, 11), Err(Refusal::ExtendedEnough { left: 10 }));
    assert_eq!(extend(&approval, 0, 10), Err(Refusal::ExtendedTooOften { most: 20 }));
    approval.escalation.levels = levels(1);
    approval.escalation_level = 1;
    assert_eq!(
        extend(&approval, 0, 1),
        Err(NotEligible::MayNotExtend.into()),
        "each level has its own policy"
    );
}

/// Edits that were agreed on before tool calls had a form for them: who agrees sends the same, and no one else's pass.
#[test]
fn agreed_edits_are_not_asked_for_another_form() {
    let mut approval = pending(person(9));
    approval.policy = policy(2, 1);
    approval.request.approval_type = CallerName::new("tool_call").unwrap();
    let (first, mut other) = (ballot(1, Verdict::Approved, true), ballot(2, Verdict::Approved, true));
    let seen = Precondition::default();
    assert!(matches!(cast(&approval, &[], &first, &seen, NOW), Err(Refusal::MalformedEdits(_))));
    let votes = [Vote::new(&[], &first, &admission(), 0)];
    assert!(matches!(cast(&approval, &votes, &other, &seen, NOW), Ok(Cast::Decisive(..))));
    other.modifications = Some(Modifications(to_raw_value(&json!({ "limit": 2 })).unwrap()));
    assert!(matches!(cast(&approval, &votes, &other, &seen, NOW), Err(Refusal::MalformedEdits(_))));
}
