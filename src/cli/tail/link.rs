//! One connection: from its handshake to its end.

use std::time::Duration;

use anyhow::Context;
use futures_util::{SinkExt, StreamExt};
use hyper::{
    HeaderMap, Request,
    header::{self, HeaderValue},
    http::request,
};
use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    ending::Break,
    event::Event,
    exchange::{Exchanged, exchange},
    way::{self, Way},
};
use crate::cli::reply::{Asked, Reply, authority};

/// What both sides speak after the handshake.
const PROTOCOL: HeaderValue = HeaderValue::from_static("signoff.v1");
/// Longest until a connection stands, and then until `hello`.
const OPENING: Duration = Duration::from_secs(10);
/// Largest message that we take. An event has at most 256 KiB of data.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;
/// Longest we try to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// A socket that follows a task.
pub struct Link {
    ws: WebSocketStream<Way>,
    /// Longest that nothing may come, not even a ping.
    silence: Duration,
    /// What a `reconnect` event asked for.
    come_back: Option<Duration>,
}

/// How a service greets.
#[derive(Debug, Deserialize)]
pub struct Hello {
    pub instance_id: String,
    heartbeat_seconds: u64,
    /// Nothing without a cursor.
    pub recovered: Option<bool>,
    /// Summaries of what waits for a decision.
    pub pending: Vec<Value>,
    pub pending_more: bool,
}

#[derive(Deserialize)]
struct Reconnect {
    after_ms: u64,
}

impl Link {
    pub async fn open(base: &str, bearer: &str, path: &str) -> Result<Self, Break> {
        let late = |_| Break::again("the service does not answer");
        let way = timeout(OPENING, handshake(base, bearer, path)).await.map_err(late)??;
        let config =
            WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
        let ws = WebSocketStream::from_raw_socket(way, Role::Client, Some(config)).await;
        Ok(Self { ws, silence: OPENING, come_back: None })
    }

    /// What comes first. From then on the service is known to ping.
    pub async fn hello(&mut self) -> Result<(Event, Hello), Break> {
        let event = self.next().await?;
        let hello: Hello = serde_json::from_str(event.fields.data.get()).map_err(not_ours)?;
        // Twice the interval, and what the way may take.
        self.silence = Duration::from_secs(hello.heartbeat_seconds).mul_f64(2.25);
        Ok((event, hello))
    }

    /// The next event.
    pub async fn next(&mut self) -> Result<Event, Break> {
        loop {
            let silent = |_| Break::again("the service fell silent");
            let message = timeout(self.silence, self.ws.next()).await.map_err(silent)?;
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(frame))) => {
                    // The answer to the close frame; whether it arrives makes no difference to us.
                    let _ = timeout(GOODBYE, self.ws.flush()).await;
                    return Err(Break::closed(frame.as_ref(), self.come_back));
                }
                // Reading on answers a ping.
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(error.into()),
                None => return Err(Break::again("the connection broke")),
            };
            let event = Event::parse(text.to_string()).map_err(not_ours)?;
            if event.fields.event_type == "reconnect" {
                let asked: Reconnect = serde_json::from_str(event.fields.data.get()).map_err(not_ours)?;
                self.come_back = Some(Duration::from_millis(asked.after_ms));
                continue;
            }
            return Ok(event);
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
pub fn not_ours(error: serde_json::Error) -> Break {
    Break::again(format!("the service said something that is no event: {error}"))
}

/// Asks to go on as a socket (RFC 6455, 4.1 and 4.2). Any answer but a switch means what it does elsewhere.
async fn handshake(base: &str, bearer: &str, path: &str) -> Result<Way, Break> {
    let url = Url::parse(&format!("{base}{path}")).context("the service's address").map_err(Break::Stop)?;
    let key = generate_key();
    let request = request(&url, bearer, &key).map_err(Break::Stop)?;
    match exchange(way::open(&url).await?, request).await? {
        Exchanged::Switched(headers, way) if is_agreed(&headers, &key) => Ok(way),
        Exchanged::Switched(..) => Err(Break::again("what answers there speaks another protocol")),
        Exchanged::Answered(status, headers, body) => {
            Err(Reply { asked: Asked { base, path }, status, headers, body }.failure().into())
        }
    }
}

/// The handshake's request, with the credential where no log shows it.
fn request(url: &Url, bearer: &str, key: &str) -> anyhow::Result<request::Builder> {
    let mut credential =
        HeaderValue::try_from(format!("Bearer {bearer}")).context("the credential can't be sent")?;
    credential.set_sensitive(true);
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok(Request::get(format!("{}{query}", url.path()))
        .header(header::HOST, authority(url))
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, key)
        .header(header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL)
        .header(header::USER_AGENT, "signoff")
        .header(header::AUTHORIZATION, credential))
}

/// Whether the other side has read our key, and speaks what we do.
fn is_agreed(headers: &HeaderMap, key: &str) -> bool {
    let accept = derive_accept_key(key.as_bytes());
    headers.get(header::SEC_WEBSOCKET_ACCEPT).is_some_and(|value| value == accept.as_str())
        && headers.get(header::SEC_WEBSOCKET_PROTOCOL) == Some(&PROTOCOL)
}
