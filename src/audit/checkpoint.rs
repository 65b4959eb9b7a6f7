//! Where a chain stood at some moment, signed with Ed25519, so that it can be kept where nobody who can change the
//! database can change it.

use std::fmt;

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use secrecy::ExposeSecret;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    config,
    domain::chain::{ChainEnd, Digest},
};

/// An Ed25519 public key. Written in base64.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let bytes = STANDARD.decode(text.trim()).context("a public key is 32 bytes in base64")?;
        match <[u8; 32]>::try_from(bytes) {
            Ok(bytes) => Ok(Self(bytes)),
            Err(bytes) => bail!("a public key is 32 bytes in base64, not {}", bytes.len()),
        }
    }

    /// Names the key: the first 16 digits of its SHA-256.
    pub fn id(&self) -> String {
        let mut id = Digest::of(&self.0).to_string();
        id.truncate(16);
        id
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

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
        let key = UnparsedPublicKey::new(&ED25519, self.public_key.0);
        key.verify(self.standing.canonical().as_bytes(), &signature).is_ok()
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
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// What signs checkpoints, if anything does.
    pub fn from_config(config: &config::Audit) -> anyhow::Result<Option<Self>> {
        let key = config.signing_key.expose_secret();
        if key.is_empty() { Ok(None) } else { Self::parse(key).map(Some).context("audit.signing_key") }
    }

    /// From a seed of 32 bytes or a PKCS#8 document, in base64, or from the latter as PEM
    /// (`openssl genpkey -algorithm ed25519`). The message never repeats it.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        const EXPECTED: &str =
            "an Ed25519 key is a seed of 32 bytes in base64, or a PKCS#8 document (PEM or base64)";
        let base64: String = text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        let bytes = STANDARD.decode(base64).ok().context(EXPECTED)?;
        let pair = if bytes.len() == 32 {
            Ed25519KeyPair::from_seed_unchecked(&bytes)
        } else {
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes)
        };
        Ok(Self(pair.ok().context(EXPECTED)?))
    }

    pub fn public_key(&self) -> PublicKey {
        let mut bytes = [0; 32];
        // An Ed25519 public key has 32 bytes; zip can't panic, should a library think otherwise.
        bytes.iter_mut().zip(self.0.public_key().as_ref()).for_each(|(to, from)| *to = *from);
        PublicKey(bytes)
    }

    pub fn sign(&self, standing: ChainEnd) -> Checkpoint {
        let public_key = self.public_key();
        let signature = self.0.sign(standing.canonical().as_bytes());
        Checkpoint {
            standing,
            key_id: public_key.id(),
            public_key,
            signature: Checkpoint::encode_signature(signature.as_ref()),
        }
    }
}

/// A new seed, as [`Signer::parse`] takes it.
pub fn new_seed() -> String {
    STANDARD.encode(rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chain::{FORMAT, moment};

    /// RFC 8410, section 10.3, and the public key that belongs to it.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";

    #[test]
    fn keys_are_read_in_all_forms() {
        let pem = Signer::parse(PEM).unwrap().public_key();
        assert_eq!(pem.to_string(), "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");
        let seed = Signer::parse("1O5y2/kTWErVttjx92n4rTr+fCjL8dT74Jeoj0R1WEI=").unwrap().public_key();
        assert_eq!(pem, seed);
        for text in ["", "secret", "c2VjcmV0"] {
            let error = format!("{:#}", Signer::parse(text).err().unwrap());
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }

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
        assert!(!changed(&|it| it.public_key = Signer::parse(PEM).unwrap().public_key()));
        assert!(!changed(&|it| it.signature = String::new()));
    }
}
