//! `signoff digest`: the digest of what an approval asks, computed from what is shown of it.

use std::io::Read as _;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde_json::Value;

use super::{
    client::ClientArgs,
    exit::Exit,
    output::{Text, print},
};
use crate::{domain::digest::Digest, wire::parse::parse};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct DigestOf {
    #[command(flatten)]
    client: ClientArgs,
    /// An approval's id, or - for an approval as JSON on standard input.
    id: String,
}

const EXAMPLES: &str = "\
It is computed here, from the fields that the service shows. Where the service says another one, this fails.

Examples:
  signoff digest 0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10
  signoff show $ID --json > seen.json; less seen.json; signoff approve $ID --digest $(signoff digest - < seen.json)";

impl DigestOf {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let approval: Value = if self.id == "-" {
            let mut text = Vec::new();
            std::io::stdin().lock().read_to_end(&mut text).context("standard input")?;
            parse(&text).map_err(|problem| anyhow!("standard input: {}", problem.detail))?
        } else {
            self.client.client()?.approval(&self.id).await?.clone()
        };
        let digest = Digest::of_shown(&approval).context("this is no approval, or not the whole of one")?;
        if let Some(said) = approval["digest"].as_str().filter(|said| *said != digest.to_string()) {
            bail!("what is shown has the digest {digest}, but the service says {said}");
        }
        print(&Text::line(&digest.to_string()))?;
        Ok(Exit::Success)
    }
}
