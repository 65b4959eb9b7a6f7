//! Proof that an outcome was committed, so that the instance where a caller waits need not read it.
//!
//! A final approval never changes. So an instance that saw the commit may tell the outcome, if the other instance can
//! know that an instance told it. For that the outcome is sealed (AES-256-GCM) under a key that is kept in Postgres. A
//! login that can read the key can decide anything anyway. A reader of Redis learns no word of the outcome.
//!
//! What is proved: in this life of the database, the approval was pending in the version before. It was committed in this
//! version, with this ending, and nothing else changed.
//!
//! A proof says nothing of what came later: a database may be set back. So a proof is believed only while the probe has
//! lately seen the same life of the database. A message without a proof that counts is a hint: the waiter reads the row.

use std::{
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::message::Change;
use crate::domain::{
    approval::{Ending, Outcome, Resolution, State, Status, Via},
    decision::Modifications,
    digest::Digest,
    event::Epoch,
    ids::PrincipalId,
    names::PrincipalName,
    policy::{Actor, Because},
};

/// Keys that are good at once: the newest, which signs, and the one before it.
pub const GOOD: usize = 2;
/// How long a look at the database says which life it is in. The probe looks once a second.
const LOOKED_AT: Duration = Duration::from_secs(3);
/// How long keys are good that were read. They are read every ten seconds.
const KEYS_READ: Duration = Duration::from_secs(30);
/// Longest outcome that is told, in bytes. Larger ones are read.
const LONGEST: usize = 2_048;
/// An outcome takes a multiple of so many bytes: most take one, whatever was said.
const PADDED: usize = 256;
/// Random bytes that make the key of one message.
const SALT: usize = 16;
/// Longest text of a sealed outcome, in base64.
pub(super) const LONGEST_SEALED: usize = (SALT + LONGEST + 16).div_ceil(3) * 4;

/// What proves the outcome that a [`Change`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub key: i64,
    pub epoch: u32,
    /// In base64: the salt, and the outcome in cipher.
    pub sealed: String,
}

/// Why a proof does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The version before is not kept here.
    NotKept,
    /// Its key was rotated away, or is new here.
    UnknownKey,
    /// It is of another life of the database, or which life this is was not looked at lately.
    OtherLife,
    /// It was not made with that key, for that message.
    Forged,
    /// It was, by an instance that says more than this one understands.
    NotUnderstood,
}

impl Doubt {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotKept => "not_kept",
            Self::UnknownKey => "unknown_key",
            Self::OtherLife => "other_life",
            Self::Forged => "forged",
            Self::NotUnderstood => "not_understood",
        }
    }
}

/// Makes proofs, and judges those of others.
#[derive(Default)]
pub struct Proofs {
    known: RwLock<Known>,
    wanted: Notify,
}

#[derive(Default)]
struct Known {
    /// Newest first.
    keys: Vec<(i64, hmac::Key)>,
    keys_read: Option<Instant>,
    life: Option<(Epoch, Instant)>,
}

impl Known {
    /// The key of that number, if it is good now.
    fn key(&self, id: i64) -> Option<&hmac::Key> {
        self.keys_read.filter(|read| read.elapsed() <= KEYS_READ)?;
        self.keys.iter().find(|(known, _)| *known == id).map(|(_, key)| key)
    }
}

impl Proofs {
    /// The keys that are good, newest first, and when they were asked for.
    pub fn know(&self, keys: impl IntoIterator<Item = (i64, Vec<u8>)>, asked: Instant) {
        let keys = keys.into_iter().take(GOOD);
        let keys = keys.map(|(id, key)| (id, hmac::Key::new(hmac::HMAC_SHA256, &key))).collect();
        let mut known = self.write();
        known.keys = keys;
        known.keys_read = Some(asked);
    }

    /// In which life the database is, and when that was asked; or that it did not answer.
    pub fn saw(&self, life: Option<(Epoch, Instant)>) {
        self.write().life = life;
    }

    /// Completes when a message came whose key is not known here.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Adds the proof to a change that ended an approval. `epoch` is of before the connection was taken on which it was
    /// committed. No proof where there is no key, or where the outcome is long.
    pub fn prove(&self, change: &mut Change, epoch: Epoch, ending: &Ending, at: DateTime<Utc>) {
        let Ok(mut outcome) = serde_json::to_vec(&Told::of(ending, at)) else { return };
        if outcome.len() > LONGEST {
            return;
        }
        outcome.resize(outcome.len().next_multiple_of(PADDED), b' ');
        let Some((id, key)) = self.read().keys.first().cloned() else { return };
        let Some(sealed) = seal(&key, &bound(change, id, epoch), outcome) else { return };
        change.proof = Some(Proof { key: id, epoch: epoch.0, sealed: URL_SAFE_NO_PAD.encode(sealed) });
    }

    /// The state that a change proves, if it was in this life that the version before was read.
    pub fn judge(&self, change: &Change, proof: &Proof, epoch: Epoch) -> Result<State, Doubt> {
        // Nothing is computed while others wait for the lock.
        let (life, key) = {
            let known = self.read();
            (known.life, known.key(proof.key).cloned())
        };
        let is_now = life.is_some_and(|(life, asked)| life == epoch && asked.elapsed() <= LOOKED_AT);
        if !is_now || epoch.0 != proof.epoch {
            return Err(Doubt::OtherLife);
        }
        let Some(key) = key else {
            self.wanted.notify_one();
            return Err(Doubt::UnknownKey);
        };
        let sealed = URL_SAFE_NO_PAD.decode(&proof.sealed).map_err(|_| Doubt::Forged)?;
        let outcome = open(&key, &bound(change, proof.key, epoch), &sealed).ok_or(Doubt::Forged)?;
        serde_json::from_slice::<Told>(&outcome).ok().and_then(Told::state).ok_or(Doubt::NotUnderstood)
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        // No code that can panic runs under this lock.
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an outcome is bound to: all else that the message says. No word has a blank in it.
fn bound(change: &Change, key: i64, epoch: Epoch) -> Vec<u8> {
    let (Change { workspace, approval, version, task, proof: _ }, Epoch(epoch)) = (change, epoch);
    format!("signoff outcome 1 {key} {epoch} {workspace} {approval} {version} {task}").into_bytes()
}

/// Each message has a key of its own, made with a random salt. So no nonce is used twice under one key, however many
/// messages there are. ([`crate::seal`] draws a random nonce, which is good for 2^32 secrets only.)
fn of_message(key: &hmac::Key, salt: &[u8; SALT]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, hmac::sign(key, salt).as_ref()).ok().map(LessSafeKey::new)
}

fn seal(key: &hmac::Key, bound: &[u8], mut text: Vec<u8>) -> Option<Vec<u8>> {
    let salt: [u8; SALT] = rand::random();
    let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
    of_message(key, &salt)?.seal_in_place_append_tag(nonce, Aad::from(bound), &mut text).ok()?;
    Some([salt.as_slice(), &text].concat())
}

fn open(key: &hmac::Key, bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (salt, cipher) = sealed.split_first_chunk::<SALT>()?;
    let mut text = cipher.to_vec();
    let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
    let length = of_message(key, salt)?.open_in_place(nonce, Aad::from(bound), &mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}

/// An outcome as it travels. A later version that says more is not understood, and its outcomes are read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    at: DateTime<Utc>,
    status: Status,
    via: Via,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<Resolution>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<(PrincipalId, PrincipalName)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seat: Option<PrincipalName>,
    /// Also the reason of a cancellation.
    #[serde(skip_serializing_if = "Option::is_none")]
    feedback: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modifications: Option<Modifications>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modifications_digest: Option<Digest>,
}

impl Told {
    fn of(ending: &Ending, at: DateTime<Utc>) -> Self {
        let Outcome { because, seat, feedback, comment, modifications, modifications_digest } = ending.said();
        Self {
            at,
            status: ending.status(),
            via: ending.via(),
            resolution: ending.resolution(),
            by: ending.by().map(|by| (by.id, by.name.clone())),
            because: because.map(|because| because.as_str().to_owned()),
            seat,
            feedback,
            comment,
            modifications,
            modifications_digest,
        }
    }

    /// `None` for what makes no sense.
    fn state(self) -> Option<State> {
        let Self { at, status, via, resolution, by, because, seat, feedback, comment, .. } = self;
        let Self { modifications, modifications_digest, .. } = self;
        let by = by.map(|(id, name)| Actor { id, name });
        let because = match because {
            Some(word) => Some(Because::from_word(&word)?),
            None => None,
        };
        let said = Outcome { because, seat, feedback, comment, modifications, modifications_digest };
        Some(State::Final { ending: Ending::of(status, resolution, via, by, said)?, at })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        ids::{ApprovalId, WorkspaceId},
        names::CallerName,
    };

    const NOW: Epoch = Epoch(7);

    fn key(id: i64) -> (i64, Vec<u8>) {
        (id, format!("key {id}").into_bytes())
    }

    fn proofs(keys: &[i64]) -> Proofs {
        let proofs = Proofs::default();
        proofs.know(keys.iter().copied().map(key), Instant::now());
        proofs.saw(Some((NOW, Instant::now())));
        proofs
    }

    fn moment() -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap()
    }

    fn change() -> Change {
        Change {
            workspace: WorkspaceId::generate(),
            approval: ApprovalId::generate(),
            version: 2,
            task: CallerName::new("t-1").unwrap(),
            proof: None,
        }
    }

    fn resolved(feedback: &str, edits: Option<&str>) -> Ending {
        let modifications = edits.map(|text| serde_json::from_str(text).unwrap());
        let because = Some(Because::Quorum);
        Ending::Resolved {
            resolution: if edits.is_some() { Resolution::Modified } else { Resolution::Approved },
            via: Via::Human,
            by: Some(Actor { id: PrincipalId::generate(), name: PrincipalName::new("ana").unwrap() }),
            outcome: Outcome {
                because,
                feedback: Some(feedback.to_owned()),
                modifications,
                ..Outcome::default()
            },
        }
    }

    fn proved(ending: &Ending) -> (Change, Proof) {
        let mut change = change();
        proofs(&[2, 1]).prove(&mut change, NOW, ending, moment());
        let proof = change.proof.clone().unwrap();
        (change, proof)
    }

    proptest! {
        #[test]
        fn what_was_proved_is_what_was_said(feedback in ".{0,80}", comment in proptest::option::of(".{0,40}")) {
            let by = Some(Actor { id: PrincipalId::generate(), name: PrincipalName::new("bo").unwrap() });
            let outcome = Outcome {
                because: Some(Because::Veto),
                seat: Some(PrincipalName::new("ana").unwrap()),
                feedback: Some(feedback.clone()),
                comment,
                modifications: None,
                modifications_digest: None,
            };
            let endings = [
                Ending::Resolved { resolution: Resolution::Rejected, via: Via::Human, by: by.clone(), outcome },
                Ending::Cancelled { via: Via::Human, by, reason: feedback },
                Ending::Expired { resolution: Some(Resolution::Approved) },
                Ending::Expired { resolution: None },
            ];
            for ending in endings {
                let (mut change, at) = (change(), moment());
                proofs(&[1]).prove(&mut change, NOW, &ending, at);
                let line = Change::encode([&change]);
                let told: Vec<Change> = Change::decode(&line).collect();
                prop_assert_eq!(&told, &[change]);
                let proof = told[0].proof.as_ref().unwrap();
                prop_assert_eq!(proofs(&[1]).judge(&told[0], proof, NOW), Ok(State::Final { ending, at }));
            }
        }

        #[test]
        fn noise_proves_nothing(key in 0..3_i64, epoch in 6_u32..9, sealed in "[A-Za-z0-9_-]{0,90}|.{0,20}") {
            let proof = Proof { key, epoch, sealed };
            prop_assert!(proofs(&[2, 1]).judge(&change(), &proof, NOW).is_err());
        }
    }

    #[test]
    fn nothing_of_it_can_be_changed() {
        let (change, proof) = proved(&resolved("go on", None));
        let judge = |change: &Change, proof: &Proof| proofs(&[2, 1]).judge(change, proof, NOW);
        assert!(judge(&change, &proof).is_ok());
        for other in [
            Change { workspace: WorkspaceId::generate(), ..change.clone() },
            Change { approval: ApprovalId::generate(), ..change.clone() },
            Change { version: 3, ..change.clone() },
            Change { task: CallerName::new("t-2").unwrap(), ..change.clone() },
        ] {
            assert_eq!(judge(&other, &proof), Err(Doubt::Forged), "{other:?}");
        }
        assert_eq!(judge(&change, &Proof { key: 1, ..proof.clone() }), Err(Doubt::Forged));
        let bytes = URL_SAFE_NO_PAD.decode(&proof.sealed).unwrap();
        for place in 0..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 1;
            let other = Proof { sealed: URL_SAFE_NO_PAD.encode(other), ..proof.clone() };
            assert_eq!(judge(&change, &other), Err(Doubt::Forged), "{place}");
            let cut = Proof { sealed: URL_SAFE_NO_PAD.encode(&bytes[..place]), ..proof.clone() };
            assert_eq!(judge(&change, &cut), Err(Doubt::Forged), "{place}");
        }
        // A program that reads along learns nothing.
        assert!(!bytes.windows(5).any(|part| part == b"go on"));
        assert_ne!(proved(&resolved("go on", None)).1.sealed, proof.sealed);
    }

    #[test]
    fn keys_and_lives() {
        let (change, proof) = proved(&resolved("go", None));
        // The key is the second newest by now.
        assert!(proofs(&[3, 2]).judge(&change, &proof, NOW).is_ok());
        // It is no longer good; it is not known yet.
        for keys in [&[4, 3, 2][..], &[1], &[]] {
            assert_eq!(proofs(keys).judge(&change, &proof, NOW), Err(Doubt::UnknownKey), "{keys:?}");
        }
        let restored = proofs(&[2]);
        restored.saw(Some((Epoch(8), Instant::now())));
        for epoch in [NOW, Epoch(8)] {
            assert_eq!(restored.judge(&change, &proof, epoch), Err(Doubt::OtherLife));
        }
        // That it is of this life can't be claimed.
        let moved = Proof { epoch: 8, ..proof.clone() };
        assert_eq!(restored.judge(&change, &moved, Epoch(8)), Err(Doubt::Forged));
        let before = |time| Instant::now().checked_sub(time).unwrap();
        for life in [None, Some((NOW, before(LOOKED_AT * 2)))] {
            let frozen = proofs(&[2]);
            frozen.saw(life);
            assert_eq!(frozen.judge(&change, &proof, NOW), Err(Doubt::OtherLife), "{life:?}");
        }
        let cut_off = proofs(&[2]);
        cut_off.know([key(2)], before(KEYS_READ * 2));
        assert_eq!(cut_off.judge(&change, &proof, NOW), Err(Doubt::UnknownKey));
    }

    #[test]
    fn what_a_later_version_adds_is_not_understood() {
        let (change, proofs) = (change(), proofs(&[1]));
        let told = |text: &str| {
            let (id, secret) = key(1);
            let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            let sealed = seal(&secret, &bound(&change, id, NOW), text.as_bytes().to_vec()).unwrap();
            let proof = Proof { key: id, epoch: NOW.0, sealed: URL_SAFE_NO_PAD.encode(sealed) };
            proofs.judge(&change, &proof, NOW)
        };
        let expired = r#""at":"2026-11-30T00:00:00Z","status":"expired","via":"timeout""#;
        assert!(told(&format!("{{{expired}}}")).is_ok());
        for text in
            [format!(r#"{{{expired},"witness":"bo"}}"#), expired.replace("expired", "snoozed"), String::new()]
        {
            assert_eq!(told(&text), Err(Doubt::NotUnderstood), "{text}");
        }
    }

    #[test]
    fn how_long_it_is_says_little() {
        let lengths = [
            resolved("go", None),
            resolved(&"x".repeat(60), None),
            Ending::Expired { resolution: None },
            Ending::Cancelled { via: Via::RunDeleted, by: None, reason: "the run was deleted".to_owned() },
        ]
        .map(|ending| proved(&ending).1.sealed.len());
        assert_eq!(lengths, [lengths[0]; 4]);
        let longest = proved(&resolved(&"x".repeat(LONGEST - 250), None)).1.sealed.len();
        assert!(lengths[0] < longest && longest <= LONGEST_SEALED, "{longest}");
    }

    #[test]
    fn what_is_long_is_not_proved() {
        const EDITS: &str = "{\"a\":\n [1, 2.50]}";
        let mut change = change();
        let proofs = proofs(&[1]);
        proofs.prove(&mut change, NOW, &resolved(&"x".repeat(LONGEST), None), moment());
        assert_eq!(change.proof, None);
        proofs.prove(&mut change, NOW, &resolved("go\non", Some(EDITS)), moment());
        let proof = change.proof.clone().unwrap();
        let Ok(State::Final { ending: Ending::Resolved { outcome, .. }, .. }) =
            proofs.judge(&change, &proof, NOW)
        else {
            panic!("{proof:?}")
        };
        assert_eq!(outcome.modifications.unwrap().0.get(), EDITS, "as it was written");
    }
}
