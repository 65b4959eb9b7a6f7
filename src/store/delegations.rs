//! Delegations: kept, listed, revoked; and which seats they open to whom.
//!
//! Principals and delegations are always looked up one by one, behind `OFFSET 0`: a statement that was planned while
//! the tables were not analysed would otherwise walk a whole index of theirs.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Page};
use crate::domain::{
    delegation::Link,
    ids::{DelegationId, PrincipalId, WorkspaceId},
    names::{CallerName, PrincipalName},
    policy::{Actor, Member, admission::Seat},
};

/// Most seats of others that are open to one person at a time, those that are nearest.
const MOST_SEATS: i64 = 1_000;

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
    /// `scheduled`, `active`, `ended` or `revoked`
    #[schema(example = "active")]
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
pub struct Standing {
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
) -> Result<Standing, Error> {
    Ok(sqlx::query_as!(
        Standing,
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

/// The seats that are open to a person now, the nearest first. Only the seats of people who are enabled are, and only
/// by a chain of such.
pub async fn seats(conn: &mut PgConnection, to: PrincipalId) -> Result<Vec<Seat>, Error> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE chains AS (
               SELECT d.from_id AS owner, ARRAY[d.id] AS delegations, '{}'::uuid[] AS through,
                      d.approval_types AS types, d.ends_at AS until, 1 AS hops
                 FROM delegations d
                WHERE d.to_id = $1 AND d.revoked_at IS NULL AND d.starts_at <= now() AND d.ends_at > now()
               UNION ALL
               SELECT n.from_id, n.id || c.delegations, c.owner || c.through,
                      CASE WHEN c.types IS NULL THEN n.approval_types WHEN n.approval_types IS NULL THEN c.types
                           ELSE ARRAY(SELECT unnest(c.types) INTERSECT SELECT unnest(n.approval_types)) END,
                      least(c.until, n.ends_at), c.hops + 1
                 FROM chains c
                CROSS JOIN LATERAL (
                      SELECT d.id, d.from_id, d.approval_types, d.ends_at FROM delegations d
                       WHERE d.to_id = c.owner AND d.redelegable AND d.revoked_at IS NULL
                         AND d.starts_at <= now() AND d.ends_at > now()
                      OFFSET 0) n
                WHERE c.hops < 3 AND n.from_id <> $1 AND n.from_id <> ALL (c.through)
           )
           SELECT c.owner AS "owner!", c.delegations AS "delegations!", c.through AS "through!",
                  c.types AS approval_types, c.until AS "until!", o.name, o.roles AS "roles!", o.groups AS "groups!",
                  b.names AS "names!"
             FROM chains c
            CROSS JOIN LATERAL (
                  SELECT p.name, p.roles || p.claimed_roles AS roles, p.groups || p.claimed_groups AS groups
                    FROM principals p
                   WHERE p.id = c.owner AND p.disabled_at IS NULL AND p.kind = 'person' OFFSET 0) o
            CROSS JOIN LATERAL (
                  SELECT ARRAY(SELECT (SELECT p.name FROM principals p
                                        WHERE p.id = x.id AND p.disabled_at IS NULL AND p.kind = 'person')
                                 FROM unnest(c.through) WITH ORDINALITY AS x(id, place) ORDER BY x.place) AS names) b
            WHERE array_position(b.names, NULL) IS NULL AND cardinality(c.types) IS DISTINCT FROM 0
            ORDER BY c.hops, o.name LIMIT $2"#,
        to.0,
        MOST_SEATS,
    )
    .fetch_all(conn)
    .await?;
    let seats = rows.into_iter().map(|row| {
        let owner = Member {
            actor: actor(row.owner, &row.name)?,
            roles: names(&row.roles),
            groups: names(&row.groups),
        };
        let through = row.through.iter().zip(&row.names).map(|(id, name)| actor(*id, name));
        Ok(Seat {
            owner,
            delegations: row.delegations.into_iter().map(DelegationId).collect(),
            through: through.collect::<Result<_, Error>>()?,
            approval_types: row.approval_types.map(|types| known_types(&types)),
            until: row.until,
        })
    });
    seats.collect()
}

/// Somebody to whom a seat is open, by one chain.
#[derive(Debug)]
pub struct Delegate {
    pub delegate: Actor,
    /// Whose seat.
    pub owner: PrincipalId,
    pub delegations: Vec<DelegationId>,
    pub through: Vec<Actor>,
    pub approval_types: Option<BTreeSet<CallerName>>,
    pub until: DateTime<Utc>,
}

/// To whom the seats of these people are open now, the nearest first, and `most` at most. Whether owners and delegates
/// are enabled is not looked at; those between them are.
pub async fn delegates(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    owners: &[PrincipalId],
    most: i64,
) -> Result<Vec<Delegate>, Error> {
    let owners: Vec<Uuid> = owners.iter().map(|it| it.0).collect();
    let rows = sqlx::query!(
        r#"WITH RECURSIVE chains AS (
               SELECT w.id AS owner, n.to_id AS delegate, ARRAY[n.id] AS delegations, '{}'::uuid[] AS through,
                      n.approval_types AS types, n.ends_at AS until, n.redelegable, 1 AS hops
                 FROM unnest($2::uuid[]) AS w(id)
                CROSS JOIN LATERAL (
                      SELECT d.id, d.to_id, d.approval_types, d.ends_at, d.redelegable FROM delegations d
                       WHERE d.from_id = w.id AND d.revoked_at IS NULL
                         AND d.starts_at <= now() AND d.ends_at > now()
                      OFFSET 0) n
                WHERE (SELECT s.delegation <> 'off' FROM workspaces s WHERE s.id = $1)
               UNION ALL
               SELECT c.owner, n.to_id, c.delegations || n.id, c.through || c.delegate,
                      CASE WHEN c.types IS NULL THEN n.approval_types WHEN n.approval_types IS NULL THEN c.types
                           ELSE ARRAY(SELECT unnest(c.types) INTERSECT SELECT unnest(n.approval_types)) END,
                      least(c.until, n.ends_at), n.redelegable, c.hops + 1
                 FROM chains c
                CROSS JOIN LATERAL (
                      SELECT d.id, d.to_id, d.approval_types, d.ends_at, d.redelegable FROM delegations d
                       WHERE d.from_id = c.delegate AND d.revoked_at IS NULL
                         AND d.starts_at <= now() AND d.ends_at > now()
                      OFFSET 0) n
                WHERE c.hops < 3 AND c.redelegable AND n.to_id <> c.owner AND n.to_id <> ALL (c.through)
           )
           SELECT c.owner AS "owner!", c.delegate AS "delegate!", c.delegations AS "delegations!",
                  c.through AS "through!", c.types AS approval_types, c.until AS "until!", t.name, b.names AS "names!"
             FROM chains c
            CROSS JOIN LATERAL (SELECT p.name FROM principals p WHERE p.id = c.delegate OFFSET 0) t
            CROSS JOIN LATERAL (
                  SELECT ARRAY(SELECT (SELECT p.name FROM principals p
                                        WHERE p.id = x.id AND p.disabled_at IS NULL AND p.kind = 'person')
                                 FROM unnest(c.through) WITH ORDINALITY AS x(id, place) ORDER BY x.place) AS names) b
            WHERE array_position(b.names, NULL) IS NULL AND cardinality(c.types) IS DISTINCT FROM 0
            ORDER BY c.hops, t.name, c.owner LIMIT $3"#,
        workspace.0,
        &owners,
        most,
    )
    .fetch_all(conn)
    .await?;
    let delegates = rows.into_iter().map(|row| {
        let through = row.through.iter().zip(&row.names).map(|(id, name)| actor(*id, name));
        Ok(Delegate {
            delegate: actor(row.delegate, &row.name)?,
            owner: PrincipalId(row.owner),
            delegations: row.delegations.into_iter().map(DelegationId).collect(),
            through: through.collect::<Result<_, Error>>()?,
            approval_types: row.approval_types.map(|types| known_types(&types)),
            until: row.until,
        })
    });
    delegates.collect()
}

fn actor(id: Uuid, name: &str) -> Result<Actor, Error> {
    let name = PrincipalName::stored(name).map_err(|error| Error::Corrupt {
        table: "principals",
        id: id.to_string(),
        what: error.to_string(),
    })?;
    Ok(Actor { id: PrincipalId(id), name })
}

/// A name that no policy can have means nothing to one.
fn names(list: &[String]) -> BTreeSet<PrincipalName> {
    list.iter().filter_map(|it| PrincipalName::stored(it).ok()).collect()
}

fn known_types(types: &[String]) -> BTreeSet<CallerName> {
    types.iter().filter_map(|it| CallerName::stored(it).ok()).collect()
}
