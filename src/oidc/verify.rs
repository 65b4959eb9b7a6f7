//! From a text to what the issuer says: signature first, then issuer, audience, times. Nothing in the token chooses
//! the key, beyond naming one of the issuer's, or the algorithm, beyond naming one that is configured.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Header, Validation, decode, decode_header, errors::ErrorKind, get_current_timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{Error, Issuer, strict::Strict};

/// Longest token, in bytes: looked at before any other work.
const LONGEST: usize = 8 * 1024;
/// Longest subject, in bytes (OpenID Connect Core, 2).
const LONGEST_SUBJECT: usize = 255;

/// What is wrong with a token; the text is fit for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the token is longer than 8 KiB")]
    TooLong,
    #[error("it is no signed token")]
    Malformed,
    #[error("its algorithm isn't accepted here")]
    Algorithm,
    #[error("tokens of this type are not accepted here")]
    Type,
    #[error("it has headers that must be understood, and aren't")]
    Critical,
    #[error("the issuer has no such key")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it has expired")]
    Expired,
    #[error("it is not valid yet")]
    NotYet,
    #[error("it is from another issuer")]
    Issuer,
    #[error("it is for another audience")]
    Audience,
    #[error("its claim {0} is missing or not what it must be")]
    Claim(&'static str),
    #[error("it is bound to a key (cnf), which is not supported")]
    Bound,
    #[error("it acts for somebody else (act), which is not supported")]
    Delegated,
}

/// What the issuer says.
#[derive(Debug, Clone)]
pub struct Token {
    pub subject: String,
    pub issued_at: DateTime<Utc>,
    /// With the leeway that clocks are given.
    pub expires_at: DateTime<Utc>,
    pub claims: Value,
}

impl Issuer {
    /// A token that somebody calls us with.
    pub async fn bearer(&self, text: &str) -> Result<Token, Error> {
        let audience = &self.config().audience;
        if audience.is_empty() {
            return Err(Refusal::Audience.into());
        }
        let (_, token) = self.verify(text, audience, &["jwt", "at+jwt"]).await?;
        Ok(token)
    }

    /// What came with the code that we sent somebody for.
    pub(super) async fn id_token(
        &self,
        text: &str,
        nonce: &str,
        access_token: Option<&str>,
    ) -> Result<Token, Error> {
        let client = self.config().client_id.as_str();
        let (header, token) = self.verify(text, client, &["jwt"]).await?;
        let claims = &token.claims;
        if claims["nonce"].as_str() != Some(nonce) {
            return Err(Refusal::Claim("nonce").into());
        }
        let is_for_several = claims["aud"].as_array().is_some_and(|all| all.len() > 1);
        match &claims["azp"] {
            Value::Null if !is_for_several => {}
            Value::String(party) if party == client => {}
            _ => return Err(Refusal::Claim("azp").into()),
        }
        if let (Some(hash), Some(access_token)) = (claims["at_hash"].as_str(), access_token)
            && hash != half_hash(&header, access_token)
        {
            return Err(Refusal::Claim("at_hash").into());
        }
        Ok(token)
    }

    async fn verify(&self, text: &str, audience: &str, types: &[&str]) -> Result<(Header, Token), Error> {
        if text.len() > LONGEST {
            return Err(Refusal::TooLong.into());
        }
        let header = decode_header(text).map_err(|error| refusal(error.kind()))?;
        self.check_header(&header, types)?;
        let mut validation = Validation::new(header.alg);
        validation.leeway = self.config().leeway_seconds;
        validation.validate_nbf = true;
        validation.set_audience(&[audience]);
        validation.set_issuer(&[&self.config().issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let keys = self.0.keys.fitting(&self.0.fetcher, header.kid.as_deref(), header.alg).await?;
        let mut error = Refusal::UnknownKey;
        for key in keys {
            match decode::<Strict>(text, &key, &validation) {
                Ok(decoded) => return Ok((header, self.token(decoded.claims.0)?)),
                Err(found) => error = refusal(found.kind()),
            }
        }
        Err(error.into())
    }

    fn check_header(&self, header: &Header, types: &[&str]) -> Result<(), Refusal> {
        if !self.0.algorithms.contains(&header.alg) {
            return Err(Refusal::Algorithm);
        }
        if header.crit.is_some() {
            return Err(Refusal::Critical);
        }
        // So that what the issuer signs for other ends (a logout, a proof, an event) isn't taken for a token.
        let typ = header.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
        let typ = typ.strip_prefix("application/").unwrap_or(&typ);
        if !types.contains(&typ) || header.enc.is_some() || header.zip.is_some() {
            return Err(Refusal::Type);
        }
        Ok(())
    }

    /// What the library doesn't look at.
    fn token(&self, claims: Value) -> Result<Token, Refusal> {
        let leeway = i64::try_from(self.config().leeway_seconds).unwrap_or(0);
        // One issuer, in so many words: an array of them is something else.
        if claims["iss"].as_str() != Some(&self.config().issuer) {
            return Err(Refusal::Issuer);
        }
        let subject = claims["sub"].as_str().unwrap_or_default();
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
            return Err(Refusal::Claim("sub"));
        }
        let issued = seconds(&claims["iat"]).ok_or(Refusal::Claim("iat"))?;
        let now = i64::try_from(get_current_timestamp()).unwrap_or(i64::MAX);
        if issued > now.saturating_add(leeway) {
            return Err(Refusal::NotYet);
        }
        if !claims["cnf"].is_null() {
            return Err(Refusal::Bound);
        }
        if !claims["act"].is_null() {
            return Err(Refusal::Delegated);
        }
        let expires = seconds(&claims["exp"]).ok_or(Refusal::Claim("exp"))?.saturating_add(leeway);
        let time = |seconds, name| DateTime::from_timestamp(seconds, 0).ok_or(Refusal::Claim(name));
        Ok(Token {
            subject: subject.to_owned(),
            issued_at: time(issued, "iat")?,
            expires_at: time(expires, "exp")?,
            claims,
        })
    }
}

/// A NumericDate, which may have a fraction.
#[expect(
    clippy::cast_possible_truncation,
    reason = "floats saturate, and the range is checked by whoever asks"
)]
fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|it| it.floor() as i64)).filter(|it| *it >= 0)
}

/// The left half of the hash that belongs to the algorithm (OpenID Connect Core, 3.1.3.6).
fn half_hash(header: &Header, text: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use jsonwebtoken::Algorithm as A;
    let hash: Vec<u8> = match header.alg {
        A::RS384 | A::PS384 | A::ES384 => Sha384::digest(text).to_vec(),
        A::RS512 | A::PS512 | A::EdDSA => Sha512::digest(text).to_vec(),
        _ => Sha256::digest(text).to_vec(),
    };
    URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])
}

fn refusal(kind: &ErrorKind) -> Refusal {
    match kind {
        ErrorKind::InvalidSignature => Refusal::Signature,
        ErrorKind::ExpiredSignature => Refusal::Expired,
        ErrorKind::ImmatureSignature => Refusal::NotYet,
        ErrorKind::InvalidIssuer => Refusal::Issuer,
        ErrorKind::InvalidAudience => Refusal::Audience,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName | ErrorKind::UnsupportedAlgorithm => {
            Refusal::Algorithm
        }
        ErrorKind::MissingRequiredClaim(name) | ErrorKind::InvalidClaimFormat(name) => {
            let known = ["exp", "nbf", "iss", "aud", "sub"].into_iter().find(|known| known == name);
            Refusal::Claim(known.unwrap_or("set"))
        }
        _ => Refusal::Malformed,
    }
}
