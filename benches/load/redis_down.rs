//! The wake-up while Redis is gone: the sweep does it then, four times a second.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use super::{
    Extent,
    client::Connection,
    cluster::Cluster,
    figures::{Goal, Report, Samples, Track, Unit},
    load::{ask, wait_for},
    process::RedisServer,
};

/// The sweep's interval, and time for what it does.
const MOST: f64 = 300.0;

pub async fn measure(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let Some(binary) = &cluster.servers.redis_server else {
        report.not_run("redis-down", "SIGNOFF_REDIS_SERVER names no Redis to stop");
        return Ok(());
    };
    let redis = RedisServer::start(binary).await?;
    let waits = cluster.another("deaf-1", Some(&redis.url)).await?;
    let decides = cluster.another("deaf-2", Some(&redis.url)).await?;
    let mut track = Track::default();
    let ids = ask(decides.http, &cluster.agent, extent.pick(400, 200)).await?;
    drop(redis);
    waits.bus_is_down().await?;
    decides.bus_is_down().await?;
    let waiters = wait_for(waits.http, &cluster.agent, ids).await?;
    waits.waiters(waiters.len()).await?;
    // One every 10 ms, whether or not those before have been heard: every phase of the sweep gets its share.
    let work = waiters.into_iter().zip(0_u32..).map(|(mut waiter, number)| async move {
        tokio::time::sleep(number * Duration::from_millis(10)).await;
        let mut connection = Connection::open(decides.http).await?;
        let request = cluster.approver.approve(&waiter.id);
        let begun = Instant::now();
        let deciding = async { connection.call(&request).await?.expect(200) };
        let (_, woken) = tokio::try_join!(deciding, waiter.outcome())?;
        anyhow::Ok(woken - begun)
    });
    let mut samples = Samples::default();
    for took in try_join_all(work).await? {
        samples.push(took);
    }
    track.push(samples.point());
    report.add("wake-up with Redis gone", Unit::Milliseconds, &track, Some(Goal::AtMost(MOST)));
    Ok(())
}
