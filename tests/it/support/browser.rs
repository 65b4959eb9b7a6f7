//! A browser, as far as signing in takes one: it keeps cookies for each origin, follows redirects, fills in forms.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use reqwest::{Method, RequestBuilder, Url, header::HeaderMap, redirect::Policy};
use serde_json::{Value, json};

use super::client;

pub struct Browser {
    http: reqwest::Client,
    /// By origin, then by name.
    cookies: Mutex<HashMap<String, BTreeMap<String, String>>>,
}

/// A page, or where it leads.
#[derive(Debug)]
pub struct Page {
    pub url: Url,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Page {
    pub fn location(&self) -> Url {
        let location = self.headers.get("location").unwrap_or_else(|| panic!("{self:#?} leads nowhere"));
        self.url.join(location.to_str().unwrap()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{self:#?}"))
    }

    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.json()["code"].as_str()), (status, Some(code)), "{self:#?}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
    }

    /// What was set, with its attributes.
    pub fn set_cookies(&self) -> Vec<String> {
        self.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap().to_owned()).collect()
    }
}

impl Browser {
    pub fn new() -> Self {
        drop(client::http());
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { http, cookies: Mutex::default() }
    }

    fn jar<T>(&self, url: &Url, work: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> T {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        work(cookies.entry(url.origin().ascii_serialization()).or_default())
    }

    pub fn cookie(&self, base: &str, name: &str) -> Option<String> {
        self.jar(&base.parse().unwrap(), |jar| jar.get(name).cloned())
    }

    pub fn set_cookie(&self, base: &str, name: &str, value: &str) {
        self.jar(&base.parse().unwrap(), |jar| jar.insert(name.to_owned(), value.to_owned()));
    }

    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Sends with the cookies of the place, and keeps those that come back.
    pub async fn send(&self, request: RequestBuilder) -> Page {
        let mut request = request.build().unwrap();
        let url = request.url().clone();
        let cookies = self.jar(&url, |jar| {
            jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
        });
        if !cookies.is_empty() && !request.headers().contains_key("cookie") {
            request.headers_mut().insert("cookie", cookies.parse().unwrap());
        }
        let response = self.http.execute(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let page = Page { url: url.clone(), status, headers, text: response.text().await.unwrap() };
        for set in page.set_cookies() {
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            let gone = value.is_empty() || set.contains("Max-Age=0") || set.contains("01 Jan 1970");
            self.jar(&url, |jar| {
                if gone { jar.remove(name) } else { jar.insert(name.to_owned(), value.to_owned()) }
            });
        }
        page
    }

    pub async fn get(&self, url: &str) -> Page {
        self.send(self.request(Method::GET, url)).await
    }

    /// As one of the page's own scripts asks.
    pub async fn ask(&self, method: Method, url: &str, body: Option<&Value>) -> Page {
        let mut request = self.request(method, url).header("sec-fetch-site", "same-origin");
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send(request).await
    }

    pub async fn sign_in_with_key(&self, base: &str, key: &str) -> Page {
        self.ask(Method::POST, &format!("{base}/auth/session"), Some(&json!({ "api_key": key }))).await
    }

    /// Goes on at an issuer as `who`, through all its redirects and forms, until it leads back to `home`, or to a page
    /// without a form. Answers with the address that it leads to (not visited), or the page.
    pub async fn sign_in_at_issuer(&self, first: &Url, who: &str, home: &str) -> Result<Url, Page> {
        let mut page = self.get(first.as_str()).await;
        for _ in 0..20 {
            if (300..400).contains(&page.status) {
                let next = page.location();
                if next.as_str().starts_with(home) {
                    return Ok(next);
                }
                page = self.get(next.as_str()).await;
            } else if let Some((action, mut fields)) = form(&page) {
                for (name, value) in [("login", who), ("password", "any")] {
                    if fields.contains_key(name) {
                        fields.insert(name.to_owned(), value.to_owned());
                    }
                }
                page = self.send(self.request(Method::POST, action.as_str()).form(&fields)).await;
            } else {
                return Err(page);
            }
        }
        panic!("the issuer leads in circles: {page:#?}")
    }
}

/// The first form of a page: where it goes, and its fields.
fn form(page: &Page) -> Option<(Url, BTreeMap<String, String>)> {
    let from = page.text.find("<form")?;
    let form = &page.text[from..page.text[from..].find("</form>").map_or(page.text.len(), |to| from + to)];
    let action = attribute(form, "action").unwrap_or_default();
    let fields = form.split("<input").skip(1).filter_map(|input| {
        let input = input.split('>').next()?;
        Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default()))
    });
    Some((page.url.join(&action).unwrap(), fields.collect()))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let from = tag.find(&format!("{name}=\""))? + name.len() + 2;
    Some(tag[from..].split('"').next()?.replace("&amp;", "&"))
}
