//! What messages are sent to: it says when which of them has come. It answers posts of Slack's methods and of webhooks at
//! once.

use std::{net::SocketAddr, time::Instant};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// The ways by which people and programs are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Mail,
    Card,
    Webhook,
}

/// A request that was told of.
pub struct Taken {
    pub way: Way,
    pub at: Instant,
    /// The approval's id, without hyphens.
    pub approval: String,
}

pub type Telling = mpsc::UnboundedSender<Taken>;

/// Plays Slack below `/api/`, and an endpoint elsewhere.
#[expect(clippy::disallowed_methods, reason = "no instance's task: the benchmark's own")]
pub async fn start(telling: Telling) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            // A client that hangs up is no matter of the sink's.
            tokio::spawn(serve(client, telling.clone()));
        }
    });
    Ok(address)
}

async fn serve(mut client: TcpStream, telling: Telling) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let (reading, mut writing) = client.split();
    let mut reading = BufReader::new(reading);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let (mut path, mut event, mut length) = (String::new(), String::new(), 0);
        loop {
            line.clear();
            if reading.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            match text.split_once(": ") {
                None => text.split(' ').nth(1).unwrap_or_default().clone_into(&mut path),
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().unwrap_or(0);
                }
                Some((name, value)) if name.eq_ignore_ascii_case("webhook-id") => {
                    value.clone_into(&mut event);
                }
                Some(_) => {}
            }
        }
        body.resize(length, 0);
        reading.read_exact(&mut body).await?;
        let told = match path.as_str() {
            "/api/chat.postMessage" => card(&String::from_utf8_lossy(&body)).map(|it| (Way::Card, it)),
            _ => requested(&event).map(|it| (Way::Webhook, it)),
        };
        if let Some((way, approval)) = told {
            // The measurement may be over.
            let _ = telling.send(Taken { way, at: Instant::now(), approval });
        }
        let said = match path.as_str() {
            "/api/conversations.open" => r#"{"ok":true,"channel":{"id":"D0"}}"#,
            "/api/chat.postMessage" => r#"{"ok":true,"channel":"D0","ts":"1.000001"}"#,
            _ => r#"{"ok":true,"team":"bench","team_id":"T0","user_id":"UB"}"#,
        };
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
        writing.write_all(format!("{head}: {}\r\n\r\n{said}", said.len()).as_bytes()).await?;
    }
}

/// The approval of a card, which shows its id as code.
fn card(body: &str) -> Option<String> {
    let id = body.split('`').nth(1)?;
    Some(id.replace('-', ""))
}

/// The approval of an event, if it tells of a request.
fn requested(event: &str) -> Option<String> {
    let (id, _) = event.strip_prefix("evt_")?.strip_suffix("_requested")?.split_once('_')?;
    Some(id.to_owned())
}
