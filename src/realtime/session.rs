//! A socket at work: one loop that sleeps until there is something to do.
//!
//! News of the task, frames of the client, answers that are ready, the time for a ping, a dismissal, the drain.
//! Reading and writing take turns: while a client takes its time to receive, nothing more is read from it or for
//! it, so that all it can hold up is itself, and only for the send time-out.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, MissedTickBehavior, Sleep, interval_at, sleep};

use super::{
    Realtime,
    allowance::Allowance,
    close::Reason,
    frames::{Frame, Message},
    outgoing::{Answer, Outgoing, Reconnect},
    requests::{self, Answering, Client, Done},
    socket::{Lost, PIECE, Received, Socket},
};
use crate::{
    batch::Trouble,
    bus::{Seat, seats::Signals},
    domain::{event::Cursor, names::CallerName},
    limits::Subject,
    store::events::{Page, Reading},
    wire::problem::{Code, Problem},
};

/// Waits that may be under way, and what else may wait for its answer: neither keeps the other out.
const MAX_WAITS: usize = 128;
const MAX_UNANSWERED: usize = 128;
/// So many malformed messages in a row, and the socket is closed.
const MAX_STRIKES: u32 = 20;
/// A page that was read longer ago is read anew: the process may have been frozen, and another be the owner.
const FRESH: Duration = Duration::from_secs(5);
/// A message of at most so many bytes is read for its `ref` even where it is one too many.
const SMALL: usize = 4 * 1024;
/// Until a page that could not be read is asked for again.
const RETRY: Duration = Duration::from_secs(2);

type ReadingPage = Pin<Box<dyn Future<Output = (Instant, Result<Page, Trouble>)> + Send>>;

/// One socket that follows its task.
pub struct Session {
    realtime: Realtime,
    socket: Socket,
    seat: Arc<Seat>,
    client: Arc<Client>,
    /// Everything up to here has been sent.
    place: Cursor,
    /// There may be events that have not been read.
    news: bool,
    reading: Option<ReadingPage>,
    answers: FuturesUnordered<Answering>,
    /// How many of them are for waits.
    waits: usize,
    /// Pings since the client last showed life.
    unanswered_pings: u32,
    strikes: u32,
    allowance: Allowance,
    /// Nothing is read from the client until it rings.
    pause: Option<Pin<Box<Sleep>>>,
}

/// Why a client is to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    /// The instance goes away.
    Draining,
    /// The database was set back, or another has taken over.
    OtherLog,
}

/// What a turn of the loop is about.
enum Turn {
    Signals(Signals),
    Page(Instant, Result<Page, Trouble>),
    Received(Result<Received, Lost>),
    Answered(Done),
    Ping,
    /// Reading goes on.
    Rested,
    Closing,
}

impl Session {
    pub fn new(
        realtime: Realtime,
        socket: Socket,
        seat: Arc<Seat>,
        client: Arc<Client>,
        place: Cursor,
    ) -> Self {
        let allowance = Allowance::new(realtime.sockets.messages_per_second);
        Self {
            realtime,
            socket,
            seat,
            client,
            place,
            news: false,
            reading: None,
            answers: FuturesUnordered::new(),
            waits: 0,
            unanswered_pings: 0,
            strikes: 0,
            allowance,
            pause: None,
        }
    }

    /// Runs until there is a reason to close; hands the socket back for that.
    pub async fn run(mut self) -> (Socket, Reason) {
        let reason = match self.follow().await {
            Ok(reason) => reason,
            Err(lost) => lost.into(),
        };
        (self.socket, reason)
    }

    async fn follow(&mut self) -> Result<Reason, Lost> {
        let interval = Duration::from_secs(self.realtime.sockets.ping_seconds);
        // Sockets that came together shall not be pinged together.
        let first = interval.mul_f64(rand::random_range(0.5..1.0));
        let mut pings = interval_at(Instant::now() + first, interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let lifecycle = self.realtime.lifecycle.clone();
        let closing = lifecycle.closing().cancelled();
        tokio::pin!(closing);
        loop {
            if let Some(dismissal) = self.seat.dismissal() {
                return Ok(dismissal.into());
            }
            if self.news && self.reading.is_none() {
                self.read_on(Duration::ZERO);
            }
            let turn = tokio::select! {
                signals = self.seat.woken() => Turn::Signals(signals),
                (at, page) = read(&mut self.reading) => Turn::Page(at, page),
                received = self.socket.receive(), if self.pause.is_none() => Turn::Received(received),
                () = rest(&mut self.pause) => Turn::Rested,
                Some(answer) = self.answers.next(), if !self.answers.is_empty() => Turn::Answered(answer),
                _ = pings.tick() => Turn::Ping,
                () = &mut closing => Turn::Closing,
            };
            if let Some(reason) = Box::pin(self.take(turn)).await? {
                return Ok(reason);
            }
        }
    }

    async fn take(&mut self, turn: Turn) -> Result<Option<Reason>, Lost> {
        match turn {
            Turn::Signals(signals) => self.heed(signals),
            Turn::Page(at, page) => {
                self.reading = None;
                return self.deliver(at, page).await;
            }
            Turn::Received(received) => {
                let received = received?;
                self.seat.touch();
                self.unanswered_pings = 0;
                return self.hear(received).await;
            }
            Turn::Answered(Done { answer, was_wait }) => {
                self.waits -= usize::from(was_wait);
                if let Some(answer) = answer {
                    self.reply(&answer).await?;
                }
            }
            Turn::Rested => self.pause = None,
            Turn::Ping => {
                // Its pongs may stand behind what is read slowly.
                if self.socket.stirred() {
                    self.seat.touch();
                    self.unanswered_pings = 0;
                }
                // Two intervals without a sign of life.
                if self.unanswered_pings >= 2 {
                    return Ok(Some(Reason::Gone));
                }
                self.unanswered_pings += 1;
                self.socket.ping().await?;
            }
            Turn::Closing => return self.hand_over(Again::Draining).await.map(Some),
        }
        Ok(None)
    }

    fn heed(&mut self, signals: Signals) {
        self.news |= signals.events;
        if signals.check {
            let (realtime, seat) = (self.realtime.clone(), self.seat.clone());
            self.answers.push(Box::pin(async move {
                if let Err(error) = realtime.ownership.check(&seat).await {
                    tracing::warn!(%error, "could not ask whether a connection is still ours");
                }
                Done::default()
            }));
        }
    }

    /// Asks for the next page.
    fn read_on(&mut self, after: Duration) {
        self.news = false;
        let reading =
            Reading { key: self.seat.key.clone(), after: self.place.seq, generation: self.seat.generation() };
        let realtime = self.realtime.clone();
        let page: ReadingPage = Box::pin(async move {
            if !after.is_zero() {
                tokio::time::sleep(after).await;
            }
            let at = Instant::now();
            (at, realtime.events.page(reading).await)
        });
        self.reading = Some(page);
    }

    /// Sends a page and asks for the one behind it.
    async fn deliver(&mut self, at: Instant, page: Result<Page, Trouble>) -> Result<Option<Reason>, Lost> {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                tracing::debug!(%error, "a page of events could not be read; it is tried again");
                self.read_on(RETRY.mul_f64(rand::random_range(0.5..1.0)));
                return Ok(None);
            }
        };
        // The number that was sent last says nothing of this log. The client comes again with its cursor, and is told.
        if page.epoch != self.place.epoch {
            return self.hand_over(Again::OtherLog).await.map(Some);
        }
        if !page.owned {
            self.seat.doubt();
            return Ok(None);
        }
        if at.elapsed() > FRESH {
            self.news = true;
            return Ok(None);
        }
        // Numbers have no gaps but those that retention cuts. Then the client must know.
        if page.events.first().is_some_and(|first| first.seq != self.place.seq + 1) {
            return Ok(Some(Reason::TooSlow));
        }
        let size = page.events.iter().map(|event| event.data.get().len()).sum();
        let whose = Subject::Workspace(self.seat.key.workspace);
        let Ok(_room) = self.realtime.answers.to_send(whose, size) else {
            self.realtime.metrics.shed("answers");
            self.read_on(RETRY.mul_f64(rand::random_range(0.5..1.0)));
            return Ok(None);
        };
        // Besides what was heard of while it was read.
        self.news |= !page.events.is_empty();
        let mut events = page.events.iter().peekable();
        let mut texts: Vec<Vec<u8>> = Vec::new();
        let mut size = 0;
        while let Some(event) = events.next() {
            let text = Outgoing::logged(self.seat.key.task.as_str(), event, page.epoch).text();
            size += text.len();
            texts.push(text);
            if size < PIECE && events.peek().is_some() {
                continue;
            }
            self.socket.send(texts.iter().map(Vec::as_slice)).await?;
            self.place.seq = event.seq;
            self.seat.sent(event.seq);
            self.realtime.metrics.events_sent(texts.len());
            // A client that takes its time must hold up neither the drain nor its successor.
            if self.realtime.lifecycle.closing().is_cancelled() || self.seat.dismissal().is_some() {
                break;
            }
            texts.clear();
            size = 0;
        }
        Ok(None)
    }

    /// Sees to what the client sent.
    async fn hear(&mut self, received: Received) -> Result<Option<Reason>, Lost> {
        let text = match received {
            Received::Life => return Ok(None),
            Received::Text(text) => Some(text),
            Received::Binary => None,
        };
        let size = text.as_ref().map_or(0, |text| text.len());
        // Before it is looked at: looking is what costs.
        if !self.allowance.take(size) {
            let problem =
                Problem::new(Code::RateLimited, "too many messages, or too large ones; wait a second");
            let small = text.filter(|text| text.len() <= SMALL);
            let reference = small.and_then(|text| Frame::parse(&text).reference);
            self.reply(&Answer::error(&problem, reference)).await?;
            // Refusing costs as much as a small message does.
            self.pause = Some(Box::pin(sleep(self.allowance.interval())));
            return Ok(None);
        }
        let frame = match text {
            Some(text) => Frame::parse(&text),
            None => Frame {
                reference: None,
                message: Err(Problem::new(Code::Malformed, "send JSON as text frames")),
            },
        };
        // Answered at once: the twentieth must not overtake what the others are told.
        if let Err(problem) = &frame.message {
            self.strikes += 1;
            if self.strikes >= MAX_STRIKES {
                let why = format!("{MAX_STRIKES} malformed messages in a row");
                return Ok(Some(Reason::NotAllowed(why)));
            }
            self.reply(&Answer::error(problem, frame.reference)).await?;
            return Ok(None);
        }
        self.strikes = 0;
        self.begin(frame).await?;
        Ok(None)
    }

    /// Begins what a message asks for, if not too much is under way.
    async fn begin(&mut self, frame: Frame) -> Result<(), Lost> {
        let is_wait = match &frame.message {
            // Answered at once, beside all that is under way.
            Ok(Message::Ping) => return self.reply(&Answer::pong(frame.reference)).await,
            Ok(Message::Wait(_)) => true,
            _ => false,
        };
        let (under_way, most, what) = if is_wait {
            (self.waits, MAX_WAITS, "waits are under way")
        } else {
            (self.answers.len() - self.waits, MAX_UNANSWERED, "messages wait for their answers")
        };
        if under_way >= most {
            let problem = Problem::new(Code::RateLimited, format!("{most} {what} already"));
            return self.reply(&Answer::error(&problem, frame.reference)).await;
        }
        self.waits += usize::from(is_wait);
        self.answers.push(requests::answer(self.realtime.clone(), self.client.clone(), frame));
        Ok(())
    }

    async fn reply(&mut self, answer: &Answer) -> Result<(), Lost> {
        let event = Outgoing {
            event_type: answer.event_type,
            timestamp: self.realtime.now(),
            task_id: self.seat.key.task.as_str(),
            run_id: answer.run_id.as_deref(),
            session_id: self.client.session.as_ref().map(CallerName::as_str),
            data: &*answer.data,
            cursor: None,
            reference: answer.reference.as_deref(),
        };
        let text = event.text();
        let whose = Subject::Workspace(self.seat.key.workspace);
        let _room = self.realtime.answers.to_send_anyway(whose, text.len());
        self.socket.send([&text[..]]).await
    }

    /// Answers what was begun, and says when to come again, and with which cursor.
    async fn hand_over(&mut self, why: Again) -> Result<Reason, Lost> {
        // In a drain, waits end at once. Elsewhere they go on until the approval ends, and end with the socket.
        let kept = |waits| if why == Again::Draining { 0 } else { waits };
        while self.answers.len() > kept(self.waits)
            && let Some(Done { answer, was_wait }) = self.answers.next().await
        {
            self.waits -= usize::from(was_wait);
            if let Some(answer) = answer {
                self.reply(&answer).await?;
            }
        }
        let event = Outgoing {
            event_type: "reconnect",
            timestamp: self.realtime.now(),
            task_id: self.seat.key.task.as_str(),
            run_id: None,
            session_id: self.client.session.as_ref().map(CallerName::as_str),
            data: Reconnect::among(self.realtime.bus.seats.count(), self.place),
            cursor: None,
            reference: None,
        };
        self.socket.send([&event.text()[..]]).await?;
        Ok(Reason::Restarting)
    }
}

/// The page that is being read, if one is.
async fn read(page: &mut Option<ReadingPage>) -> (Instant, Result<Page, Trouble>) {
    match page {
        Some(page) => page.await,
        None => std::future::pending().await,
    }
}

/// The end of the pause, if there is one.
async fn rest(pause: &mut Option<Pin<Box<Sleep>>>) {
    match pause {
        Some(pause) => pause.await,
        None => std::future::pending().await,
    }
}
