//! What policies cost: judging the largest there may be, the last vote of a tree beside that of a quorum, who may
//! agree where a group is large, and the list of one's own among many.

use std::{collections::BTreeSet, time::Instant};

use anyhow::Context;
use signoff::domain::{
    decision::{Verdict, Vote},
    ids::PrincipalId,
    names::PrincipalName,
    policy::{
        Actor, Asked, Form, Policy, Selector, Selectors,
        tree::{Leaf, Node},
    },
};
use sqlx::{Connection as _, PgConnection};

use super::{
    Extent,
    client::{Caller, Connection},
    cluster::{Cluster, caller},
    figures::{Goal, Point, Report, Samples, Track, Unit},
    load::{LANES, check_resolved, created, in_lanes},
};

/// Eight leaves, of which three votes satisfy enough.
const TREE: &str = r#"{"all_of":[{"groups":["one"]},{"groups":["two"]},{"any_of":[{"groups":["three"]},{"groups":["four"]},
    {"k_of":[{"groups":["five"]},{"groups":["six"]},{"groups":["seven"]},{"groups":["eight"]}],"k":2}]}]}"#;
/// As many votes, by anyone.
const QUORUM: &str = r#"{"min_approvers":3}"#;
/// Members of the large group, and approvals of which one is the caller's.
const MEMBERS: i32 = 1_000;
const PENDING: usize = 10_000;

pub async fn measure(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    let mut conn = PgConnection::connect(&cluster.database_url).await?;
    let mut voters = Vec::new();
    for (name, group) in [("voter-1", "one"), ("voter-2", "two"), ("voter-3", "three")] {
        voters.push(caller(&cluster.database_url, name).await?);
        let belong = "UPDATE principals SET groups = ARRAY[$2] WHERE name = $1";
        sqlx::query(belong).bind(name).bind(group).execute(&mut conn).await?;
    }
    let [mut simple, mut tree, mut judged] = [Track::default(), Track::default(), Track::default()];
    let count = LANES * extent.pick(60, 30);
    for _ in 0..extent.rounds {
        let quorum = last_votes(cluster, &voters, QUORUM, count).await?;
        simple.push(quorum);
        tree.push_beside(last_votes(cluster, &voters, TREE, count).await?, quorum);
        judged.push(judge(extent.pick(2_000, 500))?);
    }
    report.add("third votes of a quorum of three, 64 callers", Unit::PerSecond, &simple, None);
    let goal = Some(Goal::RatioAtLeast(0.9));
    report.add("third votes of a tree of 8 leaves, beside that", Unit::PerSecond, &tree, goal);
    report.add(
        "judging 128 ways, 16 leaves and 64 votes",
        Unit::Microseconds,
        &judged,
        Some(Goal::AtMost(1_000.0)),
    );
    eligible(cluster, &mut conn, extent, report).await?;
    mine(cluster, extent, report).await
}

/// How many last votes a second, with the votes before them given already.
async fn last_votes(
    cluster: &Cluster,
    voters: &[Caller],
    policy: &str,
    count: usize,
) -> anyhow::Result<Point> {
    let (last, before) = voters.split_last().context("a voter is needed")?;
    let ids = ask(cluster, policy, count).await?;
    for voter in before {
        in_lanes(ids.clone(), LANES, async |_, share| {
            let mut connection = Connection::open(cluster.b.http).await?;
            for id in share {
                connection.call(&voter.approve(&id)).await?.expect(200)?;
            }
            Ok(())
        })
        .await?;
    }
    let begun = Instant::now();
    in_lanes(ids, LANES, async |_, share| {
        let mut connection = Connection::open(cluster.b.http).await?;
        for id in share {
            check_resolved(&connection.call(&last.approve(&id)).await?.expect(200)?)?;
        }
        Ok(())
    })
    .await?;
    Ok(Point::rate(count, begun.elapsed()))
}

async fn ask(cluster: &Cluster, policy: &str, count: usize) -> anyhow::Result<Vec<String>> {
    let ids = in_lanes(vec![(); count], LANES, async |lane, share| {
        let request = cluster.agent.ask_with(&format!("run-{lane}"), policy);
        let mut connection = Connection::open(cluster.b.http).await?;
        let mut ids = Vec::with_capacity(share.len());
        for () in share {
            ids.push(created(&connection.call(&request).await?.expect(201)?)?);
        }
        Ok(ids)
    })
    .await?;
    Ok(ids.concat())
}

/// Microseconds to judge the largest policy there may be, with votes that fit several of its leaves.
fn judge(times: u32) -> anyhow::Result<Point> {
    let name = |text: String| PrincipalName::new(&text).context("a name");
    let group = |number: usize| name(format!("group-{number}"));
    let leaf = |number: usize| {
        let who = Selectors { groups: Some(BTreeSet::from([group(number)?])), ..Selectors::default() };
        anyhow::Ok(Node::Leaf(Leaf { count: 12, who, label: None }))
    };
    // Seven pairs, of which one each: 128 ways. Two more leaves that all of them need.
    let mut nodes = vec![leaf(14)?, leaf(15)?];
    for pair in 0..7 {
        nodes.push(Node::Any(vec![leaf(2 * pair)?, leaf(2 * pair + 1)?]));
    }
    let policy = Policy { form: Form::Tree(Node::All(nodes)), ..Policy::default() };
    let mut votes = Vec::new();
    for number in 0..64 {
        let groups = [number % 16, (number * 7 + 3) % 16, (number * 5 + 1) % 16];
        let counted_as = groups.into_iter().map(|it| Ok(Selector::Group(group(it)?)));
        votes.push(Vote {
            by: Actor { id: PrincipalId(uuid::Uuid::new_v4()), name: name(format!("voter-{number}"))? },
            seat: None,
            level: 0,
            verdict: Verdict::Approved,
            modifications: None,
            counts: true,
            counted_as: counted_as.collect::<anyhow::Result<_>>()?,
        });
    }
    let requester = Actor { id: PrincipalId(uuid::Uuid::new_v4()), name: name("agent".to_owned())? };
    let asked = Asked { by: &requester, on_behalf_of: None };
    let begun = Instant::now();
    for _ in 0..times {
        std::hint::black_box(policy.tally(std::hint::black_box(&votes), &asked));
    }
    Ok(Point::single(begun.elapsed().as_secs_f64() * 1e6 / f64::from(times), times as usize))
}

/// Who may agree, where a group of a thousand may.
async fn eligible(
    cluster: &Cluster,
    conn: &mut PgConnection,
    extent: Extent,
    report: &mut Report,
) -> anyhow::Result<()> {
    let crowd = "INSERT INTO principals (id, workspace_id, name, kind, roles, groups)
        SELECT gen_random_uuid(), p.workspace_id, 'member-' || n, 'person', '{approver}', '{crowd}'
          FROM principals p, generate_series(1, $1) AS n WHERE p.name = 'voter-1'";
    sqlx::query(crowd).bind(MEMBERS).execute(conn).await?;
    let id = ask(cluster, r#"{"groups":["crowd"],"count":3}"#, 1).await?.concat();
    let mut connection = Connection::open(cluster.a.http).await?;
    let request = cluster.approver.get(&format!("/api/v1/approvals/{id}/eligible"));
    let [mut track, mut tail] = [Track::default(), Track::default()];
    for _ in 0..extent.rounds {
        let mut samples = Samples::default();
        for _ in 0..extent.pick(200, 100) {
            let begun = Instant::now();
            connection.call(&request).await?.expect(200)?;
            samples.push(begun.elapsed());
        }
        let point = samples.point();
        track.push(point);
        tail.push(Point::single(point.p99.unwrap_or(f64::NAN), point.n));
    }
    report.add("who may agree, of a group of 1,000", Unit::Milliseconds, &track, None);
    report.add("the same, p99", Unit::Milliseconds, &tail, Some(Goal::AtMost(50.0)));
    Ok(())
}

/// The list of what one may decide, where that is one of ten thousand.
async fn mine(cluster: &Cluster, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    ask(cluster, r#"{"people":["member-1"]}"#, PENDING / 2).await?;
    ask(cluster, r#"{"people":["voter-2"]}"#, 1).await?;
    ask(cluster, r#"{"people":["member-2"]}"#, PENDING / 2).await?;
    let me = caller(&cluster.database_url, "voter-2").await?;
    let mut connection = Connection::open(cluster.a.http).await?;
    let request = me.get("/api/v1/approvals/pending?approver=me");
    let mut track = Track::default();
    for _ in 0..extent.rounds {
        let mut samples = Samples::default();
        for _ in 0..extent.pick(50, 20) {
            let begun = Instant::now();
            connection.call(&request).await?.expect(200)?;
            samples.push(begun.elapsed());
        }
        track.push(samples.point());
    }
    let goal = Some(Goal::AtMost(100.0));
    report.add("the one of 10,000 pending that is mine", Unit::Milliseconds, &track, goal);
    Ok(())
}
