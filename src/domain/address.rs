//! Which addresses a message may be sent to that a workspace's member chose. Pure.
//!
//! Addresses are judged as numbers, never as text. What is not plainly public is refused: networks of the operator's
//! own, the machine itself, services of a cloud, and all that leads to them through another address (mapped, 6to4,
//! NAT64, Teredo). The operator may allow networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Networks of IPv4 that are not public (RFC 6890 and its registry), and how they are called.
const SPECIAL_V4: [(Ipv4Addr, u8, &str); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8, "this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private network"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "a provider's own network"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private network"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved for protocols"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a relay of 6to4"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private network"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// The same of IPv6. What is not in 2000::/3 is not public either.
const SPECIAL_V6: [(Ipv6Addr, u8, &str); 13] = [
    (Ipv6Addr::UNSPECIFIED, 96, "loopback, or an IPv4 address in disguise"),
    (Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96, "an IPv4 address in disguise"),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, "an IPv4 address behind NAT64"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "an IPv4 address behind NAT64"),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, "for discarding"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "reserved for protocols, Teredo among them"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "for documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "an IPv4 address behind 6to4"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "for documentation"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "a private network"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "a private network"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
];

/// What the operator allows beyond what is public.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed(pub Vec<IpNet>);

/// An address that nothing is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{address} is not public ({why}), and the operator does not allow it")]
pub struct Forbidden {
    pub address: IpAddr,
    pub why: &'static str,
}

impl Allowed {
    /// Whether the operator names a network that it is in.
    pub fn names(&self, address: IpAddr) -> bool {
        let plain = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address) || network.contains(&plain))
    }

    /// Whether something may be sent there.
    pub fn judge(&self, address: IpAddr) -> Result<(), Forbidden> {
        let plain = address.to_canonical();
        let forbidden = |why| Forbidden { address, why };
        if self.names(address) {
            // An allowed translator does not open what lies behind it.
            return match plain {
                IpAddr::V6(v6) => translated(v6).map_or(Ok(()), |v4| self.judge(IpAddr::V4(v4))),
                IpAddr::V4(_) => Ok(()),
            };
        }
        special(plain).map_or(Ok(()), |why| Err(forbidden(why)))
    }
}

/// What kind of address it is, if it is not a public one.
fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => {
            let among = SPECIAL_V4.iter().find(|(network, length, _)| {
                Ipv4Net::new(*network, *length).is_ok_and(|network| network.contains(&v4))
            });
            among.map(|(_, _, why)| *why)
        }
        IpAddr::V6(v6) => {
            let among = SPECIAL_V6.iter().find(|(network, length, _)| {
                Ipv6Net::new(*network, *length).is_ok_and(|network| network.contains(&v6))
            });
            let is_global = v6.segments()[0] & 0xe000 == 0x2000;
            among.map(|(_, _, why)| *why).or_else(|| (!is_global).then_some("reserved"))
        }
    }
}

/// The address that a translator at this one leads to.
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [first, second, third, .., high, low] = address.segments();
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match (first, second) {
        (0x64, 0xff9b) => Some(of(high, low)),
        (0x2002, _) => Some(of(second, third)),
        // Teredo turns the bits around.
        (0x2001, 0) => Some(of(!high, !low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Result<(), Forbidden> {
        Allowed::default().judge(text.parse().unwrap())
    }

    #[test]
    fn public_addresses_pass() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.216.34",
            "172.15.255.255",
            "172.32.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "169.253.255.255",
            "192.0.1.0",
            "192.88.98.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "2606:4700::1111",
            "2a00:1450:4001::200e",
            "2001:200::1",
            "2003::1",
            "2620:4f:8000::1",
        ] {
            assert_eq!(judged(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn no_address_of_ones_own_passes_however_it_is_wrapped() {
        for text in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            // Loopback and what is compatible, mapped, translated.
            "::",
            "::1",
            "::127.0.0.1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:7f00:1",
            "::ffff:a9fe:a9fe",
            "::ffff:10.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::1",
            "64:ff9b:1:ffff::10.0.0.1",
            // Teredo, 6to4.
            "2001::1",
            "2001:0:4136:e378:8000:63bf:80ff:fffe",
            "2001:1ff:ffff::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2002:808:808::1",
            // Private, local, special.
            "100::1",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
            "e000::1",
            "200::1",
            "fe00::1",
        ] {
            assert!(judged(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_operator_may_allow_networks_and_no_more_than_those() {
        let allowed = Allowed(vec!["10.1.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        for (text, passes) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("fd12::1", true),
            ("fc00::1", false),
            ("127.0.0.1", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(allowed.judge(text.parse().unwrap()).is_ok(), passes, "{text}");
        }
        assert!(allowed.names("10.1.2.3".parse().unwrap()) && !allowed.names("8.8.8.8".parse().unwrap()));
    }

    #[test]
    fn an_allowed_translator_does_not_open_what_lies_behind_it() {
        let networks = ["64:ff9b::/96", "2002::/16", "2001::/32"].map(|it| it.parse().unwrap());
        let allowed = Allowed(networks.to_vec());
        for (text, passes) in [
            ("64:ff9b::8.8.8.8", true),
            ("64:ff9b::127.0.0.1", false),
            ("64:ff9b::169.254.169.254", false),
            ("2002:808:808::1", true),
            ("2002:7f00:1::", false),
            // Teredo of 8.8.8.8 and of 127.0.0.1.
            ("2001:0:4136:e378:8000:63bf:f7f7:f7f7", true),
            ("2001:0:4136:e378:8000:63bf:80ff:fffe", false),
        ] {
            assert_eq!(allowed.judge(text.parse().unwrap()).is_ok(), passes, "{text}");
        }
    }

    #[test]
    fn what_is_refused_is_named() {
        let error = judged("::ffff:169.254.169.254").unwrap_err().to_string();
        assert_eq!(
            error,
            "::ffff:169.254.169.254 is not public (link-local), and the operator does not allow it"
        );
    }
}
