//! What stands between a client and the service, and answers in its place: a balancer during a rollout, a portal, a
//! gateway. It is none of ours, so it is made up here.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::{broadcast, watch},
};

pub struct Between {
    pub url: String,
    answer: watch::Sender<Option<String>>,
    close: broadcast::Sender<Vec<u8>>,
    heads: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Line {
    target: String,
    answer: watch::Receiver<Option<String>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Between {
    /// In front of the service at this URL; at first it passes everything on.
    pub async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (answer, follow) = watch::channel(None);
        let (close, _) = broadcast::channel(4);
        let me = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            answer,
            close: close.clone(),
            heads: Arc::default(),
        };
        let target = url.trim_start_matches("http://").to_owned();
        let line = Line { target, answer: follow, heads: me.heads.clone() };
        tokio::task::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::task::spawn(line.clone().serve(client, close.subscribe()));
            }
        });
        me
    }

    /// From now on every request gets this status line, these header lines and this body. Connections that were passed
    /// on are cut.
    pub fn answer(&self, status: &str, headers: &[&str], body: &str) {
        let headers: String = headers.iter().flat_map(|line| [line, "\r\n"]).collect();
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
        self.answer.send_replace(Some(head + body));
    }

    /// From now on everything is passed on.
    pub fn pass(&self) {
        self.answer.send_replace(None);
    }

    /// Closes all sockets as the service would.
    pub fn close_sockets(&self, code: u16, reason: &str) {
        let length = u8::try_from(reason.len() + 2).unwrap();
        assert!(length < 126);
        let frame = [&[0x88, length][..], &code.to_be_bytes(), reason.as_bytes()].concat();
        self.close.send(frame).unwrap();
    }

    /// The heads of the requests that were answered here.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Line {
    async fn serve(mut self, mut client: TcpStream, mut close: broadcast::Receiver<Vec<u8>>) {
        let Some(answer) = self.answer.borrow_and_update().clone() else {
            let Ok(mut server) = TcpStream::connect(&self.target).await else { return };
            let frame = tokio::select! {
                _ = copy_bidirectional(&mut client, &mut server) => return,
                _ = self.answer.changed() => return,
                frame = close.recv() => frame,
            };
            if client.write_all(&frame.unwrap()).await.is_ok() {
                // Until the client has had it, and goes.
                let _ = client.read_to_end(&mut Vec::new()).await;
            }
            return;
        };
        let Some(head) = read_request(&mut client).await else { return };
        self.heads.lock().unwrap().push(head);
        // The client may be gone.
        let _ = client.write_all(answer.as_bytes()).await;
    }
}

/// A proxy that opens tunnels (CONNECT) to those who know its password.
pub struct Tunnels {
    pub address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Tunnels {
    pub async fn start(credentials: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let seen = heads.clone();
        tokio::task::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let seen = seen.clone();
                tokio::task::spawn(async move {
                    let Some(head) = read_request(&mut client).await else { return };
                    seen.lock().unwrap().push(head.clone());
                    let is_known = head.to_lowercase().contains("\r\nproxy-authorization: basic ")
                        && head.contains(credentials);
                    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
                    let (Some(target), true) = (target, is_known) else {
                        let refusal =
                            b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
                        let _ = client.write_all(refusal).await;
                        return;
                    };
                    let mut server = TcpStream::connect(target).await.unwrap();
                    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self { address, heads }
    }

    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// A request's head; its body is read too. Nothing if the client goes before.
async fn read_request(client: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break end;
        }
        client.read_buf(&mut bytes).await.ok().filter(|count| *count > 0)?;
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    while bytes.len() < end + 4 + length.unwrap_or(0) {
        client.read_buf(&mut bytes).await.ok().filter(|count| *count > 0)?;
    }
    Some(head)
}
