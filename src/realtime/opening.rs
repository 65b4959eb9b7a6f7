//! A socket's first moments: a seat here, the task's ownership in the cluster, and `hello`.
//!
//! The order matters. The seat comes first, so that hints find it; then the bid, so that they are sent here;
//! then the reading, which sees whatever was committed before them.

use std::sync::Arc;

use super::{
    Arrival, Realtime,
    close::Reason,
    outgoing::{Hello, Outgoing},
    requests::Client,
    session::Session,
    socket::Socket,
};
use crate::{
    bus::{
        Seat,
        seats::{Full, Seated},
    },
    domain::{event::Cursor, names::CallerName},
    events::read::PENDING,
    limits::Subject,
    presence::ownership::BidResult,
};

/// Serves a socket from its first frame to its last. What it takes to open and to close one is boxed: nothing of it
/// is kept for as long as the socket lives.
pub async fn serve(realtime: Realtime, mut socket: Socket, arrival: Arrival) {
    let seat = Seat::new(arrival.key.clone(), arrival.caller.credential);
    let mut seated = match realtime.bus.seats.sit(seat, realtime.most) {
        Ok(seated) => seated,
        Err(full) => {
            let full = Reason::Full(explain(&realtime, full));
            return Box::pin(finish(realtime, socket, full)).await;
        }
    };
    let seat = seated.seat.clone();
    seat.touch();
    let record = Record { realtime: realtime.clone(), seat: seat.clone() };
    let reason = match Box::pin(open(&realtime, &mut socket, &mut seated, arrival)).await {
        Ok((client, place)) => {
            let session = Session::new(realtime.clone(), socket, seat.clone(), client, place);
            let reason;
            (socket, reason) = Box::pin(session.run()).await;
            reason
        }
        Err(reason) => reason,
    };
    // The next owner need not wait for this one's goodbye.
    drop(seated);
    drop(record);
    tracing::debug!(task_id = %seat.key.task, connection_id = %seat.connection, code = reason.code(), "socket closed");
    Box::pin(finish(realtime, socket, reason)).await;
}

/// For the client; and for the operator, who can do something about it.
fn explain(realtime: &Realtime, full: Full) -> &'static str {
    match full {
        Full::Workspace => "the workspace has as many sockets on this instance as it may have",
        Full::InAll { crowded_out } => {
            if crowded_out && let Some(unsaid) = realtime.crowded_out.turn() {
                tracing::warn!(
                    unsaid,
                    "one workspace has most of this instance's sockets, and another gets none: \
                     limits.max_instance_sockets_per_workspace leaves room for it"
                );
            }
            "this instance has as many sockets as it may have"
        }
    }
}

/// The task's record, which goes with the socket, however that ends.
struct Record {
    realtime: Realtime,
    seat: Arc<Seat>,
}

impl Drop for Record {
    fn drop(&mut self) {
        self.realtime.ownership.release(&self.seat);
    }
}

async fn finish(realtime: Realtime, mut socket: Socket, reason: Reason) {
    let said = reason != Reason::Gone && socket.close(&reason).await;
    realtime.metrics.socket_closed(reason.code(), said);
    if said {
        socket.linger().await;
    }
}

/// Bids for the task and greets the client; answers the place up to which it has seen everything.
async fn open(
    realtime: &Realtime,
    socket: &mut Socket,
    seated: &mut Seated,
    arrival: Arrival,
) -> Result<(Arc<Client>, Cursor), Reason> {
    let seat = seated.seat.clone();
    let Arrival { caller, key, session, cursor, origin } = arrival;
    match realtime.ownership.bid(&seat, session.clone(), caller.actor.clone()).await {
        Ok(BidResult::Owner) => seated.confirm(),
        Ok(BidResult::Full) => {
            return Err(Reason::Full("the workspace or the principal has as many sockets as it may have"));
        }
        Ok(BidResult::Ended) => return Err(Reason::Replaced),
        Err(error) => {
            // Its batch has been logged; a herd would log it thousands of times.
            tracing::debug!(%error, "a socket could not be opened");
            return Err(Reason::Full("it could not be opened now"));
        }
    }
    let place = greet(realtime, socket, &seat, session.as_ref(), cursor).await?;
    Ok((Arc::new(Client { caller, key, session, origin }), place))
}

/// Says `hello`; answers the place up to which the client has seen everything.
async fn greet(
    realtime: &Realtime,
    socket: &mut Socket,
    seat: &Seat,
    session: Option<&CallerName>,
    cursor: Option<Result<Cursor, super::NoCursor>>,
) -> Result<Cursor, Reason> {
    let given = cursor.and_then(Result::ok);
    let opened = realtime.events.open(seat.key.clone(), given).await.map_err(|error| {
        tracing::debug!(%error, "a socket could not be opened");
        Reason::Full("it could not be opened now")
    })?;
    // The bid has made the task known; it is gone only if its workspace is.
    let opened = opened.ok_or(Reason::Full("it could not be opened now"))?;
    let (opening, epoch) = &*opened;
    let honoured = given.and_then(|cursor| opening.resume(cursor, *epoch));
    let recovered = cursor.map(|_| honoured.is_some());
    let place = honoured.unwrap_or(Cursor { seq: opening.last_seq, epoch: *epoch });
    let hello = Outgoing {
        event_type: "hello",
        timestamp: realtime.now(),
        task_id: seat.key.task.as_str(),
        run_id: None,
        session_id: session.map(CallerName::as_str),
        data: Hello {
            instance_id: &realtime.instance,
            connection_id: seat.connection,
            generation: seat.generation().unwrap_or_default(),
            heartbeat_seconds: realtime.sockets.ping_seconds,
            recovered,
            pending: &opening.pending[..opening.pending.len().min(PENDING)],
            pending_more: opening.pending.len() > PENDING,
        },
        cursor: Some(place.to_string()),
        reference: None,
    };
    let text = hello.text();
    let Ok(_room) = realtime.answers.to_send(Subject::Workspace(seat.key.workspace), text.len()) else {
        realtime.metrics.shed("answers");
        return Err(Reason::Full("it could not be opened now"));
    };
    socket.send([&text[..]]).await?;
    realtime.metrics.socket_opened(match recovered {
        None => "none",
        Some(true) => "true",
        Some(false) => "false",
    });
    // What happened since is sent like any other news. The look also asks whether the task is still ours: without it, of
    // fifty sockets that come for one task at once, an older one may hear of a newer one only when that has gone.
    seat.sent(place.seq);
    seat.look();
    Ok(place)
}
