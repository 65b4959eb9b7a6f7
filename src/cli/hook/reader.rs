//! Whether the agent still reads its hook's answer.
//!
//! An agent that is killed leaves its hook behind. It must not go on: it would use up an approval that the agent, started
//! again, waits for.

use std::{future::pending, io};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};

/// Completes when nobody can read standard output any more. Nobody leaves a file.
pub async fn is_gone() {
    if !matches!(tokio::task::spawn_blocking(watch).await, Ok(true)) {
        pending::<()>().await;
    }
}

/// A thread that waits for as long as the agent lives. The end of the process doesn't wait for it.
fn watch() -> bool {
    let out = io::stdout();
    loop {
        let mut watched = [PollFd::new(&out, PollFlags::empty())];
        match poll(&mut watched, None) {
            Ok(_) => return watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP),
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}
