//! From a decision on one instance to the answer of the call that waits on the other.
//!
//! The calls wait before anything is timed: what is measured is the wake-up, not the race to it.

use std::time::{Duration, Instant};

use super::{
    Extent,
    cluster::Cluster,
    figures::{Goal, Report, Track, Unit},
    floor::Floor,
    load::{Decided, LANES, ask, decide_waited, in_lanes, wait_for},
};

/// Idle before each operation; the same work takes twice as long after it.
const PAUSE: Duration = Duration::from_millis(2);

/// One way of deciding.
#[derive(Clone, Copy)]
struct Manner {
    lanes: usize,
    pause: Duration,
    /// How many calls wait before the first is decided.
    count: usize,
    /// At most how many times the floor it should be.
    goal: f64,
}

#[derive(Default)]
struct Tracks {
    wake: Track,
    own: Track,
    floor: Track,
}

pub async fn measure(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let floor = Floor::start(&cluster.database_url, &cluster.servers.redis_url).await?;
    let count = extent.pick(1_000, 500);
    let manners = [
        ("back to back", Manner { lanes: 1, pause: Duration::ZERO, count, goal: 2.0 }),
        ("2 ms pause", Manner { lanes: 1, pause: PAUSE, count, goal: 2.1 }),
        ("64 in flight", Manner { lanes: LANES, pause: Duration::ZERO, count: LANES * 50, goal: 1.1 }),
    ];
    let mut tracks = [Tracks::default(), Tracks::default(), Tracks::default()];
    let (mut hop, mut read) = (Track::default(), Track::default());
    let unproved = Cluster::without_proofs().await?;
    // Connections, caches, plans.
    let warm_up = Manner { count: 640, ..manners[2].1 };
    decide(cluster, warm_up).await?;
    decide(&unproved, warm_up).await?;
    let phase = Duration::from_secs(extent.phase().into());
    for round in 1..=extent.rounds {
        eprintln!("wake: round {round} of {}", extent.rounds);
        hop.push(floor.hop(count).await?.point());
        for ((_, manner), tracks) in manners.iter().zip(&mut tracks) {
            let bare = match manner.lanes {
                1 => floor.one_by_one(manner.count, manner.pause).await?,
                lanes => floor.together(lanes, manner.count / lanes).await?,
            }
            .point();
            let decided = decide_for(cluster, *manner, phase).await?;
            tracks.floor.push(bare);
            tracks.wake.push_beside(decided.wake.point(), bare);
            tracks.own.push(decided.own.point());
            if manner.lanes == 1 && manner.pause.is_zero() {
                read.push_beside(decide_for(&unproved, *manner, phase).await?.wake.point(), bare);
            }
        }
    }
    unproved.stop().await?;
    report.add("floor: publish → subscriber", Unit::Milliseconds, &hop, None);
    for ((name, manner), tracks) in manners.iter().zip(&tracks) {
        let goal = Goal::RatioAtMost(manner.goal);
        report.add(
            &format!("floor: commit → publish → wake, {name}"),
            Unit::Milliseconds,
            &tracks.floor,
            None,
        );
        let wake = format!("decide on B → answer on A, {name}");
        report.add(&wake, Unit::Milliseconds, &tracks.wake, Some(goal));
        if manner.lanes == 1 {
            report.add_tail(&wake, &tracks.wake, 3.0);
        }
        report.add(&format!("decide's own answer, {name}"), Unit::Milliseconds, &tracks.own, None);
    }
    let what = "decide on B → answer on A, back to back, where A has to read it";
    report.add(what, Unit::Milliseconds, &read, None);
    Ok(())
}

/// Again and again, until deciding has taken so long, or asking and waiting twice as long beside it.
async fn decide_for(cluster: &Cluster, manner: Manner, phase: Duration) -> anyhow::Result<Decided> {
    let (mut decided, mut took) = (Decided::default(), Duration::ZERO);
    let begun = Instant::now();
    while took < phase && begun.elapsed() < phase * 3 {
        let (more, time) = decide(cluster, manner).await?;
        decided.merge(more);
        took += time;
    }
    Ok(decided)
}

/// Answers also how long deciding took.
async fn decide(cluster: &Cluster, manner: Manner) -> anyhow::Result<(Decided, Duration)> {
    let ids = ask(cluster.b.http, &cluster.agent, manner.count).await?;
    let waiters = wait_for(cluster.a.http, &cluster.agent, ids).await?;
    cluster.a.waiters(waiters.len()).await?;
    let begun = Instant::now();
    let lanes = in_lanes(waiters, manner.lanes, async |_, share| {
        decide_waited(cluster.b.http, &cluster.approver, share, manner.pause).await
    })
    .await?;
    let took = begun.elapsed();
    cluster.a.waiters(0).await?;
    let mut decided = Decided::default();
    for lane in lanes {
        decided.merge(lane);
    }
    Ok((decided, took))
}
