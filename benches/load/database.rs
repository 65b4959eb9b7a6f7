//! A database of its own, with the product's schema, for as long as something is measured in it.

use anyhow::Context;
use signoff::store::migrations;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

pub struct Database {
    admin_url: String,
    pub name: String,
    pub url: String,
}

impl Database {
    /// `admin_url` is of a role that may create databases.
    pub async fn create(admin_url: &str, prefix: &str) -> anyhow::Result<Self> {
        let name = format!("{prefix}_{}", uuid::Uuid::new_v4().simple());
        let (base, _) = admin_url.rsplit_once('/').context("a URL with a database is needed")?;
        let url = format!("{base}/{name}");
        let mut admin = PgConnection::connect(admin_url).await.context("connecting to Postgres")?;
        admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
        admin.close().await?;
        migrations::up(&url.parse()?).await?;
        Ok(Self { admin_url: admin_url.to_owned(), name, url })
    }

    pub async fn drop(self) -> anyhow::Result<()> {
        let mut admin = PgConnection::connect(&self.admin_url).await?;
        admin.execute(AssertSqlSafe(format!("DROP DATABASE {} WITH (FORCE)", self.name))).await?;
        Ok(())
    }
}
