//! `signoff migrate`

use anyhow::Context;
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};

use super::exit::Exit;
use crate::{
    app::database_options,
    config::owner_url,
    store::{login, migrations},
};

/// Connects as SIGNOFF_DATABASE_OWNER_URL says, or else like every other command.
#[derive(Args)]
pub struct Migrate {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Apply every migration that is missing. Safe to run while instances serve, and from many places at once.
    Up {
        /// Also let this database login be an instance's (GRANT signoff_app). It should own nothing.
        #[arg(long, value_name = "ROLE")]
        login: Option<String>,
    },
    /// Revert the newest migrations. Loses what only they could hold.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1)]
        steps: usize,
    },
    /// Show which migrations the database has; exits with 14 if some are missing.
    Status,
}

impl Migrate {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let options = database_options(owner_url()?.expose_secret())?;
        match self.command {
            Command::Up { login } => {
                let count = migrations::up(&options).await?;
                println!("{count} migration(s) applied; the schema is up to date");
                if let Some(login) = login {
                    let mut conn = PgConnection::connect_with(&options).await?;
                    login::admit(&mut conn, &login).await.with_context(|| format!("--login {login}"))?;
                    conn.close().await?;
                    println!("{login} may run instances");
                }
            }
            Command::Down { steps } => {
                migrations::down(&options, steps).await?;
                println!("reverted");
            }
            Command::Status => {
                let status = migrations::status(&options).await?;
                for migration in &status {
                    let mark = if migration.applied { "applied" } else { "missing" };
                    println!("{mark}  {}  {}", migration.version, migration.description);
                }
                if status.iter().any(|migration| !migration.applied) {
                    return Ok(Exit::Other);
                }
            }
        }
        Ok(Exit::Success)
    }
}
