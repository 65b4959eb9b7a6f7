//! What sockets cost: to open, to hold, and to keep up in Redis and Postgres.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use tokio::time::{sleep, timeout};

use super::{
    Extent, bare,
    cluster::Cluster,
    figures::{Goal, Point, Report, Track, Unit},
    process::{Instance, open_files, processor_seconds, resident_kib},
    socket::{Socket, open_all},
};

const SOCKETS: usize = 10_000;
/// Opened at each round of the rate's measurement.
const BURST: usize = 2_000;
const HEARTBEAT: f64 = 10.0;

pub async fn measure(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    rate(cluster, extent, report).await?;
    let files = open_files()?;
    // Here and there: each socket has two ends.
    if files < SOCKETS + 2_000 {
        report.not_run("sockets", &format!("it needs {} open files, the limit is {files}", SOCKETS + 2_000));
        return Ok(());
    }
    idle(cluster, extent, report).await
}

fn tasks(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}-{n}")).collect()
}

/// Sockets a second, each with its durable record and its greeting.
async fn rate(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let bare = bare::start()?;
    let (mut fresh, mut again) = (Track::default(), Track::default());
    let phase = Duration::from_secs(extent.phase().into());
    for round in 0..=extent.rounds {
        // The first round warms everything up.
        let phase = if round == 0 { Duration::ZERO } else { phase };
        let floor = bursts(
            phase,
            async |_| open_all(bare, &cluster.agent, tasks("bare", BURST)).await,
            async || Ok(()),
        )
        .await?;
        for (track, is_fresh) in [(&mut fresh, true), (&mut again, false)] {
            let open = async |burst| {
                let prefix = if is_fresh { format!("fresh-{round}-{burst}") } else { "again".to_owned() };
                open_all(cluster.a.http, &cluster.agent, tasks(&prefix, BURST)).await
            };
            let ours = bursts(phase, open, async || cluster.a.sockets(0).await).await?;
            if round > 0 {
                track.push_beside(ours, floor);
            }
        }
    }
    let goal = Some(Goal::RatioAtLeast(0.55));
    report.add("sockets opened, of tasks seen before", Unit::PerSecond, &again, goal);
    report.add("sockets opened, of new tasks", Unit::PerSecond, &fresh, None);
    Ok(())
}

/// Opens bursts of sockets until that has taken `phase`, one burst at least. Closing them is waited for, and not timed.
async fn bursts(
    phase: Duration,
    open: impl AsyncFn(usize) -> anyhow::Result<Vec<Socket>>,
    closed: impl AsyncFn() -> anyhow::Result<()>,
) -> anyhow::Result<Point> {
    let (mut took, mut count) = (Duration::ZERO, 0);
    loop {
        let begun = Instant::now();
        let sockets = open(count).await?;
        took += begun.elapsed();
        count += sockets.len();
        drop(sockets);
        closed().await?;
        if took >= phase {
            return Ok(Point::rate(count, took));
        }
    }
}

/// Memory, processor and heartbeats of ten thousand that do nothing but answer pings.
async fn idle(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    // An instance that has done nothing else, so that no memory freed earlier serves.
    let instance = cluster.another("s", None).await?;
    drop(open_all(instance.http, &cluster.agent, tasks("warm", 500)).await?);
    instance.sockets(0).await?;
    sleep(Duration::from_secs(2)).await;
    let pid = instance.pid();
    let before = resident_kib(pid)?;
    let mut sockets = open_all(instance.http, &cluster.agent, tasks("idle", SOCKETS)).await?;
    instance.sockets(SOCKETS).await?;
    sleep(Duration::from_secs(2)).await;
    let during = resident_kib(pid)?;
    let seconds = extent.pick(70, 25);
    let (idle, beats) = watch(cluster, &instance, &mut sockets, seconds).await?;
    let after = resident_kib(pid)?;
    ensure!(instance.count("signoff_sockets").await? == SOCKETS, "sockets were lost");
    drop(sockets);
    instance.sockets(0).await?;
    sleep(Duration::from_secs(3)).await;
    let left = resident_kib(pid)?;

    #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
    let (count, seconds) = (SOCKETS as f64, seconds as f64);
    let mut add = |what: &str, unit, value: f64, goal| {
        let mut track = Track::default();
        track.push(Point::single(value, SOCKETS));
        report.add(what, unit, &track, goal);
    };
    add("memory of an idle socket", Unit::KibiBytes, (during - before) / count, Some(Goal::AtMost(8.0)));
    add("… after it has answered pings", Unit::KibiBytes, (after - before) / count, Some(Goal::AtMost(8.0)));
    add("… left of it when they are gone", Unit::KibiBytes, (left - before) / count, None);
    let goal = Some(Goal::AtMost(5.0));
    add("processor, 10,000 idle sockets with pings", Unit::PercentOfACore, idle / seconds * 100.0, goal);
    add("heartbeat of 10,000: lease, both ways", Unit::Milliseconds, beats.lease, None);
    add("… keys, a beat's share", Unit::Milliseconds, beats.keys, None);
    add("… commands to Redis for them, a beat", Unit::Count, beats.commands, Some(Goal::AtMost(100.0)));
    if let Some(touch) = beats.touch {
        add("… last signs of life, once a minute", Unit::Milliseconds, touch, None);
    }
    Ok(())
}

/// Milliseconds, and a number, for each beat.
struct Beats {
    lease: f64,
    keys: f64,
    commands: f64,
    touch: Option<f64>,
}

async fn watch(
    cluster: &Cluster,
    instance: &Instance,
    sockets: &mut [Socket],
    seconds: u64,
) -> anyhow::Result<(f64, Beats)> {
    let before = part_times(instance).await?;
    let scripts = scripts_run(cluster).await?;
    let busy = processor_seconds(instance.pid())?;
    let living = try_join_all(sockets.iter_mut().map(Socket::live));
    // They live until the time is over; one that ends before that has been lost.
    if let Ok(ended) = timeout(Duration::from_secs(seconds), living).await {
        ended.context("a socket ended")?;
    }
    let busy = processor_seconds(instance.pid())? - busy;
    let scripts = scripts_run(cluster).await? - scripts;
    let after = part_times(instance).await?;
    let mean = |part: usize| {
        let (sum, count) = (after[part].0 - before[part].0, after[part].1 - before[part].1);
        (count > 0.0).then(|| sum / count * 1e3)
    };
    #[expect(clippy::cast_precision_loss, reason = "a few dozen seconds")]
    let beats = seconds as f64 / HEARTBEAT;
    let beats = Beats {
        lease: mean(0).context("no heartbeat")?,
        keys: mean(1).context("no keys were refreshed")?,
        commands: scripts / beats,
        touch: mean(2),
    };
    Ok((busy, beats))
}

/// Sum and count of each part's times so far.
async fn part_times(instance: &Instance) -> anyhow::Result<[(f64, f64); 3]> {
    let mut times = [(0.0, 0.0); 3];
    for (time, part) in times.iter_mut().zip(["lease", "keys", "touch"]) {
        let name = |kind: &str| format!("signoff_heartbeat_duration_seconds_{kind}{{part=\"{part}\"}}");
        *time = (instance.number(&name("sum")).await?, instance.number(&name("count")).await?);
    }
    Ok(times)
}

/// How many scripts Redis has run.
async fn scripts_run(cluster: &Cluster) -> anyhow::Result<f64> {
    let client = redis::Client::open(cluster.servers.redis_url.as_str())?;
    let mut conn = client.get_multiplexed_async_connection().await?;
    let stats: String = redis::cmd("INFO").arg("commandstats").query_async(&mut conn).await?;
    let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_eval:calls=")?.split(',').next());
    Ok(calls.map_or(Ok(0.0), str::parse)?)
}
