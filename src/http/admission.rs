//! Whether a request is let in, as far as limits go: who calls and from where, before anything is done for it.
//!
//! A credential that was good here lately is cheap to check, so it is checked first; then its address, principal and
//! workspace are asked for together. Everything else costs a look into the database, or has no caller at all: it pays
//! first, from a bucket that all *strangers* of its address share. So a caller with a credential that is in use isn't
//! kept out by those beside it who have none. Where the strangers are known to have used up their limit, the next is
//! refused at the door.
//!
//! **Refused credentials** are counted by address. Where there have been too many, a key or a token that wasn't good
//! here lately is refused without looking, but for one in a few, and what is looked at and refused gets 429 too. A good
//! one that is in use passes whatever others at its address do, and one that is new here gets in after a few tries:
//! behind one address there may be a whole company, and nobody in it must be able to keep the others out. Tickets and
//! sessions are always looked at: nobody has them but from us, a browser has no second try, and what it costs is
//! bounded by what strangers may. A caller that sends no credential at all has tried none.
//!
//! **Signing in** pays before anything is done for it, whatever comes of it: a row here, a question to the issuer there.
//! Sign-ins that fail are counted like refused credentials, by themselves: bad keys keep nobody from signing in.
//!
//! **What Slack sends** is signed. Fresh and for the first time, it is no stranger's: the workspaces whose own apps have
//! signed it pay, and nobody pays for what the service's app has signed. Otherwise its sender pays as a stranger.
//!
//! **What costs more than others** is charged to its principal and its workspace when that is known: a call about many
//! approvals, an answer of megabytes.
//!
//! Whatever was answered without anybody asking who calls (no such path, the documentation) pays at the end, as a
//! stranger. The health checks don't: refusing one would take a healthy instance out.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::HttpBody as _,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{Api, app, cookies::Cookie, established::Established, site::Site};
use crate::{
    auth::{Authenticator, Caller, Rejection, key::ApiKey, secret::Secret, ticket::Ticket},
    domain::{
        credential::Origin,
        ids::{PrincipalId, WorkspaceId},
    },
    limits::{Held, LimitState, Network, Refusal, Subject},
    wire::problem::{Code, Problem},
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// An answer of so many bytes costs a token more, and each further so many.
const PAID: u64 = 1024 * 1024;

/// What limits have said of one request so far; an extension of the request. Clones are the same.
#[derive(Clone)]
pub struct Admission(Arc<Inner>);

struct Inner {
    network: Network,
    /// Health checks don't count.
    counts: bool,
    record: Mutex<Record>,
}

#[derive(Default)]
struct Record {
    /// Whether its address has paid, for a stranger or for a caller.
    paid: bool,
    /// Of whom it is known who they are.
    caller: Option<(PrincipalId, WorkspaceId)>,
    established: Option<Arc<Established>>,
    /// How the tightest limit stands.
    standing: Option<LimitState>,
    refused: bool,
}

/// What a caller shows of itself.
pub enum Credential<'a> {
    /// An `Authorization` header's value, and from where it comes.
    Header(&'a str, &'a Origin),
    /// A key's text, to open a browser session with.
    Key(&'a str),
    /// A browser session's.
    Session(&'a Secret),
    /// A ticket's text.
    Ticket(&'a str),
}

impl Credential<'_> {
    /// Whether it was good here lately, and can be checked without effort. Tickets are good once.
    fn is_known(&self, authenticator: &Authenticator) -> bool {
        match self {
            Self::Header(header, _) => authenticator.knows(header),
            Self::Key(text) => ApiKey::parse(text.trim()).is_some_and(|key| authenticator.knows_key(&key)),
            Self::Session(secret) => authenticator.knows_session(&secret.hash()),
            Self::Ticket(_) => false,
        }
    }

    /// Whether it is looked at also where too many have been refused.
    fn is_always_looked_at(&self) -> bool {
        matches!(self, Self::Session(_) | Self::Ticket(_))
    }

    async fn check(&self, authenticator: &Authenticator) -> Result<Caller, Rejection> {
        match self {
            Self::Header(header, origin) => authenticator.authenticate(header, origin).await,
            Self::Key(text) => {
                let key = ApiKey::parse(text.trim()).ok_or(Rejection::Unauthenticated)?;
                authenticator.api_key(&key).await
            }
            Self::Session(secret) => authenticator.session(&secret.hash()).await,
            Self::Ticket(text) => {
                let ticket = Ticket::parse(text).ok_or(Rejection::Unauthenticated)?;
                // Boxed: a statement takes kilobytes of state, which no waiter should carry.
                Box::pin(authenticator.redeem(&ticket)).await
            }
        }
    }
}

impl Admission {
    pub fn new(address: IpAddr, path: &str) -> Self {
        let counts = !matches!(path, "/livez" | "/readyz") && !app::is_file(path);
        Self(Arc::new(Inner { network: address.into(), counts, record: Mutex::default() }))
    }

    /// The one of a request.
    pub fn of(parts: &Parts) -> Result<Self, Problem> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| Problem::internal("a request that did not pass the middleware"))
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose share it takes of what an instance has: the caller's workspace's, or its address's where nobody has called.
    pub fn whose(&self) -> Subject {
        let caller = self.record().caller;
        caller.map_or(Subject::Address(self.0.network), |(_, workspace)| Subject::Workspace(workspace))
    }

    /// Remembers who called.
    pub fn establish(&self, established: Arc<Established>) {
        self.record().established = Some(established);
    }

    /// Who called, where that is known by now.
    pub fn established(&self) -> Option<Arc<Established>> {
        self.record().established.clone()
    }

    /// Before anything else: refuses strangers from where they are known to have used up their limit.
    pub fn door(&self, api: &Api, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.0.counts {
            return Ok(());
        }
        let strangers = Subject::Strangers(self.0.network);
        let refusal = api.limiter.known_empty(strangers, || shows_a_known_credential(api, headers));
        refusal.map_or(Ok(()), |refusal| Err(self.refuse(&refusal)))
    }

    /// Who calls, if it may call now.
    pub async fn caller(&self, api: &Api, credential: Credential<'_>) -> Result<Caller, Problem> {
        let network = self.0.network;
        if !credential.is_known(&api.authenticator) {
            if !credential.is_always_looked_at()
                && let Some(refusal) = api.limiter.mostly_refuses(Subject::FailedCredentials(network))
            {
                return Err(self.refuse(&refusal));
            }
            self.pay_as_stranger(api).await?;
        }
        match credential.check(&api.authenticator).await {
            Ok(caller) => {
                let (principal, workspace) = (caller.actor.id, caller.workspace);
                let whose =
                    [Subject::Principal(principal), Subject::Workspace(workspace), Subject::Address(network)];
                self.pay(api, &whose).await?;
                self.record().caller = Some((principal, workspace));
                Ok(caller)
            }
            Err(rejection @ (Rejection::Unauthenticated | Rejection::Token(_) | Rejection::Refused(_))) => {
                self.failed(api, Subject::FailedCredentials(network)).await?;
                Err(rejection.into())
            }
            Err(rejection) => Err(rejection.into()),
        }
    }

    /// Before the issuer is asked whether a person may sign in: refuses most where too many could not. Holds a place
    /// while it is asked; what comes of it is known only then.
    pub async fn sign_in(&self, api: &Api) -> Result<Held<Network>, Problem> {
        let network = self.0.network;
        if let Some(refusal) = api.limiter.mostly_refuses(Subject::FailedSignIns(network)) {
            return Err(self.refuse(&refusal));
        }
        self.pay_as_stranger(api).await?;
        let place = api.signing_in.enter(network);
        place.ok_or_else(|| {
            Problem::new(Code::Overloaded, "too many sign in from your address at this moment")
        })
    }

    /// A person could not sign in.
    pub async fn failed_to_sign_in(&self, api: &Api) -> Result<(), Problem> {
        self.failed(api, Subject::FailedSignIns(self.0.network)).await
    }

    async fn failed(&self, api: &Api, failures: Subject) -> Result<(), Problem> {
        self.pay_as_stranger(api).await?;
        // How many are left to try is nobody's business.
        api.limiter.take(&[failures]).await.map_err(|refusal| self.refuse(&refusal))?;
        Ok(())
    }

    /// Before anything is done for a request that these workspaces' apps have signed: refuses it where one of them is
    /// known to have used up its limit. It costs nothing: a program that has once seen such a request can send it again.
    pub fn refuse_spent(&self, api: &Api, workspaces: &[WorkspaceId]) -> Result<(), Problem> {
        let spent = |id: &WorkspaceId| api.limiter.known_empty(Subject::Workspace(*id), || false);
        let refusal = workspaces.iter().find_map(spent);
        refusal.map_or(Ok(()), |refusal| Err(self.refuse(&refusal)))
    }

    /// Lets these workspaces pay for a request that their apps have signed. Where there are none, nobody pays: it is no
    /// stranger's.
    pub async fn pay_as_workspaces(&self, api: &Api, workspaces: &[WorkspaceId]) -> Result<(), Problem> {
        let whose: Vec<Subject> = workspaces.iter().copied().map(Subject::Workspace).collect();
        self.pay(api, &whose).await
    }

    /// Pays for work that is done for any caller, unless it has paid.
    pub async fn pay_as_stranger(&self, api: &Api) -> Result<(), Problem> {
        if self.record().paid { Ok(()) } else { self.pay(api, &[Subject::Strangers(self.0.network)]).await }
    }

    /// Pays for what is done with a link to decide by, besides as a stranger.
    pub async fn pay_for_link(&self, api: &Api, link: Subject) -> Result<(), Problem> {
        self.pay(api, &[link]).await
    }

    /// Makes the request cost so many tokens more: of its principal and its workspace, whose doing it is.
    pub fn charge(&self, api: &Api, tokens: usize) {
        let caller = self.record().caller;
        if let Some((principal, workspace)) = caller {
            let whose = [Subject::Principal(principal), Subject::Workspace(workspace)];
            api.limiter.charge(&whose, u32::try_from(tokens).unwrap_or(u32::MAX));
        }
    }

    /// Takes a token of each.
    async fn pay(&self, api: &Api, subjects: &[Subject]) -> Result<(), Problem> {
        let taken = api.limiter.take(subjects).await.map_err(|refusal| self.refuse(&refusal))?;
        let mut record = self.record();
        record.paid = true;
        let tightest = [record.standing, taken].into_iter().flatten().min_by_key(|it| it.left);
        record.standing = tightest;
        Ok(())
    }

    fn refuse(&self, refusal: &Refusal) -> Problem {
        let mut record = self.record();
        (record.refused, record.standing) = (true, Some(refusal.standing));
        Problem::from(*refusal)
    }

    /// At the end: lets an address pay that hasn't yet, and tells how the tightest limit stands.
    pub async fn conclude(&self, api: &Api, response: &mut Response) {
        let unpaid = {
            let record = self.record();
            self.0.counts && !record.paid && !record.refused
        };
        // While something is wrong on our side, that is what to tell.
        if unpaid
            && !response.status().is_server_error()
            // Boxed: what is around every request should not carry it along.
            && let Err(problem) = Box::pin(self.pay_as_stranger(api)).await
        {
            *response = problem.into_response();
        }
        if let Some(bytes) = response.body().size_hint().exact() {
            self.charge(api, usize::try_from(bytes / PAID).unwrap_or(usize::MAX));
        }
        let record = self.record();
        if let Some(standing) = &record.standing {
            tell(response, standing, record.refused);
        }
    }
}

/// The header fields of draft-ietf-httpapi-ratelimit-headers.
fn tell(response: &mut Response, standing: &LimitState, refused: bool) {
    let LimitState { kind, burst, window, left, reset } = standing;
    let name = kind.name();
    let mut lines = vec![
        (POLICY, format!("\"{name}\";q={burst};w={window}")),
        (LIMIT, format!("\"{name}\";r={left};t={reset}")),
    ];
    if refused && response.status() == StatusCode::TOO_MANY_REQUESTS {
        lines.push((header::RETRY_AFTER, reset.to_string()));
    }
    for (name, value) in lines {
        // Names of ours and numbers: always plain text.
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// Whether a request shows a credential that was good here lately, whatever it wants with it.
fn shows_a_known_credential(api: &Api, headers: &HeaderMap) -> bool {
    if let Some(header) = headers.get(header::AUTHORIZATION) {
        return api.authenticator.knows(header.to_str().unwrap_or_default());
    }
    let site = headers.contains_key(header::COOKIE).then(|| Site::of(api, headers).ok()).flatten();
    let secret = site.and_then(|site| Cookie::Session.read(&site, headers));
    secret.is_some_and(|secret| api.authenticator.knows_session(&secret.hash()))
}
