//! The record of a workspace, and what was signed of it.

use axum::{Json, extract::State};
use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Api,
    caller::{May, ViewAudit},
    query::{Params, limit},
};
use crate::{
    audit::{self, checkpoint},
    store::audit::{AuditRecord, Filter},
    wire::{problem::Problem, validate::Check},
};

/// Longest text to look for, in characters.
const MAX_TEXT: usize = 200;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    #[param(example = "approval.resolved")]
    action: Option<String>,
    /// Who did it, by name.
    actor: Option<String>,
    #[param(value_type = Option<Uuid>)]
    approval_id: Option<String>,
    run_id: Option<String>,
    /// What it was done to, where that is no approval: a key's prefix, a name.
    subject: Option<String>,
    /// From then on.
    #[param(value_type = Option<DateTime<Utc>>)]
    from: Option<String>,
    /// Before then.
    #[param(value_type = Option<DateTime<Utc>>)]
    to: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub struct AuditPage {
    /// Newest first.
    items: Vec<AuditRecord>,
    /// Null on the last page. There may be one on an empty page: it goes on from there.
    next_cursor: Option<String>,
}

/// List the record
///
/// Every change in the workspace, newest first, within a second of the change. A page looks at 5,000 records: with a
/// filter that few of them fit it may be short, or empty, and still have a `next_cursor`.
#[utoipa::path(
    get, path = "/api/v1/audit", operation_id = "list_audit", tag = "audit",
    security(("key" = ["audit:view"])),
    params(AuditQuery), responses((status = 200, body = AuditPage))
)]
pub async fn list(
    State(api): State<Api>,
    may: May<ViewAudit>,
    Params(query): Params<AuditQuery>,
) -> Result<Json<AuditPage>, Problem> {
    let mut check = Check::default();
    for (pointer, text) in [
        ("?action", &query.action),
        ("?actor", &query.actor),
        ("?run_id", &query.run_id),
        ("?subject", &query.subject),
    ] {
        check.text(pointer, text.as_ref(), MAX_TEXT);
    }
    let filter = Filter {
        action: query.action.as_deref(),
        actor: query.actor.as_deref(),
        approval: id(&mut check, query.approval_id.as_deref()),
        run: query.run_id.as_deref(),
        subject: query.subject.as_deref(),
        from: moment(&mut check, "?from", query.from.as_deref()),
        to: moment(&mut check, "?to", query.to.as_deref()),
    };
    let below = below(&mut check, query.cursor.as_deref());
    let limit = limit(&mut check, query.limit.as_deref());
    check.finish()?;
    let page = audit::read::page(&api.database, may.caller.workspace, &filter, below, limit).await?;
    Ok(Json(AuditPage { items: page.items, next_cursor: page.next.map(|below| below.to_string()) }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CheckpointsQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// A signed statement of where the chain stood. Keep it where nobody who can change the database can change it.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditCheckpoint)]
pub struct Checkpoint {
    #[serde(rename = "checkpoint")]
    standing: Standing,
    /// The first 16 digits of the SHA-256 of the public key.
    #[schema(example = "8a5c3e1f0b7d9264")]
    key_id: String,
    /// Ed25519, 32 bytes in base64.
    public_key: String,
    /// Of `checkpoint` as canonical JSON (RFC 8785), 64 bytes in base64.
    signature: String,
}

/// What is signed.
#[derive(Serialize, ToSchema)]
pub struct Standing {
    /// Exactly as it was signed.
    #[schema(example = "2026-11-21T12:00:00.000000Z")]
    at: String,
    format: u32,
    /// Of the link at `position`; SHA-256 in hexadecimal.
    hash: String,
    position: i64,
    workspace_id: Uuid,
}

impl From<checkpoint::Checkpoint> for Checkpoint {
    fn from(it: checkpoint::Checkpoint) -> Self {
        Self {
            standing: Standing {
                at: it.standing.at,
                format: it.standing.format,
                hash: it.standing.hash.to_string(),
                position: it.standing.position,
                workspace_id: it.standing.workspace_id,
            },
            key_id: it.key_id,
            public_key: it.public_key.to_string(),
            signature: it.signature,
        }
    }
}

/// One page.
#[derive(Serialize, ToSchema)]
pub struct CheckpointsPage {
    /// Newest first.
    items: Vec<Checkpoint>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// List checkpoints
///
/// Where the workspace's chain stood at some moments, signed.
#[utoipa::path(
    get, path = "/api/v1/audit/checkpoints", operation_id = "list_audit_checkpoints", tag = "audit",
    security(("key" = ["audit:view"])),
    params(CheckpointsQuery), responses((status = 200, body = CheckpointsPage))
)]
pub async fn checkpoints(
    State(api): State<Api>,
    may: May<ViewAudit>,
    Params(query): Params<CheckpointsQuery>,
) -> Result<Json<CheckpointsPage>, Problem> {
    let mut check = Check::default();
    // A page ends at a position and a key, `7.8a5c3e1f0b7d9264`: several keys may have signed the same place.
    let (position, key_id) = match query.cursor.as_deref().map(|cursor| cursor.split_once('.').unzip()) {
        None => (None, ""),
        Some((position, key_id)) => {
            check.name("?cursor", key_id);
            (below(&mut check, position.or(Some(""))), key_id.unwrap_or(""))
        }
    };
    let limit = limit(&mut check, query.limit.as_deref());
    check.finish()?;
    let behind = (position.unwrap_or(i64::MAX), key_id);
    let items = audit::read::checkpoints(&api.database, may.caller.workspace, behind, limit).await?;
    let full = i64::try_from(items.len()).is_ok_and(|count| count >= limit);
    let next = |last: &checkpoint::Checkpoint| format!("{}.{}", last.standing.position, last.key_id);
    let next_cursor = items.last().filter(|_| full).map(next);
    Ok(Json(CheckpointsPage { items: items.into_iter().map(Into::into).collect(), next_cursor }))
}

/// A page ends at a position, and the next begins below it.
fn below(check: &mut Check, cursor: Option<&str>) -> Option<i64> {
    let below = cursor?.parse().ok().filter(|below| *below > 0);
    if below.is_none() {
        check.fail("?cursor", "cursor", "must be a next_cursor of this list");
    }
    below
}

fn id(check: &mut Check, text: Option<&str>) -> Option<Uuid> {
    let id = text?.parse().ok();
    if id.is_none() {
        check.fail("?approval_id", "uuid", "must be a UUID");
    }
    id
}

/// Within what Postgres calls a time.
fn moment(check: &mut Check, pointer: &str, text: Option<&str>) -> Option<DateTime<Utc>> {
    let at = text?.parse().ok().filter(|at: &DateTime<Utc>| (1..=9999).contains(&at.year()));
    if at.is_none() {
        check.fail(pointer, "date_time", "must be a time like 2026-11-21T12:00:00Z");
    }
    at
}
