//! An account in Slack: a user of a team, as `T0123/U0456`; and how an app there is. Pure.

use std::fmt;

/// Longest id of Slack's, in characters: theirs have a dozen.
const LONGEST: usize = 30;

/// Who a person is in Slack.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    pub team: String,
    pub user: String,
}

/// Whether an app works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppState {
    Good,
    /// Slack refuses its token.
    Refused,
    /// Its secrets do not open.
    Unusable,
}

vocabulary! {
    AppState { Good = "good", Refused = "refused", Unusable = "unusable" }
}

/// It is no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a team and a user, like T0123ABCD/U0456EFGH")]
pub struct NoAccount;

impl Account {
    pub fn new(team: &str, user: &str) -> Result<Self, NoAccount> {
        // A team, or an organisation; a user, or one of an organisation.
        if is_id(team, &['T', 'E']) && is_id(user, &['U', 'W']) {
            Ok(Self { team: team.to_owned(), user: user.to_owned() })
        } else {
            Err(NoAccount)
        }
    }

    pub fn parse(text: &str) -> Result<Self, NoAccount> {
        let (team, user) = text.split_once('/').ok_or(NoAccount)?;
        Self::new(team, user)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.team, self.user)
    }
}

fn is_id(text: &str, kinds: &[char]) -> bool {
    text.starts_with(kinds)
        && (2..=LONGEST).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_a_team_and_a_user() {
        for text in ["T0123ABCD/U0456EFGH", "E1/W1"] {
            assert_eq!(Account::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "T1", "T1/", "/U1", "U1/T1", "t1/u1", "T1/U1/U2", "T1/U 1", "C1/U1", "T/U", "T1/B1"] {
            assert_eq!(Account::parse(bad), Err(NoAccount), "{bad}");
        }
        assert!(Account::new(&"T".repeat(31), "U1").is_err());
    }
}
