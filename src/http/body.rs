//! Request bodies: size and media type, each with its own answer, then what [`parse`] asks of the text.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use axum::{
    body::Body as HttpBody,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Api;
use crate::{
    config,
    wire::{
        parse::parse,
        problem::{Code, Problem},
    },
};

/// Longest time for a body to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// How large a body may be, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub any: usize,
    pub events: usize,
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

impl Class for Small {
    fn most(_: Sizes) -> usize {
        4096
    }
}

/// A JSON body of type `T`, and its bytes. Keeps its place in the [`Budget`] until the request is answered.
pub struct Body<T, C = Any> {
    pub value: T,
    pub bytes: Vec<u8>,
    _place: OwnedSemaphorePermit,
    _class: PhantomData<C>,
}

/// How much all bodies that are being received or worked on may take together.
#[derive(Clone)]
pub struct Budget(Arc<Semaphore>);

impl Budget {
    pub fn new(mebibytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(mebibytes * 1024)))
    }

    /// A place for so many bytes, now or not at all.
    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let kibibytes = u32::try_from(bytes.div_ceil(1024).max(1)).unwrap_or(u32::MAX);
        let place = self.0.clone().try_acquire_many_owned(kibibytes);
        place.map_err(|_| Problem::new(Code::Overloaded, "too many large bodies at once"))
    }
}

/// A JSON body that may be left out altogether.
pub struct OptionalBody<T>(pub T, pub OwnedSemaphorePermit);

impl<T: DeserializeOwned, C: Class> FromRequest<Api> for Body<T, C> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        check_media_type(&parts.headers)?;
        let (bytes, place) = collect(api, &parts.headers, body, C::most(api.sizes)).await?;
        Ok(Self { value: parse(&bytes)?, bytes, _place: place, _class: PhantomData })
    }
}

impl<T: DeserializeOwned + Default> FromRequest<Api> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let (bytes, place) = collect(api, &parts.headers, body, api.sizes.any).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default(), place));
        }
        check_media_type(&parts.headers)?;
        Ok(Self(parse(&bytes)?, place))
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
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

async fn collect(
    api: &Api,
    headers: &HeaderMap,
    body: HttpBody,
    most: usize,
) -> Result<(Vec<u8>, OwnedSemaphorePermit), Problem> {
    let too_large = || Problem::new(Code::TooLarge, format!("a body may have at most {most} bytes"));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > most) {
        return Err(too_large());
    }
    let place = api.bodies.take(announced.unwrap_or(most))?;
    let arriving = tokio::time::timeout(ARRIVAL, Limited::new(body, most).collect());
    let arrived = tokio::select! {
        // What has arrived is served, also in the last moment.
        biased;
        arrived = arriving => arrived,
        // A client that dawdles must not hold up the drain; nothing of its request was begun.
        () = api.lifecycle.closing().cancelled() => {
            return Err(Problem::new(Code::Draining, "the body had not arrived when this instance went away"));
        }
    };
    match arrived {
        Ok(Ok(collected)) => Ok((collected.to_bytes().into(), place)),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(Problem::new(Code::Malformed, format!("the body broke off: {error}"))),
        Err(_) => Err(Problem::new(Code::Malformed, "the body did not arrive in time")),
    }
}
