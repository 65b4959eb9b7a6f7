//! Whom we are signed in as: which of the database's roles we may take, and whether we are more than we should be.

use sqlx::PgConnection;

use super::Error;

/// The roles that work is divided among, as the migrations make them. A member of the first may take all.
pub const ROLES: [&str; 7] = [
    "signoff_app",
    "signoff_commit",
    "signoff_read",
    "signoff_work",
    "signoff_auth",
    "signoff_operator",
    "signoff_notify",
];

/// What the login is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    pub name: String,
    /// Roles that it may not take, or that are not there.
    pub lacks: Vec<String>,
    /// It could switch the walls off: it owns tables, is a superuser, or bypasses row-level security.
    pub is_privileged: bool,
}

impl Login {
    /// What to do about roles that are missing, in words.
    pub fn remedy(&self) -> String {
        format!(
            "the database login {:?} may not act as {}; as the owner of the schema run \
             `signoff migrate up --login {}`, or in SQL: GRANT signoff_app TO \"{}\"",
            self.name,
            self.lacks.join(", "),
            self.name,
            self.name
        )
    }
}

/// Asks the database.
pub async fn look(conn: &mut PgConnection) -> Result<Login, Error> {
    let roles: Vec<String> = ROLES.iter().map(|role| (*role).to_owned()).collect();
    let row = sqlx::query!(
        r#"SELECT session_user::text AS "name!",
                  ARRAY(SELECT r FROM unnest($1::text[]) AS r
                         WHERE NOT coalesce((SELECT pg_has_role(session_user, g.oid, 'MEMBER')
                                               FROM pg_roles g WHERE g.rolname = r), false)) AS "lacks!",
                  (u.rolsuper OR u.rolbypassrls OR EXISTS (
                       SELECT FROM pg_class c
                        WHERE c.oid = to_regclass('approval_requests') AND c.relowner = u.oid)) AS "privileged!"
             FROM pg_roles u WHERE u.rolname = session_user"#,
        &roles,
    )
    .fetch_one(conn)
    .await?;
    Ok(Login { name: row.name, lacks: row.lacks, is_privileged: row.privileged })
}

/// How many connections the server gives, for all that sign in alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// To everybody but superusers.
    pub server: i64,
    /// To this login, to this database; none: as many as the server.
    pub login: Option<i64>,
    pub database: Option<i64>,
    /// Those of this login that are open now.
    pub open: i64,
}

impl Room {
    /// The tightest of them.
    pub fn least(&self) -> i64 {
        [self.login, self.database].into_iter().flatten().fold(self.server, i64::min)
    }
}

/// Asks how many connections there may be.
pub async fn room(conn: &mut PgConnection) -> Result<Room, Error> {
    Ok(sqlx::query_as!(
        Room,
        r#"SELECT current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint
                  - coalesce(current_setting('reserved_connections', true)::bigint, 0) AS "server!",
                  (SELECT nullif(u.rolconnlimit, -1)::bigint FROM pg_roles u
                    WHERE u.rolname = session_user AND NOT u.rolsuper) AS login,
                  (SELECT nullif(d.datconnlimit, -1)::bigint FROM pg_database d
                    WHERE d.datname = current_database()) AS database,
                  (SELECT count(*) FROM pg_stat_activity a WHERE a.usename = session_user) AS "open!""#
    )
    .fetch_one(conn)
    .await?)
}

/// Lets `login` be an instance's: it may take all roles then, and has what one workspace needs.
pub async fn admit(conn: &mut PgConnection, login: &str) -> Result<(), Error> {
    let quoted: String =
        sqlx::query_scalar!(r#"SELECT quote_ident($1) AS "quoted!""#, login).fetch_one(&mut *conn).await?;
    let grant = format!("GRANT signoff_app TO {quoted}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(grant)).execute(conn).await?;
    Ok(())
}
