//! Signed standings of chains, as they are kept beside them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;

/// A row. Its reader judges what it says.
#[derive(Debug, Clone)]
pub struct Row {
    pub workspace: Uuid,
    pub position: i64,
    pub hash: Vec<u8>,
    pub at: DateTime<Utc>,
    pub key_id: String,
    pub public_key: Vec<u8>,
    pub signature: Vec<u8>,
}

/// Keeps them; one that is kept already (of the same place, by the same key) stays as it is.
pub async fn insert(conn: &mut PgConnection, rows: &[Row]) -> Result<(), Error> {
    let workspaces: Vec<Uuid> = rows.iter().map(|row| row.workspace).collect();
    let positions: Vec<i64> = rows.iter().map(|row| row.position).collect();
    let hashes: Vec<Vec<u8>> = rows.iter().map(|row| row.hash.clone()).collect();
    let at: Vec<DateTime<Utc>> = rows.iter().map(|row| row.at).collect();
    let key_ids: Vec<String> = rows.iter().map(|row| row.key_id.clone()).collect();
    let public_keys: Vec<Vec<u8>> = rows.iter().map(|row| row.public_key.clone()).collect();
    let signatures: Vec<Vec<u8>> = rows.iter().map(|row| row.signature.clone()).collect();
    sqlx::query!(
        "INSERT INTO audit_checkpoints (workspace_id, position, hash, at, key_id, public_key, signature)
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bytea[], $4::timestamptz[], $5::text[], $6::bytea[],
                              $7::bytea[])
         ON CONFLICT DO NOTHING",
        &workspaces,
        &positions,
        &hashes,
        &at,
        &key_ids,
        &public_keys,
        &signatures,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A workspace of which a checkpoint is to be made.
pub struct Due {
    pub workspace: Uuid,
    /// `None`: it has no links yet, or none since its last checkpoint by this key.
    pub end: Option<(i64, Vec<u8>)>,
    pub at: DateTime<Utc>,
}

/// Which checkpoints are to be made.
#[derive(Debug, Clone, Copy)]
pub struct Which<'a> {
    /// `None`: of every workspace.
    pub workspace: Option<Uuid>,
    pub key_id: &'a str,
    /// Only where the chain has moved since the last one by this key, and that is so old. `None`: anyway. One of a place
    /// that the chain has not reached, or of a moment to come, is nobody's, and doesn't count.
    pub age: Option<Duration>,
}

/// The next workspaces behind `after`, with the ends of those chains of which a checkpoint is to be made.
pub async fn due(
    conn: &mut PgConnection,
    which: Which<'_>,
    after: Uuid,
    most: i64,
) -> Result<Vec<Due>, Error> {
    let rows = sqlx::query!(
        r#"SELECT w.id, h.position AS "position?", h.hash AS "hash?",
                  date_trunc('microseconds', clock_timestamp()) AS "at!"
             FROM (SELECT id FROM workspaces WHERE id > $1 AND ($5::uuid IS NULL OR id = $5)
                    ORDER BY id LIMIT $4) w
             LEFT JOIN LATERAL (
                  SELECT c.position, c.hash FROM audit_chain c
                   WHERE c.workspace_id = w.id AND c.position IS NOT NULL ORDER BY c.position DESC LIMIT 1) h
               ON $3::double precision IS NULL OR NOT EXISTS (
                  SELECT FROM audit_checkpoints k
                   WHERE k.workspace_id = w.id AND k.key_id = $2 AND k.position <= h.position
                     AND k.at <= clock_timestamp()
                     AND (k.position = h.position OR k.at > clock_timestamp() - make_interval(secs => $3)))
            ORDER BY w.id"#,
        after,
        which.key_id,
        which.age.map(|age| age.as_secs_f64()),
        most,
        which.workspace,
    )
    .fetch_all(conn)
    .await?;
    let due = |id, position: Option<i64>, hash: Option<Vec<u8>>, at| Due {
        workspace: id,
        end: position.zip(hash),
        at,
    };
    Ok(rows.into_iter().map(|row| due(row.id, row.position, row.hash, row.at)).collect())
}

/// Checkpoints of one workspace behind one that is known by position and key, newest first. One that was spoilt is
/// told as something that can't have been signed.
pub async fn of_workspace(
    conn: &mut PgConnection,
    workspace: Uuid,
    (below, key_id): (i64, &str),
    most: i64,
) -> Result<Vec<Row>, Error> {
    Ok(sqlx::query_as!(
        Row,
        r#"SELECT workspace_id AS "workspace!", coalesce(position, 0) AS "position!", coalesce(hash, '') AS "hash!",
                  CASE WHEN at BETWEEN '0001-01-01' AND '9999-12-31' THEN at ELSE 'epoch' END AS "at!",
                  coalesce(key_id, '') AS "key_id!", coalesce(public_key, '') AS "public_key!",
                  coalesce(signature, '') AS "signature!"
             FROM audit_checkpoints
            WHERE workspace_id = $1 AND position <= $2 AND (position < $2 OR key_id > $3)
            ORDER BY position DESC, key_id LIMIT $4"#,
        workspace,
        below,
        key_id,
        most,
    )
    .fetch_all(conn)
    .await?)
}

/// No other instance makes checkpoints until the transaction ends. `false`: another does.
pub async fn lock(conn: &mut PgConnection) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock(7304) AS "locked!""#).fetch_one(conn).await?)
}
