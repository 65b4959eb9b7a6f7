//! Large answers on their way: written once for all who get the same, handed to the connection piece by piece, and
//! counted until the last piece has gone.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    task::{Context, Poll},
};

use axum::{
    body::{Body, HttpBody},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};

use crate::{
    domain::{approval::Approval, ids::ApprovalId},
    limits::{Answers, Room, SMALL_ANSWER, Subject},
    telemetry::Metrics,
    wire::{
        approval::ApprovalView,
        problem::{Code, Problem},
    },
};

/// What a connection is handed at once. It takes the next piece when this one is out: whole, it would keep the answer
/// to itself until its client has read all of it.
const PIECE: usize = 16 * 1024;

/// Counts answers, and shares those that are the same.
#[derive(Clone)]
pub struct Sending {
    answers: Answers,
    metrics: Metrics,
    /// Approvals that are being shown, by what they say: a version never says two things.
    shown: Arc<Mutex<HashMap<Version, Weak<Shown>>>>,
}

type Version = (ApprovalId, i32);

/// An approval as it is written. `None`: there was no room for it.
struct Shown {
    version: Version,
    written: OnceLock<Option<(Bytes, Option<Room>)>>,
    among: Arc<Mutex<HashMap<Version, Weak<Shown>>>>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        let mut among = lock(&self.among);
        // Another may have been begun since this one was let go of.
        if among.get(&self.version).is_some_and(|it| it.strong_count() == 0) {
            among.remove(&self.version);
        }
    }
}

fn lock(shown: &Mutex<HashMap<Version, Weak<Shown>>>) -> MutexGuard<'_, HashMap<Version, Weak<Shown>>> {
    // No code that can panic runs under this lock.
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What keeps an answer's room.
enum Kept {
    Alone { _room: Room },
    Together { _shown: Arc<Shown> },
}

/// A body that is counted already.
#[derive(Clone, Copy)]
struct Counted;

impl Sending {
    pub fn new(answers: Answers, metrics: Metrics) -> Self {
        Self { answers, metrics, shown: Arc::default() }
    }

    /// An approval as a response. Those who get the same version at the same time share what is written.
    pub fn approval(&self, approval: &Arc<Approval>) -> Result<Response, Problem> {
        let write = || {
            serde_json::to_vec(&ApprovalView::from(&**approval))
                .map_err(|error| Problem::internal(&format!("an approval can't be written: {error}")))
        };
        let json = [("content-type", "application/json")];
        if approval.size() <= SMALL_ANSWER {
            return Ok((json, write()?).into_response());
        }
        let version = (approval.id, approval.version);
        let shown = self.slot(version);
        let whose = Subject::Workspace(approval.workspace);
        let written = shown.written.get_or_init(|| {
            let bytes = Bytes::from(write().ok()?);
            let room = self.answers.to_send(whose, bytes.len()).ok()?;
            Some((bytes, room))
        });
        let Some((bytes, _)) = written else { return Err(self.full()) };
        let bytes = bytes.clone();
        let body = Pieces { rest: bytes, _kept: Kept::Together { _shown: shown } };
        let mut response = (json, Body::new(body)).into_response();
        response.extensions_mut().insert(Counted);
        Ok(response)
    }

    /// Room for a part of an answer that must be given.
    pub fn room_anyway(&self, whose: Subject, bytes: usize) -> Option<Room> {
        self.answers.to_send_anyway(whose, bytes)
    }

    fn slot(&self, version: Version) -> Arc<Shown> {
        let mut shown = lock(&self.shown);
        if let Some(slot) = shown.get(&version).and_then(Weak::upgrade) {
            return slot;
        }
        let slot = Arc::new(Shown { version, written: OnceLock::new(), among: self.shown.clone() });
        shown.insert(version, Arc::downgrade(&slot));
        slot
    }

    /// Counts what an answer takes until it is sent. One that only shows something is refused where there is no room;
    /// one that says what was done is sent in any case.
    pub async fn count(&self, whose: Subject, method: &Method, response: Response) -> Response {
        let size = response.body().size_hint().exact().and_then(|size| usize::try_from(size).ok());
        let Some(size) = size.filter(|size| *size > SMALL_ANSWER) else { return response };
        if response.extensions().get::<Counted>().is_some() {
            return response;
        }
        let shows = matches!(*method, Method::GET | Method::HEAD) && response.status() == StatusCode::OK;
        let room = if shows {
            self.answers.to_send(whose, size)
        } else {
            Ok(self.answers.to_send_anyway(whose, size))
        };
        let Ok(room) = room else { return self.full().into_response() };
        let Some(room) = room else { return response };
        let (parts, body) = response.into_parts();
        match body.collect().await {
            Ok(body) => {
                let pieces = Pieces { rest: body.to_bytes(), _kept: Kept::Alone { _room: room } };
                Response::from_parts(parts, Body::new(pieces))
            }
            Err(error) => {
                Problem::internal(&format!("a body that is there can't be read: {error}")).into_response()
            }
        }
    }

    fn full(&self) -> Problem {
        self.metrics.shed("answers");
        Problem::new(Code::Overloaded, "too many large answers at once")
    }
}

/// Bytes that are there, piece by piece.
struct Pieces {
    rest: Bytes,
    _kept: Kept,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let piece = PIECE.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
