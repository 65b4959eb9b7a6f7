//! Loads the configuration, and has each part check its own settings before anything starts.

use anyhow::{Context, bail};

use crate::{
    audit::checkpoint::Signer,
    config::{Config, Sources},
    notify::webhook::keys::Key,
    oidc,
    receipts::Receipts,
    seal::Sealer,
};

/// Reads all layers. An error says which setting can't be used, and why.
pub fn load(sources: &Sources<'_>) -> anyhow::Result<Config> {
    let config = Config::load(sources)?;
    check(&config)?;
    Ok(config)
}

/// What only the parts can tell: whether their keys are keys, and whether they know what is named.
pub fn check(config: &Config) -> anyhow::Result<()> {
    let signer = Signer::from_config(&config.audit)?;
    let receipts = Receipts::from_config(config)?;
    if signer.is_some_and(|signer| receipts.keys().has(signer.public_key())) {
        bail!("receipts.signing_key must be another key than audit.signing_key");
    }
    Sealer::from_config(&config.secrets)?;
    Key::from_config(&config.webhooks)?;
    if config.oidc.is_on() {
        oidc::algorithms(&config.oidc.algorithms)
            .map_err(anyhow::Error::msg)
            .with_context(|| format!("oidc.algorithms may name {}", oidc::ALGORITHMS.join(", ")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &str = "1O5y2/kTWErVttjx92n4rTr+fCjL8dT74Jeoj0R1WEI=";

    #[test]
    fn mistakes_are_named() {
        let webhook = ("webhooks.url", "https://example.com");
        let issuer = ("oidc.issuer", "https://id.example.com");
        let audience = ("oidc.audience", "x");
        let workspace = ("oidc.workspace", "x");
        for (flags, part) in [
            (vec![("audit.signing_key", "c2VjcmV0")], "audit.signing_key"),
            (vec![("receipts.signing_key", "c2VjcmV0")], "receipts.signing_key"),
            (vec![("receipts.also_publish", "c2VjcmV0")], "receipts.also_publish"),
            (vec![("audit.signing_key", SEED), ("receipts.signing_key", SEED)], "another key"),
            (vec![("secrets.key", "c2VjcmV0")], "secrets.key"),
            (vec![webhook, ("webhooks.secret", "whsec_?")], "webhooks.secret"),
            (vec![issuer, audience, workspace, ("oidc.algorithms", "RS256,HS256")], "HS256"),
        ] {
            let database = [("database.url", "postgres://x")];
            let flags = database.iter().chain(&flags).map(|(name, value)| ((*name).into(), (*value).into()));
            let sources = Sources { file: None, flags: flags.collect() };
            let config = Config::from_layers(&sources, |_| None).unwrap();
            let error = format!("{:#}", check(&config).unwrap_err());
            assert!(error.contains(part), "{error} should name {part}");
        }
    }
}
