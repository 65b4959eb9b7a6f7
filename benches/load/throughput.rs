//! Creates, decisions and whole cycles a second, with 64 callers, beside Postgres' own best.

use std::time::Instant;

use super::{
    Extent,
    client::Connection,
    cluster::Cluster,
    equal_work::EqualWork,
    figures::{Goal, Point, Report, Track, Unit},
    floor,
    load::{LANES, Waiter, ask, check_resolved, created, in_lanes},
    pgbench::Script,
    process::Instance,
};

/// Goals for rates, as shares of a floor's.
const DECISIONS: f64 = 1.0;
const OF_EQUAL_WORK: f64 = 1.6;
const ON_BOTH: f64 = 0.85;
const CREATES: f64 = 0.55;
const CYCLES: f64 = 0.3;

#[derive(Default)]
struct Tracks {
    keyed: Track,
    update: [Track; 2],
    insert: [Track; 2],
    equal: [Track; 2],
    creates: Track,
    decisions: Track,
    of_equal_work: Track,
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
    let mut equal = EqualWork::start(&cluster.servers, pgbench).await?;
    let seconds = extent.phase();
    let short = extent.pick(3, 2);
    let mut tracks = Tracks::default();
    // Connections, caches, plans; and how much a phase has to do.
    let mut paces = Paces { creates: LANES * 10, decisions: LANES * 10, cycles: LANES * 10 };
    paces = round(cluster, paces).await?.paces(seconds);
    paces = round(cluster, paces).await?.paces(seconds);
    for number in 1..=extent.rounds {
        eprintln!("throughput: round {number} of {}", extent.rounds);
        let bare_update = update.best(seconds)?;
        let bare_insert = insert.best(seconds)?;
        let equal_work = equal.best(seconds).await?;
        tracks.keyed.push(keyed.best(short)?);
        tracks.update[0].push(update.alone(short)?);
        tracks.insert[0].push(insert.alone(short)?);
        tracks.equal[0].push(equal.alone(short).await?);
        let ours = round(cluster, paces).await?;
        tracks.update[1].push(bare_update);
        tracks.insert[1].push(bare_insert);
        tracks.equal[1].push(equal_work);
        tracks.creates.push_beside(ours.creates, bare_insert);
        tracks.decisions.push_beside(ours.decisions, bare_update);
        tracks.of_equal_work.push_beside(ours.decisions, equal_work);
        tracks.spread.push_beside(ours.spread, bare_update);
        tracks.cycles.push_beside(ours.cycles, bare_update);
        tracks.slept.push(ours.slept);
        paces = ours.paces(seconds);
    }
    equal.stop().await?;
    let rate = Unit::PerSecond;
    let at_least = |share| Some(Goal::RatioAtLeast(share));
    report.add("floor: bare UPDATE, pgbench, 1 client", rate, &tracks.update[0], None);
    report.add("floor: bare UPDATE, pgbench, best of 8–64", rate, &tracks.update[1], None);
    report.add("the same where there is no index but the key", rate, &tracks.keyed, None);
    report.add("floor: what a decision writes, pgbench, 1 client", rate, &tracks.equal[0], None);
    report.add("floor: what a decision writes, pgbench, best of 8–64", rate, &tracks.equal[1], None);
    report.add("floor: bare INSERT of 1 KB, pgbench, 1 client", rate, &tracks.insert[0], None);
    report.add("floor: bare INSERT of 1 KB, pgbench, best of 8–64", rate, &tracks.insert[1], None);
    report.add("creates on one instance, 64 callers", rate, &tracks.creates, at_least(CREATES));
    report.add("decisions on one instance, 64 callers", rate, &tracks.decisions, at_least(DECISIONS));
    report.add("… beside equal work", rate, &tracks.of_equal_work, at_least(OF_EQUAL_WORK));
    report.add("decisions on both instances, 32 callers each", rate, &tracks.spread, at_least(ON_BOTH));
    report.add("ask, wait on A, decide on B, 64 callers", rate, &tracks.cycles, at_least(CYCLES));
    report.add("… of which had to be woken", Unit::Percent, &tracks.slept, None);
    Ok(())
}

/// How many a phase does.
#[derive(Clone, Copy)]
struct Paces {
    creates: usize,
    decisions: usize,
    cycles: usize,
}

struct Round {
    creates: Point,
    decisions: Point,
    spread: Point,
    cycles: Point,
    slept: Point,
}

impl Round {
    /// As many as take so long at these rates. What is created is decided, so there are as many of both.
    fn paces(&self, seconds: u32) -> Paces {
        let count = |rate: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it counts something"
            )]
            let count = (rate * f64::from(seconds)) as usize;
            count.next_multiple_of(LANES)
        };
        Paces {
            creates: count(self.creates.value),
            decisions: count(self.decisions.value.max(self.spread.value)),
            cycles: count(self.cycles.value),
        }
    }
}

async fn round(cluster: &Cluster, paces: Paces) -> anyhow::Result<Round> {
    let count = paces.creates.max(paces.decisions);
    let begun = Instant::now();
    let ids = ask(cluster.b.http, &cluster.agent, count).await?;
    let creates = Point::rate(count, begun.elapsed());
    let decisions = decide(cluster, &[&cluster.b], ids).await?;
    let ids = ask(cluster.b.http, &cluster.agent, count).await?;
    let spread = decide(cluster, &[&cluster.a, &cluster.b], ids).await?;
    let (cycles, slept) = cycles(cluster, paces.cycles).await?;
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
