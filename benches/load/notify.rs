//! How soon messages are handed over, and what a relay that stands still costs a decision.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::Context;
use sqlx::{Connection as _, PgConnection};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    Extent,
    client::Connection,
    cluster::Cluster,
    figures::{Goal, Point, Report, Samples, Track, Unit},
    load::{ask, created},
    process::resident_kib,
    relay::Relay,
    sink::{self, Taken, Way},
};

/// Requests a second, each with a mail, a card and a webhook.
const RATE: u64 = 100;
/// People who are asked in turn: none gets so many that they go as one message.
const PEOPLE: u64 = 500;
/// Mails that wait behind a relay that stands still.
const BEHIND: i32 = 100_000;

pub async fn measure(extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let (telling, mut taken) = mpsc::unbounded_channel();
    let relay = Relay::start(telling.clone()).await?;
    let sink = sink::start(telling).await?;
    let flags = [
        ("SIGNOFF_SLACK_BOT_TOKEN", "xoxb-bench".to_owned()),
        ("SIGNOFF_SLACK_SIGNING_SECRET", "bench".to_owned()),
        ("SIGNOFF_SLACK_API_URL", format!("http://{sink}/api/")),
        ("SIGNOFF_WEBHOOKS_URL", format!("http://{sink}/hook")),
        ("SIGNOFF_WEBHOOKS_SECRET", "bench".to_owned()),
        ("SIGNOFF_HTTP_PUBLIC_URL", "https://signoff.example".to_owned()),
        ("SIGNOFF_SMTP_HOST", "127.0.0.1".to_owned()),
        ("SIGNOFF_SMTP_PORT", relay.address.port().to_string()),
        ("SIGNOFF_SMTP_SECURITY", "none".to_owned()),
        ("SIGNOFF_SMTP_FROM", "signoff@example.com".to_owned()),
    ];
    // Instances of one service have the same channels.
    let cluster = Cluster::with(&flags).await?;
    let measured = async {
        hire(&cluster).await?;
        handed_over(&cluster, &mut taken, extent, report).await?;
        held_up(&cluster, &relay, extent, report).await
    }
    .await;
    cluster.stop().await?;
    measured
}

/// People who may decide, have an address and an account in Slack.
async fn hire(cluster: &Cluster) -> anyhow::Result<()> {
    let mut conn = PgConnection::connect(&cluster.database_url).await?;
    sqlx::query(
        "INSERT INTO principals (id, workspace_id, name, kind, email, roles)
         SELECT gen_random_uuid(), w.id, 'p' || n, 'person', 'p' || n || '@example.com', '{approver}'
           FROM workspaces w, generate_series(0, $1 - 1) n",
    )
    .bind(i32::try_from(PEOPLE)?)
    .execute(&mut conn)
    .await?;
    sqlx::query(
        "INSERT INTO slack_users (workspace_id, team, slack_user, principal_id, bound_by)
         SELECT workspace_id, 'T0', 'U' || upper(name), id, 'administrator' FROM principals WHERE name ~ '^p[0-9]+$'",
    )
    .execute(&mut conn)
    .await?;
    Ok(conn.close().await?)
}

const WAYS: [(Way, &str); 3] = [
    (Way::Mail, "from a commit to the relay, 100 mails/s"),
    (Way::Card, "from a commit to Slack, 100 cards/s beside them"),
    (Way::Webhook, "from a commit to an endpoint, 100 events/s beside them"),
];

/// From the answer to a create, which is sent as soon as it is committed, to the other side's having it.
async fn handed_over(
    cluster: &Cluster,
    taken: &mut UnboundedReceiver<Taken>,
    extent: Extent,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut tracks: [(Track, Track); 3] = Default::default();
    let mut connections = [Connection::open(cluster.a.http).await?, Connection::open(cluster.b.http).await?];
    let mut person = 0;
    for _ in 0..extent.rounds {
        let mut asked: HashMap<String, Instant> = HashMap::new();
        let mut tick = interval(Duration::from_millis(1_000 / RATE));
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for _ in 0..extent.pick(20, 8) * RATE {
            tick.tick().await;
            person = (person + 1) % PEOPLE;
            let policy = format!(r#"{{"allowed_approvers":["p{person}"]}}"#);
            let at = usize::try_from(person % 2)?;
            let request = cluster.agent.ask_with("told", &policy);
            let body = connections[at].call(&request).await?.expect(201)?;
            asked.insert(created(&body)?.replace('-', ""), Instant::now());
        }
        let mut samples: [Samples; 3] = Default::default();
        let mut missing = asked.len() * WAYS.len();
        while missing > 0 {
            let told = timeout(Duration::from_secs(20), taken.recv()).await;
            let told = told.with_context(|| {
                let counts = WAYS.iter().zip(&samples).map(|((_, what), it)| format!("{what}: {}", it.len()));
                format!("messages are missing; there are {}", counts.collect::<Vec<_>>().join(", "))
            })?;
            let told = told.context("the other side has ended")?;
            let Some(since) = asked.get(&told.approval) else { continue };
            let way = WAYS.iter().position(|(way, _)| *way == told.way).context("no such way")?;
            samples[way].push(told.at.saturating_duration_since(*since));
            missing -= 1;
        }
        for ((median, tail), samples) in tracks.iter_mut().zip(samples) {
            let point = samples.point();
            tail.push(Point::single(point.p99.unwrap_or(f64::NAN), point.n));
            median.push(point);
        }
    }
    for ((_, what), (median, tail)) in WAYS.iter().zip(&tracks) {
        report.add(what, Unit::Milliseconds, median, Some(Goal::AtMost(50.0)));
        report.add("… p99", Unit::Milliseconds, tail, Some(Goal::AtMost(1_000.0)));
    }
    Ok(())
}

/// Decisions while the relay stands still and a hundred thousand mails wait for it, beside those before.
async fn held_up(
    cluster: &Cluster,
    relay: &Relay,
    extent: Extent,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut floors = Vec::new();
    for _ in 0..extent.rounds {
        floors.push(decisions(cluster, extent).await?);
    }
    relay.stand_still(true);
    let before = resident_kib(cluster.a.pid())?;
    let told = Connection::open(cluster.a.http)
        .await?
        .call(&cluster.agent.ask_with("told", r#"{"allowed_approvers":["p0"]}"#))
        .await?;
    wait_behind(cluster, &created(&told.expect(201)?)?).await?;
    let mut track = Track::default();
    for floor in floors {
        track.push_beside(decisions(cluster, extent).await?, floor);
    }
    let what = "decide, p99, behind a relay that stands still";
    report.add(what, Unit::Milliseconds, &track, Some(Goal::RatioAtMost(1.1)));
    let mut memory = Track::default();
    let grown = resident_kib(cluster.a.pid())? - before;
    memory.push(Point::single(grown, usize::try_from(BEHIND)?));
    report.add("… memory that 100,000 mails take which wait", Unit::KibiBytes, &memory, None);
    relay.stand_still(false);
    Ok(())
}

/// So many mails about one approval, to as many people.
async fn wait_behind(cluster: &Cluster, approval: &str) -> anyhow::Result<()> {
    let mut conn = PgConnection::connect(&cluster.database_url).await?;
    sqlx::query(
        "WITH lane AS (
             INSERT INTO notification_lanes AS l (workspace_id, channel, destination, due_at, wakes)
             SELECT a.workspace_id, 'email', 'waits', clock_timestamp(), 1
               FROM approval_requests a WHERE a.id = $1::uuid
             ON CONFLICT (workspace_id, channel, destination) DO UPDATE SET wakes = l.wakes + 1
             RETURNING id, workspace_id
         )
         INSERT INTO approval_notifications (id, workspace_id, approval_id, cause, channel, recipient, lane_id, due_at,
                give_up_at)
         SELECT gen_random_uuid(), lane.workspace_id, $1::uuid, 'requested', 'email', 'w' || n || '@example.com', lane.id,
                clock_timestamp(), clock_timestamp() + interval '1 day'
           FROM lane, generate_series(1, $2) n",
    )
    .bind(approval)
    .bind(BEHIND)
    .execute(&mut conn)
    .await?;
    Ok(conn.close().await?)
}

/// The 99th percentile of decisions, one after the other.
async fn decisions(cluster: &Cluster, extent: Extent) -> anyhow::Result<Point> {
    let ids = ask(cluster.a.http, &cluster.agent, extent.pick(1_000, 400)).await?;
    let mut connection = Connection::open(cluster.a.http).await?;
    let mut samples = Samples::default();
    for id in ids {
        let begun = Instant::now();
        connection.call(&cluster.approver.approve(&id)).await?.expect(200)?;
        samples.push(begun.elapsed());
    }
    let point = samples.point();
    Ok(Point::single(point.p99.unwrap_or(f64::NAN), point.n))
}
