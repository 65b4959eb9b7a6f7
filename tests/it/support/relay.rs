//! A mail relay of the test's own: it records what it takes, and answers each command as the test says.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::Notify,
};
use tokio_rustls::TlsAcceptor;

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
    /// The connection was protected.
    pub is_protected: bool,
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

    /// The part with that type, decoded.
    pub fn part(&self, media_type: &str) -> String {
        let begin = format!("Content-Type: {media_type}");
        let part = self.text.split("\r\n--").find(|part| part.contains(&begin));
        let part = part.unwrap_or_else(|| panic!("no {media_type} in {}", self.text));
        let (head, body) = part.split_once("\r\n\r\n").unwrap();
        if head.contains("quoted-printable") {
            return unquoted(body);
        }
        if head.contains("base64") {
            let bytes = STANDARD.decode(body.replace("\r\n", "")).unwrap();
            return String::from_utf8(bytes).unwrap();
        }
        body.to_owned()
    }
}

/// Quoted-printable, read.
fn unquoted(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if *byte == b'=' {
            let (code, behind) = rest.split_at(2);
            bytes.push(u8::from_str_radix(str::from_utf8(code).unwrap(), 16).unwrap());
            rest = behind;
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[derive(Clone)]
pub struct Relay(Arc<Shared>);

struct Shared {
    port: u16,
    script: Mutex<Script>,
    /// All whose end was received, whatever was answered.
    received: Mutex<Vec<Mail>>,
    connections: AtomicUsize,
    /// It offers STARTTLS, and wants a name and a password then.
    tls: Option<TlsAcceptor>,
}

impl Relay {
    pub async fn start() -> Self {
        Self::with(None).await
    }

    /// One that offers STARTTLS, with what [`certificate`] made.
    pub async fn protected(tls: TlsAcceptor) -> Self {
        Self::with(Some(tls)).await
    }

    async fn with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let me = Self(Arc::new(Shared {
            port: listener.local_addr().unwrap().port(),
            script: Mutex::new(Box::new(|_| Does::Well)),
            received: Mutex::default(),
            connections: AtomicUsize::new(0),
            tls,
        }));
        let relay = me.clone();
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let relay = relay.clone();
                tokio::spawn(async move {
                    relay.0.connections.fetch_add(1, Ordering::Relaxed);
                    // A client that hangs up is no matter of the relay's.
                    let _ = Box::pin(relay.serve(Box::new(client), false)).await;
                });
            }
        });
        me
    }

    /// For an instance that sends its mail here.
    pub fn setup(&self, setup: Setup) -> Setup {
        let mut flags = setup.flags;
        flags.extend([
            ("http.public_url", "https://signoff.example".to_owned()),
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

    pub fn port(&self) -> u16 {
        self.0.port
    }

    pub fn connections(&self) -> usize {
        self.0.connections.load(Ordering::Relaxed)
    }

    async fn serve(&self, client: Box<dyn Stream>, is_protected: bool) -> std::io::Result<()> {
        let (reading, mut writing) = tokio::io::split(client);
        let mut reading = BufReader::new(reading);
        let mut to = Vec::new();
        if !is_protected && !self.answer(&mut writing, "connect", "220 relay").await? {
            return Ok(());
        }
        let offer = match (&self.0.tls, is_protected) {
            (Some(_), false) => "250-relay\r\n250 STARTTLS",
            (Some(_), true) => "250-relay\r\n250 AUTH PLAIN",
            (None, _) => "250-relay\r\n250 8BITMIME",
        };
        loop {
            let mut line = String::new();
            if reading.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            let well = match line.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => offer,
                "STARTTLS" => "220 go on",
                "AUTH" => "235 welcome",
                "MAIL" if self.0.tls.is_some() && !is_protected => "530 STARTTLS first",
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
            if let ("STARTTLS", Some(tls)) = (line, &self.0.tls) {
                let client = tls.accept(reading.into_inner().unsplit(writing)).await?;
                return Box::pin(self.serve(Box::new(client), true)).await;
            }
            if line == "DATA" {
                let text = body(&mut reading).await?;
                let mail = Mail { to: std::mem::take(&mut to), text, is_protected };
                self.0.received.lock().unwrap().push(mail);
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

/// A connection, protected or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// An issuer and a certificate of its for 127.0.0.1, made in `folder`; the issuer's file, and what serves the other.
pub fn certificate(folder: &Path) -> (PathBuf, TlsAcceptor) {
    let openssl = |arguments: &str| {
        let run = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
        assert!(run.status.success(), "{arguments}: {}", String::from_utf8_lossy(&run.stderr));
    };
    std::fs::write(folder.join("leaf.ext"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        .unwrap();
    openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=issuer");
    openssl("req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=relay");
    openssl(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 2 -extfile leaf.ext",
    );
    let chain = CertificateDer::pem_file_iter(folder.join("leaf.pem")).unwrap();
    let chain: Vec<CertificateDer<'static>> = chain.map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("leaf.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap();
    (folder.join("ca.pem"), TlsAcceptor::from(Arc::new(config)))
}
