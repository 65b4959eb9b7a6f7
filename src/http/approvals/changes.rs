//! What changed while a screen was away.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    http::{
        Api,
        caller::{May, ViewPending},
        query::{Params, decode_cursor, encode_cursor, is_within_reach},
    },
    wire::{problem::Problem, summary::SummaryView, validate::Check},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Query {
    /// `cursor` of the answer before. Without it nothing is listed: the answer says from where to ask.
    after: Option<String>,
}

/// What changed.
#[derive(Serialize, ToSchema)]
pub struct Changes<'a> {
    /// Each as it stands now, in no order. Some may have been told before: of each, the highest version counts.
    items: Vec<SummaryView<'a>>,
    /// For `after` of the next call.
    cursor: String,
    /// False where it was too much, or too long ago, or the database was restored since: read the lists anew, and ask
    /// from `cursor` on.
    complete: bool,
    /// The database was restored from a backup since: what was told may never have happened. Forget what you have.
    restored: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    changes_at: DateTime<Utc>,
    /// The log that the moment belongs to: after a restore it is another one.
    epoch: u32,
}

/// List what changed
///
/// The approvals that were asked for, voted on, moved on or ended since the call before; at most 500, and 9 minutes
/// back. Those of the 15 seconds before it come again: at most 2,000 in all.
#[utoipa::path(
    get, path = "/api/v1/approvals/changes", operation_id = "approval_changes", tag = "approvals",
    security(("key" = ["approval:view:pending"])),
    params(Query), responses((status = 200, body = Changes))
)]
pub async fn changes(
    State(api): State<Api>,
    may: May<ViewPending>,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let mut check = Check::default();
    let after = query.after.as_deref().and_then(|text| {
        let cursor = decode_cursor::<Cursor>(text).filter(|cursor| is_within_reach(&cursor.changes_at));
        if cursor.is_none() {
            check.fail("?after", "cursor", "must be a cursor of this list");
        }
        cursor
    });
    check.finish()?;
    let caller = may.caller();
    let epoch = api.database.epoch().map_err(|error| Problem::from(&error))?.0;
    let is_another_log = after.as_ref().is_some_and(|cursor| cursor.epoch != epoch);
    let after = after.filter(|_| !is_another_log).map(|cursor| cursor.changes_at);
    let recent = api.approvals.recent(caller.workspace, after).await?;
    let body = Changes {
        items: recent.items.items.iter().map(|loaded| SummaryView::of(loaded, caller)).collect(),
        cursor: encode_cursor(&Cursor { changes_at: recent.now, epoch })?,
        complete: recent.complete && !is_another_log,
        restored: is_another_log,
    };
    Ok(Json(body).into_response())
}
