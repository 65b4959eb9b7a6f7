//! Request bodies: size and media type, each with its own answer, then what [`parse`] asks of the text. A caller whose
//! body took its time is looked at once more.

use std::{marker::PhantomData, time::Duration};

use axum::{
    body::Body as HttpBody,
    extract::{FromRequest, Request},
    http::{HeaderMap, header, request::Parts},
};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{
    Api,
    admission::Admission,
    budget::{self, Place},
};
use crate::{
    config,
    wire::{
        parse::parse,
        problem::{Code, Problem},
    },
};

/// Longest time for a body to arrive, and for the next bytes of it.
const ARRIVAL: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(10);

/// Two texts of 5,000 characters in their longest spelling.
const LONGEST_FORM: usize = 128 * 1024;

/// How large a body may be, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub any: usize,
    pub events: usize,
}

impl Sizes {
    pub fn largest(self) -> usize {
        self.any.max(self.events)
    }
}

impl From<&config::Limits> for Sizes {
    fn from(limits: &config::Limits) -> Self {
        Self { any: limits.max_body_kibibytes * 1024, events: limits.max_events_body_kibibytes * 1024 }
    }
}

/// Which of the sizes a body may have.
pub trait Class {
    fn most(sizes: Sizes) -> usize;
}

/// A body of no special size.
pub struct Any;

/// One that brings events.
pub struct Events;

/// One of what a person keeps here.
pub struct Modest;

/// One of a caller that nobody knows yet: a credential, and no more.
pub struct Small;

impl Class for Any {
    fn most(sizes: Sizes) -> usize {
        sizes.any
    }
}

impl Class for Events {
    fn most(sizes: Sizes) -> usize {
        sizes.events
    }
}

impl Class for Modest {
    fn most(_: Sizes) -> usize {
        16 * 1024
    }
}

impl Class for Small {
    fn most(_: Sizes) -> usize {
        4096
    }
}

/// A JSON body of type `T`, and its bytes. Keeps its place in the [`budget`] until the request is answered.
pub struct Body<T, C = Any> {
    pub value: T,
    pub bytes: Vec<u8>,
    _place: Place,
    _class: PhantomData<C>,
}

/// A JSON body that may be left out altogether.
pub struct OptionalBody<T>(pub T, pub Place);

impl<T: DeserializeOwned, C: Class> FromRequest<Api> for Body<T, C> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        check_media_type(&parts.headers)?;
        let (bytes, place) = collect(api, &parts, body, C::most(api.sizes)).await?;
        Ok(Self { value: parse(&bytes)?, bytes, _place: place, _class: PhantomData })
    }
}

impl<T: DeserializeOwned + Default> FromRequest<Api> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let (bytes, place) = collect(api, &parts, body, api.sizes.any).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default(), place));
        }
        check_media_type(&parts.headers)?;
        Ok(Self(parse(&bytes)?, place))
    }
}

/// The bytes of a form that a browser sends, at most so many as its longest fields take, and their place.
pub async fn form(api: &Api, parts: &Parts, body: HttpBody) -> Result<(Vec<u8>, Place), Problem> {
    let given = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let detail = "send a form, as application/x-www-form-urlencoded";
        return Err(Problem::new(Code::UnsupportedMediaType, detail));
    }
    collect(api, parts, body, LONGEST_FORM).await
}

pub(super) fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let coded = headers.get_all(header::CONTENT_ENCODING).iter().find(|it| *it != "identity");
    if let Some(coding) = coded {
        let coding = String::from_utf8_lossy(coding.as_bytes());
        let detail = format!("Content-Encoding is {coding:?}; send the body as it is, not compressed");
        return Err(Problem::new(Code::UnsupportedMediaType, detail));
    }
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let json =
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    if json {
        return Ok(());
    }
    let detail = format!("Content-Type is {given:?}; send application/json");
    Err(Problem::new(Code::UnsupportedMediaType, detail))
}

pub(super) async fn collect(
    api: &Api,
    parts: &Parts,
    body: HttpBody,
    most: usize,
) -> Result<(Vec<u8>, Place), Problem> {
    let announced =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > most) {
        return Err(too_large(most));
    }
    let admission = Admission::of(parts)?;
    let mut place = api.bodies.place(admission.whose());
    let arriving = timeout(ARRIVAL, receive(body, &mut place, announced, most));
    let arrived = tokio::select! {
        // What has arrived is served, also in the last moment.
        biased;
        arrived = arriving => arrived,
        // A client that dawdles must not hold up the drain; nothing of its request was begun.
        () = api.lifecycle.closing().cancelled() => {
            return Err(Problem::new(Code::Draining, "the body had not arrived when this instance went away"));
        }
    };
    let bytes = arrived.unwrap_or_else(|_| Err(too_late())).inspect_err(|problem| {
        if problem.code == Code::Overloaded {
            api.metrics.shed("bodies");
        }
    })?;
    if let Some(established) = admission.established() {
        established.look_again(api).await?;
    }
    Ok((bytes, place))
}

/// Reads a body into as much memory as there is a place for.
async fn receive(
    mut body: HttpBody,
    place: &mut Place,
    announced: Option<usize>,
    most: usize,
) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(frame) = timeout(PAUSE, body.frame()).await.map_err(|_| too_late())? {
        let frame =
            frame.map_err(|error| Problem::new(Code::Malformed, format!("the body broke off: {error}")))?;
        // Trailers say nothing to us.
        let Ok(data) = frame.into_data() else { continue };
        let size = bytes.len() + data.len();
        if size > most {
            return Err(too_large(most));
        }
        if size > bytes.capacity() {
            let ahead = (bytes.capacity() * 2).max(budget::SMALL).min(announced.unwrap_or(most));
            let capacity = ahead.max(size);
            place.grow(capacity)?;
            bytes.reserve_exact(capacity - bytes.len());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

fn too_large(most: usize) -> Problem {
    Problem::new(Code::TooLarge, format!("a body may have at most {most} bytes"))
}

fn too_late() -> Problem {
    Problem::new(Code::Malformed, "the body did not arrive in time")
}
