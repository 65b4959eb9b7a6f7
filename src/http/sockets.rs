//! Opening a socket: the handshake (RFC 6455), after everything that can be refused has been checked. What comes
//! after it is [`crate::realtime`]'s.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::{Body, HttpBody},
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header, request::Parts},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use utoipa::ToSchema;

use super::{
    Api,
    admission::{Admission, Credential},
    caller::{May, Subscribe, origin},
    names,
    path::NamePath,
    query::given_once,
};
use crate::{
    auth::{Caller, Permission, Rejection},
    domain::{
        event::{Cursor, TaskKey},
        names::CallerName,
    },
    line::Line,
    realtime::{
        Arrival, NoCursor, Realtime,
        socket::{Limits, Socket},
    },
    wire::{
        problem::{Code, Problem},
        validate::Check,
    },
};

const PROTOCOL: &str = "signoff.v1";
/// Bytes of a client's key.
const NONCE: usize = 16;
/// Longest from our consent to the switch.
const SWITCH: Duration = Duration::from_secs(10);

/// Open a socket, and follow a task
pub async fn open(
    State(api): State<Api>,
    NamePath(task): NamePath,
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    if !body.is_end_stream() {
        // It would be taken for frames.
        return Err(malformed("a handshake has no body"));
    }
    let handshake = handshake(&mut parts)?;
    // A page can't send this header, and what can isn't led by a page.
    if !parts.headers.contains_key(header::AUTHORIZATION) {
        check_origin(&api, &parts.headers)?;
    }
    let query = Query::of(&parts)?;
    if !api.database.is_up() {
        return Err(Problem::new(Code::Unavailable, "the database can't be reached"));
    }
    let caller = caller(&api, &mut parts, query.ticket.as_deref()).await?;
    if api.lifecycle.closing().is_cancelled() {
        return Err(Problem::new(Code::Draining, "this instance is going away"));
    }
    let realtime = api.realtime.clone();
    let place = realtime
        .enter(caller.workspace)
        .ok_or_else(|| Problem::new(Code::Overloaded, "too many sockets come and go"))?;
    let origin = Arc::new(origin(&caller, &parts));
    let key = TaskKey { workspace: caller.workspace, task };
    let arrival = Arrival { caller, key, session: query.session, cursor: query.cursor, origin };
    // Boxed here, as connections are: each of the futures that wrap it would otherwise hold room for it twice.
    let serving = Box::pin(async move {
        if let Some(socket) = Box::pin(switch(&realtime, handshake.upgrade)).await {
            realtime.serve(socket, arrival, place).await;
        }
    });
    api.lifecycle.spawn("socket", serving);
    Ok(accept(&handshake.accept))
}

/// What the client's half of the handshake asks for.
struct Handshake {
    accept: String,
    upgrade: OnUpgrade,
}

fn malformed(detail: &str) -> Problem {
    Problem::new(Code::Malformed, detail)
}

fn handshake(parts: &mut Parts) -> Result<Handshake, Problem> {
    let headers = &parts.headers;
    if parts.version < Version::HTTP_11 {
        return Err(malformed("a handshake needs HTTP/1.1"));
    }
    if !names(headers, &header::CONNECTION, "upgrade") || !names(headers, &header::UPGRADE, "websocket") {
        return Err(malformed("this path speaks WebSocket: send Connection: Upgrade and Upgrade: websocket"));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(malformed("Sec-WebSocket-Version must be 13"));
    }
    if !names(headers, &header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL) {
        return Err(malformed("Sec-WebSocket-Protocol must offer signoff.v1"));
    }
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    let key = match (keys.next(), keys.next()) {
        (Some(key), None) if STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == NONCE) => key,
        _ => return Err(malformed("Sec-WebSocket-Key must be given once, 16 bytes in base64")),
    };
    let accept = derive_accept_key(key.as_bytes());
    let upgrade = parts.extensions.remove::<OnUpgrade>();
    let upgrade = upgrade.ok_or_else(|| malformed("this connection can't be upgraded; use HTTP/1.1"))?;
    Ok(Handshake { accept, upgrade })
}

/// Whether a comma-separated header has this word.
fn names(headers: &HeaderMap, header: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(header).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(word))
}

/// Any page can make a browser open a socket, and may have got hold of a ticket; only those that we know may.
fn check_origin(api: &Api, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    if api.realtime.sockets.origins().any(|allowed| origin == allowed) {
        return Ok(());
    }
    let origin = String::from_utf8_lossy(origin.as_bytes()).into_owned();
    Err(Problem::new(
        Code::Forbidden,
        format!("pages of {origin:?} may not open sockets: sockets.allowed_origins"),
    ))
}

/// By the header, or by a ticket.
async fn caller(api: &Api, parts: &mut Parts, ticket: Option<&str>) -> Result<Caller, Problem> {
    if parts.headers.contains_key(header::AUTHORIZATION) {
        let may = May::<Subscribe>::from_request_parts(parts, api).await?;
        names::check(parts, NAMES)?;
        return Ok(may.caller().clone());
    }
    let ticket = ticket.ok_or(Rejection::Unauthenticated)?;
    // Before the ticket is used up.
    names::check(parts, NAMES)?;
    let caller = Box::pin(Admission::of(parts)?.caller(api, Credential::Ticket(ticket))).await?;
    if caller.may(Permission::EventSubscribe) {
        Ok(caller)
    } else {
        Err(Problem::forbidden(Permission::EventSubscribe))
    }
}

/// What may stand behind the question mark.
const NAMES: &[&str] = &["ticket", "session_id", "cursor"];

/// What stands there.
#[derive(Default)]
struct Query {
    ticket: Option<String>,
    session: Option<CallerName>,
    cursor: Option<Result<Cursor, NoCursor>>,
}

impl Query {
    fn of(parts: &Parts) -> Result<Self, Problem> {
        let axum::extract::Query(mut pairs) =
            axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
                .map_err(|error| malformed(&error.body_text()))?;
        // Others are refused once it is known who asks.
        pairs.retain(|(name, _)| NAMES.contains(&name.as_str()));
        let mut query = Self::default();
        let mut check = Check::default();
        given_once(&mut check, &pairs);
        for (name, value) in pairs {
            match name.as_str() {
                "ticket" => query.ticket = Some(value),
                "session_id" => query.session = check.name("?session_id", Some(&value)),
                "cursor" => query.cursor = Some(Cursor::parse(&value).ok_or(NoCursor)),
                _ => {}
            }
        }
        check.finish()?;
        Ok(query)
    }
}

fn accept(accept: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
    if let Ok(accept) = HeaderValue::from_str(accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

/// Waits until the response has gone and the connection is ours.
async fn switch(realtime: &Realtime, upgrade: OnUpgrade) -> Option<Socket> {
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
    let limits = Limits {
        send_timeout: Duration::from_secs(realtime.sockets.send_timeout_seconds),
        max_message: realtime.max_message,
        pieces_per_second: realtime.sockets.messages_per_second,
    };
    Some(Socket::new(line, parts.read_buf, limits).await)
}

/// What a browser opens a socket with.
#[derive(Serialize, ToSchema)]
pub struct TicketView {
    /// For `?ticket=` of a socket's address. Good once.
    #[schema(example = "wt_pVJ6...")]
    ticket: String,
    /// Half a minute from now.
    expires_at: DateTime<Utc>,
}

/// Get a ticket for a socket
///
/// For browsers, which can't send a header when they open a socket; a key must never be part of a URL. The ticket
/// stands for the caller's credential, once, for 30 seconds.
#[utoipa::path(
    post, path = "/api/v1/ws-tickets", tag = "tasks",
    security(("key" = ["event:subscribe"])),
    responses((status = 201, body = TicketView, headers(("Cache-Control", description = "no-store"))))
)]
pub async fn ticket(
    State(api): State<Api>,
    may: May<Subscribe>,
) -> Result<(StatusCode, [(HeaderName, &'static str); 1], Json<TicketView>), Problem> {
    let (ticket, expires_at) = api.authenticator.ticket(may.caller()).await?;
    let view = TicketView { ticket: ticket.reveal(), expires_at };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(view)))
}
