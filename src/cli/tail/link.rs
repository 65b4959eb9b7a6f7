//! One connection: from its handshake to its end.

use std::time::Duration;

use anyhow::Context;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        handshake::client::Request,
        http::{HeaderValue, header},
        protocol::WebSocketConfig,
    },
};

use super::{ending::Break, event::Event};
use crate::cli::client::Client;

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
    ws: WebSocketStream<MaybeTlsStream<TcpStream>>,
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
    pub async fn open(client: &Client, path: &str) -> Result<Self, Break> {
        let bearer = client.bearer().await.map_err(Break::Stop)?;
        let request = request(client.base(), &bearer, path).map_err(Break::Stop)?;
        let config =
            WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
        let connecting = connect_async_with_config(request, Some(config), true);
        let late = |_| Break::again("the service does not answer");
        let (ws, _) = timeout(OPENING, connecting).await.map_err(late)??;
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

/// The handshake's request, with the credential where no log shows it.
fn request(base: &str, bearer: &str, path: &str) -> anyhow::Result<Request> {
    let rest = base.strip_prefix("http").with_context(|| format!("{base:?} must begin with http"))?;
    let mut request = format!("ws{rest}{path}").into_client_request()?;
    let mut credential =
        HeaderValue::try_from(format!("Bearer {bearer}")).context("the credential can't be sent")?;
    credential.set_sensitive(true);
    request.headers_mut().insert(header::AUTHORIZATION, credential);
    request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
    Ok(request)
}
