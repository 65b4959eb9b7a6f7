//! A receiver of webhooks that does as a test says: it answers, refuses, stalls, hangs up half-way, never ends.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::{eventually, within};

/// What comes of a request.
#[derive(Debug, Clone)]
pub enum Does {
    /// A status, and headers with CR LF behind each.
    Answers(u16, &'static str),
    /// Takes it and says nothing.
    Stalls,
    /// Closes when it has the head.
    HangsUp,
    /// Says 200, promises more than it sends, and closes.
    BreaksOff,
    /// Says 200 and never ends.
    NeverEnds,
    /// No HTTP.
    Mumbles,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

type Doing = Box<dyn FnMut(&Received) -> Does + Send>;

#[derive(Clone)]
pub struct Sink {
    pub url: String,
    pub port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    doing: Arc<Mutex<Doing>>,
}

impl Sink {
    /// One that answers 204 to everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sink = Self {
            url: format!("http://127.0.0.1:{port}/hook"),
            port,
            received: Arc::default(),
            doing: Arc::new(Mutex::new(Box::new(|_| Does::Answers(204, "")))),
        };
        let accepting = sink.clone();
        tokio::task::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::task::spawn(accepting.clone().serve(socket));
            }
        });
        sink
    }

    pub fn does(&self, doing: impl FnMut(&Received) -> Does + Send + 'static) {
        *self.doing.lock().unwrap() = Box::new(doing);
    }

    pub fn always(&self, does: Does) {
        self.does(move |_| does.clone());
    }

    pub fn is_well(&self) {
        self.always(Does::Answers(204, ""));
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until so many have come, and gives them.
    pub async fn has(&self, count: usize) -> Vec<Received> {
        eventually(&format!("{count} requests"), || async { self.received().len() >= count }).await;
        self.received()
    }

    /// The same where it may take its time.
    pub async fn has_within(&self, limit: Duration, count: usize) -> Vec<Received> {
        within(limit, &format!("{count} requests"), || async { self.received().len() >= count }).await;
        self.received()
    }

    async fn serve(self, socket: TcpStream) {
        let mut stream = BufReader::new(socket);
        while let Some(request) = read(&mut stream).await {
            let does = (self.doing.lock().unwrap())(&request);
            self.received.lock().unwrap().push(request);
            let text = match does {
                Does::Answers(status, headers) => {
                    format!("HTTP/1.1 {status} X\r\n{headers}content-length: 2\r\n\r\nok")
                }
                Does::Stalls => {
                    std::future::pending::<()>().await;
                    return;
                }
                Does::HangsUp => return,
                Does::BreaksOff => "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_owned(),
                Does::NeverEnds => "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned(),
                Does::Mumbles => "220 welcome, what is your name?\r\n\r\n".to_owned(),
            };
            let text = if matches!(does, Does::Answers(204, _)) {
                "HTTP/1.1 204 No Content\r\n\r\n".to_owned()
            } else {
                text
            };
            if stream.write_all(text.as_bytes()).await.is_err() {
                return;
            }
            match does {
                Does::NeverEnds => {
                    while stream.write_all(b"400\r\n").await.is_ok()
                        && stream.write_all(&[b'x'; 1024]).await.is_ok()
                        && stream.write_all(b"\r\n").await.is_ok()
                    {
                        tokio::task::yield_now().await;
                    }
                    return;
                }
                Does::BreaksOff | Does::Mumbles => return,
                _ => {}
            }
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|count| *count > 0)?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|count| *count > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |it| it.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received { path, headers, body: String::from_utf8(body).unwrap() })
}
