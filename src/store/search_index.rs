//! Filling the index of terms, behind what has ended.
//!
//! `approval_search_progress` is a mark in the history of all workspaces, counted from the oldest: everything before it
//! is in `approval_search`. An outcome becomes visible a while after its moment, so the mark never comes closer to now
//! than any statement may take; what lies between is looked through each time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::Error;

/// Longer than from an outcome's moment to its commit, whatever happens.
const LATEST_COMMIT: Duration = Duration::from_secs(15);
/// How long the mark may stand still while nothing ends: moving it is a commit.
const IDLE: Duration = Duration::from_mins(1);

/// What one step came to.
#[derive(Debug, Clone, Copy)]
pub struct Indexed {
    /// Whether there may be more.
    pub more: bool,
    /// How long the oldest outcome had been waiting that was not in the index; zero where none was.
    pub behind: Duration,
}

struct Ended {
    at: DateTime<Utc>,
    id: Uuid,
    indexed: bool,
}

/// A moment, and an outcome of that moment.
type Place = (DateTime<Utc>, Uuid);

/// One look from the mark to now, in steps: what a step has looked through, the next ones don't look at again.
///
/// Most of what is behind the mark is in the index already, or most of it is missing. So a step looks at as many as it may
/// index, and at twice as many as the step before where that found few that were missing.
#[derive(Debug, Default)]
pub struct Pass {
    left: Option<Left>,
    /// How many the next step looks at.
    look: usize,
}

/// Where a step stopped.
#[derive(Debug, Clone, Copy)]
struct Left {
    /// Where it left the mark. If that is elsewhere by now, an operator has sent it back, or another instance was at it.
    mark: Place,
    at: Place,
    /// How far the mark may come in this pass: as far as nothing could turn up any more when it began.
    newest: Place,
}

/// How outcomes are put into the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Terms {
    All,
    None,
}

/// Looks at the next outcomes behind the mark, `examine` at the most, and indexes those that are not in the index, `most`
/// at the most. `None`: another instance is at it.
pub async fn index(
    conn: &mut PgConnection,
    pass: &mut Pass,
    sizes: (usize, usize),
) -> Result<Option<Indexed>, Error> {
    add_behind(conn, pass, sizes, Terms::All).await
}

/// Passes over the next outcome, which can't be indexed: it stays in the history, and no search by words finds it.
pub async fn pass_over(
    conn: &mut PgConnection,
    pass: &mut Pass,
    examine: usize,
) -> Result<Option<Indexed>, Error> {
    add_behind(conn, pass, (examine, 1), Terms::None).await
}

async fn add_behind(
    conn: &mut PgConnection,
    pass: &mut Pass,
    (examine, most): (usize, usize),
    terms: Terms,
) -> Result<Option<Indexed>, Error> {
    let left = pass.left.take();
    // A step begins with the outcome where the one before has stopped.
    let least = (most + 1).min(examine);
    let look = pass.look.clamp(least, examine);
    let mut transaction = conn.begin().await?;
    let mark = sqlx::query!(
        r#"SELECT resolved_at AS at, approval_id AS id, now() AS "now!"
             FROM approval_search_progress FOR UPDATE SKIP LOCKED"#
    );
    let Some(mark) = mark.fetch_optional(&mut *transaction).await? else {
        transaction.rollback().await?;
        return Ok(None);
    };
    let mut place = (mark.at, mark.id);
    let (from, newest) = match left {
        Some(left) if left.mark == place => (left.at, left.newest),
        // Nothing has this id: what ended in that very moment is behind the mark.
        _ => (place, (mark.now - LATEST_COMMIT, Uuid::nil())),
    };
    let behind_mark = behind(&mut transaction, from, look).await?;
    let missing: Vec<&Ended> = behind_mark.iter().filter(|it| !it.indexed).take(most).collect();
    add(&mut transaction, &missing, terms).await?;
    let came_to = if missing.len() >= most {
        missing.last().copied()
    } else {
        behind_mark.last().filter(|_| behind_mark.len() >= look)
    };
    let came_to = came_to.map(|it| (it.at, it.id));
    let reached = came_to.map_or(newest, |it| newest.min(it));
    let more = came_to.is_some();
    if reached > place && (more || !missing.is_empty() || mark.at < mark.now - IDLE) {
        move_mark(&mut transaction, reached).await?;
        place = reached;
    }
    transaction.commit().await?;
    pass.left = came_to.map(|at| Left { mark: place, at, newest });
    // Also at the end of a pass: the next one begins with what this one has looked through.
    pass.look = if missing.len() >= most { least } else { look * 2 };
    let waited = missing.first().map(|oldest| mark.now - oldest.at);
    let behind = waited.and_then(|waited| waited.to_std().ok()).unwrap_or_default();
    Ok(Some(Indexed { more, behind }))
}

// The first condition says nothing that the second doesn't, but shows the planner that the index may be used, which
// holds only what has ended. And not an EXISTS: where many rows are expected, that is planned as a reading of all that
// is indexed.
async fn behind(conn: &mut PgConnection, (at, id): Place, most: usize) -> Result<Vec<Ended>, Error> {
    Ok(sqlx::query_as!(
        Ended,
        r#"SELECT a.resolved_at AS "at!", a.id,
                  (SELECT s.approval_id FROM approval_search s WHERE s.approval_id = a.id) IS NOT NULL AS "indexed!"
             FROM approval_requests a
            WHERE a.resolved_at >= $1 AND (a.resolved_at, a.id) >= ($1, $2)
            ORDER BY a.resolved_at, a.id
            LIMIT $3"#,
        at,
        id,
        i64::try_from(most).unwrap_or(i64::MAX),
    )
    .fetch_all(conn)
    .await?)
}

/// Each is locked against deletion: its terms must not be written after it is gone.
async fn add(conn: &mut PgConnection, missing: &[&Ended], terms: Terms) -> Result<(), Error> {
    if missing.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = missing.iter().map(|it| it.id).collect();
    sqlx::query!(
        "INSERT INTO approval_search (approval_id, workspace_id, resolved_at, terms)
         SELECT a.id, a.workspace_id, a.resolved_at,
                CASE WHEN $2 THEN
                     approval_terms(a.id, a.workspace_id, a.run_id, a.approval_type, a.title, a.description, a.status,
                                    a.resolution, a.requested_by_name, a.resolved_by_name, a.workflow)
                ELSE ''::tsvector END
           FROM (SELECT a.id, a.workspace_id, a.resolved_at, a.run_id, a.approval_type, a.title, a.description,
                        a.status, a.resolution, a.requested_by_name, a.resolved_by_name, a.workflow
                   FROM approval_requests a WHERE a.id = ANY($1)
                    FOR KEY SHARE) a",
        &ids,
        terms == Terms::All,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn move_mark(conn: &mut PgConnection, (at, id): Place) -> Result<(), Error> {
    sqlx::query!("UPDATE approval_search_progress SET resolved_at = $1, approval_id = $2", at, id)
        .execute(conn)
        .await?;
    Ok(())
}
