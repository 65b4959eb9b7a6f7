//! Accepting connections: HTTP/1.1 with small buffers, a time-out for heads, a cap, and an orderly end.
//!
//! An idle long poll lives here for most of its life; what a connection costs is what it costs.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use hyper::{
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_io_timeout::TimeoutStream;

use super::address::{Peer, TrustedProxies};
use crate::{
    config,
    lifecycle::Lifecycle,
    limits::{Cap, Held, Network},
    realtime::socket::Stream,
    telemetry::Metrics,
};

/// The smallest that hyper takes; a request's head must fit.
const BUFFER: usize = 8192;

/// What the kernel may hold of a response, which it doubles for its own books.
pub const SEND_BUFFER: usize = 64 * 1024;

/// Longest that a client may take no bytes of its response.
const WRITE: Duration = Duration::from_secs(30);

/// How long a connection that has just been made has for its first request when the instance closes.
const FIRST_REQUEST: Duration = Duration::from_secs(1);

/// What a connection beyond the cap is told, at once.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
retry-after: 1\r\nconnection: close\r\ncontent-length: 132\r\n\r\n\
{\"type\":\"urn:signoff:problem:overloaded\",\"title\":\"Too much at once; nothing was begun\",\"status\":503,\
\"code\":\"overloaded\",\"detail\":\"\"}";

/// How connections are treated.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub header_timeout: Duration,
}

/// How many connections are open, and how many may be: in all, and from one address.
#[derive(Clone)]
pub struct Connections {
    open: Arc<AtomicUsize>,
    most: usize,
    addresses: Cap<Network>,
    proxies: TrustedProxies,
    metrics: Metrics,
}

impl Connections {
    pub fn new(limits: &config::Limits, proxies: TrustedProxies, metrics: Metrics) -> Self {
        Self {
            open: Arc::default(),
            most: limits.max_connections,
            addresses: Cap::new(limits.max_connections_per_address),
            proxies,
            metrics,
        }
    }

    pub fn count(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    fn enter(&self, peer: IpAddr) -> Option<Open> {
        if self.count() >= self.most {
            self.metrics.shed("connections");
            return None;
        }
        // A proxy stands for all of its clients.
        let of_address = if self.proxies.trusts(peer.to_canonical()) {
            None
        } else {
            let of_address = self.addresses.enter(peer.into());
            if of_address.is_none() {
                self.metrics.shed("connections_of_address");
            }
            Some(of_address?)
        };
        self.open.fetch_add(1, Ordering::Relaxed);
        Some(Open { open: self.open.clone(), _of_address: of_address })
    }
}

/// One connection, for as long as this lives.
struct Open {
    open: Arc<AtomicUsize>,
    _of_address: Option<Held<Network>>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Accepts until the instance closes. Connections end after the response that is under way then.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: Options,
    connections: Connections,
    lifecycle: Lifecycle,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = lifecycle.closing().cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => admit((stream, peer), &router, options, &connections, &lifecycle),
            // Out of descriptors, mostly: serving what there is frees some.
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    // To their clients, connections in the listener's queue are made; dropping it would reset them.
    for accepted in queued(listener) {
        admit(accepted, &router, options, &connections, &lifecycle);
    }
    lifecycle.stopping().cancelled().await;
}

/// What has come and was not accepted yet. The listener ends here: keeping it would leave new connections hanging.
fn queued(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    // Asked directly: the runtime may not have heard of the last ones.
    let Ok(listener) = listener.into_std() else { return Vec::new() };
    let accepted = std::iter::from_fn(|| listener.accept().ok());
    accepted
        .filter_map(|(stream, peer)| {
            stream.set_nonblocking(true).ok()?;
            Some((TcpStream::from_std(stream).ok()?, peer))
        })
        .collect()
}

fn admit(
    (stream, peer): (TcpStream, SocketAddr),
    router: &Router,
    options: Options,
    connections: &Connections,
    lifecycle: &Lifecycle,
) {
    let Some(open) = connections.enter(peer.ip()) else {
        lifecycle.spawn("refusal", refuse(stream));
        return;
    };
    // Boxed here: each of the futures that wrap it would otherwise hold room for it twice.
    let connection = Box::pin(handle(stream, peer, router.clone(), options, lifecycle.clone()));
    lifecycle.spawn("connection", async move {
        connection.await;
        drop(open);
    });
}

async fn handle(stream: TcpStream, peer: SocketAddr, router: Router, options: Options, lifecycle: Lifecycle) {
    // Small answers must not wait for one another.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    // What waits here for a client to read it is beyond our own count of answers.
    if let Err(error) = SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER) {
        tracing::debug!(%error, "the send buffer keeps its size");
    }
    // A reader that doesn't read would otherwise keep its response in memory for ever.
    let mut stream: Stream = Box::pin(TimeoutStream::new(stream));
    stream.as_mut().set_write_timeout_pinned(Some(WRITE));
    let asked = Arc::new(AtomicBool::new(false));
    let service = {
        let (asked, service) = (asked.clone(), TowerToHyperService::new(router));
        service_fn(move |mut request: hyper::Request<_>| {
            request.extensions_mut().insert(Peer(peer.ip()));
            asked.store(true, Ordering::Relaxed);
            service.call(request)
        })
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_timeout)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = lifecycle.closing().cancelled() => {
            // Its first request may be on its way: ending the connection now would look like a failure. The
            // answer says that it is the last.
            if !asked.load(Ordering::Relaxed)
                && let Ok(ended) = timeout(FIRST_REQUEST, connection.as_mut()).await
            {
                ended
            } else {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    if let Err(error) = ended {
        // Clients that vanish are everyday life.
        tracing::trace!(%error, "a connection ended early");
    }
}

async fn refuse(mut stream: TcpStream) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let writing = async {
        let mut unread = [0; 4096];
        // An answer before the question would confuse the client.
        if stream.read(&mut unread).await? == 0 {
            return Ok(());
        }
        stream.write_all(FULL).await?;
        stream.shutdown().await?;
        // Closing with something unread would reset the connection, and the answer would be lost.
        while stream.read(&mut unread).await? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    // Whether it hears us is its affair.
    let _ = tokio::time::timeout(Duration::from_secs(1), writing).await;
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_refusal_is_well_formed() {
        let text = std::str::from_utf8(super::FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
