//! Which life of the database this is, and whether it is still the one that was marked.
//!
//! The mark is compared with what a copy can't take along. Where they differ, the database was restored or took over
//! for another, and gets a new mark.

use sqlx::PgConnection;

use super::Error;
use crate::domain::event::Epoch;

/// What the database says of itself.
#[derive(Debug, Clone)]
pub struct Seen {
    epoch: i64,
    writer: Option<String>,
    /// Whether the mark was made here, and not copied.
    pub is_own: bool,
    /// No instance has looked yet.
    is_new: bool,
    /// It takes no writes.
    pub is_read_only: bool,
}

impl Seen {
    /// The mark, where it is this database's own.
    pub fn epoch(&self) -> Option<Epoch> {
        self.is_own.then(|| u32::try_from(self.epoch).ok().map(Epoch)).flatten()
    }
}

/// Looks.
pub async fn look(conn: &mut PgConnection) -> Result<Seen, sqlx::Error> {
    sqlx::query_as!(
        Seen,
        r#"SELECT l.epoch, l.writer,
                  coalesce(l.identity = database_identity() AND l.writer = l.xmin::text, false) AS "is_own!",
                  l.identity IS NULL AS "is_new!",
                  current_setting('transaction_read_only') = 'on' AS "is_read_only!"
             FROM log_epoch l"#
    )
    .fetch_one(conn)
    .await
}

/// Marks a life that has no mark of its own, unless another instance has done so since it was looked at; answers
/// whether we have. The first life keeps its mark.
pub async fn mark(conn: &mut PgConnection, seen: &Seen, fresh: Epoch) -> Result<bool, Error> {
    let epoch = if seen.is_new { seen.epoch } else { i64::from(fresh.0) };
    let marked = sqlx::query!(
        "UPDATE log_epoch
            SET epoch = $1, since = now(), identity = database_identity(), writer = pg_current_xact_id()::xid::text
          WHERE epoch = $2 AND writer IS NOT DISTINCT FROM $3",
        epoch,
        seen.epoch,
        seen.writer,
    )
    .execute(conn)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// Begins a new life, because an operator says so.
pub async fn begin(conn: &mut PgConnection, fresh: Epoch) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE log_epoch
            SET epoch = $1, since = now(), identity = database_identity(), writer = pg_current_xact_id()::xid::text",
        i64::from(fresh.0),
    )
    .execute(conn)
    .await?;
    Ok(())
}
