//! Whom we are signed in as: which of the database's roles we may take, and whether we are more than we should be.

use sqlx::PgConnection;

use super::Error;

/// The roles that work is divided among, as the migrations make them. Whoever is a member of the first may take all.
pub const ROLES: [&str; 6] =
    ["signoff_app", "signoff_commit", "signoff_read", "signoff_work", "signoff_auth", "signoff_operator"];

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

/// Lets `login` be an instance's: it may take all roles then, and has what one workspace needs.
pub async fn admit(conn: &mut PgConnection, login: &str) -> Result<(), Error> {
    let quoted: String =
        sqlx::query_scalar!(r#"SELECT quote_ident($1) AS "quoted!""#, login).fetch_one(&mut *conn).await?;
    let grant = format!("GRANT signoff_app TO {quoted}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(grant)).execute(conn).await?;
    Ok(())
}
