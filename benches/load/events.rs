//! From an event that is sent to one instance to the socket that follows its task on the other.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use super::{
    Extent,
    client::Connection,
    cluster::Cluster,
    figures::{Goal, Point, Report, Samples, Track, Unit},
    floor::Floor,
    socket::{Socket, open_all},
};

/// Idle before each event; the same work takes twice as long after it.
const PAUSE: Duration = Duration::from_millis(2);
/// Tasks with a producer and a socket each, where there are many.
const TASKS: usize = 64;
/// Events in a call, where there are many.
const BATCH: usize = 20;

pub async fn measure(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let floor = Floor::start(&cluster.database_url, &cluster.servers.redis_url).await?;
    let count = extent.pick(1_000, 500);
    let (mut close, mut paused) = (Track::default(), Track::default());
    let (mut single, mut batched) = (Track::default(), Track::default());
    one_by_one(cluster, 200, Duration::ZERO).await?;
    for _ in 0..extent.rounds {
        for (track, pause) in [(&mut close, Duration::ZERO), (&mut paused, PAUSE)] {
            let bare = floor.appends(count, pause).await?.point();
            track.push_beside(one_by_one(cluster, count, pause).await?.point(), bare);
        }
        single.push(together(cluster, extent.pick(100, 50), 1).await?);
        batched.push(together(cluster, extent.pick(50, 20), BATCH).await?);
    }
    report.add("event to socket, back to back", Unit::Milliseconds, &close, None);
    report.add("event to socket, 2 ms pause", Unit::Milliseconds, &paused, None);
    report.add_tail("event to socket, back to back", &close, 3.0);
    report.add("events delivered, 64 tasks, one a call", Unit::PerSecond, &single, None);
    report.add("events delivered, 64 tasks, 20 a call", Unit::PerSecond, &batched, None::<Goal>);
    Ok(())
}

/// From sending the event to its arrival.
async fn one_by_one(cluster: &Cluster, count: usize, pause: Duration) -> anyhow::Result<Samples> {
    let mut socket = Socket::open(cluster.a.http, &cluster.agent, "events-0").await?;
    let mut producer = Connection::open(cluster.b.http).await?;
    let request = cluster.agent.emit("events-0", 1);
    let mut samples = Samples::default();
    for _ in 0..count {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let begun = Instant::now();
        let sending = async {
            producer.call(&request).await?.expect(202)?;
            anyhow::Ok(())
        };
        let receiving = async {
            socket.next().await?;
            anyhow::Ok(Instant::now())
        };
        let ((), arrived) = tokio::try_join!(sending, receiving)?;
        samples.push(arrived - begun);
    }
    Ok(samples)
}

/// Every task's producer sends as fast as it gets answers; the time until the last event has arrived.
async fn together(cluster: &Cluster, calls: usize, batch: usize) -> anyhow::Result<Point> {
    let tasks: Vec<String> = (0..TASKS).map(|n| format!("events-{n}")).collect();
    let sockets = open_all(cluster.a.http, &cluster.agent, tasks.clone()).await?;
    let begun = Instant::now();
    let pairs = tasks.iter().zip(sockets).map(|(task, mut socket)| async move {
        let sending = async {
            let mut producer = Connection::open(cluster.b.http).await?;
            let request = cluster.agent.emit(task, batch);
            for _ in 0..calls {
                producer.call(&request).await?.expect(202)?;
            }
            anyhow::Ok(())
        };
        let receiving = async {
            for _ in 0..calls * batch {
                socket.next().await?;
            }
            anyhow::Ok(())
        };
        tokio::try_join!(sending, receiving)
    });
    try_join_all(pairs).await?;
    Ok(Point::rate(TASKS * calls * batch, begun.elapsed()))
}
