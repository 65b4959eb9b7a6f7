//! `signoff proof-key`

use clap::{Args, Subcommand};

use super::{
    exit::Exit,
    operator,
    output::{Text, print_done},
};
use crate::{bus::proof::GOOD, store::proof_keys};

/// Needs no instance to run, and can be run while some do.
#[derive(Args)]
pub struct ProofKey {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a new key. The one before it is believed until the next rotation.
    Rotate,
}

impl ProofKey {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let Command::Rotate = self.command;
        let mut conn = operator::connect().await?;
        let id = proof_keys::rotate(&mut conn, GOOD).await?;
        print_done(&Text::line(&format!(
            "proof key {id} is the newest; instances take it within some ten seconds. Rotate once more after that to \
             withdraw the key before it"
        )))?;
        Ok(Exit::Success)
    }
}
