//! The way to the service: straight, or through the proxy that the environment names for it.
//!
//! Proxies are chosen as for all other calls: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY. A socket needs a tunnel, so
//! the proxy is asked to CONNECT, whether TLS follows or not (RFC 6455, 4.1). It sees the service's name and, where TLS
//! follows, nothing else.

use std::sync::Arc;

use anyhow::Context;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::Url;
use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{
    ending::Break,
    exchange::{Exchanged, exchange},
};
use crate::cli::{
    failure::{Trouble, retry_after},
    reply::authority,
};

/// Whatever leads there.
pub type Way = Box<dyn Stream>;

pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens it, as far as to where requests can be sent.
pub async fn open(url: &Url) -> Result<Way, Break> {
    let proxy = proxy_for(url).map_err(Break::Stop)?;
    let way = match &proxy {
        Some(proxy) => through(proxy, url).await?,
        None => connect(url).await.map_err(|error| error.at(&authority(url)))?,
    };
    if url.scheme() == "https" { encrypt(way, host(url)).await } else { Ok(way) }
}

fn proxy_for(url: &Url) -> anyhow::Result<Option<Intercept>> {
    let uri: Uri = url.as_str().parse().context("the service's address")?;
    Ok(Matcher::from_env().intercept(&uri))
}

async fn through(proxy: &Intercept, to: &Url) -> Result<Way, Break> {
    let url = Url::parse(&proxy.uri().to_string()).context("the proxy's address").map_err(Break::Stop)?;
    let name = format!("the proxy {}", authority(&url));
    if !["http", "https"].contains(&url.scheme()) {
        return Err(Break::Stop(anyhow::anyhow!(
            "{name} is one for {}; tail goes through those for http and https alone",
            url.scheme()
        )));
    }
    let way = connect(&url).await.map_err(|error| error.at(&name))?;
    let way = match url.scheme() {
        "https" => encrypt(way, host(&url)).await.map_err(|error| error.at(&name))?,
        _ => way,
    };
    let target = format!("{}:{}", to.host_str().unwrap_or_default(), port(to));
    let mut request = Request::connect(&target).header(header::HOST, &target);
    if let Some(credentials) = proxy.basic_auth() {
        request = request.header(header::PROXY_AUTHORIZATION, credentials);
    }
    match exchange(way, request).await.map_err(|error| error.at(&name))? {
        Exchanged::Switched(_, way) => Ok(way),
        Exchanged::Answered(status, headers, _) => Err(Break::Again(Trouble {
            retry_after: retry_after(&headers),
            nothing_done: true,
            ..Trouble::new(format!("{name} does not let us through to {target}: {status}{}", hint(status)))
        })),
    }
}

/// What a proxy wants is known by the one who set the variable.
fn hint(status: StatusCode) -> &'static str {
    match status {
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => " (HTTPS_PROXY=http://name:password@host)",
        _ => "",
    }
}

async fn connect(url: &Url) -> Result<Way, Break> {
    let failed = |error| Break::again(format!("can't be reached: {error}"));
    let stream = TcpStream::connect((host(url), port(url))).await.map_err(failed)?;
    // Messages are small, and wait for nothing.
    stream.set_nodelay(true).map_err(failed)?;
    Ok(Box::new(stream))
}

async fn encrypt(way: Way, host: &str) -> Result<Way, Break> {
    let name = ServerName::try_from(host.to_owned()).context("the name for TLS").map_err(Break::Stop)?;
    let mut config = ClientConfig::builder()
        .with_platform_verifier()
        .context("the certificates that this machine trusts")
        .map_err(Break::Stop)?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let failed = |error| Break::again(format!("no TLS with {host}: {error}"));
    Ok(Box::new(TlsConnector::from(Arc::new(config)).connect(name, way).await.map_err(failed)?))
}

/// As sockets and certificates want it: an IPv6 address without its brackets.
fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
}

fn port(url: &Url) -> u16 {
    url.port_or_known_default().unwrap_or(80)
}
