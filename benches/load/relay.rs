//! A mail relay that takes everything at once, or stands still.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// What the relay has taken: when, and the mail's `References`.
pub type Taken = (Instant, String);

pub struct Relay {
    pub address: SocketAddr,
    still: Arc<AtomicBool>,
    pub taken: mpsc::UnboundedReceiver<Taken>,
}

impl Relay {
    #[expect(clippy::disallowed_methods, reason = "no instance's task: the benchmark's own")]
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (telling, taken) = mpsc::unbounded_channel();
        let still = Arc::new(AtomicBool::new(false));
        let stands = still.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A client that hangs up is no matter of the relay's.
                tokio::spawn(serve(client, stands.clone(), telling.clone()));
            }
        });
        Ok(Self { address, still, taken })
    }

    /// From now on it answers nothing any more, or again.
    pub fn stand_still(&self, still: bool) {
        self.still.store(still, Ordering::Relaxed);
    }
}

async fn serve(
    mut client: TcpStream,
    still: Arc<AtomicBool>,
    telling: mpsc::UnboundedSender<Taken>,
) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let (reading, mut writing) = client.split();
    let mut reading = BufReader::new(reading);
    writing.write_all(b"220 relay\r\n").await?;
    let (mut line, mut is_data, mut references) = (String::new(), false, String::new());
    loop {
        line.clear();
        if reading.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        if still.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let text = line.trim_end();
        let said: &[u8] = match (is_data, text) {
            (true, ".") => {
                is_data = false;
                // The measurement may be over.
                let _ = telling.send((Instant::now(), std::mem::take(&mut references)));
                b"250 taken\r\n"
            }
            (true, text) => {
                if let Some(value) = text.strip_prefix("References:") {
                    value.trim().clone_into(&mut references);
                }
                continue;
            }
            (false, "DATA") => {
                is_data = true;
                b"354 go on\r\n"
            }
            (false, text) if text.starts_with("EHLO") => b"250-relay\r\n250 8BITMIME\r\n",
            (false, _) => b"250 ok\r\n",
        };
        writing.write_all(said).await?;
    }
}
