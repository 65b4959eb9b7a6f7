//! Who has the seat at a task, who hears of it, and whose record goes.

use super::*;
use crate::domain::{ids::KeyId, names::CallerName};

const ONE: Most = Most { in_all: 1, of_a_workspace: 1 };

fn seat(task: &str) -> Seat {
    seat_of(1, task)
}

fn seat_of(workspace: u128, task: &str) -> Seat {
    let workspace = WorkspaceId(Uuid::from_u128(workspace));
    Seat::new(TaskKey { workspace, task: CallerName::new(task).unwrap() }, Credential::Key(KeyId::generate()))
}

#[test]
fn one_workspace_leaves_seats_for_the_others() {
    let seats = Arc::new(Seats::default());
    let most = Most { in_all: 3, of_a_workspace: 2 };
    let sit = |workspace, task| seats.sit(seat_of(workspace, task), most);
    let first = sit(1, "a").unwrap();
    let _second = sit(1, "b").unwrap();
    assert_eq!(sit(1, "c").err(), Some(Full::Workspace));
    let again = sit(1, "a").unwrap();
    drop(first);
    assert_eq!(sit(1, "c").err(), Some(Full::Workspace), "a seat that was taken over counts once");
    let other = sit(2, "c").unwrap();
    assert_eq!(sit(3, "d").err(), Some(Full::InAll { crowded_out: true }));
    assert_eq!(sit(1, "d").err(), Some(Full::InAll { crowded_out: false }));
    drop(again);
    let _third = sit(1, "c").unwrap();
    drop(other);
    assert_eq!(seats.lock().workspaces.len(), 1, "nobody is remembered who has no seat");
}

#[test]
fn the_newest_has_the_seat_and_the_older_one_hears_of_it() {
    let seats = Arc::new(Seats::default());
    let first = seats.sit(seat("a"), ONE).unwrap();
    let second = seats.sit(seat("a"), ONE).unwrap();
    assert_eq!(first.seat.dismissal(), Some(&Dismissal::Replaced), "it had not become the owner yet");
    drop(first);
    assert_eq!(seats.count(), 1, "the older one leaves without the seat");
    assert!(seats.sit(seat("b"), ONE).is_err());
    drop(second);
    assert_eq!(seats.count(), 0);
}

#[test]
fn an_owner_goes_on_until_the_next_one_is_the_owner() {
    let seats = Arc::new(Seats::default());
    let first = seats.sit(seat("a"), ONE).unwrap();
    first.seat.owns(1);
    let refused = seats.sit(seat("a"), ONE).unwrap();
    assert_eq!(first.seat.dismissal(), None);
    drop(refused);
    assert!(Arc::ptr_eq(&seats.all()[0], &first.seat), "it has its seat again");
    let mut second = seats.sit(seat("a"), ONE).unwrap();
    second.confirm();
    assert_eq!(first.seat.dismissal(), Some(&Dismissal::Replaced));
    drop((first, second));
    assert_eq!(seats.count(), 0);
    // One that has gone meanwhile gets nothing back.
    let first = seats.sit(seat("a"), ONE).unwrap();
    first.seat.owns(2);
    let refused = seats.sit(seat("a"), ONE).unwrap();
    drop(first);
    drop(refused);
    assert_eq!(seats.count(), 0);
}

/// Three in a row, of which the second never became the owner: the first hears of the third.
#[test]
fn an_owner_hears_of_the_next_one_whoever_came_between() {
    let seats = Arc::new(Seats::default());
    let first = seats.sit(seat("a"), ONE).unwrap();
    first.seat.owns(1);
    let second = seats.sit(seat("a"), ONE).unwrap();
    let mut third = seats.sit(seat("a"), ONE).unwrap();
    drop(second);
    assert_eq!(first.seat.dismissal(), None, "nobody else is the owner yet");
    third.confirm();
    assert_eq!(first.seat.dismissal(), Some(&Dismissal::Replaced));
    // The same where the third isn't let in: the first has its seat again.
    let first = seats.sit(seat("b"), Most { in_all: 9, of_a_workspace: 9 }).unwrap();
    first.seat.owns(2);
    let second = seats.sit(seat("b"), ONE).unwrap();
    let third = seats.sit(seat("b"), ONE).unwrap();
    drop((second, third));
    assert!(seats.all().iter().any(|it| Arc::ptr_eq(it, &first.seat)));
}

#[test]
fn a_record_stays_while_a_newer_socket_is_about_to_take_it_over() {
    let seats = Arc::new(Seats::default());
    let first = seats.sit(seat("a"), ONE).unwrap();
    let second = seats.sit(seat("a"), ONE).unwrap();
    let third = seats.sit(seat("a"), ONE).unwrap();
    let ids = [&first, &second, &third].map(|it| it.seat.connection);
    let gone = [first, second].map(|seated| {
        let seat = seated.seat.clone();
        drop(seated);
        seats.leave(&seat)
    });
    assert_eq!(gone, [None, None]);
    let seat = third.seat.clone();
    drop(third);
    assert_eq!(seats.leave(&seat), Some(ids.to_vec()), "it never became the owner: all of them go");
    let owner = seats.sit(self::seat("b"), ONE).unwrap();
    let newer = seats.sit(self::seat("b"), ONE).unwrap();
    newer.seat.owns(7);
    let seat = owner.seat.clone();
    drop(owner);
    assert_eq!(seats.leave(&seat), Some(vec![seat.connection]), "the newer one has the record");
}

#[tokio::test]
async fn a_signal_that_came_before_is_not_lost() {
    let seats = Arc::new(Seats::default());
    let seated = seats.sit(seat("a"), ONE).unwrap();
    seats.events(&seated.seat.key);
    seats.check(&seated.seat.key);
    assert_eq!(seated.seat.woken().await, Signals { events: true, check: true });
}
