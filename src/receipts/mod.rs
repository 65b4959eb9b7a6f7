//! Receipts: what an executor shows to the system that acts, which verifies it by itself.
//!
//! A receipt is a JWT that says what was approved, by whom, and who has the claim with which fence. It is made of what the
//! row says, and Ed25519 signs the same bytes the same way, so the same claim has the same receipt on each instance.
//! Verifying needs the published keys and nothing else.

mod jwks;
mod verify;

use std::sync::Arc;

use anyhow::Context;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::ExposeSecret;
use serde::Serialize;

pub use self::{
    jwks::{Jwk, Jwks},
    verify::{Expected, Modifications, Refused, verify},
};
use crate::{
    config::Config,
    domain::{
        claim::{Claim, Ground},
        digest::Digest,
        names::PrincipalName,
        policy::Actor,
    },
    ed25519::{PublicKey, SigningKey},
};

/// The only algorithm, and the only type.
const ALGORITHM: &str = "EdDSA";
pub const TYPE: &str = "signoff-receipt+jwt";

/// Signs receipts, where a key is configured. Clones share it.
#[derive(Clone)]
pub struct Receipts {
    signer: Option<Arc<Signer>>,
    keys: Arc<Jwks>,
}

struct Signer {
    issuer: String,
    key: SigningKey,
    /// The first part of each receipt.
    header: String,
}

impl Receipts {
    pub fn from_config(config: &Config) -> anyhow::Result<Self> {
        let settings = &config.receipts;
        let text = settings.signing_key.expose_secret();
        let key = if text.is_empty() {
            None
        } else {
            Some(SigningKey::parse(text).context("receipts.signing_key")?)
        };
        let others = settings.also_publish.split(',').map(str::trim).filter(|text| !text.is_empty());
        let others: Vec<PublicKey> =
            others.map(PublicKey::parse).collect::<Result<_, _>>().context("receipts.also_publish")?;
        let keys = Jwks::of(key.iter().map(SigningKey::public_key).chain(others));
        let issuer = config.http.public_url.clone();
        let signer = key.filter(|_| !issuer.is_empty()).map(|key| {
            let kid = Jwk::of(key.public_key()).kid;
            let header = encoded(&Header { alg: ALGORITHM, typ: TYPE, kid: &kid });
            Arc::new(Signer { issuer, key, header })
        });
        Ok(Self { signer, keys: Arc::new(keys) })
    }

    pub fn are_signed(&self) -> bool {
        self.signer.is_some()
    }

    /// The keys that verify receipts.
    pub fn keys(&self) -> &Jwks {
        &self.keys
    }

    /// The receipt of a claim; `None` where no key signs.
    pub fn sign(&self, claim: &Claim, ground: &Ground) -> Option<String> {
        let Signer { issuer, key, header } = &**self.signer.as_ref()?;
        let message = format!("{header}.{}", encoded(&Payload::of(issuer, claim, ground)));
        let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
        Some(format!("{message}.{signature}"))
    }
}

/// As JSON in base64url.
fn encoded(value: &impl Serialize) -> String {
    // Nothing in it can fail to be JSON: texts, numbers and options of them.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap_or_default())
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

/// Times are in seconds since 1970, as JWT has them.
#[derive(Serialize)]
struct Payload<'a> {
    iss: &'a str,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    fence: i64,
    workspace_id: uuid::Uuid,
    approval: Approved<'a>,
    digest: Option<Digest>,
    modifications_digest: Option<Digest>,
    requested_by: Named<'a>,
    decided_by: Vec<DecidedBy<'a>>,
    /// The rule that approved it; rules come later.
    rule: Option<()>,
    claimed_by: Named<'a>,
}

#[derive(Serialize)]
struct Approved<'a> {
    r#type: &'a str,
    run_id: &'a str,
    job_id: Option<&'a str>,
    status: &'a str,
    resolution: &'a str,
    via: &'a str,
    level: i32,
    resolved_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Serialize)]
struct Named<'a> {
    id: uuid::Uuid,
    name: &'a str,
}

#[derive(Serialize)]
struct DecidedBy<'a> {
    id: uuid::Uuid,
    name: &'a str,
    r#for: Option<&'a str>,
}

impl<'a> From<&'a Actor> for Named<'a> {
    fn from(actor: &'a Actor) -> Self {
        Self { id: actor.id.0, name: actor.name.as_str() }
    }
}

impl<'a> Payload<'a> {
    fn of(issuer: &'a str, claim: &'a Claim, ground: &'a Ground) -> Self {
        let begins = claim.issued_at().timestamp();
        Self {
            iss: issuer,
            sub: claim.approval.to_string(),
            aud: claim.audience.as_deref(),
            jti: claim.receipt_id(),
            iat: begins,
            nbf: begins,
            exp: begins + i64::from(claim.receipt_seconds),
            fence: claim.fence,
            workspace_id: claim.workspace.0,
            approval: Approved {
                r#type: &ground.approval_type,
                run_id: &ground.run_id,
                job_id: ground.job_id.as_deref(),
                status: &ground.status,
                resolution: &ground.resolution,
                via: &ground.via,
                level: ground.level,
                resolved_at: ground.resolved_at,
            },
            digest: ground.digest,
            modifications_digest: ground.modifications_digest,
            requested_by: (&ground.requested_by).into(),
            decided_by: ground
                .decided_by
                .iter()
                .map(|decider| DecidedBy {
                    id: decider.by.id.0,
                    name: decider.by.name.as_str(),
                    r#for: decider.seat.as_ref().map(PrincipalName::as_str),
                })
                .collect(),
            rule: None,
            claimed_by: (&claim.by).into(),
        }
    }
}

#[cfg(test)]
mod tests;
