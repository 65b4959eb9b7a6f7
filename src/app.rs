//! One instance, from configuration to running, and from a signal to stopped.
//!
//! The only place that knows all parts. It is a function of configuration and listeners, so that tests run as
//! many as they like in one process, on ports that the system chooses.

mod checks;
pub mod settings;

use std::{future::Future, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use secrecy::ExposeSecret;
use socket2::SockRef;
use tokio::net::TcpListener;

use crate::{
    approvals::{Approvals, Limits},
    audit::{checkpoint::Signer, verifications::Verifications},
    auth::{Authenticator, Lasting},
    bus::{Bus, Names, Redis},
    config::Config,
    events::Events,
    http::{
        self, Api, TrustedProxies,
        answers::Sending,
        body::Sizes,
        budget::Budget,
        names::Names as QueryNames,
        server::{Connections, Options, Routers},
    },
    identity::Identity,
    lifecycle::Lifecycle,
    limits::{Answers, Cap, Limiter},
    notify::{Channels, Email, Hints, Outbox, Redactions, Router, Slack, Webhooks, webhook::Bodies},
    oidc::Issuer,
    open_files,
    presence::{DatabaseClock, Heart, Journal, Listing, Ownership, Pulse, VERSION, new_instance_id},
    realtime::{
        self, Realtime,
        feed::{self, Feeds},
    },
    receipts::Receipts,
    store::Database,
    telemetry::Metrics,
    wire::webhook_body,
    worker::{Health, Workers},
};

pub use self::checks::database_options;
use self::checks::{check_login, check_schema};

/// Connections that may wait to be accepted. The system may allow fewer (`net.core.somaxconn`). It drops those beyond, and
/// their clients try again after a second. After a deployment some hundreds come at once.
const BACKLOG: i32 = 4_096;

/// A running instance.
pub struct App {
    config: Config,
    pub instance: String,
    pub lifecycle: Lifecycle,
    pub approvals: Approvals,
    pub events: Events,
    pub bus: Bus,
    pub database: Database,
}

/// What all other parts are made of.
struct Core {
    instance: String,
    names: Names,
    lifecycle: Lifecycle,
    metrics: Metrics,
    database: Database,
    redis: Redis,
    bus: Bus,
    approvals: Approvals,
    authenticator: Authenticator,
    events: Events,
    ownership: Ownership,
    clock: DatabaseClock,
    pulse: Pulse,
    journal: Journal,
    limiter: Limiter,
    answers: Answers,
    proxies: TrustedProxies,
    signer: Option<Arc<Signer>>,
    receipts: Receipts,
    channels: Channels,
    email: Option<Email>,
    slack: Option<Slack>,
    redactions: Redactions,
    webhooks: Webhooks,
    hints: Hints,
}

/// Where an instance listens.
pub struct Listeners {
    pub http: TcpListener,
    pub operator: Option<TcpListener>,
}

impl Listeners {
    pub async fn bind(config: &Config) -> anyhow::Result<Self> {
        let bind = async |name: &str, address: &str| {
            let listener = TcpListener::bind(address).await.with_context(|| {
                format!("can't listen on {address}; set {name}.listen to an address that is free")
            })?;
            // The standard library has asked for 128. Listening again raises that.
            SockRef::from(&listener).listen(BACKLOG).with_context(|| format!("{name}.listen"))?;
            anyhow::Ok(listener)
        };
        let http = bind("http", &config.http.listen).await?;
        let operator = match config.operator.listen.as_str() {
            "" => None,
            address => Some(bind("operator", address).await?),
        };
        Ok(Self { http, operator })
    }
}

impl App {
    /// Starts every part. Neither Postgres nor Redis need be there yet; a database that is there must have the
    /// schema.
    pub async fn start(mut config: Config, listeners: Listeners) -> anyhow::Result<Self> {
        let room = match open_files::raise() {
            Some(files) => open_files::fit(&mut config, files),
            None => usize::MAX,
        };
        let core = Core::start(&config).await?;
        let health = core.workers(&config).start();
        core.lifecycle.spawn_service("heart", core.heart(&config).run());
        let connections = Connections::new(&config.limits, room, core.proxies.clone(), core.metrics.clone());
        let api = core.api(&config, health, connections.clone());
        listen(&config, listeners, api, connections, &core.lifecycle)?;
        let Core { instance, lifecycle, approvals, events, bus, database, .. } = core;
        Ok(Self { config, instance, lifecycle, approvals, events, bus, database })
    }

    /// Runs until `shutdown` completes, then drains; `abort` cuts the drain short. An error if a part died.
    pub async fn run(
        self,
        shutdown: impl Future<Output = ()>,
        abort: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        tokio::select! {
            () = shutdown => {}
            reason = self.lifecycle.failed() => bail!("{reason}"),
        }
        tokio::select! {
            finished = self.drain() => if !finished {
                bail!("the drain's deadline passed with work under way");
            },
            () = abort => bail!("the drain was aborted"),
        }
        Ok(())
    }

    /// Lets go of everything in order; answers whether all of it ended in time.
    pub async fn drain(&self) -> bool {
        let grace = Duration::from_secs_f64(self.config.drain.grace_seconds);
        let deadline = Duration::from_secs_f64(self.config.drain.deadline_seconds);
        let finished = self.lifecycle.drain(grace, deadline).await;
        let closing = self.database.close();
        // A database that hangs must not keep the process.
        if tokio::time::timeout(Duration::from_secs(2), closing).await.is_err() {
            tracing::warn!("connections to the database did not close in time");
        }
        tracing::info!(finished, "stopped");
        finished
    }
}

impl Core {
    async fn start(config: &Config) -> anyhow::Result<Self> {
        let options = database_options(config.database.url.expose_secret())?;
        check_login(&options).await?;
        check_schema(&options).await?;
        let redis = Redis::new(config.redis.url.expose_secret()).context("redis.url")?;
        let instance = new_instance_id(&config.instance.name);
        let lifecycle = Lifecycle::default();
        let metrics = Metrics::new(VERSION)?;
        let database = Database::new(options, config.into());
        // So that readiness is true from the first request on; what it found, it remembers.
        if let Err(error) = database.probe(|_| {}).await {
            tracing::warn!(%error, "the database can't be used yet");
        }
        let names = Names::new(&config.redis.prefix, &instance);
        let bus = Bus::start(&redis, &names, &metrics, &lifecycle);
        let answers = Answers::new(config.limits.max_answers_mebibytes);
        let approvals = Approvals::start(
            database.clone(),
            bus.clone(),
            metrics.clone(),
            lifecycle.clone(),
            answers.clone(),
            Limits {
                queued: config.limits.max_queued,
                waiters: config.limits.max_waiters,
                waiters_of_a_workspace: config.limits.max_waiters_per_workspace,
                lease_ttl: config.lease.ttl(),
            },
        );
        let events = Events::start(database.clone(), bus.clone(), metrics.clone(), &lifecycle, config);
        let ownership = Ownership::start(
            names.clone(),
            database.clone(),
            redis.clone(),
            bus.clone(),
            metrics.clone(),
            &lifecycle,
            config,
        );
        let limiter = Limiter::start(&config.rate_limits, &redis, &names, &metrics, &lifecycle);
        let proxies = TrustedProxies::new(config.http.proxies()?);
        let pulse = Pulse::new(config.lease.heartbeat());
        let issuer = Issuer::new(&config.oidc)?;
        if let Some(issuer) = issuer.clone() {
            lifecycle.spawn_loop("issuer's keys", issuer.keep_fresh());
        }
        let sessions_last = Lasting {
            at_most: Duration::from_secs(config.sessions.lifetime_seconds),
            idle: Duration::from_secs(config.sessions.idle_seconds),
        };
        let authenticator = Authenticator::new(database.clone(), issuer, sessions_last);
        let clock = DatabaseClock::default();
        let bodies = Bodies { happening: webhook_body::body, trial: webhook_body::trial };
        let webhooks = Webhooks::new(config, database.clone(), bodies)?;
        let slack = Slack::of(config, database.clone()).context("Slack")?;
        if let Some(slack) = &slack
            && let Err(error) = Box::pin(slack.read()).await
        {
            tracing::warn!(%error, "workspaces' apps in Slack are not known yet");
        }
        let signer = Signer::from_config(&config.audit)?.map(Arc::new);
        let receipts = Receipts::from_config(config)?;
        Ok(Self {
            instance,
            names,
            lifecycle,
            metrics,
            database,
            redis,
            bus,
            approvals,
            authenticator,
            events,
            ownership,
            clock,
            pulse,
            journal: Journal::default(),
            limiter,
            answers,
            proxies,
            signer,
            receipts,
            channels: Channels::new(
                config,
                slack.clone(),
                webhooks.sealer().is_some() || config.webhooks.is_on(),
            ),
            webhooks,
            hints: Hints::default(),
            email: Email::of(config)?,
            slack,
            redactions: Redactions::default(),
        })
    }

    fn workers(&self, config: &Config) -> Workers {
        Workers {
            database: self.database.clone(),
            redis: self.redis.clone(),
            approvals: self.approvals.clone(),
            authenticator: self.authenticator.clone(),
            bus: self.bus.clone(),
            metrics: self.metrics.clone(),
            lifecycle: self.lifecycle.clone(),
            instance: self.instance.clone(),
            ownership: self.ownership.clone(),
            pulse: self.pulse.clone(),
            journal: self.journal.clone(),
            sweep: config.sweep.clone(),
            lease: config.lease.clone(),
            cluster: config.cluster.clone(),
            events: config.events.clone(),
            events_log: self.events.clone(),
            audit: config.audit.clone(),
            notify: config.notify.clone(),
            slack: self.slack.clone(),
            outbox: config.notify.enabled.then(|| self.outbox(config)),
            signer: self.signer.clone(),
        }
    }

    fn outbox(&self, config: &Config) -> Outbox {
        let (hints, redactions, webhooks) =
            (self.hints.clone(), self.redactions.clone(), self.webhooks.clone());
        let (database, channels, ttl) = (self.database.clone(), self.channels.clone(), config.lease.ttl());
        let router =
            Router::new(database, channels, hints.clone(), redactions.clone(), webhooks.clone(), ttl);
        Outbox { router, email: self.email.clone(), slack: self.slack.clone(), webhooks, redactions, hints }
    }

    fn heart(&self, config: &Config) -> Heart {
        Heart {
            id: self.instance.clone(),
            database: self.database.clone(),
            redis: self.redis.clone(),
            names: self.names.clone(),
            approvals: self.approvals.clone(),
            events: self.events.clone(),
            bus: self.bus.clone(),
            metrics: self.metrics.clone(),
            lifecycle: self.lifecycle.clone(),
            ownership: self.ownership.clone(),
            lease: config.lease.clone(),
            clock: self.clock.clone(),
            pulse: self.pulse.clone(),
            journal: self.journal.clone(),
        }
    }

    fn api(&self, config: &Config, health: Health, connections: Connections) -> Api {
        let (authenticator, lease_ttl) = (self.authenticator.clone(), config.lease.ttl());
        let realtime = Realtime::new(realtime::Parts {
            instance: self.instance.clone(),
            approvals: self.approvals.clone(),
            answers: self.answers.clone(),
            events: self.events.clone(),
            authenticator: authenticator.clone(),
            limiter: self.limiter.clone(),
            ownership: self.ownership.clone(),
            bus: self.bus.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
            lifecycle: self.lifecycle.clone(),
            sockets: config.sockets.clone(),
            most: (&config.limits).into(),
            max_message: config.limits.max_message_kibibytes * 1024,
            channels: self.channels.clone(),
        });
        let listing = Listing {
            database: self.database.clone(),
            bus: self.bus.clone(),
            lifecycle: self.lifecycle.clone(),
            lease_ttl,
            heartbeat: config.lease.heartbeat(),
        };
        let feeds = Feeds::start(feed::Parts {
            instance: self.instance.clone(),
            build: http::build(),
            answers: self.answers.clone(),
            approvals: self.approvals.clone(),
            authenticator: authenticator.clone(),
            bus: self.bus.clone(),
            clock: self.clock.clone(),
            database: self.database.clone(),
            events: self.events.clone(),
            lifecycle: self.lifecycle.clone(),
            listing: listing.clone(),
            metrics: self.metrics.clone(),
            sockets: config.sockets.clone(),
            most: config.limits.max_feeds,
            most_of_a_principal: config.limits.max_feeds_per_principal,
        });
        Api::new(http::Parts {
            identity: Identity::new(self.database.clone(), authenticator.idle()),
            instance: self.instance.clone(),
            approvals: self.approvals.clone(),
            events: self.events.clone(),
            realtime,
            feeds,
            authenticator,
            limiter: self.limiter.clone(),
            signing_in: Cap::new(http::SIGNING_IN),
            proxies: self.proxies.clone(),
            database: self.database.clone(),
            redis: self.redis.clone(),
            bus: self.bus.clone(),
            health,
            metrics: self.metrics.clone(),
            lifecycle: self.lifecycle.clone(),
            clock: self.clock.clone(),
            listing,
            channels: self.channels.clone(),
            slack: self.slack.clone(),
            redactions: self.redactions.clone(),
            webhooks: self.webhooks.clone(),
            hints: self.hints.clone(),
            verifications: Verifications::new(&self.database, &self.lifecycle, &self.instance, lease_ttl),
            connections,
            bodies: Budget::new(config.limits.max_bodies_mebibytes, Sizes::from(&config.limits).largest()),
            sending: Sending::new(self.answers.clone(), self.metrics.clone()),
            sizes: Sizes::from(&config.limits),
            names: QueryNames::of(&http::document()),
            export_pause: Duration::from_secs(config.http.export_pause_seconds),
            public_url: config.http.public_url.clone(),
            receipts: self.receipts.clone(),
            redirect_url: config.oidc.redirect_url.clone(),
            session_seconds: i64::try_from(config.sessions.lifetime_seconds).unwrap_or(i64::MAX),
        })
    }
}

fn listen(
    config: &Config,
    listeners: Listeners,
    api: Api,
    connections: Connections,
    lifecycle: &Lifecycle,
) -> anyhow::Result<()> {
    let seconds = Duration::from_secs;
    let http = &config.http;
    let options = Options::new(seconds(http.header_timeout_seconds), seconds(http.idle_timeout_seconds))?;
    let lobby = http::lobby(api.clone());
    if let Some(listener) = listeners.operator {
        let routers = Routers { all: http::operator_router(api.clone()), lobby: lobby.clone() };
        let own = Connections::at_most(open_files::OPERATOR, api.proxies.clone(), api.metrics.clone());
        let serving = http::server::serve(listener, routers, options.clone(), own, lifecycle.clone());
        lifecycle.spawn_service("operator listener", serving);
    }
    let routers = Routers { all: http::router(api), lobby };
    let serving = http::server::serve(listeners.http, routers, options, connections, lifecycle.clone());
    lifecycle.spawn_service("listener", serving);
    Ok(())
}
