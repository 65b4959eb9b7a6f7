//! Policies of which one vote decides, an approval or a rejection. Most are like that. Such a vote is written without
//! reading the approval first: who may cast it is kept with the approval (`one_vote_by`), and the statement that writes the
//! vote compares that list with the voter.
//!
//! So a part of the rules stands in SQL as well. It is a small part: a person votes in their own right and without edits. The
//! person is not the requester, and not the one for whom the requester acted. What the statement does not admit is decided
//! by the rules here. A property below, and a test against the database, compare both ways.

use super::{Form, Policy, Selectors};

impl Policy {
    /// Whose vote ends it by itself, an approval and a rejection alike. `None`: the votes have to be counted.
    pub fn one_vote_by(&self) -> Option<&Selectors> {
        let Form::Simple { min_approvers, who, require_all } = &self.form else { return None };
        let is_one =
            *min_approvers <= 1 && (!require_all || who.people.as_ref().is_some_and(|it| it.len() == 1));
        let decides = is_one && self.rejections_to_reject == 1 && self.veto.is_none();
        // Where requesters may decide, too, the statement would have to know that.
        (decides && !self.allow_self_approval && !self.require_digest).then_some(who)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        approval::{Ending, Outcome, Resolution, Via, tests::pending},
        decision::{Ballot, Cast, Precondition, Verdict, cast},
        ids::DecisionId,
        policy::{
            Asked, Because, Kind, Member, Selector,
            admission::{Admission, Voter},
            brute::{actor, name, policies},
        },
    };

    fn simple() -> impl Strategy<Value = Policy> {
        let names = |prefix: &'static str, most: u8| {
            prop::option::of(prop::collection::btree_set(
                (0..most).prop_map(move |n| name(&format!("{prefix}{n}"))),
                0..3,
            ))
        };
        let lists = (names("p", 6), names("r", 3), names("g", 3));
        (lists, 1..3u32, 1..3u32, any::<[bool; 4]>()).prop_map(
            |((people, roles, groups), min_approvers, rejections_to_reject, [all, own, veto, services])| {
                let require_all = all && people.is_some() && roles.is_none() && groups.is_none();
                let who = Selectors { people, roles, groups };
                let veto = veto.then(|| who.clone());
                Policy {
                    form: Form::Simple { min_approvers, who, require_all },
                    rejections_to_reject,
                    veto,
                    allow_self_approval: own,
                    allow_services: services,
                    ..Policy::default()
                }
            },
        )
    }

    fn voters() -> impl Strategy<Value = Voter> {
        let some = |prefix: &'static str| {
            prop::collection::btree_set((0..3u8).prop_map(move |n| name(&format!("{prefix}{n}"))), 0..3)
        };
        (0..6u8, some("r"), some("g"), prop::bool::weighted(0.2)).prop_map(
            |(who, roles, groups, is_service)| Voter {
                member: Member { actor: actor(who), roles, groups },
                kind: if is_service { Kind::Service } else { Kind::Person },
                seats: Vec::new(),
            },
        )
    }

    /// What the statement finds: of what a voter is, all that is in the list. Nothing, where the rules have to look.
    fn found(who: &Selectors, asked: &Asked<'_>, voter: &Voter) -> Vec<Selector> {
        let me = &voter.member.actor;
        if voter.kind != Kind::Person || asked.is(Some(me.id), &me.name) {
            return Vec::new();
        }
        let here: Vec<Selector> = who.each().collect();
        voter.member.selectors().into_iter().filter(|selector| here.contains(selector)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// What is decided in one step is what the rules decide, word for word; and what they decide by one vote, they
        /// decide in one step, but for services.
        #[test]
        fn one_vote_is_what_the_rules_make_of_it(
            policy in prop_oneof![3 => simple(), 1 => policies()],
            voter in voters(),
            asker in 0..6u8,
            acted_for in prop::option::of(0..6u8),
            is_approval in any::<bool>(),
        ) {
            let mut approval = pending(actor(asker));
            approval.on_behalf_of = acted_for.map(|who| actor(who).name);
            approval.policy = policy.clone();
            let verdict = if is_approval { Verdict::Approved } else { Verdict::Rejected };
            let is_service = voter.kind == Kind::Service;
            let by = voter.member.actor.clone();
            let counted_as = policy.one_vote_by().map(|who| found(who, &approval.asked(), &voter));
            let ballot = Ballot {
                id: DecisionId::generate(),
                voter: Arc::new(voter),
                seat: None,
                verdict,
                modifications: None,
                modifications_digest: None,
                digest: None,
                feedback: Some("why".into()),
                comment: None,
                metadata: None,
            };
            let cast = cast(&approval, &[], &ballot, &Precondition::None, DateTime::UNIX_EPOCH);
            match counted_as {
                Some(counted_as) if !counted_as.is_empty() => {
                    let (resolution, because) = match verdict {
                        Verdict::Approved => (Resolution::Approved, Because::Quorum),
                        Verdict::Rejected => (Resolution::Rejected, Because::Rejections),
                    };
                    let outcome =
                        Outcome { because: Some(because), feedback: Some("why".into()), ..Outcome::default() };
                    let ending = Ending::Resolved { resolution, via: Via::Human, by: Some(by), outcome };
                    prop_assert_eq!(cast, Ok(Cast::Decisive(Admission { seat: None, counted_as }, ending)));
                }
                Some(_) => prop_assert!(cast.is_err() || is_service, "{cast:?}"),
                None => {}
            }
        }
    }

    #[test]
    fn the_policy_that_nobody_wrote_is_decided_by_one_vote() {
        let policy = Policy::default();
        assert_eq!(policy.one_vote_by(), Some(&Selectors::default()));
        let two = Policy { rejections_to_reject: 2, ..policy.clone() };
        let own = Policy { allow_self_approval: true, ..policy.clone() };
        let veto = Policy {
            veto: Some(Selectors { people: Some(BTreeSet::new()), ..Selectors::default() }),
            ..policy
        };
        for policy in [two, own, veto, Policy::simple(2, Selectors::default())] {
            assert_eq!(policy.one_vote_by(), None, "{policy:?}");
        }
    }
}
