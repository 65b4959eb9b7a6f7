//! `signoff migrate`

use std::env;

use anyhow::Context;
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use sqlx::{Connection, postgres::PgConnectOptions};

use super::{
    exit::Exit,
    output::{Text, Unprinted, print, print_done},
};
use crate::{
    app::database_options,
    config::owner_url,
    store::{login, migrations, session},
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
                let applied = format!("{count} migration(s) applied; the schema is up to date");
                let printed = print_done(&Text::line(&applied));
                admit(&options, login).await?;
                printed?;
            }
            Command::Down { steps } => {
                migrations::down(&options, steps).await?;
                print_done(&Text::own("reverted\n"))?;
            }
            Command::Status => {
                let status = migrations::status(&options).await?;
                let printed = status.iter().try_for_each(|migration| {
                    let mark = if migration.applied { "applied" } else { "missing" };
                    print(&Text::line(&format!("{mark}  {}  {}", migration.version, migration.description)))
                });
                match printed {
                    // The code says it all the same.
                    Ok(()) | Err(Unprinted::Closed) => {}
                    failed => failed?,
                }
                if status.iter().any(|migration| !migration.applied) {
                    return Ok(Exit::Other);
                }
            }
        }
        Ok(Exit::Success)
    }
}

/// Lets `login` run instances; without one and without an owner of its own, the login that migrates serves.
async fn admit(options: &PgConnectOptions, login: Option<String>) -> anyhow::Result<()> {
    let mut conn = session::connect(options).await?;
    let own = login::look(&mut conn).await?;
    let serves_too = env::var_os("SIGNOFF_DATABASE_OWNER_URL").is_none() && !own.lacks.is_empty();
    if let Some(login) = login.or_else(|| serves_too.then_some(own.name)) {
        let denied = || format!("{login} can't be made a member of signoff_app; a superuser may have to");
        login::admit(&mut conn, &login).await.with_context(denied)?;
        print_done(&Text::line(&format!("{login} may run instances")))?;
    }
    conn.close().await?;
    Ok(())
}
