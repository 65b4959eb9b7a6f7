//! What an instance looks at before it serves: its login, and the schema. A database that is away is no reason not to
//! start.

use std::time::Duration;

use anyhow::{Context, bail};
use sqlx::{Connection, postgres::PgConnectOptions};

use crate::store;

/// Parses a database URL; the message never repeats it, for it may hold a password.
pub fn database_options(url: &str) -> anyhow::Result<PgConnectOptions> {
    url.parse().map_err(|error| {
        anyhow::anyhow!("database.url is no Postgres URL (postgres://user:password@host/name): {error}")
    })
}

/// A schema that is older than this binary would fail at the first request; better to say so now. A database that
/// is away is not asked twice: it is waited for while serving.
pub(super) async fn check_schema(options: &PgConnectOptions) -> anyhow::Result<()> {
    let asking = tokio::time::timeout(Duration::from_secs(5), store::migrations::pending(options));
    match asking.await {
        Ok(Ok(0)) => Ok(()),
        Ok(Ok(missing)) => {
            bail!(
                "the database lacks {missing} migration(s) that this version needs; run `signoff migrate up` first"
            )
        }
        Ok(Err(store::migrations::Error::Migrate(error))) => {
            Err(error).context("can't read the schema's version")
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database can't be reached; starting without it");
            Ok(())
        }
        Err(_) => {
            tracing::warn!("the database does not answer; starting without it");
            Ok(())
        }
    }
}

/// The roles that work is divided among must be ours to take; each pool would fail without.
pub(super) async fn check_login(options: &PgConnectOptions) -> anyhow::Result<()> {
    let looking = async {
        let mut conn = store::session::connect(options).await?;
        let login = store::login::look(&mut conn).await?;
        conn.close().await?;
        Ok::<_, store::Error>(login)
    };
    match tokio::time::timeout(Duration::from_secs(5), looking).await.unwrap_or_else(|it| Err(it.into())) {
        Ok(login) if !login.lacks.is_empty() => bail!("{}", login.remedy()),
        Ok(login) => {
            if login.is_privileged {
                tracing::warn!(
                    login = login.name,
                    "the database login owns the tables or is a superuser: it could switch the walls between \
                     workspaces off; let it be a member of signoff_app and nothing more (docs/database-roles.md)"
                );
            }
            Ok(())
        }
        Err(error) => {
            tracing::warn!(%error, "the database can't be reached; starting without it");
            Ok(())
        }
    }
}
