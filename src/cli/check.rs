//! `signoff check`: what an operator asks when something doesn't start.

use std::time::Duration;

use clap::Args;
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use super::{
    exit::Exit,
    output::{Text, Unprinted, print},
    serve::ConfigArgs,
};
use crate::{
    app::database_options,
    bus::Redis,
    oidc::{Metadata, fetch::Fetcher},
    store::{login, migrations},
};

#[derive(Args)]
pub struct Check {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print the configuration file with every value's default and meaning, and do nothing else.
    #[arg(long)]
    defaults: bool,
}

impl Check {
    pub async fn run(self) -> anyhow::Result<Exit> {
        if self.defaults {
            print(&Text::own(include_str!("../config.default.toml")))?;
            return Ok(Exit::Success);
        }
        let config = self.config.load()?;
        let mut printed = Ok(());
        let mut bad = false;
        let mut say = |part: &str, result: Result<String, String>| {
            bad |= result.is_err();
            let (Ok(words) | Err(words)) = result;
            if printed.is_ok() {
                printed = print(&Text::line(&format!("{part:<14} {words}")));
            }
        };
        say("configuration", Ok("good".to_owned()));
        let options = database_options(config.database.url.expose_secret())?;
        say("postgres", within(postgres(&options)).await);
        say("login", within(login(&options)).await);
        say("schema", within(schema(&options)).await);
        if config.oidc.is_on() {
            say("issuer", within(issuer(&config.oidc.issuer)).await);
        }
        say("redis", within(redis(config.redis.url.expose_secret())).await);
        match printed {
            // The code says it all the same.
            Ok(()) | Err(Unprinted::Closed) => Ok(if bad { Exit::Other } else { Exit::Success }),
            Err(failed) => Err(failed.into()),
        }
    }
}

async fn within(check: impl Future<Output = Result<String, String>>) -> Result<String, String> {
    let late = |_| Err("no answer within 5 s".to_owned());
    tokio::time::timeout(Duration::from_secs(5), check).await.unwrap_or_else(late)
}

async fn postgres(options: &PgConnectOptions) -> Result<String, String> {
    let host = format!("{}:{}", options.get_host(), options.get_port());
    let failed = |error: sqlx::Error| format!("can't be used at {host}: {error}");
    let conn = PgConnection::connect_with(options).await.map_err(failed)?;
    let version = conn.server_version_num().unwrap_or(0) / 10_000;
    conn.close().await.map_err(failed)?;
    if version < 15 {
        return Err(format!("version {version} at {host} is too old; 15 is the oldest that is supported"));
    }
    Ok(format!("version {version} at {host}"))
}

async fn schema(options: &PgConnectOptions) -> Result<String, String> {
    match migrations::pending(options).await {
        Ok(0) => Ok("up to date".to_owned()),
        Ok(missing) => Err(format!("{missing} migration(s) missing; run `signoff migrate up`")),
        Err(error) => Err(format!("can't be read: {error}")),
    }
}

async fn login(options: &PgConnectOptions) -> Result<String, String> {
    let failed = |error: &dyn std::fmt::Display| format!("can't be looked at: {error}");
    let mut conn = PgConnection::connect_with(options).await.map_err(|error| failed(&error))?;
    let login = login::look(&mut conn).await.map_err(|error| failed(&error))?;
    conn.close().await.map_err(|error| failed(&error))?;
    if !login.lacks.is_empty() {
        return Err(login.remedy());
    }
    if login.is_privileged {
        return Ok(format!(
            "{} works, but could switch the walls between workspaces off; use one that owns nothing",
            login.name
        ));
    }
    Ok(format!("{} owns nothing", login.name))
}

async fn issuer(url: &str) -> Result<String, String> {
    let fetcher = Fetcher::new().map_err(|error| format!("can't be asked: {error}"))?;
    let found = Metadata::discover(&fetcher, url).await;
    found.map(|_| format!("{url} answers")).map_err(|error| format!("{url} can't be used: {error}"))
}

async fn redis(url: &str) -> Result<String, String> {
    let redis = Redis::new(url).map_err(|error| format!("redis.url: {error}"))?;
    let version = redis.version().await.map_err(|error| format!("can't be used: {error}"))?;
    Ok(format!("version {version} (without it, waiters wake by the sweep)"))
}
