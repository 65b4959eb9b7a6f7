//! The keys by which instances prove outcomes to each other ([`crate::bus::proof`]).

use sqlx::{Connection, PgConnection};

use super::Error;

/// The newest, so many of them, newest first.
pub async fn newest(conn: &mut PgConnection, count: usize) -> Result<Vec<(i64, Vec<u8>)>, Error> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let rows = sqlx::query!("SELECT id, key FROM proof_keys ORDER BY id DESC LIMIT $1", count);
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.id, row.key)).collect())
}

/// Makes a new one, and removes all but the newest `left`; answers the new one's id.
pub async fn rotate(conn: &mut PgConnection, left: usize) -> Result<i64, Error> {
    let mut transaction = conn.begin().await?;
    // One rotation after the other: each is newer than all that there are.
    sqlx::query!("LOCK TABLE proof_keys IN SHARE ROW EXCLUSIVE MODE").execute(&mut *transaction).await?;
    let id = sqlx::query_scalar!(
        "INSERT INTO proof_keys (id, key)
         SELECT greatest((extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
                         (SELECT max(k.id) + 1 FROM proof_keys k)), fresh_proof_key()
         RETURNING id"
    )
    .fetch_one(&mut *transaction)
    .await?;
    sqlx::query!(
        "DELETE FROM proof_keys WHERE id NOT IN (SELECT k.id FROM proof_keys k ORDER BY k.id DESC LIMIT $1)",
        i64::try_from(left).unwrap_or(i64::MAX),
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(id)
}
