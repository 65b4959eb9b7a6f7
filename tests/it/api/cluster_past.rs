//! What operators see of the past of the service: samples of each instance, and what happened to it.

use std::time::Duration;

use serde_json::{Value, json};
use signoff::store::purge;

use crate::{
    contract::g19_row_walls::act_as,
    support::{
        Api, Cluster, RedisServer, Setup, TestDatabase,
        cluster::make_key,
        eventually,
        process::Process,
        proxy::{Mode, Proxy},
        unique, within,
    },
};

/// A beat each second.
fn often() -> Setup {
    Setup {
        flags: vec![("lease.heartbeat_seconds", "1".into()), ("lease.ttl_seconds", "3".into())],
        ..Setup::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cluster_says_when_a_heartbeat_is_due_and_when_an_instance_is_lost() {
    let cluster = Cluster::with(often()).await.connected().await;
    let operator = cluster.api(0, &cluster.key("acme", "op", &["cluster:view"]).await);
    let body = operator.get("/api/v1/cluster").await.expect(200).body;
    assert_eq!((&body["heartbeat_seconds"], &body["lease_seconds"]), (&json!(1.0), &json!(3.0)));
}

async fn samples(api: &Api, query: &str) -> Value {
    api.get(&format!("/api/v1/cluster/samples{query}")).await.expect(200).body
}

fn points<'a>(samples: &'a Value, instance: &str) -> Vec<&'a Value> {
    let instances = samples["instances"].as_array().unwrap();
    let series = instances.iter().find(|it| it["instance_id"] == instance);
    series.map_or(Vec::new(), |it| it["points"].as_array().unwrap().iter().collect())
}

fn sum(points: &[&Value], pointer: &str) -> i64 {
    points.iter().map(|it| it.pointer(pointer).unwrap().as_i64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_heartbeat_leaves_a_sample() {
    let cluster = Cluster::with(often()).await.connected().await;
    let operator = cluster.api(0, &cluster.key("acme", "op", &["cluster:view"]).await);
    let [one, two] = [0, 1].map(|n| cluster.instances[n].app.instance.clone());
    eventually("both have told of themselves", || async {
        let told = samples(&operator, "?step=1").await;
        !points(&told, &one).is_empty() && !points(&told, &two).is_empty()
    })
    .await;
    let (asker, ana) =
        (cluster.api(0, &cluster.member("agent").await), cluster.api(1, &cluster.member("ana").await));
    let id = asker.ask(json!({})).await;
    let waiter = asker.waiting(&id, 50);
    eventually("it waits, and a sample says so", || async {
        points(&samples(&operator, "?step=1").await, &one).iter().any(|it| it["waiters"] == 1)
    })
    .await;
    ana.approve(&id).await.expect(200);
    waiter.await.unwrap().expect(200);
    eventually("the next samples tell of it", || async {
        let told = samples(&operator, "?step=1").await;
        let (at_one, at_two) = (points(&told, &one), points(&told, &two));
        // It may have been found by both.
        sum(&at_one, "/wakes/redis") + sum(&at_one, "/wakes/sweep") >= 1
            && sum(&at_one, "/wake_delay/count") == 1
            && at_one.iter().any(|it| it["wake_delay"]["p99_seconds"].as_f64().is_some_and(|p99| p99 > 0.0))
            && sum(&at_one, "/commits/count") == 1
            && sum(&at_two, "/decisions") == 1
            && at_two.iter().any(|it| it["commits"]["mean_seconds"].as_f64().is_some_and(|mean| mean > 0.0))
            && at_one.last().unwrap()["bus_up"] == true
    })
    .await;
    // Coarser points say the same of a longer time.
    let hour = samples(&operator, "").await;
    assert_eq!(hour["step_seconds"], 30);
    assert_eq!((sum(&points(&hour, &two), "/decisions"), &hour["complete"]), (1, &json!(true)));
    for wrong in [
        "?step=0",
        "?step=x",
        "?from=yesterday",
        "?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
        "?from=9000-01-01T00:00:00Z",
        "?from=1500-01-01T00:00:00Z",
    ] {
        operator.get(&format!("/api/v1/cluster/samples{wrong}")).await.problem(422, "invalid");
    }
    asker.get("/api/v1/cluster/samples").await.problem(403, "forbidden");
    asker.get("/api/v1/cluster/events").await.problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_takes_no_transaction_of_its_own() {
    let cluster = Cluster::with(Setup { instances: 1, ..often() }).await;
    let mut conn = cluster.database.connect().await;
    let mut beats = 0;
    while beats < 3 {
        let (with_lease, count): (bool, i64) = sqlx::query_as(
            "SELECT coalesce(bool_or(s.xmin = i.xmin), false), count(*) FROM instances i, instance_samples s",
        )
        .fetch_one(&mut conn)
        .await
        .unwrap();
        assert!(with_lease || count == 0, "the last beat's sample is of another transaction");
        beats = count;
        tokio::task::yield_now().await;
    }
    let sizes: Vec<i32> = sqlx::query_scalar("SELECT pg_column_size(s.*) FROM instance_samples s")
        .fetch_all(&mut conn)
        .await
        .unwrap();
    assert!(sizes.iter().all(|size| *size < 320), "{sizes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_stretch_of_samples_is_told_in_a_coarser_step() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let operator = cluster.api(0, &cluster.key("acme", "op", &["cluster:view"]).await);
    let mut conn = cluster.database.connect().await;
    sqlx::query(
        "INSERT INTO instance_samples
         SELECT 'old-' || i, '2026-01-01T00:00:00Z'::timestamptz + make_interval(secs => 10 * n), 1, 2, 3, 4, n <> 7,
                0.5, 0.25, n, 2 * n, n, ARRAY[n, 0, 0], array_fill(0, ARRAY[2]) || n || array_fill(0, ARRAY[13])
           FROM generate_series(1, 4) i, generate_series(0, 8639) n",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let day = samples(&operator, "?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&step=10").await;
    assert!(day["step_seconds"].as_i64().unwrap() >= 173, "{}", day["step_seconds"]);
    assert_eq!(day["complete"], true);
    let mut all = 0;
    for n in 1..=4 {
        let points = points(&day, &format!("old-{n}"));
        all += points.len();
        assert_eq!(sum(&points, "/decisions"), 8_639, "each is told once");
        assert_eq!(sum(&points, "/samples"), 8_640);
        assert_eq!(sum(&points, "/wakes/local"), 8_639);
        assert_eq!(points.iter().filter(|it| it["bus_up"] == false).count(), 1);
        assert_eq!(points[5]["commits"]["mean_seconds"], 0.5);
        assert_eq!(points[5]["queued"], json!({ "writes": 3, "reads": 4 }));
        // All within the bucket of 2 to 3 ms.
        let p50 = points[5]["wake_delay"]["p50_seconds"].as_f64().unwrap();
        assert!((0.002..=0.003).contains(&p50), "{p50}");
    }
    assert!((1_000..=2_000).contains(&all), "{all}");
    // A step in the middle of it begins where the one before ended.
    let part = samples(&operator, "?from=2026-01-01T12:00:00Z&to=2026-01-01T12:10:00Z&step=60").await;
    assert_eq!(sum(&points(&part, "old-1"), "/decisions"), 60);
    // Thousands of instances that died young: the answer is bounded, and says so.
    sqlx::query(
        "INSERT INTO instance_samples
         SELECT 'young-' || n, '2026-02-01T00:00:00Z'::timestamptz + make_interval(secs => 10 * n), 1, 2, 3, 4, true,
                0, 0, 0, 0, 0, '{0,0,0}', array_fill(0, ARRAY[16])
           FROM generate_series(0, 8639) n",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    let many = samples(&operator, "?from=2026-02-01T00:00:00Z&to=2026-02-02T00:00:00Z").await;
    let told = many["instances"].as_array().unwrap().len();
    assert!(many["complete"] == false && (1_000..=3_000).contains(&told), "{told}");
    // The janitor's part.
    let mut work = act_as(&cluster, "signoff_work").await;
    let day = Duration::from_hours(24);
    assert_eq!(purge::samples(&mut work, day, 500).await.unwrap(), 500);
    sqlx::query("INSERT INTO cluster_events VALUES (gen_random_uuid(), '2026-01-01', 'old', 'lost')")
        .execute(&mut conn)
        .await
        .unwrap();
    assert_eq!(purge::cluster_events(&mut work, day, 500).await.unwrap(), 1);
    assert_eq!(purge::cluster_events(&mut work, day, 500).await.unwrap(), 0);
}

async fn happened(api: &Api) -> Vec<(String, String)> {
    let page = api.get("/api/v1/cluster/events?limit=200").await.expect(200).body;
    let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(|it| (text(it, "kind"), text(it, "instance_id"))).collect()
}

fn count(events: &[(String, String)], kind: &str, instance: &str) -> usize {
    events.iter().filter(|(it, of)| it == kind && of == instance).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_instance_is_told_of_once_and_so_is_its_return() {
    let database = TestDatabase::new().await;
    let (prefix, setup) = (unique("it"), often());
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(Process::start(&database, &prefix, &setup).await);
    }
    let frozen = Process::start(&database, &prefix, &setup).await;
    let key = make_key(&database, "acme", "op", &["cluster:view"]).await;
    let api = Api::new(&others[0].url, &key);
    let id = Api::new(&frozen.url, &key).get("/api/v1/cluster").await.header("x-signoff-instance").to_owned();
    eventually("all have started", || async {
        happened(&api).await.iter().filter(|(kind, _)| kind == "started").count() == 4
    })
    .await;
    frozen.signal("STOP");
    within(Duration::from_secs(20), "it is lost", || async { count(&happened(&api).await, "lost", &id) > 0 })
        .await;
    frozen.signal("CONT");
    within(Duration::from_secs(20), "it is back", || async {
        count(&happened(&api).await, "returned", &id) > 0
    })
    .await;
    frozen.signal("TERM");
    assert_eq!(frozen.exit_code().await, Some(0));
    let events = happened(&api).await;
    // Its clock stood still: what it thinks of Redis meanwhile is another matter.
    let is_of_it = |(kind, of): &&(String, String)| *of == id && !kind.contains('_');
    let of_it: Vec<&str> = events.iter().filter(is_of_it).map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(of_it, ["stopped", "draining", "returned", "lost", "started"], "newest first, each once");
    // Those who found it were never lost themselves.
    assert_eq!(events.iter().filter(|(kind, _)| kind == "lost").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_told_of_once_it_can_be() {
    let database = TestDatabase::new().await;
    let mut redis = RedisServer::start().await;
    let (line, through) = Proxy::before(&database.url).await;
    let setup = Setup { instances: 1, database_url: Some(through), redis_url: redis.url(), ..often() };
    let cluster = Cluster::on(database, setup).await.connected().await;
    let api = cluster.api(0, &cluster.key("acme", "op", &["cluster:view"]).await);
    let id = cluster.instances[0].app.instance.clone();
    eventually("it has started", || async { count(&happened(&api).await, "started", &id) == 1 }).await;
    redis.kill();
    within(Duration::from_secs(20), "redis is away", || async {
        count(&happened(&api).await, "redis_away", &id) == 1
    })
    .await;
    redis.restart().await;
    within(Duration::from_secs(20), "redis is back", || async {
        count(&happened(&api).await, "redis_back", &id) == 1
    })
    .await;
    line.set(Mode::Cut);
    within(Duration::from_secs(20), "the outage is known", || async {
        !cluster.instances[0].app.database.is_up()
    })
    .await;
    line.set(Mode::Pass);
    within(Duration::from_secs(30), "both ends are told", || async {
        let reply = api.get("/api/v1/cluster/events").await;
        reply.status == 200 && {
            let events = happened(&api).await;
            count(&events, "database_away", &id) >= 1 && count(&events, "database_back", &id) >= 1
        }
    })
    .await;
    // Page by page it is the same.
    let all = api.get("/api/v1/cluster/events?limit=200").await.expect(200).body;
    let (mut paged, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = api.get(&format!("/api/v1/cluster/events{query}")).await.expect(200).body;
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(Value::Array(paged), all["items"]);
    let items = all["items"].as_array().unwrap();
    let first = items.last().unwrap()["at"].as_str().unwrap().to_owned();
    let later = api.get(&format!("/api/v1/cluster/events?after={first}")).await.expect(200).body;
    assert_eq!(later["items"].as_array().unwrap().len(), items.len());
    let later = api.get("/api/v1/cluster/events?after=2999-01-01T00:00:00Z").await.expect(200).body;
    assert_eq!(later["items"], json!([]));
    for wrong in ["?cursor=x", "?after=soon", "?limit=0"] {
        api.get(&format!("/api/v1/cluster/events{wrong}")).await.problem(422, "invalid");
    }
}
