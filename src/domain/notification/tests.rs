//! Who is told what, for each cause.

use super::*;
use crate::domain::{
    approval::{Outcome, Resolution, Via, tests::pending},
    policy::{Actor, Member, Policy, Selectors},
};

fn name(name: &str) -> PrincipalName {
    PrincipalName::new(name).unwrap()
}

fn names(list: &[&str]) -> Names {
    list.iter().map(|it| name(it)).collect()
}

fn person(called: &str) -> Person {
    Person {
        voter: Voter {
            member: Member {
                actor: Actor { id: PrincipalId::generate(), name: name(called) },
                roles: BTreeSet::new(),
                groups: BTreeSet::new(),
            },
            kind: Kind::Person,
            seats: Vec::new(),
        },
        may_decide: true,
        disabled: false,
        email: Some(format!("{called}@example.com")),
        muted: BTreeSet::new(),
    }
}

fn agent() -> Person {
    let mut agent = person("agent");
    agent.voter.kind = Kind::Service;
    agent
}

/// An approval that the agent asked `approvers` for, and its people.
fn asked_of(approvers: &[&str]) -> (Approval, Vec<Person>) {
    let people: Vec<Person> = approvers.iter().map(|name| person(name)).chain([agent()]).collect();
    let requester = people.last().unwrap().voter.member.actor.clone();
    let mut approval = pending(requester);
    approval.policy = Policy::simple(1, Selectors { people: Some(names(approvers)), ..Selectors::default() });
    (approval, people)
}

struct Stage {
    approval: Approval,
    people: Vec<Person>,
    votes: Vec<Vote>,
    wanted: Wanted,
    told: BTreeSet<PrincipalId>,
    channels: Vec<Channel>,
}

impl Stage {
    fn new((approval, people): (Approval, Vec<Person>)) -> Self {
        let (votes, wanted, told) = (Vec::new(), Wanted::default(), BTreeSet::new());
        Self { approval, people, votes, wanted, told, channels: vec![Channel::Email, Channel::InApp] }
    }

    fn route(&self, cause: Cause) -> Vec<Notice> {
        route(
            cause,
            &Scene {
                approval: &self.approval,
                votes: &self.votes,
                level: 0,
                wanted: &self.wanted,
                people: &self.people,
                told: &self.told,
                channels: &self.channels,
                now: DateTime::UNIX_EPOCH,
            },
        )
    }

    fn end(&mut self, by: Option<usize>) {
        let by = by.map(|index| self.people[index].voter.member.actor.clone());
        let ending = Ending::Resolved {
            resolution: Resolution::Approved,
            via: Via::Human,
            by,
            outcome: Outcome::default(),
        };
        self.approval.state = State::Final { ending, at: DateTime::UNIX_EPOCH };
    }
}

/// `channel recipient`, with `?` for who is asked and the reason for what is skipped.
fn told(notices: &[Notice]) -> Vec<String> {
    let words = notices.iter().map(|it| {
        let asks = if it.asks { "?" } else { "" };
        let skipped = it.skipped.map_or(String::new(), |why| format!(" {}", why.as_str()));
        format!("{} {}{asks}{skipped}", it.channel.as_str(), it.recipient)
    });
    words.collect()
}

#[test]
fn a_request_asks_those_who_may_decide_by_each_channel() {
    let mut stage = Stage::new(asked_of(&["ana", "bo", "cleo"]));
    stage.people[1].may_decide = false;
    stage.people[2].disabled = true;
    assert_eq!(told(&stage.route(Cause::Requested)), ["email ana@example.com?", "in_app ana?"]);
}

#[test]
fn others_are_told_only_if_the_request_names_them() {
    let mut stage = Stage::new(asked_of(&["ana"]));
    stage.people.push(person("dev"));
    stage.people.push(person("eve"));
    stage.people.last_mut().unwrap().voter.member.roles = names(&["lead"]);
    stage.people.push(person("fay"));
    stage.wanted = Wanted {
        channels: Some(vec![Channel::InApp]),
        users: names(&["dev", "nobody"]),
        roles: names(&["lead"]),
        ..Wanted::default()
    };
    assert_eq!(
        told(&stage.route(Cause::Requested)),
        ["in_app ana?", "in_app dev", "in_app eve", "in_app nobody unknown_recipient"]
    );
    assert_eq!(told(&stage.route(Cause::Reminder)), ["in_app ana?"], "a reminder is for who is missing");
}

#[test]
fn nobody_is_asked_what_has_been_decided() {
    let mut stage = Stage::new(asked_of(&["ana"]));
    stage.end(Some(0));
    for cause in [Cause::Requested, Cause::Escalated, Cause::Reminder] {
        for notice in stage.route(cause) {
            assert!(!notice.asks && notice.skipped == Some(Skipped::Superseded), "{notice:?}");
        }
    }
}

#[test]
fn who_has_voted_is_not_reminded() {
    let mut stage = Stage::new(asked_of(&["ana", "bo"]));
    stage.approval.policy =
        Policy::simple(2, Selectors { people: Some(names(&["ana", "bo"])), ..Selectors::default() });
    stage.votes.push(Vote {
        by: stage.people[0].voter.member.actor.clone(),
        seat: None,
        level: 0,
        verdict: Verdict::Approved,
        modifications: None,
        counts: true,
        counted_as: Vec::new(),
    });
    stage.channels = vec![Channel::InApp];
    assert_eq!(told(&stage.route(Cause::Reminder)), ["in_app bo?"]);
}

#[test]
fn the_outcome_is_told_to_all_it_concerns_but_who_decided() {
    let mut stage = Stage::new(asked_of(&["ana", "bo", "cleo"]));
    stage.told = stage.people.iter().take(2).map(Person::id).collect();
    stage.end(Some(0));
    assert_eq!(told(&stage.route(Cause::Decided)), ["in_app bo"], "cleo was never told of it");
    // The requester, once that is a person.
    stage.people[3].voter.kind = Kind::Person;
    assert_eq!(told(&stage.route(Cause::Decided)), ["in_app bo", "in_app agent"]);
    assert_eq!(told(&stage.route(Cause::Voted)), ["in_app agent"]);
    stage.end(None);
    assert_eq!(told(&stage.route(Cause::Expired)), ["in_app ana", "in_app bo", "in_app agent"]);
}

#[test]
fn the_requester_is_not_asked_for_their_own_request() {
    let mut stage = Stage::new(asked_of(&["ana", "bo"]));
    stage.approval.requested_by = stage.people[0].voter.member.actor.clone();
    stage.channels = vec![Channel::InApp];
    assert_eq!(told(&stage.route(Cause::Requested)), ["in_app bo?"]);
}

#[test]
fn a_person_without_an_address_is_told_in_the_app() {
    let mut stage = Stage::new(asked_of(&["ana"]));
    stage.people[0].email = None;
    assert_eq!(told(&stage.route(Cause::Requested)), ["email ana? no_address", "in_app ana?"]);
}

#[test]
fn a_crowd_is_cut_and_that_is_said() {
    let crowd: Vec<String> = (0..MOST_TOLD + 5).map(|number| format!("p{number:03}")).collect();
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    let mut stage = Stage::new(asked_of(&crowd));
    stage.channels = vec![Channel::InApp];
    let notices = stage.route(Cause::Requested);
    assert_eq!(notices.len(), MOST_TOLD + 1);
    assert_eq!(told(&notices[MOST_TOLD..]), ["in_app 5 others too_many"]);
}
