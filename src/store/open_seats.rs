//! Which seats are open to whom by delegation: read with a credential, and for the list of who may agree.
//!
//! Only seats of people who are enabled are open, and only by a chain of such. Rows are looked up one by one, behind
//! `OFFSET 0`, as in [`super::delegations`].

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    ids::{DelegationId, PrincipalId, WorkspaceId},
    names::{CallerName, PrincipalName},
    policy::{Actor, Member, admission::Seat},
};

/// Most seats of others that are open to one person at a time, those that are nearest.
const MOST_SEATS: i64 = 1_000;

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

/// A person to whom a seat is open, by one chain.
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
