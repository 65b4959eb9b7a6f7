//! Several instances in this process, sharing a database and a Redis prefix, as in production.

use std::sync::Arc;

use harness::limits::RATES;
use signoff::{
    app::{App, Listeners},
    config::{Config, Sources},
    domain::{credential::Origin, ids::WorkspaceId, names::PrincipalName},
    identity::{
        By,
        grants::Grants,
        keys::{self, Wanted},
        workspaces,
    },
    store::workspaces::Settings,
};
use sqlx::Connection;

use super::{Api, TestDatabase, eventually, unique, variable};

/// How a cluster is to be.
pub struct Setup {
    pub instances: usize,
    pub redis_url: String,
    /// Where the instances find the database, if not directly.
    pub database_url: Option<String>,
    pub flags: Vec<(&'static str, String)>,
    /// For processes only.
    pub environment: Vec<(&'static str, String)>,
    /// For processes only: how many files they may open, at first and at most.
    pub open_files: Option<(u32, u32)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            instances: 2,
            redis_url: variable("REDIS_URL"),
            database_url: None,
            flags: Vec::new(),
            environment: Vec::new(),
            open_files: None,
        }
    }
}

pub struct Cluster {
    pub instances: Vec<Instance>,
    pub database: TestDatabase,
    pub prefix: String,
    http: reqwest::Client,
}

/// One instance, reachable at `url`.
pub struct Instance {
    pub app: Arc<App>,
    pub url: String,
    pub operator_url: String,
}

impl Cluster {
    /// Two instances.
    pub async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub async fn with(setup: Setup) -> Self {
        Self::on(TestDatabase::new().await, setup).await
    }

    /// On a database that something was done to before.
    pub async fn on(database: TestDatabase, setup: Setup) -> Self {
        // It brings TLS along, which instances need who ask an issuer.
        let http = super::client::http();
        let prefix = unique("it");
        let mut instances = Vec::new();
        for _ in 0..setup.instances {
            instances.push(Instance::start(config(&database, &prefix, &setup)).await);
        }
        Self { instances, database, prefix, http }
    }

    /// Waits until hints travel between all instances.
    pub async fn connected(self) -> Self {
        for instance in &self.instances {
            eventually("the bus is up", || async { instance.app.bus.is_up() }).await;
        }
        self
    }

    /// A member's key in the workspace `acme`.
    pub async fn member(&self, principal: &str) -> String {
        self.key("acme", principal, &[]).await
    }

    pub async fn key(&self, workspace: &str, principal: &str, permissions: &[&str]) -> String {
        make_key(&self.database, workspace, principal, permissions).await
    }

    /// A client of one instance.
    pub fn api(&self, instance: usize, key: &str) -> Api {
        Api::with(self.http.clone(), &self.instances[instance].url, key)
    }

    /// How many calls wait on an instance.
    pub fn waiting(&self, instance: usize) -> usize {
        self.instances[instance].app.approvals.waiting()
    }
}

impl Instance {
    pub async fn start(config: Config) -> Self {
        let listeners = Listeners::bind(&config).await.unwrap();
        let url = format!("http://{}", listeners.http.local_addr().unwrap());
        let operator = listeners.operator.as_ref().unwrap();
        let operator_url = format!("http://{}", operator.local_addr().unwrap());
        let app = Arc::new(App::start(config, listeners).await.unwrap());
        Self { app, url, operator_url }
    }

    /// The metrics, as text.
    pub async fn metrics(&self) -> String {
        crate::support::client::get(format!("{}/metrics", self.operator_url))
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// One sample's value; zero if it isn't there yet.
    pub async fn metric(&self, sample: &str) -> f64 {
        let text = self.metrics().await;
        let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }
}

pub fn config(database: &TestDatabase, prefix: &str, setup: &Setup) -> Config {
    let mut flags: Vec<(String, String)> = [
        ("http.listen", "127.0.0.1:0"),
        ("operator.listen", "127.0.0.1:0"),
        ("drain.grace_seconds", "0"),
        ("drain.deadline_seconds", "10"),
        ("redis.prefix", prefix),
        ("redis.url", &setup.redis_url),
        ("database.url", setup.database_url.as_deref().unwrap_or(&database.url)),
    ]
    .into_iter()
    // Tests of limits set their own.
    .chain(RATES)
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    flags.extend(setup.flags.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Config::from_layers(&Sources { file: None, flags }, |_| None).unwrap()
}

pub async fn make_key(
    database: &TestDatabase,
    workspace: &str,
    principal: &str,
    permissions: &[&str],
) -> String {
    let mut conn = database.connect().await;
    let origin = Origin::default();
    let by = By::operator(&origin);
    let name = PrincipalName::new(workspace).unwrap();
    let (workspace, is_new) = workspaces::ensure(&mut conn, &by, &name).await.unwrap();
    let workspace = WorkspaceId(workspace.id);
    if is_new {
        // What a timeout may do is tried more often than that it may not.
        let settings = Settings { allow_timeout_approve: Some(true), ..Settings::default() };
        workspaces::update(&mut conn, &by, workspace, settings).await.unwrap().unwrap();
    }
    let wanted = Wanted {
        workspace,
        principal: PrincipalName::new(principal).unwrap(),
        kind: Some("person"),
        label: None,
        grants: Grants {
            permissions: permissions.iter().map(|it| (*it).to_owned()).collect(),
            roles: Vec::new(),
        },
        valid_for: None,
    };
    let key = keys::create(&mut conn, &by, wanted).await.unwrap().unwrap().key;
    conn.close().await.unwrap();
    key.reveal()
}
