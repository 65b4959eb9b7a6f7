//! What the end of a connection means: come again, or stop.

use std::time::Duration;

use anyhow::anyhow;
use tokio_tungstenite::tungstenite::{self, error::ProtocolError, protocol::CloseFrame};

use crate::cli::failure::{ClientError, Trouble};

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
    /// Come again, after a back-off.
    Again(Trouble),
    /// Come again with another credential, for this reason.
    NewCredential(String),
    /// The log no longer has all that lies behind the cursor: look what it does have.
    Behind,
    /// Coming again would change nothing.
    Stop(anyhow::Error),
    End(End),
}

impl Break {
    pub fn again(why: impl Into<String>) -> Self {
        Self::Again(Trouble::new(why))
    }

    /// The same, of what stands between.
    pub fn at(self, place: &str) -> Self {
        match self {
            Self::Again(trouble) => {
                Self::Again(Trouble { why: format!("{place}: {}", trouble.why), ..trouble })
            }
            other => other,
        }
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
            // By what we sent, and would send again.
            code @ (1002 | 1007 | 1009) => Self::Stop(anyhow!("{code}: {reason}")),
            1012 => Self::Again(Trouble {
                retry_after: come_back.unwrap_or_default(),
                ..Trouble::new("the instance restarts")
            }),
            4401 => Self::NewCredential(reason.to_owned()),
            code => Self::again(format!("the service closed the connection: {code} {reason}")),
        }
    }
}

impl From<ClientError> for Break {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Unreachable(trouble) => Self::Again(trouble),
            error => Self::Stop(error.into()),
        }
    }
}

impl From<tungstenite::Error> for Break {
    fn from(error: tungstenite::Error) -> Self {
        use tungstenite::Error;
        match error {
            Error::Capacity(_) => Self::Stop(error.into()),
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
    use super::*;

    fn closed(code: u16) -> Break {
        Break::closed(
            Some(&CloseFrame { code: code.into(), reason: "x".into() }),
            Some(Duration::from_secs(3)),
        )
    }

    #[test]
    fn each_close_code_is_obeyed() {
        for code in [1000, 1002, 1007, 1008, 1009] {
            assert!(matches!(closed(code), Break::Stop(_)), "{code}");
        }
        for code in [1001, 1006, 1011, 1013, 4408] {
            let Break::Again(trouble) = closed(code) else { panic!("come again: {code}") };
            assert_eq!(trouble.retry_after, Duration::ZERO);
        }
        let Break::Again(trouble) = closed(1012) else { panic!("come again") };
        assert_eq!(trouble.retry_after, Duration::from_secs(3));
        assert!(matches!(Break::closed(None, None), Break::Again(_)));
        assert!(matches!(closed(4401), Break::NewCredential(reason) if reason == "x"));
    }
}
