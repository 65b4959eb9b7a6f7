//! What the end of a connection means: come again, or stop.

use std::time::Duration;

use anyhow::anyhow;
use tokio_tungstenite::tungstenite::{self, error::ProtocolError, protocol::CloseFrame};

use crate::cli::failure::ClientError;

/// Why following ended, where nothing is wrong.
#[derive(Debug)]
pub enum End {
    /// The event that was waited for came.
    Reached,
    /// Standard output was closed.
    NobodyReads,
    /// By a signal.
    Interrupted,
}

/// What ends a connection, or keeps one from being opened.
#[derive(Debug)]
pub enum Break {
    /// Come again, after a back-off of at least so long.
    Again {
        why: String,
        least: Duration,
    },
    /// The log no longer has all that lies behind the cursor: look what it does have.
    Behind,
    /// Coming again would change nothing.
    Stop(anyhow::Error),
    End(End),
}

impl Break {
    pub fn again(why: impl Into<String>) -> Self {
        Self::Again { why: why.into(), least: Duration::ZERO }
    }

    /// By the close frame; `come_back` is what a `reconnect` event asked for before.
    pub fn closed(frame: Option<&CloseFrame>, come_back: Option<Duration>) -> Self {
        let Some(frame) = frame else { return Self::again("the connection was closed") };
        let reason = frame.reason.as_str();
        match u16::from(frame.code) {
            1000 => Self::Stop(anyhow!(
                "a newer connection follows this task; there is one at a time ({})",
                if reason.is_empty() { "1000" } else { reason }
            )),
            1008 => {
                let (code, detail) = ("1008".to_owned(), reason.to_owned());
                Self::Stop(ClientError::Refused { code, detail }.into())
            }
            1009 => Self::Stop(anyhow!("1009: {reason}")),
            1012 => {
                Self::Again { why: "the instance restarts".to_owned(), least: come_back.unwrap_or_default() }
            }
            code => Self::again(format!("the service closed the connection: {code} {reason}")),
        }
    }
}

impl From<ClientError> for Break {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Unreachable(trouble) => {
                Self::Again { why: trouble.to_string(), least: trouble.retry_after }
            }
            refused @ ClientError::Refused { .. } => Self::Stop(refused.into()),
        }
    }
}

impl From<tungstenite::Error> for Break {
    fn from(error: tungstenite::Error) -> Self {
        use tungstenite::Error;
        match error {
            Error::Http(response) => {
                let text = String::from_utf8_lossy(response.body().as_deref().unwrap_or_default());
                ClientError::of_response(response.status(), response.headers(), &text).into()
            }
            Error::Url(_) | Error::HttpFormat(_) | Error::Capacity(_) => Self::Stop(error.into()),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                Self::again("the connection broke")
            }
            Error::Io(error) => Self::again(format!("the connection failed: {error}")),
            other => Self::again(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::http::{Response, StatusCode};

    use super::*;

    fn closed(code: u16) -> Break {
        Break::closed(
            Some(&CloseFrame { code: code.into(), reason: "x".into() }),
            Some(Duration::from_secs(3)),
        )
    }

    #[test]
    fn each_close_code_is_obeyed() {
        for code in [1000, 1008, 1009] {
            assert!(matches!(closed(code), Break::Stop(_)), "{code}");
        }
        for code in [1001, 1006, 1011, 1013, 4408] {
            assert!(matches!(closed(code), Break::Again { least: Duration::ZERO, .. }), "{code}");
        }
        let Break::Again { least, .. } = closed(1012) else { panic!("come again") };
        assert_eq!(least, Duration::from_secs(3));
        assert!(matches!(Break::closed(None, None), Break::Again { .. }));
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let answered = |status: u16| {
            let mut response = Response::new(Some(Vec::new()));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Break::from(tungstenite::Error::Http(Box::new(response)))
        };
        for status in [400, 401, 403, 404, 422] {
            assert!(matches!(answered(status), Break::Stop(_)), "{status}");
        }
        for status in [429, 500, 502, 503] {
            assert!(matches!(answered(status), Break::Again { .. }), "{status}");
        }
    }
}
