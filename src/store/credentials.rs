//! From what a caller came with to who that is and what it allows: one reading of credential, principal, workspace
//! and roles. Only what is good now is found: not revoked, not expired, of nobody who is disabled.

mod decider;

use std::time::Duration;

use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{Error, open_seats};
use crate::domain::{
    credential::Credential,
    ids::{KeyId, PrincipalId, SessionId, WorkspaceId},
    names::PrincipalName,
    policy::{Actor, Kind, Member, admission::Seat},
    redaction::Redaction,
};

pub use self::decider::decider;

/// A credential that is good now.
#[derive(Debug, Clone)]
pub struct GoodCredential {
    pub credential: CredentialRow,
    pub workspace: WorkspaceId,
    pub allow_timeout_approve: bool,
    /// What the workspace takes out of what is stored, if anything.
    pub redaction: Option<Redaction>,
    /// Who it is, as policies see it: what their own roles and groups are, not what the credential allows.
    pub member: Member,
    pub kind: Kind,
    /// Whose seats are open to them by delegation.
    pub seats: Vec<Seat>,
    /// Permissions by name, as they are given directly and by the workspace's own roles.
    pub permissions: Vec<String>,
    /// Roles by name; what the built-in ones among them allow, the caller knows.
    pub roles: Vec<String>,
    /// By the database's clock; `None`: for good.
    pub valid_for: Option<Duration>,
}

/// Which it is.
#[derive(Debug, Clone)]
pub enum CredentialRow {
    /// Found by its prefix; whether the secret is right is for the caller to see.
    Key { id: KeyId, prefix: String, secret_hash: Vec<u8> },
    /// Found by the hash of its secret.
    Session(SessionId),
    /// A subject for whom an issuer vouches.
    Principal,
}

struct Row {
    workspace_id: Uuid,
    allow_timeout_approve: bool,
    redaction: Option<Json<Redaction>>,
    principal_id: Uuid,
    name: String,
    permissions: Vec<String>,
    roles: Vec<String>,
    own: Vec<String>,
    kind: String,
    member_roles: Vec<String>,
    member_groups: Vec<String>,
    has_seats: bool,
    valid_for: Option<f64>,
}

impl Row {
    /// The standing, with the seats that are open: who has none, as most, is not asked about again.
    async fn standing(
        self,
        conn: &mut PgConnection,
        credential: CredentialRow,
    ) -> Result<GoodCredential, Error> {
        let seats = if self.has_seats {
            open_seats::seats(conn, PrincipalId(self.principal_id)).await?
        } else {
            Vec::new()
        };
        let corrupt =
            |what: String| Error::Corrupt { table: "principals", id: self.principal_id.to_string(), what };
        let name = PrincipalName::stored(&self.name).map_err(|error| corrupt(error.to_string()))?;
        let kind = Kind::from_word(&self.kind).ok_or_else(|| corrupt("unknown kind".to_owned()))?;
        // A name that no policy can have means nothing to one.
        let names = |list: &[String]| list.iter().filter_map(|it| PrincipalName::stored(it).ok()).collect();
        let mut permissions = self.permissions;
        permissions.extend(self.own);
        Ok(GoodCredential {
            credential,
            workspace: WorkspaceId(self.workspace_id),
            allow_timeout_approve: self.allow_timeout_approve,
            redaction: self.redaction.map(|Json(it)| it),
            member: Member {
                actor: Actor { id: PrincipalId(self.principal_id), name },
                roles: names(&self.member_roles),
                groups: names(&self.member_groups),
            },
            kind,
            seats,
            permissions,
            roles: self.roles,
            valid_for: self
                .valid_for
                .map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)),
        })
    }
}

/// The standing that a row of either statement below tells of; each has a type of its own.
macro_rules! standing {
    ($conn:ident, $row:ident, $credential:expr) => {
        Row {
            workspace_id: $row.workspace_id,
            allow_timeout_approve: $row.allow_timeout_approve,
            redaction: $row.redaction,
            principal_id: $row.principal_id,
            name: $row.name,
            permissions: $row.permissions,
            roles: $row.roles,
            own: $row.own,
            kind: $row.kind,
            member_roles: $row.member_roles,
            member_groups: $row.member_groups,
            has_seats: $row.has_seats,
            valid_for: $row.valid_for,
        }
        .standing($conn, $credential)
        .await
    };
}

/// The key with this prefix.
pub async fn key(conn: &mut PgConnection, prefix: &str) -> Result<Option<GoodCredential>, Error> {
    let found = sqlx::query!(
        r#"SELECT k.id, k.secret_hash, k.workspace_id, w.allow_timeout_approve, k.principal_id, p.name,
                  CASE WHEN (w.redaction ->> 'store')::boolean THEN w.redaction END AS "redaction: Json<Redaction>",
                  p.kind, p.roles || p.claimed_roles AS "member_roles!",
                  p.groups || p.claimed_groups AS "member_groups!",
                  (w.delegation <> 'off' AND EXISTS (
                      SELECT FROM delegations d
                       WHERE d.to_id = p.id AND d.revoked_at IS NULL AND d.starts_at <= now() AND d.ends_at > now()))
                  AS "has_seats!",
                  k.permissions, k.roles,
                  ARRAY(SELECT DISTINCT g FROM roles r CROSS JOIN unnest(r.permissions) AS g
                         WHERE r.workspace_id = k.workspace_id AND r.name = ANY(k.roles)) AS "own!",
                  extract(epoch FROM k.expires_at - clock_timestamp())::float8 AS valid_for
             FROM api_keys k
             JOIN principals p ON p.id = k.principal_id
             JOIN workspaces w ON w.id = k.workspace_id
            WHERE k.prefix = $1 AND k.revoked_at IS NULL AND p.disabled_at IS NULL
              AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())"#,
        prefix,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = found else { return Ok(None) };
    let credential =
        CredentialRow::Key { id: KeyId(row.id), prefix: prefix.to_owned(), secret_hash: row.secret_hash };
    standing!(conn, row, credential).map(Some)
}

/// The browser session whose secret has this hash. One that was opened with a key allows what the key does, as long
/// as the key is good; and any, as long as it is not left unused for `idle`.
pub async fn session(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    idle: Duration,
) -> Result<Option<GoodCredential>, Error> {
    let found = sqlx::query!(
        r#"SELECT s.id, s.workspace_id, w.allow_timeout_approve, s.principal_id, p.name,
                  CASE WHEN (w.redaction ->> 'store')::boolean THEN w.redaction END AS "redaction: Json<Redaction>",
                  p.kind, p.roles || p.claimed_roles AS "member_roles!",
                  p.groups || p.claimed_groups AS "member_groups!",
                  (w.delegation <> 'off' AND EXISTS (
                      SELECT FROM delegations d
                       WHERE d.to_id = p.id AND d.revoked_at IS NULL AND d.starts_at <= now() AND d.ends_at > now()))
                  AS "has_seats!",
                  coalesce(k.permissions, '{}') AS "permissions!", g.roles AS "roles!",
                  ARRAY(SELECT DISTINCT o FROM roles r CROSS JOIN unnest(r.permissions) AS o
                         WHERE r.workspace_id = s.workspace_id AND r.name = ANY(g.roles)) AS "own!",
                  extract(epoch FROM least(s.expires_at, k.expires_at) - clock_timestamp())::float8 AS valid_for
             FROM browser_sessions s
             JOIN principals p ON p.id = s.principal_id
             JOIN workspaces w ON w.id = s.workspace_id
             LEFT JOIN api_keys k ON k.id = s.key_id
             CROSS JOIN LATERAL (
                  SELECT CASE WHEN s.key_id IS NULL THEN p.roles || p.claimed_roles ELSE k.roles END AS roles) g
            WHERE s.hash = $1 AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp()
              AND s.last_seen_at > clock_timestamp() - make_interval(secs => $2)
              AND p.disabled_at IS NULL AND k.revoked_at IS NULL
              AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())"#,
        hash,
        idle.as_secs_f64(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = found else { return Ok(None) };
    let credential = CredentialRow::Session(SessionId(row.id));
    standing!(conn, row, credential).map(Some)
}

/// A subject for whom an issuer has vouched before.
pub async fn principal(conn: &mut PgConnection, id: PrincipalId) -> Result<Option<GoodCredential>, Error> {
    let found = sqlx::query!(
        r#"SELECT p.workspace_id, w.allow_timeout_approve, p.name, p.roles || p.claimed_roles AS "roles!",
                  CASE WHEN (w.redaction ->> 'store')::boolean THEN w.redaction END AS "redaction: Json<Redaction>",
                  p.kind, p.roles || p.claimed_roles AS "member_roles!",
                  p.groups || p.claimed_groups AS "member_groups!",
                  (w.delegation <> 'off' AND EXISTS (
                      SELECT FROM delegations d
                       WHERE d.to_id = p.id AND d.revoked_at IS NULL AND d.starts_at <= now() AND d.ends_at > now()))
                  AS "has_seats!",
                  ARRAY(SELECT DISTINCT g FROM roles r CROSS JOIN unnest(r.permissions) AS g
                         WHERE r.workspace_id = p.workspace_id AND r.name = ANY(p.roles || p.claimed_roles)) AS "own!"
             FROM principals p JOIN workspaces w ON w.id = p.workspace_id
            WHERE p.id = $1 AND p.disabled_at IS NULL"#,
        id.0,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = found else { return Ok(None) };
    let row = Row {
        workspace_id: row.workspace_id,
        allow_timeout_approve: row.allow_timeout_approve,
        redaction: row.redaction,
        principal_id: id.0,
        name: row.name,
        permissions: Vec::new(),
        roles: row.roles,
        own: row.own,
        kind: row.kind,
        member_roles: row.member_roles,
        member_groups: row.member_groups,
        has_seats: row.has_seats,
        valid_for: None,
    };
    row.standing(conn, CredentialRow::Principal).await.map(Some)
}

/// A credential that was remembered by its row, and what it allows: permissions and roles by name.
#[derive(Debug)]
pub struct Good {
    pub credential: Credential,
    pub permissions: Vec<String>,
    pub roles: Vec<String>,
}

/// Those that are still good; sessions, if they were used within `idle`.
pub async fn still_good(
    conn: &mut PgConnection,
    used: &[Credential],
    idle: Duration,
) -> Result<Vec<Good>, Error> {
    let (mut keys, mut sessions, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    for credential in used {
        match credential {
            Credential::Key(id) => keys.push(id.0),
            Credential::Session(id) => sessions.push(id.0),
            Credential::Token { principal, expires_at } => tokens.push((principal.0, *expires_at)),
        }
    }
    let (of_tokens, until): (Vec<Uuid>, Vec<_>) = tokens.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"WITH good AS (
               SELECT 'key' AS kind, k.id, NULL::timestamptz AS until, k.workspace_id, k.principal_id, k.permissions,
                      k.roles
                 FROM api_keys k
                WHERE k.id = ANY($1) AND k.revoked_at IS NULL
                  AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
               UNION ALL
               SELECT 'session', s.id, NULL, s.workspace_id, s.principal_id, k.permissions, k.roles
                 FROM browser_sessions s LEFT JOIN api_keys k ON k.id = s.key_id
                WHERE s.id = ANY($2) AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp()
                  AND s.last_seen_at > clock_timestamp() - make_interval(secs => $5)
                  AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
               UNION ALL
               SELECT 'token', t.id, t.until, p.workspace_id, p.id, NULL, NULL
                 FROM unnest($3::uuid[], $4::timestamptz[]) AS t(id, until) JOIN principals p ON p.id = t.id
                WHERE t.until > clock_timestamp()
           ), granted AS (
               SELECT g.kind, g.id, g.until, g.workspace_id, coalesce(g.permissions, '{}') AS permissions,
                      coalesce(g.roles, p.roles || p.claimed_roles) AS roles
                 FROM good g JOIN principals p ON p.id = g.principal_id
                WHERE p.disabled_at IS NULL
           )
           SELECT g.kind AS "kind!", g.id AS "id!", g.until, g.roles AS "roles!",
                  g.permissions || ARRAY(SELECT DISTINCT o FROM roles r CROSS JOIN unnest(r.permissions) AS o
                                          WHERE r.workspace_id = g.workspace_id AND r.name = ANY(g.roles))
                  AS "permissions!"
             FROM granted g"#,
        &keys,
        &sessions,
        &of_tokens,
        &until,
        idle.as_secs_f64(),
    )
    .fetch_all(conn)
    .await?;
    let good = rows.into_iter().filter_map(|row| {
        let credential = match row.kind.as_str() {
            "key" => Credential::Key(KeyId(row.id)),
            "session" => Credential::Session(SessionId(row.id)),
            _ => Credential::Token { principal: PrincipalId(row.id), expires_at: row.until? },
        };
        Some(Good { credential, permissions: row.permissions, roles: row.roles })
    });
    Ok(good.collect())
}

/// What became of a credential.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    pub credential: Credential,
    /// It was revoked, or what it stands on was, or its principal is disabled.
    pub is_revoked: bool,
    /// Another has taken its place.
    pub is_rotated: bool,
    /// Its time is over.
    pub is_over: bool,
}

/// What became of these; of what is not there any more, nothing is known. Sessions are over that were not used within
/// `idle`.
pub async fn ended(
    conn: &mut PgConnection,
    used: &[Credential],
    idle: Duration,
) -> Result<Vec<Ended>, Error> {
    let (mut keys, mut sessions) = (Vec::new(), Vec::new());
    let (mut of_tokens, mut until) = (Vec::new(), Vec::new());
    for credential in used {
        match credential {
            Credential::Key(id) => keys.push(id.0),
            Credential::Session(id) => sessions.push(id.0),
            Credential::Token { principal, expires_at } => {
                of_tokens.push(principal.0);
                until.push(*expires_at);
            }
        }
    }
    let rows = sqlx::query!(
        r#"SELECT 'key' AS "kind!", k.id AS "id!", NULL::timestamptz AS until,
                  (k.revoked_at IS NOT NULL OR p.disabled_at IS NOT NULL) AS "is_revoked!",
                  (k.rotated_to IS NOT NULL) AS "is_rotated!",
                  coalesce(k.expires_at <= clock_timestamp(), false) AS "is_over!"
             FROM api_keys k JOIN principals p ON p.id = k.principal_id
            WHERE k.id = ANY($1)
           UNION ALL
           SELECT 'session', s.id, NULL,
                  s.revoked_at IS NOT NULL OR k.revoked_at IS NOT NULL OR p.disabled_at IS NOT NULL,
                  k.rotated_to IS NOT NULL,
                  s.expires_at <= clock_timestamp()
                  OR s.last_seen_at <= clock_timestamp() - make_interval(secs => $5)
                  OR coalesce(k.expires_at <= clock_timestamp(), false)
             FROM browser_sessions s
             JOIN principals p ON p.id = s.principal_id
             LEFT JOIN api_keys k ON k.id = s.key_id
            WHERE s.id = ANY($2)
           UNION ALL
           SELECT 'token', t.id, t.until, p.disabled_at IS NOT NULL, false, t.until <= clock_timestamp()
             FROM unnest($3::uuid[], $4::timestamptz[]) AS t(id, until) JOIN principals p ON p.id = t.id"#,
        &keys,
        &sessions,
        &of_tokens,
        &until,
        idle.as_secs_f64(),
    )
    .fetch_all(conn)
    .await?;
    let ended = rows.into_iter().filter_map(|row| {
        let credential = match row.kind.as_str() {
            "key" => Credential::Key(KeyId(row.id)),
            "session" => Credential::Session(SessionId(row.id)),
            _ => Credential::Token { principal: PrincipalId(row.id), expires_at: row.until? },
        };
        let (is_revoked, is_rotated, is_over) = (row.is_revoked, row.is_rotated, row.is_over);
        Some(Ended { credential, is_revoked, is_rotated, is_over })
    });
    Ok(ended.collect())
}

/// Notes that these sessions were used lately: to the minute.
pub async fn seen(conn: &mut PgConnection, sessions: &[SessionId]) -> Result<(), Error> {
    let ids: Vec<Uuid> = sessions.iter().map(|id| id.0).collect();
    sqlx::query!(
        "WITH used AS MATERIALIZED (
             SELECT s.id FROM browser_sessions s
              WHERE s.id = ANY($1) AND s.last_seen_at < now() - interval '1 minute'
              ORDER BY s.id FOR UPDATE OF s SKIP LOCKED)
         UPDATE browser_sessions s SET last_seen_at = now() FROM used u WHERE s.id = u.id",
        &ids
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that these keys were used lately.
pub async fn touch(conn: &mut PgConnection, keys: &[KeyId]) -> Result<(), Error> {
    let ids: Vec<Uuid> = keys.iter().map(|id| id.0).collect();
    sqlx::query!(
        "WITH used AS MATERIALIZED (
             SELECT k.id FROM api_keys k WHERE k.id = ANY($1) ORDER BY k.id FOR UPDATE OF k SKIP LOCKED)
         UPDATE api_keys k SET last_used_at = now() FROM used u WHERE k.id = u.id",
        &ids
    )
    .execute(conn)
    .await?;
    Ok(())
}
