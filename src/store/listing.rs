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
    approvals::{Loaded, bytes},
};
use crate::domain::{
    approval::State,
    ids::{PrincipalId, WorkspaceId},
    names::{CallerName, PrincipalName},
    policy::{Kind, admission::Voter},
};

/// Which pending approvals, in which order.
#[derive(Debug, Clone)]
pub struct Filter<'a> {
    pub workspace: WorkspaceId,
    /// Who looks.
    pub caller: PrincipalId,
    pub run_id: Option<&'a CallerName>,
    pub session_id: Option<&'a CallerName>,
    pub task_id: Option<&'a CallerName>,
    pub approval_type: Option<&'a CallerName>,
    /// Only what this person may still vote on.
    pub approver: Option<&'a Voter>,
    /// Only where title, description or type contain this text, whatever its case.
    pub text: Option<&'a str>,
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
    /// The caller has voted on it, at the level where it stands.
    pub voted: bool,
}

struct Row {
    at: DateTime<Utc>,
    id: Uuid,
    size: i32,
    voted: bool,
}

macro_rules! pending {
    ($filter:expr, $at:literal, $page:literal) => {
        sqlx::query_as!(
            Row,
            "SELECT a." + $at + r#" AS "at!", a.id AS "id!", coalesce(a.size, approval_size(a.context, a.checkpoint, a.metadata,
                    a.result, a.title, a.description, a.policy)) AS "size!",
                    EXISTS (SELECT FROM approval_decisions d
                             WHERE d.approval_id = a.id AND d.principal_id = $12 AND d.level = a.escalation_level)
                    AS "voted!"
               FROM approval_requests a
              CROSS JOIN LATERAL (
                    SELECT CASE WHEN a.approvers IS NULL
                                THEN a.policy->'allowed_approvers' IS NULL OR a.policy->'allowed_approvers' ? $8
                                ELSE a.approvers && $13 END AS own) m
              CROSS JOIN LATERAL (
                    SELECT CASE a.escalation_level WHEN 0 THEN a.policy
                           ELSE a.escalation -> (a.escalation_level - 1) -> 'policy' END AS policy) now
              WHERE a.workspace_id = $1 AND a.status = 'pending' AND a.expires_at > now()
                AND ($2::text IS NULL OR a.run_id = $2)
                AND ($3::text IS NULL OR a.session_id = $3)
                AND ($4::text IS NULL OR a.task_id = $4)
                AND ($5::text IS NULL OR a.approval_type = $5)
                AND ($6::text IS NULL OR strpos(lower(concat_ws(' ', a.title, a.description, a.approval_type)), lower($6)) > 0)
                AND ($7::uuid IS NULL OR (
                        (m.own AND NOT EXISTS (SELECT FROM approval_decisions d
                                                WHERE d.approval_id = a.id AND d.seat_id = $7
                                                  AND d.level = a.escalation_level)
                         OR NOT m.own AND $15::text IS NOT NULL AND EXISTS (
                            SELECT FROM json_to_recordset($15::text::json) AS s(
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
                    AND ($14 OR (now.policy->>'allow_services')::boolean IS TRUE)
                    AND ((a.requested_by <> $7 AND a.requested_by_name <> $8 AND a.on_behalf_of IS DISTINCT FROM $8)
                         OR (now.policy->>'allow_self_approval')::boolean)
                    AND NOT EXISTS (SELECT FROM approval_decisions d
                                     WHERE d.approval_id = a.id AND d.principal_id = $7
                                       AND d.level = a.escalation_level))) "#
                + $page,
            $filter.workspace.0,
            $filter.run_id.map(CallerName::as_str),
            $filter.session_id.map(CallerName::as_str),
            $filter.task_id.map(CallerName::as_str),
            $filter.approval_type.map(CallerName::as_str),
            $filter.text,
            $filter.approver.map(|voter| voter.member.actor.id.0),
            $filter.approver.map_or("", |voter| voter.member.actor.name.as_str()),
            $filter.after.map(|it| it.at),
            $filter.after.map(|it| it.id),
            $filter.limit,
            $filter.caller.0,
            &$filter.approver.map(mine).unwrap_or_default(),
            $filter.approver.is_none_or(|voter| voter.kind == Kind::Person),
            $filter.approver.map(seats).transpose()?.flatten(),
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

/// One page of pending approvals, by their places.
pub async fn pending(conn: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<Entry>, Error> {
    let rows = match filter.sort {
        Sort::ExpiresAt => {
            pending!(
                filter,
                "expires_at",
                "AND ($9::timestamptz IS NULL OR (a.expires_at, a.id) > ($9, $10::uuid))
                 ORDER BY a.expires_at, a.id LIMIT $11"
            )
            .fetch_all(conn)
            .await?
        }
        Sort::NewestFirst => {
            pending!(
                filter,
                "created_at",
                "AND ($9::timestamptz IS NULL OR (a.created_at, a.id) < ($9, $10::uuid))
                 ORDER BY a.created_at DESC, a.id DESC LIMIT $11"
            )
            .fetch_all(conn)
            .await?
        }
    };
    let entry =
        |Row { at, id, size, voted }| Entry { position: Position { at, id }, size: bytes(size), voted };
    Ok(rows.into_iter().map(entry).collect())
}
