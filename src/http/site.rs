//! The site that browsers see us as, and whether a page of it sent a request.
//!
//! A cookie comes along with whatever any page makes a browser send. So it counts only where the browser says that one
//! of our own pages asked (docs/decisions/0018-tokens-subjects-and-cookies.md).

use axum::http::{HeaderMap, HeaderValue, header, request::Parts};
use reqwest::Url;

use super::Api;
use crate::{
    domain::web_address::is_trustworthy,
    wire::problem::{Code, Problem},
};

const CALLBACK: &str = "/auth/callback";
/// What no page is under.
const NO_PAGES: [&str; 10] = [
    "/.well-known",
    "/api",
    "/auth",
    "/docs",
    "/livez",
    "/mcp",
    "/metrics",
    "/openapi.json",
    "/readyz",
    "/ws",
];

/// An origin of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// As browsers write it: `https://signoff.example.com`.
    origin: String,
    /// Whether it is https.
    pub is_secure: bool,
}

impl Site {
    /// As configured, or, for trying things out, whatever loopback address was asked.
    pub fn of(api: &Api, headers: &HeaderMap) -> Result<Self, Problem> {
        let configured = &api.public_url;
        let url = if configured.is_empty() { by_host(headers) } else { Url::parse(configured).ok() };
        let url = url.ok_or_else(|| {
            Problem::new(Code::Forbidden, "sessions of browsers need http.public_url in the configuration")
        })?;
        Ok(Self { origin: url.origin().ascii_serialization(), is_secure: url.scheme() == "https" })
    }

    /// Whether an `Origin` header names it.
    pub fn is(&self, origin: &HeaderValue) -> bool {
        origin == self.origin.as_str()
    }

    /// A path of this site as a whole address.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Where the issuer sends people back to.
    pub fn callback(&self, configured: &str) -> String {
        if configured.is_empty() { self.at(CALLBACK) } else { configured.to_owned() }
    }

    /// Refuses what a page of another site made the browser send.
    pub fn check_same_origin(&self, parts: &Parts) -> Result<(), Problem> {
        let text = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let only_looks = parts.method.is_safe();
        let ours = match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
            (Some("same-origin"), _) => true,
            // Typed in, or from a bookmark: nobody's page asked. Or nothing is known.
            (Some("none"), _) | (None, None) => only_looks,
            (Some(_), _) => false,
            (None, Some(origin)) => origin == self.origin,
        };
        if ours {
            return Ok(());
        }
        Err(Problem::new(
            Code::Forbidden,
            "a session's cookie counts only for requests of this site's own pages (Sec-Fetch-Site, Origin)",
        ))
    }

    /// A page of this site: nothing that a browser could take for another place, and no call.
    pub fn local_path(&self, text: &str) -> Option<String> {
        let plain = text.len() <= 2000 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if !plain || !text.starts_with('/') || text.starts_with("//") {
            return None;
        }
        // As a browser reads it.
        let url = Url::parse(&self.origin).ok()?.join(text).ok()?;
        let is_within = |prefix: &&str| {
            let rest = url.path().strip_prefix(*prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let is_page = !url.path().starts_with("//") && !NO_PAGES.iter().any(is_within);
        (url.origin().ascii_serialization() == self.origin && is_page).then(|| text.to_owned())
    }
}

#[cfg(test)]
impl Site {
    pub fn for_tests(is_secure: bool) -> Self {
        let scheme = if is_secure { "https" } else { "http" };
        Self { origin: format!("{scheme}://signoff.example.com"), is_secure }
    }
}

fn by_host(headers: &HeaderMap) -> Option<Url> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    // http, and hence taken on this machine only.
    Url::parse(&format!("http://{host}")).ok().filter(|url| url.path() == "/" && is_trustworthy(url))
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, Request};

    use super::*;

    fn site() -> Site {
        Site::for_tests(true)
    }

    #[test]
    fn only_our_own_pages_may_change_things() {
        const SAFE: &[Method] = &[Method::GET];
        const BOTH: &[Method] = &[Method::GET, Method::POST];
        const NONE: &[Method] = &[];
        let ours = "https://signoff.example.com";
        for (fetch_site, origin, allowed) in [
            (Some("same-origin"), None, BOTH),
            (Some("same-origin"), Some(ours), BOTH),
            (Some("none"), None, SAFE),
            (Some("same-site"), Some(ours), NONE),
            (Some("cross-site"), None, NONE),
            (Some("Same-Origin"), None, NONE),
            (Some(""), None, NONE),
            (None, Some(ours), BOTH),
            (None, Some("null"), NONE),
            (None, Some("https://signoff.example.com.evil.example"), NONE),
            (None, Some("http://signoff.example.com"), NONE),
            (None, None, SAFE),
        ] {
            for method in BOTH {
                let mut request = Request::builder().method(method.clone()).uri("/");
                for (name, value) in [("sec-fetch-site", fetch_site), ("origin", origin)] {
                    if let Some(value) = value {
                        request = request.header(name, value);
                    }
                }
                let (parts, ()) = request.body(()).unwrap().into_parts();
                let verdict = site().check_same_origin(&parts).is_ok();
                assert_eq!(verdict, allowed.contains(method), "{method} {fetch_site:?} {origin:?}");
            }
        }
    }

    #[test]
    fn nobody_is_sent_elsewhere() {
        for good in [
            "/",
            "/approvals/1?x=1#y",
            "/a//b",
            "/?u=https://example.com",
            "/%2f%2fexample.com",
            "/apis",
            "/inbox/1?all=1",
        ] {
            assert_eq!(site().local_path(good).as_deref(), Some(good));
        }
        for bad in [
            "",
            "x",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example",
            "/a\r\nb",
            "/\t/evil.example",
            "/ /evil.example",
            "/..//evil.example",
            "/./\\evil",
            "javascript:alert(1)",
            "/.//evil.example",
            "/é",
            "/auth/login?return_to=/inbox",
            "/api/v1/approvals/history?format=csv",
            "/inbox/../auth/callback",
            "/inbox/%2e%2e/api",
            "/ws/task",
            "/docs",
        ] {
            assert_eq!(site().local_path(bad), None, "{bad:?}");
        }
    }
}
