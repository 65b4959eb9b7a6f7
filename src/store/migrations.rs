//! The schema's migrations, embedded in the binary.

use sqlx::{
    PgConnection,
    migrate::{Migrate, MigrationType, Migrator},
    postgres::PgConnectOptions,
};

use super::session::{self, SCHEMA};

/// A newer schema than this binary knows is tolerated: during a rolling upgrade both run.
static MIGRATOR: Migrator = Migrator { ignore_missing: true, ..sqlx::migrate!() };

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("can't connect to the database: {0}")]
    Connect(#[source] sqlx::Error),
    #[error("{0}")]
    Place(String),
    #[error(
        "a table that has to be changed is in use, perhaps by a backup; nothing of this migration was done, and others \
         were not held up: try again when it is over ({0})"
    )]
    Held(#[source] sqlx::migrate::MigrateError),
    #[error(transparent)]
    Migrate(sqlx::migrate::MigrateError),
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
        let code = match &error {
            Execute(error) | ExecuteMigration(error, _) => {
                error.as_database_error().and_then(sqlx::error::DatabaseError::code)
            }
            _ => None,
        };
        // lock_not_available
        if code.as_deref() == Some("55P03") { Self::Held(error) } else { Self::Migrate(error) }
    }
}

/// One migration, and whether this database has it.
#[derive(Debug, serde::Serialize)]
pub struct Migration {
    pub version: i64,
    pub description: String,
    pub applied: bool,
}

/// Applies all that are missing; answers how many there were. Safe to run from many places at once.
pub async fn up(options: &PgConnectOptions) -> Result<usize, Error> {
    let before = pending(options).await?;
    let mut conn = connect(options).await?;
    check_place(&mut conn).await?;
    MIGRATOR.run(&mut conn).await?;
    Ok(before)
}

/// Whether the tables can be where they belong: in one schema, whatever the search path says.
async fn check_place(conn: &mut PgConnection) -> Result<(), Error> {
    let look = "SELECT to_regclass($1 || '.approval_requests') IS NOT NULL,
                       (SELECT string_agg(n.nspname, ', ' ORDER BY n.nspname)
                          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE c.relname = 'approval_requests' AND c.relkind = 'r' AND n.nspname <> $1
                           AND EXISTS (SELECT FROM pg_class m
                                        WHERE m.relnamespace = n.oid AND m.relname = '_sqlx_migrations')),
                       coalesce(has_schema_privilege(to_regnamespace($1)::oid, 'CREATE'), false), current_user::text";
    let (is_here, elsewhere, may_create, login): (bool, Option<String>, bool, String) =
        sqlx::query_as(look).bind(SCHEMA).fetch_one(conn).await.map_err(Error::Connect)?;
    if let Some(elsewhere) = elsewhere.filter(|_| !is_here) {
        return Err(Error::Place(format!(
            "Signoff's tables are in the schema {elsewhere}, where instances can't use them: an earlier version \
             followed search_path. They belong into {SCHEMA}, whatever search_path says. If no instance has ever run \
             on them, drop that schema, and migrate again"
        )));
    }
    if !may_create {
        return Err(Error::Place(format!(
            "Signoff's tables belong into the schema {SCHEMA}, where {login} may create nothing, or which is not \
             there. As a superuser: CREATE SCHEMA IF NOT EXISTS {SCHEMA}; GRANT CREATE, USAGE ON SCHEMA {SCHEMA} TO \
             \"{login}\""
        )));
    }
    Ok(())
}

/// Reverts the newest `steps`.
pub async fn down(options: &PgConnectOptions, steps: usize) -> Result<(), Error> {
    let applied: Vec<i64> =
        status(options).await?.iter().filter(|it| it.applied).map(|it| it.version).collect();
    let target = applied.iter().rev().nth(steps).copied().unwrap_or(0);
    let mut conn = connect(options).await?;
    MIGRATOR.undo(&mut conn, target).await?;
    Ok(())
}

/// How many are missing.
pub async fn pending(options: &PgConnectOptions) -> Result<usize, Error> {
    Ok(status(options).await?.iter().filter(|it| !it.applied).count())
}

/// All migrations that this binary knows, oldest first.
pub async fn status(options: &PgConnectOptions) -> Result<Vec<Migration>, Error> {
    let mut conn = connect(options).await?;
    // Only looks: an instance's role need not be allowed to create tables.
    let readable = "SELECT coalesce(has_table_privilege(to_regclass($1), 'SELECT'), false)";
    let known: bool = sqlx::query_scalar(readable)
        .bind(&*MIGRATOR.table_name)
        .fetch_one(&mut conn)
        .await
        .map_err(Error::Connect)?;
    let applied = if known { conn.list_applied_migrations(&MIGRATOR.table_name).await? } else { Vec::new() };
    Ok(MIGRATOR
        .iter()
        .filter(|it| !matches!(it.migration_type, MigrationType::ReversibleDown))
        .map(|it| Migration {
            version: it.version,
            description: it.description.to_string(),
            applied: applied.iter().any(|known| known.version == it.version),
        })
        .collect())
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    session::connect(options).await.map_err(Error::Connect)
}
