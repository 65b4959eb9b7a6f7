//! One accepted connection: bytes in and bytes out, each within its time.
//!
//! Its user says through [`Control`] what it waits for: the next request, or nothing while one is being answered. It
//! knows neither HTTP nor sockets. [`presence`] finds out whether the other end is still there.

mod presence;

use std::{
    io,
    net::Shutdown,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::Notify,
    time::{Instant, Sleep, sleep, sleep_until},
};

use crate::limits::{Count, Counted};

/// Longest that the other end may take no bytes, unless said otherwise.
pub const WRITE: Duration = Duration::from_secs(30);

/// What may pass between requests.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until the first byte of the next request.
    pub idle: Duration,
    /// From then until the request's head is complete. The first request of a connection has only this.
    pub head: Duration,
}

/// What the connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaiting {
    /// Its first request, since then; some of it may have come.
    New { since: Instant, begun: bool },
    /// Its next request.
    Idle { since: Instant, begun: bool },
    /// Nothing: a request is being answered.
    Busy,
}

/// A connection as a stream of bytes.
pub struct Line {
    control: Control,
    /// Rings when the bytes that are waited for have not come.
    reading: Option<Pin<Box<Sleep>>>,
    /// Rings when the other end has taken nothing for so long.
    writing: Option<(Duration, Pin<Box<Sleep>>)>,
    _counted: Counted,
}

/// The same connection for those who watch it. Clones are the same.
#[derive(Clone)]
pub struct Control(Arc<Shared>);

struct Shared {
    tcp: TcpStream,
    patience: Patience,
    standing: Mutex<Awaiting>,
    /// How long the other end may take no bytes, in milliseconds.
    write: AtomicU64,
    /// Bytes of the next answer that have gone ahead of it ([`presence`]).
    ahead: AtomicUsize,
    /// Something was written, and not yet flushed.
    unfinished: AtomicBool,
    /// Its place is wanted by another.
    unwanted: Notify,
}

impl Line {
    pub fn new(tcp: TcpStream, patience: Patience, open: &Count) -> Self {
        let control = Control(Arc::new(Shared {
            tcp,
            patience,
            standing: Mutex::new(Awaiting::New { since: Instant::now(), begun: false }),
            write: AtomicU64::new(millis(WRITE)),
            ahead: AtomicUsize::new(0),
            unfinished: AtomicBool::new(false),
            unwanted: Notify::new(),
        }));
        Self { control, reading: None, writing: None, _counted: open.enter() }
    }

    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// For the options of the connection.
    pub fn socket(&self) -> SockRef<'_> {
        SockRef::from(&self.control.0.tcp)
    }

    /// Writes what the connection takes at once, or waits for it.
    fn poll_out(
        &mut self,
        context: &mut Context<'_>,
        mut write: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let shared = &self.control.0;
        shared.unfinished.store(true, Ordering::Relaxed);
        while let Poll::Ready(ready) = shared.tcp.poll_write_ready(context) {
            ready?;
            match write(&shared.tcp) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => {
                    self.writing = None;
                    return Poll::Ready(written);
                }
            }
        }
        let patience = Duration::from_millis(shared.write.load(Ordering::Relaxed));
        if self.writing.as_ref().is_none_or(|(before, _)| *before != patience) {
            self.writing = Some((patience, Box::pin(sleep(patience))));
        }
        if let Some((_, sleep)) = &mut self.writing {
            ready!(sleep.as_mut().poll(context));
        }
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// How many of the first bytes of `next` have gone already.
    fn gone(&self, next: usize) -> Option<usize> {
        let ahead = &self.control.0.ahead;
        let gone = ahead.load(Ordering::Relaxed).min(next);
        ahead.fetch_sub(gone, Ordering::Relaxed);
        (gone > 0).then_some(gone)
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let shared = self.control.0.clone();
        while let Poll::Ready(ready) = shared.tcp.poll_read_ready(context) {
            ready?;
            match shared.tcp.try_read_buf(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => {
                    self.reading = None;
                    return Poll::Ready(read.map(|count| shared.arrived(count)));
                }
            }
        }
        let Some(until) = shared.due() else {
            self.reading = None;
            return Poll::Pending;
        };
        let sleep = self.reading.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if sleep.deadline() != until {
            sleep.as_mut().reset(until);
        }
        sleep.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.gone(bytes.len()) {
            Some(gone) => Poll::Ready(Ok(gone)),
            None => self.poll_out(context, |tcp| tcp.try_write(bytes)),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.gone(pieces.iter().map(|piece| piece.len()).sum()) {
            Some(gone) => Poll::Ready(Ok(gone)),
            None => self.poll_out(context, |tcp| tcp.try_write_vectored(pieces)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.control.0.unfinished.store(false, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match self.socket().shutdown(Shutdown::Write) {
            // It is shut down already.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            done => done,
        })
    }
}

impl Control {
    /// A request is being answered: no more bytes are waited for.
    pub fn busy(&self) {
        *self.0.standing() = Awaiting::Busy;
    }

    /// The answer is done; the next request may come.
    pub fn idle(&self) {
        *self.0.standing() = Awaiting::Idle { since: Instant::now(), begun: false };
    }

    pub fn standing(&self) -> Awaiting {
        *self.0.standing()
    }

    /// How long the other end may take no bytes from now on.
    pub fn allow_to_stand_still(&self, longest: Duration) {
        self.0.write.store(millis(longest), Ordering::Relaxed);
    }

    /// No longer than this any more.
    pub fn hurry(&self, longest: Duration) {
        self.0.write.fetch_min(millis(longest), Ordering::Relaxed);
    }

    /// Says that the connection's place is wanted by another.
    pub fn unwant(&self) {
        self.0.unwanted.notify_one();
    }

    pub async fn unwanted(&self) {
        self.0.unwanted.notified().await;
    }
}

impl Shared {
    fn standing(&self) -> MutexGuard<'_, Awaiting> {
        // No code that can panic runs under this lock.
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn arrived(&self, count: usize) {
        let mut standing = self.standing();
        match &mut *standing {
            Awaiting::New { begun, .. } if count > 0 => *begun = true,
            Awaiting::Idle { since, begun } if count > 0 && !*begun => {
                (*since, *begun) = (Instant::now(), true);
            }
            _ => {}
        }
    }

    /// When what is waited for must have come.
    fn due(&self) -> Option<Instant> {
        match *self.standing() {
            Awaiting::New { since, .. } | Awaiting::Idle { since, begun: true } => {
                Some(since + self.patience.head)
            }
            Awaiting::Idle { since, begun: false } => Some(since + self.patience.idle),
            Awaiting::Busy => None,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        time::timeout,
    };

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    async fn pair() -> (Line, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (tcp, _) = listener.accept().await.unwrap();
        let patience = Patience { idle: Duration::from_secs(75), head: Duration::from_secs(20) };
        (Line::new(tcp, patience, &Count::default()), other)
    }

    /// After how many seconds it is given up.
    async fn given_up(doing: impl Future<Output = io::Result<usize>>) -> u64 {
        let begun = Instant::now();
        let error = doing.await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
        begun.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_waited_for_has_its_time() {
        let (mut line, mut other) = pair().await;
        let control = line.control();
        let buffer = &mut [0; 8];
        assert_eq!(given_up(line.read(buffer)).await, 20, "the first request");
        control.busy();
        assert!(timeout(HOUR, line.read(buffer)).await.is_err(), "an answer takes as long as it takes");
        control.idle();
        assert_eq!(given_up(line.read(buffer)).await, 75, "the next request");
        control.idle();
        other.write_all(b"GET").await.unwrap();
        assert_eq!(line.read(buffer).await.unwrap(), 3);
        assert_eq!(given_up(line.read(buffer)).await, 20, "the rest of it");
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_has_so_long() {
        for (allowed, hurried, expected) in
            [(None, None, 30), (Some(900), None, 900), (Some(900), Some(5), 5)]
        {
            let (mut line, _other) = pair().await;
            if let Some(seconds) = allowed {
                line.control().allow_to_stand_still(Duration::from_secs(seconds));
            }
            if let Some(seconds) = hurried {
                line.control().hurry(Duration::from_secs(seconds));
            }
            let piece = vec![0; 64 * 1024];
            let filling = async {
                loop {
                    line.write_all(&piece).await?;
                }
            };
            assert_eq!(given_up(filling).await, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_asked_sees_nothing_but_the_answer() {
        const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";
        for longest in [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(20), HOUR] {
            let (mut line, mut other) = pair().await;
            other.shutdown().await.unwrap();
            assert!(timeout(longest, line.control().gone()).await.is_err(), "it is there");
            let pieces = [io::IoSlice::new(&ANSWER[..4]), io::IoSlice::new(&ANSWER[4..])];
            let written = line.write_vectored(&pieces).await.unwrap();
            line.write_all(&ANSWER[written..]).await.unwrap();
            line.shutdown().await.unwrap();
            let mut answer = Vec::new();
            other.read_to_end(&mut answer).await.unwrap();
            assert_eq!(answer, ANSWER);
        }
    }

    #[tokio::test]
    async fn a_client_that_has_gone_is_found_out() {
        for reset in [false, true] {
            let (line, other) = pair().await;
            if reset {
                other.set_zero_linger().unwrap();
            }
            drop(other);
            timeout(Duration::from_secs(20), line.control().gone()).await.expect("it is noticed");
        }
    }
}
