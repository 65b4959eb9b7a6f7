//! `signoff restored`

use clap::Args;

use super::{
    exit::Exit,
    operator,
    output::{Text, print_done},
};
use crate::{domain::event::Epoch, store::epoch};

/// Needs no instance to run, and can be run while some do.
#[derive(Args)]
pub struct Restored {}

impl Restored {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let mut conn = operator::connect().await?;
        epoch::begin(&mut conn, Epoch::fresh(rand::random())).await?;
        let done =
            "cursors of before are not honoured from now on; clients are told to look at what is there\n";
        print_done(&Text::own(done))?;
        Ok(Exit::Success)
    }
}
