//! A client of one instance, as thin as can be: the tests are about what comes back.

use std::{sync::Arc, time::Duration};

use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    pub base: Arc<str>,
    pub key: Arc<str>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }

    pub fn id(&self) -> String {
        self.body["id"].as_str().unwrap_or_else(|| panic!("no id in {self:?}")).to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts the status, showing everything if it is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    /// Asserts a problem and its code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{self:#?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["status"], status);
        self
    }

    /// Asserts that the problem is about one field, and the rule that it breaks.
    #[track_caller]
    pub fn violation(self, pointer: &str, rule: &str) -> Self {
        let errors = &self.body["errors"];
        let only = (&errors[0]["pointer"], &errors[0]["rule"], &errors[1]);
        assert_eq!(only, (&json!(pointer), &json!(rule), &Value::Null), "{self:#?}");
        self
    }
}

impl Api {
    pub fn new(base: &str, key: &str) -> Self {
        Self::with(http(), base, key)
    }

    /// With a client that others use too: making one reads the system's certificates.
    pub fn with(http: reqwest::Client, base: &str, key: &str) -> Self {
        Self { http, base: base.into(), key: key.into() }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key)
    }

    /// Sends; an error is one of the connection.
    pub async fn try_send(request: RequestBuilder) -> Result<Reply, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        };
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{body}");
        Ok(Reply { status: status.as_u16(), headers, body })
    }

    pub async fn send(request: RequestBuilder) -> Reply {
        Self::try_send(request).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Reply {
        Self::send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        Self::send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        Self::send(self.request(Method::DELETE, path)).await
    }

    /// Creates what `body` says, over a body that says as little as possible.
    pub async fn create(&self, body: Value) -> Reply {
        self.post("/api/v1/approvals", &merged(body)).await
    }

    /// Creates and answers with the id.
    pub async fn ask(&self, body: Value) -> String {
        self.create(body).await.expect(201).id()
    }

    pub async fn show(&self, id: &str) -> Reply {
        self.get(&format!("/api/v1/approvals/{id}")).await
    }

    pub async fn wait(&self, id: &str, seconds: u32) -> Reply {
        self.get(&format!("/api/v1/approvals/{id}/wait?timeout={seconds}")).await
    }

    /// Starts waiting in the background.
    pub fn waiting(&self, id: &str, seconds: u32) -> JoinHandle<Reply> {
        let (me, id) = (self.clone(), id.to_owned());
        tokio::task::spawn(async move { me.wait(&id, seconds).await })
    }

    pub async fn approve(&self, id: &str) -> Reply {
        self.approve_with(id, json!({})).await
    }

    pub async fn approve_with(&self, id: &str, body: Value) -> Reply {
        self.post(&format!("/api/v1/approvals/{id}/approve"), &body).await
    }

    pub async fn reject(&self, id: &str, reason: &str) -> Reply {
        self.post(&format!("/api/v1/approvals/{id}/reject"), &json!({ "reason": reason })).await
    }

    pub async fn cancel(&self, id: &str, reason: &str) -> Reply {
        self.post(&format!("/api/v1/approvals/{id}/cancel"), &json!({ "reason": reason })).await
    }
}

/// The smallest body that is accepted, with `body` over it.
pub fn merged(body: Value) -> Value {
    let mut whole = json!({ "run_id": "run-1", "approval_type": "plan_approval", "context": {} });
    if let Value::Object(fields) = body {
        for (name, value) in fields {
            whole[name] = value;
        }
    }
    whole
}

pub fn http() -> reqwest::Client {
    static_tls();
    reqwest::Client::builder().timeout(Duration::from_secs(90)).no_proxy().build().unwrap()
}

/// Gets a page without any credential.
pub async fn get(url: impl reqwest::IntoUrl) -> Result<reqwest::Response, reqwest::Error> {
    static_tls();
    reqwest::get(url).await
}

/// reqwest asks for a provider even where nothing is encrypted.
fn static_tls() {
    // A second installation is refused, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
