//! The chain over the log: which rows lack a link, links for them, and both for whoever looks them over.
//!
//! The chainer reads as little as it can: rows behind the last number that it has seen, and the numbers before it
//! that were not there yet ([`late`]). Everything else about which rows may still turn up is in `audit::chainer`.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::chain::{Digest, FORMAT, Record, moment};

/// How far the chain has come, and where the database stands, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The last number that was handed out.
    pub last: i64,
    /// The highest number that has a link.
    pub linked: i64,
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

/// Where the chain stands, as `instance` sees it. Another that linked within the last 600 ms has it.
pub async fn progress(conn: &mut PgConnection, instance: &str) -> Result<Progress, Error> {
    Ok(sqlx::query_as!(
        Progress,
        r#"SELECT CASE WHEN s.is_called THEN s.last_value ELSE s.last_value - 1 END AS "last!",
                  p.linked, p.complete, p.candidate, p.horizon,
                  pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS "xmin!",
                  pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS "xmax!",
                  coalesce(p.chainer <> $1 AND p.at > clock_timestamp() - interval '600 ms', false) AS "taken!",
                  ((extract(epoch FROM clock_timestamp()) - 946684800) * 1000000)::bigint AS "now!"
             FROM audit_log_seq_seq s CROSS JOIN audit_progress p"#,
        instance,
    )
    .fetch_one(conn)
    .await?)
}

/// Until the transaction ends, nobody else links. `false`: somebody else does.
pub async fn lock(conn: &mut PgConnection) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(r#"SELECT pg_try_advisory_xact_lock(7303) AS "locked!""#).fetch_one(conn).await?)
}

/// A row of the log, and whether it has a link.
pub struct LogRow {
    pub seq: i64,
    /// Microseconds since 2000.
    pub at: i64,
    pub record: Record,
    pub is_linked: bool,
}

struct RawRow {
    seq: Option<i64>,
    at: Option<Vec<u8>>,
    action: Option<String>,
    actor_id: Option<Uuid>,
    actor_name: Option<String>,
    address: Option<String>,
    after: Option<String>,
    approval_id: Option<Uuid>,
    before: Option<String>,
    credential: Option<String>,
    detail: Option<String>,
    on_behalf_of: Option<String>,
    request_id: Option<String>,
    run_id: Option<String>,
    subject: Option<String>,
    user_agent: Option<String>,
    via: Option<String>,
    workspace_id: Option<Uuid>,
    // Of the link.
    position: Option<i64>,
    link: Option<i64>,
    content: Option<Vec<u8>>,
    hash: Option<Vec<u8>>,
}

/// Since 2000. As bytes, because a moment that is no date must not stop whoever reads it.
fn micros(sent: Option<&[u8]>) -> Option<i64> {
    Some(i64::from_be_bytes(sent?.try_into().ok()?))
}

impl RawRow {
    fn into_record(self) -> Record {
        Record {
            action: self.action,
            actor_id: self.actor_id,
            actor_name: self.actor_name,
            address: self.address,
            after: self.after,
            approval_id: self.approval_id,
            at: micros(self.at.as_deref()).map(moment),
            before: self.before,
            credential: self.credential,
            detail: self.detail,
            format: FORMAT,
            on_behalf_of: self.on_behalf_of,
            request_id: self.request_id,
            run_id: self.run_id,
            subject: self.subject,
            user_agent: self.user_agent,
            via: self.via,
            workspace_id: self.workspace_id,
        }
    }

    fn into_log_row(self) -> Option<LogRow> {
        let is_linked = self.link.is_some();
        let (seq, at) = (self.seq?, micros(self.at.as_deref()).unwrap_or(i64::MAX));
        Some(LogRow { seq, at, record: self.into_record(), is_linked })
    }
}

/// Reads rows with their links: everything that is hashed, from what follows `FROM`.
macro_rules! rows {
    ($from:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            RawRow,
            r#"SELECT l.seq AS "seq?", timestamptz_send(l.at) AS "at?", l.action AS "action?", l.actor_id,
                      l.actor_name, l.address, l.after::text, l.approval_id, l.before::text, l.credential,
                      l.detail::text AS "detail?", l.on_behalf_of, l.request_id, l.run_id, l.subject, l.user_agent,
                      l.via AS "via?", l.workspace_id AS "workspace_id?",
                      c.position AS "position?", c.seq AS "link?", c.content AS "content?", c.hash AS "hash?"
                 FROM "# + $from,
            $($argument),*
        )
    };
}

/// The next rows behind `after`, at most up to `last`: with those that somebody else has linked, so that whoever
/// reads knows which numbers it has seen.
pub async fn behind(conn: &mut PgConnection, after: i64, last: i64, most: i64) -> Result<Vec<LogRow>, Error> {
    // The bounds stand twice: they can't be inferred for the links, and an index read from its start takes seconds.
    let rows = rows!(
        "audit_log l LEFT JOIN audit_chain c ON c.seq = l.seq AND c.seq > $1 AND c.seq <= $2
         WHERE l.seq > $1 AND l.seq <= $2 ORDER BY l.seq LIMIT $3",
        after,
        last,
        most
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().filter_map(RawRow::into_log_row).collect())
}

/// Rows that have turned up in `gaps` (from, to), in the order of their numbers, and have no link.
///
/// Gap by gap: joined with all of them at once, the whole log was read to find a few.
pub async fn late(conn: &mut PgConnection, gaps: &[(i64, i64)], most: i64) -> Result<Vec<LogRow>, Error> {
    let (from, to): (Vec<i64>, Vec<i64>) = gaps.iter().copied().unzip();
    let rows = rows!(
        "unnest($1::bigint[], $2::bigint[]) AS g(low, high)
         CROSS JOIN LATERAL (
              SELECT r.* FROM audit_log r
               WHERE r.seq >= g.low AND r.seq <= g.high
                 AND NOT EXISTS (SELECT FROM audit_chain n
                                  WHERE n.seq = r.seq AND n.seq >= g.low AND n.seq <= g.high)
               ORDER BY r.seq LIMIT $3) l
         LEFT JOIN audit_chain c ON false
         ORDER BY l.seq LIMIT $3",
        &from,
        &to,
        most
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().filter_map(RawRow::into_log_row).collect())
}

/// Where a workspace's chain ends.
pub struct Head {
    pub workspace: Uuid,
    pub position: i64,
    pub hash: Digest,
}

/// Where chains end, of those that have begun.
pub async fn heads(conn: &mut PgConnection, workspaces: &[Uuid]) -> Result<Vec<Head>, Error> {
    let rows = sqlx::query!(
        r#"SELECT w.id AS "workspace!", h.position, h.hash
             FROM unnest($1::uuid[]) AS w(id)
            CROSS JOIN LATERAL (SELECT c.position, c.hash FROM audit_chain c
                                 WHERE c.workspace_id = w.id ORDER BY c.position DESC LIMIT 1) h"#,
        workspaces,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let hash = Digest::try_from(&*row.hash).map_err(|error| Error::Corrupt {
                table: "audit_chain",
                id: format!("{}/{}", row.workspace, row.position),
                what: error.to_string(),
            })?;
            Ok(Head { workspace: row.workspace, position: row.position, hash })
        })
        .collect()
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
    pub linked: i64,
    pub complete: i64,
    pub candidate: i64,
    /// `None`: this very transaction, which is younger than all that had begun before it first wrote.
    pub horizon: Option<i64>,
}

pub async fn note(conn: &mut PgConnection, noted: Noted<'_>) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE audit_progress
            SET linked = greatest(linked, $1), complete = $2, candidate = $3,
                horizon = coalesce($4, pg_current_xact_id()::text::bigint), chainer = $5, at = clock_timestamp()",
        noted.linked,
        noted.complete,
        noted.candidate,
        noted.horizon,
        noted.instance,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A link, and the row that it stands for, as they are found. After somebody tampered with them anything may be
/// missing, and nothing need fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    pub position: i64,
    pub seq: Option<i64>,
    pub content: Option<Digest>,
    pub hash: Option<Digest>,
    pub record: Option<Record>,
}

/// The next links of a workspace behind one that is known by its position and number.
pub async fn links(
    conn: &mut PgConnection,
    workspace: Uuid,
    (position, seq): (i64, i64),
    most: i64,
) -> Result<Vec<Link>, Error> {
    let rows = rows!(
        "audit_chain c LEFT JOIN audit_log l ON l.seq = c.seq
         WHERE c.workspace_id = $1 AND (c.position, coalesce(c.seq, 0)) > ($2, $3) AND c.position >= $2
         ORDER BY c.position, coalesce(c.seq, 0) LIMIT $4",
        workspace,
        position,
        seq,
        most
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Link {
            position: row.position.unwrap_or(0),
            seq: row.link,
            content: row.content.as_deref().and_then(|it| it.try_into().ok()),
            hash: row.hash.as_deref().and_then(|it| it.try_into().ok()),
            record: row.seq.is_some().then(|| row.into_record()),
        })
        .collect())
}

/// A row without a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlinked {
    pub seq: i64,
    pub workspace: Option<Uuid>,
    pub action: Option<String>,
}

/// The next rows of any workspace behind a number that have no link, among `most` rows; and the last of these.
pub async fn unlinked(
    conn: &mut PgConnection,
    after: i64,
    most: i64,
) -> Result<(Vec<Unlinked>, Option<i64>), Error> {
    let last = sqlx::query_scalar!(
        r#"SELECT max(l.seq) FROM (SELECT seq FROM audit_log WHERE seq > $1 ORDER BY seq LIMIT $2) l"#,
        after,
        most,
    )
    .fetch_one(&mut *conn)
    .await?;
    let Some(last) = last else { return Ok((Vec::new(), None)) };
    let found = sqlx::query_as!(
        Unlinked,
        r#"SELECT l.seq, l.workspace_id AS "workspace?", l.action AS "action?"
             FROM audit_log l
             LEFT JOIN audit_chain c ON c.seq = l.seq AND c.seq > $1 AND c.seq <= $2
                                    AND c.workspace_id IS NOT NULL AND c.position IS NOT NULL
            WHERE l.seq > $1 AND l.seq <= $2 AND c.seq IS NULL
            ORDER BY l.seq"#,
        after,
        last,
    )
    .fetch_all(conn)
    .await?;
    Ok((found, Some(last)))
}

/// Rows that lack even a number: the schema doesn't allow it, whoever owns it may.
pub async fn without_number(conn: &mut PgConnection) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM audit_log WHERE seq IS NULL"#)
        .fetch_one(conn)
        .await?)
}

/// Where in its workspace's chain a row would stand by its number: behind which position.
pub async fn place(conn: &mut PgConnection, workspace: Uuid, seq: i64) -> Result<i64, Error> {
    let position = sqlx::query_scalar!(
        "SELECT position FROM audit_chain WHERE workspace_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT 1",
        workspace,
        seq,
    )
    .fetch_optional(conn)
    .await?;
    Ok(position.unwrap_or(0))
}

/// Every workspace that has a chain, checkpoints or is there, in order.
pub async fn workspaces(conn: &mut PgConnection) -> Result<Vec<(Uuid, Option<String>)>, Error> {
    // A chain is begun by few and long: the index is skipped through instead of read.
    let rows = sqlx::query!(
        r#"WITH RECURSIVE chained AS (
               (SELECT c.workspace_id AS id FROM audit_chain c WHERE c.workspace_id IS NOT NULL
                 ORDER BY c.workspace_id LIMIT 1)
               UNION ALL
               SELECT (SELECT c.workspace_id FROM audit_chain c WHERE c.workspace_id > chained.id
                        ORDER BY c.workspace_id LIMIT 1)
                 FROM chained WHERE chained.id IS NOT NULL
           ), every AS (
               SELECT id FROM chained WHERE id IS NOT NULL
               UNION SELECT id FROM workspaces
               UNION SELECT workspace_id FROM audit_checkpoints WHERE workspace_id IS NOT NULL
           )
           SELECT e.id AS "id!", w.name AS "name?" FROM every e LEFT JOIN workspaces w ON w.id = e.id ORDER BY e.id"#,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// What is looked over page by page is read by index, whatever the planner thinks of a table that nobody analysed.
pub async fn read_by_index(conn: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!(
        r#"SELECT set_config('enable_seqscan', 'off', false) AS a, set_config('enable_hashjoin', 'off', false) AS b,
                  set_config('enable_mergejoin', 'off', false) AS c, set_config('jit', 'off', false) AS d"#
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}
