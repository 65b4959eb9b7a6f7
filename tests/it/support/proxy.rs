//! A TCP proxy that can be told to misbehave: in front of Postgres or Redis it makes the faults that matter.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
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
    quiet_ms: Arc<AtomicU64>,
    forgotten: Arc<AtomicU64>,
}

#[derive(Clone)]
struct Line {
    mode: watch::Receiver<Mode>,
    delay_ms: Arc<AtomicU64>,
    traffic: Arc<AtomicBool>,
    quiet_ms: Arc<AtomicU64>,
    forgotten: Arc<AtomicU64>,
}

impl Proxy {
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, follow) = watch::channel(Mode::Pass);
        let (delay_ms, traffic) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (quiet_ms, forgotten) = (Arc::new(AtomicU64::new(u64::MAX)), Arc::new(AtomicU64::new(0)));
        let line = Line {
            mode: follow,
            delay_ms: delay_ms.clone(),
            traffic: traffic.clone(),
            quiet_ms: quiet_ms.clone(),
            forgotten: forgotten.clone(),
        };
        let target = target.to_owned();
        tokio::task::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::task::spawn(line.clone().serve(client, target.clone()));
            }
        });
        Self { address, mode, delay_ms, traffic, quiet_ms, forgotten }
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

    /// As gateways do: a connection on which nothing moved for so long is forgotten. It breaks for neither end; what
    /// either sends on it from then on goes nowhere.
    pub fn forget_after(&self, quiet: Duration) {
        self.quiet_ms.store(u64::try_from(quiet.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// How many connections have been forgotten.
    pub fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Relaxed)
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
        let moved = Arc::new(Mutex::new(Instant::now()));
        let me = self.clone();
        {
            // Both ends stay open, whatever becomes of the flow between them.
            let (mut client, mut server) = ((client_read, client_write), (server_read, server_write));
            let up = self.clone().copy(&mut client.0, &mut server.1, true, &moved);
            let down = self.copy(&mut server.0, &mut client.1, false, &moved);
            let forgotten = tokio::select! {
                () = up => false,
                () = down => false,
                _ = mode.wait_for(|mode| *mode == Mode::Cut) => false,
                () = me.quiet_for_too_long(&moved) => true,
            };
            if forgotten {
                me.forgotten.fetch_add(1, Ordering::Relaxed);
                // An error means that the test is over.
                let _ = mode.wait_for(|mode| *mode == Mode::Cut).await;
            }
        }
    }

    async fn quiet_for_too_long(&self, moved: &Mutex<Instant>) {
        let mut tick = tokio::time::interval(Duration::from_millis(20));
        loop {
            tick.tick().await;
            let quiet = moved.lock().unwrap().elapsed().as_millis();
            if quiet > u128::from(self.quiet_ms.load(Ordering::Relaxed)) {
                return;
            }
        }
    }

    async fn copy(
        mut self,
        from: &mut OwnedReadHalf,
        to: &mut OwnedWriteHalf,
        upwards: bool,
        moved: &Mutex<Instant>,
    ) {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let Ok(count @ 1..) = from.read(&mut buffer).await else { return };
            *moved.lock().unwrap() = Instant::now();
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
