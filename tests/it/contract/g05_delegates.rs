//! G5, G2, G3 with seats: there is one answer for each person, whichever way they come. One seat has one vote. A seat
//! closes at its moment.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use signoff::{
    domain::{
        decision::{Ballot, Verdict},
        ids::{ApprovalId, DecisionId, DelegationId, PrincipalId},
        names::PrincipalName,
        policy::{
            Actor, Kind, Member, Selector,
            admission::{Admission, Taken, Voter},
        },
    },
    store::{
        approvals::{Votes, load},
        changes::{Batch, write},
    },
};
use sqlx::{Connection, PgConnection};

use crate::support::{
    Api, Cluster, Setup, Socket,
    delegating::{allow, belongs, delegate, person, votes},
    socket::request,
};

/// The seat of a vote that was taken, or the code and words of a refusal.
type Told = Result<Option<&'static str>, (&'static str, &'static str)>;

/// Each who might want to decide what agent asked for, on behalf of boss, of the group sre; and what they are told: the
/// seat that they vote in (none: their own), or a code and words.
const EXPECTED: [(&str, Told); 15] = [
    ("agent", Err(("not_eligible", "own request"))),
    ("boss", Err(("not_eligible", "own request"))),
    // The requester's delegates, and those of whom it acts for, have no seat of theirs, but their own right.
    ("of-agent", Err(("not_eligible", "no person whom the policy admits has delegated to you"))),
    ("of-boss", Err(("not_eligible", "no person whom the policy admits has delegated to you"))),
    ("of-agent-in-sre", Ok(None)),
    // A chain from ana that leads through the requester.
    ("of-ana-through-agent", Err(("not_eligible", "no person whom the policy admits has delegated to you"))),
    ("of-ana", Ok(Some("ana"))),
    ("of-ana-through-bo", Ok(Some("ana"))),
    ("service", Err(("not_eligible", "services don't decide"))),
    ("service-of-ana", Err(("not_eligible", "services don't decide"))),
    ("disabled", Err(("unauthenticated", ""))),
    ("of-disabled", Err(("not_eligible", "does not name you"))),
    ("left", Err(("not_eligible", "does not name you"))),
    ("of-left", Err(("not_eligible", "no person whom the policy admits has delegated to you"))),
    ("joined", Ok(None)),
];

const WAYS: [&str; 3] = ["rest", "bulk", "socket"];

/// The answer's code (empty: it was taken), and its words where the way has some.
async fn vote(api: &Api, way: &str, id: &str, approves: bool) -> (String, Option<String>) {
    let told = |body: &Value| {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        (text("code"), Some(text("detail") + &text("message")))
    };
    match way {
        "rest" if approves => told(&api.approve(id).await.body),
        "rest" => told(&api.reject(id, "no").await.body),
        "bulk" => {
            let action = if approves { "approve" } else { "reject" };
            let mut body = json!({ "ids": [id], "action": action });
            if !approves {
                body["reason"] = json!("no");
            }
            let done = api.post("/api/v1/approvals/bulk", &body).await;
            let result = if done.status == 200 { &done.body["results"][0] } else { &done.body };
            (told(result).0, None)
        }
        _ => {
            let mut socket = match Socket::try_open(request(api, "t", "")).await {
                Ok(opened) => opened.unwrap_or_else(|end| panic!("{end:?}")),
                Err(refused) => return told(&refused.body),
            };
            let mut message = json!({ "type": "resolve_approval", "approval_id": id, "approved": approves });
            if !approves {
                message["feedback"] = json!("no");
            }
            let answer = socket.ask(message).await;
            assert!(
                ["approval_received", "error"].contains(&answer["event_type"].as_str().unwrap()),
                "{answer}"
            );
            told(&answer["data"])
        }
    }
}

async fn change(conn: &mut PgConnection, statement: &'static str, name: &str) {
    let changed = sqlx::query(statement).bind(name).execute(conn).await.unwrap();
    assert!(changed.rows_affected() > 0, "{statement} {name}");
}

/// The people of the table, the delegations between them, and what befell them after the questions were asked.
async fn populate(cluster: &Cluster) {
    for (name, _) in EXPECTED {
        cluster.member(name).await;
    }
    for name in ["ana", "bo", "gone"] {
        cluster.member(name).await;
    }
    allow(cluster, "own").await;
    let admin = cluster.api(0, &cluster.key("acme", "root", &["workspace:admin"]).await);
    for (from, to) in [
        ("agent", "of-agent"),
        ("boss", "of-boss"),
        ("agent", "of-agent-in-sre"),
        ("ana", "agent"),
        ("agent", "of-ana-through-agent"),
        ("ana", "of-ana"),
        ("ana", "bo"),
        ("bo", "of-ana-through-bo"),
        ("ana", "service-of-ana"),
        ("gone", "of-disabled"),
        ("left", "of-left"),
    ] {
        delegate(&admin, to, json!({ "from": from, "redelegable": true })).await.expect(201);
    }
    for name in ["agent", "boss", "of-agent-in-sre", "ana", "service", "disabled", "gone", "left"] {
        belongs(cluster, name, &["sre"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_whichever_way_there_is_one_answer() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    populate(&cluster).await;
    let agent = person(&cluster, 0, "agent", &["sre"]).await;
    let mut conn = cluster.database.connect().await;
    let policy = json!({ "allowed_groups": ["sre"], "min_approvers": 2, "rejections_to_reject": 2 });
    let mut asked = Vec::new();
    for (name, expected) in EXPECTED {
        for way in WAYS {
            for approves in [true, false] {
                asked.push((agent.ask(json!({ "policy": policy })).await, name, expected, way, approves));
            }
        }
    }
    sqlx::query("UPDATE approval_requests SET on_behalf_of = 'boss'").execute(&mut conn).await.unwrap();
    belongs(&cluster, "left", &[]).await;
    belongs(&cluster, "joined", &["sre"]).await;
    for name in ["service", "service-of-ana"] {
        change(&mut conn, "UPDATE principals SET kind = 'service' WHERE name = $1", name).await;
    }
    // The table is about what they are by now: each comes with a key that was never looked at.
    let mut keys = std::collections::HashMap::new();
    for (name, _) in EXPECTED {
        keys.insert(name, cluster.api(0, &cluster.member(name).await));
    }
    for name in ["disabled", "gone"] {
        change(&mut conn, "UPDATE principals SET disabled_at = now() WHERE name = $1", name).await;
    }
    for (id, name, expected, way, approves) in asked {
        let case = format!("{name}, {way}, approves: {approves}");
        let (code, words) = vote(&keys[name], way, &id, approves).await;
        let recorded = votes(&agent, &id).await;
        match expected {
            Ok(seat) => {
                assert_eq!(code, "", "{case}: {words:?}");
                assert_eq!(recorded, [(name.to_owned(), seat.map(str::to_owned))], "{case}");
            }
            Err((refusal, why)) => {
                assert_eq!(code, refusal, "{case}: {words:?}");
                assert!(words.as_ref().is_none_or(|words| words.contains(why)), "{case}: {words:?}");
                assert_eq!(recorded, [], "{case}");
            }
        }
    }
}

/// The owner and two delegates, on two instances, at the same moment: one of them has the seat, and the others hear who.
#[tokio::test(flavor = "multi_thread")]
async fn g02_a_seat_has_one_vote_whoever_races() {
    let cluster = Cluster::start().await;
    cluster.member("agent").await;
    allow(&cluster, "own").await;
    let agent = person(&cluster, 0, "agent", &[]).await;
    let ana = person(&cluster, 0, "ana", &[]).await;
    for name in ["bo", "cy"] {
        person(&cluster, 0, name, &[]).await;
        delegate(&ana, name, json!({})).await.expect(201);
    }
    let people = [ana, person(&cluster, 0, "bo", &[]).await, person(&cluster, 1, "cy", &[]).await];
    let policy =
        json!({ "allowed_approvers": ["ana", "dan", "eve"], "min_approvers": 2, "rejections_to_reject": 2 });
    let mut winners = std::collections::BTreeSet::new();
    for round in 0..60 {
        let id = agent.ask(json!({ "policy": policy })).await;
        let races = people.iter().enumerate().map(|(number, api)| {
            let (api, id) = (api.clone(), id.clone());
            tokio::task::spawn(async move {
                // The owner comes every third time; otherwise it is between the delegates.
                match (number, (number + round) % 2) {
                    (0, _) if round % 3 > 0 => None,
                    (_, 0) => Some(api.approve(&id).await),
                    _ => Some(api.reject(&id, "no").await),
                }
            })
        });
        let races: Vec<_> = races.collect();
        let mut replies = Vec::new();
        for race in races {
            replies.extend(race.await.unwrap());
        }
        let cast = votes(&agent, &id).await;
        assert_eq!(cast.len(), 1, "round {round}: {cast:?}, {replies:#?}");
        let (winner, seat) = &cast[0];
        assert_eq!(seat.as_deref().unwrap_or(winner), "ana", "round {round}");
        assert_eq!(
            replies.iter().filter(|reply| reply.status == 200).count(),
            1,
            "round {round}: {replies:#?}"
        );
        for late in replies.iter().filter(|reply| reply.status != 200) {
            assert_eq!((late.status, late.code()), (409, "already_voted"), "round {round}: {late:#?}");
            let words = late.body["detail"].as_str().unwrap();
            assert!(words.contains(&format!("{winner} has voted in this seat")), "round {round}: {words}");
        }
        winners.insert(winner.clone());
    }
    assert!(winners.len() > 1, "it was no race: {winners:?}");
}

/// Ends a delegation after this time, by the database.
async fn end_in(conn: &mut PgConnection, id: &str, milliseconds: i64) {
    sqlx::query(
        "UPDATE delegations SET ends_at = clock_timestamp() + $2 * interval '1 ms', starts_at = '2020-01-01'
          WHERE id = $1::uuid",
    )
    .bind(id)
    .bind(milliseconds)
    .execute(conn)
    .await
    .unwrap();
}

/// The row's lock is held past the delegation's end. The vote was sent before it and comes too late: in the seat of
/// a person who is back, no one else decides.
#[tokio::test(flavor = "multi_thread")]
async fn g03_a_delegates_vote_that_waited_past_the_end_is_late() {
    let cluster = Cluster::start().await;
    cluster.member("agent").await;
    allow(&cluster, "own").await;
    let agent = person(&cluster, 0, "agent", &[]).await;
    let ana = person(&cluster, 0, "ana", &[]).await;
    person(&cluster, 1, "bo", &[]).await;
    let delegation = delegate(&ana, "bo", json!({})).await.expect(201).id();
    let id = agent.ask(json!({ "policy": { "allowed_approvers": ["ana"] } })).await;
    let mut holder = cluster.database.connect().await;
    let mut watcher = cluster.database.connect().await;
    end_in(&mut watcher, &delegation, 1_200).await;
    let bo = person(&cluster, 1, "bo", &[]).await;
    let mut transaction = holder.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM approval_requests WHERE id = $1::uuid FOR UPDATE")
        .bind(&id)
        .execute(&mut *transaction)
        .await
        .unwrap();
    let vote = {
        let (bo, id) = (bo.clone(), id.clone());
        tokio::task::spawn(async move { bo.approve(&id).await })
    };
    let past = "SELECT pg_sleep_until(ends_at + interval '50 ms') FROM delegations WHERE id = $1::uuid";
    sqlx::query(past).bind(&delegation).execute(&mut watcher).await.unwrap();
    assert!(!vote.is_finished(), "the vote must have met the lock");
    transaction.rollback().await.unwrap();
    vote.await.unwrap().problem(403, "not_eligible");
    assert_eq!(votes(&agent, &id).await, []);
    ana.approve(&id).await.expect(200);
}

/// Votes around the very moment of the end: those that count were before it, those that were refused came at its end.
#[tokio::test(flavor = "multi_thread")]
async fn g03_votes_race_a_delegations_end() {
    let cluster = Cluster::start().await;
    cluster.member("agent").await;
    allow(&cluster, "own").await;
    let agent = person(&cluster, 0, "agent", &[]).await;
    let ana = person(&cluster, 0, "ana", &[]).await;
    person(&cluster, 1, "bo", &[]).await;
    let delegation = delegate(&ana, "bo", json!({})).await.expect(201).id();
    let mut asked = Vec::new();
    for _ in 0..60 {
        asked.push(agent.ask(json!({ "policy": { "allowed_approvers": ["ana"] } })).await);
    }
    let mut conn = cluster.database.connect().await;
    end_in(&mut conn, &delegation, 1_500).await;
    let bo = person(&cluster, 1, "bo", &[]).await;
    // Before it, so that the seat is known; then from 60 ms before the end to 60 ms after it.
    let begun = tokio::time::Instant::now();
    bo.get("/api/v1/approvals/pending").await.expect(200);
    let until: f64 = sqlx::query_scalar(
        "SELECT extract(epoch FROM ends_at - clock_timestamp())::float8 * 1000 FROM delegations WHERE id = $1::uuid",
    )
    .bind(&delegation)
    .fetch_one(&mut conn)
    .await
    .unwrap();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some hundreds of milliseconds"
    )]
    let until = (until.max(60.0) as u64) - 60;
    let looked = tokio::time::Instant::now();
    assert!(
        looked.duration_since(begun).as_millis() < 1_400,
        "the machine was too slow to look before the end"
    );
    let races: Vec<_> = asked
        .iter()
        .enumerate()
        .map(|(number, id)| {
            let (bo, id) = (bo.clone(), id.clone());
            let at = looked + std::time::Duration::from_millis(until + 2 * number as u64);
            tokio::task::spawn(async move {
                tokio::time::sleep_until(at).await;
                bo.approve(&id).await
            })
        })
        .collect();
    for race in races {
        let reply = race.await.unwrap();
        assert!([200, 403].contains(&reply.status), "{reply:#?}");
    }
    let (late, cast): (i64, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE v.created_at >= d.ends_at), count(*)
           FROM approval_decisions v JOIN delegations d ON d.id = ANY (v.delegations)",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!(late, 0, "a vote was written after the end");
    assert!(cast < 60, "no vote came after the end");
}

/// What was read says that the seat is open, and the statement that writes has the last word, by the database's clock: it
/// writes the vote before the seat's end and not from then on.
#[tokio::test(flavor = "multi_thread")]
async fn g03_the_statement_itself_refuses_a_seat_that_has_closed() {
    let cluster = Cluster::start().await;
    let agent = person(&cluster, 0, "agent", &[]).await;
    person(&cluster, 0, "ana", &[]).await;
    person(&cluster, 0, "bo", &[]).await;
    let mut conn = cluster.database.connect().await;
    let mut member = async |name: &str| {
        let id = "SELECT id FROM principals WHERE name = $1";
        let id: uuid::Uuid = sqlx::query_scalar(id).bind(name).fetch_one(&mut conn).await.unwrap();
        let actor = Actor { id: PrincipalId(id), name: PrincipalName::new(name).unwrap() };
        Member { actor, roles: BTreeSet::new(), groups: BTreeSet::new() }
    };
    let (ana, bo) = (member("ana").await, member("bo").await);
    let bo = Arc::new(Voter { member: bo, kind: Kind::Person, seats: Vec::new() });
    // The end of the seat, from the moment of the reading, and whether a vote in it is written.
    for (end, is_written) in [("0", false), ("-1 microsecond", false), ("1 hour", true)] {
        let id = agent.ask(json!({ "policy": { "allowed_approvers": ["ana"] } })).await;
        let id = ApprovalId(id.parse().unwrap());
        let loaded = load(&mut conn, &[id], Votes::Read).await.unwrap().found.remove(&id).unwrap().unwrap();
        let until = "SELECT clock_timestamp() + $1::text::interval";
        let until: DateTime<Utc> = sqlx::query_scalar(until).bind(end).fetch_one(&mut conn).await.unwrap();
        let ballot = Ballot {
            id: DecisionId::generate(),
            voter: bo.clone(),
            seat: None,
            verdict: Verdict::Approved,
            modifications: None,
            modifications_digest: None,
            digest: None,
            feedback: None,
            comment: None,
            metadata: None,
        };
        let taken = Taken { owner: ana.actor.clone(), delegations: vec![DelegationId::generate()], until };
        let admission =
            Admission { seat: Some(taken), counted_as: vec![Selector::Person(ana.actor.name.clone())] };
        let mut batch = Batch::default();
        batch.change(id, (1, 2), None);
        batch.vote(&loaded.approval, &ballot, &admission, 0);
        let written = write(&mut conn, &batch).await.unwrap();
        assert_eq!(written.contains_key(&id), is_written, "{end}");
        let id = id.0.to_string();
        assert_eq!(votes(&agent, &id).await.len(), usize::from(is_written), "{end}");
        let version = agent.show(&id).await.expect(200).body["version"].clone();
        assert_eq!(version, json!(if is_written { 2 } else { 1 }), "{end}");
    }
}
