//! Request bodies that nobody read: refused before they were looked at (no credential, too large, no such path).
//!
//! Closing a connection with unread bytes resets it, and the client never sees the answer. So what is left of the
//! body is read and thrown away, within bounds, before the answer goes out; beyond them the answer says that the
//! connection ends.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};

/// What is read at most for the sake of an answer.
const MOST: usize = 8 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(2);

/// A request's body, shared between its reader and the part that cleans up after it.
#[derive(Clone)]
pub struct Leftover(Arc<Mutex<Body>>);

impl Leftover {
    /// Keeps hold of a request's body; `None` where there is none.
    pub fn watch(request: &mut Request) -> Option<Self> {
        if request.body().is_end_stream() {
            return None;
        }
        let body = std::mem::take(request.body_mut());
        let leftover = Self(Arc::new(Mutex::new(body)));
        *request.body_mut() = Body::new(leftover.clone());
        Some(leftover)
    }

    /// Reads what is left, once nobody else reads any more; answers whether that was all.
    pub async fn discard(mut self) -> bool {
        let reading = async {
            let mut size = 0;
            while let Some(frame) = self.frame().await {
                let Ok(frame) = frame else { return false };
                size += frame.data_ref().map_or(0, Bytes::len);
                if size > MOST {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(LONGEST, reading).await.unwrap_or(false)
    }

    fn lock(&self) -> MutexGuard<'_, Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for Leftover {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.lock()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.lock().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.lock().size_hint()
    }
}
