//! The `conn` keys: who owns a task's connection, so that a hint can be sent to that instance alone.
//!
//! Only scripts touch them, so that looking and changing are one step: an owner that was replaced can neither
//! refresh nor remove what its successor wrote. The scripts are sent whole each time; Redis keeps them compiled,
//! and one that was restarted or flushed needs no special care.
//!
//! What has another form, is of another kind, or is longer than any owner (300 bytes) counts as if it were not there;
//! and no more than that is read of it, however much another hand has written. What looks like a newer owner is only a
//! hint: Postgres is asked, and where it knows of none, the key is taken back.

use std::time::Duration;

use deadpool_redis::redis::{self, Cmd};

use super::names::Names;
use crate::domain::event::TaskKey;

/// A key lives this long without being refreshed; each is refreshed about every two minutes.
const TTL: Duration = Duration::from_mins(5);

/// Writes or refreshes keys, unless a newer owner stands there: answers the places of those, and what stands there.
const HOLD: &str = include_str!("lua/hold.lua");

/// Writes keys over what was found there, where that still stands.
const TAKE_BACK: &str = include_str!("lua/take_back.lua");

/// Removes keys where they are still as we wrote them.
const LET_GO: &str = include_str!("lua/let_go.lua");

/// Sends each line to the inbox of the instance that owns the key.
const ROUTE: &str = include_str!("lua/route.lua");

/// One task's connection, in one generation, on one instance.
#[derive(Debug, Clone)]
pub struct Owner {
    pub key: TaskKey,
    pub instance: String,
    pub generation: i64,
}

impl Owner {
    fn value(&self) -> String {
        format!("{} {}", self.instance, self.generation)
    }
}

fn eval(names: &Names, script: &str, keys: impl ExactSizeIterator<Item = TaskKey>) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(script).arg(keys.len());
    for key in keys {
        command.arg(names.connection(&key));
    }
    command
}

/// Writes or refreshes; the answer is a list of pairs: a place, from 1 on, where a newer owner stands, and what stands
/// there.
pub fn hold(names: &Names, owners: &[Owner]) -> Cmd {
    let mut command = eval(names, HOLD, owners.iter().map(|owner| owner.key.clone()));
    command.arg(u64::try_from(TTL.as_millis()).unwrap_or(u64::MAX));
    for owner in owners {
        command.arg(owner.value());
    }
    command
}

/// Writes over what was found: owners that Postgres knows, each with what stood in its place.
pub fn take_back(names: &Names, owners: &[(Owner, Vec<u8>)]) -> Cmd {
    let mut command = eval(names, TAKE_BACK, owners.iter().map(|(owner, _)| owner.key.clone()));
    command.arg(u64::try_from(TTL.as_millis()).unwrap_or(u64::MAX));
    for (owner, found) in owners {
        command.arg(found).arg(owner.value());
    }
    command
}

/// Removes what is still ours.
pub fn let_go(names: &Names, owners: &[Owner]) -> Cmd {
    let mut command = eval(names, LET_GO, owners.iter().map(|owner| owner.key.clone()));
    for owner in owners {
        command.arg(owner.value());
    }
    command
}

/// Sends a line about each task to its owner, wherever that is.
pub fn route(names: &Names, lines: &[(TaskKey, String)]) -> Cmd {
    let mut command = eval(names, ROUTE, lines.iter().map(|(key, _)| key.clone()));
    command.arg(names.inbox_of(""));
    for (_, line) in lines {
        command.arg(line);
    }
    command
}
