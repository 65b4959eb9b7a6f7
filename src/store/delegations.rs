//! Delegations: kept, listed, revoked. (Which seats they open to whom, see [`super::open_seats`].)
//!
//! Principals and delegations are always looked up one by one, behind `OFFSET 0`: a statement that was planned while
//! the tables were not analysed would otherwise walk a whole index of theirs.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Page, vocabulary};
use crate::domain::{
    delegation::Link,
    ids::{DelegationId, PrincipalId, WorkspaceId},
    names::PrincipalName,
    policy::Actor,
};

/// One person's leave for another to sit in their seat, as it is shown and recorded.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Delegation {
    pub id: Uuid,
    /// Whose seat it is.
    #[schema(example = "ana")]
    pub from: String,
    pub from_id: Uuid,
    /// Who may sit in it.
    #[schema(example = "bo")]
    pub to: String,
    pub to_id: Uuid,
    pub starts_at: DateTime<Utc>,
    /// From this moment on it opens nothing.
    pub ends_at: DateTime<Utc>,
    /// Exact names; null: all types.
    #[schema(example = json!(["deploy"]))]
    pub approval_types: Option<Vec<String>>,
    /// Whether delegates of `to` may sit in the seat as well.
    pub redelegable: bool,
    pub reason: Option<String>,
    #[schema(value_type = vocabulary::DelegationState, example = "active")]
    pub state: String,
    /// Who made it: the name they had then.
    pub created_by: String,
    pub created_by_id: Uuid,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub revoked_by: Option<String>,
    pub revoked_by_id: Option<Uuid>,
}

macro_rules! select_delegations {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Delegation,
            r#"SELECT d.id, f.name AS "from", d.from_id, t.name AS "to", d.to_id, d.starts_at, d.ends_at, d.approval_types,
                      d.redelegable, d.reason,
                      CASE WHEN d.revoked_at IS NOT NULL THEN 'revoked' WHEN d.ends_at <= clock_timestamp() THEN 'ended'
                           WHEN d.starts_at > clock_timestamp() THEN 'scheduled' ELSE 'active' END AS "state!",
                      d.created_by_name AS created_by, d.created_by AS created_by_id, d.created_at, d.revoked_at,
                      d.revoked_by_name AS revoked_by, d.revoked_by AS revoked_by_id
                 FROM delegations d
                CROSS JOIN LATERAL (SELECT p.name FROM principals p WHERE p.id = d.from_id OFFSET 0) f
                CROSS JOIN LATERAL (SELECT p.name FROM principals p WHERE p.id = d.to_id OFFSET 0) t "# + $rest
            $(, $argument)*
        )
    };
}

/// Which of them.
#[derive(Debug, Clone, Default)]
pub struct Which<'a> {
    pub from: Option<&'a PrincipalName>,
    pub to: Option<&'a PrincipalName>,
    /// Those that hold now, or those that don't.
    pub active: Option<bool>,
    /// Only those from or to this person.
    pub of: Option<PrincipalId>,
    /// The last of the page before.
    pub after: Option<Uuid>,
}

/// A page of a workspace's delegations, newest first.
pub async fn page(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    which: &Which<'_>,
    limit: i64,
) -> Result<Page<Delegation>, Error> {
    let rows = select_delegations!(
        "WHERE d.workspace_id = $1
           AND ($2::text IS NULL OR d.from_id = (SELECT p.id FROM principals p WHERE p.workspace_id = $1 AND p.name = $2))
           AND ($3::text IS NULL OR d.to_id = (SELECT p.id FROM principals p WHERE p.workspace_id = $1 AND p.name = $3))
           AND ($4::boolean IS NULL OR $4 = (d.revoked_at IS NULL AND d.starts_at <= now() AND d.ends_at > now()))
           AND ($5::uuid IS NULL OR d.from_id = $5 OR d.to_id = $5)
           AND ($6::uuid IS NULL OR d.id < $6)
         ORDER BY d.id DESC LIMIT $7",
        workspace.0,
        which.from.map(PrincipalName::as_str),
        which.to.map(PrincipalName::as_str),
        which.active,
        which.of.map(|it| it.0),
        which.after,
        limit + 1,
    );
    let size = |it: &Delegation| super::written(it.approval_types.iter().flatten().chain(&it.reason));
    super::page(rows.fetch(conn), limit, size).await
}

pub async fn get(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: DelegationId,
) -> Result<Option<Delegation>, Error> {
    let found = select_delegations!("WHERE d.workspace_id = $1 AND d.id = $2", workspace.0, id.0);
    Ok(found.fetch_optional(conn).await?)
}

/// One that is to be.
#[derive(Debug)]
pub struct NewDelegation<'a> {
    pub id: DelegationId,
    pub workspace: WorkspaceId,
    pub link: Link,
    pub approval_types: Option<&'a [String]>,
    pub redelegable: bool,
    pub reason: Option<&'a str>,
    pub by: &'a Actor,
}

pub async fn insert(conn: &mut PgConnection, new: &NewDelegation<'_>) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO delegations (id, workspace_id, from_id, to_id, starts_at, ends_at, approval_types, redelegable,
                reason, created_by, created_by_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        new.id.0,
        new.workspace.0,
        new.link.from.0,
        new.link.to.0,
        new.link.starts_at,
        new.link.ends_at,
        new.approval_types,
        new.redelegable,
        new.reason,
        new.by.id.0,
        new.by.name.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Revokes one that is not revoked yet; whether that was so.
pub async fn revoke(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: DelegationId,
    by: &Actor,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "UPDATE delegations SET revoked_at = clock_timestamp(), revoked_by = $3, revoked_by_name = $4
          WHERE id = $2 AND workspace_id = $1 AND revoked_at IS NULL",
        workspace.0,
        id.0,
        by.id.0,
        by.name.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// How many there are, from one person and to another.
#[derive(Debug)]
pub struct DelegationCounts {
    /// The clock, at which they were counted.
    pub now: DateTime<Utc>,
    /// Neither ended nor revoked.
    pub from: i64,
    pub to: i64,
}

pub async fn standing(
    conn: &mut PgConnection,
    from: PrincipalId,
    to: PrincipalId,
) -> Result<DelegationCounts, Error> {
    Ok(sqlx::query_as!(
        DelegationCounts,
        r#"WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now)
           SELECT c.now AS "now!",
                  (SELECT count(*) FROM delegations d
                    WHERE d.from_id = $1 AND d.revoked_at IS NULL AND d.ends_at > c.now) AS "from!",
                  (SELECT count(*) FROM delegations d
                    WHERE d.to_id = $2 AND d.revoked_at IS NULL AND d.ends_at > c.now) AS "to!"
             FROM clock c"#,
        from.0,
        to.0,
    )
    .fetch_one(conn)
    .await?)
}

/// The delegations with which a new one could make a chain: three before it and three behind it, at most.
pub async fn around(conn: &mut PgConnection, new: &Link) -> Result<Vec<Link>, Error> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE behind AS (
               SELECT d.id, d.to_id, 1 AS hops FROM delegations d
                WHERE d.from_id = $2 AND d.revoked_at IS NULL AND d.ends_at > $3 AND d.starts_at < $4
               UNION
               SELECT n.id, n.to_id, b.hops + 1
                 FROM behind b
                CROSS JOIN LATERAL (
                      SELECT d.id, d.to_id FROM delegations d
                       WHERE d.from_id = b.to_id AND d.revoked_at IS NULL AND d.ends_at > $3 AND d.starts_at < $4
                      OFFSET 0) n
                WHERE b.hops < 3
           ), before AS (
               SELECT d.id, d.from_id, 1 AS hops FROM delegations d
                WHERE d.to_id = $1 AND d.revoked_at IS NULL AND d.ends_at > $3 AND d.starts_at < $4
               UNION
               SELECT n.id, n.from_id, b.hops + 1
                 FROM before b
                CROSS JOIN LATERAL (
                      SELECT d.id, d.from_id FROM delegations d
                       WHERE d.to_id = b.from_id AND d.revoked_at IS NULL AND d.ends_at > $3 AND d.starts_at < $4
                      OFFSET 0) n
                WHERE b.hops < 3
           )
           SELECT l.from_id, l.to_id, l.starts_at, l.ends_at
             FROM (SELECT id FROM behind UNION SELECT id FROM before) x
            CROSS JOIN LATERAL (
                  SELECT d.from_id, d.to_id, d.starts_at, d.ends_at FROM delegations d WHERE d.id = x.id OFFSET 0) l"#,
        new.from.0,
        new.to.0,
        new.starts_at,
        new.ends_at,
    )
    .fetch_all(conn)
    .await?;
    let link = rows.into_iter().map(|row| Link {
        from: PrincipalId(row.from_id),
        to: PrincipalId(row.to_id),
        starts_at: row.starts_at,
        ends_at: row.ends_at,
    });
    Ok(link.collect())
}
