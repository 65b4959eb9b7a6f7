//! From a text to what the issuer says: signature first, then issuer, audience, times. Nothing in the token chooses
//! the key, beyond naming one of the issuer's, or the algorithm, beyond naming one that is configured.

use chrono::{DateTime, Utc};
use jsonwebtoken::{
    Header, Validation, dangerous::insecure_decode_claims, decode, decode_header, errors::ErrorKind,
    get_current_timestamp,
};
use serde_json::Value;
use sha2::{Digest, Sha256, Sha384, Sha512};
use tokio::time::Instant;

use super::{Error, Issuer, keys::KeySet, strict::Strict};

/// Longest token, in bytes: looked at before any other work.
const LONGEST: usize = 8 * 1024;
/// Longest subject, in bytes (OpenID Connect Core, 2).
const LONGEST_SUBJECT: usize = 255;

/// What is wrong with a token; the text is fit for the caller who sent it.
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
    /// A token that a caller comes with.
    pub async fn bearer(&self, text: &str) -> Result<Token, Error> {
        let audience = &self.config().audience;
        if audience.is_empty() {
            return Err(Refusal::Audience.into());
        }
        let (_, token) = self.verify(text, audience, &["jwt", "at+jwt"]).await?;
        Ok(token)
    }

    /// What came with the code that we sent a person for.
    pub(super) async fn id_token(
        &self,
        text: &str,
        nonce: &str,
        access_token: Option<&str>,
    ) -> Result<Token, Error> {
        let client = self.config().client_id.as_str();
        let verified = match self.verify(text, client, &["jwt"]).await {
            // The code is used up; the person who has signed in can't try again with it.
            Err(Error::TooSoon(after)) => {
                tokio::time::sleep(after).await;
                self.verify(text, client, &["jwt"]).await
            }
            verified => verified,
        };
        let (header, token) = verified?;
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
        let claims = self.signed(text, &header, &validation).await?;
        Ok((header, self.token(claims)?))
    }

    /// What stands in it, if one of the issuer's keys has signed it: one that is known, or, where none fits or the
    /// signature is wrong, one of those that the issuer has now. A key may be replaced under its name.
    async fn signed(&self, text: &str, header: &Header, validation: &Validation) -> Result<Value, Error> {
        let begun = Instant::now();
        let (keys, fetcher) = (&self.0.keys, &self.0.fetcher);
        let known = keys.current(fetcher).await?;
        let refusal = match decoded(text, header, validation, &known) {
            Err(refusal @ (Refusal::UnknownKey | Refusal::Signature)) => refusal,
            result => return Ok(result?),
        };
        // Nothing that the issuer could say would help.
        if known.is_since(begun) {
            return Err(refusal.into());
        }
        self.check_unsigned(text, validation)?;
        match keys.newer(fetcher, &known).await? {
            Some(newer) => Ok(decoded(text, header, validation, &newer)?),
            // Its key may have come into being since.
            None if header.kid.as_ref().is_some_and(|id| !known.knows(id)) => {
                Err(Error::TooSoon(known.until_next()))
            }
            None => Err(refusal.into()),
        }
    }

    /// Refuses what no key could mend, so that the issuer isn't asked about the tokens of others.
    fn check_unsigned(&self, text: &str, validation: &Validation) -> Result<(), Refusal> {
        let claims = insecure_decode_claims::<Strict>(text).map_err(|error| refusal(error.kind()))?.0;
        let audience = |it: &Value| {
            let wanted = validation.aud.as_ref();
            it.as_str().is_some_and(|it| wanted.is_some_and(|wanted| wanted.contains(it)))
        };
        if claims["iss"].as_str() != Some(&self.config().issuer) {
            return Err(Refusal::Issuer);
        }
        if !audience(&claims["aud"]) && !claims["aud"].as_array().is_some_and(|all| all.iter().any(audience))
        {
            return Err(Refusal::Audience);
        }
        let now = i64::try_from(get_current_timestamp()).unwrap_or(i64::MAX);
        let leeway = i64::try_from(validation.leeway).unwrap_or(0);
        let until = seconds(&claims["exp"]).ok_or(Refusal::Claim("exp"))?;
        if until.saturating_add(leeway) < now { Err(Refusal::Expired) } else { Ok(()) }
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

/// The claims, if one of these keys has signed them.
fn decoded(text: &str, header: &Header, validation: &Validation, keys: &KeySet) -> Result<Value, Refusal> {
    let mut error = Refusal::UnknownKey;
    for key in keys.fitting(header.kid.as_deref(), header.alg) {
        match decode::<Strict>(text, &key, validation) {
            Ok(decoded) => return Ok(decoded.claims.0),
            Err(found) => error = refusal(found.kind()),
        }
    }
    Err(error)
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
