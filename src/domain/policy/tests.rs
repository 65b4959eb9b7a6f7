//! What policies mean: the examples of docs/policies.md.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Actor, Asked, Because, Form, Kind, Member, Names, Policy, Selectors, Tally,
    admission::{Admission, Denied, NotEligible, Seat, Taken, Voter, Wish},
    brute::tally,
    check::Why,
    tree::{Leaf, Node},
};
use crate::domain::{
    decision::{Verdict, Vote},
    ids::{DelegationId, PrincipalId},
    names::{CallerName, PrincipalName},
};

pub fn name(text: &str) -> PrincipalName {
    PrincipalName::new(text).unwrap()
}

fn names(list: &[&str]) -> Names {
    list.iter().map(|it| name(it)).collect()
}

/// The same name is the same person.
fn actor(who: &str) -> Actor {
    let id = who.bytes().fold(7_u128, |id, byte| id.wrapping_mul(257).wrapping_add(u128::from(byte)));
    Actor { id: PrincipalId(uuid::Uuid::from_u128(id)), name: name(who) }
}

fn member(who: &str, groups: &[&str]) -> Member {
    Member { actor: actor(who), roles: BTreeSet::new(), groups: names(groups) }
}

pub fn voter(who: &str, groups: &[&str]) -> Voter {
    Voter { member: member(who, groups), kind: Kind::Person, seats: Vec::new() }
}

fn people(count: u32, who: &[&str]) -> Node {
    Node::Leaf(Leaf {
        count,
        who: Selectors { people: Some(names(who)), ..Selectors::default() },
        label: None,
    })
}

fn group(count: u32, who: &str) -> Node {
    Node::Leaf(Leaf {
        count,
        who: Selectors { groups: Some(names(&[who])), ..Selectors::default() },
        label: None,
    })
}

fn anyone(count: u32) -> Node {
    Node::Leaf(Leaf { count, who: Selectors::default(), label: None })
}

fn tree(node: Node) -> Policy {
    Policy { form: Form::Tree(node), ..Policy::default() }
}

pub fn approval_type() -> CallerName {
    CallerName::new("deploy").unwrap()
}

pub fn wish(verdict: Verdict, approval_type: &CallerName) -> Wish<'_> {
    Wish { verdict, approval_type, seat: None, at: DateTime::UNIX_EPOCH }
}

pub fn requester() -> Actor {
    actor("requester")
}

/// One after the other, as the service does it.
struct Ballots<'a> {
    policy: &'a Policy,
    votes: Vec<Vote>,
}

impl<'a> Ballots<'a> {
    fn of(policy: &'a Policy) -> Self {
        Self { policy, votes: Vec::new() }
    }

    fn admit(&self, voter: &Voter, verdict: Verdict) -> Result<Admission, Denied> {
        let (by, of) = (requester(), approval_type());
        let asked = Asked { by: &by, on_behalf_of: None };
        self.policy.admit(&asked, voter, wish(verdict, &of), &self.votes)
    }

    fn cast(&mut self, voter: &Voter, verdict: Verdict) -> Tally {
        let Admission { seat, counted_as } = self.admit(voter, verdict).unwrap();
        self.votes.push(Vote {
            by: voter.member.actor.clone(),
            seat: seat.map(|seat| seat.owner),
            level: 0,
            verdict,
            modifications: None,
            counts: true,
            counted_as,
        });
        tally(self.policy, &self.votes)
    }

    fn approve(&mut self, who: &str, groups: &[&str]) -> Tally {
        self.cast(&voter(who, groups), Verdict::Approved)
    }

    fn summary(&self) -> String {
        let by = requester();
        self.policy.missing(&self.votes, &Asked { by: &by, on_behalf_of: None }).summary()
    }
}

const ONE: Tally = Tally::Open { missing: 1 };

#[test]
fn one_person_is_used_where_most_needed() {
    let policy = tree(Node::All(vec![people(1, &["ana", "bo"]), people(1, &["ana"])]));
    for order in [["bo", "ana"], ["ana", "bo"]] {
        let mut ballots = Ballots::of(&policy);
        assert_eq!(ballots.approve(order[0], &[]), ONE);
        assert_eq!(ballots.approve(order[1], &[]), Tally::Approved);
    }
}

#[test]
fn one_person_is_no_two() {
    let policy = tree(Node::All(vec![group(1, "sec"), group(1, "legal")]));
    let mut ballots = Ballots::of(&policy);
    assert_eq!(ballots.approve("ana", &["sec", "legal"]), ONE);
    assert_eq!(ballots.summary(), "1 more of the group legal or the group sec");
    assert_eq!(ballots.approve("bo", &["sec"]), Tally::Approved);
    let two_hats = tree(Node::Some { k: 2, of: vec![group(1, "sec"), group(1, "legal"), group(1, "fin")] });
    let mut ballots = Ballots::of(&two_hats);
    assert_eq!(ballots.approve("ana", &["sec", "legal", "fin"]), ONE);
    assert_eq!(ballots.summary(), "1 more of the group fin, the group legal or the group sec");
}

#[test]
fn a_named_person_among_any() {
    let policy = tree(Node::All(vec![people(1, &["ana"]), anyone(2)]));
    let mut ballots = Ballots::of(&policy);
    ballots.approve("ana", &[]);
    assert_eq!(ballots.approve("bo", &[]), ONE);
    assert_eq!(ballots.summary(), "1 more of anyone");
    assert_eq!(ballots.approve("cy", &[]), Tally::Approved);
    let policy = tree(Node::All(vec![group(1, "sec"), anyone(1)]));
    let mut ballots = Ballots::of(&policy);
    ballots.approve("ana", &["sec"]);
    assert_eq!(ballots.approve("bo", &["sec"]), Tally::Approved);
}

#[test]
fn one_of_several_ways_is_enough() {
    let policy = tree(Node::Any(vec![people(2, &["a", "b", "c"]), group(1, "lead")]));
    let mut ballots = Ballots::of(&policy);
    assert_eq!(ballots.approve("a", &[]), ONE);
    assert_eq!(ballots.approve("chief", &["lead"]), Tally::Approved);
}

#[test]
fn what_can_no_longer_be_ends() {
    let policy = Policy { rejections_to_reject: 2, ..tree(people(2, &["ana", "bo"])) };
    let mut ballots = Ballots::of(&policy);
    let outcome = ballots.cast(&voter("ana", &[]), Verdict::Rejected);
    assert_eq!(outcome, Tally::Rejected(Because::Impossible));
    // Members of a group may come yet.
    let policy = Policy { rejections_to_reject: 9, ..tree(group(2, "ml-ops")) };
    let mut ballots = Ballots::of(&policy);
    for who in ["a", "b", "c", "d", "e"] {
        let outcome = ballots.cast(&voter(who, &["ml-ops"]), Verdict::Rejected);
        assert_eq!(outcome, Tally::Open { missing: 2 });
    }
}

#[test]
fn a_veto_ends_it_whoever_agreed() {
    let sec = Selectors { groups: Some(names(&["sec"])), ..Selectors::default() };
    let policy = Policy { veto: Some(sec), rejections_to_reject: 3, ..tree(people(2, &["ana", "bo"])) };
    let mut ballots = Ballots::of(&policy);
    ballots.approve("ana", &[]);
    // Whom no leaf admits may reject by the veto alone, and not approve.
    let guard = voter("guard", &["sec"]);
    assert_eq!(ballots.admit(&guard, Verdict::Approved), Err(NotEligible::NotNamed.into()));
    assert_eq!(ballots.cast(&guard, Verdict::Rejected), Tally::Rejected(Because::Veto));
}

#[test]
fn what_nobody_could_satisfy_is_refused() {
    let rita = actor("rita");
    let asked = Asked { by: &rita, on_behalf_of: None };
    let check = |node: Node| tree(node).check(&asked).map_err(|error| (error.pointer, error.why));
    assert_eq!(
        check(Node::All(vec![people(1, &["rita"]), people(1, &["ana"])])),
        Err(("/all_of/0".to_owned(), Why::TooFew { needed: 1, eligible: 0 }))
    );
    assert_eq!(
        check(Node::All(vec![people(1, &["ana"]), people(1, &["ana"])])),
        Err((String::new(), Why::Together))
    );
    assert_eq!(
        check(Node::Any(vec![group(1, "sec"), people(1, &[])])),
        Err(("/any_of/1".to_owned(), Why::Nobody))
    );
    assert_eq!(check(Node::Any(vec![people(1, &["rita"]), people(1, &["ana"])])), Ok(()));
}

#[test]
fn membership_is_of_the_vote() {
    let policy = tree(group(2, "sec"));
    let mut ballots = Ballots::of(&policy);
    ballots.approve("ana", &["sec"]);
    // She has left since, and her vote stands. Who isn't in the group has no vote, and who joins has.
    assert_eq!(ballots.admit(&voter("bo", &[]), Verdict::Approved), Err(NotEligible::NotNamed.into()));
    assert_eq!(ballots.approve("bo", &["sec"]), Tally::Approved);
    // Of a person who is shut out meanwhile it doesn't count.
    ballots.votes[0].counts = false;
    assert_eq!(tally(&policy, &ballots.votes), ONE);
}

#[test]
fn services_decide_where_the_policy_says_so() {
    let service = Voter { kind: Kind::Service, ..voter("bot", &["sec"]) };
    let policy = tree(group(1, "sec"));
    let refused = Ballots::of(&policy).admit(&service, Verdict::Approved);
    assert_eq!(refused, Err(NotEligible::Service(name("bot")).into()));
    let policy = Policy { allow_services: true, ..policy };
    assert!(Ballots::of(&policy).admit(&service, Verdict::Approved).is_ok());
}

/// A seat of `owner`, through these people.
fn seat(owner: &str, groups: &[&str], through: &[&str]) -> Seat {
    Seat {
        owner: member(owner, groups),
        delegations: vec![DelegationId(uuid::Uuid::nil())],
        through: through.iter().map(|who| actor(who)).collect(),
        approval_types: None,
        until: DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(1),
    }
}

#[test]
fn own_right_comes_before_a_seat() {
    let policy = tree(Node::All(vec![people(1, &["ana"]), people(1, &["bo"])]));
    let bo = Voter { seats: vec![seat("ana", &[], &[])], ..voter("bo", &[]) };
    let mut ballots = Ballots::of(&policy);
    assert_eq!(ballots.cast(&bo, Verdict::Approved), ONE);
    assert!(ballots.votes[0].seat.is_none());
    assert_eq!(ballots.summary(), "1 more of ana");
    let cy = Voter { seats: vec![seat("ana", &[], &[])], ..voter("cy", &[]) };
    assert_eq!(ballots.cast(&cy, Verdict::Approved), Tally::Approved);
    assert_eq!(ballots.votes[1].seat, Some(actor("ana")));
    assert_eq!(
        ballots.admit(&voter("ana", &[]), Verdict::Approved),
        Err(Denied::SeatTaken { by: name("cy") })
    );
}

#[test]
fn a_seat_must_be_free_open_and_one() {
    let policy = tree(people(2, &["ana", "eve"]));
    let ballots = Ballots::of(&policy);
    let admitted = |seats: Vec<Seat>, wanted: Option<&str>| {
        let (by, of) = (requester(), approval_type());
        let wanted = wanted.map(name);
        let wish = Wish { seat: wanted.as_ref(), ..wish(Verdict::Approved, &of) };
        let asked = Asked { by: &by, on_behalf_of: None };
        ballots
            .policy
            .admit(&asked, &Voter { seats, ..voter("bo", &[]) }, wish, &[])
            .map(|admission| admission.seat.map(|Taken { owner, .. }| owner.name))
    };
    let both = || vec![seat("ana", &[], &[]), seat("eve", &[], &[])];
    assert_eq!(admitted(both(), Some("eve")), Ok(Some(name("eve"))));
    assert_eq!(admitted(both(), None), Err(NotEligible::SeveralSeats(vec![name("ana"), name("eve")]).into()));
    assert_eq!(admitted(both(), Some("cy")), Err(NotEligible::NotTheirSeat(name("cy")).into()));
    assert_eq!(admitted(vec![seat("dan", &[], &[])], None), Err(NotEligible::NoSeat.into()));
    assert_eq!(admitted(vec![seat("requester", &[], &[])], None), Err(NotEligible::NoSeat.into()));
    assert_eq!(admitted(vec![seat("ana", &[], &["requester"])], None), Err(NotEligible::NoSeat.into()));
    // By the delegation that lasts longest.
    let longer = Seat { until: DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(1), ..seat("ana", &[], &[]) };
    assert_eq!(admitted(vec![seat("ana", &[], &[]), longer], None), Ok(Some(name("ana"))));
    let over = Seat { until: DateTime::UNIX_EPOCH, ..seat("ana", &[], &[]) };
    assert_eq!(admitted(vec![over], None), Err(NotEligible::NoSeat.into()));
    let other = Seat {
        approval_types: Some(BTreeSet::from([CallerName::new("tool_call").unwrap()])),
        ..seat("ana", &[], &[])
    };
    assert_eq!(admitted(vec![other], None), Err(NotEligible::NoSeat.into()));
}

/// A requester can't silence a rejecter by delegating to them.
#[test]
fn a_requesters_delegate_votes_in_their_own_right() {
    let policy = tree(people(1, &["bo"]));
    let bo = Voter { seats: vec![seat("requester", &[], &[])], ..voter("bo", &[]) };
    assert_eq!(Ballots::of(&policy).cast(&bo, Verdict::Rejected), Tally::Rejected(Because::Rejections));
}

#[test]
fn summaries_are_short() {
    let many: Vec<String> = (0..200).map(|number| format!("person-{number:03}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let policy = tree(people(2, &many));
    let summary = Ballots::of(&policy).summary();
    assert!(summary.chars().count() <= 300 && summary.starts_with("2 more of person-000, "), "{summary}");
    assert!(summary.ends_with(" others"), "{summary}");
    let long = "ö".repeat(200);
    let policy = tree(people(1, &[&long, &"ü".repeat(200)]));
    let summary = Ballots::of(&policy).summary();
    assert!(summary.chars().count() <= 300, "{summary}");
}

/// The requester may not vote, so a policy that needs them is impossible.
#[test]
fn a_requester_is_not_free() {
    let who = Selectors { people: Some(names(&["ana", "bo", "rita"])), ..Selectors::default() };
    let policy = Policy { rejections_to_reject: 2, ..Policy::simple(2, who) };
    let by = actor("rita");
    let asked = Asked { by: &by, on_behalf_of: None };
    let ana = voter("ana", &[]);
    let type_ = approval_type();
    let Ok(Admission { counted_as, .. }) = policy.admit(&asked, &ana, wish(Verdict::Rejected, &type_), &[])
    else {
        panic!("ana is named")
    };
    let vote = Vote {
        by: ana.member.actor,
        seat: None,
        level: 0,
        verdict: Verdict::Rejected,
        modifications: None,
        counts: true,
        counted_as,
    };
    let votes = [vote];
    assert_eq!(policy.tally(&votes, &asked), Tally::Rejected(Because::Impossible));
    // Asked by another principal, rita is as free as bo.
    assert_eq!(tally(&policy, &votes), Tally::Open { missing: 2 });
}
