//! Creates, decisions and whole cycles a second, with 64 callers, beside Postgres' own best.

use std::time::Instant;

use super::{
    Extent,
    client::Connection,
    cluster::Cluster,
    figures::{Goal, Point, Report, Track, Unit},
    floor,
    load::{LANES, Waiter, ask, check_resolved, created, in_lanes},
    pgbench::Script,
    process::Instance,
};

#[derive(Default)]
struct Tracks {
    keyed: Track,
    update: [Track; 2],
    insert: [Track; 2],
    creates: Track,
    decisions: Track,
    spread: Track,
    cycles: Track,
    slept: Track,
}

pub async fn measure(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    floor::prepare(&cluster.database_url).await?;
    let Some(pgbench) = &cluster.servers.pgbench else {
        report.not_run("throughput", "SIGNOFF_PGBENCH names no pgbench, and there is no floor without it");
        return Ok(());
    };
    let mut update = Script::update(pgbench, &cluster.database_url)?;
    let mut keyed = Script::keyed_update(pgbench, &cluster.database_url)?;
    let mut insert = Script::insert(pgbench, &cluster.database_url)?;
    let seconds = extent.pick(3, 2);
    let count = LANES * extent.pick(150, 75);
    let mut tracks = Tracks::default();
    round(cluster, LANES * 10).await?;
    for _ in 0..extent.rounds {
        let bare_update = update.best(seconds)?;
        let bare_insert = insert.best(seconds)?;
        tracks.keyed.push(keyed.best(seconds)?);
        tracks.update[0].push(update.alone(seconds)?);
        tracks.insert[0].push(insert.alone(seconds)?);
        let ours = round(cluster, count).await?;
        tracks.update[1].push(bare_update);
        tracks.insert[1].push(bare_insert);
        tracks.creates.push_beside(ours.creates, bare_insert);
        tracks.decisions.push_beside(ours.decisions, bare_update);
        tracks.spread.push_beside(ours.spread, bare_update);
        tracks.cycles.push_beside(ours.cycles, bare_update);
        tracks.slept.push(ours.slept);
    }
    let rate = Unit::PerSecond;
    report.add("floor: bare UPDATE, pgbench, 1 client", rate, &tracks.update[0], None);
    report.add("floor: bare UPDATE, pgbench, best of 8–64", rate, &tracks.update[1], None);
    report.add("the same where there is no index but the key", rate, &tracks.keyed, None);
    report.add("floor: bare INSERT of 1 KB, pgbench, 1 client", rate, &tracks.insert[0], None);
    report.add("floor: bare INSERT of 1 KB, pgbench, best of 8–64", rate, &tracks.insert[1], None);
    report.add("creates on one instance, 64 callers", rate, &tracks.creates, None);
    report.add(
        "decisions on one instance, 64 callers",
        rate,
        &tracks.decisions,
        Some(Goal::RatioAtLeast(1.5)),
    );
    report.add("decisions on both instances, 32 callers each", rate, &tracks.spread, None);
    report.add(
        "ask, wait on A, decide on B, 64 callers",
        rate,
        &tracks.cycles,
        Some(Goal::RatioAtLeast(0.45)),
    );
    report.add("… of which had to be woken", Unit::Percent, &tracks.slept, None);
    Ok(())
}

struct Round {
    creates: Point,
    decisions: Point,
    spread: Point,
    cycles: Point,
    slept: Point,
}

async fn round(cluster: &Cluster, count: usize) -> anyhow::Result<Round> {
    let begun = Instant::now();
    let ids = ask(cluster.b.http, &cluster.agent, count).await?;
    let creates = Point::rate(count, begun.elapsed());
    let decisions = decide(cluster, &[&cluster.b], ids).await?;
    let ids = ask(cluster.b.http, &cluster.agent, count).await?;
    let spread = decide(cluster, &[&cluster.a, &cluster.b], ids).await?;
    let (cycles, slept) = cycles(cluster, count / 2).await?;
    Ok(Round { creates, decisions, spread, cycles, slept })
}

pub async fn decide(cluster: &Cluster, instances: &[&Instance], ids: Vec<String>) -> anyhow::Result<Point> {
    let count = ids.len();
    let begun = Instant::now();
    in_lanes(ids, LANES, async |lane, share| {
        let mut connection = Connection::open(instances[lane % instances.len()].http).await?;
        for id in share {
            check_resolved(&connection.call(&cluster.approver.approve(&id)).await?.expect(200)?)?;
        }
        Ok(())
    })
    .await?;
    Ok(Point::rate(count, begun.elapsed()))
}

/// Each caller asks, waits, and has it decided, over and over. The decision is sent right behind the call that
/// waits; how many of those were asleep by then, the instance's counter tells.
async fn cycles(cluster: &Cluster, count: usize) -> anyhow::Result<(Point, Point)> {
    const WOKEN: &str = "signoff_wakeups_total{source=\"redis\"}";
    let before = cluster.a.count(WOKEN).await?;
    let begun = Instant::now();
    in_lanes(vec![(); count], LANES, async |lane, share| {
        let request = cluster.agent.ask(&format!("run-{lane}"));
        let mut agent = Connection::open(cluster.a.http).await?;
        let mut decider = Connection::open(cluster.b.http).await?;
        for () in share {
            let id = created(&agent.call(&request).await?.expect(201)?)?;
            let mut waiter = Waiter::on(agent, &cluster.agent, id).await?;
            let request = cluster.approver.approve(&waiter.id);
            let deciding = async { decider.call(&request).await?.expect(200) };
            tokio::try_join!(deciding, waiter.outcome())?;
            agent = waiter.into_connection();
        }
        Ok(())
    })
    .await?;
    let took = begun.elapsed();
    let woken = cluster.a.count(WOKEN).await? - before;
    #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
    let share = woken as f64 / count as f64 * 100.0;
    Ok((Point::rate(count, took), Point::single(share, count)))
}
