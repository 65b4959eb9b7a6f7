//! A line every minute, where no person watches: a build server ends jobs that say nothing for long.

use std::{
    io::{self, IsTerminal},
    pin::pin,
    time::Duration,
};

use tokio::time::{Instant, interval_at};

use super::output::say;

const INTERVAL: Duration = Duration::from_mins(1);

/// Waits, and says so every minute where standard error is no terminal.
pub async fn remind<T>(waiting: impl Future<Output = T>, words: &str) -> T {
    if io::stderr().is_terminal() { waiting.await } else { tell_while(waiting, || say(words)).await }
}

async fn tell_while<T>(waiting: impl Future<Output = T>, mut tell: impl FnMut()) -> T {
    let mut waiting = pin!(waiting);
    let mut minutes = interval_at(Instant::now() + INTERVAL, INTERVAL);
    loop {
        tokio::select! {
            biased;
            result = &mut waiting => return result,
            _ = minutes.tick() => tell(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_minute_has_its_line() {
        let mut told = 0;
        let waiting = async {
            tokio::time::sleep(Duration::from_secs(59)).await;
            tokio::time::sleep(Duration::from_secs(150)).await;
            "over"
        };
        assert_eq!(tell_while(waiting, || told += 1).await, "over");
        assert_eq!(told, 3);
        assert_eq!(tell_while(async { 7 }, || unreachable!("it is over at once")).await, 7);
    }
}
