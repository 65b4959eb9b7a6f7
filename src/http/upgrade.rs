//! From a request to a socket: the handshake (RFC 6455), whose page may ask for it, and the switch. What may be refused
//! is looked at before; what travels on the socket is [`crate::realtime`]'s.

use std::time::Duration;

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header, request::Parts},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{Api, site::Site};
use crate::{
    line::Line,
    realtime::socket::{Limits, Socket},
    wire::problem::{Code, Problem},
};

/// Bytes of a client's key.
const NONCE: usize = 16;
/// Longest from our consent to the switch.
const SWITCH: Duration = Duration::from_secs(10);

/// What the client's half of the handshake asks for.
pub struct Handshake {
    accept: String,
    protocol: &'static str,
    upgrade: OnUpgrade,
}

pub fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(Code::Malformed, detail)
}

impl Handshake {
    /// The client's half, and the request without its body: there is none.
    pub fn of(request: Request, protocol: &'static str) -> Result<(Self, Parts), Problem> {
        let (mut parts, body) = request.into_parts();
        if !body.is_end_stream() {
            // It would be taken for frames.
            return Err(malformed("a handshake has no body"));
        }
        let handshake = Self::asked(&mut parts, protocol)?;
        Ok((handshake, parts))
    }

    fn asked(parts: &mut Parts, protocol: &'static str) -> Result<Self, Problem> {
        let headers = &parts.headers;
        if parts.version < Version::HTTP_11 {
            return Err(malformed("a handshake needs HTTP/1.1"));
        }
        if !names(headers, &header::CONNECTION, "upgrade") || !names(headers, &header::UPGRADE, "websocket") {
            return Err(malformed(
                "this path speaks WebSocket: send Connection: Upgrade and Upgrade: websocket",
            ));
        }
        if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            return Err(malformed("Sec-WebSocket-Version must be 13"));
        }
        if !names(headers, &header::SEC_WEBSOCKET_PROTOCOL, protocol) {
            return Err(malformed(format!("Sec-WebSocket-Protocol must offer {protocol}")));
        }
        let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
        let key = match (keys.next(), keys.next()) {
            (Some(key), None) if STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == NONCE) => key,
            _ => return Err(malformed("Sec-WebSocket-Key must be given once, 16 bytes in base64")),
        };
        let accept = derive_accept_key(key.as_bytes());
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let upgrade = upgrade.ok_or_else(|| malformed("this connection can't be upgraded; use HTTP/1.1"))?;
        Ok(Self { accept, protocol, upgrade })
    }

    /// Our half, and the connection that is to be a socket once that has gone.
    pub fn accept(self) -> (Response, OnUpgrade) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(self.protocol));
        if let Ok(accept) = HeaderValue::from_str(&self.accept) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        (response, self.upgrade)
    }
}

/// Whether a comma-separated header has this word.
fn names(headers: &HeaderMap, header: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(header).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(word))
}

/// Any page can make a browser open a socket or send a request, and may have got hold of a ticket; only our own pages, and
/// those that we know, may.
pub fn check_origin(api: &Api, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let is_known = api.realtime.sockets.origins().any(|allowed| origin == allowed);
    if is_known || Site::of(api, headers).is_ok_and(|site| site.is(origin)) {
        return Ok(());
    }
    let origin = String::from_utf8_lossy(origin.as_bytes()).into_owned();
    Err(Problem::new(
        Code::Forbidden,
        format!("pages of {origin:?} may not call this: sockets.allowed_origins"),
    ))
}

/// Waits until the response has gone and the connection is ours.
pub async fn switch(limits: Limits, upgrade: OnUpgrade) -> Option<Socket> {
    let upgraded = match tokio::time::timeout(SWITCH, upgrade).await {
        Ok(Ok(upgraded)) => upgraded,
        // Clients that vanish are everyday life.
        Ok(Err(error)) => {
            tracing::trace!(%error, "a connection ended before it became a socket");
            return None;
        }
        Err(_) => return None,
    };
    let Ok(parts) = upgraded.downcast::<TokioIo<Line>>() else {
        tracing::error!("a bug: the connection is not of the kind that the listener makes");
        return None;
    };
    let line = parts.io.into_inner();
    // No request comes on it any more.
    line.control().busy();
    Some(Socket::new(line, parts.read_buf, limits).await)
}
