//! Every name that Signoff uses in Redis, and what stands behind it.
//!
//! | name | what | expires |
//! | --- | --- | --- |
//! | `{prefix}:changes` | channel, all instances: approvals that changed | |
//! | `{prefix}:inbox:{instance}` | channel, one instance: its own canary | |
//! | `{prefix}:instance:{instance}` | key: the instance's lease, a small JSON object | after the lease's TTL |
//!
//! Nothing under these names is needed to get anything back: a flushed Redis is whole again after one beat.

/// The names of one deployment, as one instance sees them.
#[derive(Debug, Clone)]
pub struct Names {
    prefix: String,
    instance: String,
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
        format!("{}:inbox:{}", self.prefix, self.instance)
    }

    /// Key: this instance's lease.
    pub fn lease(&self) -> String {
        format!("{}:instance:{}", self.prefix, self.instance)
    }
}
