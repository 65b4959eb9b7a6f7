//! `signoff serve`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{exit::Exit, signals::Signals};
use crate::{
    app::{App, Listeners, settings},
    config::{Config, Sources, misspelt},
    telemetry,
};

#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// How a command is configured.
#[derive(Args)]
pub struct ConfigArgs {
    /// A TOML file; `signoff check --defaults` prints one with every value.
    #[arg(long, env = "SIGNOFF_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where clients reach the API (http.listen).
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Postgres (database.url). Prefer SIGNOFF_DATABASE_URL: command lines can be seen by others.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Redis (redis.url).
    #[arg(long, value_name = "URL")]
    redis_url: Option<String>,
    /// Any value: section.name=value. Can be given many times.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
}

impl ConfigArgs {
    pub fn load(&self) -> anyhow::Result<Config> {
        let mut flags = Vec::new();
        for pair in &self.set {
            let (name, value) =
                // The pair is not shown: it may be a secret.
                pair.split_once('=').context("--set: expected NAME=VALUE, for example log.level=debug")?;
            flags.push((name.to_owned(), value.to_owned()));
        }
        for (name, value) in [
            ("http.listen", &self.listen),
            ("database.url", &self.database_url),
            ("redis.url", &self.redis_url),
        ] {
            flags.extend(value.as_ref().map(|value| (name.to_owned(), value.clone())));
        }
        settings::load(&Sources { file: self.config.as_deref(), flags })
    }
}

impl Serve {
    /// With as many threads as are configured.
    pub fn runtime(&self) -> anyhow::Result<tokio::runtime::Builder> {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(threads(&self.config.load()?));
        Ok(runtime)
    }

    pub async fn run(self) -> anyhow::Result<Exit> {
        let config = self.config.load()?;
        telemetry::init_logs(&config.log.level, config.log.format)?;
        for misspelt in misspelt()? {
            tracing::warn!("{misspelt}");
        }
        let listeners = Listeners::bind(&config).await?;
        let address = listeners.http.local_addr()?;
        // Registered before anything starts, so that no signal is missed.
        let (first, second) = (Signals::new()?, Signals::new()?);
        let app = App::start(config, listeners).await?;
        let threads = tokio::runtime::Handle::current().metrics().num_workers();
        tracing::info!(%address, threads, instance = app.instance, version = crate::presence::VERSION, "serving");
        // The first signal starts the drain, the second cuts it short.
        app.run(first.receive(1), second.receive(2)).await?;
        Ok(Exit::Success)
    }
}

/// How many threads serve requests: half of the processors by default. Postgres does the larger part of the work for a
/// decision. On a shared machine it needs the other half.
fn threads(config: &Config) -> usize {
    match config.instance.worker_threads {
        0 => std::thread::available_parallelism().map_or(1, |all| all.get().div_ceil(2)),
        given => given,
    }
}
