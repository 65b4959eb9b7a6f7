//! What an endpoint's answer means. Pure.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::notify::courier::Handed;

/// The shortest and the longest pause that an endpoint may ask for.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_hours(1));

/// An answer, as much of it as was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    /// The part that is stored with the try.
    pub text: Option<String>,
}

/// What an answer means for the message. The caller handles 410 itself: it disables the endpoint.
pub fn judged(answer: Answer, now: DateTime<Utc>) -> Handed {
    let Answer { status, retry_after, text } = answer;
    let code = Some(i32::from(status));
    let hold = retry_after.as_deref().and_then(|text| pause(text, now));
    match status {
        200..300 => Handed::Over { code, answer: text, place: None },
        429 => {
            let error = "it answered 429: too much at once".to_owned();
            Handed::Paused { hold, fails: hold.is_none(), code, error, answer: text }
        }
        502..=504 => {
            let error = format!("it answered {status}");
            Handed::Paused { hold, fails: true, code, error, answer: text }
        }
        300..400 => {
            let error = format!("it answered {status}: redirects are not followed");
            Handed::InVain { of_destination: true, code, error, answer: text }
        }
        _ => {
            let error = format!("it answered {status}");
            Handed::InVain { of_destination: status >= 500, code, error, answer: text }
        }
    }
}

/// The pause that `Retry-After` asks for, in seconds or as a date.
fn pause(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    let asked = if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        // A number that doesn't fit stands for a long pause.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let until = DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc);
        (until - now).to_std().unwrap_or_default()
    };
    Some(asked.clamp(PAUSE.0, PAUSE.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn of(status: u16, retry_after: Option<&str>) -> Handed {
        let retry_after = retry_after.map(str::to_owned);
        judged(Answer { status, retry_after, text: None }, at(784_111_777))
    }

    #[test]
    fn what_is_asked_for_is_bounded() {
        for (text, expected) in [
            ("0", Some(1)),
            ("7", Some(7)),
            (" 30 ", Some(30)),
            ("999999", Some(3_600)),
            ("99999999999999999999999", Some(3_600)),
            ("Sun, 06 Nov 1994 08:49:50 GMT", Some(13)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(1)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(pause(text, at(784_111_777)), expected.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn answers_speak_of_the_event_or_of_the_endpoint() {
        assert!(matches!(of(200, None), Handed::Over { .. }) && matches!(of(204, None), Handed::Over { .. }));
        for status in [301, 302, 307, 308, 500, 501, 505, 599] {
            assert!(matches!(of(status, None), Handed::InVain { of_destination: true, .. }), "{status}");
        }
        for status in [400, 401, 403, 404, 409, 413, 422] {
            assert!(
                matches!(of(status, Some("5")), Handed::InVain { of_destination: false, .. }),
                "{status}"
            );
        }
        for status in [502, 503, 504] {
            assert!(matches!(of(status, None), Handed::Paused { hold: None, fails: true, .. }), "{status}");
            assert!(
                matches!(of(status, Some("9")), Handed::Paused { hold: Some(_), fails: true, .. }),
                "{status}"
            );
        }
        assert!(matches!(of(429, Some("9")), Handed::Paused { hold: Some(_), fails: false, .. }));
        assert!(matches!(of(429, None), Handed::Paused { hold: None, fails: true, .. }));
    }
}
