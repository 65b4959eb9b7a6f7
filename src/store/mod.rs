//! Postgres: the only place that holds SQL, one file for an aggregate.
//!
//! What an approval's life needs is done in single, self-committing statements ([`approvals::load`],
//! [`creation::insert`], [`changes::write`]): nothing is ever left open by a crash or a dropped future, and a
//! commit costs one round trip. Rules live in `domain`; the SQL only repeats their guards. Columns are named,
//! never starred, so that an older binary survives a newer migration.

pub mod administration;
mod apart;
pub mod approvals;
pub mod audit;
pub mod browser_sessions;
pub mod causes;
pub mod chain;
pub mod changes;
pub mod checkpoints;
pub mod claims;
pub mod connections;
pub mod creation;
pub mod credentials;
pub mod decisions;
pub mod delegations;
pub mod deliveries;
pub mod eligible;
pub mod epoch;
mod escalation;
pub mod events;
pub mod export;
mod gate;
mod health;
pub mod history;
pub mod in_app;
pub mod instances;
pub mod keys;
pub mod lanes;
pub mod links;
pub mod listing;
pub mod login;
pub mod migrations;
pub mod moves;
pub mod news;
pub mod notification_preferences;
pub mod notifications;
pub mod obstacles;
pub mod one_vote;
pub mod open_seats;
mod origin;
pub mod outbox;
mod policy;
mod pool;
pub mod preferences;
pub mod principals;
pub mod proof_keys;
pub mod purge;
pub mod recent;
pub mod redrive;
pub mod reminders;
pub mod roles;
pub mod rows;
pub mod runs;
pub mod samples;
pub mod search_index;
pub mod session;
mod shortage;
pub mod sign_ins;
pub mod slack;
pub mod slack_installations;
pub mod sweep;
pub mod tickets;
mod turns;
pub mod usage;
pub mod verifications;
pub(crate) mod vocabulary;
pub mod webhooks;
pub mod workspaces;

pub use pool::{Checkout, Database, Pool, PoolSizes};
pub use turns::{Turn, Turns};

use std::{future::Future, time::Duration};

use futures_util::{FutureExt, Stream, TryStreamExt};
use tokio::time::timeout;

/// What can go wrong with the database, as far as callers act on it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not reachable, shutting down, read-only or out of connections. Whether an interrupted write happened
    /// is unknown.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// A lock or statement time-out, a deadlock: nothing happened, the same call may succeed.
    #[error("the database is busy: {0}")]
    Busy(#[source] sqlx::Error),
    /// No answer in time. Whether an interrupted write happened is unknown.
    #[error("the database did not answer in time")]
    TimedOut,
    /// Too many calls of the same workspace were before this one. Nothing was begun.
    #[error("too much of this workspace is under way")]
    Crowded,
    /// A row that the schema allows and the model doesn't.
    #[error("{table} {id} can't be read: {what}")]
    Corrupt { table: &'static str, id: String, what: String },
    /// Anything else is a bug of ours.
    #[error("the database refused a statement: {0}")]
    Refused(#[source] sqlx::Error),
}

impl Error {
    /// Whether the server has no connection left for us.
    pub fn is_too_many_connections(&self) -> bool {
        let Self::Unavailable(sqlx::Error::Database(error)) = self else { return false };
        error.code().as_deref() == Some("53300")
    }

    /// Whether no connection came free in time.
    pub fn is_for_want_of_a_connection(&self) -> bool {
        matches!(self, Self::Unavailable(sqlx::Error::PoolTimedOut))
    }

    /// Whether the fault lies with the data of the statement, so that each part of a batch is worth a try
    /// of its own.
    pub fn is_of_the_data(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Busy(_) | Self::Corrupt { .. })
    }
}

/// A part of a list.
#[derive(Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Whether there are others behind them.
    pub more: bool,
}

/// A page ends with the item that reaches so many bytes.
const LARGEST_PAGE: usize = 4 * 1024 * 1024;

/// The first `limit` rows, or fewer where those are large. Read to the end, whatever is kept of them: half-read, the
/// connection could not be used again.
async fn page<T>(
    rows: impl Stream<Item = Result<T, sqlx::Error>>,
    limit: i64,
    size: impl Fn(&T) -> usize,
) -> Result<Page<T>, Error> {
    let mut rows = std::pin::pin!(rows);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut page = Page { items: Vec::new(), more: false };
    let mut total = 0;
    while let Some(row) = rows.try_next().await? {
        page.more |= page.items.len() >= limit || total >= LARGEST_PAGE;
        if !page.more {
            total += size(&row);
            page.items.push(row);
        }
    }
    Ok(page)
}

/// Bytes of some texts in an answer.
fn written<'a>(texts: impl IntoIterator<Item = &'a String>) -> usize {
    texts.into_iter().map(|text| text.len() + 8).sum()
}

/// Rows for a `json_to_recordset`: one parameter for a whole batch, each field named where it is used.
fn json(rows: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(rows).map_err(|error| Error::Refused(sqlx::Error::Encode(error.into())))
}

/// Bytes as JSON can carry them into a column.
fn bytea(bytes: &[u8]) -> String {
    format!("\\x{}", hex(bytes))
}

/// In hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => match database.code().as_deref() {
                // lock_not_available, query_canceled, deadlock_detected, serialization_failure
                Some("55P03" | "57014" | "40P01" | "40001") => Self::Busy(error),
                // read_only_sql_transaction, too_many_connections, idle time-outs
                Some("25006" | "53300" | "25P03" | "25P04") => Self::Unavailable(error),
                // admin_shutdown and its kin, connection exceptions
                Some(code) if code.starts_with("57P") || code.starts_with("08") => Self::Unavailable(error),
                _ => Self::Refused(error),
            },
            sqlx::Error::RowNotFound
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_)
            | sqlx::Error::TypeNotFound { .. } => Self::Refused(error),
            _ => Self::Unavailable(error),
        }
    }
}

/// Cuts work off after this time. Then it is not known whether it was committed.
///
/// Not an async function: its future would hold the work's twice.
pub fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> impl Future<Output = Result<T, Error>> {
    timeout(limit, work).map(|done| done.unwrap_or_else(|elapsed| Err(elapsed.into())))
}

impl From<tokio::time::error::Elapsed> for Error {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::TimedOut
    }
}
