//! Opening a task's socket, after everything that can be refused has been checked. What comes after it is
//! [`crate::realtime`]'s. And tickets, with which browsers open one.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequestParts, Request, State},
    http::{HeaderName, StatusCode, header, request::Parts},
    response::Response,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api,
    admission::{Admission, Credential},
    caller::{May, Subscribe, origin},
    names,
    path::NamePath,
    query::given_once,
    upgrade::{Handshake, check_origin, malformed, switch},
};
use crate::{
    auth::{Caller, Permission, Rejection},
    domain::{
        event::{Cursor, TaskKey},
        names::CallerName,
    },
    realtime::{Arrival, NoCursor},
    wire::{
        problem::{Code, Problem},
        validate::Check,
    },
};

const PROTOCOL: &str = "signoff.v1";

/// Open a socket, and follow a task
pub async fn open(
    State(api): State<Api>,
    NamePath(task): NamePath,
    request: Request,
) -> Result<Response, Problem> {
    let (handshake, mut parts) = Handshake::of(request, PROTOCOL)?;
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
    let (response, upgrade) = handshake.accept();
    let limits = realtime.socket_limits();
    // Boxed here, as connections are: each of the futures that wrap it would otherwise hold room for it twice.
    let serving = Box::pin(async move {
        if let Some(socket) = Box::pin(switch(limits, upgrade)).await {
            realtime.serve(socket, arrival, place).await;
        }
    });
    api.lifecycle.spawn("socket", serving);
    Ok(response)
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
                .map_err(|error| malformed(error.body_text()))?;
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
