//! Causes of notifications: what happened, in the order of its work. Statements that make it happen write them; the
//! router takes them, in the transaction that writes the notifications.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    ids::{ApprovalId, WorkspaceId},
    notification::Cause,
};

/// Something that happened to an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caused {
    pub seq: i64,
    pub due_at: DateTime<Utc>,
    pub workspace: WorkspaceId,
    pub approval: ApprovalId,
    pub cause: Cause,
    pub level: i32,
    pub version: i32,
    pub ordinal: i16,
    pub attempts: i16,
}

/// Takes what is due, the longest overdue first and nothing before `floor`: rows that were taken lately are dead, and a
/// long transaction elsewhere keeps them in the way. What another transaction has is left to it, and causes that this
/// version doesn't know to instances that do.
pub async fn take(
    conn: &mut PgConnection,
    floor: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<Caused>, Error> {
    let known: Vec<String> = Cause::WORDS.iter().map(|word| (*word).to_owned()).collect();
    let rows = sqlx::query!(
        r#"WITH due AS MATERIALIZED (
               SELECT c.ctid AS place
                 FROM notification_causes c
                WHERE c.due_at <= statement_timestamp() AND c.due_at >= coalesce($1::timestamptz, '-infinity')
                  AND c.cause = ANY ($3)
                ORDER BY c.due_at, c.seq
                LIMIT $2
                  FOR UPDATE SKIP LOCKED
           )
           DELETE FROM notification_causes c
            WHERE c.ctid = ANY (ARRAY(SELECT d.place FROM due d))
           RETURNING c.seq, c.due_at, c.workspace_id, c.approval_id, c.cause, c.level, c.version, c.ordinal, c.attempts"#,
        floor,
        limit,
        &known,
    )
    .fetch_all(conn)
    .await?;
    let taken = rows.into_iter().map(|row| {
        let cause = Cause::from_word(&row.cause).ok_or_else(|| Error::Corrupt {
            table: "notification_causes",
            id: row.seq.to_string(),
            what: format!("{} is no cause", row.cause),
        })?;
        Ok(Caused {
            seq: row.seq,
            due_at: row.due_at,
            workspace: WorkspaceId(row.workspace_id),
            approval: ApprovalId(row.approval_id),
            cause,
            level: row.level,
            version: row.version,
            ordinal: row.ordinal,
            attempts: row.attempts,
        })
    });
    let mut taken = taken.collect::<Result<Vec<_>, Error>>()?;
    taken.sort_unstable_by_key(|it| (it.due_at, it.seq));
    Ok(taken)
}

/// Where causes go that were taken and are not routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// To the place where they were.
    AsBefore,
    /// They failed: to a later one, the later, the more often they did.
    Later,
}

/// Writes back what was not routed.
pub async fn put_back(conn: &mut PgConnection, caused: &[Caused], put: Put) -> Result<(), Error> {
    let due: Vec<DateTime<Utc>> = caused.iter().map(|it| it.due_at).collect();
    let workspaces: Vec<Uuid> = caused.iter().map(|it| it.workspace.0).collect();
    let approvals: Vec<Uuid> = caused.iter().map(|it| it.approval.0).collect();
    let what: Vec<String> = caused.iter().map(|it| it.cause.as_str().to_owned()).collect();
    let levels: Vec<i32> = caused.iter().map(|it| it.level).collect();
    let versions: Vec<i32> = caused.iter().map(|it| it.version).collect();
    let ordinals: Vec<i16> = caused.iter().map(|it| it.ordinal).collect();
    let attempts: Vec<i16> = caused.iter().map(|it| it.attempts).collect();
    sqlx::query!(
        "INSERT INTO notification_causes (due_at, workspace_id, approval_id, cause, level, version, ordinal, attempts)
         SELECT CASE WHEN $8 THEN clock_timestamp() + make_interval(secs => least(3600, 5 * 2 ^ least(x.attempts, 12)))
                     ELSE x.due_at END, x.workspace_id,
                x.approval_id, x.cause, x.level, x.version, x.ordinal, least(x.attempts::integer + $8::boolean::integer, 30000)
           FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::integer[], $6::smallint[], $7::smallint[],
                $9::timestamptz[])
                AS x(workspace_id, approval_id, cause, level, version, ordinal, attempts, due_at)
          ORDER BY x.due_at",
        &workspaces,
        &approvals,
        &what,
        &levels,
        &versions,
        &ordinals,
        &attempts,
        put == Put::Later,
        &due,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How many wait that could not be routed before, a thousand at most, and for how many seconds the oldest that is due
/// has waited.
pub async fn standing(conn: &mut PgConnection) -> Result<(i64, f64), Error> {
    let row = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM (
                          SELECT FROM notification_causes c WHERE c.attempts > 0 LIMIT 1000) s) AS "stuck!",
                  coalesce(extract(epoch FROM clock_timestamp() - (
                           SELECT c.due_at FROM notification_causes c
                            WHERE c.due_at <= statement_timestamp()
                            ORDER BY c.due_at LIMIT 1)), 0)::double precision AS "oldest!""#
    )
    .fetch_one(conn)
    .await?;
    Ok((row.stuck, row.oldest))
}
