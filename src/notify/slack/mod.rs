//! Slack: posts cards that show an approval, in channels and to people, and edits them as the approval goes on. The
//! service's own app does this, or an app of the workspace's own.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`card`], [`modal`] | make what is shown, from the approval alone; pure |
//! | `text` | makes what callers wrote harmless and short enough; pure |
//! | [`client`] | calls Slack's methods, and knows what its words mean |
//! | [`installation`] | one app: posts and edits cards |
//! | [`home`] | which workspaces have the service's app |
//! | [`kept`] | which workspaces have apps of their own |
//! | [`secrets`] | seals the secrets of such apps |
//! | [`manage`] | what members do with their workspace's app |
//! | [`trouble`] | tells administrators that an app can't be used |
//!
//! What a press does is in `http/slack`.

pub mod card;
pub mod client;
pub mod home;
pub mod installation;
pub mod kept;
pub mod manage;
pub mod modal;
pub mod press;
pub mod secrets;
mod service;
mod text;
pub mod trouble;

use std::{fmt, sync::Arc, time::Duration};

use secrecy::SecretString;
use serde_json::Value;
use sqlx::PgConnection;

use self::{
    client::{Client, Failure, Line},
    home::Home,
    installation::{Installation, Whose},
    kept::{Entry, Kept},
};
use super::{
    courier::{Courier, Handed, Message},
    deliver::STATEMENT,
};
use crate::{
    config::Config,
    domain::{
        ids::WorkspaceId,
        notification::{Channel, Skipped},
    },
    seal::Sealer,
    store::{self, Database, slack_installations::App},
};

/// How long a message waits after it was refused for now, by the number of its tries.
const AGAIN: [Duration; 8] = [
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
    Duration::from_hours(3),
    Duration::from_hours(6),
    Duration::from_hours(12),
];
/// Slack's words for a message that can't be edited any more.
const GONE: [&str; 3] = ["message_not_found", "cant_update_message", "edit_window_closed"];
/// How long a conversation rests if the app for it could not be read.
const UNKNOWN: Duration = Duration::from_secs(1);
/// How long a conversation rests if its app can't be used.
const UNUSABLE: Duration = Duration::from_mins(5);

/// The apps in Slack: the service's own, and those of workspaces. Clones share what is known of them.
#[derive(Clone)]
pub struct Slack(Arc<Parts>);

/// What clones of [`Slack`] share.
pub struct Parts {
    database: Database,
    service: Option<(Home, Installation)>,
    kept: Kept,
    line: Line,
    sealer: Option<Sealer>,
    public_url: Option<Arc<str>>,
}

impl std::ops::Deref for Slack {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl fmt::Debug for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slack")
            .field("home", &self.service.as_ref().map(|(home, _)| home))
            .finish_non_exhaustive()
    }
}

impl Slack {
    /// Slack, if the service has an app there, or workspaces may have apps of their own.
    pub fn of(config: &Config, database: Database) -> anyhow::Result<Option<Self>> {
        let sealer = Sealer::from_config(&config.secrets)?;
        if !config.slack.is_on() && (sealer.is_none() || config.slack.is_off()) {
            return Ok(None);
        }
        let line = Line::new(&config.slack)?;
        let service = configured(config, &line).map(|app| (Home::new(&config.slack), app));
        let public_url = public_url(config);
        let kept = Kept::default();
        Ok(Some(Self(Arc::new(Parts { database, service, kept, line, sealer, public_url }))))
    }

    /// What seals secrets. `None`: workspaces can't have apps of their own.
    pub fn sealer(&self) -> Option<&Sealer> {
        self.sealer.as_ref()
    }

    /// The service's own app.
    pub fn service(&self) -> Option<&Installation> {
        self.service.as_ref().map(|(_, installation)| installation)
    }

    /// Which workspaces the service's own app is for.
    pub fn home(&self) -> Option<&Home> {
        self.service.as_ref().map(|(home, _)| home)
    }

    /// Whether a workspace has Slack at all.
    pub fn serves(&self, workspace: WorkspaceId) -> bool {
        self.kept.get(workspace).is_some() || self.home().is_some_and(|home| home.is_of(workspace))
    }

    /// The channel for a workspace's cards whose request names none.
    pub fn channel(&self, workspace: WorkspaceId) -> Option<Arc<str>> {
        match self.kept.get(workspace) {
            Some(entry) => entry.channel.clone(),
            None => self.home().filter(|home| home.is_of(workspace))?.channel().map(Into::into),
        }
    }

    /// Whether the service's own app posts for a workspace, because the workspace has none of its own.
    pub fn is_served_by_service(&self, workspace: WorkspaceId) -> bool {
        self.kept.get(workspace).is_none() && self.home().is_some_and(|home| home.is_of(workspace))
    }

    /// The apps that may have signed a request that names one of these teams or organisations. The request is not
    /// believed yet: only the signature shows which app it was.
    pub fn may_have_signed(&self, teams: &[String]) -> Vec<Installation> {
        let mut apps: Vec<Installation> = self.service().into_iter().cloned().collect();
        apps.extend(self.kept.of_teams(teams).iter().filter_map(|it| it.installation.as_ref().ok().cloned()));
        apps
    }

    /// Asks Slack which app a token is of.
    pub async fn try_out(&self, token: SecretString) -> Result<App, Tried> {
        let client = Client::new(self.line.clone(), token);
        match client.ask_for_app().await {
            Ok(app) => Ok(app),
            Err(Failure::Refused { word, .. }) => Err(Tried::Refused(word)),
            Err(Failure::Held { error, .. }) if client.is_refused() => {
                Err(Tried::Refused(error.rsplit(' ').next().unwrap_or_default().to_owned()))
            }
            Err(failure) => Err(Tried::InVain(failure.to_string())),
        }
    }

    /// Asks Slack which app the service's own is, until it has answered once. So no workspace can set that app as its
    /// own.
    pub async fn look_at_service(&self) {
        if let Some(service) = self.service()
            && let Err(error) = service.client.app().await
        {
            tracing::warn!(%error, "Slack does not say which app the service's is");
        }
    }

    fn made(&self, whose: Whose, token: SecretString, signing_secret: SecretString) -> Installation {
        let client = Client::new(self.line.clone(), token);
        // The operator can trust addresses in their own Slack, but not in a workspace's.
        Installation::new(whose, client, signing_secret, (false, self.public_url.clone()))
    }

    /// Reads the workspace's app anew if another instance has changed it a moment ago.
    async fn catch_up(&self, workspace: WorkspaceId) -> Result<(), store::Error> {
        let look = async |conn: &mut PgConnection| {
            if let Some(home) = self.home() {
                home.find(&mut *conn).await?;
            }
            self.is_behind(conn, &[workspace]).await
        };
        if self.database.notify.run(STATEMENT, look).await? {
            self.read().await?;
        }
        Ok(())
    }

    /// The app for a message: the app that posted the card, or for a new card the workspace's app of now.
    fn sender(&self, message: &Message<'_>) -> Result<Installation, Handed> {
        let workspace = message.waiting.workspace;
        let kept = self.kept.get(workspace);
        let gone = || Handed::Moot {
            why: Skipped::Gone,
            code: None,
            error: "the app that posted the card is not the workspace's any more".to_owned(),
        };
        let Some(place) = message.place else {
            return match kept {
                Some(entry) => usable(&entry),
                None => self.service().filter(|_| self.is_served_by_service(workspace)).cloned().ok_or_else(
                    || {
                        let error = "the workspace has no app in Slack any more".to_owned();
                        Handed::Refused { code: None, error }
                    },
                ),
            };
        };
        match (place["app"].as_str(), kept) {
            (None, _) => self.service().cloned().ok_or_else(gone),
            (Some(app), Some(entry)) if *entry.app == *app => usable(&entry),
            (Some(_), _) => Err(gone()),
        }
    }
}

/// The service's own app, if there is one.
pub fn of_service(config: &Config) -> anyhow::Result<Option<Installation>> {
    Ok(configured(config, &Line::new(&config.slack)?))
}

fn configured(config: &Config, line: &Line) -> Option<Installation> {
    config.slack.is_on().then(|| {
        let client = Client::new(line.clone(), config.slack.bot_token.clone());
        let secret = config.slack.signing_secret.clone();
        Installation::new(Whose::Service, client, secret, (config.slack.bind_by_email, public_url(config)))
    })
}

fn public_url(config: &Config) -> Option<Arc<str>> {
    let url = config.http.public_url.trim_end_matches('/');
    (!url.is_empty()).then(|| url.into())
}

fn usable(entry: &Entry) -> Result<Installation, Handed> {
    entry.installation.clone().map_err(|unusable| {
        let error = format!("the workspace's app in Slack can't be used: {unusable}");
        Handed::Held { hold: UNUSABLE, code: None, error }
    })
}

/// Why a token was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// Slack refused it, by this word.
    Refused(String),
    /// Slack could not be asked.
    InVain(String),
}

impl Courier for Slack {
    const CHANNEL: Channel = Channel::Slack;
    const LANES: usize = 8;
    const AT_ONCE: usize = 1;
    const LONGEST: Duration = Duration::from_secs(25);
    const FLOOD: Option<usize> = Some(10);
    const LINKS: bool = false;

    /// Cards have no links to decide by: the account shows who presses.
    async fn send(&self, message: &Message<'_>) -> Handed {
        let Some(loaded) = message.loaded else {
            return Handed::Refused { code: None, error: "a card about no approval".to_owned() };
        };
        if let Err(error) = self.catch_up(message.waiting.workspace).await {
            tracing::warn!(%error, "it could not be read by which app a card goes; it is tried again");
            let error = "the service could not read by which app it goes".to_owned();
            return Handed::Held { hold: UNKNOWN, code: None, error };
        }
        let app = match self.sender(message) {
            Ok(app) => app,
            Err(handed) => return handed,
        };
        match app.deliver(message, &loaded.approval).await {
            Ok(place) => {
                Handed::Over { code: Some(200), answer: place.as_ref().map(Value::to_string), place }
            }
            Err(Failure::Held { hold, code, error }) => Handed::Held { hold, code, error },
            Err(Failure::Away { code, error }) => Handed::Away { code, error },
            Err(failure @ Failure::Refused { .. }) => refused(&failure, message),
        }
    }

    fn again(tries: i32) -> Option<Duration> {
        usize::try_from(tries).ok().and_then(|tries| AGAIN.get(tries).copied())
    }
}

fn refused(failure: &Failure, message: &Message<'_>) -> Handed {
    let Failure::Refused { code, word } = failure else {
        return Handed::Refused { code: None, error: failure.to_string() };
    };
    let (code, error) = (*code, word.clone());
    if message.waiting.of.is_some() && failure.is(&GONE) {
        return Handed::Moot { why: Skipped::Gone, code, error };
    }
    // Slack doesn't know the person's address.
    if failure.is(&["users_not_found"]) {
        return Handed::Moot { why: Skipped::NoAddress, code, error };
    }
    Handed::Refused { code, error }
}
