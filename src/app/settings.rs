//! Loads the configuration, and has each part check its own settings before anything starts.

use anyhow::Context;

use crate::{
    audit::checkpoint::Signer,
    config::{Config, Sources},
    notify::webhook::keys::Key,
    oidc,
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
    Signer::from_config(&config.audit)?;
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

    #[test]
    fn mistakes_are_named() {
        let webhook = ("webhooks.url", "https://example.com");
        let issuer = ("oidc.issuer", "https://id.example.com");
        let audience = ("oidc.audience", "x");
        let workspace = ("oidc.workspace", "x");
        for (flags, part) in [
            (vec![("audit.signing_key", "c2VjcmV0")], "audit.signing_key"),
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
