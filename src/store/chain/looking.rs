//! Links and records as they are found by a verification. After a forger had them, anything may be
//! missing, and nothing need fit.

use sqlx::PgConnection;
use uuid::Uuid;

use super::RawRow;
use crate::{
    domain::chain::{Digest, Record},
    store::Error,
};

/// A link, and the row that it stands for, as they are found. After a forger had them, anything may be
/// missing, and nothing need fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    pub position: i64,
    pub seq: Option<i64>,
    pub content: Option<Digest>,
    pub hash: Option<Digest>,
    pub record: Option<Record>,
}

/// A page ends with the record that reaches so many bytes.
const LARGEST: i64 = 8 * 1024 * 1024;

/// Reads a workspace's links in the order of positions, page by page, and each of them whatever stands at a page's
/// edge: where a page ends is told by a position and by how many of that were read, not by anything that a forger may
/// have doubled.
#[derive(Debug)]
pub struct Links {
    workspace: Uuid,
    position: i64,
    read: i64,
}

impl Links {
    pub fn from(workspace: Uuid, position: i64) -> Self {
        Self { workspace, position, read: 0 }
    }

    /// The next ones, `most` or as many as are not too much to be held at once; none: that was all.
    pub async fn page(&mut self, conn: &mut PgConnection, most: i64) -> Result<Vec<Link>, Error> {
        let sizes = self.sizes(conn, most).await?;
        let mut total = 0;
        let fit = sizes.iter().take_while(|size| {
            let fits = total < LARGEST;
            total += i64::from(**size);
            fits
        });
        let fit = i64::try_from(fit.count()).unwrap_or(most);
        let rows = rows!(
            "audit_chain c LEFT JOIN (SELECT r.*, r.ctid AS place, 0 AS bytes FROM audit_log r) l ON l.seq = c.seq
             WHERE c.workspace_id = $1 AND c.position >= $2
             ORDER BY c.position, coalesce(c.seq, 0), c.ctid, l.place OFFSET $3 LIMIT $4",
            self.workspace,
            self.position,
            self.read,
            fit
        )
        .fetch_all(conn)
        .await?;
        let links: Vec<Link> = rows.into_iter().map(Link::from).collect();
        if let Some(last) = links.last() {
            let same = links.iter().rev().take_while(|it| it.position == last.position).count();
            let read = if last.position == self.position { self.read } else { 0 };
            self.read = read.saturating_add(i64::try_from(same).unwrap_or(i64::MAX));
            self.position = last.position;
        }
        Ok(links)
    }

    /// Bytes that each of the next records takes: counted by the database, so that none is read that is too much.
    async fn sizes(&self, conn: &mut PgConnection, most: i64) -> Result<Vec<i32>, Error> {
        Ok(sqlx::query_scalar!(
            r#"SELECT coalesce(audit_record_size(l.before, l.after, l.detail, l.subject, l.user_agent), 0) AS "size!"
                 FROM audit_chain c LEFT JOIN audit_log l ON l.seq = c.seq
                WHERE c.workspace_id = $1 AND c.position >= $2
                ORDER BY c.position, coalesce(c.seq, 0), c.ctid, l.ctid OFFSET $3 LIMIT $4"#,
            self.workspace,
            self.position,
            self.read,
            most,
        )
        .fetch_all(conn)
        .await?)
    }
}

impl Link {
    fn from(row: RawRow) -> Self {
        Self {
            position: row.position.unwrap_or(0),
            seq: row.link,
            content: row.content.as_deref().and_then(|it| it.try_into().ok()),
            hash: row.hash.as_deref().and_then(|it| it.try_into().ok()),
            record: row.seq.is_some().then(|| row.into_record()),
        }
    }
}

/// A row without a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlinked {
    pub seq: i64,
    pub workspace: Option<Uuid>,
    pub action: Option<String>,
    /// It waits longer than any that is about to be linked.
    pub is_overdue: bool,
}

/// The next rows of any workspace from a number on that have no link in its chain, among `most` rows; and the last of
/// these.
pub async fn unlinked(
    conn: &mut PgConnection,
    from: i64,
    most: i64,
) -> Result<(Vec<Unlinked>, Option<i64>), Error> {
    let last = sqlx::query_scalar!(
        r#"SELECT max(l.seq) FROM (SELECT seq FROM audit_log WHERE seq >= $1 ORDER BY seq LIMIT $2) l"#,
        from,
        most,
    )
    .fetch_one(&mut *conn)
    .await?;
    let Some(last) = last else { return Ok((Vec::new(), None)) };
    let found = sqlx::query_as!(
        Unlinked,
        r#"SELECT l.seq, l.workspace_id AS "workspace?", l.action AS "action?",
                  (l.at BETWEEN clock_timestamp() - interval '1 minute'
                            AND clock_timestamp() + interval '1 minute') IS NOT TRUE AS "is_overdue!"
             FROM audit_log l
             LEFT JOIN audit_chain c ON c.seq = l.seq AND c.seq >= $1 AND c.seq <= $2
                                    AND c.workspace_id = l.workspace_id AND c.position IS NOT NULL
            WHERE l.seq >= $1 AND l.seq <= $2 AND c.seq IS NULL
            ORDER BY l.seq"#,
        from,
        last,
    )
    .fetch_all(conn)
    .await?;
    Ok((found, Some(last)))
}

/// Rows that lack even a number: the schema doesn't allow it; the owner of the schema may.
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

/// A workspace that is there, or something of which is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub id: Uuid,
    pub name: Option<String>,
    pub is_there: bool,
}

/// Every workspace that has a chain, checkpoints or is there, in order.
pub async fn workspaces(conn: &mut PgConnection) -> Result<Vec<Known>, Error> {
    // A chain is begun by few and long: the index is skipped through instead of read.
    Ok(sqlx::query_as!(
        Known,
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
           SELECT e.id AS "id!", w.name AS "name?", w.id IS NOT NULL AS "is_there!"
             FROM every e LEFT JOIN workspaces w ON w.id = e.id ORDER BY e.id"#,
    )
    .fetch_all(conn)
    .await?)
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
