//! A TCP proxy that can be told to misbehave: in front of Postgres or Redis it makes the faults that matter.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    Pass,
    /// Existing connections are reset, new ones too.
    Cut,
    /// Nothing moves in either direction; new connections are accepted and left hanging.
    Hang,
    /// What clients send does arrive; what the server answers does not, and then the connection breaks.
    LoseAnswers,
}

pub struct Proxy {
    pub address: SocketAddr,
    mode: watch::Sender<Mode>,
    delay_ms: Arc<AtomicU64>,
    /// Whether a client sent anything since [`Proxy::watch_for_traffic`].
    traffic: Arc<AtomicBool>,
}

#[derive(Clone)]
struct Line {
    mode: watch::Receiver<Mode>,
    delay_ms: Arc<AtomicU64>,
    traffic: Arc<AtomicBool>,
}

impl Proxy {
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, follow) = watch::channel(Mode::Pass);
        let (delay_ms, traffic) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let line = Line { mode: follow, delay_ms: delay_ms.clone(), traffic: traffic.clone() };
        let target = target.to_owned();
        tokio::task::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::task::spawn(line.clone().serve(client, target.clone()));
            }
        });
        Self { address, mode, delay_ms, traffic }
    }

    /// In front of the server that a URL names; answers with the URL that leads through the proxy.
    pub async fn before(url: &str) -> (Self, String) {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
        let proxy = Self::to(host).await;
        let at = if user.is_empty() { "" } else { "@" };
        let through = format!("{scheme}://{user}{at}{}/{path}", proxy.address);
        (proxy, through)
    }

    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Time that every piece takes on its way to the server.
    pub fn delay(&self, delay: Duration) {
        self.delay_ms.store(u64::try_from(delay.as_millis()).unwrap(), Ordering::Relaxed);
    }

    pub fn watch_for_traffic(&self) {
        self.traffic.store(false, Ordering::Relaxed);
    }

    pub fn saw_traffic(&self) -> bool {
        self.traffic.load(Ordering::Relaxed)
    }
}

impl Line {
    async fn serve(mut self, client: TcpStream, target: String) {
        // Small packets are the rule on these lines.
        client.set_nodelay(true).unwrap();
        if *self.mode.borrow() == Mode::Cut {
            // Zero linger turns the close into a reset.
            client.set_zero_linger().unwrap();
            return;
        }
        // A hanging line connects as soon as it is told to pass.
        if self.mode.wait_for(|mode| *mode != Mode::Hang).await.is_err() {
            return;
        }
        let Ok(server) = TcpStream::connect(&target).await else { return };
        server.set_nodelay(true).unwrap();
        let (client_read, client_write) = client.into_split();
        let (server_read, server_write) = server.into_split();
        let mut mode = self.mode.clone();
        let up = self.clone().copy(client_read, server_write, true);
        let down = self.copy(server_read, client_write, false);
        tokio::select! {
            () = up => {}
            () = down => {}
            _ = mode.wait_for(|mode| *mode == Mode::Cut) => {}
        }
    }

    async fn copy(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, upwards: bool) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let Ok(count @ 1..) = from.read(&mut buffer).await else { return };
            if upwards {
                self.traffic.store(true, Ordering::Relaxed);
                let delay = self.delay_ms.load(Ordering::Relaxed);
                if delay > 0 {
                    tokio::time::sleep(Duration::from_millis(delay)).await;
                }
            } else if *self.mode.borrow() == Mode::LoseAnswers {
                return;
            }
            if self.mode.wait_for(|mode| *mode != Mode::Hang).await.is_err() {
                return;
            }
            if to.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    }
}
