//! Tickets to open a socket with: made for a key, used once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Error;
use crate::domain::ids::KeyId;

/// Stores a ticket's hash; answers when it runs out.
pub async fn create(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    key: KeyId,
    valid: Duration,
) -> Result<DateTime<Utc>, Error> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO ws_tickets (hash, key_id, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))
         RETURNING expires_at",
        hash,
        key.0,
        valid.as_secs_f64(),
    )
    .fetch_one(conn)
    .await?)
}

/// Uses a ticket up; answers with the prefix of the key it was made with. `None` for one that is unknown, used
/// or too old.
pub async fn redeem(conn: &mut PgConnection, hash: &[u8; 32]) -> Result<Option<String>, Error> {
    Ok(sqlx::query_scalar!(
        "DELETE FROM ws_tickets t USING api_keys k
          WHERE t.hash = $1 AND k.id = t.key_id AND t.expires_at > now() AND k.revoked_at IS NULL
         RETURNING k.prefix",
        hash,
    )
    .fetch_optional(conn)
    .await?)
}
