//! The list of what is pending, page by page.
//!
//! Pages are cut by key (the last item's sort value and id), so that approvals that come and go between two
//! pages neither repeat nor hide others. By deadline, one whose deadline moves meanwhile may itself come twice, or not.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Error,
    approvals::{Extent, Loaded, bytes},
};
use crate::domain::{
    approval::State,
    ids::{PrincipalId, WorkspaceId},
    names::{CallerName, PrincipalName},
    policy::{Kind, admission::Voter},
};

/// Which pending approvals.
#[derive(Debug, Clone)]
pub struct Filter {
    pub workspace: WorkspaceId,
    pub run_id: Option<CallerName>,
    pub session_id: Option<CallerName>,
    pub task_id: Option<CallerName>,
    /// One of these; any where there is none. As text, for the database takes lists so. So the next two.
    pub approval_types: Vec<String>,
    pub workflows: Vec<String>,
    /// Asked by one of these.
    pub requesters: Vec<String>,
    /// Only where title, description, type, run, requester or workflow contain this text, whatever its case.
    pub text: Option<String>,
}

impl Filter {
    /// All that is pending in a workspace.
    pub fn all(workspace: WorkspaceId) -> Self {
        Self {
            workspace,
            run_id: None,
            session_id: None,
            task_id: None,
            approval_types: Vec::new(),
            workflows: Vec::new(),
            requesters: Vec::new(),
            text: None,
        }
    }
}

/// Which part of them, in which order.
#[derive(Debug, Clone, Copy)]
pub struct Paging<'a> {
    /// Who looks.
    pub voter: &'a Voter,
    /// Only what they may still vote on.
    pub mine: bool,
    pub extent: Extent,
    pub sort: Sort,
    pub after: Option<Position>,
    pub limit: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sort {
    /// The most urgent first.
    #[default]
    #[serde(rename = "expires_at")]
    ExpiresAt,
    /// The newest first.
    #[serde(rename = "-created_at")]
    NewestFirst,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub at: DateTime<Utc>,
    pub id: Uuid,
}

impl Position {
    /// Where it stands in the history; `None`: it has not ended.
    pub fn of_outcome(loaded: &Loaded) -> Option<Self> {
        match &loaded.approval.state {
            State::Pending => None,
            State::Final { at, .. } => Some(Self { at: *at, id: loaded.approval.id.0 }),
        }
    }
}

/// A place in the list, and what is to be known of what stands there before it is read.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub position: Position,
    /// Bytes that it takes.
    pub size: usize,
}

struct Row {
    at: DateTime<Utc>,
    id: Uuid,
    size: i32,
}

/// Reads from what is pending in a workspace: approvals `a` that the filter lets through, each with `w.mine`: whether the
/// person looked for may still vote on it. List, counts and facets are made of this one condition, so that they agree.
macro_rules! pending {
    ($row:ty, $filter:expr, $voter:expr, [$($select:literal)+], [$($tail:literal)*] $(, $more:expr)*) => {
        sqlx::query_as!(
            $row,
            "SELECT " $(+ $select)+ + r#"
               FROM approval_requests a
              CROSS JOIN LATERAL (
                    SELECT CASE WHEN a.approvers IS NULL
                                THEN a.policy->'allowed_approvers' IS NULL OR a.policy->'allowed_approvers' ? $9
                                ELSE a.approvers && $10 END AS own) m
              CROSS JOIN LATERAL (
                    SELECT CASE a.escalation_level WHEN 0 THEN a.policy
                           ELSE a.escalation -> (a.escalation_level - 1) -> 'policy' END AS policy) now
              CROSS JOIN LATERAL (
                    SELECT (m.own AND NOT EXISTS (SELECT FROM approval_decisions d
                                                   WHERE d.approval_id = a.id AND d.seat_id = $8
                                                     AND d.level = a.escalation_level)
                            OR NOT m.own AND $12::text IS NOT NULL AND EXISTS (
                               SELECT FROM json_to_recordset($12::text::json) AS s(
                                      owner uuid, name text, people uuid[], names text[], selectors text[], types text[],
                                      until timestamptz)
                                WHERE CASE WHEN a.approvers IS NULL THEN a.policy->'allowed_approvers' ? s.name
                                           ELSE a.approvers && s.selectors END
                                  AND (s.types IS NULL OR a.approval_type = ANY (s.types)) AND s.until > now()
                                  AND a.requested_by <> ALL (s.people) AND a.requested_by_name <> ALL (s.names)
                                  AND (a.on_behalf_of = ANY (s.names)) IS NOT TRUE
                                  AND NOT EXISTS (SELECT FROM approval_decisions d
                                                   WHERE d.approval_id = a.id AND d.level = a.escalation_level
                                                     AND coalesce(d.seat_id, d.principal_id) = s.owner)))
                       AND ($11 OR (now.policy->>'allow_services')::boolean IS TRUE)
                       AND ((a.requested_by <> $8 AND a.requested_by_name <> $9 AND a.on_behalf_of IS DISTINCT FROM $9)
                            OR (now.policy->>'allow_self_approval')::boolean)
                       AND NOT EXISTS (SELECT FROM approval_decisions d
                                        WHERE d.approval_id = a.id AND d.principal_id = $8
                                          AND d.level = a.escalation_level) AS mine) w
              WHERE a.workspace_id = $1 AND a.status = 'pending' AND a.expires_at > now()
                AND ($2::text IS NULL OR a.run_id = $2)
                AND ($3::text IS NULL OR a.session_id = $3)
                AND ($4::text IS NULL OR a.task_id = $4)
                AND (cardinality($5::text[]) = 0 OR a.approval_type = ANY ($5))
                AND ($6::text IS NULL OR strpos(lower(concat_ws(' ', a.title, a.description, a.approval_type, a.run_id,
                                                                a.requested_by_name, a.workflow)), lower($6)) > 0)
                AND (cardinality($7::text[]) = 0 OR a.workflow = ANY ($7))
                AND (cardinality($13::text[]) = 0 OR a.requested_by_name = ANY ($13)) "#
                $(+ $tail)*,
            $filter.workspace.0,
            $filter.run_id.as_ref().map(CallerName::as_str),
            $filter.session_id.as_ref().map(CallerName::as_str),
            $filter.task_id.as_ref().map(CallerName::as_str),
            &$filter.approval_types,
            $filter.text.as_deref(),
            &$filter.workflows,
            $voter.member.actor.id.0,
            $voter.member.actor.name.as_str(),
            &mine($voter),
            $voter.kind == Kind::Person,
            seats($voter)?,
            &$filter.requesters,
            $($more),*
        )
    };
}

/// What an approval's `approvers` may name for this voter to be meant.
fn mine(voter: &Voter) -> Vec<String> {
    voter.member.selectors().iter().map(ToString::to_string).collect()
}

/// A seat that is open to the voter: what the policy must name, and of whose requests it must not be.
#[derive(Serialize)]
struct SeatRow<'a> {
    owner: PrincipalId,
    name: &'a PrincipalName,
    people: Vec<PrincipalId>,
    names: Vec<&'a PrincipalName>,
    selectors: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    types: Option<&'a BTreeSet<CallerName>>,
    until: DateTime<Utc>,
}

/// The seats of others, if any is open to this voter.
fn seats(voter: &Voter) -> Result<Option<String>, Error> {
    if voter.seats.is_empty() {
        return Ok(None);
    }
    let rows = voter.seats.iter().map(|seat| {
        let people = || std::iter::once(&seat.owner.actor).chain(&seat.through);
        SeatRow {
            owner: seat.owner.actor.id,
            name: &seat.owner.actor.name,
            people: people().map(|actor| actor.id).collect(),
            names: people().map(|actor| &actor.name).collect(),
            selectors: seat.owner.selectors().iter().map(ToString::to_string).collect(),
            types: seat.approval_types.as_ref(),
            until: seat.until,
        }
    });
    super::json(&rows.collect::<Vec<_>>()).map(Some)
}

/// A place, as the list selects it.
macro_rules! page {
    ($filter:expr, $paging:expr, $at:literal, $page:literal) => {
        pending!(
            Row,
            $filter,
            $paging.voter,
            ["a." $at r#" AS "at!", a.id AS "id!",
             CASE WHEN $14 THEN 1024 + octet_length(a.policy::text) + coalesce(octet_length(a.escalation::text), 0)
                  ELSE coalesce(a.size, approval_size(a.context, a.checkpoint, a.metadata, a.result, a.title,
                                                      a.description, a.policy)) END AS "size!""#],
            ["AND (NOT $15 OR w.mine) " $page],
            $paging.extent == Extent::Brief,
            $paging.mine,
            $paging.after.map(|it| it.at),
            $paging.after.map(|it| it.id),
            $paging.limit
        )
    };
}

/// One page of pending approvals, by their places.
pub async fn pending(
    conn: &mut PgConnection,
    filter: &Filter,
    paging: Paging<'_>,
) -> Result<Vec<Entry>, Error> {
    let rows = match paging.sort {
        Sort::ExpiresAt => {
            page!(
                filter,
                paging,
                "expires_at",
                "AND ($16::timestamptz IS NULL OR (a.expires_at, a.id) > ($16, $17::uuid))
                 ORDER BY a.expires_at, a.id LIMIT $18"
            )
            .fetch_all(conn)
            .await?
        }
        Sort::NewestFirst => {
            page!(
                filter,
                paging,
                "created_at",
                "AND ($16::timestamptz IS NULL OR (a.created_at, a.id) < ($16, $17::uuid))
                 ORDER BY a.created_at DESC, a.id DESC LIMIT $18"
            )
            .fetch_all(conn)
            .await?
        }
    };
    let entry = |Row { at, id, size }| Entry { position: Position { at, id }, size: bytes(size) };
    Ok(rows.into_iter().map(entry).collect())
}

/// How many approvals are pending, and the earliest deadline among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub mine: i64,
    pub all: i64,
    pub soonest_mine: Option<DateTime<Utc>>,
    pub soonest: Option<DateTime<Utc>>,
}

/// How many there are in all, and how many that this person may still vote on.
pub async fn count(conn: &mut PgConnection, filter: &Filter, voter: &Voter) -> Result<Counts, Error> {
    Ok(pending!(
        Counts,
        filter,
        voter,
        [r#"count(*) FILTER (WHERE w.mine) AS "mine!", count(*) AS "all!",
            min(a.expires_at) FILTER (WHERE w.mine) AS soonest_mine, min(a.expires_at) AS soonest"#],
        []
    )
    .fetch_one(conn)
    .await?)
}

/// A value that pending approvals have, and how many do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// 1: workflow, 2: type, 3: requester.
    pub of: i32,
    pub value: String,
    pub count: i64,
}

/// What there is to filter by: of each kind the `most` most frequent values.
pub async fn facets(
    conn: &mut PgConnection,
    filter: &Filter,
    voter: &Voter,
    most: i64,
) -> Result<Vec<Facet>, Error> {
    Ok(pending!(
        Facet,
        filter,
        voter,
        [r#"f.of AS "of!", f.value AS "value!", f.count AS "count!"
          FROM (SELECT g.of, g.value, g.count,
                       row_number() OVER (PARTITION BY g.of ORDER BY g.count DESC, g.value) AS place
                  FROM (SELECT CASE WHEN grouping(a.workflow) = 0 THEN 1 WHEN grouping(a.approval_type) = 0 THEN 2
                                    ELSE 3 END AS of,
                               coalesce(a.workflow, a.approval_type, a.requested_by_name) AS value, count(*) AS count"#],
        ["GROUP BY GROUPING SETS ((a.workflow), (a.approval_type), (a.requested_by_name))) g
                 WHERE g.value IS NOT NULL) f
         WHERE f.place <= $14 ORDER BY f.of, f.place"],
        most
    )
    .fetch_all(conn)
    .await?)
}
