//! The one statement that moves pending approvals on: to their next level, or to a later deadline.
//!
//! It goes beside [`super::changes`], which ends approvals and writes votes, so that what decides pays nothing for it.
//! Its guard is the same: the row is locked without waiting, and then version, state and clock are looked at. Who
//! comes next, and for how long, stands in the row, so it is handed on without being read.

use std::{collections::HashMap, net::IpAddr};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, changes::sha256};
use crate::domain::{
    approval::Via, credential::Origin, escalation::hop_size, ids::ApprovalId, names::PrincipalName,
    policy::Actor,
};

/// What is to become of one approval.
#[derive(Debug, Clone, Copy)]
pub enum Move<'a> {
    /// The deadline hands it on; it must have passed.
    TimesOut,
    /// A person does; it must not have.
    Escalate { by: &'a Actor, reason: &'a str },
    /// The deadline of its level moves; it must not have passed.
    Extend { by: &'a Actor, reason: &'a str, seconds: u32 },
}

/// Moves, one at most for an approval.
#[derive(Default)]
pub struct Moves(Vec<Row>);

#[derive(Serialize)]
struct Row {
    id: Uuid,
    expected: i32,
    action: &'static str,
    event: &'static str,
    via: &'static str,
    fires: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_sha256: Option<String>,
    grows: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<PrincipalName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

/// An approval that was moved.
#[derive(Debug, Clone, Copy)]
pub struct Moved {
    pub at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// What brought it to its next level; `None`: only its deadline was moved.
    pub hop: Option<Via>,
}

impl Moves {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What hands an approval on, if one of these does.
    fn hop(&self, id: Uuid) -> Option<Via> {
        let row = self.0.iter().find(|row| row.id == id && row.seconds.is_none())?;
        Some(if row.fires { Via::Timeout } else { Via::Human })
    }

    /// One that was read in version `expected`; it will have the next.
    pub fn add(&mut self, id: ApprovalId, expected: i32, how: Move<'_>, origin: &Origin) {
        let (by, reason) = match how {
            Move::TimesOut => (None, None),
            Move::Escalate { by, reason } | Move::Extend { by, reason, .. } => (Some(by), Some(reason)),
        };
        let (action, event, grows) = match how {
            Move::Extend { .. } => ("approval.extended", "approval_extended", 0),
            _ => ("approval.escalated", "approval_escalated", hop_size(reason)),
        };
        let fires = matches!(how, Move::TimesOut);
        let via = if fires { Via::Timeout } else { Via::Human };
        let seconds = if let Move::Extend { seconds, .. } = how { Some(seconds) } else { None };
        self.0.push(Row {
            id: id.0,
            expected,
            action,
            event,
            via: via.as_str(),
            fires,
            seconds,
            by: by.map(|by| by.id.0),
            by_name: by.map(|by| by.name.to_string()),
            reason: reason.map(str::to_owned),
            reason_sha256: reason.map(sha256),
            grows,
            on_behalf_of: origin.on_behalf_of.clone(),
            credential: origin.credential.clone(),
            address: origin.address,
            user_agent: origin.user_agent.clone(),
            request_id: origin.request_id.clone(),
        });
    }
}

/// Writes the moves and says which were written. The others were left as they are.
///
/// The new time of a level begins when the hop is written, however late that is: it is never cut short.
#[expect(clippy::too_many_lines, reason = "it is one statement, for one commit")]
pub async fn write(conn: &mut PgConnection, moves: &Moves) -> Result<HashMap<ApprovalId, Moved>, Error> {
    let written = sqlx::query!(
        r#"
        WITH input AS MATERIALIZED (
            SELECT x.id, x.expected, x.action, x.event, x.via, x.fires, x.seconds, x.by, x.by_name, x.reason,
                   x.reason_sha256, x.grows, x.on_behalf_of, x.credential, x.address, x.user_agent, x.request_id
              FROM json_to_recordset($1::text::json) AS x(
                   id uuid, expected integer, action text, event text, via text, fires boolean, seconds integer,
                   by uuid, by_name text, reason text, reason_sha256 text, grows integer, on_behalf_of text,
                   credential text, address text, user_agent text, request_id text)
        ), locked AS MATERIALIZED (
            SELECT a.ctid AS place, a.id, a.status, a.version, a.expires_at, a.escalation_level AS level,
                   a.escalation -> a.escalation_level AS next
              FROM approval_requests a
             WHERE a.id = ANY (ARRAY(SELECT i.id FROM input i))
             ORDER BY a.id
               FOR UPDATE SKIP LOCKED
        ), stamped AS MATERIALIZED (
            SELECT l.place, l.id, l.status, l.version, l.expires_at, l.level, l.next, clock_timestamp() AS at
              FROM locked l
        ), ok AS MATERIALIZED (
            SELECT s.place, s.id, s.at, s.level, i.seconds, i.via, i.by, i.by_name, i.reason, i.grows,
                   CASE WHEN i.seconds IS NULL THEN s.next END AS next,
                   CASE WHEN i.seconds IS NULL
                        THEN s.at + make_interval(secs => (s.next ->> 'after_seconds')::integer)
                        ELSE s.expires_at + make_interval(secs => i.seconds) END AS expires_at
              FROM stamped s JOIN input i ON i.id = s.id
             WHERE s.status = 'pending' AND s.version = i.expected AND (s.expires_at <= s.at) = i.fires
               AND (i.seconds IS NOT NULL OR s.next IS NOT NULL)
        ), changed AS (
            UPDATE approval_requests a
               SET version = a.version + 1, updated_at = ok.at, expires_at = ok.expires_at,
                   escalation_level = a.escalation_level + (ok.next IS NOT NULL)::integer,
                   approvers = CASE WHEN ok.next IS NULL THEN a.approvers
                                    ELSE ARRAY(SELECT jsonb_array_elements_text(ok.next -> 'approvers')) END,
                   ladder = CASE WHEN ok.next IS NULL THEN a.ladder
                                 ELSE coalesce(a.ladder, '[]') || jsonb_build_array(jsonb_build_object(
                                     'from_level', ok.level, 'via', ok.via, 'by_id', ok.by, 'by', ok.by_name,
                                     'reason', ok.reason, 'at',
                                     to_char(ok.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))) END,
                   extended_seconds = CASE WHEN ok.next IS NULL THEN coalesce(a.extended_seconds, 0) + ok.seconds END,
                   extensions = CASE WHEN ok.next IS NULL THEN coalesce(a.extensions, 0) + 1 END,
                   remind_at = (SELECT min(ok.expires_at - make_interval(secs => r.seconds))
                                  FROM unnest(a.remind_before) AS r(seconds)
                                 WHERE ok.expires_at - make_interval(secs => r.seconds) > ok.at),
                   size = a.size + ok.grows
              FROM ok
             WHERE a.ctid = ok.place AND a.id = ok.id AND a.status = 'pending'
            RETURNING a.id, a.workspace_id, a.updated_at AS at, a.expires_at, a.run_id, a.session_id, a.task_id,
                   a.approval_type, a.escalation_level AS level, ok.level AS from_level, ok.next ->> 'label' AS label,
                   a.version
        ), causes AS (
            -- A deadline that was moved is told by the log alone.
            INSERT INTO notification_causes (due_at, workspace_id, approval_id, cause, level, version)
            SELECT c.at, c.workspace_id, c.id, 'escalated', c.level, c.version
              FROM changed c
             WHERE c.level > c.from_level
        ), records AS (
            INSERT INTO audit_log (workspace_id, at, action, approval_id, run_id, actor_id, actor_name,
                   on_behalf_of, via, credential, address, user_agent, request_id, before, after, detail)
            SELECT c.workspace_id, c.at, i.action, c.id, c.run_id, i.by, i.by_name, i.on_behalf_of, i.via, i.credential,
                   i.address, i.user_agent, i.request_id,
                   json_build_object('status', 'pending', 'version', c.version - 1),
                   json_build_object('status', 'pending', 'resolution', NULL, 'version', c.version),
                   json_build_object('from_level', c.from_level, 'level', c.level, 'seconds', i.seconds, 'expires_at',
                       to_char(c.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                       'reason_sha256', i.reason_sha256)
              FROM changed c JOIN input i ON i.id = c.id
        ), per_task AS (
            SELECT c.workspace_id, c.task_id, count(*)::integer AS n, max(c.run_id) AS run_id,
                   max(c.session_id) AS session_id
              FROM changed c
             GROUP BY c.workspace_id, c.task_id
        ), heads AS (
            INSERT INTO tasks AS t (workspace_id, task_id, run_id, session_id, start, last_seq, added, used)
            SELECT p.workspace_id, p.task_id, p.run_id, p.session_id, s.start, s.start + p.n, p.n, true
              FROM per_task p CROSS JOIN (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS start) s
             ORDER BY p.workspace_id, p.task_id
            ON CONFLICT (workspace_id, task_id) DO UPDATE
               SET last_seq = t.last_seq + excluded.added, added = excluded.added, used = true
            RETURNING workspace_id, task_id, last_seq - added AS before
        ), events AS (
            INSERT INTO task_events (workspace_id, task_id, seq, event_type, run_id, session_id, data, size,
                   created_at)
            SELECT e.workspace_id, e.task_id, e.seq, e.event_type, e.run_id, e.session_id, e.data,
                   octet_length(e.data::text), clock_timestamp()
              FROM (SELECT h.workspace_id, h.task_id,
                           h.before + row_number() OVER (PARTITION BY h.workspace_id, h.task_id ORDER BY c.id) AS seq,
                           i.event AS event_type, c.run_id, c.session_id,
                           json_build_object(
                               'approval_id', c.id, 'approval_type', c.approval_type, 'status', 'pending',
                               'level', c.level, 'label', c.label, 'via', i.via, 'by', i.by_name, 'reason', i.reason,
                               'version', c.version, 'expires_at',
                               to_char(c.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS data
                      FROM heads h
                      JOIN changed c ON c.workspace_id = h.workspace_id AND c.task_id = h.task_id
                      JOIN input i ON i.id = c.id) e
        )
        SELECT c.id AS "id!", c.at AS "at!", c.expires_at AS "expires_at!" FROM changed c
        "#,
        super::json(&moves.0)?,
    )
    .fetch_all(conn)
    .await?;
    let told = written.into_iter().map(|row| {
        let hop = moves.hop(row.id);
        (ApprovalId(row.id), Moved { at: row.at, expires_at: row.expires_at, hop })
    });
    Ok(told.collect())
}
