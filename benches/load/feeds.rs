//! What screens cost: an open feed, many that are told of many changes, the time from a decision to a screen on the other
//! instance, and the list that a screen begins with.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::{
    Extent,
    client::{Caller, Connection},
    cluster::{Cluster, caller},
    figures::{Goal, Point, Report, Samples, Track, Unit},
    load::ask,
    process::{processor_seconds, resident_kib},
    socket::Socket,
};

/// Open feeds of which the memory is measured.
const OPEN: usize = 2_000;
/// Those that are told of changes, by people of their own, and how many changes a second.
const FOLLOWING: usize = 500;
const CHANGES: u64 = 100;
/// Approvals among which a screen's list is found.
const PENDING: usize = 10_000;
const SUBSCRIBE: &str = r#"{"type":"subscribe","topics":["approvals"]}"#;

pub async fn measure(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    seen(cluster, extent, report).await?;
    memory(cluster, report).await?;
    told(cluster, extent, report).await?;
    list(cluster, extent, report).await
}

async fn open(cluster: &Cluster, address: std::net::SocketAddr, count: usize) -> anyhow::Result<Vec<Socket>> {
    let callers: Vec<Caller> = people(cluster, count).await?;
    let opening = callers.iter().map(async |person| {
        let mut feed = Socket::open_feed(address, person).await?;
        feed.say(SUBSCRIBE).await?;
        feed.next().await?;
        anyhow::Ok(feed)
    });
    try_join_all(opening).await
}

async fn people(cluster: &Cluster, count: usize) -> anyhow::Result<Vec<Caller>> {
    let mut people = Vec::with_capacity(count);
    for number in 0..count {
        people.push(caller(&cluster.database_url, &format!("screen-{number}")).await?);
    }
    Ok(people)
}

/// From sending a decision on one instance to a screen's being told on the other.
async fn seen(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let mut screen = Socket::open_feed(cluster.a.http, &cluster.agent).await?;
    screen.say(SUBSCRIBE).await?;
    screen.next().await?;
    let mut track = Track::default();
    for _ in 0..extent.rounds {
        let ids = ask(cluster.b.http, &cluster.agent, extent.pick(50, 20)).await?;
        let mut connection = Connection::open(cluster.b.http).await?;
        let mut samples = Samples::default();
        for id in ids {
            // Longer than a screen is left alone after it was told something.
            sleep(Duration::from_millis(200)).await;
            let begun = Instant::now();
            connection.call(&cluster.approver.approve(&id)).await?.expect(200)?;
            let is_it = |text: &str| text.contains(&id) && text.contains("\"resolved\"");
            while !is_it(std::str::from_utf8(&screen.next().await?)?) {}
            samples.push(begun.elapsed());
        }
        track.push(samples.point());
    }
    let goal = Some(Goal::AtMost(300.0));
    report.add("from a decision to a screen of the other instance", Unit::Milliseconds, &track, goal);
    Ok(())
}

async fn memory(cluster: &Cluster, report: &mut Report) -> anyhow::Result<()> {
    // An instance that has done nothing else, so that no memory freed earlier serves.
    let instance = cluster.another("f", None).await?;
    drop(open(cluster, instance.http, 200).await?);
    sleep(Duration::from_secs(2)).await;
    let before = resident_kib(instance.pid())?;
    let feeds = open(cluster, instance.http, OPEN).await?;
    sleep(Duration::from_secs(2)).await;
    let during = resident_kib(instance.pid())?;
    ensure!(instance.count("signoff_feeds").await? == OPEN, "feeds were lost");
    drop(feeds);
    #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
    let each = (during - before) / OPEN as f64;
    let mut track = Track::default();
    track.push(Point::single(each, OPEN));
    report.add("memory of an open feed", Unit::KibiBytes, &track, Some(Goal::AtMost(10.0)));
    Ok(())
}

/// What it costs an instance to tell five hundred people of a hundred changes a second.
async fn told(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let instance = cluster.another("g", None).await?;
    let mut feeds = open(cluster, instance.http, FOLLOWING).await?;
    sleep(Duration::from_secs(1)).await;
    let seconds = extent.pick(20, 8);
    let mut connection = Connection::open(cluster.b.http).await?;
    let request = cluster.agent.ask("followed");
    let before = (processor_seconds(instance.pid())?, instance.count("signoff_feed_messages_total").await?);
    let begun = Instant::now();
    let changing = async {
        let mut tick = interval(Duration::from_millis(1_000 / CHANGES));
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for _ in 0..seconds * CHANGES {
            tick.tick().await;
            connection.call(&request).await?.expect(201)?;
        }
        anyhow::Ok(begun.elapsed())
    };
    let reading = try_join_all(feeds.iter_mut().map(Socket::live));
    let took = tokio::select! {
        took = changing => took?,
        ended = reading => anyhow::bail!("a feed ended: {ended:?}"),
    };
    let after = (processor_seconds(instance.pid())?, instance.count("signoff_feed_messages_total").await?);
    let mut add = |what: &str, unit, value: f64, goal| {
        let mut track = Track::default();
        track.push(Point::single(value, FOLLOWING));
        report.add(what, unit, &track, goal);
    };
    let goal = Some(Goal::AtMost(20.0));
    let busy = (after.0 - before.0) / took.as_secs_f64() * 100.0;
    add("processor, 100 changes/s told to 500 people", Unit::PercentOfACore, busy, goal);
    #[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
    let rate = (after.1 - before.1) as f64 / took.as_secs_f64();
    add("… messages", Unit::PerSecond, rate, None);
    // So that none is still on its way when the next part begins.
    drop(feeds);
    timeout(Duration::from_secs(20), async {
        while instance.count("signoff_feeds").await? > 0 {
            sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(())
    })
    .await
    .context("feeds stay")?
}

/// The first page of a screen, and its counts.
async fn list(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    ask(cluster.b.http, &cluster.agent, PENDING).await?;
    let mut connection = Connection::open(cluster.a.http).await?;
    for (what, path, goal) in [
        ("200 summaries of 10,000 pending, p99", "pending?view=summary&limit=200", Some(Goal::AtMost(30.0))),
        ("counts of 10,000 pending, p99", "counts", None),
        ("facets of 10,000 pending, p99", "facets", None),
    ] {
        let request = cluster.approver.get(&format!("/api/v1/approvals/{path}"));
        let mut track = Track::default();
        for _ in 0..extent.rounds {
            let mut samples = Samples::default();
            for _ in 0..extent.pick(100, 50) {
                let begun = Instant::now();
                connection.call(&request).await?.expect(200)?;
                samples.push(begun.elapsed());
            }
            let point = samples.point();
            track.push(Point::single(point.p99.unwrap_or(f64::NAN), point.n));
        }
        report.add(what, Unit::Milliseconds, &track, goal);
    }
    Ok(())
}
