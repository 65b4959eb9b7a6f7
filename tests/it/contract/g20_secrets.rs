//! G20 and the security page: a secret that was handed to Signoff comes out nowhere: not in logs, errors, metrics or
//! tables, however it was handed over.

use harness::ports;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::support::{
    Api, Socket, TestDatabase, client::get, cluster::make_key, command::Running, eventually,
    process::signoff, socket::request, unique, variable,
};

/// Everything that the database keeps, as text.
async fn kept(conn: &mut PgConnection) -> Vec<(String, String)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    let mut all = Vec::new();
    for table in tables {
        let sql = format!("SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {table} t");
        let text: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *conn).await.unwrap();
        all.push((format!("table {table}"), text));
    }
    all
}

/// The part of a key that nobody may see again.
fn secret(key: &str) -> String {
    key.rsplit('_').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn g20_a_planted_secret_comes_out_nowhere() {
    let database = TestDatabase::new().await;
    let mut superuser = database.connect().await;
    // A login with a password worth hiding.
    let (login, password) = (unique("it_secret"), unique("hunter2"));
    for sql in
        [format!("CREATE ROLE {login} LOGIN PASSWORD '{password}'"), format!("GRANT signoff_app TO {login}")]
    {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut superuser).await.unwrap();
    }
    let place = database.url.rsplit_once('@').unwrap().1;
    let database_url = format!("postgres://{login}:{password}@{place}");
    let [address, operator] = [(); 2].map(|()| format!("127.0.0.1:{}", ports::lasting(ports::OF_TESTS)));
    let (redis, prefix) = (variable("REDIS_URL"), unique("it"));
    let environment = [
        ("SIGNOFF_DATABASE_URL", database_url.as_str()),
        ("SIGNOFF_REDIS_URL", redis.as_str()),
        ("SIGNOFF_REDIS_PREFIX", prefix.as_str()),
        ("SIGNOFF_HTTP_LISTEN", address.as_str()),
        ("SIGNOFF_OPERATOR_LISTEN", operator.as_str()),
        ("SIGNOFF_DRAIN_GRACE_SECONDS", "0"),
        // Everything that the product says, and more than anybody asks of the libraries.
        ("SIGNOFF_LOG_LEVEL", "debug,signoff=trace"),
    ];
    let server = Running::start(&["serve"], &environment);
    let base = format!("http://{address}");
    let ready = format!("{base}/readyz");
    eventually("it is ready", || async { get(&ready).await.is_ok_and(|reply| reply.status() == 200) }).await;

    let mut secrets = vec![("the database's password", password.clone())];
    let mut said: Vec<(String, String)> = Vec::new();
    let note = |said: &mut Vec<(String, String)>, what: &str, body: &Value| {
        said.push((what.to_owned(), body.to_string()));
    };
    let key = make_key(&database, "acme", "root", &["workspace:admin", "cluster:view"]).await;
    secrets.push(("a good key", secret(&key)));
    let admin = Api::new(&base, &key);

    // Used as it should be, in calls that work and calls that don't.
    let id = admin.ask(json!({ "task_id": "t" })).await;
    for path in [
        format!("/api/v1/approvals/{id}"),
        "/api/v1/keys".into(),
        "/api/v1/cluster".into(),
        "/nowhere".into(),
    ] {
        note(&mut said, &path, &admin.get(&path).await.body);
    }
    note(&mut said, "a refusal", &admin.create(json!({ "nonsense": 1 })).await.body);
    // A key that was made by another.
    let made = admin.post("/api/v1/keys", &json!({ "principal": "robot" })).await.expect(201).body;
    secrets.push(("a key made over the API", secret(made["key"].as_str().unwrap())));
    // Keys that are wrong, in every way and place.
    let wrong =
        format!("so_{}_{}", key.split('_').nth(1).unwrap(), unique("wrongwrongwrong").replace('_', ""));
    secrets.push(("a wrong secret of a known key", secret(&wrong)));
    let odd = unique("oddoddoddodd").replace('_', "");
    secrets.push(("something odd", odd.clone()));
    for credential in [wrong.clone(), format!("so_unknown_{odd}"), odd.clone(), format!("so_{odd}")] {
        note(&mut said, "a wrong key", &Api::new(&base, &credential).get("/api/v1/keys").await.body);
    }
    for header in [format!("Basic {odd}"), format!("bearer  {odd}"), odd.clone()] {
        let call = reqwest::Client::new().get(format!("{base}/api/v1/keys")).header("authorization", header);
        note(&mut said, "an odd header", &Api::send(call).await.body);
    }
    let path = format!("/api/v1/approvals/pending?api_key={odd}&token={odd}");
    note(&mut said, "a key in a URL", &admin.get(&path).await.body);
    note(&mut said, "a key in a path", &admin.get(&format!("/api/v1/keys/{wrong}")).await.body);
    // A socket with a ticket: used, and used again.
    let ticket = admin.post("/api/v1/ws-tickets", &json!({})).await.expect(201).body;
    let ticket = ticket["ticket"].as_str().unwrap().to_owned();
    let mut by_ticket = request(&admin, "t", &format!("ticket={ticket}"));
    by_ticket.headers_mut().remove("authorization");
    drop(Socket::try_open(by_ticket.clone()).await.unwrap().unwrap());
    let refused = Socket::try_open(by_ticket).await.err().unwrap();
    note(&mut said, "a used ticket", &refused.body);
    secrets.push(("a ticket", ticket.strip_prefix("wt_").unwrap().to_owned()));
    // What operators see.
    let operators = [("SIGNOFF_DATABASE_URL", database_url.as_str())];
    for arguments in
        [&["keys", "list"][..], &["keys", "list", "--json"], &["principals", "list", "--workspace", "acme"]]
    {
        let output = signoff(arguments, &operators).await;
        assert!(output.status.success(), "{output:?}");
        said.push((arguments.join(" "), String::from_utf8(output.stdout).unwrap()));
    }
    let bad = format!("postgres://{login}:{password}@127.0.0.1:9/x");
    let output = signoff(&["check"], &[("SIGNOFF_DATABASE_URL", &bad), ("REDIS_URL", &redis)]).await;
    said.push(("check".into(), format!("{output:?}")));
    said.push((
        "metrics".into(),
        get(format!("http://{operator}/metrics")).await.unwrap().text().await.unwrap(),
    ));

    server.signal("TERM");
    let (code, out, err) = server.end().await;
    assert_eq!(code, 0);
    let log = [out, err].concat().join("\n");
    assert!(log.contains(&id) && log.contains("/api/v1/keys"), "the log says something:\n{log}");
    said.push(("the log".into(), log));
    said.extend(kept(&mut superuser).await);
    for (what, text) in &said {
        for (whose, secret) in &secrets {
            assert!(!text.contains(secret.as_str()), "{what} shows {whose}");
        }
    }
    for sql in [format!("DROP OWNED BY {login}"), format!("DROP ROLE {login}")] {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut superuser).await.unwrap();
    }
}
