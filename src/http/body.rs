//! Request bodies: size, media type, strict JSON, then the type, each with its own answer.

use std::time::Duration;

use axum::{
    body::Body as HttpBody,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::{
    problem::{Code, Problem},
    strict_json::{self, Fault},
    validate::Violation,
};

/// Largest body.
pub const MAX_BODY: usize = 1024 * 1024;
/// Longest time for a body to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// A JSON body of type `T`, and its bytes.
pub struct Body<T> {
    pub value: T,
    pub bytes: Vec<u8>,
}

/// A JSON body that may be left out altogether.
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        check_media_type(&parts.headers)?;
        let bytes = collect(&parts.headers, body).await?;
        Ok(Self { value: parse(&bytes)?, bytes })
    }
}

impl<T: DeserializeOwned + Default, S: Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = collect(&parts.headers, body).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        check_media_type(&parts.headers)?;
        Ok(Self(parse(&bytes)?))
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

async fn collect(headers: &HeaderMap, body: HttpBody) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::new(Code::TooLarge, format!("a body may have at most {MAX_BODY} bytes"));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_BODY) {
        return Err(too_large());
    }
    match tokio::time::timeout(ARRIVAL, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes().into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(Problem::new(Code::Malformed, format!("the body broke off: {error}"))),
        Err(_) => Err(Problem::new(Code::Malformed, "the body did not arrive in time")),
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    strict_json::check(bytes).map_err(|fault| match fault {
        Fault::Number { ref pointer } => {
            Problem::about(Code::Invalid, vec![Violation::new(pointer, "number", fault.to_string())])
        }
        fault => Problem::new(Code::Malformed, fault.to_string()),
    })?;
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut parser).map_err(|error| {
        let pointer = pointer(error.path());
        let message = error.inner().to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let rule = if message.starts_with("unknown field") { "unknown_field" } else { "type" };
        Problem::about(Code::Invalid, vec![Violation::new(pointer, rule, message)])
    })
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}
