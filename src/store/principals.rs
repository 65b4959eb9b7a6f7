//! Who acts: people and services.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Error, Page, vocabulary};
use crate::domain::{
    ids::{PrincipalId, WorkspaceId},
    names::PrincipalName,
};

/// One of them, as it is shown and recorded.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Principal {
    pub id: Uuid,
    /// As policies name it.
    #[schema(example = "ana")]
    pub name: String,
    #[schema(value_type = vocabulary::PrincipalKind, example = "person")]
    pub kind: String,
    pub display_name: Option<String>,
    pub email: Option<String>,
    /// Given here.
    pub roles: Vec<String>,
    pub groups: Vec<String>,
    /// What the issuer said at the last sign-in.
    pub claimed_roles: Vec<String>,
    pub claimed_groups: Vec<String>,
    /// Whom the issuer knows it as.
    pub issuer: Option<String>,
    pub subject: Option<String>,
    /// Their account in Slack: team and user.
    #[schema(example = "T0123ABCD/U0456EFGH")]
    pub slack: Option<String>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Whom to look for.
#[derive(Debug, Clone, Copy)]
pub enum Who<'a> {
    Id(PrincipalId),
    Name(&'a PrincipalName),
}

macro_rules! select_principals {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Principal,
            "SELECT p.id, p.name, p.kind, p.display_name, p.email, p.roles, p.groups, p.claimed_roles,
                    p.claimed_groups, p.issuer, p.subject,
                    (SELECT s.team || '/' || s.slack_user FROM slack_users s WHERE s.principal_id = p.id) AS slack,
                    p.disabled_at, p.created_at, p.updated_at
               FROM principals p " + $rest
            $(, $argument)*
        )
    };
}

/// A page of them by name, in its order; `after` is the last name of the page before.
pub async fn page(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    after: Option<&str>,
    limit: i64,
) -> Result<Page<Principal>, Error> {
    let rows = select_principals!(
        "WHERE p.workspace_id = $1 AND ($2::text IS NULL OR p.name > $2) ORDER BY p.name LIMIT $3",
        workspace.0,
        after,
        limit + 1,
    );
    let size = |it: &Principal| {
        super::written([&it.roles, &it.groups, &it.claimed_roles, &it.claimed_groups].into_iter().flatten())
    };
    super::page(rows.fetch(conn), limit, size).await
}

/// By name, in its order; `after` is the last name of the page before.
pub async fn list(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Principal>, Error> {
    Ok(select_principals!(
        "WHERE p.workspace_id = $1 AND ($2::text IS NULL OR p.name > $2) ORDER BY p.name LIMIT $3",
        workspace.0,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?)
}

/// Locks it until the transaction ends.
pub async fn lock(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    who: Who<'_>,
) -> Result<Option<Principal>, Error> {
    let (id, name) = parts(who);
    Ok(select_principals!(
        "WHERE p.workspace_id = $1 AND (p.id = $2 OR p.name = $3) FOR UPDATE",
        workspace.0,
        id,
        name,
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn get(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    who: Who<'_>,
) -> Result<Option<Principal>, Error> {
    let (id, name) = parts(who);
    Ok(select_principals!("WHERE p.workspace_id = $1 AND (p.id = $2 OR p.name = $3)", workspace.0, id, name,)
        .fetch_optional(conn)
        .await?)
}

fn parts(who: Who<'_>) -> (Option<Uuid>, Option<&str>) {
    match who {
        Who::Id(id) => (Some(id.0), None),
        Who::Name(name) => (None, Some(name.as_str())),
    }
}

/// The principal of that name, and whether it was made just now.
pub async fn ensure(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    name: &PrincipalName,
    kind: &str,
) -> Result<(PrincipalId, bool), Error> {
    let id = PrincipalId::generate();
    let made = sqlx::query_scalar!(
        "INSERT INTO principals (id, workspace_id, name, kind) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id",
        id.0,
        workspace.0,
        name.as_str(),
        kind,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if made.is_some() {
        return Ok((id, true));
    }
    let known = sqlx::query_scalar!(
        "SELECT id FROM principals WHERE workspace_id = $1 AND name = $2",
        workspace.0,
        name.as_str(),
    )
    .fetch_one(conn)
    .await?;
    Ok((PrincipalId(known), false))
}

/// What administrators say of a principal; the whole of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub kind: String,
    pub display_name: Option<String>,
    pub email: Option<String>,
    pub roles: Vec<String>,
    pub groups: Vec<String>,
    /// Kept elsewhere ([`super::slack`]).
    pub slack: Option<String>,
    pub is_disabled: bool,
}

impl From<&Principal> for Profile {
    fn from(principal: &Principal) -> Self {
        Self {
            kind: principal.kind.clone(),
            display_name: principal.display_name.clone(),
            email: principal.email.clone(),
            roles: principal.roles.clone(),
            groups: principal.groups.clone(),
            slack: principal.slack.clone(),
            is_disabled: principal.disabled_at.is_some(),
        }
    }
}

/// Writes a profile; the caller has locked the row.
pub async fn update(conn: &mut PgConnection, id: Uuid, profile: &Profile) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE principals
            SET kind = $2, display_name = $3, email = $4, roles = $5, groups = $6,
                disabled_at = CASE WHEN $7 THEN coalesce(disabled_at, now()) END, updated_at = now()
          WHERE id = $1",
        id,
        profile.kind,
        profile.display_name,
        profile.email,
        &profile.roles,
        &profile.groups,
        profile.is_disabled,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whom an issuer knows by that subject, and when it last said something of them.
pub async fn of_subject(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    issuer: &str,
    subject: &str,
) -> Result<Option<(Principal, Option<DateTime<Utc>>)>, Error> {
    let found = select_principals!(
        "WHERE p.workspace_id = $1 AND p.issuer = $2 AND p.subject = $3",
        workspace.0,
        issuer,
        subject,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(principal) = found else { return Ok(None) };
    let said_at = sqlx::query_scalar!("SELECT claimed_at FROM principals WHERE id = $1", principal.id)
        .fetch_one(conn)
        .await?;
    Ok(Some((principal, said_at)))
}

/// Binds a person to an issuer's subject, or to none, in place of whom they were bound to. What was said of that one
/// is forgotten. The caller has locked the row.
pub async fn bind(conn: &mut PgConnection, id: Uuid, to: Option<(&str, &str)>) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE principals
            SET issuer = $2, subject = $3, claimed_at = NULL, claimed_roles = '{}', claimed_groups = '{}',
                updated_at = now()
          WHERE id = $1",
        id,
        to.map(|(issuer, _)| issuer),
        to.map(|(_, subject)| subject),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets nobody else do something about that subject until the transaction ends.
pub async fn lock_subject(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    issuer: &str,
    subject: &str,
) -> Result<(), Error> {
    let name = format!("{} {issuer} {subject}", workspace.0);
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name).execute(conn).await?;
    Ok(())
}

/// What an issuer says of a person.
#[derive(Debug, Clone)]
pub struct Said<'a> {
    pub issuer: &'a str,
    pub subject: &'a str,
    /// By the issuer's clock.
    pub at: DateTime<Utc>,
    /// `None` leaves what is known.
    pub display_name: Option<&'a str>,
    pub email: Option<&'a str>,
    pub roles: &'a [String],
    pub groups: &'a [String],
}

/// Takes over what an issuer says; `updated_at` moves only if something changes. The caller has locked the row.
pub async fn said(conn: &mut PgConnection, id: Uuid, said: &Said<'_>) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE principals p
            SET issuer = n.issuer, subject = n.subject, claimed_at = $4, display_name = n.display_name,
                email = n.email, claimed_roles = n.roles, claimed_groups = n.groups,
                updated_at = CASE WHEN (p.issuer, p.subject, p.display_name, p.email, p.claimed_roles,
                                        p.claimed_groups) IS DISTINCT FROM
                                       (n.issuer, n.subject, n.display_name, n.email, n.roles, n.groups)
                                  THEN clock_timestamp() ELSE p.updated_at END
           FROM (SELECT q.id, $2::text AS issuer, $3::text AS subject,
                        coalesce($5, q.display_name) AS display_name, coalesce($6, q.email) AS email,
                        $7::text[] AS roles, $8::text[] AS groups
                   FROM principals q WHERE q.id = $1) n
          WHERE p.id = n.id",
        id,
        said.issuer,
        said.subject,
        said.at,
        said.display_name,
        said.email,
        said.roles,
        said.groups,
    )
    .execute(conn)
    .await?;
    Ok(())
}
