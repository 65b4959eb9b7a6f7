//! Public keys as a JWK set (RFC 7517, RFC 8037): what verifiers fetch once and keep.

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::ed25519::PublicKey;

/// One public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwk {
    #[schema(example = "OKP")]
    pub kty: String,
    #[schema(example = "Ed25519")]
    pub crv: String,
    /// The key's 32 bytes in base64url.
    pub x: String,
    /// The key's thumbprint (RFC 7638); a receipt names it.
    pub kid: String,
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    #[schema(example = "sig", nullable = false)]
    pub usage: Option<String>,
}

/// Those that may have signed a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwks {
    pub keys: Vec<Jwk>,
}

impl Jwk {
    pub fn of(key: PublicKey) -> Self {
        let x = URL_SAFE_NO_PAD.encode(key.0);
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        Self {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            kid: URL_SAFE_NO_PAD.encode(Sha256::digest(canonical)),
            usage: Some("sig".to_owned()),
            x,
        }
    }

    /// The key, if it is one of those that sign receipts.
    pub fn key(&self) -> Option<PublicKey> {
        let is_ours = self.kty == "OKP" && self.crv == "Ed25519";
        let bytes = URL_SAFE_NO_PAD.decode(&self.x).ok().filter(|_| is_ours)?;
        bytes.try_into().ok().map(PublicKey)
    }
}

impl Jwks {
    /// Each key once, in their order.
    pub fn of(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        let mut set = Vec::new();
        for key in keys.into_iter().map(Jwk::of) {
            if !set.contains(&key) {
                set.push(key);
            }
        }
        Self { keys: set }
    }

    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let set: Self = serde_json::from_str(text).context("this is no JWK set")?;
        if set.keys.is_empty() {
            bail!("the JWK set has no key: receipts.signing_key is not set there");
        }
        Ok(set)
    }

    pub fn has(&self, key: PublicKey) -> bool {
        self.keys.contains(&Jwk::of(key))
    }

    pub(super) fn find(&self, kid: &str) -> Option<PublicKey> {
        self.keys.iter().find(|key| key.kid == kid)?.key()
    }
}
