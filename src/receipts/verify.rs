//! Verifying a receipt by itself: the keys, what is expected, and the time. Nothing in the receipt chooses how it is
//! verified.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, SecondsFormat};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{ALGORITHM, Jwks, TYPE};
use crate::domain::digest::Digest;

/// Longest receipt that is read, in bytes: one with 64 approvers whose names are long has some 40 KiB.
const LONGEST: usize = 128 * 1024;
/// By how many seconds the clocks of two machines may differ.
const LEEWAY: i64 = 30;

/// What a receipt must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    /// `None`: it names no audience.
    pub audience: Option<&'a str>,
    /// Whose approvals count; `None`: those of each workspace of the service.
    pub workspace: Option<Uuid>,
    /// Of what is about to be done, where the verifier has computed it.
    pub digest: Option<Digest>,
    /// The same of the modifications.
    pub modifications: Modifications,
    /// Now, in seconds since 1970.
    pub now: i64,
}

/// What a receipt must say of modifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Modifications {
    /// Whatever it says.
    #[default]
    Any,
    /// That it was approved as it was proposed.
    None,
    /// That these are they.
    Of(Digest),
}

/// Why a receipt is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("it is no receipt: {0}")]
    Malformed(&'static str),
    #[error("its {0} is {1}, not {2}")]
    Other(&'static str, String, String),
    #[error("its {0} is {1}, and there must be none")]
    Unexpected(&'static str, String),
    #[error("none of the keys has the id {0}")]
    UnknownKey(String),
    #[error("its signature does not fit")]
    Signature,
    #[error("it is not good before {0}")]
    Early(String),
    #[error("it ran out at {0}")]
    Expired(String),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<Value>,
}

/// What it says, if it is good. Digests are compared where they are expected.
pub fn verify(receipt: &str, keys: &Jwks, expected: &Expected<'_>) -> Result<Value, Refused> {
    use Refused::{Malformed, Other};
    if receipt.len() > LONGEST {
        return Err(Malformed("it is too long"));
    }
    let (message, signature) = receipt.rsplit_once('.').ok_or(Malformed("it does not have three parts"))?;
    let (header, payload) = message.split_once('.').ok_or(Malformed("it does not have three parts"))?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Malformed("a part is no base64url"));
    let header: Header =
        serde_json::from_slice(&decode(header)?).map_err(|_| Malformed("its header is no JSON"))?;
    let differs = |name, got: &str, wanted: &str| Err(Other(name, got.to_owned(), wanted.to_owned()));
    if header.alg != ALGORITHM {
        return differs("algorithm", &header.alg, ALGORITHM);
    }
    match header.typ.as_deref() {
        Some(TYPE) => {}
        other => return differs("type", other.unwrap_or("missing"), TYPE),
    }
    if header.crit.is_some() {
        return Err(Malformed("it names extensions that must be understood"));
    }
    let kid = header.kid.ok_or(Malformed("it names no key"))?;
    let key = keys.find(&kid).ok_or(Refused::UnknownKey(kid))?;
    if !key.has_signed(message.as_bytes(), &decode(signature)?) {
        return Err(Refused::Signature);
    }
    let payload: Value =
        serde_json::from_slice(&decode(payload)?).map_err(|_| Malformed("its payload is no JSON"))?;
    check(&payload, expected)?;
    Ok(payload)
}

fn check(payload: &Value, expected: &Expected<'_>) -> Result<(), Refused> {
    let said = |name: &str| payload.get(name).filter(|value| !value.is_null());
    let shown = |value: Option<&Value>| match value {
        None => "missing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let must_be = |name: &'static str, wanted: Option<&str>| {
        let got = said(name);
        match wanted {
            None if got.is_none() => Ok(()),
            None => Err(Refused::Unexpected(name, shown(got))),
            Some(wanted) if got.and_then(Value::as_str) == Some(wanted) => Ok(()),
            Some(wanted) => Err(Refused::Other(name, shown(got), wanted.to_owned())),
        }
    };
    must_be("iss", Some(expected.issuer))?;
    must_be("aud", expected.audience)?;
    if let Some(workspace) = expected.workspace {
        must_be("workspace_id", Some(&workspace.to_string()))?;
    }
    if let Some(digest) = expected.digest {
        must_be("digest", Some(&digest.to_string()))?;
    }
    match expected.modifications {
        Modifications::Any => {}
        Modifications::None => {
            must_be("modifications_digest", None)?;
            // An older version kept no digest of modifications.
            let resolution = payload.pointer("/approval/resolution");
            if resolution.and_then(Value::as_str) != Some("approved") {
                return Err(Refused::Other("resolution", shown(resolution), "approved".to_owned()));
            }
        }
        Modifications::Of(digest) => must_be("modifications_digest", Some(&digest.to_string()))?,
    }
    let time = |name| said(name).and_then(Value::as_i64).ok_or(Refused::Malformed("a time is missing"));
    let written = |seconds| {
        DateTime::from_timestamp(seconds, 0)
            .map_or_else(String::new, |it| it.to_rfc3339_opts(SecondsFormat::Secs, true))
    };
    let (from, until) = (time("nbf")?, time("exp")?);
    if expected.now < from.saturating_sub(LEEWAY) {
        return Err(Refused::Early(written(from)));
    }
    if expected.now >= until {
        return Err(Refused::Expired(written(until)));
    }
    Ok(())
}
