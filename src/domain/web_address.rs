//! Whether a URL leads where it says: what is sent there, and what comes back, can be trusted. Pure.

use url::Url;

/// Whether what comes from there can be taken for what was sent: https, or http on this machine. A place behind the
/// path is none.
pub fn is_trustworthy(url: &Url) -> bool {
    let safe = match url.scheme() {
        "https" => url.host_str().is_some(),
        "http" => is_loopback(url),
        _ => false,
    };
    safe && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}

/// Whether it leads to this very machine.
pub fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine() {
        for (url, good) in [
            ("https://id.example.com/realms/x", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080/", true),
            ("http://localhost/x", true),
            ("http://id.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("https://user@id.example.com", false),
            ("https://id.example.com?x", false),
            ("ftp://127.0.0.1", false),
        ] {
            assert_eq!(is_trustworthy(&Url::parse(url).unwrap()), good, "{url}");
        }
    }
}
