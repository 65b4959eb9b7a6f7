//! `signoff check`: what an operator asks when something doesn't start.

use std::time::Duration;

use anyhow::bail;
use clap::Args;
use secrecy::ExposeSecret;
use sqlx::{Connection, postgres::PgConnectOptions};

use super::{
    exit::Exit,
    output::{Text, Unprinted, print},
    serve::ConfigArgs,
};
use crate::{
    app::database_options,
    bus::{Names, Redis},
    config,
    notify::{
        Email,
        slack::{self, installation::Installation},
    },
    oidc::{Metadata, fetch::Fetcher},
    presence::new_instance_id,
    store::{PoolSizes, login, migrations, rows, session},
};

#[derive(Args)]
pub struct Check {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print the configuration file with every value's default and meaning, and do nothing else.
    #[arg(long)]
    defaults: bool,
    /// Count the rows of all tables at one moment, as the login sees them that takes backups
    /// (SIGNOFF_DATABASE_BACKUP_URL), and do nothing else. An error if that login doesn't see every row. Of a restored
    /// database and of its original the counts must agree.
    #[arg(long, conflicts_with = "defaults")]
    rows: bool,
}

impl Check {
    pub async fn run(self) -> anyhow::Result<Exit> {
        if self.defaults {
            print(&Text::own(include_str!("../config.default.toml")))?;
            return Ok(Exit::Success);
        }
        if self.rows {
            return rows().await;
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
        say("connections", within(connections(&options, PoolSizes::from(&config).sum())).await);
        say("schema", within(schema(&options)).await);
        if config.oidc.is_on() {
            say("issuer", within(issuer(&config.oidc.issuer)).await);
        }
        say("redis", within(redis(&config.redis)).await);
        if config.smtp.is_on() {
            say("mail", within(mail(&config)).await);
        }
        if let Some(app) = slack::of_service(&config)? {
            say("slack", within(bot(&app)).await);
        }
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
    let conn = session::connect(options).await.map_err(failed)?;
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
    let mut conn = session::connect(options).await.map_err(|error| failed(&error))?;
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

/// Whether there are as many as an instance may want.
async fn connections(options: &PgConnectOptions, wanted: u32) -> Result<String, String> {
    let failed = |error: &dyn std::fmt::Display| format!("can't be looked at: {error}");
    let mut conn = session::connect(options).await.map_err(|error| failed(&error))?;
    let room = login::room(&mut conn).await.map_err(|error| failed(&error))?;
    conn.close().await.map_err(|error| failed(&error))?;
    let (least, open) = (room.least(), room.open - 1);
    if least < i64::from(wanted) {
        return Err(format!(
            "an instance wants up to {wanted}, and Postgres gives this login {least} in all: raise max_connections, or \
             the CONNECTION LIMIT of the login or the database, or lower the pools under [database]"
        ));
    }
    Ok(format!("an instance wants up to {wanted}; Postgres gives this login {least} in all, {open} are open"))
}

/// What a backup must hold.
async fn rows() -> anyhow::Result<Exit> {
    let options = database_options(config::backup_url()?.expose_secret())?;
    let mut conn = session::connect(&options).await?;
    let login = options.get_username();
    match rows::unreadable(&mut conn).await? {
        None => bail!(
            "{login} sees only some of the rows, and a dump that it takes holds only those; use a login with BYPASSRLS \
             (deploy/postgres/backup.sql makes one)"
        ),
        Some(unreadable) if !unreadable.is_empty() => {
            bail!("{login} may not read {}; GRANT pg_read_all_data TO {login}", unreadable.join(", "))
        }
        Some(_) => {}
    }
    let counted = rows::count(&mut conn).await?;
    conn.close().await?;
    for rows::Table { name, rows } in counted {
        print(&Text::line(&format!("{rows:>12}  {name}")))?;
    }
    Ok(Exit::Success)
}

async fn issuer(url: &str) -> Result<String, String> {
    let fetcher = Fetcher::new().map_err(|error| format!("can't be asked: {error}"))?;
    let found = Metadata::discover(&fetcher, url).await;
    found.map(|_| format!("{url} answers")).map_err(|error| format!("{url} can't be used: {error}"))
}

/// Whether Slack takes the bot's token, and whose it is.
async fn bot(app: &Installation) -> Result<String, String> {
    let found = app.client.ask_for_app().await;
    let app = found.map_err(|error| format!("the bot's token is of no use: {error}"))?;
    Ok(format!("the bot's token is good in {} ({})", app.team_name, app.team))
}

/// Whether the relay answers, and takes our name and password.
async fn mail(config: &config::Config) -> Result<String, String> {
    let relay = format!("{}:{}", config.smtp.host, config.smtp.port);
    let failed = |error: &anyhow::Error| format!("{relay} can't be used: {error:#}");
    let Some(email) = Email::of(config).map_err(|error| failed(&error))? else {
        return Ok("off".to_owned());
    };
    email.try_out().await.map_err(|error| failed(&error))?;
    Ok(format!("{relay} answers"))
}

async fn redis(config: &config::Redis) -> Result<String, String> {
    let redis = Redis::new(config.url.expose_secret()).map_err(|error| format!("redis.url: {error}"))?;
    let names = Names::new(&config.prefix, &new_instance_id("check"));
    redis.try_out(&names).await.map_err(|(doing, error)| match error.advice() {
        Some(advice) => format!("can't {doing}: {error}; {advice}"),
        None => format!("can't {doing}: {error}"),
    })?;
    // It needs a right that nothing else needs.
    let version = redis.version().await.unwrap_or_else(|_| "unknown".to_owned());
    Ok(format!("version {version} publishes, subscribes and writes (without it, waiters wake by the sweep)"))
}
