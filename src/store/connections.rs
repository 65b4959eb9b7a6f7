//! Who is connected, and where: one row for each task with a live socket.
//!
//! Ownership is decided here and nowhere else. Each change of owner takes the next number of one sequence, its
//! generation; a socket with an older one can neither refresh nor remove the row.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, json};
use crate::domain::{event::TaskKey, ids::WorkspaceId, names::CallerName, policy::Actor};

/// A socket that wants to own a task.
#[derive(Debug, Clone)]
pub struct Bid {
    pub id: Uuid,
    pub key: TaskKey,
    pub session: Option<CallerName>,
    pub principal: Actor,
}

#[derive(Serialize)]
struct BidRow<'a> {
    n: usize,
    id: Uuid,
    workspace_id: Uuid,
    task_id: &'a str,
    session_id: Option<&'a str>,
    principal_id: Uuid,
    principal_name: &'a str,
}

/// How many live sockets there may be.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    pub workspace: i64,
    pub principal: i64,
}

/// What a bid came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owned {
    Owner {
        generation: i64,
        /// Whom it was taken from.
        previous: Option<String>,
    },
    /// The workspace or the principal has as many as it may have.
    Full,
}

/// Makes each bid's socket the owner of its task, also where another was. No two bids may be about one task.
///
/// Taking over is never refused: it adds nobody. The caps are counted once for the batch; bids that other
/// instances make at the same moment may exceed them by so many.
pub async fn bid(
    conn: &mut PgConnection,
    instance: &str,
    bids: &[&Bid],
    caps: Caps,
) -> Result<Vec<Owned>, Error> {
    let rows: Vec<BidRow<'_>> = bids
        .iter()
        .enumerate()
        .map(|(n, bid)| BidRow {
            n,
            id: bid.id,
            workspace_id: bid.key.workspace.0,
            task_id: bid.key.task.as_str(),
            session_id: bid.session.as_ref().map(CallerName::as_str),
            principal_id: bid.principal.id.0,
            principal_name: bid.principal.name.as_str(),
        })
        .collect();
    let owned = sqlx::query!(
        r#"
        WITH input AS MATERIALIZED (
            SELECT x.n, x.id, x.workspace_id, x.task_id, x.session_id, x.principal_id, x.principal_name
              FROM json_to_recordset($1::text::json) AS x(
                   n integer, id uuid, workspace_id uuid, task_id text, session_id text, principal_id uuid,
                   principal_name text)
        ), fresh AS MATERIALIZED (
            SELECT i.n, i.workspace_id, i.principal_id,
                   row_number() OVER (PARTITION BY i.workspace_id ORDER BY i.n) AS nth_of_workspace,
                   row_number() OVER (PARTITION BY i.principal_id ORDER BY i.n) AS nth_of_principal
              FROM input i
             WHERE NOT EXISTS (
                   SELECT FROM active_connections c
                    WHERE c.workspace_id = i.workspace_id AND c.task_id = i.task_id)
        ), of_workspaces AS MATERIALIZED (
            SELECT w.workspace_id, (
                   SELECT count(*) FROM (
                       SELECT FROM active_connections c WHERE c.workspace_id = w.workspace_id LIMIT $3) x) AS live
              FROM (SELECT DISTINCT f.workspace_id FROM fresh f) w
        ), of_principals AS MATERIALIZED (
            SELECT p.principal_id, (
                   SELECT count(*) FROM (
                       SELECT FROM active_connections c WHERE c.principal_id = p.principal_id LIMIT $4) x) AS live
              FROM (SELECT DISTINCT f.principal_id FROM fresh f) p
        ), refused AS MATERIALIZED (
            SELECT f.n
              FROM fresh f
              JOIN of_workspaces w ON w.workspace_id = f.workspace_id
              JOIN of_principals p ON p.principal_id = f.principal_id
             WHERE w.live + f.nth_of_workspace > $3 OR p.live + f.nth_of_principal > $4
        ), new_tasks AS (
            INSERT INTO tasks (workspace_id, task_id, start, last_seq)
            SELECT i.workspace_id, i.task_id, s.start, s.start
              FROM input i CROSS JOIN (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS start) s
             WHERE i.n NOT IN (SELECT r.n FROM refused r)
               AND NOT EXISTS (
                   SELECT FROM tasks t WHERE t.workspace_id = i.workspace_id AND t.task_id = i.task_id)
             ORDER BY i.workspace_id, i.task_id
            ON CONFLICT DO NOTHING
        ), claimed AS (
            INSERT INTO active_connections AS c (id, workspace_id, task_id, session_id, principal_id,
                   principal_name, server_instance)
            SELECT i.id, i.workspace_id, i.task_id, i.session_id, i.principal_id, i.principal_name, $2
              FROM input i
             WHERE i.n NOT IN (SELECT r.n FROM refused r)
             ORDER BY i.workspace_id, i.task_id
            ON CONFLICT (workspace_id, task_id) DO UPDATE
               SET id = excluded.id, session_id = excluded.session_id, principal_id = excluded.principal_id,
                   principal_name = excluded.principal_name, previous_instance = c.server_instance,
                   server_instance = excluded.server_instance, generation = nextval('connection_generations'),
                   connected_at = now(), last_heartbeat = now(), closed_by = NULL
            RETURNING id, generation, previous_instance
        )
        SELECT i.n AS "n!", c.generation AS "generation?", c.previous_instance
          FROM input i LEFT JOIN claimed c ON c.id = i.id
         ORDER BY i.n
        "#,
        json(&rows)?,
        instance,
        caps.workspace,
        caps.principal,
    )
    .fetch_all(conn)
    .await?;
    let owned = owned.into_iter().map(|row| match row.generation {
        Some(generation) => Owned::Owner { generation, previous: row.previous_instance },
        None => Owned::Full,
    });
    Ok(owned.collect())
}

/// Columns for an `unnest`: which task, in which generation.
struct Fences {
    workspaces: Vec<Uuid>,
    tasks: Vec<String>,
    generations: Vec<i64>,
}

impl Fences {
    fn of(owned: &[(TaskKey, i64)]) -> Self {
        Self {
            workspaces: owned.iter().map(|(key, _)| key.workspace.0).collect(),
            tasks: owned.iter().map(|(key, _)| key.task.to_string()).collect(),
            generations: owned.iter().map(|(_, generation)| *generation).collect(),
        }
    }
}

/// Removes the records of sockets that have gone, by their ids: what was taken over since stays.
pub async fn release(conn: &mut PgConnection, gone: &[(TaskKey, Uuid)]) -> Result<(), Error> {
    let workspaces: Vec<Uuid> = gone.iter().map(|(key, _)| key.workspace.0).collect();
    let tasks: Vec<String> = gone.iter().map(|(key, _)| key.task.to_string()).collect();
    let ids: Vec<Uuid> = gone.iter().map(|(_, id)| *id).collect();
    sqlx::query!(
        "WITH gone AS MATERIALIZED (
            SELECT c.workspace_id, c.task_id, c.id
              FROM active_connections c
              JOIN unnest($1::uuid[], $2::text[], $3::uuid[]) AS g(workspace_id, task_id, id)
                ON c.workspace_id = g.workspace_id AND c.task_id = g.task_id AND c.id = g.id
             ORDER BY c.workspace_id, c.task_id
               FOR UPDATE OF c
        )
        DELETE FROM active_connections c USING gone g
         WHERE c.workspace_id = g.workspace_id AND c.task_id = g.task_id AND c.id = g.id",
        &workspaces,
        &tasks,
        &ids,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How a socket stands to the record of its task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketState {
    Owner,
    /// A newer one owns the task.
    Replaced,
    /// A caller closed it by hand.
    Closed {
        by: String,
    },
    /// Its record was removed: the instance was taken for dead.
    Gone,
}

/// How these stand, in the order asked.
pub async fn standings(conn: &mut PgConnection, owned: &[(TaskKey, i64)]) -> Result<Vec<SocketState>, Error> {
    let Fences { workspaces, tasks, generations } = Fences::of(owned);
    let rows = sqlx::query!(
        r#"SELECT i.generation AS "expected!", c.generation AS "generation?", c.closed_by
             FROM unnest($1::uuid[], $2::text[], $3::bigint[]) WITH ORDINALITY
                  AS i(workspace_id, task_id, generation, n)
             LEFT JOIN active_connections c ON c.workspace_id = i.workspace_id AND c.task_id = i.task_id
            ORDER BY i.n"#,
        &workspaces,
        &tasks,
        &generations,
    )
    .fetch_all(conn)
    .await?;
    let standing = rows.into_iter().map(|row| match (row.generation, row.closed_by) {
        (Some(generation), None) if generation == row.expected => SocketState::Owner,
        (Some(generation), Some(by)) if generation == row.expected => SocketState::Closed { by },
        (Some(_), _) => SocketState::Replaced,
        (None, _) => SocketState::Gone,
    });
    Ok(standing.collect())
}

/// Writes down when the clients last showed life (so many seconds ago); answers which of them, by their place in
/// `owned`, are ours no longer.
pub async fn touch(
    conn: &mut PgConnection,
    owned: &[(TaskKey, i64)],
    ages: &[f64],
) -> Result<Vec<usize>, Error> {
    let Fences { workspaces, tasks, generations } = Fences::of(owned);
    let kept = sqlx::query_scalar!(
        r#"WITH input AS MATERIALIZED (
               SELECT i.workspace_id, i.task_id, i.generation, i.age, i.n
                 FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::float8[]) WITH ORDINALITY
                      AS i(workspace_id, task_id, generation, age, n)
           ), locked AS MATERIALIZED (
               SELECT c.workspace_id, c.task_id, i.n, i.age
                 FROM input i
                 JOIN active_connections c
                   ON c.workspace_id = i.workspace_id AND c.task_id = i.task_id AND c.generation = i.generation
                ORDER BY c.workspace_id, c.task_id
                  FOR UPDATE OF c
           )
           UPDATE active_connections c
              SET last_heartbeat = greatest(c.last_heartbeat, now() - make_interval(secs => l.age))
             FROM locked l
            WHERE c.workspace_id = l.workspace_id AND c.task_id = l.task_id
           RETURNING l.n AS "n!""#,
        &workspaces,
        &tasks,
        &generations,
        ages,
    )
    .fetch_all(conn)
    .await?;
    let mut lost: Vec<bool> = vec![true; owned.len()];
    for n in kept {
        if let Some(lost) = usize::try_from(n - 1).ok().and_then(|n| lost.get_mut(n)) {
            *lost = false;
        }
    }
    Ok(lost.iter().enumerate().filter(|(_, lost)| **lost).map(|(n, _)| n).collect())
}

/// A connection whose record was removed because its instance is dead.
#[derive(Debug, Clone)]
pub struct Reaped {
    pub key: TaskKey,
    pub instance: String,
    pub generation: i64,
}

/// Removes connections of instances whose lease ran out longer than `ttl` ago, up to `limit`. Those that another
/// transaction is at are left to it.
pub async fn reap(conn: &mut PgConnection, ttl: Duration, limit: i64) -> Result<Vec<Reaped>, Error> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE owners AS (
               (SELECT c.server_instance FROM active_connections c ORDER BY c.server_instance LIMIT 1)
               UNION ALL
               SELECT (SELECT c.server_instance FROM active_connections c
                        WHERE c.server_instance > o.server_instance ORDER BY c.server_instance LIMIT 1)
                 FROM owners o WHERE o.server_instance IS NOT NULL
           ), dead AS (
               SELECT o.server_instance
                 FROM owners o
                 LEFT JOIN instances i ON i.id = o.server_instance
                WHERE o.server_instance IS NOT NULL
                  AND (i.id IS NULL OR i.last_heartbeat < now() - make_interval(secs => $1))
           ), ghosts AS MATERIALIZED (
               SELECT c.workspace_id, c.task_id, c.id
                 FROM active_connections c
                WHERE c.server_instance = ANY (ARRAY(SELECT d.server_instance FROM dead d))
                  -- An instance that starts may own a socket before its first heartbeat is written.
                  AND c.connected_at < now() - make_interval(secs => $1)
                LIMIT $2
                  FOR UPDATE SKIP LOCKED
           ), lost AS (
               -- Looked at again when locked: several instances do this at once, and one of them tells it.
               SELECT i.id FROM instances i
                WHERE i.lost_at IS NULL AND i.last_heartbeat < now() - make_interval(secs => $1)
                ORDER BY i.id
                  FOR UPDATE SKIP LOCKED
           ), marked AS (
               UPDATE instances i SET lost_at = now() FROM lost l WHERE i.id = l.id RETURNING i.id
           ), told AS (
               INSERT INTO cluster_events (id, at, instance_id, kind)
               SELECT gen_random_uuid(), now(), m.id, 'lost' FROM marked m
           )
           DELETE FROM active_connections c USING ghosts g
            WHERE c.workspace_id = g.workspace_id AND c.task_id = g.task_id AND c.id = g.id
           RETURNING c.workspace_id, c.task_id, c.server_instance, c.generation"#,
        ttl.as_secs_f64(),
        limit,
    )
    .fetch_all(conn)
    .await?;
    let reaped = rows.into_iter().filter_map(|row| {
        let key = TaskKey {
            workspace: WorkspaceId(row.workspace_id),
            task: CallerName::stored(&row.task_id).ok()?,
        };
        Some(Reaped { key, instance: row.server_instance, generation: row.generation })
    });
    Ok(reaped.collect())
}

/// How many records an instance has.
pub async fn count(conn: &mut PgConnection, instance: &str) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM active_connections WHERE server_instance = $1"#,
        instance
    )
    .fetch_one(conn)
    .await?)
}

/// An instance's records that are older than `age`.
pub async fn of_instance(
    conn: &mut PgConnection,
    instance: &str,
    age: Duration,
) -> Result<Vec<(TaskKey, Uuid)>, Error> {
    let rows = sqlx::query!(
        "SELECT workspace_id, task_id, id FROM active_connections
          WHERE server_instance = $1 AND connected_at < now() - make_interval(secs => $2)",
        instance,
        age.as_secs_f64(),
    )
    .fetch_all(conn)
    .await?;
    let key = |workspace, task: &str| {
        Some(TaskKey { workspace: WorkspaceId(workspace), task: CallerName::stored(task).ok()? })
    };
    Ok(rows.into_iter().filter_map(|row| Some((key(row.workspace_id, &row.task_id)?, row.id))).collect())
}

/// Removes whatever is left of an instance that stops in good order.
pub async fn release_all(conn: &mut PgConnection, instance: &str) -> Result<u64, Error> {
    let gone = sqlx::query!("DELETE FROM active_connections WHERE server_instance = $1", instance)
        .execute(conn)
        .await?;
    Ok(gone.rows_affected())
}

/// The tasks of an instance whose sockets a caller closed by hand.
pub async fn to_close(conn: &mut PgConnection, instance: &str) -> Result<Vec<TaskKey>, Error> {
    let rows = sqlx::query!(
        "SELECT workspace_id, task_id FROM active_connections WHERE server_instance = $1 AND closed_by IS NOT NULL",
        instance,
    )
    .fetch_all(conn)
    .await?;
    let key = |workspace, task: &str| {
        Some(TaskKey { workspace: WorkspaceId(workspace), task: CallerName::stored(task).ok()? })
    };
    Ok(rows.into_iter().filter_map(|row| key(row.workspace_id, &row.task_id)).collect())
}

/// One live connection, as it is shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Connection)]
pub struct Listed {
    pub connection_id: Uuid,
    #[schema(example = "run-42")]
    pub task_id: String,
    pub session_id: Option<String>,
    /// Whose credential opened it.
    #[schema(example = "agent-7")]
    pub principal: String,
    pub principal_id: Uuid,
    /// The instance that the client hangs on.
    #[schema(example = "web-1-0af3c2d1")]
    pub instance_id: String,
    /// Rises with every change of the task's owner.
    pub generation: i64,
    pub connected_at: DateTime<Utc>,
    /// When the client last showed life; written down about once a minute.
    pub last_heartbeat: DateTime<Utc>,
}

/// Live connections of a workspace, in the order of their tasks; all, or that of one task, or those of a session.
/// Those of an instance whose lease has run out are gone.
pub async fn list(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    of: &Which<'_>,
    lease_ttl: Duration,
) -> Result<Vec<Listed>, Error> {
    Ok(sqlx::query_as!(
        Listed,
        r#"SELECT c.id AS connection_id, c.task_id, c.session_id, c.principal_name AS principal, c.principal_id,
                  c.server_instance AS instance_id, c.generation, c.connected_at, c.last_heartbeat
             FROM active_connections c
             JOIN instances i ON i.id = c.server_instance
            WHERE c.workspace_id = $1 AND c.closed_by IS NULL
              AND i.last_heartbeat > now() - make_interval(secs => $2)
              AND ($3::text IS NULL OR c.task_id = $3)
              AND ($4::text IS NULL OR c.session_id = $4)
              AND ($5::text IS NULL OR c.task_id > $5)
            ORDER BY c.task_id LIMIT $6"#,
        workspace.0,
        lease_ttl.as_secs_f64(),
        of.task.map(CallerName::as_str),
        of.session.map(CallerName::as_str),
        of.after,
        of.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Which connections to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which<'a> {
    pub task: Option<&'a CallerName>,
    pub session: Option<&'a CallerName>,
    /// The last task of the page before.
    pub after: Option<&'a str>,
    pub limit: i64,
}

/// Marks a task's connection as closed by hand; answers where it is. `None`: there is none.
pub async fn close(
    conn: &mut PgConnection,
    key: &TaskKey,
    by: &Actor,
    lease_ttl: Duration,
) -> Result<Option<String>, Error> {
    Ok(sqlx::query_scalar!(
        "UPDATE active_connections c SET closed_by = $3
           FROM instances i
          WHERE c.workspace_id = $1 AND c.task_id = $2 AND c.closed_by IS NULL
            AND i.id = c.server_instance AND i.last_heartbeat > now() - make_interval(secs => $4)
         RETURNING c.server_instance",
        key.workspace.0,
        key.task.as_str(),
        by.name.as_str(),
        lease_ttl.as_secs_f64(),
    )
    .fetch_optional(conn)
    .await?)
}
