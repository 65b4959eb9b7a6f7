//! Every name that Signoff uses in Redis, and what stands behind it.
//!
//! | name | what | expires |
//! | --- | --- | --- |
//! | `{prefix}:changes` | channel, all instances: approvals that changed | |
//! | `{prefix}:inbox:{instance}` | channel, one instance: look at a task's events, at who owns it; its own canary | |
//! | `{prefix}:conn:{workspace}:{task}` | key: `instance generation`, who owns the task's connection | after 5 min |
//! | `{prefix}:instance:{instance}` | key: the instance's lease, a small JSON object | after the lease's TTL |
//! | `{prefix}:limit:{kind}:{whose}` | key: how much of a limit is used ([`super::buckets`]); kinds are `principal`, `workspace`, `address`, `failed_credentials`, and an instance's own `probe` | 2 s after nothing is used any more |
//!
//! A `conn` key counts only while the lease of the instance that it names lives. Nothing under these names is
//! needed to get anything back: a flushed Redis is whole again after one beat, and has full buckets.

use std::fmt::Display;

use crate::domain::event::TaskKey;

/// The names of one deployment, as one instance sees them.
#[derive(Debug, Clone)]
pub struct Names {
    prefix: String,
    pub instance: String,
}

impl Names {
    pub fn new(prefix: &str, instance: &str) -> Self {
        Self { prefix: prefix.to_owned(), instance: instance.to_owned() }
    }

    /// Channel: which approvals changed; everybody listens.
    pub fn changes(&self) -> String {
        format!("{}:changes", self.prefix)
    }

    /// Channel: what is meant for this instance alone.
    pub fn inbox(&self) -> String {
        self.inbox_of(&self.instance)
    }

    /// The same of any instance. Its name is appended to this prefix, also by scripts.
    pub fn inbox_of(&self, instance: &str) -> String {
        format!("{}:inbox:{instance}", self.prefix)
    }

    /// Key: who owns a task's connection.
    pub fn connection(&self, key: &TaskKey) -> String {
        format!("{}:conn:{}:{}", self.prefix, key.workspace, key.task)
    }

    /// Key: this instance's lease.
    pub fn lease(&self) -> String {
        format!("{}:instance:{}", self.prefix, self.instance)
    }

    /// Key: how much of a limit is used.
    pub fn bucket(&self, kind: &str, whose: &impl Display) -> String {
        format!("{}:limit:{kind}:{whose}", self.prefix)
    }
}
