//! Where a request comes from: the other end of its connection, or whom a trusted proxy names.
//!
//! Anybody can send `X-Forwarded-For`. So it is read from its end, where the proxies write, and only as far as each
//! hop is trusted; what stands before the first that isn't was written by an unknown program.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{extract::Request, http::HeaderMap};
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The other end of the connection; the listener puts it into each request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Where the request comes from, as far as it is known; an extension of each request.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// Whose word is taken.
#[derive(Debug, Clone)]
pub struct TrustedProxies(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    networks: Vec<IpNet>,
    warned: AtomicBool,
}

impl TrustedProxies {
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(Arc::new(Parts { networks, warned: AtomicBool::new(false) }))
    }

    /// Where this request comes from.
    pub fn client(&self, request: &Request) -> ClientAddress {
        let peer = request.extensions().get::<Peer>().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0);
        // On a listener for both, IPv4 comes in disguise.
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            if request.headers().contains_key(FORWARDED_FOR) && !self.0.warned.swap(true, Ordering::Relaxed) {
                // Behind a proxy that was forgotten, all clients share its limit.
                tracing::warn!(
                    %peer,
                    "X-Forwarded-For is ignored: it comes from an address that is not in http.trusted_proxies"
                );
            }
            return ClientAddress(peer);
        }
        ClientAddress(self.forwarded(request.headers()).unwrap_or(peer))
    }

    /// Whether this address is a proxy's that is trusted.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.networks.iter().any(|network| network.contains(&address))
    }

    /// The last address that isn't trusted; the first of all where each is. Nothing where there is none, or where one
    /// that counts can't be read.
    fn forwarded(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let mut client = None;
        // Several lines are one list.
        for line in headers.get_all(FORWARDED_FOR).iter().rev() {
            // Bytes, for what stands further in front may be anything.
            for hop in line.as_bytes().rsplit(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                if hop.is_empty() {
                    continue;
                }
                let address = parse(str::from_utf8(hop).ok()?)?;
                client = Some(address);
                if !self.trusts(address) {
                    return client;
                }
            }
        }
        client
    }
}

/// An address, alone or with a port, as some proxies write it.
fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse::<IpAddr>().ok().or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::HeaderValue};

    use super::*;

    fn client(trusted: &str, peer: &str, lines: &[&[u8]]) -> String {
        let networks = trusted.split(' ').filter(|it| !it.is_empty()).map(|it| it.parse().unwrap());
        let proxies = TrustedProxies::new(networks.collect());
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        for line in lines {
            request.headers_mut().append(FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap());
        }
        proxies.client(&request).0.to_string()
    }

    #[test]
    fn nobody_is_believed_unless_told_so() {
        assert_eq!(client("", "192.0.2.1", &[b"198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.0/8", "192.0.2.1", &[b"198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.0/8", "192.0.2.1", &[b"10.0.0.1"]), "192.0.2.1");
        assert_eq!(client("", "::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn the_last_that_is_not_trusted() {
        let trusted = "10.0.0.0/8 2001:db8:1::/48";
        for (lines, expected) in [
            (&[b"198.51.100.7".as_slice()][..], "198.51.100.7"),
            // What the client itself wrote stands in front.
            (&[b"203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            (&[b"203.0.113.9, 198.51.100.7, 10.1.2.3,10.4.5.6"], "198.51.100.7"),
            (&[b"203.0.113.9", b"198.51.100.7 , 10.1.2.3"], "198.51.100.7"),
            (&[b"203.0.113.9, 198.51.100.7", b"10.1.2.3"], "198.51.100.7"),
            (&[b"\xff\xfe, <script>, 198.51.100.7"], "198.51.100.7"),
            (&[b"unknown", b"198.51.100.7"], "198.51.100.7"),
            // All of the chain is ours: it began at its first.
            (&[b"10.9.9.9, 10.1.2.3"], "10.9.9.9"),
            (&[b"2001:db8:2::1"], "2001:db8:2::1"),
            (&[b"2001:db8:2::1, 2001:db8:1::5"], "2001:db8:2::1"),
            // With a port, as some write it, and IPv4 in disguise.
            (&[b"198.51.100.7:4711"], "198.51.100.7"),
            (&[b"[2001:db8:2::1]:4711, [2001:db8:1::5]"], "2001:db8:2::1"),
            (&[b"203.0.113.9, ::ffff:198.51.100.7, ::ffff:10.1.2.3"], "198.51.100.7"),
            // An empty element is none.
            (&[b"198.51.100.7,", b"", b" , "], "198.51.100.7"),
        ] {
            assert_eq!(client(trusted, "10.0.0.1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_believed() {
        for line in [
            b"".as_slice(),
            b"unknown",
            b"_hidden",
            b"198.51.100.7, unknown",
            b"198.51.100.7 203.0.113.9",
            b"198.51.100.700",
            b"198.51.100.7:99999",
            b"fe80::1%eth0",
            b"\"198.51.100.7\"",
            b"for=198.51.100.7",
            b"198.51.100.7, \xff",
            b"[198.51.100.7",
        ] {
            assert_eq!(client("10.0.0.0/8", "10.0.0.1", &[line]), "10.0.0.1", "{line:?}");
        }
    }
}
