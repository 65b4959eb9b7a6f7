//! Mail: handed to a relay, one message for each person. Signing it, and what bounces, is the relay's.

mod letter;

use std::{fs, time::Duration};

use anyhow::{Context, ensure};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{
        self, PoolConfig,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use secrecy::ExposeSecret;

use self::letter::Letters;
use super::courier::{Courier, Handed, Message};
use crate::{
    config::{Config, Security, Smtp},
    domain::notification::Channel,
};

/// Connections to the relay.
const CONNECTIONS: u32 = 4;
/// How long one is kept unused: relays close them, and say so only when they are used.
const IDLE: Duration = Duration::from_secs(30);
/// Longest that connecting, and each answer, may take.
const ANSWER: Duration = Duration::from_secs(20);
/// How long the relay is left alone that refuses us as a whole.
const MISCONFIGURED: Duration = Duration::from_mins(30);
/// How long a message waits that was refused for now, by its tries.
const AGAIN: [Duration; 7] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
    Duration::from_hours(3),
    Duration::from_hours(6),
    Duration::from_hours(12),
];

/// Hands mail to the relay. Clones share its connections.
#[derive(Clone)]
pub struct Email {
    relay: AsyncSmtpTransport<Tokio1Executor>,
    letters: Letters,
}

impl Email {
    /// Mail, if it is on.
    pub fn of(config: &Config) -> anyhow::Result<Option<Self>> {
        let email = config.smtp.is_on().then(|| Self::new(&config.smtp, &config.http.public_url));
        email.transpose()
    }

    /// `public_url`: where people reach the app; empty: mail has no links.
    pub fn new(config: &Smtp, public_url: &str) -> anyhow::Result<Self> {
        let from: Mailbox = config.from.parse().context("smtp.from")?;
        let mut relay = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .timeout(Some(ANSWER))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE))
            .tls(match config.security() {
                Security::StartTls => Tls::Required(protection(config)?),
                Security::Tls => Tls::Wrapper(protection(config)?),
                Security::None => Tls::None,
            });
        if !config.user.is_empty() {
            let password = config.password.expose_secret().to_owned();
            relay = relay.credentials(Credentials::new(config.user.clone(), password));
        }
        Ok(Self { relay: relay.build(), letters: Letters::new(from, public_url) })
    }

    /// Whether the relay answers, and takes our name and password.
    pub async fn try_out(&self) -> anyhow::Result<()> {
        ensure!(self.relay.test_connection().await?, "the relay does not answer as it should");
        Ok(())
    }
}

fn protection(config: &Smtp) -> anyhow::Result<TlsParameters> {
    let mut parameters = TlsParameters::builder(config.host.clone());
    if !config.ca_file.is_empty() {
        let pem = fs::read(&config.ca_file).with_context(|| format!("smtp.ca_file: {}", config.ca_file))?;
        let issuer = Certificate::from_pem(&pem).context("smtp.ca_file has no certificate in PEM")?;
        parameters = parameters.add_root_certificate(issuer);
    }
    parameters.build_rustls().context("TLS for mail")
}

impl Courier for Email {
    const CHANNEL: Channel = Channel::Email;
    const LANES: usize = 4;
    const AT_ONCE: usize = 4;
    const LONGEST: Duration = Duration::from_secs(30);

    async fn send(&self, message: &Message<'_>) -> Handed {
        let letter = match self.letters.write(message) {
            Ok(letter) => letter,
            Err(error) => return Handed::Refused { code: None, error: error.to_string() },
        };
        match self.relay.send(letter).await {
            Ok(response) => {
                let answer = response.message().collect::<Vec<_>>().join("\n");
                let code = Some(i32::from(u16::from(response.code())));
                Handed::Over { code, answer: Some(answer), place: None }
            }
            Err(error) => judged(&error),
        }
    }

    fn again(tries: i32) -> Option<Duration> {
        usize::try_from(tries).ok().and_then(|tries| AGAIN.get(tries).copied())
    }
}

/// What the relay's answer means.
fn judged(error: &smtp::Error) -> Handed {
    let code = error.status().map(|code| i32::from(u16::from(code)));
    let error = told(error);
    match code {
        // It goes away, or wants a pause.
        Some(421) | None => Handed::Away { code, error },
        // It does not take our name, our password or our address.
        Some(530 | 534 | 535 | 538) => Handed::Held { hold: MISCONFIGURED, code, error },
        Some(400..500) => Handed::Deferred { code, error },
        Some(_) => Handed::Refused { code, error },
    }
}

/// With all that is behind it, in one line. What we sent is no part of it.
fn told(error: &smtp::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text.replace(['\r', '\n'], " ")
}
