//! What has ended: page by page, or all of it as CSV.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    approvals::export::{BrokenOff, Export},
    auth::{Caller, Rejection},
    batch::Trouble,
    domain::{
        approval::{Resolution, Status},
        names::PrincipalName,
    },
    http::{
        Api,
        accept::Form,
        caller::{May, Needs, ViewHistory},
        established::Established,
        query::{self, Params, decode_cursor, encode_cursor, limit},
        server::SlowReader,
    },
    store::{
        approvals::{Extent, Loaded},
        history::Search,
        listing::Position,
    },
    wire::{
        approval::ApprovalView,
        csv::{self, Reader},
        problem::Problem,
        summary::SummaryView,
        validate::Check,
    },
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Query {
    run_id: Option<String>,
    workflow: Option<String>,
    /// `resolved`, `expired` or `cancelled`.
    #[param(example = "resolved")]
    status: Option<String>,
    /// `approved`, `rejected`, `modified`, or `none`: ended without one.
    #[param(example = "rejected")]
    resolution: Option<String>,
    /// A principal's name.
    requested_by: Option<String>,
    /// The name of somebody who cast a vote, whether or not it was decisive, or who cancelled.
    decided_by: Option<String>,
    /// Outcomes from this time on (RFC 3339).
    #[param(value_type = Option<DateTime<Utc>>)]
    from: Option<String>,
    /// Outcomes before this time (RFC 3339).
    #[param(value_type = Option<DateTime<Utc>>)]
    to: Option<String>,
    /// Words, whatever their case. For each there is one that begins like it, in title, description, type, run or workflow.
    q: Option<String>,
    /// `json` or `csv`: what a link wants, which can't send `Accept`. It wins over that.
    #[param(example = "csv")]
    format: Option<String>,
    /// `full` (the default), or `summary`: without description, context, checkpoint, metadata and policy. Not for CSV.
    #[param(example = "summary")]
    view: Option<String>,
    /// For CSV: `true` for a file that spreadsheets open as it is, with a byte order mark and times like
    /// `2026-11-21 12:00:00` (UTC); `false` by default.
    #[param(value_type = Option<bool>)]
    spreadsheet: Option<String>,
    /// `next_cursor` of the page before. Not for CSV.
    cursor: Option<String>,
    /// 1 to 200; 50 by default. Not for CSV.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub struct HistoryPage<'a> {
    /// The latest outcome first.
    items: Vec<HistoryItem<'a>>,
    /// Null on the last page. A page may be short, or empty, without being the last.
    next_cursor: Option<String>,
    /// How far back this page has searched: what ended later and matches is on it, or on those before. Null on the last
    /// page.
    searched_back_to: Option<DateTime<Utc>>,
}

/// In the form that `view` names.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "a page has items of one form")]
pub enum HistoryItem<'a> {
    Full(ApprovalView<'a>),
    Summary(SummaryView<'a>),
}

/// Where the next page begins. Named unlike other lists' cursors, so that none is taken for another.
#[derive(Serialize, Deserialize)]
struct Cursor {
    resolved_at: DateTime<Utc>,
    approval_id: Uuid,
}

/// List what has ended
///
/// The latest outcome first. Pages are stable: what ends between two of them neither repeats nor hides others. With
/// `Accept: text/csv`, or `format=csv`, the whole history that matches, as a file; one that breaks off is incomplete.
#[utoipa::path(
    get, path = "/api/v1/approvals/history", tag = "approvals",
    security(("key" = ["approval:view:history"])),
    params(Query),
    responses((status = 200, content(
        (HistoryPage = "application/json"),
        (String = "text/csv", example = "id,run_id,…\r\n"),
    )))
)]
pub async fn history(
    State(api): State<Api>,
    may: May<ViewHistory>,
    accepted: Form,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let mut check = Check::default();
    let form = form(&mut check, query.format.as_deref(), accepted);
    let limit = limit(&mut check, query.limit.as_deref());
    let after = query.cursor.as_deref().and_then(|cursor| after(&mut check, cursor));
    if form == Form::Csv {
        for (pointer, given) in [("?cursor", &query.cursor), ("?limit", &query.limit), ("?view", &query.view)]
        {
            if given.is_some() {
                check.fail(pointer, "excluded", "is not for CSV, which has no pages");
            }
        }
    }
    let reader = reader(&mut check, query.spreadsheet.as_deref(), form);
    let extent = query::extent(&mut check, query.view.as_deref());
    let search = search(&mut check, query, may.caller());
    check.finish()?;
    let mut response = match form {
        Form::Json => {
            let part = (usize::try_from(limit).unwrap_or(1), extent);
            let page = api.approvals.history(&search, after, part).await?;
            let item = |loaded| item(loaded, extent, may.caller());
            let searched_back_to = page.next.as_ref().map(|next| next.at);
            let body = HistoryPage {
                items: page.items.iter().map(item).collect(),
                next_cursor: page.next.map(|after| encode_cursor(&Cursor::from(after))).transpose()?,
                searched_back_to,
            };
            Json(body).into_response()
        }
        Form::Csv => {
            let (export, pause) = (api.approvals.export(search)?, api.export_pause);
            let caller = may.into_established();
            file(Parts { api, caller, export, reader }, pause).await?
        }
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

fn item<'a>(loaded: &'a Loaded, extent: Extent, caller: &Caller) -> HistoryItem<'a> {
    match extent {
        Extent::Whole => HistoryItem::Full((&*loaded.approval).into()),
        Extent::Brief => HistoryItem::Summary(SummaryView::of(loaded, caller)),
    }
}

impl From<Position> for Cursor {
    fn from(Position { at, id }: Position) -> Self {
        Self { resolved_at: at, approval_id: id }
    }
}

fn after(check: &mut Check, text: &str) -> Option<Position> {
    let cursor = decode_cursor(text).filter(|cursor: &Cursor| query::is_within_reach(&cursor.resolved_at));
    if cursor.is_none() {
        check.fail("?cursor", "cursor", "must be a next_cursor of the history");
    }
    cursor.map(|Cursor { resolved_at, approval_id }| Position { at: resolved_at, id: approval_id })
}

fn search(check: &mut Check, query: Query, caller: &Caller) -> Search {
    let status = query.status.as_deref().and_then(Status::from_word).filter(|it| *it != Status::Pending);
    if query.status.is_some() && status.is_none() {
        check.fail("?status", "choice", "must be resolved, expired or cancelled");
    }
    let resolution = match query.resolution.as_deref() {
        None => None,
        Some("none") => Some(None),
        Some(word) => {
            let resolution = Resolution::from_word(word);
            if resolution.is_none() {
                check.fail("?resolution", "choice", "must be approved, rejected, modified or none");
            }
            resolution.map(Some)
        }
    };
    let from = query::time(check, "?from", query.from.as_deref());
    let to = query::time(check, "?to", query.to.as_deref());
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        check.fail("?from", "order", "must be before to");
    }
    query::text(check, "?q", query.q.as_ref());
    if query.q.as_ref().is_some_and(|text| !text.contains(char::is_alphanumeric)) {
        check.fail("?q", "words", "must have a letter or a digit");
    }
    Search {
        workspace: caller.workspace,
        run_id: check.name("?run_id", query.run_id.as_deref()),
        workflow: check.name("?workflow", query.workflow.as_deref()),
        status,
        resolution,
        requested_by: principal(check, "?requested_by", query.requested_by.as_deref()),
        decided_by: principal(check, "?decided_by", query.decided_by.as_deref()),
        text: query.q,
        from,
        to,
    }
}

/// In which form it is wanted.
fn form(check: &mut Check, format: Option<&str>, accepted: Form) -> Form {
    match format {
        None => return accepted,
        Some("json") => {}
        Some("csv") => return Form::Csv,
        Some(_) => check.fail("?format", "choice", "must be json or csv"),
    }
    Form::Json
}

/// Whom a file is for.
fn reader(check: &mut Check, text: Option<&str>, form: Form) -> Reader {
    match text {
        None | Some("false") => {}
        Some("true") if form == Form::Csv => return Reader::Spreadsheet,
        Some("true") => {
            check.fail("?spreadsheet", "excluded", "is for CSV only: Accept: text/csv, or format=csv");
        }
        Some(_) => check.fail("?spreadsheet", "choice", "must be true or false"),
    }
    Reader::Program
}

fn principal(check: &mut Check, pointer: &str, name: Option<&str>) -> Option<PrincipalName> {
    let name = PrincipalName::new(name?);
    name.inspect_err(|error| check.fail(pointer, "name", error.to_string())).ok()
}

/// An export, and for whom it is: a reader takes as long as it likes, and may be shut out before the end.
struct Parts {
    api: Api,
    caller: Arc<Established>,
    export: Export,
    reader: Reader,
}

/// Why a file breaks off.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Off(#[from] BrokenOff),
    #[error("its reader may not go on: {}", .0.message())]
    Refused(Problem),
}

impl Parts {
    /// The next lines, if the caller may still have them.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        loop {
            self.still_may().await.map_err(Broken::Refused)?;
            match self.export.next().await? {
                Some(lines) if lines.is_empty() => {}
                lines => return Ok(lines.map(|lines| csv::lines(&lines, self.reader))),
            }
        }
    }

    /// Tried again where the database may be back soon.
    async fn still_may(&self) -> Result<(), Problem> {
        let mut failures = 0;
        loop {
            match self.api.authenticator.again(self.caller.caller()).await {
                Ok(now) if now.may(ViewHistory::PERMISSION) => return Ok(()),
                Ok(_) => return Err(Problem::forbidden(ViewHistory::PERMISSION)),
                Err(Rejection::Unavailable(_)) if failures < RETRIES => {
                    tokio::time::sleep(PAUSE * 2_u32.pow(failures)).await;
                    failures += 1;
                }
                Err(rejection) => return Err(rejection.into()),
            }
        }
    }
}

/// How often a caller who can't be looked at is looked at again, and how long after the first failure.
const RETRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(250);

/// The first lines with the head, so that what fails at once is told properly; the others as they are taken. What
/// fails later breaks the body off, for a file that ends well would pass for whole.
async fn file(mut parts: Parts, pause: Duration) -> Result<Response, Problem> {
    let mut first = csv::head(parts.reader);
    let more = parts.export.next().await.map_err(Trouble::from)?;
    first.extend(more.map(|more| csv::lines(&more, parts.reader)).unwrap_or_default());
    let rest = stream::try_unfold(parts, async |mut parts| match parts.next().await {
        Ok(lines) => Ok(lines.map(|lines| (lines, parts))),
        Err(error) => {
            tracing::warn!(%error, "an export broke off");
            Err(error)
        }
    });
    let first = stream::once(async { Ok::<_, Broken>(first) });
    let body = Body::from_stream(futures_util::StreamExt::chain(first, rest));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"signoff-history.csv\""),
    ];
    Ok((headers, Extension(SlowReader(pause)), body).into_response())
}
