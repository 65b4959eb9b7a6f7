//! `signoff restored`

use clap::Args;

use super::{
    exit::Exit,
    operator,
    output::{Text, print_done},
};
use crate::{
    domain::event::Epoch,
    store::{epoch, proof_keys},
};

/// Needs no instance to run, and can be run while some do.
#[derive(Args)]
pub struct Restored {}

impl Restored {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let mut conn = operator::connect().await?;
        epoch::begin(&mut conn, Epoch::fresh(rand::random())).await?;
        proof_keys::rotate(&mut conn, 1).await?;
        let done = "cursors of before are not honoured from now on, and outcomes that were proved before are not \
                    believed; clients are told to look at what is there\n";
        print_done(&Text::own(done))?;
        Ok(Exit::Success)
    }
}
