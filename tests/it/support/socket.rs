//! A socket's client, as thin as can be: what comes is handed to the test, nothing is retried.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::Request},
};

use super::Api;

/// Longest that a test waits for a frame.
const FRAME: Duration = Duration::from_secs(20);

pub struct Socket {
    pub ws: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub hello: Value,
}

/// Why a socket was not opened.
#[derive(Debug)]
pub struct Refused {
    pub status: u16,
    pub body: Value,
}

/// How a socket ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Closed(u16, String),
    /// Without a word: 1006.
    Broken,
}

/// The request that opens a socket; to be changed by tests that want to see it refused.
pub fn request(api: &Api, task: &str, query: &str) -> Request<()> {
    let url = format!("{}/ws/{task}?{query}", api.base.replacen("http", "ws", 1));
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("authorization", format!("Bearer {}", api.key).parse().unwrap());
    headers.insert("sec-websocket-protocol", "signoff.v1".parse().unwrap());
    request
}

/// The request that opens a feed.
pub fn feed_request(base: &str, query: &str) -> Request<()> {
    let url = format!("{}/api/v1/feed?{query}", base.replacen("http", "ws", 1));
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "signoff.feed.v1".parse().unwrap());
    request
}

impl Socket {
    /// Opens a feed of one's own, and follows these topics.
    pub async fn feed(api: &Api, topics: &[&str]) -> Self {
        let mut request = feed_request(&api.base, "");
        let header = format!("Bearer {}", api.key).parse().unwrap();
        request.headers_mut().insert("authorization", header);
        let mut feed = Self::try_open(request).await.unwrap().unwrap();
        let answer = feed.ask(json!({ "type": "subscribe", "topics": topics })).await;
        assert_eq!((&answer["event_type"], &answer["data"]["refused"]), (&json!("subscribed"), &json!([])));
        feed
    }

    /// Opens a socket and takes its first frame, which is `hello` unless the socket is closed at once.
    pub async fn try_open(request: Request<()>) -> Result<Result<Self, End>, Refused> {
        match connect_async(request).await {
            Ok((ws, _)) => {
                let mut socket = Self { ws, hello: Value::Null };
                Ok(match socket.frame().await {
                    Ok(hello) => {
                        assert_eq!(hello["event_type"], "hello", "{hello}");
                        socket.hello = hello;
                        Ok(socket)
                    }
                    Err(end) => Err(end),
                })
            }
            Err(tungstenite::Error::Http(response)) => {
                let body = response.body().as_deref().unwrap_or_default();
                Err(Refused {
                    status: response.status().as_u16(),
                    body: serde_json::from_slice(body).unwrap_or_default(),
                })
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn open(api: &Api, task: &str) -> Self {
        Self::open_with(api, task, "").await
    }

    pub async fn open_with(api: &Api, task: &str, query: &str) -> Self {
        Self::try_open(request(api, task, query)).await.unwrap().unwrap()
    }

    /// Opens a socket where another one ended.
    pub async fn resume(api: &Api, task: &str, cursor: &str) -> Self {
        Self::open_with(api, task, &format!("cursor={cursor}")).await
    }

    /// The next frame, or how it ended.
    pub async fn frame(&mut self) -> Result<Value, End> {
        let reading = async {
            loop {
                return match self.ws.next().await {
                    Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(&text).unwrap()),
                    Some(Ok(Message::Close(frame))) => Err(frame.map_or(End::Broken, |frame| {
                        End::Closed(frame.code.into(), frame.reason.to_string())
                    })),
                    Some(Ok(_)) => continue,
                    Some(Err(_)) | None => Err(End::Broken),
                };
            }
        };
        timeout(FRAME, reading).await.expect("a frame in time")
    }

    pub async fn next(&mut self) -> Value {
        self.frame().await.unwrap_or_else(|end| panic!("it ended: {end:?}"))
    }

    /// The next event of this type; others are passed over.
    pub async fn event(&mut self, event_type: &str) -> Value {
        loop {
            let event = self.next().await;
            if event["event_type"] == event_type {
                return event;
            }
        }
    }

    /// How it ends; frames before that are passed over.
    pub async fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.frame().await {
                return end;
            }
        }
    }

    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.ws.send(Message::text(text)).await.unwrap();
    }

    /// Sends a message and waits for its answer, passing over what has another `ref`.
    pub async fn ask(&mut self, mut message: Value) -> Value {
        let reference = uuid::Uuid::new_v4().to_string();
        message["ref"] = json!(reference);
        self.send(message).await;
        loop {
            let event = self.next().await;
            if event["ref"] == reference {
                return event;
            }
        }
    }

    pub fn cursor(&self) -> String {
        self.hello["cursor"].as_str().unwrap().to_owned()
    }
}

impl Api {
    /// Sends events `{"n": number}` of a task, in one call; answers with the cursor of the last.
    pub async fn emit(&self, task: &str, numbers: impl IntoIterator<Item = u64>) -> String {
        let events: Vec<Value> =
            numbers.into_iter().map(|n| json!({ "event_type": "output", "data": { "n": n } })).collect();
        let path = format!("/api/v1/tasks/{task}/events");
        let reply = self.post(&path, &json!({ "events": events })).await.expect(202);
        reply.body["cursor"].as_str().unwrap().to_owned()
    }

    pub async fn connection(&self, task: &str) -> super::Reply {
        self.get(&format!("/api/v1/connections/{task}")).await
    }
}
