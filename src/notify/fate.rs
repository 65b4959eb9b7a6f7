//! What becomes of a notification: before a try, where it need not be sent; and after a try.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::{
    courier::{Courier, Handed},
    material::About,
    parcel::{Parcel, is_request},
};
use crate::{
    domain::{
        lane::{SOON, jittered},
        notification::{Action, Skipped, Status, TryResult},
    },
    store::lanes::{Attempt, Fate, Waiting},
};

/// How long a notification waits if this instance can't read its approval.
const UNREADABLE: Duration = Duration::from_mins(1);

/// The fate of a notification that is not sent, because it waited too long or has nothing left to ask. `None`: it is
/// sent.
pub(super) fn settled(it: &Waiting, about: About<'_>) -> Option<Fate> {
    // The message that it would edit, or follow in a thread, was not sent. If that one still waits, it will show how
    // the approval stands then.
    if it.of.is_some() && it.place.is_none() {
        return Some(skipped(it, Skipped::NotSent));
    }
    // A disabled person gets nothing new. A card that they have is edited nevertheless.
    if it.is_disabled && it.action == Action::Send {
        return Some(skipped(it, Skipped::Disabled));
    }
    if let About::Approval(loaded) = about {
        let approval = &loaded.approval;
        let has_voted = loaded
            .votes
            .iter()
            .any(|vote| vote.level == approval.escalation_level && Some(vote.by.id) == it.person);
        let is_moot = approval.state.is_final() || loaded.due || approval.escalation_level != it.level;
        if is_request(it) && (is_moot || has_voted && it.asks) {
            return Some(skipped(it, Skipped::Superseded));
        }
    }
    match about {
        // An instance of a later version may have written it.
        About::Unreadable if !it.is_over() => {
            let error = Some("its approval can't be read by this instance".to_owned());
            return Some(Fate { error, again_in: Some(UNREADABLE), ..Fate::untried(it, Status::Pending) });
        }
        About::Deleted => return Some(skipped(it, Skipped::Superseded)),
        _ => {}
    }
    overdue(it)
}

/// The fate of a notification that has waited for too long.
pub(super) fn overdue(it: &Waiting) -> Option<Fate> {
    let why = "given up: its destination could not be reached for too long";
    it.is_over().then(|| Fate { error: Some(why.to_owned()), ..Fate::untried(it, Status::Failed) })
}

pub(super) fn skipped(it: &Waiting, why: Skipped) -> Fate {
    Fate { skipped: Some(why), ..Fate::untried(it, Status::Skipped) }
}

/// The fates of all notifications of a parcel. The try is recorded with the first one.
pub(super) fn fates_of<C: Courier>(
    parcel: &Parcel,
    handed: Handed,
    began: Instant,
    read: Instant,
) -> Vec<Fate> {
    let mut first = fate::<C>(&parcel.first, handed, began, read);
    if !parcel.others.is_empty() && first.status == Status::Sent {
        (first.status, first.skipped) = (Status::Skipped, Some(Skipped::Summarised));
    }
    let others = parcel.others.iter().map(|it| Fate {
        id: it.id,
        workspace: it.workspace,
        attempt: None,
        delay: None,
        ..first.clone()
    });
    let mut fates: Vec<Fate> = others.collect();
    fates.push(first);
    fates
}

/// The fate of a notification that was tried. `read`: when its waiting time was read.
fn fate<C: Courier>(it: &Waiting, handed: Handed, began: Instant, read: Instant) -> Fate {
    let again = || C::again(it.attempts).map(|wait| jittered(wait, rand::random()));
    let soon = || jittered(SOON, rand::random());
    let (mut placed, mut skipped) = (None, None);
    let (status, outcome, code, error, answer, again_in, counts) = match handed {
        Handed::Over { code, answer, place } => {
            placed = place;
            (Status::Sent, TryResult::Sent, code, None, answer, None, true)
        }
        Handed::Moot { why, code, error } => {
            skipped = Some(why);
            (Status::Skipped, TryResult::Skipped, code, Some(error), None, None, true)
        }
        Handed::Deferred { code, error } => match again() {
            Some(wait) => (Status::Pending, TryResult::Retried, code, Some(error), None, Some(wait), true),
            None => (Status::Failed, TryResult::Failed, code, Some(error), None, None, true),
        },
        Handed::Refused { code, error } => {
            (Status::Failed, TryResult::Failed, code, Some(error), None, None, true)
        }
        Handed::Away { code, error } => {
            (Status::Pending, TryResult::Retried, code, Some(error), None, Some(soon()), false)
        }
        Handed::InVain { code, error, answer, .. } => match again() {
            Some(wait) => (Status::Pending, TryResult::Retried, code, Some(error), answer, Some(wait), true),
            None => (Status::Failed, TryResult::Failed, code, Some(error), answer, None, true),
        },
        Handed::Paused { hold, code, error, answer, .. } => {
            let wait = if hold.is_some() { Duration::ZERO } else { soon() };
            (Status::Pending, TryResult::Held, code, Some(error), answer, Some(wait), false)
        }
        Handed::Held { code, error, .. } => {
            (Status::Pending, TryResult::Held, code, Some(error), None, Some(Duration::ZERO), false)
        }
    };
    let took = began.elapsed();
    Fate {
        id: it.id,
        workspace: it.workspace,
        status,
        skipped,
        error: error.map(|it| kept(&it, 500)),
        again_in,
        counts,
        attempt: Some(Attempt {
            id: Uuid::now_v7(),
            ago: took,
            took,
            outcome,
            code,
            answer: answer.map(|it| kept(&it, 4_096)),
        }),
        place: placed,
        delay: (status == Status::Sent).then(|| it.waited + read.elapsed()),
    }
}

/// The other side's words, as they can be stored: without U+0000, and cut to at most `most` bytes, never within a
/// character.
pub(super) fn kept(text: &str, most: usize) -> String {
    let mut text = text.replace('\0', "\u{fffd}");
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.truncate(end);
    text
}
