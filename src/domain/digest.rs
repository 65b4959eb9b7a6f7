//! The digest of what people are shown, and of the edits that they make: SHA-256 of canonical JSON (RFC 8785).
//!
//! It is of values, not of bytes: white space, the order of keys and the spelling of a number don't count. So everybody who
//! has the values can compute it: a screen from what it shows, a program from what it is about to do. What is in it never
//! changes while the approval exists. [`FORM`] is raised when that list changes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer, de};
use serde_json::Value;
use sha2::Digest as _;
use uuid::Uuid;

use super::{
    approval::{Opaque, Request},
    ids::{ApprovalId, WorkspaceId},
    names::{CallerName, PrincipalName},
    policy::Actor,
};

/// Which fields a digest of an approval is of.
const FORM: u32 = 1;
const PREFIX: &str = "sha256:";

/// `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

/// What an approval asks, as its digest is of it. A field that isn't given is null.
#[derive(Serialize)]
struct Asked<'a> {
    v: u32,
    workspace_id: Uuid,
    id: Uuid,
    run_id: &'a str,
    task_id: &'a str,
    job_id: Option<&'a str>,
    approval_type: &'a str,
    title: Option<&'a str>,
    description: Option<&'a str>,
    context: Value,
    response_schema: Option<Value>,
    requested_by: Requester<'a>,
    on_behalf_of: Option<&'a str>,
}

#[derive(Serialize)]
struct Requester<'a> {
    id: Uuid,
    name: &'a str,
}

/// Not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be sha256: and 64 hexadecimal digits in lower case")]
pub struct Malformed;

impl Digest {
    /// Of what is asked. `None` where an older version took in what has no canonical form.
    pub fn of_request(
        (workspace, id): (WorkspaceId, ApprovalId),
        request: &Request,
        requested_by: &Actor,
        on_behalf_of: Option<&PrincipalName>,
    ) -> Option<Self> {
        Self::of(&Asked {
            v: FORM,
            workspace_id: workspace.0,
            id: id.0,
            run_id: request.run_id.as_str(),
            task_id: request.task_id.as_str(),
            job_id: request.job_id.as_ref().map(CallerName::as_str),
            approval_type: request.approval_type.as_str(),
            title: request.title.as_deref(),
            description: request.description.as_deref(),
            context: value(&request.context)?,
            response_schema: match &request.response_schema {
                Some(schema) => Some(value(schema)?),
                None => None,
            },
            requested_by: Requester { id: requested_by.id.0, name: requested_by.name.as_str() },
            on_behalf_of: on_behalf_of.map(PrincipalName::as_str),
        })
    }

    /// Of an approval as callers get it: computed from the fields that are shown, not from `digest` itself. `None` for what
    /// is no approval.
    pub fn of_shown(approval: &Value) -> Option<Self> {
        let text = |name: &str| approval[name].as_str();
        let id = |name: &str| text(name)?.parse().ok();
        let given = |name: &str| Some(approval[name].clone()).filter(|it| !it.is_null());
        Self::of(&Asked {
            v: FORM,
            workspace_id: id("workspace_id")?,
            id: id("id")?,
            run_id: text("run_id")?,
            task_id: text("task_id")?,
            job_id: text("job_id"),
            approval_type: text("approval_type")?,
            title: text("title"),
            description: text("description"),
            context: given("context")?,
            response_schema: given("response_schema"),
            requested_by: Requester { id: id("requested_by_id")?, name: text("requested_by")? },
            on_behalf_of: text("on_behalf_of"),
        })
    }

    /// Of JSON that was taken in.
    pub fn of_json(json: &Opaque) -> Option<Self> {
        Self::of(&value(json)?)
    }

    /// Whatever is taken in has no doubled key, no half of a pair of surrogates and no number that no double holds
    /// (`wire/strict_json.rs`), so all of it has a canonical form.
    fn of(value: &impl Serialize) -> Option<Self> {
        let text = serde_json_canonicalizer::to_vec(value).ok()?;
        Some(Self(sha2::Sha256::digest(text).into()))
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

fn value(json: &Opaque) -> Option<Value> {
    serde_json::from_str(json.get()).ok()
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let digits = text.strip_prefix(PREFIX).ok_or(Malformed)?.as_bytes();
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(Malformed),
        };
        let mut bytes = [0; 32];
        let (pairs, []) = digits.as_chunks::<2>() else { return Err(Malformed) };
        if pairs.len() != bytes.len() {
            return Err(Malformed);
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: de::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;
    use crate::domain::{
        approval::{Approval, tests::pending},
        ids::PrincipalId,
    };

    fn of(json: &str) -> Digest {
        Digest::of_json(&RawValue::from_string(json.to_owned()).unwrap()).unwrap()
    }

    /// Computed by another hand: `printf '%s' '{"a":1,"b":[true,null,"é"]}' | sha256sum`.
    #[test]
    fn it_is_of_the_canonical_text() {
        let known = "sha256:9488dd13ca33d3291f5a91a1833dfa164811755ffba538c2b340780f8c31a0cb";
        assert_eq!(of(r#"{"a":1,"b":[true,null,"é"]}"#).to_string(), known);
    }

    #[test]
    fn it_is_of_values() {
        assert_eq!(of(r#"{"b": 1.0, "a": [1e0, -0, "é"]}"#), of(r#"{"a":[1,0,"\u00e9"],"b":1}"#));
        assert_ne!(of(r#"{"a": "é"}"#), of("{\"a\": \"e\u{301}\"}"), "composed and decomposed differ");
        assert_ne!(of(r#"{"a": 10}"#), of(r#"{"a": "10"}"#));
        assert_ne!(of(r#"{"a": null}"#), of("{}"));
    }

    #[test]
    fn it_changes_with_each_field_that_is_shown_and_with_no_other() {
        let one = pending(Actor { id: PrincipalId::generate(), name: PrincipalName::new("agent").unwrap() });
        let digest = |change: &dyn Fn(&mut Approval)| {
            let mut approval = one.clone();
            change(&mut approval);
            approval.compute_digest()
        };
        let plain = digest(&|_| {});
        let changes: [&dyn Fn(&mut Approval); 7] = [
            &|it| it.request.response_schema = Some(RawValue::from_string("{}".into()).unwrap()),
            &|it| it.request.title = Some("other".into()),
            &|it| it.request.description = Some("other".into()),
            &|it| it.request.run_id = CallerName::new("other").unwrap(),
            &|it| it.request.context = RawValue::from_string(r#"{"other":1}"#.into()).unwrap(),
            &|it| it.on_behalf_of = Some(PrincipalName::new("other").unwrap()),
            &|it| it.id = ApprovalId(Uuid::from_u128(77)),
        ];
        for (index, change) in changes.iter().enumerate() {
            assert_ne!(digest(change), plain, "{index}");
        }
        assert_eq!(digest(&|it| it.request.session_id = Some(CallerName::new("s").unwrap())), plain);
        assert_eq!(digest(&|it| it.version += 1), plain);
        let unheld =
            digest(&|it| it.request.context = RawValue::from_string(r#"{"n":1e999}"#.into()).unwrap());
        assert_eq!(unheld, None, "no double holds it");
    }

    /// The web app's tests make the same numbers, and compare with the same digest: two engines write them alike.
    #[test]
    fn thirty_thousand_numbers_are_written_as_browsers_write_them() {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            f64::from_bits(z ^ (z >> 31))
        };
        let mut numbers = Vec::new();
        while numbers.len() < 30_000 {
            let number = next();
            // Every third is of a size that people write.
            let shown = if numbers.len() % 3 == 0 { (number % 1e6).trunc() / 100.0 } else { number };
            if shown.is_finite() {
                numbers.push(shown);
            }
        }
        let known = "sha256:86f11850e7e4690c219a53be46a401af7e4bab93e047a9a859ddb878c264ac2b";
        assert_eq!(of(&serde_json::to_string(&numbers).unwrap()).to_string(), known);
    }

    /// The example of RFC 8785, section 3.2.3: keys in the order of their UTF-16 units.
    #[test]
    fn keys_stand_in_the_order_of_their_units() {
        let sorted = r#"{"\r":1,"1":2,"\u0080":3,"ö":4,"€":5,"😀":6,"\ufb33":7}"#;
        let sent = r#"{"\u20ac":5,"\r":1,"\ufb33":7,"1":2,"\ud83d\ude00":6,"\u0080":3,"\u00f6":4}"#;
        let hash = sha2::Sha256::digest(sorted.replace("\\u0080", "\u{80}").replace("\\ufb33", "\u{fb33}"));
        assert_eq!(of(sent).bytes(), &hash[..]);
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        let good = of("1").to_string();
        assert_eq!(good.parse(), Ok(of("1")));
        for bad in
            ["", "sha256:", "sha256:00", &good[7..], &good.to_uppercase(), &format!("{good}0"), "sha256:é"]
        {
            assert_eq!(bad.parse::<Digest>(), Err(Malformed), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_and_bytes_come_back(bytes: [u8; 32], junk in ".{0,80}") {
            let digest = Digest::from_bytes(&bytes).unwrap();
            prop_assert_eq!(digest.to_string().parse(), Ok(digest));
            let _ = junk.parse::<Digest>();
        }
    }
}
