//! How soon messages are handed over. And what a relay that stands still and an endpoint that never answers cost, with much
//! waiting behind both: a decision, and the messages of others.

use std::{
    collections::HashMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::Context;
use sqlx::{Connection as _, PgConnection};
use tokio::{
    net::TcpListener,
    sync::mpsc::{self, UnboundedReceiver},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    Extent,
    client::Connection,
    cluster::{Cluster, administrator},
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
/// Deliveries that wait behind an endpoint that never answers.
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
        ("SIGNOFF_SECRETS_KEY", "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=".to_owned()),
        ("SIGNOFF_WEBHOOKS_ALLOWED_NETWORKS", "127.0.0.0/8".to_owned()),
        ("SIGNOFF_WEBHOOKS_ALLOW_HTTP", "true".to_owned()),
    ];
    // Instances of one service have the same channels.
    let cluster = Cluster::with(&flags).await?;
    let measured = async {
        hire(&cluster).await?;
        handed_over(&cluster, &mut taken, extent, report).await?;
        held_up(&cluster, &relay, &mut taken, extent, report).await
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
    let mut tracks = vec![(Track::default(), Track::default()); WAYS.len()];
    for _ in 0..extent.rounds {
        let samples = deliveries(cluster, taken, &WAYS, extent.pick(20, 8)).await?;
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

/// How long each message of these ways took, over so many seconds of requests.
async fn deliveries(
    cluster: &Cluster,
    taken: &mut UnboundedReceiver<Taken>,
    ways: &[(Way, &str)],
    seconds: u64,
) -> anyhow::Result<Vec<Samples>> {
    let mut connections = [Connection::open(cluster.a.http).await?, Connection::open(cluster.b.http).await?];
    let mut asked: HashMap<String, Instant> = HashMap::new();
    let mut tick = interval(Duration::from_millis(1_000 / RATE));
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for turn in 0..seconds * RATE {
        tick.tick().await;
        let policy = format!(r#"{{"allowed_approvers":["p{}"]}}"#, turn % PEOPLE);
        let request = cluster.agent.ask_with("told", &policy);
        let body = connections[usize::try_from(turn % 2)?].call(&request).await?.expect(201)?;
        asked.insert(created(&body)?.replace('-', ""), Instant::now());
    }
    let mut samples = vec![Samples::default(); ways.len()];
    let mut missing = asked.len() * ways.len();
    while missing > 0 {
        let told = timeout(Duration::from_secs(20), taken.recv()).await;
        let told = told.with_context(|| {
            let counts = ways.iter().zip(&samples).map(|((_, what), it)| format!("{what}: {}", it.len()));
            format!("messages are missing; there are {}", counts.collect::<Vec<_>>().join(", "))
        })?;
        let told = told.context("the other side has ended")?;
        let Some(since) = asked.get(&told.approval) else { continue };
        let Some(way) = ways.iter().position(|(way, _)| *way == told.way) else { continue };
        samples[way].push(told.at.saturating_duration_since(*since));
        missing -= 1;
    }
    Ok(samples)
}

/// Decisions, cards and events while the relay stands still, an endpoint never answers and much waits for both, beside
/// those before.
async fn held_up(
    cluster: &Cluster,
    relay: &Relay,
    taken: &mut UnboundedReceiver<Taken>,
    extent: Extent,
    report: &mut Report,
) -> anyhow::Result<()> {
    // Mails don't arrive meanwhile.
    let others = &WAYS[1..];
    let seconds = extent.pick(20, 8);
    let mut floors = Vec::new();
    for _ in 0..extent.rounds {
        let decided = decisions(cluster, extent).await?;
        floors.push((decided, deliveries(cluster, taken, others, seconds).await?));
    }
    relay.stand_still(true);
    let silent = Silent::start().await?;
    let endpoint = endpoint(cluster, silent.address).await?;
    let told = Connection::open(cluster.a.http)
        .await?
        .call(&cluster.agent.ask_with("told", r#"{"allowed_approvers":["p0"]}"#))
        .await?;
    let approval = created(&told.expect(201)?)?;
    let before = resident_kib(cluster.a.pid())?;
    let mails = extent.pick(1_000_000, 100_000);
    wait_behind(cluster, &approval, ("email", "waits"), mails).await?;
    wait_behind(cluster, &approval, ("webhook", &endpoint), BEHIND).await?;
    let mut decided = Track::default();
    let mut delivered = vec![Track::default(); others.len()];
    for (floor, before) in floors {
        decided.push_beside(decisions(cluster, extent).await?, floor);
        let now = deliveries(cluster, taken, others, seconds).await?;
        for ((track, now), before) in delivered.iter_mut().zip(now).zip(before) {
            track.push_beside(now.point(), before.point());
        }
    }
    let what = "decide, p99, behind a relay that stands still and a dead endpoint, beside before";
    report.add(what, Unit::Milliseconds, &decided, Some(Goal::RatioAtMost(1.1)));
    for (what, track) in
        ["… cards meanwhile", "… events for other endpoints meanwhile"].iter().zip(&delivered)
    {
        report.add(what, Unit::Milliseconds, track, Some(Goal::RatioAtMost(1.2)));
    }
    let mut memory = Track::default();
    let grown = resident_kib(cluster.a.pid())? - before;
    memory.push(Point::single(grown, usize::try_from(mails + BEHIND)?));
    report.add("… memory that an instance takes for all that waits", Unit::KibiBytes, &memory, None);
    relay.stand_still(false);
    Ok(())
}

/// Takes connections, and never answers.
struct Silent {
    address: SocketAddr,
}

impl Silent {
    #[expect(clippy::disallowed_methods, reason = "no instance's task: the benchmark's own")]
    async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move {
            let mut clients = Vec::new();
            while let Ok((client, _)) = listener.accept().await {
                clients.push(client);
            }
        });
        Ok(Self { address })
    }
}

/// An endpoint at that address; its id.
async fn endpoint(cluster: &Cluster, address: SocketAddr) -> anyhow::Result<String> {
    let admin = administrator(&cluster.database_url).await?;
    let made =
        Connection::open(cluster.a.http).await?.call(&admin.endpoint(&format!("http://{address}/"))).await?;
    created(&made.expect(201)?)
}

/// So many messages about one approval in a lane. Each is of another version, since none may be there twice.
async fn wait_behind(
    cluster: &Cluster,
    approval: &str,
    (channel, destination): (&str, &str),
    count: i32,
) -> anyhow::Result<()> {
    let mut conn = PgConnection::connect(&cluster.database_url).await?;
    sqlx::query(
        "WITH lane AS (
             INSERT INTO notification_lanes AS l (workspace_id, channel, destination, due_at, wakes)
             SELECT a.workspace_id, $3, $4, clock_timestamp(), 1 FROM approval_requests a WHERE a.id = $1::uuid
             ON CONFLICT (workspace_id, channel, destination) DO UPDATE SET wakes = l.wakes + 1
             RETURNING id, workspace_id
         )
         INSERT INTO approval_notifications (id, workspace_id, approval_id, cause, version, channel, recipient, lane_id,
                due_at, give_up_at, body)
         SELECT gen_random_uuid(), lane.workspace_id, $1::uuid, 'requested', 1000 + n, $3,
                CASE WHEN $3 = 'webhook' THEN $4 ELSE 'w' || n || '@example.com' END, lane.id,
                clock_timestamp(), clock_timestamp() + interval '1 day', CASE WHEN $3 = 'webhook' THEN '{}' END
           FROM lane, generate_series(1, $2) n",
    )
    .bind(approval)
    .bind(count)
    .bind(channel)
    .bind(destination)
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
