//! Thousands of sockets whose instance is killed, and which all come to another one at once.

use std::time::Instant;

use super::{
    Extent,
    cluster::Cluster,
    figures::{Point, Report, Track, Unit},
    process::open_files,
    socket::open_all,
};

const SOCKETS: usize = 5_000;

pub async fn measure(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let files = open_files()?;
    if files < 2 * SOCKETS + 2_000 {
        report.not_run(
            "reconnect",
            &format!("it needs {} open files, the limit is {files}", 2 * SOCKETS + 2_000),
        );
        return Ok(());
    }
    let mut time = Track::default();
    for round in 0..extent.rounds.min(3) {
        let mut doomed = cluster.another(&format!("r{round}"), None).await?;
        let tasks: Vec<String> = (0..SOCKETS).map(|n| format!("herd-{n}")).collect();
        let lost = open_all(doomed.http, &cluster.agent, tasks.clone()).await?;
        doomed.kill();
        let begun = Instant::now();
        let back = open_all(cluster.b.http, &cluster.agent, tasks).await?;
        time.push(Point::single(begun.elapsed().as_secs_f64() * 1e3, SOCKETS));
        drop((lost, back));
        cluster.b.sockets(0).await?;
    }
    report.add("5,000 sockets back after a kill, 64 at a time", Unit::Milliseconds, &time, None);
    Ok(())
}
