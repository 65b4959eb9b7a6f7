//! What the walk finds in a chain that was changed.

use super::*;
use crate::domain::chain::{FORMAT, moment};

fn chain(length: i64) -> Vec<Link> {
    let mut before = Digest::genesis(Uuid::nil());
    (1..=length)
        .map(|position| {
            let record = Record {
                format: FORMAT,
                at: Some(moment(position)),
                subject: Some(position.to_string()),
                workspace_id: Some(Uuid::nil()),
                ..Record::default()
            };
            let content = record.content();
            before = before.followed_by(content);
            let (content, hash) = (Some(content), Some(before));
            Link { position, seq: Some(position), content, hash, record: Some(record) }
        })
        .collect()
}

fn judge(links: &[Link]) -> Vec<(Kind, i64)> {
    let mut walk = Walk::new(Uuid::nil(), Vec::new());
    for link in links {
        walk.link(link);
    }
    walk.finish().into_iter().map(|it| (it.kind, it.position)).collect()
}

/// Swaps what stands at two places, but not the places.
fn swapped(one: usize, other: usize) -> Vec<Link> {
    let mut links = chain(12);
    links.swap(one - 1, other - 1);
    links[one - 1].position = i64::try_from(one).unwrap();
    links[other - 1].position = i64::try_from(other).unwrap();
    links
}

#[test]
fn a_whole_chain_is_whole() {
    assert_eq!(judge(&chain(0)), []);
    assert_eq!(judge(&chain(12)), []);
}

#[test]
fn each_kind_is_told_and_where() {
    let other = Some(Digest::of(b"other"));
    let change = |change: &dyn Fn(&mut Vec<Link>)| {
        let mut links = chain(12);
        change(&mut links);
        judge(&links)
    };
    assert_eq!(change(&|it| it[4].record.as_mut().unwrap().via = Some("x".into())), [(Kind::Edited, 5)]);
    assert_eq!(change(&|it| it[4].record = None), [(Kind::Removed, 5)]);
    assert_eq!(change(&|it| it[4].hash = other), [(Kind::Edited, 5)]);
    assert_eq!(change(&|it| it[4].content = other), [(Kind::Edited, 5)]);
    assert_eq!(change(&|it| it[4].hash = None), [(Kind::Edited, 5)]);
    assert_eq!(change(&|it| it[4].position = 0), [(Kind::Inserted, 0), (Kind::Gap, 5)]);
    assert_eq!(change(&|it| drop(it.remove(4))), [(Kind::Gap, 5)]);
    assert_eq!(change(&|it| drop(it.drain(4..7))), [(Kind::Gap, 5)]);
    assert_eq!(change(&|it| it[4..].iter_mut().for_each(|it| it.position += 10)), [(Kind::Gap, 5)]);
    let both = |it: &mut Vec<Link>| {
        it[4].record.as_mut().unwrap().via = Some("x".into());
        it[4].content = it[4].record.as_ref().map(Record::content);
    };
    assert_eq!(change(&both), [(Kind::Edited, 5)]);
    let swap_rows = |it: &mut Vec<Link>| {
        let record = it[4].record.take();
        it[4].record = std::mem::replace(&mut it[8].record, record);
    };
    assert_eq!(change(&swap_rows), [(Kind::Reordered, 5), (Kind::Reordered, 9)]);
}

#[test]
fn what_was_put_in_is_told() {
    let made_up = |position| {
        let mut link = chain(1).remove(0);
        link.record.as_mut().unwrap().via = Some("made up".into());
        link.content = link.record.as_ref().map(Record::content);
        Link { position, hash: Some(Digest::of(b"made up")), ..link }
    };
    let mut links = chain(12);
    links.push(made_up(13));
    assert_eq!(judge(&links), [(Kind::Inserted, 13)]);
    let mut links = chain(12);
    links[4..].iter_mut().for_each(|it| it.position += 1);
    links.insert(4, made_up(5));
    assert_eq!(judge(&links), [(Kind::Inserted, 5)]);
    let mut links = chain(12);
    links.insert(4, made_up(5));
    assert_eq!(judge(&links), [(Kind::Forked, 5)]);
    let mut links = chain(12);
    links.insert(5, made_up(5));
    assert_eq!(judge(&links), [(Kind::Forked, 5)]);
}

#[test]
fn what_was_moved_is_told() {
    assert_eq!(judge(&swapped(3, 9)), [(Kind::Reordered, 3), (Kind::Reordered, 9)]);
    assert_eq!(judge(&swapped(1, 12)), [(Kind::Reordered, 1), (Kind::Reordered, 12)]);
    let near = judge(&swapped(5, 6));
    assert!(near.iter().all(|(kind, at)| *kind == Kind::Reordered && [5, 6].contains(at)), "{near:?}");
    assert!(!near.is_empty());
}
