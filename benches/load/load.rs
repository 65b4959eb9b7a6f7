//! Work in lanes: so many callers at once, each with connections of its own, each one thing after the other.

use std::{future::Future, net::SocketAddr, time::Instant};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use serde::Deserialize;

use super::{
    client::{Caller, Connection},
    figures::Samples,
};

/// Callers at once, wherever there are many.
pub const LANES: usize = 64;

/// Runs `work` for each share of `items`, `lanes` at a time, and times the whole.
pub async fn in_lanes<T, R, F>(
    items: Vec<T>,
    lanes: usize,
    work: impl Fn(usize, Vec<T>) -> F,
) -> anyhow::Result<Vec<R>>
where
    F: Future<Output = anyhow::Result<R>>,
{
    let size = items.len().div_ceil(lanes).max(1);
    let mut shares = Vec::new();
    let mut items = items.into_iter().peekable();
    while items.peek().is_some() {
        shares.push(items.by_ref().take(size).collect::<Vec<T>>());
    }
    try_join_all(shares.into_iter().enumerate().map(|(lane, share)| work(lane, share))).await
}

/// Asks for `count` approvals, [`LANES`] at a time; answers with their ids.
pub async fn ask(address: SocketAddr, agent: &Caller, count: usize) -> anyhow::Result<Vec<String>> {
    let ids = in_lanes(vec![(); count], LANES, async |lane, share| {
        let request = agent.ask(&format!("run-{lane}"));
        let mut connection = Connection::open(address).await?;
        let mut ids = Vec::with_capacity(share.len());
        for () in share {
            ids.push(created(&connection.call(&request).await?.expect(201)?)?);
        }
        Ok(ids)
    })
    .await?;
    Ok(ids.concat())
}

/// The id in the answer to a create.
pub fn created(body: &[u8]) -> anyhow::Result<String> {
    #[derive(Deserialize)]
    struct Created {
        id: String,
    }
    Ok(serde_json::from_slice::<Created>(body)?.id)
}

/// A call that waits for an approval.
pub struct Waiter {
    pub id: String,
    connection: Connection,
}

impl Waiter {
    /// Sends the call; whoever needs to know that it has arrived asks the instance.
    pub async fn send(address: SocketAddr, agent: &Caller, id: String) -> anyhow::Result<Self> {
        Self::on(Connection::open(address).await?, agent, id).await
    }

    /// The same, on a connection that there is.
    pub async fn on(mut connection: Connection, agent: &Caller, id: String) -> anyhow::Result<Self> {
        connection.send(&agent.wait(&id)).await?;
        Ok(Self { id, connection })
    }

    pub fn into_connection(self) -> Connection {
        self.connection
    }

    /// Waits for the outcome; answers when it was there.
    pub async fn outcome(&mut self) -> anyhow::Result<Instant> {
        let body = self.connection.receive().await?.expect(200)?;
        let at = Instant::now();
        check_resolved(&body)?;
        Ok(at)
    }
}

/// An outcome that isn't one would flatter the figures.
pub fn check_resolved(body: &[u8]) -> anyhow::Result<()> {
    let text = std::str::from_utf8(body)?;
    ensure!(text.contains("\"status\":\"resolved\""), "not an outcome: {text}");
    Ok(())
}

/// Starts a call for each approval, each on a connection of its own.
pub async fn wait_for(address: SocketAddr, agent: &Caller, ids: Vec<String>) -> anyhow::Result<Vec<Waiter>> {
    let waiters = in_lanes(ids, LANES, async |_, share| {
        let mut waiters = Vec::with_capacity(share.len());
        for id in share {
            waiters.push(Waiter::send(address, agent, id).await?);
        }
        Ok(waiters)
    })
    .await
    .context("starting to wait")?;
    Ok(waiters.into_iter().flatten().collect())
}

/// From sending the decision to the outcome in the waiter's hands, and to the decider's own answer.
#[derive(Default)]
pub struct Decided {
    pub wake: Samples,
    pub own: Samples,
}

impl Decided {
    pub fn merge(&mut self, other: Self) {
        self.wake.merge(other.wake);
        self.own.merge(other.own);
    }
}

/// Decides, one after the other, what `waiters` wait for.
pub async fn decide_waited(
    address: SocketAddr,
    approver: &Caller,
    waiters: Vec<Waiter>,
    pause: std::time::Duration,
) -> anyhow::Result<Decided> {
    let mut connection = Connection::open(address).await?;
    let mut decided = Decided::default();
    for mut waiter in waiters {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let request = approver.approve(&waiter.id);
        let begun = Instant::now();
        let deciding = async {
            connection.call(&request).await?.expect(200)?;
            Ok(Instant::now())
        };
        let (own, woken) = tokio::try_join!(deciding, waiter.outcome())?;
        decided.wake.push(woken - begun);
        decided.own.push(own - begun);
    }
    Ok(decided)
}
