//! Long computations, done away from the threads that serve others.

use crate::batch::Trouble;

/// Does it here, or aside where it is much.
pub(super) async fn aside<T: Send + 'static>(
    is_much: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Trouble> {
    if !is_much {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a long computation failed");
        Trouble::TimedOut
    })
}
