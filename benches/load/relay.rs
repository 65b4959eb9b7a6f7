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
};

use super::sink::{Taken, Telling, Way};

pub struct Relay {
    pub address: SocketAddr,
    still: Arc<AtomicBool>,
}

impl Relay {
    #[expect(clippy::disallowed_methods, reason = "no instance's task: the benchmark's own")]
    pub async fn start(telling: Telling) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let still = Arc::new(AtomicBool::new(false));
        let stands = still.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // A client that hangs up is no matter of the relay's.
                tokio::spawn(serve(client, stands.clone(), telling.clone()));
            }
        });
        Ok(Self { address, still })
    }

    /// From now on it answers nothing any more, or again.
    pub fn stand_still(&self, still: bool) {
        self.still.store(still, Ordering::Relaxed);
    }
}

async fn serve(mut client: TcpStream, still: Arc<AtomicBool>, telling: Telling) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let (reading, mut writing) = client.split();
    let mut reading = BufReader::new(reading);
    writing.write_all(b"220 relay\r\n").await?;
    let (mut line, mut is_data, mut approval) = (String::new(), false, String::new());
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
                let approval = std::mem::take(&mut approval);
                let _ = telling.send(Taken { way: Way::Mail, at: Instant::now(), approval });
                b"250 taken\r\n"
            }
            (true, text) => {
                if let Some(value) = text.strip_prefix("References:") {
                    let id = value.trim().trim_start_matches('<').split('.').next();
                    approval = id.unwrap_or_default().replace('-', "");
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
