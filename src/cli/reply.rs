//! What came back, and whether it is the service's word.
//!
//! Only a problem document with a code says that the service refused, and only JSON says what it did. All else may
//! come from what stands between: a balancer, an ingress during a rollout, a portal that wants a sign-in. That is
//! trouble. Of such an answer a few words are shown, never the whole page.

use chrono::{DateTime, Utc};
use reqwest::{
    Response, StatusCode, Url,
    header::{self, HeaderMap},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    answer::Answer,
    failure::{ClientError, Trouble, retry_after},
};
use crate::domain::legible;

/// Bytes that are read of an answer that can't be the service's.
pub const FOREIGN: usize = 16 * 1024;
/// Characters that are shown of it.
const SHOWN: usize = 60;

/// Where something was asked.
#[derive(Clone)]
pub struct Asked<'a> {
    /// The service's address.
    pub base: &'a str,
    /// What stands behind it.
    pub path: &'a str,
}

/// What came back.
pub struct Reply<'a> {
    pub asked: Asked<'a>,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// RFC 9457, as the service writes it.
#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: Option<String>,
}

impl<'a> Reply<'a> {
    /// Reads it to its end, or what is needed of it.
    pub async fn read(asked: Asked<'a>, mut response: Response) -> Result<Self, ClientError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let most = if is_json(&headers) { usize::MAX } else { FOREIGN };
        let mut body = Vec::new();
        while body.len() < most
            && let Some(piece) = response.chunk().await?
        {
            body.extend_from_slice(&piece);
        }
        Ok(Self { asked, status, headers, body })
    }

    /// What it says, in a shape; anything but a success in that shape is an error.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        if !self.status.is_success() {
            return Err(self.failure());
        }
        // 204 has nothing to say.
        let text: &[u8] = if self.status == StatusCode::NO_CONTENT { b"null" } else { &self.body };
        if self.status != StatusCode::NO_CONTENT && !is_json(&self.headers) {
            return Err(self.odd());
        }
        serde_json::from_slice(text).map_err(|_| self.odd())
    }

    /// The same, where there is a text at this place of it (RFC 6901): without, it is another's.
    pub fn value_with(&self, place: &str) -> Result<Answer, ClientError> {
        self.value_where(|value| value.pointer(place).is_some_and(Value::is_string))
    }

    /// The same, where this holds of it.
    pub fn value_where(&self, is_ours: impl Fn(&Value) -> bool) -> Result<Answer, ClientError> {
        let value: Answer = self.json()?;
        if is_ours(&value) { Ok(value) } else { Err(self.odd()) }
    }

    /// Of a success in another shape than it should have.
    pub fn odd(&self) -> ClientError {
        ClientError::trouble(self.foreign())
    }

    /// What an answer means that is no success, or a success of another caller.
    pub fn failure(&self) -> ClientError {
        let Some(Problem { code, detail }) = self.problem() else { return self.of_another() };
        let detail = detail.unwrap_or_default();
        if !self.status.is_server_error() && self.status != StatusCode::TOO_MANY_REQUESTS {
            return ClientError::Refused { code, detail };
        }
        ClientError::Unreachable(Trouble {
            why: format!("{}: {detail}", self.status),
            nothing_done: matches!(code.as_str(), "rate_limited" | "overloaded" | "draining"),
            retry_after: retry_after(&self.headers),
            redirected: false,
        })
    }

    /// The time by the clock of the one who answered.
    pub fn date(&self) -> Option<DateTime<Utc>> {
        let date = self.headers.get(header::DATE)?.to_str().ok()?;
        Some(DateTime::parse_from_rfc2822(date).ok()?.to_utc())
    }

    fn problem(&self) -> Option<Problem> {
        let is_problem = media_type(&self.headers) == "application/problem+json";
        is_problem.then(|| serde_json::from_slice(&self.body).ok()).flatten()
    }

    /// Of an answer that is not the service's.
    fn of_another(&self) -> ClientError {
        let redirection = self.redirection();
        ClientError::Unreachable(Trouble {
            nothing_done: redirection.is_some() || self.status == StatusCode::TOO_MANY_REQUESTS,
            retry_after: retry_after(&self.headers),
            redirected: redirection.is_some(),
            why: redirection.unwrap_or_else(|| self.foreign()),
        })
    }

    /// Nothing follows a redirection: a POST would arrive as a GET, and a credential would go to a stranger.
    fn redirection(&self) -> Option<String> {
        let place = self.headers.get(header::LOCATION).filter(|_| self.status.is_redirection())?;
        let asked = Url::parse(&format!("{}{}", self.asked.base, self.asked.path)).ok()?;
        let place = asked.join(&String::from_utf8_lossy(place.as_bytes())).ok()?;
        let root = place.origin().ascii_serialization();
        let path = self.asked.path.split('?').next().unwrap_or_default();
        let service = place.path().strip_suffix(path).map(|before| root.clone() + before);
        Some(match service {
            Some(service) if service != self.asked.base => {
                format!("redirected to {service}; set SIGNOFF_URL to that")
            }
            _ => format!(
                "redirected to {}; set SIGNOFF_URL to where the service itself answers",
                few(&(root + place.path()), 200)
            ),
        })
    }

    /// "signoff.example.com answered 502 Bad Gateway, not in Signoff's words (text/html: upstream is away)"
    fn foreign(&self) -> String {
        let host = Url::parse(self.asked.base).ok().map(|url| authority(&url)).unwrap_or_default();
        let what = match (media_type(&self.headers).as_str(), few_words(&self.body).as_str()) {
            ("", "") => "without a body".to_owned(),
            (kind, "") => few(kind, SHOWN),
            ("", words) => words.to_owned(),
            (kind, words) => format!("{}: {words}", few(kind, SHOWN)),
        };
        format!("{host} answered {}, not in Signoff's words ({what})", self.status)
    }
}

/// Its host, and its port where that is not the usual one.
pub fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The media type without its parameters, in lower case.
pub fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = media_type(headers);
    kind == "application/json" || kind.ends_with("+json")
}

/// The first words of a text or a page, without markup.
fn few_words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut words = String::new();
    for (n, part) in text.split('<').enumerate() {
        // Before the first tag all is text; later only what stands behind the tag's end.
        let part = if n == 0 { part } else { part.split_once('>').map_or("", |(_, text)| text) };
        words.push(' ');
        words.push_str(part);
    }
    few(&words, SHOWN)
}

/// So many characters of a stranger's text, on one line.
fn few(text: &str, most: usize) -> String {
    let line = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = legible::line(&line.collect::<Vec<_>>().join(" ")).into_owned();
    if line.chars().count() <= most {
        return line;
    }
    line.chars().take(most).collect::<String>() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Reply<'static> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        Reply {
            asked: Asked { base: "http://signoff.example.com:81/x", path: "/api/v1/approvals?q=1" },
            status: StatusCode::from_u16(status).unwrap(),
            headers: map,
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn only_a_problem_with_a_code_is_a_refusal() {
        let problem = [("content-type", "application/problem+json; charset=utf-8")];
        let ours = r#"{"code": "not_found", "detail": "no such approval"}"#;
        for status in [400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422] {
            let error = answer(status, &problem, ours).failure();
            assert!(matches!(&error, ClientError::Refused { code, .. } if code == "not_found"), "{status}");
        }
        for status in [429, 500, 502, 503] {
            let error = answer(status, &problem, ours).failure();
            assert!(matches!(error, ClientError::Unreachable(_)), "{status}");
        }
        let others = [
            (&problem[..], r#"{"title": "Not Found", "status": 404}"#),
            (&problem, r#"{"code": 404}"#),
            (&problem, ""),
            (&[("content-type", "application/json")], ours),
            (&[("content-type", "text/html")], "<h1>404</h1>"),
            (&[], ours),
            (&[], ""),
        ];
        for (headers, body) in others {
            for status in [400, 401, 403, 404, 408, 409, 422, 502] {
                let error = answer(status, headers, body).failure();
                assert!(matches!(error, ClientError::Unreachable(_)), "{status} {body}");
            }
        }
    }

    #[test]
    fn a_success_in_another_shape_is_trouble() {
        let json = [("content-type", "application/json")];
        assert_eq!(answer(200, &json, "[1]").json::<Vec<i32>>().unwrap(), [1]);
        assert!(answer(204, &[], "").json::<Value>().unwrap().is_null());
        for (headers, body) in [(&json[..], "{"), (&json, "{}"), (&[("content-type", "text/html")], "[1]")] {
            let error = answer(200, headers, body).json::<Vec<i32>>().unwrap_err();
            assert!(matches!(error, ClientError::Unreachable(_)), "{body}");
        }
    }

    #[test]
    fn a_page_of_a_stranger_is_a_few_words() {
        let page =
            "<html><head><title>502\n Bad\u{1b}[2J Gateway</title></head>\n<body><center>nginx</center>";
        let page = page.to_owned() + &"<p>and so on</p>".repeat(1000);
        let said = answer(502, &[("content-type", "text/html; charset=utf-8")], &page).failure().to_string();
        assert!(said.contains("signoff.example.com:81 answered 502 Bad Gateway"), "{said}");
        assert!(said.contains("(text/html: 502 Bad [2J Gateway nginx and so on"), "{said}");
        assert!(said.len() < 250 && !said.contains(['<', '\n', '\u{1b}']), "{said}");
        let said = answer(404, &[], "").failure().to_string();
        assert!(said.ends_with("404 Not Found, not in Signoff's words (without a body)"), "{said}");
    }

    #[test]
    fn a_redirection_is_named_and_not_followed() {
        for (place, words) in [
            (
                "https://signoff.example.com/x/api/v1/approvals?q=1",
                "redirected to https://signoff.example.com/x; set SIGNOFF_URL to that",
            ),
            (
                "http://other:8080/api/v1/approvals",
                "redirected to http://other:8080; set SIGNOFF_URL to that",
            ),
            ("//other/x/api/v1/approvals", "redirected to http://other/x; set SIGNOFF_URL to that"),
            ("/y/api/v1/approvals", "redirected to http://signoff.example.com:81/y; set SIGNOFF_URL to that"),
            ("/x/api/v1/approvals", "redirected to http://signoff.example.com:81/x/api/v1/approvals; set"),
            (
                "https://u:secret@sso/login?back=x",
                "redirected to https://sso/login; set SIGNOFF_URL to where",
            ),
        ] {
            for status in [301, 302, 303, 307, 308] {
                let ClientError::Unreachable(trouble) = answer(status, &[("location", place)], "").failure()
                else {
                    panic!("{place}")
                };
                assert!(trouble.why.contains(words) && trouble.redirected, "{trouble}");
            }
        }
    }

    #[test]
    fn the_clock_of_the_service_is_read() {
        let date = answer(200, &[("date", "Sat, 28 Nov 2026 03:21:21 GMT")], "").date().unwrap();
        assert_eq!(date.to_rfc3339(), "2026-11-28T03:21:21+00:00");
    }
}
