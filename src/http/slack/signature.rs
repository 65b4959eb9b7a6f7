//! Checks Slack's signature over the bytes of a request. Pure.

use axum::http::HeaderMap;
use ring::{digest, hmac};
use secrecy::{ExposeSecret, SecretString};

use crate::store::hex;

const SIGNATURE: &str = "x-slack-signature";
const TIMESTAMP: &str = "x-slack-request-timestamp";

/// A request that was signed with the secret of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// When it was made, by the signer's clock. The database judges later whether that is now.
    pub made_at: i64,
    /// Tells this request from all others.
    pub hash: [u8; 32],
}

impl Signed {
    /// The request, if at least one of these secrets has signed it. And for each secret, whether it has. All secrets
    /// are tried, and a random one where there are none.
    pub fn by<'a>(
        secrets: impl Iterator<Item = &'a SecretString>,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Option<(Self, Vec<bool>)> {
        let tried: Vec<Option<Self>> = secrets.map(|secret| Self::of(secret, headers, body)).collect();
        if tried.is_empty() {
            // The answer then takes as long as for a known team.
            let secret = SecretString::from(hex(&rand::random::<[u8; 16]>()));
            Self::of(&secret, headers, body);
        }
        let signed = tried.iter().flatten().next().copied()?;
        Some((signed, tried.iter().map(Option::is_some).collect()))
    }

    /// `None`: the request isn't signed, or not with this secret.
    pub fn of(secret: &SecretString, headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let time = only(headers, TIMESTAMP)?;
        let signature = only(headers, SIGNATURE)?;
        if !(1..=15).contains(&time.len()) || !time.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let made_at = time.parse().ok()?;
        let tag = bytes(signature.strip_prefix("v0=")?)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        let signed = [b"v0:", time.as_bytes(), b":", body].concat();
        // In constant time.
        hmac::verify(&key, &signed, &tag).ok()?;
        let mut hash = [0; 32];
        let seen = digest::digest(&digest::SHA256, &[time.as_bytes(), b":", &tag].concat());
        hash.copy_from_slice(seen.as_ref());
        Some(Self { made_at, hash })
    }
}

/// The value of a header that is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// Reads 32 bytes in hexadecimal, in small letters as Slack writes it.
fn bytes(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Slack's documentation.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const TIME: &str = "1531420618";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNED: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn look(secret: &str, time: &str, signature: &str, body: &str) -> Option<Signed> {
        let mut headers = HeaderMap::new();
        headers.insert(TIMESTAMP, time.parse().unwrap());
        headers.insert(SIGNATURE, signature.parse().unwrap());
        Signed::of(&SecretString::from(secret), &headers, body.as_bytes())
    }

    #[test]
    fn the_example_of_slacks_documentation_is_signed() {
        let signed = look(SECRET, TIME, SIGNED, BODY).unwrap();
        assert_eq!(signed.made_at, 1_531_420_618);
        assert_eq!(look(SECRET, TIME, SIGNED, BODY), Some(signed), "the same again has the same hash");
    }

    #[test]
    fn anything_else_is_not() {
        for (secret, time, signature, body) in [
            ("other", TIME, SIGNED, BODY),
            (SECRET, "1531420619", SIGNED, BODY),
            (SECRET, "+1531420618", SIGNED, BODY),
            (SECRET, " ", SIGNED, BODY),
            (SECRET, TIME, &SIGNED[..66], BODY),
            (SECRET, TIME, &SIGNED.replace("v0=", "v1="), BODY),
            (SECRET, TIME, &SIGNED.to_uppercase().replace('V', "v"), BODY),
            (SECRET, TIME, "", BODY),
            (SECRET, TIME, "v0=é", BODY),
            (SECRET, TIME, SIGNED, "token=x"),
        ] {
            assert_eq!(look(secret, time, signature, body), None, "{secret} {time} {signature}");
        }
        let secrets = ["other", SECRET, "third"].map(SecretString::from);
        let mut headers = HeaderMap::new();
        headers.insert(TIMESTAMP, TIME.parse().unwrap());
        headers.insert(SIGNATURE, SIGNED.parse().unwrap());
        let which = |secrets: &[SecretString]| {
            Signed::by(secrets.iter(), &headers, BODY.as_bytes()).map(|(_, which)| which)
        };
        assert_eq!(which(&secrets), Some(vec![false, true, false]));
        assert_eq!((which(&secrets[..1]), which(&[])), (None, None));
        assert_eq!(Signed::of(&SecretString::from(SECRET), &HeaderMap::new(), BODY.as_bytes()), None);
        let mut twice = HeaderMap::new();
        twice.insert(TIMESTAMP, TIME.parse().unwrap());
        twice.append(SIGNATURE, SIGNED.parse().unwrap());
        twice.append(SIGNATURE, SIGNED.parse().unwrap());
        assert_eq!(Signed::of(&SecretString::from(SECRET), &twice, BODY.as_bytes()), None);
    }
}
