//! Seats by random delegations: no human and no seat twice, and no approval that makes a policy impossible.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::{
    Because, Kind, Member, Policy, Tally,
    admission::{Admission, Denied, Seat, Voter, Wish},
    brute::{actor, name, policies},
};
use crate::domain::{
    decision::{Verdict, Vote},
    ids::DelegationId,
    names::CallerName,
};

/// The last of six asks.
const REQUESTER: u8 = 5;

/// Delegations from a lower number to a higher one, so none leads back.
type Delegations = BTreeSet<(u8, u8)>;

/// The chains that lead to a person: whose seat, and through whom.
fn chains(delegations: &Delegations, to: u8) -> Vec<(u8, Vec<u8>)> {
    let direct = delegations.iter().filter(|(_, it)| *it == to).map(|(from, _)| *from);
    direct
        .flat_map(|from| {
            let further = chains(delegations, from).into_iter().map(move |(owner, mut through)| {
                through.push(from);
                (owner, through)
            });
            std::iter::once((from, Vec::new())).chain(further)
        })
        .collect()
}

fn voter(number: u8, roles: &[BTreeSet<u8>], delegations: &Delegations) -> Voter {
    let member = |number: u8| Member {
        actor: actor(number),
        roles: roles[usize::from(number)].iter().map(|role| name(&format!("r{role}"))).collect(),
        groups: BTreeSet::new(),
    };
    let seats = chains(delegations, number).into_iter().map(|(owner, through)| Seat {
        owner: member(owner),
        delegations: vec![DelegationId::generate()],
        through: through.into_iter().map(actor).collect(),
        approval_types: None,
        until: DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(1),
    });
    Voter { member: member(number), kind: Kind::Person, seats: seats.collect() }
}

/// Whose seat a vote has.
fn owner(vote: &Vote) -> &super::Actor {
    vote.seat.as_ref().unwrap_or(&vote.by)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_seat_is_used_once_and_an_approval_only_helps(
        policy in policies(),
        roles in prop::collection::vec(prop::collection::btree_set(0..3u8, 0..3), 6),
        delegations in prop::collection::btree_set((0..6u8, 0..6u8), 0..8),
        wishes in prop::collection::vec((0..6u8, prop::option::of(0..6u8), prop::bool::weighted(0.75)), 1..14),
    ) {
        let delegations: Delegations = delegations.into_iter().filter(|(from, to)| from < to).collect();
        let requester = actor(REQUESTER);
        let asked = super::Asked { by: &requester, on_behalf_of: None };
        let approval_type = CallerName::new("t").unwrap();
        let mut votes: Vec<Vote> = Vec::new();
        for (number, seat, approves) in wishes {
            let verdict = if approves { Verdict::Approved } else { Verdict::Rejected };
            let voter = voter(number, &roles, &delegations);
            let seat = seat.map(|number| actor(number).name);
            let wish = Wish { verdict, approval_type: &approval_type, seat: seat.as_ref(), at: DateTime::UNIX_EPOCH };
            // Who has voted is told so before their vote is admitted.
            if votes.iter().any(|vote| vote.by == voter.member.actor) {
                continue;
            }
            let before = policy.tally(&votes, &asked);
            let Ok(Admission { seat, counted_as }) = policy.admit(&asked, &voter, wish, &votes) else { continue };
            let own = policy.matching(&voter.member, verdict);
            prop_assert_eq!(seat.is_none(), !own.is_empty(), "own right comes first");
            if let Some(taken) = &seat {
                prop_assert!(taken.owner != requester, "the requester's seat");
            }
            votes.push(Vote {
                by: voter.member.actor, seat: seat.map(|seat| seat.owner), level: 0, verdict, modifications: None,
                counts: true, counted_as,
            });
            let after = policy.tally(&votes, &asked);
            let impossible = Tally::Rejected(Because::Impossible);
            prop_assert!(!approves || after != impossible || before == impossible, "{votes:#?}");
        }
        let seats: BTreeSet<_> = votes.iter().map(|vote| owner(vote).id).collect();
        prop_assert_eq!(seats.len(), votes.len(), "a seat was used twice");
        // The owner of a seat that was used hears so.
        for vote in &votes {
            let Some(seat) = &vote.seat else { continue };
            let number = (0..6).find(|number| actor(*number) == *seat).unwrap();
            let wish = Wish {
                verdict: vote.verdict, approval_type: &approval_type, seat: None, at: DateTime::UNIX_EPOCH,
            };
            let late = policy.admit(&asked, &voter(number, &roles, &delegations), wish, &votes);
            prop_assert_eq!(late, Err(Denied::SeatTaken { by: vote.by.name.clone() }));
        }
    }
}

/// The owner's name counts, by a chain of any length, and nothing else does.
#[test]
fn a_seat_gives_what_its_owner_has() {
    let roles: Vec<BTreeSet<u8>> = vec![BTreeSet::new(); 6];
    let policy = Policy::simple(
        1,
        super::Selectors { people: Some(BTreeSet::from([actor(0).name])), ..super::Selectors::default() },
    );
    let by = actor(REQUESTER);
    let asked = super::Asked { by: &by, on_behalf_of: None };
    let approval_type = CallerName::new("t").unwrap();
    let wish = Wish {
        verdict: Verdict::Approved,
        approval_type: &approval_type,
        seat: None,
        at: DateTime::UNIX_EPOCH,
    };
    let admitted = |delegations: &[(u8, u8)], number| {
        let delegations = delegations.iter().copied().collect();
        policy.admit(&asked, &voter(number, &roles, &delegations), wish, &[]).is_ok()
    };
    assert!(
        admitted(&[(0, 1)], 1) && admitted(&[(0, 1), (1, 2)], 2) && admitted(&[(0, 1), (1, 2), (2, 3)], 3)
    );
    assert!(!admitted(&[(1, 2)], 2) && !admitted(&[(0, 1)], 2));
}
