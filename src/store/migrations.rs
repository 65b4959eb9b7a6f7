//! The schema's migrations, embedded in the binary.

use sqlx::{
    PgConnection,
    migrate::{Migrate, MigrationType, Migrator},
    postgres::PgConnectOptions,
};

use super::session;

/// A newer schema than this binary knows is tolerated: during a rolling upgrade both run.
static MIGRATOR: Migrator = Migrator { ignore_missing: true, ..sqlx::migrate!() };

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("can't connect to the database: {0}")]
    Connect(#[source] sqlx::Error),
    #[error(transparent)]
    Migrate(#[from] sqlx::migrate::MigrateError),
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
    MIGRATOR.run(&mut conn).await?;
    Ok(before)
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
