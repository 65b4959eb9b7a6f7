//! The MCP server of an instance: `POST /mcp`, for agents that reach Signoff by its address alone.
//!
//! It is stateless: each request brings its credential, and any instance answers it. A call is held for less than a
//! minute; then its client or its model makes it again, here or elsewhere.
//!
//! | | |
//! | --- | --- |
//! | [`inside`] | the API within the process, as this caller |
//! | [`resource`] | where a client without a credential gets one |

mod inside;
mod resource;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use http_body_util::Full;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use serde::de::IgnoredAny;

use self::inside::Inside;
use super::{Api, body, caller::Somebody, respond, upgrade::check_origin};
use crate::{
    auth::Rejection,
    mcp::{Server, Session},
    wire::{
        parse::parse,
        problem::{Code, Problem},
    },
};

/// Where it is.
pub const PATH: &str = "/mcp";
/// Longest that a call is held. Balancers cut what says nothing for a minute.
const HOLD: Duration = Duration::from_secs(50);

/// `within` serves the API's own routes.
pub fn routes(within: Router) -> Router<Api> {
    let serve = move |State(api): State<Api>, request: Request| serve(api, within.clone(), request);
    Router::new()
        .route(PATH, post(serve))
        .route("/.well-known/oauth-protected-resource", get(resource::metadata).head(respond::no_head))
        .route("/.well-known/oauth-protected-resource/mcp", get(resource::metadata).head(respond::no_head))
}

async fn serve(api: Api, within: Router, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    // Boxed: a call that is held should not carry what was needed to let it in.
    let caller = Box::pin(caller(&api, &mut parts)).await;
    let answered = match caller {
        Ok(caller) => answer(&api, within, &caller, parts, body).await,
        Err(problem) if problem.code == Code::Unauthenticated => {
            return unauthenticated(&api, &parts, problem);
        }
        Err(problem) => Err(problem),
    };
    answered.unwrap_or_else(Problem::into_response)
}

/// By a header alone: a page can make a browser send a cookie.
async fn caller(api: &Api, parts: &mut Parts) -> Result<Somebody, Problem> {
    check_origin(api, &parts.headers)?;
    if !parts.headers.contains_key(header::AUTHORIZATION) {
        return Err(Rejection::Unauthenticated.into());
    }
    Somebody::from_request_parts(parts, api).await
}

async fn answer(
    api: &Api,
    within: Router,
    caller: &Somebody,
    parts: Parts,
    body: Body,
) -> Result<Response, Problem> {
    body::check_media_type(&parts.headers)?;
    let (bytes, place) = Box::pin(body::collect(api, &parts, body, api.sizes.any)).await?;
    // As strict as the API: what people are shown must be what was sent.
    parse::<IgnoredAny>(&bytes)?;
    let inside = Inside::new(within, &parts, place);
    let actor = &caller.caller().actor;
    let session = Session::Shared { run: format!("mcp-{}", actor.name.as_str()), principal: actor.id.0 };
    let server = move || Ok(Server { service: inside.clone(), session: session.clone(), hold: HOLD });
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(api.sizes.any)
        // Whom the address may be reached by is the operator's matter, and who calls is checked above.
        .disable_allowed_hosts();
    let service = StreamableHttpService::new(server, Arc::new(NeverSessionManager::default()), config);
    let request = Request::from_parts(parts, Full::<Bytes>::from(bytes));
    let mut response = Box::pin(service.handle(request)).await.map(Body::new);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Says where a credential is to be had (RFC 9728).
fn unauthenticated(api: &Api, parts: &Parts, problem: Problem) -> Response {
    let place = resource::place(api, &parts.headers);
    let mut response = problem.into_response();
    let challenge =
        place.and_then(|it| HeaderValue::try_from(format!("Bearer resource_metadata=\"{it}\"")).ok());
    if let Some(challenge) = challenge {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
