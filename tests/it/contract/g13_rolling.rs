//! G13 as deployments know it: every instance behind HAProxy is replaced in turn, under load, with the shipped
//! configuration and the default grace.
//!
//! The clients do what the protocol asks and nothing more. They repeat a request only where its answer says so
//! (`draining` and `Retry-After`, or a wait that came back `pending`), and come back with their socket when and as
//! `reconnect` says. Anything else, a reset above all, fails the test where it happens.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::CloseFrame},
};
use tokio_util::sync::CancellationToken;

use crate::support::{
    Api, Reply, Setup, TestDatabase,
    client::{http, merged},
    cluster::make_key,
    haproxy::HaProxy,
    process::Process,
    unique,
};

const TASKS: usize = 6;
const PRODUCERS: u64 = 3;
const ASKERS: usize = 2;
/// Waits that are under way whenever an instance goes: so many that HAProxy, which prefers those that have just
/// come back, gives some to each.
const WAITERS: usize = 18;
/// A producer's pace: a load, not a flood, since other tests run beside this one.
const PACE: Duration = Duration::from_millis(10);
/// No client waits for longer than this without a word.
const SILENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn g13_behind_haproxy_nothing_is_lost_doubled_or_failed() {
    let database = TestDatabase::new().await;
    let setup = Setup { flags: vec![("drain.grace_seconds", shipped("grace_seconds"))], ..Setup::default() };
    let prefix = unique("it");
    let mut processes = Vec::new();
    for _ in 0..3 {
        processes.push(Process::start(&database, &prefix, &setup).await);
    }
    let haproxy = HaProxy::before(&[&processes[0].url, &processes[1].url, &processes[2].url]).await;
    let world = World::new(&database, &haproxy.url).await;
    let mut followers = Vec::new();
    for task in 0..TASKS {
        followers.push(tokio::spawn(Follower::start(&world, task).await));
    }
    let producers: Vec<_> = (0..PRODUCERS).map(|me| tokio::spawn(produce(world.clone(), me))).collect();
    let askers: Vec<_> = (0..ASKERS).map(|me| tokio::spawn(ask(world.clone(), me))).collect();

    for process in &mut processes {
        let held = hold(&world).await;
        process.restart().await;
        haproxy.sees_all_ready().await;
        for (id, waiting) in held {
            world.approve(&id).await;
            assert_eq!(waiting.await.unwrap(), "approved");
        }
    }

    world.over.cancel();
    let mut sent = Vec::new();
    for producer in producers {
        sent.push(producer.await.unwrap());
    }
    let mut cycles = 0;
    for asker in askers {
        cycles += asker.await.unwrap();
    }
    // Whatever was sent before is before it in the log.
    for task in 0..TASKS {
        world.publish(task, &json!({ "event_type": "workflow_completed" })).await;
    }
    let mut moves = 0;
    for (task, follower) in followers.into_iter().enumerate() {
        let seen = follower.await.unwrap();
        for (producer, sent) in (0..PRODUCERS).zip(&sent) {
            let seen = seen.numbers.get(&producer).copied().unwrap_or_default();
            assert_eq!(seen, sent[task], "task {task}, producer {producer}: the last numbers are missing");
        }
        assert!(seen.approvals.values().all(|open| !open), "task {task}: {:?}", seen.approvals);
        assert!(seen.moves > 0, "task {task}: its instance was restarted");
        moves += seen.moves;
    }
    let handed_over = world.handed_over.load(Ordering::Relaxed);
    assert!(cycles > 0 && handed_over > 0, "{cycles} approvals, {handed_over} waits handed over");
    let events: u64 = sent.iter().flatten().sum();
    eprintln!(
        "{events} events, {cycles} approvals, {moves} reconnections, {handed_over} waits handed over, {} asked \
         to try again",
        world.retried.load(Ordering::Relaxed)
    );
}

/// A default, as operators get it.
fn shipped(setting: &str) -> String {
    let defaults: toml::Table = include_str!("../../../src/config.default.toml").parse().unwrap();
    defaults["drain"][setting].to_string()
}

/// What the clients share.
#[derive(Clone)]
struct World {
    agent: Api,
    ana: Api,
    over: CancellationToken,
    /// Requests that were told to try again.
    retried: Arc<AtomicU64>,
    /// Waits that were told to ask another instance.
    handed_over: Arc<AtomicU64>,
}

fn task_name(task: usize) -> String {
    format!("task-{task}")
}

impl World {
    async fn new(database: &TestDatabase, url: &str) -> Self {
        let http = http();
        let agent = make_key(database, "acme", "agent", &["workspace:admin"]).await;
        let ana = make_key(database, "acme", "ana", &["workspace:admin"]).await;
        Self {
            agent: Api::with(http.clone(), url, &agent),
            ana: Api::with(http, url, &ana),
            over: CancellationToken::new(),
            retried: Arc::default(),
            handed_over: Arc::default(),
        }
    }

    /// Sends until an instance takes it, where one says that it has begun nothing because it goes away.
    async fn send(&self, request: impl Fn() -> RequestBuilder) -> Reply {
        loop {
            let sent = request();
            let what = format!("{sent:?}");
            let reply = Api::try_send(sent).await.unwrap_or_else(|error| panic!("{error:?}: {what}"));
            if reply.status < 300 {
                return reply;
            }
            let after = reply.header("retry-after").parse();
            match (reply.status, reply.code(), after) {
                (503, "draining", Ok(seconds)) => {
                    self.retried.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_secs(seconds)).await;
                }
                _ => panic!("{reply:#?}: {what}"),
            }
        }
    }

    async fn publish(&self, task: usize, body: &Value) {
        let path = format!("/api/v1/tasks/{}/events", task_name(task));
        self.send(|| self.agent.request(Method::POST, &path).json(body)).await.expect(202);
    }

    async fn create(&self, task: usize, key: &str) -> String {
        let body = merged(json!({ "run_id": key, "task_id": task_name(task) }));
        let create = || {
            self.agent.request(Method::POST, "/api/v1/approvals").header("idempotency-key", key).json(&body)
        };
        self.send(create).await.expect(201).id()
    }

    async fn approve(&self, id: &str) {
        let path = format!("/api/v1/approvals/{id}/approve");
        let reply = self.send(|| self.ana.request(Method::POST, &path).json(&json!({}))).await;
        assert_eq!(reply.body["changed"], true, "{reply:#?}");
    }

    /// Waits for an outcome, on one instance after the other.
    fn waiting(&self, id: &str) -> JoinHandle<String> {
        let (me, path) = (self.clone(), format!("/api/v1/approvals/{id}/wait?timeout=55"));
        tokio::spawn(async move {
            loop {
                let reply = me.send(|| me.agent.request(Method::GET, &path)).await;
                if reply.body["status"] != "pending" {
                    return reply.body["resolution"].as_str().unwrap().to_owned();
                }
                let after = reply.header("retry-after").parse().unwrap();
                me.handed_over.fetch_add(u64::from(after > 0), Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(after)).await;
            }
        })
    }
}

/// Numbered events for every task in turn; answers with how many each has got.
async fn produce(world: World, me: u64) -> [u64; TASKS] {
    let mut sent = [0; TASKS];
    let mut pace = tokio::time::interval(PACE);
    for turn in 0.. {
        if world.over.is_cancelled() {
            break;
        }
        pace.tick().await;
        let task = turn % TASKS;
        // One alone, or a few at once.
        let count = if turn % 5 == 0 { 4 } else { 1 };
        let events: Vec<_> = (sent[task]..sent[task] + count)
            .map(|number| json!({ "event_type": "output", "data": { "producer": me, "number": number } }))
            .collect();
        let body = if count == 1 { events[0].clone() } else { json!({ "events": events }) };
        world.publish(task, &body).await;
        sent[task] += count;
    }
    sent
}

/// Asks, waits and has it decided, again and again; answers with how often.
async fn ask(world: World, me: usize) -> usize {
    let mut cycles = 0;
    while !world.over.is_cancelled() {
        let id = world.create((me + cycles) % TASKS, &format!("run-{me}-{cycles}")).await;
        let waiting = world.waiting(&id);
        world.approve(&id).await;
        assert_eq!(waiting.await.unwrap(), "approved");
        cycles += 1;
    }
    cycles
}

/// Waits that nothing ends but an instance's going.
async fn hold(world: &World) -> Vec<(String, JoinHandle<String>)> {
    let mut held = Vec::new();
    for task in 0..WAITERS {
        let id = world.create(task % TASKS, &unique("held")).await;
        let waiting = world.waiting(&id);
        held.push((id, waiting));
    }
    held
}

/// One socket client, and what it has been told.
struct Follower {
    url: String,
    key: String,
    cursor: Option<String>,
    seen: Seen,
}

#[derive(Default)]
struct Seen {
    /// The next number of each producer.
    numbers: HashMap<u64, u64>,
    /// Approvals that were requested; false where they were resolved too.
    approvals: HashMap<String, bool>,
    moves: usize,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why a connection is over, where nothing is wrong.
enum Next {
    /// Come again after so many milliseconds.
    Reconnect(u64),
    Completed,
}

impl Follower {
    /// Follows a task from now on, until it is completed.
    async fn start(world: &World, task: usize) -> impl Future<Output = Seen> + use<> {
        let url = world.agent.base.replacen("http", "ws", 1);
        let mut me = Self {
            url: format!("{url}/ws/{}", task_name(task)),
            key: world.agent.key.to_string(),
            cursor: None,
            seen: Seen::default(),
        };
        let socket = me.connect().await;
        me.run(socket)
    }

    async fn run(mut self, mut socket: Socket) -> Seen {
        loop {
            match self.follow(&mut socket).await {
                Next::Reconnect(after) => tokio::time::sleep(Duration::from_millis(after)).await,
                Next::Completed => {
                    socket.close(None).await.unwrap();
                    return self.seen;
                }
            }
            self.seen.moves += 1;
            socket = self.connect().await;
        }
    }

    /// Opens a socket where the last one ended, up to its hello.
    async fn connect(&mut self) -> Socket {
        let mut socket = self.open().await;
        let hello = self.next(&mut socket).await.unwrap();
        assert_eq!(hello["event_type"], "hello");
        let recovered = if self.cursor.is_some() { json!(true) } else { Value::Null };
        assert_eq!(hello["data"]["recovered"], recovered, "{hello}, with {:?}", self.cursor);
        if let Some(cursor) = &self.cursor {
            assert_eq!(hello["cursor"], *cursor, "it goes on where we were");
        }
        self.cursor = Some(hello["cursor"].as_str().unwrap().to_owned());
        socket
    }

    async fn open(&self) -> Socket {
        let query = self.cursor.as_ref().map(|cursor| format!("?cursor={cursor}"));
        let url = format!("{}{}", self.url, query.unwrap_or_default());
        loop {
            let mut request = url.as_str().into_client_request().unwrap();
            let headers = request.headers_mut();
            headers.insert("authorization", format!("Bearer {}", self.key).parse().unwrap());
            headers.insert("sec-websocket-protocol", "signoff.v1".parse().unwrap());
            match timeout(SILENCE, connect_async(request)).await.expect("an answer to the handshake") {
                Ok((socket, _)) => return socket,
                Err(Error::Http(response)) if response.status() == 503 => {
                    let body = response.body().as_deref().unwrap_or_default();
                    let body: Value = serde_json::from_slice(body).unwrap_or_default();
                    assert_eq!(body["code"], "draining", "{response:?}");
                    let after = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
                    tokio::time::sleep(Duration::from_secs(after)).await;
                }
                Err(error) => panic!("{error:?}: {url}"),
            }
        }
    }

    /// Follows the task to the connection's end, or the task's.
    async fn follow(&mut self, socket: &mut Socket) -> Next {
        let mut after = None;
        loop {
            match self.next(socket).await {
                Ok(message) if message["event_type"] == "reconnect" => {
                    assert_eq!(message["data"]["cursor"].as_str(), self.cursor.as_deref());
                    after = message["data"]["after_ms"].as_u64();
                }
                Ok(event) => {
                    assert_eq!(after, None, "nothing follows a reconnect but the end: {event}");
                    self.cursor =
                        Some(event["cursor"].as_str().expect("an event with its cursor").to_owned());
                    self.seen.take(&event);
                    if event["event_type"] == "workflow_completed" {
                        return Next::Completed;
                    }
                }
                Err(frame) => {
                    assert_eq!(u16::from(frame.code), 1012, "{frame:?}");
                    return Next::Reconnect(after.expect("a reconnect before the close"));
                }
            }
        }
    }

    /// The next message, or the frame that ends the connection.
    async fn next(&self, socket: &mut Socket) -> Result<Value, CloseFrame> {
        loop {
            let message =
                timeout(SILENCE, socket.next()).await.expect("a message or a ping").expect("no reset");
            match message.unwrap_or_else(|error| panic!("{error:?}: {}", self.url)) {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(frame) => {
                    let frame = frame.expect("a code");
                    // Ours goes back, and the server ends the connection; that is no error.
                    while socket.next().await.is_some_and(|it| it.is_ok()) {}
                    return Err(frame);
                }
                Message::Ping(_) => socket.flush().await.unwrap(),
                other => panic!("{other:?}"),
            }
        }
    }
}

impl Seen {
    /// Checks that it is the next in order, of its producer or of its approval.
    fn take(&mut self, event: &Value) {
        let data = &event["data"];
        match event["event_type"].as_str().unwrap() {
            "output" => {
                let next = self.numbers.entry(data["producer"].as_u64().unwrap()).or_default();
                assert_eq!(data["number"].as_u64(), Some(*next), "missing, double or out of order: {event}");
                *next += 1;
            }
            "approval_requested" => {
                let id = data["approval_id"].as_str().unwrap().to_owned();
                assert_eq!(self.approvals.insert(id, true), None, "double: {event}");
            }
            "approval_resolved" => {
                let id = data["approval_id"].as_str().unwrap().to_owned();
                assert_eq!(self.approvals.insert(id, false), Some(true), "double or too early: {event}");
            }
            "workflow_paused" | "workflow_resumed" | "workflow_completed" => {}
            _ => panic!("{event}"),
        }
    }
}
