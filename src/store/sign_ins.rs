//! Sign-ins under way at the issuer: kept until the person who was sent there comes back, once.

use std::time::Duration;

use sqlx::PgConnection;

use super::Error;

/// What was sent along, and must come back.
pub struct SignIn {
    /// The hash of the cookie that binds it to one browser.
    pub browser: Vec<u8>,
    pub nonce: String,
    pub verifier: String,
    pub return_to: String,
}

/// Remembers one by its state's hash.
pub async fn insert(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    sign_in: &SignIn,
    valid: Duration,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO sign_ins (hash, browser, nonce, verifier, return_to, expires_at)
         VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))",
        hash,
        &sign_in.browser,
        sign_in.nonce,
        sign_in.verifier,
        sign_in.return_to,
        valid.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Uses one up. `None` for a state that is unknown, used or too old.
pub async fn take(conn: &mut PgConnection, hash: &[u8; 32]) -> Result<Option<SignIn>, Error> {
    Ok(sqlx::query_as!(
        SignIn,
        "DELETE FROM sign_ins WHERE hash = $1 AND expires_at > now()
         RETURNING browser, nonce, verifier, return_to",
        hash,
    )
    .fetch_optional(conn)
    .await?)
}
