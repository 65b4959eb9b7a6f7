//! What was signed is verified, and nothing else.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    config::{Config, Sources},
    domain::{
        claim::Decider,
        ids::{ApprovalId, ClaimId, PrincipalId, WorkspaceId},
    },
    ed25519::new_seed,
};

const ISSUER: &str = "https://signoff.example";
const NOW: i64 = 1_800_000_000;

fn receipts(seed: &str, also: &str) -> Receipts {
    let flags = [
        ("database.url", "postgres://x"),
        ("http.public_url", ISSUER),
        ("receipts.signing_key", seed),
        ("receipts.also_publish", also),
    ];
    let flags = flags.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let config = Config::from_layers(&Sources { file: None, flags }, |_| None).unwrap();
    Receipts::from_config(&config).unwrap()
}

fn actor(name: &str) -> Actor {
    Actor { id: PrincipalId::generate(), name: PrincipalName::new(name).unwrap() }
}

fn sample() -> (Claim, Ground) {
    let at = DateTime::from_timestamp(NOW, 0).unwrap();
    let claim = Claim {
        approval: ApprovalId::generate(),
        workspace: WorkspaceId::generate(),
        id: ClaimId::generate(),
        fence: 3,
        key: "k".to_owned(),
        by: actor("deployer"),
        claimed_at: at,
        renewed_at: None,
        renewals: 0,
        lease_seconds: None,
        audience: Some("cluster".to_owned()),
        receipt_seconds: 600,
        end: None,
    };
    let ground = Ground {
        approval_type: "deploy".to_owned(),
        run_id: "run-1".to_owned(),
        job_id: None,
        status: "resolved".to_owned(),
        resolution: "approved".to_owned(),
        via: "human".to_owned(),
        level: 0,
        resolved_at: at - TimeDelta::seconds(5),
        digest: format!("sha256:{}", "a".repeat(64)).parse().ok(),
        modifications_digest: None,
        requested_by: actor("agent"),
        decided_by: vec![Decider { by: actor("ana"), seat: Some(PrincipalName::new("bo").unwrap()) }],
    };
    (claim, ground)
}

fn expected<'a>() -> Expected<'a> {
    Expected {
        issuer: ISSUER,
        audience: Some("cluster"),
        workspace: None,
        digest: None,
        modifications: Modifications::Any,
        now: NOW + 1,
    }
}

#[test]
fn a_receipt_says_what_was_approved_and_who_acts() {
    let receipts = receipts(&new_seed(), "");
    let (claim, ground) = sample();
    let receipt = receipts.sign(&claim, &ground).unwrap();
    assert_eq!(receipts.sign(&claim, &ground).unwrap(), receipt, "the same claim has the same receipt");
    let said = verify(&receipt, receipts.keys(), &expected()).unwrap();
    assert_eq!(said["sub"], claim.approval.to_string());
    assert_eq!((&said["jti"], &said["fence"]), (&json!(claim.id.to_string()), &json!(3)));
    assert_eq!((&said["iat"], &said["exp"]), (&json!(NOW), &json!(NOW + 600)));
    assert_eq!(
        (&said["decided_by"][0]["name"], &said["decided_by"][0]["for"]),
        (&json!("ana"), &json!("bo"))
    );
    assert_eq!(said["approval"]["type"], "deploy");
    let digest = ground.digest;
    let workspace = Some(claim.workspace.0);
    let wanted = Expected { workspace, digest, modifications: Modifications::None, ..expected() };
    verify(&receipt, receipts.keys(), &wanted).unwrap();
    // The version before kept no digest of modifications.
    let ground = Ground { resolution: "modified".to_owned(), ..ground };
    let modified = receipts.sign(&claim, &ground).unwrap();
    let refused = verify(&modified, receipts.keys(), &wanted).unwrap_err();
    assert!(matches!(refused, Refused::Other("resolution", ..)), "{refused}");
}

#[test]
fn what_is_not_as_expected_is_refused() {
    let receipts = receipts(&new_seed(), "");
    let (claim, ground) = sample();
    let receipt = receipts.sign(&claim, &ground).unwrap();
    let refused = |expected: &Expected<'_>| verify(&receipt, receipts.keys(), expected).unwrap_err();
    let other: Digest = format!("sha256:{}", "b".repeat(64)).parse().unwrap();
    for (expected, name) in [
        (Expected { issuer: "https://else.example", ..expected() }, "iss"),
        (Expected { audience: Some("other"), ..expected() }, "aud"),
        (Expected { workspace: Some(uuid::Uuid::nil()), ..expected() }, "workspace_id"),
        (Expected { digest: Some(other), ..expected() }, "digest"),
        (Expected { modifications: Modifications::Of(other), ..expected() }, "modifications_digest"),
    ] {
        assert!(matches!(refused(&expected), Refused::Other(it, ..) if it == name), "{name}");
    }
    assert!(matches!(refused(&Expected { audience: None, ..expected() }), Refused::Unexpected("aud", _)));
    assert!(matches!(refused(&Expected { now: NOW + 600, ..expected() }), Refused::Expired(_)));
    assert!(matches!(refused(&Expected { now: NOW - 31, ..expected() }), Refused::Early(_)));
    let strange = super::tests::receipts(&new_seed(), "");
    assert!(matches!(verify(&receipt, strange.keys(), &expected()), Err(Refused::UnknownKey(_))));
    // A key of that name that is another one.
    let mut keys = receipts.keys().clone();
    keys.keys[0].x.clone_from(&strange.keys().keys[0].x);
    assert_eq!(verify(&receipt, &keys, &expected()), Err(Refused::Signature));
}

/// One whose header is another's, signed by `sign`.
fn forged(header: &Value, payload: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{payload}", encoded(header));
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(sign(message.as_bytes())))
}

#[test]
fn nothing_in_a_receipt_chooses_how_it_is_verified() {
    let seed = new_seed();
    let receipts = receipts(&seed, "");
    let key = SigningKey::parse(&seed).unwrap();
    let (claim, ground) = sample();
    let receipt = receipts.sign(&claim, &ground).unwrap();
    let payload = receipt.split('.').nth(1).unwrap();
    let kid = &receipts.keys().keys[0].kid;
    // The public key, taken for a secret, as HS256 would.
    let hmac = |message: &[u8]| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key.public_key().0);
        ring::hmac::sign(&key, message).as_ref().to_vec()
    };
    let own = |message: &[u8]| key.sign(message);
    let header = |alg: &str, typ: &str| json!({ "alg": alg, "typ": typ, "kid": kid });
    assert!(verify(&forged(&header(ALGORITHM, TYPE), payload, own), receipts.keys(), &expected()).is_ok());
    let mut critical = header(ALGORITHM, TYPE);
    critical["crit"] = json!(["b64"]);
    for forged in [
        forged(&header("none", TYPE), payload, |_| Vec::new()),
        forged(&header("HS256", TYPE), payload, hmac),
        forged(&header(ALGORITHM, TYPE), payload, hmac),
        forged(&header("eddsa", TYPE), payload, own),
        forged(&header("Ed25519", TYPE), payload, own),
        forged(&header(ALGORITHM, "JWT"), payload, own),
        forged(&json!({ "alg": ALGORITHM, "kid": kid }), payload, own),
        forged(&json!({ "alg": ALGORITHM, "typ": TYPE }), payload, own),
        forged(&critical, payload, own),
        forged(&header(ALGORITHM, TYPE), "e30", own),
        forged(&header(ALGORITHM, TYPE), "W10", own),
        format!("{receipt}."),
        format!("{receipt}="),
        format!(" {receipt}"),
        format!("{}.", receipt.rsplit_once('.').unwrap().0),
        "a".repeat(200_000),
        String::new(),
        "..".to_owned(),
    ] {
        assert!(verify(&forged, receipts.keys(), &expected()).is_err(), "{forged}");
    }
}

#[test]
fn keys_come_and_go_without_a_gap() {
    let (old, new) = (new_seed(), new_seed());
    let public = |seed: &str| SigningKey::parse(seed).unwrap().public_key().to_string();
    let (claim, ground) = sample();
    // The new one is published, then signs; the old one goes on being published.
    let announcing = receipts(&old, &public(&new));
    let changed = receipts(&new, &format!("{}, {}", public(&old), public(&new)));
    assert_eq!(changed.keys().keys.len(), 2, "each once");
    for (signing, publishing) in
        [(&announcing, &announcing), (&announcing, &changed), (&changed, &announcing), (&changed, &changed)]
    {
        let receipt = signing.sign(&claim, &ground).unwrap();
        verify(&receipt, publishing.keys(), &expected()).unwrap();
    }
    let parsed = Jwks::parse(&serde_json::to_string(changed.keys()).unwrap()).unwrap();
    assert_eq!(parsed, *changed.keys());
    assert!(Jwks::parse(r#"{"keys": []}"#).is_err());
}

/// The example of RFC 8037, appendix A.
#[test]
fn a_key_is_named_by_its_thumbprint() {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let key = PublicKey(URL_SAFE_NO_PAD.decode(x).unwrap().try_into().unwrap());
    let jwk = Jwk::of(key);
    assert_eq!((&*jwk.x, &*jwk.kid), (x, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
}

proptest! {
    /// Whatever one byte of a receipt becomes, it is no receipt any more.
    #[test]
    fn a_changed_byte_is_seen(place in any::<prop::sample::Index>(), byte in 0x20u8..0x7f) {
        let receipts = receipts("1O5y2/kTWErVttjx92n4rTr+fCjL8dT74Jeoj0R1WEI=", "");
        let (claim, ground) = sample();
        let receipt = receipts.sign(&claim, &ground).unwrap();
        let mut bytes = receipt.clone().into_bytes();
        let place = place.index(bytes.len());
        prop_assume!(bytes[place] != byte);
        bytes[place] = byte;
        let changed = String::from_utf8(bytes).unwrap();
        prop_assert!(verify(&changed, receipts.keys(), &expected()).is_err());
    }

    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let receipts = receipts("1O5y2/kTWErVttjx92n4rTr+fCjL8dT74Jeoj0R1WEI=", "");
        prop_assert!(verify(&text, receipts.keys(), &expected()).is_err());
    }
}
