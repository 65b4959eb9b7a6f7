//! What has ended in a workspace, newest first, and the search in it.
//!
//! Pages are cut by key, and keys are the moment of the outcome and the id: neither ever changes, so what ends between
//! two pages moves nothing. Everything here answers with keys; the caller then reads what it needs of those.
//!
//! A search has two ways, and each reads a bounded number of rows. [`walk`] goes through the history from the newest
//! on, which is quick where much of it matches. [`look_up`] asks the index of terms, which is quick where little does.
//! Neither way is left to Postgres to choose: it would have to know how often a word occurs in this workspace.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, listing::Position};
use crate::domain::{
    approval::{Resolution, Status},
    ids::WorkspaceId,
    names::{CallerName, PrincipalName},
};

/// Words that are shorter aren't looked up where there are longer ones: too many words begin like them.
const SHORTEST: i32 = 3;

/// What of the history is wanted.
#[derive(Debug, Clone)]
pub struct Search {
    pub workspace: WorkspaceId,
    pub run_id: Option<CallerName>,
    pub workflow: Option<CallerName>,
    /// A final one.
    pub status: Option<Status>,
    /// `Some(None)`: only what ended without a resolution.
    pub resolution: Option<Option<Resolution>>,
    pub requested_by: Option<PrincipalName>,
    /// Who cast a vote, whether or not it counted in the end, or ended it by hand.
    pub decided_by: Option<PrincipalName>,
    /// Only where for each word of this one begins like it, in title, description, type, run or workflow.
    pub text: Option<String>,
    /// Outcomes from this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Outcomes before this moment.
    pub to: Option<DateTime<Utc>>,
}

impl Search {
    /// Whether all that ended within the time is wanted.
    pub fn is_for_all(&self) -> bool {
        let Self {
            workspace: _,
            run_id,
            workflow,
            status,
            resolution,
            requested_by,
            decided_by,
            text,
            from: _,
            to: _,
        } = self;
        run_id.is_none()
            && workflow.is_none()
            && status.is_none()
            && resolution.is_none()
            && requested_by.is_none()
            && decided_by.is_none()
            && text.is_none()
    }

    fn resolution(&self) -> Option<&'static str> {
        self.resolution.map(|resolution| resolution.map_or("none", Resolution::as_str))
    }

    /// Where to begin: behind `after`, and in no case later than asked.
    fn before(&self, after: Option<Position>) -> Option<Position> {
        // Nothing has this id, so what ended in that very moment is left out.
        let to = self.to.map(|at| Position { at, id: Uuid::nil() });
        after.into_iter().chain(to).min_by_key(|position| (position.at, position.id))
    }
}

/// The newest outcomes behind a position, whatever they are; at most `most`.
pub async fn newest(
    conn: &mut PgConnection,
    search: &Search,
    after: Option<Position>,
    most: i64,
) -> Result<Vec<Position>, Error> {
    let before = search.before(after);
    Ok(sqlx::query_as!(
        Position,
        r#"SELECT h.resolved_at AS "at!", h.approval_id AS "id!"
             FROM approval_history($1, coalesce($2, '-infinity'::timestamptz), coalesce($3, 'infinity'::timestamptz),
                                   coalesce($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid), $5) h"#,
        search.workspace.0,
        search.from,
        before.map(|it| it.at),
        before.map(|it| it.id),
        most,
    )
    .fetch_all(conn)
    .await?)
}

/// What a walk came to.
#[derive(Debug)]
pub struct Walked {
    /// What matches, newest first.
    pub found: Vec<Position>,
    /// How far it got; `None`: to the end.
    pub stopped: Option<Position>,
}

/// Looks at the `examine` newest outcomes behind a position, until `most` of them match. What is not in the index of
/// terms yet is matched as it would be there.
pub async fn walk(
    conn: &mut PgConnection,
    search: &Search,
    after: Option<Position>,
    (examine, most): (i64, i64),
) -> Result<Walked, Error> {
    let before = search.before(after);
    let rows = sqlx::query!(
        r#"SELECT w.resolved_at AS "at!", w.approval_id AS "id!", w.matches AS "matches!", w.place AS "place!"
             FROM (SELECT h.approval_id, h.resolved_at, h.place,
                          coalesce(
                              (SELECT s.terms FROM approval_search s WHERE s.approval_id = h.approval_id),
                              (SELECT approval_terms(a.id, a.workspace_id, a.run_id, a.approval_type, a.title,
                                      a.description, a.status, a.resolution, a.requested_by_name, a.resolved_by_name,
                                      a.workflow)
                                 FROM approval_requests a WHERE a.id = h.approval_id))
                          @@ (SELECT approval_query($1, $6, $7, $8, $9, $10, $11, 0, $13)) AS matches
                     FROM approval_history($1, coalesce($2, '-infinity'::timestamptz), coalesce($3, 'infinity'::timestamptz),
                                           coalesce($4, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid), $5)
                          WITH ORDINALITY AS h(approval_id, resolved_at, place)) w
            WHERE w.matches OR w.place = $5
            LIMIT $12"#,
        search.workspace.0,
        search.from,
        before.map(|it| it.at),
        before.map(|it| it.id),
        examine,
        search.run_id.as_ref().map(CallerName::as_str),
        search.status.map(Status::as_str),
        search.resolution(),
        search.requested_by.as_ref().map(PrincipalName::as_str),
        search.decided_by.as_ref().map(PrincipalName::as_str),
        search.text,
        most,
        search.workflow.as_ref().map(CallerName::as_str),
    )
    .fetch_all(conn)
    .await?;
    let full = i64::try_from(rows.len()).is_ok_and(|count| count >= most);
    let last = rows.last().filter(|last| full || last.place == examine);
    let stopped = last.map(|last| Position { at: last.at, id: last.id });
    let found =
        rows.iter().filter(|row| row.matches).map(|row| Position { at: row.at, id: row.id }).collect();
    Ok(Walked { found, stopped })
}

/// Up to where everything is in the index of terms, counted from the oldest.
pub async fn indexed(conn: &mut PgConnection) -> Result<Position, Error> {
    let reached = sqlx::query_as!(
        Position,
        "SELECT resolved_at AS at, approval_id AS id FROM approval_search_progress"
    );
    Ok(reached.fetch_one(conn).await?)
}

/// All that the index of terms finds behind a position, newest first; where that is more than `most`, any so many.
pub async fn look_up(
    conn: &mut PgConnection,
    search: &Search,
    after: Position,
    most: i64,
) -> Result<Vec<Position>, Error> {
    Ok(sqlx::query_as!(
        Position,
        r#"SELECT f.resolved_at AS "at!", f.approval_id AS "id!"
             FROM search_approvals($1, approval_query($1, $6, $7, $8, $9, $10, $11, $12, $13),
                      approval_query($1, $6, $7, $8, $9, $10, $11, 0, $13), coalesce($2, '-infinity'::timestamptz), $3, $4, $5) f"#,
        search.workspace.0,
        search.from,
        after.at,
        after.id,
        most,
        search.run_id.as_ref().map(CallerName::as_str),
        search.status.map(Status::as_str),
        search.resolution(),
        search.requested_by.as_ref().map(PrincipalName::as_str),
        search.decided_by.as_ref().map(PrincipalName::as_str),
        search.text,
        SHORTEST,
        search.workflow.as_ref().map(CallerName::as_str),
    )
    .fetch_all(conn)
    .await?)
}
