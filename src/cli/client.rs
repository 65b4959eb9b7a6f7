//! A small client of the API, for the commands below it. It follows no redirection.

use std::{env, path::PathBuf, time::Duration};

use anyhow::bail;
use clap::Args;
use reqwest::{Method, RequestBuilder, Response, redirect::Policy};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    address,
    answer::{Answer, Page, is_approval},
    argument,
    failure::ClientError,
    login::{
        Session, Source,
        keyring::{self, Stored},
    },
    output::say,
    reply::{Asked, Reply, media_type},
    struggle::{Limit, Struggle},
};

/// Longest that an answer may take: a little more than a wait is held.
const LONGEST: Duration = Duration::from_secs(65);
/// How long to look whether a new sign-in works.
const SIGNING_IN: Duration = Duration::from_secs(30);

/// Which service, and who asks.
#[derive(Args)]
pub struct ClientArgs {
    /// The service's address.
    #[arg(
        long,
        env = "SIGNOFF_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:8080",
        global = true
    )]
    url: String,
    /// The API key; SIGNOFF_API_KEY_FILE may name a file that holds it. Prefer either to the flag.
    #[arg(long, env = "SIGNOFF_API_KEY", hide_env_values = true, global = true)]
    api_key: Option<String>,
    /// Longest to go on without an answer of the service, for example 90s or 15m; then exit code 13. By default wait
    /// and ask go on until the approval's deadline (15 minutes while it is unknown), emit --lines for 15 minutes,
    /// tail and cluster --watch without end, and the others not at all.
    #[arg(long, value_name = "DURATION", global = true, value_parser = argument::duration_or_zero)]
    patience: Option<Duration>,
    /// Print JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

pub struct Client {
    http: reqwest::Client,
    base: String,
    session: Option<Session>,
    patience: Option<Duration>,
}

impl ClientArgs {
    /// The service's address, without a slash at its end.
    pub fn base(&self) -> Result<String, address::Invalid> {
        address::parse(&self.url)
    }

    /// With the key that is given, or else with what `signoff login` has kept.
    pub fn client(&self) -> anyhow::Result<Client> {
        let base = self.base()?;
        let source = match (&self.api_key, env::var_os("SIGNOFF_API_KEY_FILE")) {
            (Some(key), _) => Source::Given(key.trim().to_owned()),
            (None, Some(path)) => Source::File(PathBuf::from(path)),
            (None, None) => Source::Kept,
        };
        let stored = match &source {
            // Where there is no home there is nothing kept; that is said below.
            Source::Kept if !keyring::is_placed() => None,
            source => source.read(&base)?,
        };
        let Some(stored) = stored else {
            bail!(
                "not signed in to {base}: signoff login, or set SIGNOFF_API_KEY (make a key with `signoff keys create`, \
                 on a machine that reaches the database)"
            );
        };
        let session = Some(Session::new(&base, source, stored));
        Ok(Client { session, patience: self.patience, ..Client::anonymous(&base)? })
    }
}

impl Client {
    /// With what was just signed in with, which a moment's trouble must not lose.
    pub fn with(base: &str, stored: Stored) -> anyhow::Result<Self> {
        let session = Some(Session::new(base, Source::Kept, stored));
        Ok(Self { session, patience: Some(SIGNING_IN), ..Self::anonymous(base)? })
    }

    /// For what is public.
    pub fn anonymous(base: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .redirect(Policy::none())
            .user_agent("signoff")
            .build()?;
        Ok(Self { http, base: base.to_owned(), session: None, patience: None })
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// How long to go on without an answer, where the caller has said so.
    pub fn patience(&self) -> Option<Duration> {
        self.patience
    }

    /// What goes behind `Bearer`; nothing for what is public.
    pub async fn bearer(&self) -> Result<Option<String>, ClientError> {
        match &self.session {
            Some(session) => session.bearer().await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether there is another credential than the one that isn't taken any more. It is used from then on.
    pub async fn has_another_than(&self, refused: &str) -> Result<bool, ClientError> {
        match &self.session {
            Some(session) => session.renew_unlike(refused).await,
            None => Ok(false),
        }
    }

    /// Gets what is not under /api/v1.
    pub async fn get_at<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.patiently(|| async { self.ask(Method::GET, path, &|request| request).await?.json() }).await
    }

    /// Who the caller is.
    pub async fn who(&self) -> Result<Answer, ClientError> {
        let attempt = || self.ask(Method::GET, "/auth/session", &|request| request);
        self.patiently(|| async { attempt().await?.value_with("/principal/name") }).await
    }

    /// Gets, into a shape; a problem document becomes an error.
    pub async fn get_as<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.get_at(&api(path)).await
    }

    /// The same, once.
    pub async fn get_once<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.ask(Method::GET, &api(path), &|request| request).await?.json()
    }

    /// The instances of the service, within this time; once.
    pub async fn cluster(&self, within: Duration) -> Result<Answer, ClientError> {
        let reply = self.ask(Method::GET, "/api/v1/cluster", &|request| request.timeout(within)).await?;
        reply.value_where(|value| value["instances"].is_array())
    }

    /// All that a list has, page by page; `path` has a query.
    pub async fn list(&self, path: &str) -> Result<Vec<Answer>, ClientError> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page: Page = self.get_as(&format!("{path}{cursor}")).await?;
            items.extend(page.items);
            match page.next_cursor {
                Some(next) => cursor = format!("&cursor={}", path_segment(&next)),
                None => return Ok(items),
            }
        }
    }

    /// Gets in another form than JSON, piece by piece: it may go on for longer than any answer takes.
    pub async fn get_stream(&self, path: &str, accept: &str) -> Result<Response, ClientError> {
        let path = api(path);
        let path = path.as_str();
        let attempt = |bearer: Option<String>| async move {
            let request = self.request(Method::GET, path, bearer.as_deref()).header("Accept", accept);
            let response = timeout(LONGEST, request.send()).await;
            let response = response.map_err(|_| ClientError::trouble("no answer in time"))??;
            if response.status().is_success() && media_type(response.headers()) == accept {
                return Ok(response);
            }
            Err(Reply::read(self.asked(path), response).await?.failure())
        };
        self.patiently(|| self.signed_in(attempt)).await
    }

    /// Gets an approval.
    pub async fn approval(&self, id: &str) -> Result<Answer, ClientError> {
        let path = api(&format!("/approvals/{}", path_segment(id)));
        let attempt = || self.ask(Method::GET, &path, &|request| request);
        self.patiently(|| async { attempt().await?.value_where(|value| is_approval(value, Some(id))) }).await
    }

    /// Posts a decision. The same one again changes nothing, so trouble is no reason not to repeat it.
    pub async fn decide(&self, id: &str, verb: &str, body: &impl Serialize) -> Result<Answer, ClientError> {
        let path = api(&format!("/approvals/{}/{verb}", path_segment(id)));
        let is_ours = |value: &Value| is_approval(&value["approval"], Some(id));
        self.patiently(|| async { self.post(&path, body).await?.value_where(is_ours) }).await
    }

    /// Moves a deadline, once: the same again would move it further.
    pub async fn extend(&self, id: &str, body: &impl Serialize) -> Result<Answer, ClientError> {
        let path = api(&format!("/approvals/{}/extend", path_segment(id)));
        self.post(&path, body).await?.value_where(|value| is_approval(&value["approval"], Some(id)))
    }

    /// Claims, or advances a claim. The same again changes nothing, but for a renewal, which may be repeated.
    pub async fn claim(&self, id: &str, verb: &str, body: &impl Serialize) -> Result<Answer, ClientError> {
        let path = api(&format!("/approvals/{}/claim{verb}", path_segment(id)));
        let is_ours = |value: &Value| value["claim"]["approval_id"] == id;
        self.patiently(|| async { self.post(&path, body).await?.value_where(is_ours) }).await
    }

    /// The claim of an approval, or null.
    pub async fn claim_of(&self, id: &str) -> Result<Answer, ClientError> {
        let path = api(&format!("/approvals/{}/claim", path_segment(id)));
        let attempt = || self.ask(Method::GET, &path, &|request| request);
        let is_ours = |value: &Value| value.get("claim").is_some();
        self.patiently(|| async { attempt().await?.value_where(is_ours) }).await
    }

    /// What a public address answers, as text.
    pub async fn text_of(&self, url: &str, within: Duration) -> anyhow::Result<String> {
        let response = self.http.get(url).timeout(within).send().await?.error_for_status()?;
        Ok(response.text().await?)
    }

    /// The first page of who may agree.
    pub async fn eligible(&self, path: &str) -> Result<Answer, ClientError> {
        let path = api(path);
        let attempt = || self.ask(Method::GET, &path, &|request| request);
        self.patiently(|| async { attempt().await?.value_where(|value| value["missing"].is_u64()) }).await
    }

    /// Tries a policy out, which changes nothing.
    pub async fn try_policy(&self, body: &impl Serialize) -> Result<Answer, ClientError> {
        let path = api("/policies/check");
        let is_ours = |value: &Value| value["valid"].is_boolean();
        self.patiently(|| async { self.post(&path, body).await?.value_where(is_ours) }).await
    }

    /// Posts a delegation, once: the same one again would be another.
    pub async fn delegate(&self, body: &impl Serialize) -> Result<Answer, ClientError> {
        self.post(&api("/delegations"), body).await?.value_with("/id")
    }

    /// Revokes a delegation. Doing so again changes nothing.
    pub async fn revoke_delegation(&self, id: &str) -> Result<(), ClientError> {
        let path = api(&format!("/delegations/{}", path_segment(id)));
        let attempt = || self.ask(Method::DELETE, &path, &|request| request);
        self.patiently(|| async { attempt().await?.value_where(Value::is_null) }).await.map(drop)
    }

    /// Gets a notification, with its tries.
    pub async fn notification(&self, id: &str) -> Result<Answer, ClientError> {
        let path = api(&format!("/notifications/{}", path_segment(id)));
        let attempt = || self.ask(Method::GET, &path, &|request| request);
        self.patiently(|| async { attempt().await?.value_where(|value| value["attempts"].is_array()) }).await
    }

    /// Lets a notification that has failed wait for its channel again, once.
    pub async fn redrive(&self, id: &str) -> Result<Answer, ClientError> {
        let path = api(&format!("/notifications/{}/redrive", path_segment(id)));
        self.ask(Method::POST, &path, &|request| request).await?.value_with("/id")
    }

    /// The same for all that fit. What waits again already does not count twice.
    pub async fn redrive_all(&self, body: &impl Serialize) -> Result<Answer, ClientError> {
        let path = api("/notifications/redrive");
        let is_ours = |value: &Value| value["redriven"].is_u64();
        self.patiently(|| async { self.post(&path, body).await?.value_where(is_ours) }).await
    }

    /// Posts events, once: the same ones again would be others.
    pub async fn publish(&self, path: &str, body: &impl Serialize) -> Result<Answer, ClientError> {
        self.post(&api(path), body).await?.value_with("/cursor")
    }

    /// The task hears of edits that were not carried out. They are not carried out whether or not it does.
    pub async fn tell_refused(&self, approval: &Value, why: &str) {
        let Some(task) = approval["task_id"].as_str() else { return };
        let data = json!({ "approval_id": approval["id"], "message": why });
        let event = json!({ "event_type": "modification_refused", "data": data });
        if let Err(error) = self.publish(&format!("/tasks/{}/events", path_segment(task)), &event).await {
            say(&format!("the task was not told of edits that were refused: {error}"));
        }
    }

    async fn post<'a>(&'a self, path: &'a str, body: &impl Serialize) -> Result<Reply<'a>, ClientError> {
        self.ask(Method::POST, path, &|request| request.json(body)).await
    }

    /// One call, and its answer if that is a success.
    pub(super) async fn ask<'a>(
        &'a self,
        method: Method,
        path: &'a str,
        with: &impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Reply<'a>, ClientError> {
        let attempt = |bearer: Option<String>| {
            let request = with(self.request(method.clone(), path, bearer.as_deref()).timeout(LONGEST));
            async move {
                let reply = Reply::read(self.asked(path), request.send().await?).await?;
                if reply.status.is_success() { Ok(reply) } else { Err(reply.failure()) }
            }
        };
        self.signed_in(attempt).await
    }

    /// With the credential, and once more with a newer one where it isn't taken any more.
    async fn signed_in<T, F: Future<Output = Result<T, ClientError>>>(
        &self,
        attempt: impl Fn(Option<String>) -> F,
    ) -> Result<T, ClientError> {
        let bearer = self.bearer().await?;
        match (attempt(bearer.clone()).await, bearer) {
            (Err(refused), Some(bearer)) if refused.is_unauthenticated() => {
                if !self.has_another_than(&bearer).await? {
                    return Err(refused);
                }
                attempt(self.bearer().await?).await
            }
            (result, _) => result,
        }
    }

    /// Repeats what comes to nothing by trouble, for as long as the caller has said.
    pub async fn patiently<T, F: Future<Output = Result<T, ClientError>>>(
        &self,
        attempt: impl Fn() -> F,
    ) -> Result<T, ClientError> {
        let limit = Limit::patience(self.patience.unwrap_or_default());
        let mut struggle = Struggle::default();
        loop {
            match attempt().await {
                Err(ClientError::Unreachable(trouble)) => struggle.bear(trouble, limit).await?,
                result => return result,
            }
        }
    }

    fn request(&self, method: Method, path: &str, bearer: Option<&str>) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match bearer {
            Some(bearer) => request.bearer_auth(bearer),
            None => request,
        }
    }

    fn asked<'a>(&'a self, path: &'a str) -> Asked<'a> {
        Asked { base: &self.base, path }
    }
}

fn api(path: &str) -> String {
    format!("/api/v1{path}")
}

/// Keeps what was typed from being anything but one segment of a path, or one value of a query.
pub fn path_segment(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
