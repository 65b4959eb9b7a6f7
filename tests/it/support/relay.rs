//! A mail relay of the test's own: it records what it takes, and answers each command as the test says.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use super::Setup;

/// What the relay does at a command.
#[derive(Clone)]
pub enum Does {
    /// As a relay does that is well.
    Well,
    /// It says that, and goes on.
    Says(&'static str),
    /// It says nothing until it is told to, and then that.
    Waits(Arc<Notify>, &'static str),
    /// It says nothing any more.
    Stalls,
    /// It hangs up.
    HangsUp,
}

/// What is asked at each command: `connect`, a line like `RCPT TO:<ana@example.com>`, or `.` for the end of a mail.
type Script = Box<dyn Fn(&str) -> Does + Send + Sync>;

/// A mail that was taken.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: Vec<String>,
    pub text: String,
}

impl Mail {
    /// A header's value, on one line.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let prefix = format!("{}:", name.to_lowercase());
        head.lines()
            .find(|line| line.to_lowercase().starts_with(&prefix))
            .map(|line| line[prefix.len()..].trim().to_owned())
    }
}

#[derive(Clone)]
pub struct Relay(Arc<Shared>);

struct Shared {
    port: u16,
    script: Mutex<Script>,
    /// All whose end was received, whatever was answered.
    received: Mutex<Vec<Mail>>,
    connections: AtomicUsize,
}

impl Relay {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let me = Self(Arc::new(Shared {
            port: listener.local_addr().unwrap().port(),
            script: Mutex::new(Box::new(|_| Does::Well)),
            received: Mutex::default(),
            connections: AtomicUsize::new(0),
        }));
        let relay = me.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let relay = relay.clone();
                tokio::spawn(async move {
                    relay.0.connections.fetch_add(1, Ordering::Relaxed);
                    // A client that hangs up is no matter of the relay's.
                    let _ = relay.serve(client).await;
                });
            }
        });
        me
    }

    /// For an instance that sends its mail here.
    pub fn setup(&self, setup: Setup) -> Setup {
        let mut flags = setup.flags;
        flags.extend([
            ("smtp.host", "127.0.0.1".to_owned()),
            ("smtp.port", self.0.port.to_string()),
            ("smtp.security", "none".to_owned()),
            ("smtp.from", "Signoff <signoff@example.com>".to_owned()),
        ]);
        Setup { flags, ..setup }
    }

    /// From the next command on.
    pub fn does(&self, script: impl Fn(&str) -> Does + Send + Sync + 'static) {
        *self.0.script.lock().unwrap() = Box::new(script);
    }

    pub fn is_well(&self) {
        self.does(|_| Does::Well);
    }

    /// What it has received to the end, in order.
    pub fn received(&self) -> Vec<Mail> {
        self.0.received.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.0.connections.load(Ordering::Relaxed)
    }

    async fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        let (reading, mut writing) = client.split();
        let mut reading = BufReader::new(reading);
        let mut to = Vec::new();
        if !self.answer(&mut writing, "connect", "220 relay").await? {
            return Ok(());
        }
        loop {
            let mut line = String::new();
            if reading.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            let well = match line.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => "250-relay\r\n250 8BITMIME",
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                "RCPT" => {
                    to.push(line.trim_start_matches("RCPT TO:").trim_matches(['<', '>']).to_owned());
                    "250 ok"
                }
                _ => "250 ok",
            };
            let said = self.answer(&mut writing, line, well).await?;
            if !said || line == "QUIT" {
                return Ok(());
            }
            if line == "DATA" {
                let text = body(&mut reading).await?;
                self.0.received.lock().unwrap().push(Mail { to: std::mem::take(&mut to), text });
                if !self.answer(&mut writing, ".", "250 taken").await? {
                    return Ok(());
                }
            }
        }
    }

    /// Answers as the script says; false: it says nothing any more.
    async fn answer(
        &self,
        writing: &mut (impl AsyncWriteExt + Unpin),
        command: &str,
        well: &str,
    ) -> std::io::Result<bool> {
        let does = (self.0.script.lock().unwrap())(command);
        let text = match does {
            Does::Well => well,
            Does::Says(text) => text,
            Does::Waits(until, text) => {
                until.notified().await;
                text
            }
            Does::Stalls => std::future::pending().await,
            Does::HangsUp => return Ok(false),
        };
        writing.write_all(format!("{text}\r\n").as_bytes()).await?;
        Ok(true)
    }
}

/// A mail's text, to the line that ends it.
async fn body(reading: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if reading.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
