//! Where a chain stood at some moment, signed with Ed25519, so that it can be kept where nobody who can change the
//! database can change it.

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::{
    config,
    domain::chain::ChainEnd,
    ed25519::{PublicKey, SigningKey},
};

/// A standing and its signature; also the form in which it is printed, kept and read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    #[serde(rename = "checkpoint")]
    pub standing: ChainEnd,
    pub key_id: String,
    pub public_key: PublicKey,
    /// Of the standing's canonical form; 64 bytes in base64.
    pub signature: String,
}

impl Checkpoint {
    /// Whether the key that it names has signed it. Whether that key is to be trusted is another question.
    pub fn is_signed(&self) -> bool {
        let Ok(signature) = STANDARD.decode(&self.signature) else { return false };
        self.public_key.has_signed(self.standing.canonical().as_bytes(), &signature)
    }

    /// The signature's bytes, as the database keeps them.
    pub fn signature_bytes(&self) -> Vec<u8> {
        STANDARD.decode(&self.signature).unwrap_or_default()
    }

    pub fn encode_signature(bytes: &[u8]) -> String {
        STANDARD.encode(bytes)
    }
}

/// Signs checkpoints. Can't be printed.
pub struct Signer(SigningKey);

impl Signer {
    /// What signs checkpoints, if anything does.
    pub fn from_config(config: &config::Audit) -> anyhow::Result<Option<Self>> {
        let key = config.signing_key.expose_secret();
        if key.is_empty() { Ok(None) } else { Self::parse(key).map(Some).context("audit.signing_key") }
    }

    pub fn parse(text: &str) -> anyhow::Result<Self> {
        SigningKey::parse(text).map(Self)
    }

    pub fn public_key(&self) -> PublicKey {
        self.0.public_key()
    }

    pub fn sign(&self, standing: ChainEnd) -> Checkpoint {
        let public_key = self.public_key();
        let signature = self.0.sign(standing.canonical().as_bytes());
        Checkpoint {
            standing,
            key_id: public_key.id(),
            public_key,
            signature: Checkpoint::encode_signature(&signature),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::chain::{Digest, FORMAT, moment},
        ed25519::new_seed,
    };

    #[test]
    fn a_signature_is_of_everything() {
        let signer = Signer::parse(&new_seed()).unwrap();
        let standing = ChainEnd {
            at: moment(0),
            format: FORMAT,
            hash: Digest::of(b""),
            position: 3,
            workspace_id: uuid::Uuid::nil(),
        };
        let made = signer.sign(standing);
        let read: Checkpoint = serde_json::from_str(&serde_json::to_string(&made).unwrap()).unwrap();
        assert_eq!(read, made);
        assert!(read.is_signed());
        let changed = |change: &dyn Fn(&mut Checkpoint)| {
            let mut copy = made.clone();
            change(&mut copy);
            copy.is_signed()
        };
        assert!(!changed(&|it| it.standing.position = 4));
        assert!(!changed(&|it| it.standing.at = moment(1)));
        assert!(!changed(&|it| it.standing.hash = Digest::of(b"x")));
        assert!(!changed(&|it| it.public_key = Signer::parse(&new_seed()).unwrap().public_key()));
        assert!(!changed(&|it| it.signature = String::new()));
    }
}
