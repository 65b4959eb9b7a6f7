//! Tickets to open a socket with: made for a credential, used once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Error;
use crate::domain::{credential::Credential, ids::PrincipalId};

/// Stores a ticket's hash; answers when it runs out.
pub async fn create(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    credential: Credential,
    valid: Duration,
) -> Result<DateTime<Utc>, Error> {
    let (mut key, mut session, mut principal, mut until) = (None, None, None, None);
    match credential {
        Credential::Key(id) => key = Some(id.0),
        Credential::Session(id) => session = Some(id.0),
        Credential::Token { principal: id, expires_at } => {
            (principal, until) = (Some(id.0), Some(expires_at));
        }
    }
    Ok(sqlx::query_scalar!(
        "INSERT INTO ws_tickets (hash, key_id, session_id, principal_id, token_expires_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
         RETURNING expires_at",
        hash,
        key,
        session,
        principal,
        until,
        valid.as_secs_f64(),
    )
    .fetch_one(conn)
    .await?)
}

/// What a ticket stood for: how to look the credential up that it was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    Key { prefix: String },
    Session { hash: Vec<u8> },
    Token { principal: PrincipalId, expires_at: DateTime<Utc> },
}

/// Uses a ticket up. `None` for one that is unknown, used or too old.
pub async fn redeem(conn: &mut PgConnection, hash: &[u8; 32]) -> Result<Option<Redeemed>, Error> {
    let row = sqlx::query!(
        "DELETE FROM ws_tickets t
          WHERE t.hash = $1 AND t.expires_at > now()
            AND (t.token_expires_at IS NULL OR t.token_expires_at > clock_timestamp())
         RETURNING (SELECT k.prefix FROM api_keys k WHERE k.id = t.key_id) AS prefix,
                   (SELECT s.hash FROM browser_sessions s WHERE s.id = t.session_id) AS session,
                   t.principal_id, t.token_expires_at",
        hash,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| match (row.prefix, row.session, row.principal_id) {
        (Some(prefix), _, _) => Some(Redeemed::Key { prefix }),
        (_, Some(hash), _) => Some(Redeemed::Session { hash }),
        (_, _, Some(id)) => {
            Some(Redeemed::Token { principal: PrincipalId(id), expires_at: row.token_expires_at? })
        }
        _ => None,
    }))
}
