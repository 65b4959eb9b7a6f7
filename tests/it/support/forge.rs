//! An issuer that says whatever a test wants: keys of the test's own, and tokens that no honest issuer would sign.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};

use super::Setup;

pub const AUDIENCE: &str = "https://signoff.example.com";

/// A key that signs.
pub enum Key {
    Ed(Ed25519KeyPair),
    Ec(EcdsaKeyPair),
}

pub struct Forge {
    pub url: String,
    served: Arc<Served>,
    /// Published as `ed`.
    pub ed: Key,
    /// Published as `ec`.
    pub ec: Key,
}

struct Served {
    url: String,
    keys: Mutex<Vec<Value>>,
    is_up: AtomicBool,
    asked: AtomicUsize,
    traded: AtomicUsize,
    /// What a code is traded for.
    answer: Mutex<Value>,
}

impl Key {
    pub fn ed() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed(Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap())
    }

    pub fn ec() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self::Ec(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap())
    }

    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed(_) => "EdDSA",
            Self::Ec(_) => "ES256",
        }
    }

    /// As it is published.
    pub fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Ed(pair) => json!({
                "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key()), "kid": kid, "alg": "EdDSA",
                "use": "sig",
            }),
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({
                    "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]),
                    "kid": kid, "alg": "ES256", "use": "sig",
                })
            }
        }
    }

    pub fn sign(&self, header: &Value, claims: &str) -> String {
        let message = format!("{}.{}", encode(header.to_string()), encode(claims));
        let signature = match self {
            Self::Ed(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
            Self::Ec(pair) => pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec(),
        };
        format!("{message}.{}", encode(signature))
    }
}

impl Forge {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (ed, ec) = (Key::ed(), Key::ec());
        let served = Arc::new(Served {
            url: url.clone(),
            keys: Mutex::new(vec![ed.jwk("ed"), ec.jwk("ec")]),
            is_up: AtomicBool::new(true),
            asked: AtomicUsize::new(0),
            traded: AtomicUsize::new(0),
            answer: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(served.clone());
        tokio::task::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, served, ed, ec }
    }

    /// How instances are told to trust it.
    pub fn setup(&self, flags: &[(&'static str, &str)]) -> Setup {
        let mut all = vec![
            ("oidc.issuer", self.url.clone()),
            ("oidc.audience", AUDIENCE.to_owned()),
            ("oidc.workspace", "acme".to_owned()),
        ];
        all.extend(flags.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Setup { instances: 1, flags: all, ..Setup::default() }
    }

    pub fn publish(&self, keys: Vec<Value>) {
        *self.served.keys.lock().unwrap() = keys;
    }

    pub fn set_up(&self, is_up: bool) {
        self.served.is_up.store(is_up, Ordering::SeqCst);
    }

    /// What the next code is traded for.
    pub fn answer(&self, answer: Value) {
        *self.served.answer.lock().unwrap() = answer;
    }

    /// How often it was asked for its keys.
    pub fn asked(&self) -> usize {
        self.served.asked.load(Ordering::SeqCst)
    }

    /// How often it was asked to trade a code.
    pub fn traded(&self) -> usize {
        self.served.traded.load(Ordering::SeqCst)
    }

    /// What a good token says.
    pub fn claims(&self, subject: &str) -> Value {
        json!({
            "iss": self.url, "aud": AUDIENCE, "sub": subject, "iat": now(), "exp": now() + 300,
            "roles": ["member"], "name": format!("{subject} of the test"),
        })
    }

    /// A token that says this, properly signed.
    pub fn token(&self, claims: &Value) -> String {
        self.ed.sign(&header(&self.ed, "ed"), &claims.to_string())
    }

    pub fn good_token(&self, subject: &str) -> String {
        self.token(&self.claims(subject))
    }
}

pub fn header(key: &Key, kid: &str) -> Value {
    json!({ "alg": key.algorithm(), "typ": "at+jwt", "kid": kid })
}

pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

async fn configuration(State(served): State<Arc<Served>>) -> Result<Json<Value>, StatusCode> {
    if !served.is_up.load(Ordering::SeqCst) {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let place = |path: &str| format!("{}/{path}", served.url);
    Ok(Json(json!({
        "issuer": served.url, "jwks_uri": place("keys"), "token_endpoint": place("token"),
        "authorization_endpoint": place("authorize?tenant=1"),
    })))
}

async fn keys(State(served): State<Arc<Served>>) -> Json<Value> {
    served.asked.fetch_add(1, Ordering::SeqCst);
    Json(json!({ "keys": *served.keys.lock().unwrap() }))
}

async fn token(State(served): State<Arc<Served>>) -> Json<Value> {
    served.traded.fetch_add(1, Ordering::SeqCst);
    Json(served.answer.lock().unwrap().clone())
}
