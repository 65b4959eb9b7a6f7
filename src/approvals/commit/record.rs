//! What the audit log says of an approval's end.

use serde_json::json;

use crate::{
    domain::{
        approval::{Brief, Ending, Via},
        credential::Origin,
    },
    store::changes::{Batch, Record, Transition},
};

/// The action that stands for an ending.
pub fn action_of(ending: &Ending) -> &'static str {
    match ending {
        Ending::Resolved { .. } => "approval.resolved",
        Ending::Expired { .. } => "approval.expired",
        Ending::Cancelled { .. } => "approval.cancelled",
    }
}

/// Adds the record of a deadline that passed.
pub fn timed_out(batch: &mut Batch, approval: &Brief, ending: &Ending) {
    let record = Record {
        action: action_of(ending),
        actor: None,
        via: Via::Timeout.as_str(),
        origin: &Origin::default(),
        step: Transition::ending(approval, ending),
        detail: json!({
            "timeout_action": approval.timeout_action, "expires_at": approval.expires_at,
            "resolution": ending.resolution(),
        }),
    };
    batch.record(approval.id, record);
}
