//! What an OpenID Connect issuer says: its metadata, its keys, and who stands in its tokens.
//!
//! A token is taken for what it says only after its signature, its issuer, its audience and its times have been
//! checked; nothing in it chooses the key or the algorithm. This module knows neither the database nor HTTP as we
//! serve it: who a person is *here*, [`crate::auth`] finds out.

mod claims;
mod code;
pub mod fetch;
mod keys;
mod metadata;
mod signature;
mod strict;
mod verify;

use std::{sync::Arc, time::Duration};

use jsonwebtoken::Algorithm;

pub use self::{
    claims::{Person, lookup},
    code::{Authorization, CodeError},
    metadata::Metadata,
    verify::{Refusal, Token},
};
use self::{fetch::Fetcher, keys::Keys};
use crate::config;

/// What may be configured: nothing without a signature, and nothing whose key can both sign and verify.
pub const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// Why a token isn't taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The issuer can't be asked for what is needed to tell.
    #[error("the issuer can't be reached: {0}")]
    Unavailable(String),
    /// It names a key that the issuer did not have when it was last asked, a moment ago. It may be asked again after
    /// this.
    #[error("the issuer was asked for its keys a moment ago, and had no such key then")]
    TooSoon(Duration),
}

/// The one issuer that this instance trusts. Clones share its keys.
#[derive(Clone)]
pub struct Issuer(Arc<Parts>);

struct Parts {
    config: config::Oidc,
    algorithms: Vec<Algorithm>,
    fetcher: Fetcher,
    keys: Keys,
}

impl Issuer {
    /// `None` where none is configured. Nothing is asked of it yet.
    pub fn new(config: &config::Oidc) -> anyhow::Result<Option<Self>> {
        if !config.is_on() {
            return Ok(None);
        }
        signature::install();
        Ok(Some(Self(Arc::new(Parts {
            config: config.clone(),
            algorithms: algorithms(&config.algorithms).map_err(anyhow::Error::msg)?,
            fetcher: Fetcher::new()?,
            keys: Keys::new(&config.issuer),
        }))))
    }

    pub fn config(&self) -> &config::Oidc {
        &self.0.config
    }

    /// Keeps keys and metadata fresh, for ever.
    pub async fn keep_fresh(self) {
        self.0.keys.keep_fresh(&self.0.fetcher).await;
    }
}

/// The algorithms of a list with commas.
pub fn algorithms(list: &str) -> Result<Vec<Algorithm>, String> {
    let named = list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(|name| {
        let known = ALGORITHMS.contains(&name);
        name.parse().ok().filter(|_| known).ok_or_else(|| format!("{name:?} can't be used"))
    });
    let algorithms: Vec<Algorithm> = named.collect::<Result<_, _>>()?;
    if algorithms.is_empty() { Err("none is named".to_owned()) } else { Ok(algorithms) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_signatures_count() {
        assert_eq!(algorithms("RS256, ES256,EdDSA").unwrap().len(), 3);
        for bad in ["", "none", "HS256", "RS256,HS512", "rs256", "ES512"] {
            assert!(algorithms(bad).is_err(), "{bad}");
        }
    }
}
