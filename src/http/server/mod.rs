//! Accepting connections: HTTP/1.1 with small buffers, a time for everything that is waited for, and an orderly end.
//!
//! An idle long poll lives here for most of its life; what a connection costs is what it costs. [`connections`] has the
//! caps.

mod connections;

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body, response::Response};
use hyper::{
    Version,
    body::{Bytes, Frame, Incoming, SizeHint},
    header::{CONNECTION, HeaderName, HeaderValue},
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};

use self::connections::Admitted;
pub use self::connections::{Connections, LOBBY, SLACK};
use super::address::Peer;
use crate::{
    lifecycle::Lifecycle,
    line::{self, Awaiting, Control, Line, Patience},
};

/// The smallest that hyper takes; a request's head must fit.
const BUFFER: usize = 8192;
/// What the kernel may hold of an answer, which it doubles for its own books.
pub const SEND_BUFFER: usize = 64 * 1024;
/// How long a connection may still bring a request when the instance closes.
const LAST_REQUEST: Duration = Duration::from_secs(1);
/// Longest that a client may take nothing of its answer when the instance closes.
const FAREWELL: Duration = Duration::from_secs(5);
/// An idle connection is kept for so much longer than its client was told.
const LATER: Duration = Duration::from_secs(2);
/// What a connection beyond the caps has: for its request's head, and for all of it.
const LOBBY_HEAD: Duration = Duration::from_secs(1);
const LOBBY_STAY: Duration = Duration::from_secs(3);
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// How connections are treated.
#[derive(Debug, Clone)]
pub struct Options {
    patience: Patience,
    /// The header that tells clients how long an idle connection is kept.
    keep_alive: HeaderValue,
}

impl Options {
    /// So long for a head, and so long between requests.
    pub fn new(head: Duration, idle: Duration) -> anyhow::Result<Self> {
        let keep_alive = HeaderValue::try_from(format!("timeout={}", idle.as_secs()))?;
        Ok(Self { patience: Patience { head, idle: idle + LATER }, keep_alive })
    }
}

/// What is served: to those who have a place, and to those in the lobby.
#[derive(Clone)]
pub struct Routers {
    pub all: Router,
    pub lobby: Router,
}

/// A mark on a response whose reader may take nothing of it for so long.
#[derive(Debug, Clone, Copy)]
pub struct SlowReader(pub Duration);

/// Accepts until the instance closes. Connections end after the response that is under way then.
pub async fn serve(
    listener: TcpListener,
    routers: Routers,
    options: Options,
    connections: Connections,
    lifecycle: Lifecycle,
) {
    let house = House { routers, options: Arc::new(options), connections, lifecycle };
    let lifecycle = &house.lifecycle;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = lifecycle.closing().cancelled() => break,
        };
        match accepted {
            Ok(accepted) => house.admit(accepted),
            // Out of descriptors, mostly: serving what there is frees some.
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    // To their clients, connections in the listener's queue are made; dropping it would reset them.
    for accepted in queued(listener) {
        house.admit(accepted);
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

/// What each connection needs.
struct House {
    routers: Routers,
    /// Shared: a connection that waits keeps little.
    options: Arc<Options>,
    connections: Connections,
    lifecycle: Lifecycle,
}

impl House {
    fn admit(&self, (stream, peer): (TcpStream, SocketAddr)) {
        let lifecycle = self.lifecycle.clone();
        // Small answers must not wait for one another.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let line = Line::new(stream, self.options.patience, self.connections.lines());
        // What waits there for a client to read it is beyond our own count of answers.
        if let Err(error) = line.socket().set_send_buffer_size(SEND_BUFFER) {
            tracing::debug!(%error, "the send buffer keeps its size");
        }
        match self.connections.admit(peer.ip(), &line.control()) {
            Admitted::Place(place) => {
                let (router, options) = (self.routers.all.clone(), self.options.clone());
                // Boxed here: each of the futures that wrap it would otherwise hold room for it twice.
                let connection = Box::pin(handle(line, peer, router, options, lifecycle.clone()));
                lifecycle.spawn("connection", async move {
                    connection.await;
                    drop(place);
                });
            }
            Admitted::Lobby(corner) => {
                let router = self.routers.lobby.clone();
                lifecycle.spawn("refusal", async move {
                    // Whether it hears us is its affair.
                    let _ = timeout(LOBBY_STAY, Box::pin(refuse(line, peer, router))).await;
                    drop(corner);
                });
            }
            Admitted::Nowhere => {
                if let Err(error) = line.socket().set_linger(Some(Duration::ZERO)) {
                    tracing::debug!(%error, "a connection is closed instead of reset");
                }
            }
        }
    }
}

async fn handle(line: Line, peer: SocketAddr, router: Router, options: Arc<Options>, lifecycle: Lifecycle) {
    let control = line.control();
    let service = {
        let control = control.clone();
        let service = TowerToHyperService::new(router);
        service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer.ip()));
            let exchange = Exchange::begin(control.clone());
            let keep_alive = stays(&request).then(|| options.keep_alive.clone());
            answer(exchange, keep_alive, Box::pin(service.call(request)))
        })
    };
    let connection = http1::Builder::new()
        // Each time for what is waited for is the line's.
        .header_read_timeout(None)
        .max_buf_size(BUFFER)
        // Whether a client that has shut its writing side has gone is found out by `Control::gone`.
        .half_close(true)
        .serve_connection(TokioIo::new(line), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = control.unwanted() => {
            if matches!(control.standing(), Awaiting::New { begun: true, .. }) {
                // Half a head: it would be waited for.
                return;
            }
            // A request that comes just now is answered all the same.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = lifecycle.closing().cancelled() => {
            control.hurry(FAREWELL);
            // A request may be on its way, from a balancer that has not noticed the drain yet: ending the
            // connection now would look like a failure. The answer says that it is the last.
            if let Ok(ended) = Box::pin(timeout(LAST_REQUEST, connection.as_mut())).await {
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

/// Tells a connection for which there is no room how things stand.
async fn refuse(line: Line, peer: SocketAddr, router: Router) {
    let control = line.control();
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        answer(Exchange::begin(control.clone()), None, Box::pin(service.call(request)))
    });
    let connection = http1::Builder::new()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(LOBBY_HEAD)
        .keep_alive(false)
        .max_buf_size(BUFFER)
        .half_close(true)
        .serve_connection(TokioIo::new(line), service);
    if let Err(error) = connection.await {
        tracing::trace!(%error, "a connection ended early");
    }
}

/// A request that is being answered, until the last byte of its answer is handed over.
struct Exchange(Control);

impl Exchange {
    fn begin(control: Control) -> Self {
        control.busy();
        Self(control)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.idle();
    }
}

/// Whether the client means to go on after this request.
fn stays(request: &hyper::Request<Incoming>) -> bool {
    let closes =
        request.headers().get(CONNECTION).is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"close"));
    request.version() == Version::HTTP_11 && !closes
}

/// The client left before its answer.
#[derive(Debug, thiserror::Error)]
#[error("the client has gone")]
struct Vanished;

/// Waits for the answer for as long as there is a client to give it to.
async fn answer(
    exchange: Exchange,
    keep_alive: Option<HeaderValue>,
    mut answering: Pin<Box<impl Future<Output = Result<Response, std::convert::Infallible>>>>,
) -> Result<hyper::Response<Answer>, Vanished> {
    let answered = tokio::select! {
        biased;
        answered = &mut answering => answered,
        () = exchange.0.gone() => return Err(Vanished),
    };
    // Neither is needed while the answer is sent.
    drop(answering);
    let Ok(mut response) = answered;
    let patience = response.extensions().get().map_or(line::WRITE, |SlowReader(longest)| *longest);
    exchange.0.allow_to_stand_still(patience);
    if let Some(keep_alive) = keep_alive
        && !response.headers().contains_key(CONNECTION)
    {
        response.headers_mut().insert(KEEP_ALIVE, keep_alive);
    }
    Ok(response.map(|body| Answer { body, _exchange: exchange }))
}

/// An answer's body. The connection is idle when it is gone.
struct Answer {
    body: Body,
    _exchange: Exchange,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
