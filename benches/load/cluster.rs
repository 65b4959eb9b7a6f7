//! Two instances on a database of their own, and who calls them.

use anyhow::Context;
use signoff::{
    domain::{credential::Origin, ids::WorkspaceId, names::PrincipalName},
    identity::{
        By,
        grants::Grants,
        keys::{self, Wanted},
        workspaces,
    },
};
use sqlx::{Connection, Executor, PgConnection};

use super::{
    client::Caller,
    database::Database,
    process::{Instance, Setting},
};

/// Where the servers are, as `./dev bench` says.
pub struct Servers {
    /// A database whose role may create others.
    pub admin_url: String,
    pub redis_url: String,
    /// Redis' binary, for a server to stop.
    pub redis_server: Option<String>,
    pub pgbench: Option<String>,
}

impl Servers {
    fn from_environment() -> anyhow::Result<Self> {
        let optional = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let needed = |name: &str| {
            optional(name).with_context(|| format!("{name} is not set; run this by ./dev bench"))
        };
        Ok(Self {
            admin_url: optional("DATABASE_ADMIN_URL").map_or_else(|| needed("DATABASE_URL"), Ok)?,
            redis_url: needed("REDIS_URL")?,
            redis_server: optional("SIGNOFF_REDIS_SERVER"),
            pgbench: optional("SIGNOFF_PGBENCH"),
        })
    }
}

pub struct Cluster {
    pub servers: Servers,
    pub database_url: String,
    database: Database,
    prefix: String,
    /// Asks and waits.
    pub agent: Caller,
    /// Decides.
    pub approver: Caller,
    pub a: Instance,
    pub b: Instance,
}

impl Cluster {
    pub async fn start() -> anyhow::Result<Self> {
        Self::with(&[]).await
    }

    /// One where no outcome is proved: those who wait on the other instance read it.
    pub async fn without_proofs() -> anyhow::Result<Self> {
        Self::prepared("DELETE FROM proof_keys", &[]).await
    }

    /// With these settings besides, on each instance.
    pub async fn with(flags: &[(&str, String)]) -> anyhow::Result<Self> {
        Self::prepared("", flags).await
    }

    /// `statement` is run before the instances start.
    async fn prepared(statement: &'static str, flags: &[(&str, String)]) -> anyhow::Result<Self> {
        let servers = Servers::from_environment()?;
        let database = Database::create(&servers.admin_url, "signoff_bench").await?;
        let database_url = database.url.clone();
        let mut own = PgConnection::connect(&database_url).await?;
        own.execute(statement).await?;
        own.close().await?;
        let agent = caller(&database_url, "agent").await?;
        let approver = caller(&database_url, "approver").await?;
        let prefix = database.name.clone();
        let setting = |name| Setting {
            database_url: &database_url,
            redis_url: &servers.redis_url,
            prefix: &prefix,
            name,
            flags,
        };
        let a = Instance::start(&setting("a")).await?;
        let b = Instance::start(&setting("b")).await?;
        Ok(Self { servers, database_url, database, prefix, agent, approver, a, b })
    }

    /// One more instance, of this cluster or, with a Redis of its own, beside it.
    pub async fn another(&self, name: &str, redis_url: Option<&str>) -> anyhow::Result<Instance> {
        let redis_url = redis_url.unwrap_or(&self.servers.redis_url);
        let setting =
            Setting { database_url: &self.database_url, redis_url, prefix: &self.prefix, name, flags: &[] };
        Instance::start(&setting).await
    }

    /// Ends the instances and drops the database.
    pub async fn stop(self) -> anyhow::Result<()> {
        let Self { database, a, b, .. } = self;
        drop((a, b));
        database.drop().await
    }
}

pub async fn caller(database_url: &str, principal: &str) -> anyhow::Result<Caller> {
    with(database_url, principal, Grants::default()).await
}

/// Who may do all in the workspace.
pub async fn administrator(database_url: &str) -> anyhow::Result<Caller> {
    let grants = Grants { permissions: vec!["workspace:admin".to_owned()], roles: Vec::new() };
    with(database_url, "administrator", grants).await
}

async fn with(database_url: &str, principal: &str, grants: Grants) -> anyhow::Result<Caller> {
    let mut conn = PgConnection::connect(database_url).await?;
    let origin = Origin::default();
    let by = By::operator(&origin);
    let (workspace, _) = workspaces::ensure(&mut conn, &by, &PrincipalName::new("bench")?).await?;
    let wanted = Wanted {
        workspace: WorkspaceId(workspace.id),
        principal: PrincipalName::new(principal)?,
        kind: Some("person"),
        label: None,
        grants,
        valid_for: None,
    };
    let key = keys::create(&mut conn, &by, wanted).await??.key;
    conn.close().await?;
    Ok(Caller::new(key.reveal()))
}
