//! The secrets of workspaces' apps. They are sealed for the database, and bound to the revision that they were set
//! with.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::ids::WorkspaceId,
    seal::{Closed, Place, Sealer},
};

const TABLE: &str = "slack_installations";

/// What an app needs to work. It is never printed.
#[derive(Debug, Clone)]
pub struct Secrets {
    pub bot_token: SecretString,
    /// Slack signs presses with it.
    pub signing_secret: SecretString,
}

/// Why the secrets can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("its secrets are sealed, and secrets.key is not set")]
    NoSealer,
    #[error("its secrets do not open: {0}")]
    Closed(#[from] Closed),
    #[error("its secrets can't be read")]
    Unreadable,
}

#[derive(Serialize)]
struct Given<'a> {
    bot_token: &'a str,
    signing_secret: &'a str,
}

#[derive(Deserialize)]
struct Stored {
    bot_token: SecretString,
    signing_secret: SecretString,
}

impl Secrets {
    pub fn seal(&self, sealer: &Sealer, workspace: WorkspaceId, revision: Uuid) -> anyhow::Result<Vec<u8>> {
        let given = Given {
            bot_token: self.bot_token.expose_secret(),
            signing_secret: self.signing_secret.expose_secret(),
        };
        let json = SecretString::from(serde_json::to_string(&given)?);
        Ok(sealer.seal(place(workspace, &revision), json.expose_secret().as_bytes())?)
    }

    pub fn open(
        sealer: Option<&Sealer>,
        workspace: WorkspaceId,
        revision: Uuid,
        closed: &[u8],
    ) -> Result<Self, Unusable> {
        let opened = sealer.ok_or(Unusable::NoSealer)?.open(place(workspace, &revision), closed)?;
        let Stored { bot_token, signing_secret } =
            serde_json::from_slice(opened.expose_secret()).map_err(|_| Unusable::Unreadable)?;
        Ok(Self { bot_token, signing_secret })
    }
}

fn place(workspace: WorkspaceId, revision: &Uuid) -> Place<'_> {
    Place { workspace, table: TABLE, row: revision.as_bytes() }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    fn sealer(bytes: &[u8]) -> Sealer {
        let keys: Vec<String> = bytes.iter().map(|byte| STANDARD.encode([*byte; 32])).collect();
        Sealer::parse(&keys.join(",")).unwrap().unwrap()
    }

    #[test]
    fn sealed_secrets_open_for_their_workspace_and_revision_alone() {
        let secrets = Secrets { bot_token: "xoxb-1".into(), signing_secret: "signs".into() };
        let (workspace, revision) = (WorkspaceId::generate(), Uuid::now_v7());
        let old = sealer(&[7]);
        let closed = secrets.seal(&old, workspace, revision).unwrap();
        let open =
            |sealer: &Sealer, workspace, revision| Secrets::open(Some(sealer), workspace, revision, &closed);
        for sealer in [&old, &sealer(&[8, 7])] {
            let opened = open(sealer, workspace, revision).unwrap();
            assert_eq!(opened.bot_token.expose_secret(), "xoxb-1");
            assert_eq!(opened.signing_secret.expose_secret(), "signs");
        }
        let broken = Unusable::Closed(Closed::Broken);
        assert_eq!(open(&old, WorkspaceId::generate(), revision).unwrap_err(), broken);
        assert_eq!(open(&old, workspace, Uuid::now_v7()).unwrap_err(), broken);
        let gone = Unusable::Closed(Closed::UnknownKey);
        assert_eq!(open(&sealer(&[8]), workspace, revision).unwrap_err(), gone);
        let none = Secrets::open(None, workspace, revision, &closed);
        assert_eq!(none.unwrap_err(), Unusable::NoSealer);
        assert!(!format!("{secrets:?}").contains("xoxb"));
    }
}
