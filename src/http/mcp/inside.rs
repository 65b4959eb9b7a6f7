//! The API, asked within the process. A request goes the way of all others: by the same credential, past the same limits,
//! into the same metrics. So an agent that speaks MCP may do what it may do without it, and no more.

use std::{
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, anyhow};
use axum::{
    Router,
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
        request::Parts,
    },
};
use http_body_util::BodyExt;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    http::{
        address::Peer,
        budget::Place,
        request_id::{REQUEST_ID, RequestId},
    },
    mcp::{Service, Unanswered, service::Question},
    wire::answer::Answer,
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// What of the outer request says who asks, and from where.
const PASSED: [HeaderName; 4] = [
    AUTHORIZATION,
    USER_AGENT,
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("x-forwarded-for"),
];

/// The API as one caller reaches it.
#[derive(Clone)]
pub struct Inside {
    routes: Router,
    headers: HeaderMap,
    peer: Option<Peer>,
    /// The room that the outer request's body takes. It is given back before the wait, when nothing is left of the body.
    place: Arc<Mutex<Option<Place>>>,
}

/// RFC 9457, as far as a model needs it.
#[derive(Deserialize)]
struct Refusal {
    code: String,
    detail: String,
}

impl Inside {
    pub fn new(routes: Router, outer: &Parts, place: Place) -> Self {
        let mut headers = HeaderMap::new();
        for name in PASSED {
            for value in outer.headers.get_all(&name) {
                headers.append(name.clone(), value.clone());
            }
        }
        let id = outer.extensions.get::<RequestId>().map(|RequestId(id)| HeaderValue::try_from(id));
        if let Some(Ok(id)) = id {
            headers.insert(REQUEST_ID, id);
        }
        let peer = outer.extensions.get::<Peer>().copied();
        Self { routes, headers, peer, place: Arc::new(Mutex::new(Some(place))) }
    }

    async fn get(&self, path: String) -> Result<Answer, Unanswered> {
        self.ask(Method::GET, path, None, Body::empty()).await
    }

    async fn post(&self, path: String, key: Option<&str>, body: Vec<u8>) -> Result<Answer, Unanswered> {
        self.ask(Method::POST, path, key, Body::from(body)).await
    }

    async fn ask(
        &self,
        method: Method,
        path: String,
        key: Option<&str>,
        body: Body,
    ) -> Result<Answer, Unanswered> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().context("an address")?;
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = key {
            let key =
                HeaderValue::from_str(key).map_err(|_| refused("key: visible ASCII characters only"))?;
            request.headers_mut().insert(IDEMPOTENCY_KEY, key);
        }
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(peer);
        }
        let Ok(response) = TowerToHyperService::new(self.routes.clone()).call(request).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.context("the answer broke off")?.to_bytes();
        if status.is_success() {
            return Ok(serde_json::from_slice(&bytes).context("the answer is not JSON")?);
        }
        let Refusal { code, detail } = serde_json::from_slice(&bytes).context("the refusal is not JSON")?;
        let is_refused = status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
        Err(Unanswered { why: anyhow!("{code}: {detail}"), is_refused })
    }
}

impl Service for Inside {
    async fn create(&self, key: Option<&str>, question: &Question<'_>) -> Result<Answer, Unanswered> {
        let body = serde_json::to_vec(question).context("a question")?;
        self.post("/api/v1/approvals".to_owned(), key, body).await
    }

    async fn approval(&self, id: &str) -> Result<Answer, Unanswered> {
        self.get(format!("/api/v1/approvals/{}", parsed(id)?)).await
    }

    async fn wait(&self, id: &str, time: Duration) -> Result<Answer, Unanswered> {
        drop(self.place.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.get(format!("/api/v1/approvals/{}/wait?timeout={}", parsed(id)?, time.as_secs())).await
    }

    async fn cancel(&self, id: &str, reason: &str) -> Result<(), Unanswered> {
        let body = json!({ "reason": reason }).to_string().into_bytes();
        self.post(format!("/api/v1/approvals/{}/cancel", parsed(id)?), None, body).await.map(drop)
    }
}

/// An id becomes a part of a path.
fn parsed(id: &str) -> Result<Uuid, Unanswered> {
    Uuid::from_str(id).map_err(|_| refused("an approval's id is a UUID"))
}

fn refused(why: &'static str) -> Unanswered {
    Unanswered { why: anyhow!(why), is_refused: true }
}

impl From<anyhow::Error> for Unanswered {
    fn from(why: anyhow::Error) -> Self {
        Self { why, is_refused: false }
    }
}
