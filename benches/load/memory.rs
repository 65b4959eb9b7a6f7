//! What ten thousand idle long polls cost an instance: memory, and processor time.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    Extent,
    client::Connection,
    cluster::Cluster,
    figures::{Goal, Point, Report, Track, Unit},
    load::{ask, wait_for},
    process::{open_files, processor_seconds, resident_kib},
};

const POLLS: usize = 10_000;

pub async fn measure(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let files = open_files()?;
    if files < POLLS + 2_000 {
        report.not_run("memory", &format!("it needs {} open files, the limit is {files}", POLLS + 2_000));
        return Ok(());
    }
    // An instance that has done nothing else, so that no memory freed earlier serves.
    let instance = cluster.another("c", None).await?;
    let ids = ask(cluster.b.http, &cluster.agent, POLLS).await?;
    warm_up(cluster, instance.http, &ids[..500]).await?;
    let pid = instance.pid();
    let before = resident_kib(pid)?;
    let busy = processor_seconds(pid)?;
    let polls = wait_for(instance.http, &cluster.agent, ids).await?;
    instance.waiters(POLLS).await?;
    let busy = processor_seconds(pid)? - busy;
    let during = resident_kib(pid)?;
    // What they leave undone at first, lazily freed buffers and the like, isn't idling.
    sleep(Duration::from_secs(2)).await;
    let seconds = extent.pick(30, 12);
    let idle = processor_seconds(pid)?;
    sleep(Duration::from_secs(seconds)).await;
    let idle = processor_seconds(pid)? - idle;
    let still = instance.count("signoff_waiters").await?;
    anyhow::ensure!(still >= POLLS, "only {still} calls still waited in the end");
    drop(polls);
    instance.waiters(0).await?;
    sleep(Duration::from_secs(2)).await;
    let left = resident_kib(pid)?;

    #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
    let (polls, seconds) = (POLLS as f64, seconds as f64);
    let mut add = |what: &str, unit, value: f64, goal| {
        let mut track = Track::default();
        track.push(Point::single(value, POLLS));
        report.add(what, unit, &track, goal);
    };
    add("memory of an idle long poll", Unit::KibiBytes, (during - before) / polls, Some(Goal::AtMost(14.0)));
    add("… left of it when they are gone", Unit::KibiBytes, (left - before) / polls, None);
    add("memory of an instance that does nothing", Unit::KibiBytes, before, None);
    add("processor time to connect and begin one", Unit::Microseconds, busy / polls * 1e6, None);
    let goal = Some(Goal::AtMost(1.0));
    add("processor, 10,000 idle long polls", Unit::PercentOfACore, idle / seconds * 100.0, goal);
    Ok(())
}

/// Pools, caches and threads' arenas fill up with the first calls.
async fn warm_up(cluster: &Cluster, address: std::net::SocketAddr, ids: &[String]) -> anyhow::Result<()> {
    let mut connection = Connection::open(address).await?;
    for id in ids {
        let path = format!("/api/v1/approvals/{id}/wait?timeout=0");
        connection.call(&cluster.agent.get(&path)).await?.expect(200)?;
    }
    let some = wait_for(address, &cluster.agent, ids.to_vec()).await?;
    sleep(Duration::from_millis(500)).await;
    drop(some);
    sleep(Duration::from_secs(1)).await;
    Ok(())
}
