//! Properties of the simple form, over random policies and votes.

use proptest::prelude::*;

use super::{
    Actor, Asked, Form, Policy, Selectors, Tally,
    admission::{Admission, Voter},
    brute::tally,
    tests::{approval_type, name, requester, voter, wish},
};
use crate::domain::{
    decision::{Verdict, Vote},
    names::PrincipalName,
};

fn number(number: u8) -> PrincipalName {
    name(&format!("p{number}"))
}

fn of_number(who: u8) -> Voter {
    voter(&format!("p{who}"), &[])
}

fn simple_policies() -> impl Strategy<Value = Policy> {
    let named = prop::option::of(prop::collection::btree_set((0..8u8).prop_map(number), 0..6));
    (1..5u32, named, any::<bool>(), any::<bool>(), 1..4u32).prop_map(
        |(min_approvers, people, all, allow_self_approval, rejections_to_reject)| Policy {
            form: Form::Simple {
                min_approvers,
                require_all: all && people.is_some(),
                who: Selectors { people, ..Selectors::default() },
            },
            allow_self_approval,
            rejections_to_reject,
            ..Policy::default()
        },
    )
}

/// Votes of those whom the policy admits, among eight.
fn admitted(policy: &Policy, verdicts: &[Option<Verdict>], requester: &Actor) -> Vec<Vote> {
    let of = approval_type();
    let asked = Asked { by: requester, on_behalf_of: None };
    let mut votes = Vec::new();
    for (who, verdict) in verdicts.iter().enumerate() {
        let Some(verdict) = *verdict else { continue };
        let them = of_number(u8::try_from(who).unwrap());
        if let Ok(Admission { counted_as, .. }) = policy.admit(&asked, &them, wish(verdict, &of), &votes) {
            let by = them.member.actor;
            votes.push(Vote {
                by,
                seat: None,
                level: 0,
                verdict,
                modifications: None,
                counts: true,
                counted_as,
            });
        }
    }
    votes
}

fn verdicts() -> impl Strategy<Value = Vec<Option<Verdict>>> {
    let verdict = prop_oneof![Just(Some(Verdict::Approved)), Just(Some(Verdict::Rejected)), Just(None)];
    prop::collection::vec(verdict, 8)
}

proptest! {
    /// Who votes twice counts once, and the order of votes does not matter.
    #[test]
    fn one_person_counts_once(policy in simple_policies(), verdicts in verdicts()) {
        let votes = admitted(&policy, &verdicts, &requester());
        let mut doubled = votes.clone();
        doubled.extend(votes.iter().rev().cloned());
        prop_assert_eq!(tally(&policy, &votes), tally(&policy, &doubled));
    }

    /// What is decided stays decided when others vote the same way afterwards.
    #[test]
    fn more_of_the_same_never_undoes(policy in simple_policies(), verdicts in verdicts(), more in 8..12u8) {
        let mut votes = admitted(&policy, &verdicts, &requester());
        let before = tally(&policy, &votes);
        let verdict = match before {
            Tally::Approved => Verdict::Approved,
            Tally::Rejected(_) => Verdict::Rejected,
            Tally::Open { .. } => return Ok(()),
        };
        let by = of_number(more).member.actor;
        let counted_as = vec![super::Selector::Person(by.name.clone())];
        votes.push(Vote { by, seat: None, level: 0, verdict, modifications: None, counts: true, counted_as });
        match (before, tally(&policy, &votes)) {
            (Tally::Rejected(_), Tally::Rejected(_)) | (Tally::Approved, Tally::Approved) => {}
            (before, after) => prop_assert!(false, "{before:?} became {after:?}"),
        }
    }

    /// A policy that passes its check can be satisfied, and can be rejected: everybody whom it admits says so.
    #[test]
    fn what_passes_can_be_satisfied(policy in simple_policies(), requester in 0..8u8) {
        let by = of_number(requester).member.actor;
        let all = |verdict| tally(&policy, &admitted(&policy, &[Some(verdict); 16], &by));
        let rejections = admitted(&policy, &[Some(Verdict::Rejected); 16], &by).len();
        let satisfied = all(Verdict::Approved) == Tally::Approved
            && rejections >= policy.rejections_to_reject as usize;
        prop_assert_eq!(policy.check(&Asked { by: &by, on_behalf_of: None }).is_ok(), satisfied);
    }

    /// What is still missing is told exactly: that many more votes of those people, and it is approved.
    #[test]
    fn what_is_missing_suffices(policy in simple_policies(), verdicts in verdicts()) {
        let by = requester();
        let mut votes = admitted(&policy, &verdicts, &by);
        if let Tally::Open { missing } = tally(&policy, &votes) {
            let mut verdicts = verdicts;
            verdicts.resize(40, None);
            let free: Vec<usize> = (0..40)
                .filter(|who| verdicts[*who].is_none())
                .filter(|who| {
                    let mut one = vec![None; 40];
                    one[*who] = Some(Verdict::Approved);
                    !admitted(&policy, &one, &by).is_empty()
                })
                .collect();
            let enough = free.len() >= missing as usize;
            for (step, who) in free.into_iter().take(missing as usize).enumerate() {
                let open = matches!(tally(&policy, &votes), Tally::Open { .. });
                prop_assert!(open, "approved after {} of {}", step, missing);
                verdicts[who] = Some(Verdict::Approved);
                votes = admitted(&policy, &verdicts, &by);
            }
            let is_approved = tally(&policy, &votes) == Tally::Approved;
            prop_assert!(is_approved || !enough);
        }
    }
}
