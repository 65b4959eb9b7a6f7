//! `signoff migrate`

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::exit::Exit;
use crate::{app::database_options, config::database_url, store::migrations};

#[derive(Args)]
pub struct Migrate {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Apply every migration that is missing. Safe to run while instances serve, and from many places at once.
    Up,
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
        let options = database_options(database_url()?.expose_secret())?;
        match self.command {
            Command::Up => {
                let count = migrations::up(&options).await?;
                println!("{count} migration(s) applied; the schema is up to date");
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
