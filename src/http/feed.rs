//! Opening a feed, after everything that can be refused has been checked. What comes after it is
//! [`crate::realtime::feed`]'s.

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{header, request::Parts},
    response::Response,
};

use super::{
    Api,
    admission::{Admission, Credential},
    caller::Somebody,
    names,
    query::{given_once, pairs},
    site::Site,
    upgrade::{Handshake, check_origin, malformed, switch},
};
use crate::{
    auth::Caller,
    wire::{
        problem::{Code, Problem},
        validate::Check,
    },
};

const PROTOCOL: &str = "signoff.feed.v1";
/// What may stand behind the question mark.
const NAMES: &[&str] = &["ticket"];

/// Open a feed
pub async fn open(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (handshake, mut parts) = Handshake::of(request, PROTOCOL)?;
    let caller = caller(&api, &mut parts).await?;
    if api.lifecycle.closing().is_cancelled() {
        return Err(Problem::new(Code::Draining, "this instance is going away"));
    }
    let feeds = api.feeds.clone();
    let place = feeds.enter(&caller);
    let (response, upgrade) = handshake.accept();
    let limits = feeds.socket_limits();
    // Boxed here, as connections are: each of the futures that wrap it would otherwise hold room for it twice.
    let serving = Box::pin(async move {
        if let Some(socket) = Box::pin(switch(limits, upgrade)).await {
            feeds.serve(socket, caller, place).await;
        }
    });
    api.lifecycle.spawn("feed", serving);
    Ok(response)
}

/// By the header, by a ticket, or by the cookie of our own pages.
async fn caller(api: &Api, parts: &mut Parts) -> Result<Caller, Problem> {
    let has_header = parts.headers.contains_key(header::AUTHORIZATION);
    // A page can't send this header, and what can isn't led by a page.
    if !has_header {
        check_origin(api, &parts.headers)?;
    }
    let ticket = ticket(parts)?;
    if !api.database.is_up() {
        return Err(Problem::new(Code::Unavailable, "the database can't be reached"));
    }
    if let Some(ticket) = ticket.filter(|_| !has_header) {
        // Before the ticket is used up.
        names::check(parts, NAMES)?;
        let admission = Admission::of(parts)?;
        return Box::pin(admission.caller(api, Credential::Ticket(&ticket))).await;
    }
    if !has_header {
        check_own_page(api, parts)?;
    }
    let somebody = Somebody::from_request_parts(parts, api).await?;
    names::check(parts, NAMES)?;
    Ok(somebody.caller().clone())
}

/// A cookie comes along with what any page asks for. A browser always says which page opens a socket, so here one that
/// says nothing is not taken for one of ours.
fn check_own_page(api: &Api, parts: &Parts) -> Result<(), Problem> {
    let site = Site::of(api, &parts.headers)?;
    let origin = parts.headers.get(header::ORIGIN);
    if origin.is_some_and(|origin| site.is(origin)) || !parts.headers.contains_key(header::COOKIE) {
        return Ok(());
    }
    Err(Problem::new(
        Code::Forbidden,
        "a session's cookie opens a feed only for this site's own pages (Origin)",
    ))
}

fn ticket(parts: &Parts) -> Result<Option<String>, Problem> {
    let pairs = pairs(parts).ok_or_else(|| malformed("the query can't be read"))?;
    let mut check = Check::default();
    let known: Vec<_> = pairs.into_iter().filter(|(name, _)| name == "ticket").collect();
    given_once(&mut check, &known);
    check.finish()?;
    Ok(known.into_iter().next().map(|(_, value)| value))
}
