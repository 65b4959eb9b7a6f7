//! The relay: its connections, and the steps of handing a message over. A failure names its step. This file knows
//! nothing of what messages say.
//!
//! We keep the connections, not the library. A send that is given up in the middle must drop its connection: otherwise
//! its late answer would be read as the answer to the next message.

use std::{
    error::Error as _,
    fs,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, ensure};
use lettre::{
    address::Envelope,
    transport::smtp::{
        self,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Noop, Rcpt, Rset},
        extension::ClientId,
        response::Response,
    },
};
use secrecy::ExposeSecret;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};

use crate::config::{Security, Smtp};

/// How long an unused connection is kept. Relays close such connections, and we notice only when we use one.
const IDLE: Duration = Duration::from_secs(30);
/// The longest time that connecting may take.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest time that a reset may take after a message was refused.
const FORGET: Duration = Duration::from_secs(2);

/// A step of the dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialog {
    Connect,
    SignIn,
    /// The relay is told the sender.
    From,
    /// The relay is told a recipient.
    To,
    /// The relay gets the text.
    Text,
}

/// Where and why it failed.
#[derive(Debug)]
pub struct Failed {
    pub step: Dialog,
    /// The relay's answer, if there was one.
    pub code: Option<u16>,
    /// The error and its causes, in one line. It holds nothing of what was sent.
    pub why: String,
}

impl Failed {
    fn at(step: Dialog) -> impl Fn(smtp::Error) -> Self {
        move |error| {
            let mut why = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                let text = cause.to_string();
                if !why.contains(&text) {
                    why = format!("{why}: {text}");
                }
                source = cause.source();
            }
            Self { step, code: error.status().map(u16::from), why: why.replace(['\r', '\n'], " ") }
        }
    }

    /// Whether the connection is gone, or is about to be.
    fn is_of_the_connection(&self) -> bool {
        matches!(self.code, None | Some(421))
    }
}

/// How connections are protected.
enum Protection {
    None,
    /// By STARTTLS. A relay that doesn't agree gets nothing.
    Upgraded(TlsParameters),
    FromTheFirstByte(TlsParameters),
}

/// The relay. Clones share its connections.
#[derive(Clone)]
pub struct Relay(Arc<Parts>);

struct Parts {
    host: String,
    port: u16,
    ours: ClientId,
    protection: Protection,
    credentials: Option<Credentials>,
    kept: Mutex<Vec<(Instant, AsyncSmtpConnection)>>,
}

impl Relay {
    pub fn new(config: &Smtp) -> anyhow::Result<Self> {
        let protection = match config.security() {
            Security::StartTls => Protection::Upgraded(parameters(config)?),
            Security::Tls => Protection::FromTheFirstByte(parameters(config)?),
            Security::None => Protection::None,
        };
        let credentials = (!config.user.is_empty())
            .then(|| Credentials::new(config.user.clone(), config.password.expose_secret().to_owned()));
        Ok(Self(Arc::new(Parts {
            host: config.host.clone(),
            port: config.port,
            ours: ClientId::default(),
            protection,
            credentials,
            kept: Mutex::default(),
        })))
    }

    /// Hands one message over. A kept connection may have died unnoticed: then the message is sent once more, on a new
    /// connection.
    pub async fn send(&self, envelope: &Envelope, text: &[u8]) -> Result<Response, Failed> {
        if let Some(conn) = self.kept() {
            match self.send_by(conn, envelope, text).await {
                Err(failed) if failed.is_of_the_connection() => {}
                done => return done,
            }
        }
        let conn = self.connect().await?;
        self.send_by(conn, envelope, text).await
    }

    /// Tries whether the relay answers, and takes our name and password.
    pub async fn try_out(&self) -> anyhow::Result<()> {
        let mut conn = self.connect().await.map_err(|failed| anyhow::anyhow!(failed.why))?;
        let response = conn.command(Noop).await?;
        ensure!(response.is_positive(), "the relay does not answer as it should");
        self.keep(conn);
        Ok(())
    }

    async fn send_by(
        &self,
        mut conn: AsyncSmtpConnection,
        envelope: &Envelope,
        text: &[u8],
    ) -> Result<Response, Failed> {
        let sent = dialogue(&mut conn, envelope, text).await;
        match &sent {
            Ok(_) => self.keep(conn),
            Err(failed) if failed.is_of_the_connection() => {}
            // The relay refused the message. The connection is still good.
            Err(_) => {
                if let Ok(Ok(_)) = timeout(FORGET, conn.command(Rset)).await {
                    self.keep(conn);
                }
            }
        }
        sent
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failed> {
        let Parts { host, port, ours, protection, credentials, .. } = &*self.0;
        let server = (host.as_str(), *port);
        let connected = match protection {
            Protection::FromTheFirstByte(parameters) => {
                let tls = Some(parameters.clone());
                AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT), ours, tls, None).await
            }
            Protection::Upgraded(_) | Protection::None => {
                AsyncSmtpConnection::connect_with_transport(Box::new(plain(server).await?), ours).await
            }
        };
        let mut conn = connected.map_err(Failed::at(Dialog::Connect))?;
        if let Protection::Upgraded(parameters) = protection {
            conn.starttls(parameters.clone(), ours).await.map_err(Failed::at(Dialog::Connect))?;
        }
        if let Some(credentials) = credentials {
            conn.auth(DEFAULT_MECHANISMS, credentials).await.map_err(Failed::at(Dialog::SignIn))?;
        }
        Ok(conn)
    }

    fn kept(&self) -> Option<AsyncSmtpConnection> {
        let mut kept = self.lock();
        kept.retain(|(since, _)| since.elapsed() < IDLE);
        kept.pop().map(|(_, conn)| conn)
    }

    fn keep(&self, conn: AsyncSmtpConnection) {
        self.lock().push((Instant::now(), conn));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Instant, AsyncSmtpConnection)>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The library writes a message and its end one after the other. Without `TCP_NODELAY` the end waits for the relay's
/// delayed acknowledgement: 40 ms for each mail.
async fn plain(server: (&str, u16)) -> Result<TcpStream, Failed> {
    let failed = |why: String| Failed { step: Dialog::Connect, code: None, why };
    let connecting = timeout(CONNECT, TcpStream::connect(server)).await;
    let stream = connecting.map_err(|_| failed(format!("no connection within {} s", CONNECT.as_secs())))?;
    let stream = stream.map_err(|error| failed(format!("no connection: {error}")))?;
    stream.set_nodelay(true).map_err(|error| failed(error.to_string()))?;
    Ok(stream)
}

async fn dialogue(
    conn: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    text: &[u8],
) -> Result<Response, Failed> {
    conn.command(Mail::new(envelope.from().cloned(), Vec::new())).await.map_err(Failed::at(Dialog::From))?;
    for to in envelope.to() {
        conn.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(Failed::at(Dialog::To))?;
    }
    conn.command(Data).await.map_err(Failed::at(Dialog::Text))?;
    conn.message(text).await.map_err(Failed::at(Dialog::Text))
}

fn parameters(config: &Smtp) -> anyhow::Result<TlsParameters> {
    let mut parameters = TlsParameters::builder(config.host.clone());
    if !config.ca_file.is_empty() {
        let pem = fs::read(&config.ca_file).with_context(|| format!("smtp.ca_file: {}", config.ca_file))?;
        let issuer = Certificate::from_pem(&pem).context("smtp.ca_file has no certificate in PEM")?;
        parameters = parameters.add_root_certificate(issuer);
    }
    parameters.build_rustls().context("TLS for mail")
}
