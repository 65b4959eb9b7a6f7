//! How the levels of an approval and its hops are stored: the `escalation` and `ladder` columns.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::policy::{StoredPolicy, approvers};
use crate::domain::{
    approval::{Opaque, Via},
    escalation::{Escalation, Hop, Level},
    ids::PrincipalId,
    names::PrincipalName,
    policy::Actor,
};

/// A level, and what the list of those who may decide goes by there. So it can be handed on without being read.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredLevel {
    after_seconds: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    policy: StoredPolicy,
    approvers: Vec<String>,
}

#[derive(Deserialize)]
struct StoredHop {
    from_level: i32,
    at: DateTime<Utc>,
    via: String,
    by_id: Option<Uuid>,
    by: Option<PrincipalName>,
    reason: Option<String>,
}

impl From<&Level> for StoredLevel {
    fn from(level: &Level) -> Self {
        Self {
            after_seconds: level.after_seconds,
            label: level.label.clone(),
            policy: StoredPolicy::from(&level.policy),
            approvers: approvers(&level.policy),
        }
    }
}

impl From<StoredLevel> for Level {
    fn from(stored: StoredLevel) -> Self {
        Self { after_seconds: stored.after_seconds, policy: stored.policy.into(), label: stored.label }
    }
}

/// `None` for what this version can't read: it hurts that row, and no other of the same reading.
pub(super) fn escalation(levels: Option<&Opaque>, hops: Option<&Opaque>) -> Option<Escalation> {
    let levels: Option<Vec<StoredLevel>> =
        levels.map(|json| serde_json::from_str(json.get())).transpose().ok()?;
    let hops: Option<Vec<StoredHop>> = hops.map(|json| serde_json::from_str(json.get())).transpose().ok()?;
    let hop = |hop: StoredHop| {
        Some(Hop {
            from_level: hop.from_level,
            at: hop.at,
            via: Via::from_word(&hop.via)?,
            by: hop.by_id.zip(hop.by).map(|(id, name)| Actor { id: PrincipalId(id), name }),
            reason: hop.reason,
        })
    };
    Some(Escalation {
        levels: levels.into_iter().flatten().map(Level::from).collect(),
        hops: hops.into_iter().flatten().map(hop).collect::<Option<_>>()?,
    })
}
