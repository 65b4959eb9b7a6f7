//! What lacks a link, and links for it.
//!
//! The chainer reads as little as it can: rows behind the last number that it has seen, and the numbers before it
//! that were not there yet ([`late`]). Everything else about which rows may still turn up is in `audit::chainer`.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{RawRow, micros};
use crate::{
    domain::chain::{Digest, Record},
    store::Error,
};

/// How far the chain has come, and where the database stands, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The last number that was handed out.
    pub last: i64,
    /// Up to here each row has its link.
    pub complete: i64,
    /// Up to here too, once no transaction older than `horizon` is under way.
    pub candidate: i64,
    pub horizon: i64,
    /// The oldest transaction that is under way, and the first that has not been seen to end.
    pub xmin: i64,
    pub xmax: i64,
    /// Another instance links at present.
    pub taken: bool,
    /// Microseconds since 2000, by the database's clock.
    pub now: i64,
}

/// Where the chain stands, as `instance` sees it. Another that linked within the last 600 ms has it; one that did so
/// in the future, by a clock that was set back or by nobody's, doesn't.
pub async fn progress(conn: &mut PgConnection, instance: &str) -> Result<Progress, Error> {
    Ok(sqlx::query_as!(
        Progress,
        r#"SELECT CASE WHEN s.is_called THEN s.last_value ELSE s.last_value - 1 END AS "last!",
                  p.complete, p.candidate, p.horizon,
                  pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS "xmin!",
                  pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS "xmax!",
                  coalesce(p.chainer <> $1 AND p.at > clock_timestamp() - interval '600 ms'
                           AND p.at <= clock_timestamp(), false) AS "taken!",
                  ((extract(epoch FROM clock_timestamp()) - 946684800) * 1000000)::bigint AS "now!"
             FROM audit_log_seq_seq s CROSS JOIN audit_progress p"#,
        instance,
    )
    .fetch_one(conn)
    .await?)
}

/// Until the transaction ends, no other instance links. `false`: another does.
pub async fn lock(conn: &mut PgConnection) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock(7303) AS "locked!""#).fetch_one(conn).await?)
}

/// What waits for its link, as far as two looks at indexes tell.
pub struct Waiting {
    /// The highest number that has a link.
    pub linked: i64,
    /// Of the first row behind it, in microseconds since 2000.
    pub since: Option<i64>,
}

/// What waits behind the last number that has a link, up to `last`.
pub async fn waiting(conn: &mut PgConnection, complete: i64, last: i64) -> Result<Waiting, Error> {
    let row = sqlx::query!(
        r#"SELECT c.linked AS "linked!", timestamptz_send(l.at) AS "at?"
             FROM (SELECT greatest($1, (SELECT max(seq) FROM audit_chain WHERE seq <= $2)) AS linked) c
             LEFT JOIN LATERAL (SELECT r.at FROM audit_log r WHERE r.seq > c.linked AND r.seq <= $2
                                 ORDER BY r.seq LIMIT 1) l ON true"#,
        complete,
        last,
    )
    .fetch_one(conn)
    .await?;
    Ok(Waiting { linked: row.linked, since: micros(row.at.as_deref()) })
}

/// A row of the log, and whether it has a link.
pub struct LogRow {
    pub seq: i64,
    /// Microseconds since 2000.
    pub at: i64,
    pub record: Record,
    pub is_linked: bool,
}

impl LogRow {
    fn from(row: RawRow) -> Option<Self> {
        let is_linked = row.link.is_some();
        let (seq, at) = (row.seq?, micros(row.at.as_deref()).unwrap_or(i64::MAX));
        Some(Self { seq, at, record: row.into_record(), is_linked })
    }
}

/// How much is read at once: so many rows, and up to the one that reaches so many bytes.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    pub rows: i64,
    pub bytes: i64,
}

/// Some rows, in the order of their numbers.
pub struct LogPage {
    pub rows: Vec<LogRow>,
    /// There may be more.
    pub is_full: bool,
}

impl LogPage {
    pub const EMPTY: Self = Self { rows: Vec::new(), is_full: false };

    fn from(rows: Vec<RawRow>, most: Most) -> Self {
        let bytes: i64 = rows.iter().map(|row| i64::from(row.bytes.unwrap_or(0))).sum();
        let is_full = bytes >= most.bytes || i64::try_from(rows.len()).is_ok_and(|rows| rows >= most.rows);
        Self { rows: rows.into_iter().filter_map(LogRow::from).collect(), is_full }
    }
}

/// The next rows behind `after`, at most up to `last`: with those that another instance has linked, so that the one that
/// reads knows which numbers it has seen.
pub async fn behind(conn: &mut PgConnection, after: i64, last: i64, most: Most) -> Result<LogPage, Error> {
    // The bounds stand twice: they can't be inferred for the links, and an index read from its start takes seconds.
    let rows = rows!(
        "(SELECT w.*, sum(w.bytes) OVER (ORDER BY w.seq ROWS UNBOUNDED PRECEDING) AS total
            FROM (SELECT r.*, audit_record_size(r.before, r.after, r.detail, r.subject, r.user_agent) AS bytes
                    FROM audit_log r WHERE r.seq > $1 AND r.seq <= $2 ORDER BY r.seq LIMIT $3) w) l
         LEFT JOIN audit_chain c ON c.seq = l.seq AND c.seq > $1 AND c.seq <= $2
         WHERE l.total - l.bytes < $4 ORDER BY l.seq",
        after,
        last,
        most.rows,
        most.bytes
    )
    .fetch_all(conn)
    .await?;
    Ok(LogPage::from(rows, most))
}

/// Rows that have turned up in `gaps` (from, to), in the order of their numbers, and have no link.
///
/// Gap by gap: joined with all of them at once, the whole log was read to find a few.
pub async fn late(conn: &mut PgConnection, gaps: &[(i64, i64)], most: Most) -> Result<LogPage, Error> {
    let (from, to): (Vec<i64>, Vec<i64>) = gaps.iter().copied().unzip();
    let rows = rows!(
        "(SELECT w.*, sum(w.bytes) OVER (ORDER BY w.seq ROWS UNBOUNDED PRECEDING) AS total
            FROM (SELECT r.*, audit_record_size(r.before, r.after, r.detail, r.subject, r.user_agent) AS bytes
                    FROM unnest($1::bigint[], $2::bigint[]) AS g(low, high)
                   CROSS JOIN LATERAL (
                        SELECT f.* FROM audit_log f
                         WHERE f.seq >= g.low AND f.seq <= g.high
                           AND NOT EXISTS (SELECT FROM audit_chain n
                                            WHERE n.seq = f.seq AND n.seq >= g.low AND n.seq <= g.high)
                         ORDER BY f.seq LIMIT $3) r
                   ORDER BY r.seq LIMIT $3) w) l
         LEFT JOIN audit_chain c ON false
         WHERE l.total - l.bytes < $4 ORDER BY l.seq",
        &from,
        &to,
        most.rows,
        most.bytes
    )
    .fetch_all(conn)
    .await?;
    Ok(LogPage::from(rows, most))
}

/// Where a workspace's chain ends.
pub struct Head {
    pub workspace: Uuid,
    /// `None`: there is something that no link can follow.
    pub end: Option<(i64, Digest)>,
}

/// Where chains end, of those that have begun.
pub async fn heads(conn: &mut PgConnection, workspaces: &[Uuid]) -> Result<Vec<Head>, Error> {
    let rows = sqlx::query!(
        r#"SELECT w.id AS "workspace!", h.position AS "position?", h.hash AS "hash?"
             FROM unnest($1::uuid[]) AS w(id)
            CROSS JOIN LATERAL (SELECT c.position, c.hash FROM audit_chain c
                                 WHERE c.workspace_id = w.id AND c.position IS NOT NULL
                                 ORDER BY c.position DESC LIMIT 1) h"#,
        workspaces,
    )
    .fetch_all(conn)
    .await?;
    let head = |workspace, position: Option<i64>, hash: Option<Vec<u8>>| Head {
        workspace,
        end: position.zip(hash.and_then(|hash| Digest::try_from(&*hash).ok())),
    };
    Ok(rows.into_iter().map(|row| head(row.workspace, row.position, row.hash)).collect())
}

/// Links, as columns.
#[derive(Default)]
pub struct NewLinks {
    pub workspaces: Vec<Uuid>,
    pub positions: Vec<i64>,
    pub seqs: Vec<i64>,
    pub contents: Vec<Vec<u8>>,
    pub hashes: Vec<Vec<u8>>,
}

/// All of them, or none: a position or a row that has a link already is refused.
pub async fn link(conn: &mut PgConnection, links: &NewLinks) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO audit_chain (workspace_id, position, seq, content, hash)
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[])",
        &links.workspaces,
        &links.positions,
        &links.seqs,
        &links.contents,
        &links.hashes,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What is noted at the end of a round.
pub struct Noted<'a> {
    pub instance: &'a str,
    pub complete: i64,
    pub candidate: i64,
    /// `None`: this very transaction, which is younger than all that had begun before it first wrote.
    pub horizon: Option<i64>,
}

pub async fn note(conn: &mut PgConnection, noted: Noted<'_>) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE audit_progress
            SET complete = $1, candidate = $2, horizon = coalesce($3, pg_current_xact_id()::text::bigint),
                chainer = $4, at = clock_timestamp()",
        noted.complete,
        noted.candidate,
        noted.horizon,
        noted.instance,
    )
    .execute(conn)
    .await?;
    Ok(())
}
