//! The wake-up while many others wait on the same instance: nobody's wait may make another's longer.

use std::time::Duration;

use super::{
    Extent,
    cluster::Cluster,
    figures::{Goal, Point, Report, Track, Unit},
    load::{LANES, Waiter, ask, decide_waited, in_lanes, wait_for},
    process::open_files,
};

/// How many others, and what their presence may cost.
const OTHERS: [(usize, Option<f64>); 4] =
    [(100, None), (1_000, None), (10_000, Some(1.1)), (100_000, Some(1.3))];
/// Connections to one address: there are some 28,000 ports for it.
const FOR_AN_ADDRESS: usize = 20_000;

pub async fn measure(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let files = open_files()?;
    let mut pending = Vec::new();
    let mut alone = Track::default();
    for (others, most) in OTHERS {
        let what = format!("wake-up with {others} others waiting");
        if files < others + 2_000 {
            let why = format!("it needs {} open files, the limit is {files}", others + 2_000);
            report.not_run(&what, &why);
            continue;
        }
        // Nobody ever decides these.
        pending.extend(ask(cluster.b.http, &cluster.agent, others - pending.len()).await?);
        let mut track = Track::default();
        for _ in 0..extent.rounds.min(3) {
            let without = wake(cluster, extent, 0).await?;
            alone.push(without);
            let crowd = gather(cluster, &pending).await?;
            track.push_beside(wake(cluster, extent, others).await?, without);
            drop(crowd);
            cluster.a.waiters(0).await?;
        }
        report.add(&what, Unit::Milliseconds, &track, most.map(Goal::RatioAtMost));
    }
    report.add("wake-up with nobody else waiting", Unit::Milliseconds, &alone, None);
    Ok(())
}

/// Calls for all of `pending`, over as many addresses as it takes.
async fn gather(cluster: &Cluster, pending: &[String]) -> anyhow::Result<Vec<Waiter>> {
    let numbered = pending.iter().cloned().enumerate().collect();
    let crowd = in_lanes(numbered, LANES, async |_, share| {
        let mut waiters = Vec::with_capacity(share.len());
        for (number, id) in share {
            let address = cluster.a.at(u8::try_from(number / FOR_AN_ADDRESS + 1)?);
            waiters.push(Waiter::send(address, &cluster.agent, id).await?);
        }
        Ok(waiters)
    })
    .await?;
    cluster.a.waiters(pending.len()).await?;
    Ok(crowd.into_iter().flatten().collect())
}

async fn wake(cluster: &Cluster, extent: Extent, others: usize) -> anyhow::Result<Point> {
    let ids = ask(cluster.b.http, &cluster.agent, extent.pick(1_000, 500)).await?;
    let waiters = wait_for(cluster.a.http, &cluster.agent, ids).await?;
    cluster.a.waiters(others + waiters.len()).await?;
    let decided = decide_waited(cluster.b.http, &cluster.approver, waiters, Duration::ZERO).await?;
    Ok(decided.wake.point())
}
