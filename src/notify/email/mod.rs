//! Mail: hands one message for each person to the relay. DKIM and bounces are the relay's work.

mod letter;
mod page;
mod relay;

use std::time::Duration;

use anyhow::Context;
use lettre::message::Mailbox;

use self::{
    letter::Letters,
    relay::{Dialog, Failed, Relay},
};
use super::courier::{Courier, Handed, Message};
use crate::{
    config::{Config, Smtp},
    domain::notification::Channel,
};

/// How long a relay is left alone after it has refused our name, password or address.
const MISCONFIGURED: Duration = Duration::from_mins(30);
/// How long a message waits after each try, where the relay refused it for now.
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
    relay: Relay,
    letters: Letters,
}

impl Email {
    /// Mail, if it is switched on.
    pub fn of(config: &Config) -> anyhow::Result<Option<Self>> {
        let email = config.smtp.is_on().then(|| Self::new(&config.smtp, &config.http.public_url));
        email.transpose()
    }

    /// `public_url`: where people reach the app.
    pub fn new(config: &Smtp, public_url: &str) -> anyhow::Result<Self> {
        let from: Mailbox = config.from.parse().context("smtp.from")?;
        Ok(Self { relay: Relay::new(config)?, letters: Letters::new(from, public_url) })
    }

    /// Tries whether the relay answers, and takes our name and password.
    pub async fn try_out(&self) -> anyhow::Result<()> {
        self.relay.try_out().await
    }
}

impl Courier for Email {
    const CHANNEL: Channel = Channel::Email;
    const LANES: usize = 4;
    const AT_ONCE: usize = 4;
    const LONGEST: Duration = Duration::from_secs(30);
    const FLOOD: Option<usize> = Some(10);
    const LINKS: bool = true;

    async fn send(&self, message: &Message<'_>) -> Handed {
        let letter = match self.letters.write(message) {
            Ok(letter) => letter,
            Err(error) => return Handed::Refused { code: None, error: format!("{error:#}") },
        };
        match self.relay.send(letter.envelope(), &letter.formatted()).await {
            Ok(response) => {
                let answer = response.message().collect::<Vec<_>>().join("\n");
                let code = Some(i32::from(u16::from(response.code())));
                Handed::Over { code, answer: Some(answer), place: None }
            }
            Err(failed) => judged(failed),
        }
    }

    fn again(tries: i32) -> Option<Duration> {
        usize::try_from(tries).ok().and_then(|tries| AGAIN.get(tries).copied())
    }
}

/// What the relay's answer means, by the step of the dialogue that it answers.
fn judged(Failed { step, code, why: error }: Failed) -> Handed {
    let status = code.map(i32::from);
    match (step, code) {
        // The relay refuses our name, our password or our address.
        (_, Some(530 | 534 | 535 | 538)) | (Dialog::SignIn, Some(500..)) => {
            Handed::Held { hold: MISCONFIGURED, code: status, error }
        }
        // The relay goes away, or wants a pause.
        (_, None | Some(421)) | (Dialog::Connect | Dialog::SignIn, _) => Handed::Away { code: status, error },
        (_, Some(..500)) => Handed::Deferred { code: status, error },
        (Dialog::From, Some(code)) if ![552, 554].contains(&code) => {
            Handed::Held { hold: MISCONFIGURED, code: status, error }
        }
        (_, Some(_)) => Handed::Refused { code: status, error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_means_what_its_step_makes_of_it() {
        let judge = |step, code| match judged(Failed { step, code, why: String::new() }) {
            Handed::Over { .. } => "over",
            Handed::Deferred { .. } => "deferred",
            Handed::Refused { .. } => "refused",
            Handed::Away { .. } => "away",
            Handed::Held { .. } => "held",
            Handed::Moot { .. } | Handed::InVain { .. } | Handed::Paused { .. } => "none of mail's",
        };
        for (step, code, expected) in [
            (Dialog::Connect, None, "away"),
            (Dialog::Connect, Some(421), "away"),
            (Dialog::Connect, Some(554), "away"),
            (Dialog::SignIn, Some(454), "away"),
            (Dialog::SignIn, Some(535), "held"),
            (Dialog::SignIn, Some(504), "held"),
            (Dialog::From, Some(530), "held"),
            (Dialog::From, Some(553), "held"),
            (Dialog::From, Some(552), "refused"),
            (Dialog::From, Some(452), "deferred"),
            (Dialog::To, Some(450), "deferred"),
            (Dialog::To, Some(550), "refused"),
            (Dialog::To, Some(421), "away"),
            (Dialog::Text, None, "away"),
            (Dialog::Text, Some(451), "deferred"),
            (Dialog::Text, Some(554), "refused"),
        ] {
            assert_eq!(judge(step, code), expected, "{step:?} {code:?}");
        }
    }
}
