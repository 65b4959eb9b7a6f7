//! Keeps URLs that members choose from reaching the operator's own network.
//!
//! It needs two checks. The URL's host is judged before a request, because a client asks no resolver about a literal
//! address. The client's resolver judges each address that a name leads to, because a name may lead elsewhere the next
//! time. Redirects are not followed, and no proxy of the environment is used: either would go around both checks.

use std::{error::Error, net::SocketAddr, sync::Arc, time::Duration};

use reqwest::{
    Client, ClientBuilder, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use url::Host;

use crate::domain::address::{Allowed, Forbidden};

/// The longest time that connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an unused connection is kept. Endpoints close such connections, and a client notices only when it uses one.
const IDLE: Duration = Duration::from_secs(20);
/// Unused connections that are kept to one host, at most.
const KEPT: usize = 8;
/// The longest URL, in bytes.
pub const LONGEST_URL: usize = 2_048;

/// Why nothing is sent to a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("must be a URL with a host, like https://example.com/hook")]
    NotAUrl,
    #[error("must have at most {LONGEST_URL} bytes")]
    TooLong,
    #[error("must be https; http is for networks that the operator allows (webhooks.allow_http)")]
    Scheme,
    #[error("must hold no user and no password: a signature shows who sends")]
    Credentials,
    #[error("must hold no fragment: it would never be sent")]
    Fragment,
    #[error("must lead to a public address: {0}")]
    Address(#[from] Forbidden),
}

/// What the operator allows.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allowed: Arc<Allowed>,
    /// Whether plain HTTP is allowed, and then only within the allowed networks.
    http: bool,
}

impl Guard {
    pub fn new(allowed: Allowed, http: bool) -> Self {
        Self { allowed: Arc::new(allowed), http }
    }

    /// Reads and judges a URL that a caller wrote.
    pub fn parse(&self, text: &str) -> Result<Url, Unfit> {
        if text.len() > LONGEST_URL {
            return Err(Unfit::TooLong);
        }
        let url = Url::parse(text).map_err(|_| Unfit::NotAUrl)?;
        self.judge(&url)?;
        Ok(url)
    }

    /// Whether the shape of a URL is fit, and its host where the host is an address. A name is judged when it is
    /// resolved.
    pub fn judge(&self, url: &Url) -> Result<(), Unfit> {
        let is_plain = match url.scheme() {
            "https" => false,
            "http" if self.http => true,
            "http" => return Err(Unfit::Scheme),
            _ => return Err(Unfit::NotAUrl),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Unfit::Credentials);
        }
        if url.fragment().is_some() {
            return Err(Unfit::Fragment);
        }
        let address = match url.host().ok_or(Unfit::NotAUrl)? {
            Host::Domain(name) if name.trim_end_matches('.').is_empty() => return Err(Unfit::NotAUrl),
            Host::Domain(_) => return Ok(()),
            Host::Ipv4(address) => address.into(),
            Host::Ipv6(address) => address.into(),
        };
        self.allowed.judge(address)?;
        if is_plain && !self.allowed.names(address) {
            return Err(Unfit::Scheme);
        }
        Ok(())
    }

    /// A client that asks `resolver` about names and judges the answers. `plain`: it speaks HTTP, and only within the
    /// allowed networks.
    pub fn client(&self, resolver: Arc<dyn Resolve>, plain: bool) -> reqwest::Result<Client> {
        let judging = Judging { allowed: self.allowed.clone(), plain, resolver };
        builder().https_only(!plain).dns_resolver(judging).build()
    }
}

/// A client for the operator's own URL, which is not judged.
pub fn unguarded() -> reqwest::Result<Client> {
    builder().build()
}

fn builder() -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(KEPT)
        .user_agent(concat!("Signoff-Webhooks/", env!("CARGO_PKG_VERSION")))
}

/// Why the guard stopped a client, if it did.
pub fn forbidden(error: &reqwest::Error) -> Option<Forbidden> {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(forbidden) = error.downcast_ref::<Forbidden>() {
            return Some(*forbidden);
        }
        source = error.source();
    }
    None
}

/// A resolver that hands on only addresses to which messages may be sent.
struct Judging {
    allowed: Arc<Allowed>,
    plain: bool,
    resolver: Arc<dyn Resolve>,
}

impl Resolve for Judging {
    fn resolve(&self, name: Name) -> Resolving {
        let (allowed, plain) = (self.allowed.clone(), self.plain);
        let resolving = self.resolver.resolve(name);
        Box::pin(async move {
            let mut refused = None;
            let mut fit: Vec<SocketAddr> = Vec::new();
            for found in resolving.await? {
                let address = found.ip();
                match allowed.judge(address) {
                    Ok(()) if plain && !allowed.names(address) => {
                        refused = Some(Forbidden { address, why: "http is for allowed networks alone" });
                    }
                    Ok(()) => fit.push(found),
                    Err(forbidden) => refused = Some(forbidden),
                }
            }
            match (fit.is_empty(), refused) {
                (true, Some(forbidden)) => Err(forbidden.into()),
                _ => Ok(Box::new(fit.into_iter()) as Addrs),
            }
        })
    }
}

/// Resolves names as the system does.
#[derive(Debug, Clone, Copy)]
pub struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, sync::Mutex};

    use super::*;

    fn strict() -> Guard {
        Guard::default()
    }

    fn lenient() -> Guard {
        Guard::new(Allowed(vec!["127.0.0.0/8".parse().unwrap()]), true)
    }

    #[test]
    fn every_spelling_of_an_address_of_ones_own_is_refused() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "0x7f.1",
            "0x7f000001",
            "0177.0.0.1",
            "017700000001",
            "2130706433",
            "0",
            "0.0.0.0",
            "１２７.0.0.1",
            "127。0。0。1",
            "%31%32%37.0.0.1",
            "127.0.0.1.",
            "[::1]",
            "[::]",
            "[0:0::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
            "[fd00::1]",
            "[fe80::1]",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "[::ffff:a9fe:a9fe]",
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "100.64.0.1",
            "224.0.0.1",
        ] {
            let url = format!("https://{host}/hook");
            assert!(
                matches!(strict().parse(&url), Err(Unfit::Address(_))),
                "{url}: {:?}",
                strict().parse(&url)
            );
            assert!(
                matches!(strict().parse(&format!("https://{host}:8443")), Err(Unfit::Address(_))),
                "{url}"
            );
        }
    }

    #[test]
    fn urls_that_hold_what_is_never_sent_are_refused() {
        for (url, why) in [
            ("", Unfit::NotAUrl),
            ("example.com", Unfit::NotAUrl),
            ("/hook", Unfit::NotAUrl),
            ("https://", Unfit::NotAUrl),
            ("https://./", Unfit::NotAUrl),
            ("ftp://example.com", Unfit::NotAUrl),
            ("file:///etc/passwd", Unfit::NotAUrl),
            ("gopher://example.com", Unfit::NotAUrl),
            ("http://example.com", Unfit::Scheme),
            ("https://user@example.com", Unfit::Credentials),
            ("https://:secret@example.com", Unfit::Credentials),
            ("https://example.com/#part", Unfit::Fragment),
        ] {
            assert_eq!(strict().parse(url).unwrap_err(), why, "{url}");
        }
        let long = format!("https://example.com/{}", "a".repeat(LONGEST_URL));
        assert_eq!(strict().parse(&long).unwrap_err(), Unfit::TooLong);
        let fit = strict().parse("https://example.com:8443/hook?a=b").unwrap();
        assert_eq!(fit.as_str(), "https://example.com:8443/hook?a=b");
    }

    #[test]
    fn plain_http_is_for_networks_that_the_operator_allows() {
        assert!(lenient().parse("http://127.0.0.1:9/hook").is_ok());
        assert!(lenient().parse("https://127.0.0.1:9/hook").is_ok());
        assert_eq!(lenient().parse("http://8.8.8.8/").unwrap_err(), Unfit::Scheme);
        assert!(matches!(lenient().parse("http://10.0.0.1/"), Err(Unfit::Address(_))));
        let without = Guard::new(Allowed(vec!["127.0.0.0/8".parse().unwrap()]), false);
        assert_eq!(without.parse("http://127.0.0.1/").unwrap_err(), Unfit::Scheme);
    }

    /// Answers differently each time, from a script.
    struct Scripted(Mutex<Vec<Vec<SocketAddr>>>);

    impl Resolve for Scripted {
        fn resolve(&self, _: Name) -> Resolving {
            let answer = self.0.lock().unwrap().remove(0);
            Box::pin(async move { Ok(Box::new(answer.into_iter()) as Addrs) })
        }
    }

    fn scripted(answers: &[&[SocketAddr]]) -> Arc<dyn Resolve> {
        Arc::new(Scripted(Mutex::new(answers.iter().map(|it| it.to_vec()).collect())))
    }

    /// Takes connections and counts them; hangs up on each.
    fn listener() -> (SocketAddr, Arc<Mutex<usize>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, count) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(0)));
        let counted = count.clone();
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                *counted.lock().unwrap() += 1;
                drop(socket);
            }
        });
        (address, count)
    }

    #[tokio::test]
    async fn a_name_that_leads_elsewhere_the_second_time_gets_nowhere() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (address, count) = listener();
        let elsewhere: SocketAddr = "[::ffff:127.0.0.1]:0".parse().unwrap();
        // Only one address is allowed: its neighbour stands for one that is not.
        let guard = Guard::new(Allowed(vec!["127.0.0.1/32".parse().unwrap()]), true);
        let own: SocketAddr = "127.0.0.2:0".parse().unwrap();
        let client =
            guard.client(scripted(&[&[address], &[own], &[elsewhere], &[own, address]]), true).unwrap();
        let url = format!("http://hook.example.com:{}/", address.port());
        let tried = async || client.post(&url).send().await.unwrap_err();
        assert_eq!(forbidden(&tried().await), None, "the first time it is reached");
        assert_eq!(*count.lock().unwrap(), 1);
        assert_eq!(forbidden(&tried().await).unwrap().address, own.ip());
        assert_eq!(*count.lock().unwrap(), 1, "nothing was connected to");
        assert_eq!(forbidden(&tried().await), None, "a mapped address is the address");
        assert_eq!(forbidden(&tried().await), None, "of several, those that are fit are tried");
        assert_eq!(*count.lock().unwrap(), 3);
    }

    #[tokio::test]
    async fn a_name_for_plain_http_must_lead_into_an_allowed_network() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let public: SocketAddr = "8.8.8.8:0".parse().unwrap();
        let client = lenient().client(scripted(&[&[public]]), true).unwrap();
        let error = client.post("http://hook.example.com/").send().await.unwrap_err();
        assert_eq!(forbidden(&error).unwrap().address, public.ip());
        let client = strict().client(Arc::new(System), false).unwrap();
        let error = client.post("https://localhost:9/").send().await.unwrap_err();
        assert!(forbidden(&error).is_some(), "{error:?}");
        let error = client.post("http://example.com/").send().await.unwrap_err();
        assert!(error.is_builder(), "{error:?}");
    }
}
