//! Our two cookies: the session's, and the one that binds a sign-in under way to its browser. `__Host-` keeps other
//! hosts of the same domain, and plain http, from setting them.

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::{DateTime, Utc};

use super::site::Site;
use crate::auth::secret::Secret;

/// As long as a sign-in may take.
const SIGN_IN_SECONDS: i64 = 600;

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    Session,
    SignIn,
}

impl Cookie {
    fn name(self, site: &Site) -> &'static str {
        match (self, site.is_secure) {
            (Self::Session, true) => "__Host-signoff",
            (Self::Session, false) => "signoff",
            (Self::SignIn, true) => "__Host-signoff-sign-in",
            (Self::SignIn, false) => "signoff-sign-in",
        }
    }

    /// What the browser sent. One that comes twice was set by another site, once; neither is believed.
    pub fn read(self, site: &Site, headers: &HeaderMap) -> Option<Secret> {
        let name = self.name(site).as_bytes();
        // Bytes, for a neighbour's cookie may be anything.
        let pairs =
            headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|b| *b == b';'));
        let mut ours = pairs.filter_map(|pair| pair.trim_ascii().strip_prefix(name)?.strip_prefix(b"="));
        match (ours.next(), ours.next()) {
            (Some(value), None) => Secret::parse(str::from_utf8(value).ok()?),
            _ => None,
        }
    }

    /// A header that sets it.
    pub fn set(self, site: &Site, secret: &Secret, seconds: i64) -> Option<HeaderValue> {
        self.header(site, secret.reveal(), seconds)
    }

    /// A header that takes it away.
    pub fn clear(self, site: &Site) -> Option<HeaderValue> {
        self.header(site, "", 0)
    }

    fn header(self, site: &Site, value: &str, seconds: i64) -> Option<HeaderValue> {
        let (name, secure) = (self.name(site), if site.is_secure { "; Secure" } else { "" });
        let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// For the session, which ends at a time of the database's clock. A browser's clock only says when it forgets.
pub fn session(
    site: &Site,
    secret: &Secret,
    expires_at: DateTime<Utc>,
    lifetime: i64,
) -> Option<HeaderValue> {
    #[expect(clippy::disallowed_methods, reason = "when a browser forgets the cookie decides nothing")]
    let left = (expires_at - Utc::now()).num_seconds();
    Cookie::Session.set(site, secret, left.clamp(1, lifetime))
}

/// For a sign-in under way.
pub fn sign_in(site: &Site, secret: &Secret) -> Option<HeaderValue> {
    Cookie::SignIn.set(site, secret, SIGN_IN_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_comes_twice_is_nobodys() {
        let (secret, other) = (Secret::generate(), Secret::generate());
        let read_bytes = |bytes: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_bytes(bytes).unwrap());
            Cookie::Session.read(&Site::for_tests(true), &headers)
        };
        let read = |text: String| read_bytes(text.as_bytes());
        let (one, two) = (secret.reveal(), other.reveal());
        let found = read(format!("a=b; __Host-signoff={one}; signoff={two}")).unwrap();
        assert_eq!(found.hash(), secret.hash());
        assert!(read(format!("__Host-signoff={one}; __Host-signoff={two}")).is_none());
        assert!(read(format!("signoff={one}")).is_none(), "set by whoever can't set the real one");
        assert!(read("__Host-signoff=x".to_owned()).is_none());
        let beside = [format!("__Host-signoff={one}; x=").as_bytes(), b"\xe9"].concat();
        assert!(read_bytes(&beside).is_some(), "a neighbour's cookie is nobody's business");
    }

    #[test]
    fn attributes_keep_it_where_it_belongs() {
        let secret = Secret::generate();
        let text = |is_secure| {
            let header = Cookie::Session.set(&Site::for_tests(is_secure), &secret, 60).unwrap();
            header.to_str().unwrap().replace(secret.reveal(), "x")
        };
        assert_eq!(text(true), "__Host-signoff=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(text(false), "signoff=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
    }
}
