//! `signoff receipt`: verifying what an executor shows, by itself.

use std::{fs, io::Read as _, time::Duration};

use anyhow::{Context, anyhow};
use chrono::Utc;
use clap::{Args, Subcommand};

use super::{
    address,
    client::Client,
    exit::Exit,
    output::{Text, print, say},
};
use crate::{
    domain::digest::{Digest, Malformed},
    receipts::{Expected, Jwks, Modifications, verify},
};

/// Longest that the service may take for its keys.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Args)]
pub struct Receipt {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Verify a receipt: exit code 0 good, 1 bad.
    Verify(Box<Verify>),
}

#[derive(Args)]
#[command(after_help = EXAMPLES)]
struct Verify {
    /// The receipt, or - for standard input.
    receipt: String,
    /// The service's address.
    #[arg(long, env = "SIGNOFF_URL", hide_env_values = true, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Its keys: a file with the JWK set, or its address; the service's own /.well-known/jwks.json by default.
    #[arg(long, value_name = "URL|FILE")]
    jwks: Option<String>,
    /// Who must have issued it: the service's http.public_url; the address of the service by default.
    #[arg(long)]
    issuer: Option<String>,
    /// For whom it must be; without it, a receipt that is for somebody is bad.
    #[arg(long)]
    audience: Option<String>,
    /// The id of the workspace whose approvals count. Without it, a receipt of each workspace of the service is good.
    #[arg(long, value_name = "ID")]
    workspace: Option<uuid::Uuid>,
    /// The digest of what is about to be done. Without --modifications-digest, there must be no modifications.
    #[arg(long)]
    digest: Option<Digest>,
    /// The digest of the modifications; empty: there must be none.
    #[arg(long, value_parser = modifications)]
    modifications_digest: Option<Modifications>,
}

const EXAMPLES: &str = "\
It looks at the signature, the type, the issuer, the audience, the time, and at the workspace and the digests that are \
given. Compute the digest from what is about to run. What was done already, only the system that acts knows.

Examples:
  signoff receipt verify --workspace $WORKSPACE --audience cluster --digest \"$(signoff digest - < approval.json)\" \"$receipt\"
  curl -s https://signoff.example.com/.well-known/jwks.json > keys.json
  signoff receipt verify --jwks keys.json --issuer https://signoff.example.com --audience cluster - < receipt";

/// What is given, or that there must be none.
fn modifications(text: &str) -> Result<Modifications, Malformed> {
    if text.is_empty() { Ok(Modifications::None) } else { text.parse().map(Modifications::Of) }
}

impl Receipt {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let Action::Verify(verify) = self.action;
        verify.run().await
    }
}

impl Verify {
    async fn run(self) -> anyhow::Result<Exit> {
        let base = address::parse(&self.url)?;
        let keys = keys(&base, self.jwks.as_deref()).await?;
        let receipt = if self.receipt == "-" {
            let mut text = String::new();
            std::io::stdin().lock().read_to_string(&mut text).context("standard input")?;
            text.trim().to_owned()
        } else {
            self.receipt
        };
        let expected = Expected {
            issuer: self.issuer.as_deref().unwrap_or(&base),
            audience: self.audience.as_deref(),
            digest: self.digest,
            workspace: self.workspace,
            // What was proposed was not approved where approvers changed it.
            modifications: self.modifications_digest.unwrap_or(match self.digest {
                Some(_) => Modifications::None,
                None => Modifications::Any,
            }),
            now: now(),
        };
        match verify(&receipt, &keys, &expected) {
            Ok(said) => {
                print(&Text::json(&said.to_string()))?;
                Ok(Exit::Success)
            }
            Err(refused) => {
                say(&format!("signoff: the receipt is not good: {refused}"));
                Ok(Exit::BROKEN)
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "whether it has run out is asked on this machine")]
fn now() -> i64 {
    Utc::now().timestamp()
}

async fn keys(base: &str, jwks: Option<&str>) -> anyhow::Result<Jwks> {
    let text = match jwks {
        Some(place) if !place.starts_with("http://") && !place.starts_with("https://") => {
            fs::read_to_string(place).with_context(|| format!("can't read {place}"))?
        }
        place => {
            let url = place.map_or_else(|| format!("{base}/.well-known/jwks.json"), str::to_owned);
            let client = Client::anonymous(base)?;
            client
                .text_of(&url, PATIENCE)
                .await
                .map_err(|error| anyhow!("can't get the keys from {url}: {error:#}"))?
        }
    };
    Jwks::parse(&text)
}
