//! The service's address, as people write it.
//!
//! It is read after the command line: the parser's own messages show the value, and with it a password that has no
//! place there.

use reqwest::Url;

use crate::domain::web_address::is_loopback;

/// Why it is none; never with the address itself.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("--url, or SIGNOFF_URL: {0}")]
pub struct Invalid(String);

/// The address without a slash at its end. Where no scheme stands before it, this machine is meant to be spoken to in
/// plain http; for any other, only the caller can know.
pub fn parse(text: &str) -> Result<String, Invalid> {
    read(text).map_err(Invalid)
}

fn read(text: &str) -> Result<String, String> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let rest = rest.trim_end_matches('/');
    let url = |scheme: &str| Url::parse(&format!("{scheme}://{rest}")).ok().filter(Url::has_host);
    let Some(found) = url("http") else {
        return Err("write it as https://signoff.example.com, or http://127.0.0.1:8080".to_owned());
    };
    if !found.username().is_empty() || found.password().is_some() {
        return Err("a name or a password has no place in it: signoff login, or SIGNOFF_API_KEY".to_owned());
    }
    if found.query().is_some() || found.fragment().is_some() {
        return Err("it ends before the first ? or #".to_owned());
    }
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => Ok(format!("{scheme}://{rest}")),
        "" if is_loopback(&found) => Ok(format!("http://{rest}")),
        "" => Err(format!("write https://{rest}, or http://{rest} if it has no TLS")),
        "ws" => Err(format!("write http://{rest}")),
        "wss" => Err(format!("write https://{rest}")),
        _ => Err("it must begin with https:// or http://".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_needs_no_scheme() {
        for (written, meant) in [
            ("127.0.0.1:8084", "http://127.0.0.1:8084"),
            ("localhost:8084/", "http://localhost:8084"),
            ("[::1]:8084", "http://[::1]:8084"),
            ("localhost", "http://localhost"),
            ("https://signoff.example.com//", "https://signoff.example.com"),
            (" http://10.0.0.7:8080/signoff ", "http://10.0.0.7:8080/signoff"),
        ] {
            assert_eq!(parse(written).as_deref(), Ok(meant));
        }
    }

    #[test]
    fn what_can_not_be_meant_is_told_what_to_write() {
        for (written, words) in [
            ("signoff.example.com", "write https://signoff.example.com"),
            ("10.0.0.7:8080", "http://10.0.0.7:8080 if"),
            ("wss://signoff.example.com", "write https://signoff.example.com"),
            ("ftp://x", "must begin with"),
            ("", "write it as"),
            ("https://", "write it as"),
            ("not an address", "write it as"),
            ("https://ana:secret@x", "has no place"),
            ("https://x?y", "first ?"),
        ] {
            let said = parse(written).unwrap_err().to_string();
            assert!(said.contains(words) && !said.contains("secret"), "{written}: {said}");
        }
    }
}
