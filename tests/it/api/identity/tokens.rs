//! Tokens of an issuer: whom they let in, and what nobody gets in with.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Row;

use crate::support::{
    Api, Cluster, End, Socket,
    forge::{AUDIENCE, Forge, Key, encode, header, now},
    within,
};

pub(super) struct Scene {
    pub forge: Forge,
    pub cluster: Cluster,
}

impl Scene {
    pub async fn new(flags: &[(&'static str, &str)]) -> Self {
        let forge = Forge::start().await;
        let cluster = Cluster::with(forge.setup(flags)).await;
        // The workspace is there before anybody comes.
        cluster.member("agent").await;
        Self { forge, cluster }
    }

    pub fn api(&self, token: &str) -> Api {
        self.cluster.api(0, token)
    }

    pub async fn look(&self, token: &str) -> crate::support::Reply {
        self.api(token).get("/api/v1/approvals/pending").await
    }

    pub async fn principal(&self, name: &str) -> Option<Value> {
        let mut conn = self.cluster.database.connect().await;
        sqlx::query_scalar("SELECT to_jsonb(p) FROM principals p WHERE name = $1")
            .bind(name)
            .fetch_optional(&mut conn)
            .await
            .unwrap()
    }

    pub async fn records(&self, action: &str) -> Vec<Value> {
        let mut conn = self.cluster.database.connect().await;
        let rows = sqlx::query(
            "SELECT to_jsonb(l) AS l FROM audit_log l WHERE action = $1 AND via = 'sign_in' ORDER BY seq",
        )
        .bind(action)
        .fetch_all(&mut conn)
        .await
        .unwrap();
        rows.iter().map(|row| row.get::<Value, _>("l")).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_a_token_speaks_for_its_subject() {
    let scene = Scene::new(&[]).await;
    let ana = scene.api(&scene.forge.good_token("ana"));
    let agent = scene.cluster.api(0, &scene.cluster.member("agent").await);
    let id = agent.ask(json!({ "policy": { "allowed_approvers": ["ana"] } })).await;
    let approved = ana.approve(&id).await.expect(200);
    assert_eq!(approved.body["approval"]["resolved_by"], "ana");
    let row = scene.principal("ana").await.unwrap();
    assert_eq!(
        (&row["subject"], &row["issuer"], &row["kind"], &row["display_name"]),
        (&json!("ana"), &json!(scene.forge.url), &json!("person"), &json!("ana of the test"))
    );
    assert_eq!((&row["roles"], &row["claimed_roles"]), (&json!([]), &json!(["member"])));
    let who = ana.get("/auth/session").await.expect(200);
    assert_eq!(
        (&who.body["principal"]["name"], &who.body["workspace"]["name"]),
        (&json!("ana"), &json!("acme"))
    );
    // Once, whoever comes how often.
    scene.look(&scene.forge.good_token("ana")).await.expect(200);
    let records = scene.records("principal.created").await;
    assert_eq!(records.len(), 1);
    assert_eq!((&records[0]["actor_name"], &records[0]["after"]["subject"]), (&json!("ana"), &json!("ana")));
    assert_eq!(scene.records("principal.updated").await.len(), 0);
    // A client that speaks for itself is no person.
    let mut claims = scene.forge.claims("robot");
    claims["client_id"] = json!("robot");
    scene.look(&scene.forge.token(&claims)).await.expect(200);
    assert_eq!(scene.principal("robot").await.unwrap()["kind"], "service");
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a list of attacks")]
async fn g05_forged_tokens_let_nobody_in() {
    let scene = Scene::new(&[]).await;
    let forge = &scene.forge;
    let good = forge.claims("ana");
    scene.look(&forge.token(&good)).await.expect(200);
    let rsa = json!({ "kty": "RSA", "n": encode([0xd5; 256]), "e": "AQAB", "kid": "rsa", "use": "sig" });
    let for_encryption = {
        let mut jwk = Key::ed().jwk("enc");
        jwk["use"] = json!("enc");
        jwk
    };
    forge.publish(vec![
        forge.ed.jwk("ed"),
        forge.ec.jwk("ec"),
        rsa,
        for_encryption,
        json!({ "kty": "oct", "k": encode("secret secret secret secret secret"), "kid": "oct", "alg": "HS256" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "odd" }),
        json!("no key"),
    ]);
    let say = |field: &str, value: Value| {
        let mut claims = good.clone();
        claims[field] = value;
        claims.to_string()
    };
    let without = |field: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(field);
        claims.to_string()
    };
    let text = good.to_string();
    let head = |extra: Value| {
        let mut all = header(&forge.ed, "ed");
        for (name, value) in extra.as_object().unwrap() {
            all[name] = value.clone();
        }
        all
    };
    let (plain, mallory) = (header(&forge.ed, "ed"), Key::ed());
    let hs256 = |kid: &str, key: &[u8]| {
        let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": kid });
        let message = format!("{}.{}", encode(header.to_string()), encode(&text));
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
        format!("{message}.{}", encode(ring::hmac::sign(&key, message.as_bytes())))
    };
    let unsigned = |alg: &str| {
        let header = json!({ "alg": alg, "typ": "at+jwt", "kid": "ed" });
        format!("{}.{}.", encode(header.to_string()), encode(&text))
    };
    let whole = forge.ed.sign(&plain, &text);
    let parts: Vec<&str> = whole.split('.').collect();
    let public_key = forge.ed.jwk("ed")["x"].as_str().unwrap().to_owned();
    let ed_bytes =
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &public_key).unwrap();
    let attacks: Vec<(&str, String)> = vec![
        ("alg none", unsigned("none")),
        ("alg None", unsigned("None")),
        ("no alg", forge.ed.sign(&json!({ "typ": "JWT", "kid": "ed" }), &text)),
        ("alg of another kind", forge.ed.sign(&head(json!({ "alg": "RS256" })), &text)),
        ("alg that the key isn't for", forge.ed.sign(&head(json!({ "alg": "ES256" })), &text)),
        ("HS256 with a public key's bytes", hs256("ed", &ed_bytes)),
        ("HS256 with a public key's text", hs256("ed", public_key.as_bytes())),
        ("HS256 with a published secret", hs256("oct", b"secret secret secret secret secret")),
        ("HS256 with a modulus", hs256("rsa", &[0xd5; 256])),
        ("an unknown kid", forge.ed.sign(&head(json!({ "kid": "nobody" })), &text)),
        ("a kid of another key", forge.ed.sign(&head(json!({ "kid": "ec" })), &text)),
        ("a kid that is a path", forge.ed.sign(&head(json!({ "kid": "../../etc/passwd" })), &text)),
        ("another key under the same kid", mallory.sign(&plain, &text)),
        ("an embedded key", mallory.sign(&head(json!({ "jwk": mallory.jwk("ed") })), &text)),
        (
            "a place to get a key from",
            mallory.sign(&head(json!({ "jku": forge.url, "x5u": forge.url })), &text),
        ),
        ("crit", forge.ed.sign(&head(json!({ "crit": ["exp"] })), &text)),
        ("b64 and crit", forge.ed.sign(&head(json!({ "crit": ["b64"], "b64": false })), &text)),
        ("a logout token", forge.ed.sign(&head(json!({ "typ": "logout+jwt" })), &text)),
        ("a proof", forge.ed.sign(&head(json!({ "typ": "dpop+jwt" })), &text)),
        ("compressed", forge.ed.sign(&head(json!({ "zip": "DEF" })), &text)),
        ("a header that says two things", {
            let header = r#"{"alg":"none","alg":"EdDSA","kid":"ed","typ":"JWT"}"#;
            let message = format!("{}.{}", encode(header), encode(&text));
            format!("{message}.{}", parts[2])
        }),
        ("signature stripped", format!("{}.{}.", parts[0], parts[1])),
        ("no third part", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{whole}.x")),
        (
            "signature of other claims",
            format!("{}.{}.{}", parts[0], encode(say("sub", json!("root"))), parts[2]),
        ),
        ("padded", format!("{whole}=")),
        ("iss", forge.ed.sign(&plain, &say("iss", json!("https://evil.example")))),
        ("iss with a slash", forge.ed.sign(&plain, &say("iss", json!(format!("{}/", forge.url))))),
        ("several iss", forge.ed.sign(&plain, &say("iss", json!([forge.url, "https://evil.example"])))),
        ("no iss", forge.ed.sign(&plain, &without("iss"))),
        ("aud", forge.ed.sign(&plain, &say("aud", json!("https://other.example")))),
        ("no aud", forge.ed.sign(&plain, &without("aud"))),
        ("empty aud", forge.ed.sign(&plain, &say("aud", json!([])))),
        ("aud is an object", forge.ed.sign(&plain, &say("aud", json!({ AUDIENCE: true })))),
        ("expired", forge.ed.sign(&plain, &say("exp", json!(now() - 31)))),
        ("no exp", forge.ed.sign(&plain, &without("exp"))),
        ("exp is a text", forge.ed.sign(&plain, &say("exp", json!("9999999999")))),
        ("exp is null", forge.ed.sign(&plain, &say("exp", Value::Null))),
        ("exp is negative", forge.ed.sign(&plain, &say("exp", json!(-1)))),
        ("exp beyond all calendars", forge.ed.sign(&plain, &say("exp", json!(1e18)))),
        ("not yet", forge.ed.sign(&plain, &say("nbf", json!(now() + 60)))),
        ("nbf is a text", forge.ed.sign(&plain, &say("nbf", json!("now")))),
        ("from the future", forge.ed.sign(&plain, &say("iat", json!(now() + 60)))),
        ("no iat", forge.ed.sign(&plain, &without("iat"))),
        ("no sub", forge.ed.sign(&plain, &without("sub"))),
        ("empty sub", forge.ed.sign(&plain, &say("sub", json!("")))),
        ("sub is a number", forge.ed.sign(&plain, &say("sub", json!(1)))),
        ("sub with NUL", forge.ed.sign(&plain, &say("sub", json!("ana\0")))),
        ("endless sub", forge.ed.sign(&plain, &say("sub", json!("x".repeat(256))))),
        ("sub that deceives", forge.ed.sign(&plain, &say("sub", json!("an\u{202E}a")))),
        ("bound to a key", forge.ed.sign(&plain, &say("cnf", json!({ "jkt": "x" })))),
        ("for somebody else", forge.ed.sign(&plain, &say("act", json!({ "sub": "robot" })))),
        ("duplicate sub", forge.ed.sign(&plain, &format!(r#"{{"sub":"root",{}"#, &text[1..]))),
        ("duplicate deep down", forge.ed.sign(&plain, &format!(r#"{{"x":{{"a":1,"a":2}},{}"#, &text[1..]))),
        ("claims are no object", forge.ed.sign(&plain, "[]")),
        ("claims are no JSON", forge.ed.sign(&plain, "claims")),
        ("a key for encryption", mallory.sign(&head(json!({ "kid": "enc" })), &text)),
        ("a broken key", forge.ec.sign(&json!({ "alg": "ES256", "kid": "odd" }), &text)),
        ("a weak key's algorithm", forge.ed.sign(&json!({ "alg": "RS256", "kid": "rsa" }), &text)),
        (
            "an algorithm that isn't configured",
            forge.ed.sign(&json!({ "alg": "PS256", "kid": "rsa" }), &text),
        ),
        ("no kid and a choice", mallory.sign(&json!({ "alg": "EdDSA" }), &text)),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("not base64", "a!.b!.c!".to_owned()),
    ];
    // Of a key that the issuer did not have a moment ago, nothing is known yet.
    let of_unknown_keys = [
        "an unknown kid",
        "a kid that is a path",
        "a key for encryption",
        "a broken key",
        "a weak key's algorithm",
    ];
    for (name, token) in attacks {
        let reply = scene.look(&token).await;
        if of_unknown_keys.contains(&name) && reply.status == 503 {
            reply.problem(503, "unavailable");
            continue;
        }
        assert_eq!((reply.status, reply.code()), (401, "unauthenticated"), "{name}: {reply:?}");
    }
    assert!(scene.principal("root").await.is_none());
    // A head of a request has 8 KiB at most, and so has a token.
    let huge = forge.ed.sign(&plain, &say("pad", json!("x".repeat(8 * 1024))));
    assert_eq!(scene.look(&huge).await.status, 431);
    // What is odd, and yet good.
    let good: Vec<(&str, String)> = vec![
        ("within the leeway", forge.ed.sign(&plain, &say("exp", json!(now() - 15)))),
        ("a moment early", forge.ed.sign(&plain, &say("nbf", json!(now() + 15)))),
        ("a fraction of a second", {
            #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit")]
            forge.ed.sign(&plain, &say("exp", json!(now() as f64 + 60.5)))
        }),
        ("several audiences", forge.ed.sign(&plain, &say("aud", json!(["x", AUDIENCE])))),
        ("ES256", forge.ec.sign(&json!({ "alg": "ES256", "kid": "ec" }), &text)),
        ("no kid and no choice", forge.ec.sign(&json!({ "alg": "ES256" }), &text)),
        ("typ JWT", forge.ed.sign(&head(json!({ "typ": "JWT" })), &text)),
        ("a key along with it, unused", forge.ed.sign(&head(json!({ "jwk": mallory.jwk("x") })), &text)),
    ];
    for (name, token) in good {
        let reply = scene.look(&token).await;
        assert_eq!(reply.status, 200, "{name}: {reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_and_unknown_ones_cost_little() {
    let scene = Scene::new(&[]).await;
    let forge = &scene.forge;
    scene.look(&forge.good_token("ana")).await.expect(200);
    // A new key is found by its first token; many at once ask once.
    let fresh = Key::ed();
    forge.publish(vec![fresh.jwk("fresh")]);
    let asked = forge.asked();
    let token = |n: usize| fresh.sign(&header(&fresh, "fresh"), &forge.claims(&format!("p{n}")).to_string());
    // Since the start somebody may have asked a moment ago: then it is a moment more.
    within(Duration::from_secs(20), "the new key counts", || async {
        scene.look(&token(0)).await.status == 200
    })
    .await;
    let replies = futures_util::future::join_all((1..50).map(|n| {
        let api = scene.api(&token(n));
        async move { api.get("/api/v1/approvals/pending").await }
    }))
    .await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    assert_eq!(forge.asked(), asked + 1);
    // The old key is gone with the next look, for tokens that weren't seen in the last minute. Whether it comes back,
    // the look after that tells.
    let old = forge.good_token("bob");
    within(Duration::from_secs(20), "the old key is gone", || async {
        let reply = scene.look(&old).await;
        assert!(matches!(reply.status, 401 | 503), "{reply:?}");
        reply.status == 401
    })
    .await;
    // However many keys are made up, the issuer is asked every few seconds at most.
    let asked = forge.asked();
    for n in 0..50 {
        let made_up = fresh.sign(&header(&fresh, &format!("k{n}")), &forge.claims("ana").to_string());
        let reply = scene.look(&made_up).await;
        assert!(matches!(reply.status, 401 | 503), "{reply:?}");
    }
    assert!(forge.asked() <= asked + 2, "{} times", forge.asked() - asked);
}

/// A token may be signed by a key that is younger than the last look at the issuer's: it is told to come again.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_new_a_moment_after_the_last_look_is_no_final_no() {
    let scene = Scene::new(&[]).await;
    let forge = &scene.forge;
    let (first, second) = (Key::ed(), Key::ed());
    let token = |key: &Key, kid: &str| key.sign(&header(key, kid), &forge.claims("ana").to_string());
    forge.publish(vec![first.jwk("first")]);
    within(Duration::from_secs(20), "the first key counts", || async {
        scene.look(&token(&first, "first")).await.status == 200
    })
    .await;
    // That was a look; another comes in some seconds only.
    let asked = forge.asked();
    forge.publish(vec![first.jwk("first"), second.jwk("second")]);
    let again = scene.look(&token(&second, "second")).await.problem(503, "unavailable");
    let seconds: u64 = again.header("retry-after").parse().unwrap();
    assert!((1..=5).contains(&seconds), "{seconds}");
    assert!(!again.body.to_string().contains("database"), "{again:?}");
    // What no key could mend is told at once.
    let mut foreign = forge.claims("ana");
    foreign["iss"] = json!("https://other.example");
    scene
        .look(&second.sign(&header(&second, "second"), &foreign.to_string()))
        .await
        .problem(401, "unauthenticated");
    assert_eq!(forge.asked(), asked);
    within(Duration::from_secs(20), "the second key counts", || async {
        let reply = scene.look(&token(&second, "second")).await;
        assert!(matches!(reply.status, 200 | 503), "{reply:?}");
        reply.status == 200
    })
    .await;
}

/// An issuer that replaces a key under its name is asked again, and not for every wrong signature.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_replaced_under_its_name_counts_within_seconds() {
    let scene = Scene::new(&[]).await;
    let forge = &scene.forge;
    let replaced = Key::ed();
    let token =
        |n: usize| replaced.sign(&header(&replaced, "ed"), &forge.claims(&format!("p{n}")).to_string());
    scene.look(&forge.good_token("ana")).await.expect(200);
    let asked = forge.asked();
    for n in 0..50 {
        scene.look(&token(n)).await.problem(401, "unauthenticated");
    }
    assert!(forge.asked() <= asked + 2, "{} times", forge.asked() - asked);
    forge.publish(vec![replaced.jwk("ed"), forge.ec.jwk("ec")]);
    within(Duration::from_secs(20), "the new key counts", || async {
        scene.look(&token(50)).await.status == 200
    })
    .await;
    // The one before it counts no more.
    scene.look(&forge.good_token("bob")).await.problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_away_opens_no_door() {
    let forge = Forge::start().await;
    forge.set_up(false);
    let cluster = Cluster::with(forge.setup(&[])).await;
    let key = cluster.member("agent").await;
    let scene = Scene { forge, cluster };
    let refused = scene.look(&scene.forge.good_token("ana")).await.problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(!refused.body.to_string().contains("database"), "{refused:?}");
    // Keys don't need it.
    scene.look(&key).await.expect(200);
    scene.forge.set_up(true);
    within(Duration::from_secs(20), "it is asked again", || async {
        scene.look(&scene.forge.good_token("ana")).await.status == 200
    })
    .await;
    // What it said lasts for a while: known keys count, unknown ones can't be told.
    scene.forge.set_up(false);
    scene.look(&scene.forge.good_token("bob")).await.expect(200);
    let mallory = Key::ed();
    let forged = mallory.sign(&header(&mallory, "unknown"), &scene.forge.claims("ana").to_string());
    within(Duration::from_secs(20), "an unknown key can't be told", || async {
        let reply = scene.look(&forged).await;
        assert!(reply.status == 401 || reply.status == 503, "{reply:?}");
        reply.status == 503
    })
    .await;
}

/// G20: what can't be stored is left out, or refused; nothing of it is a failure of ours.
#[tokio::test(flavor = "multi_thread")]
async fn g20_odd_claims_break_nothing() {
    let scene = Scene::new(&[]).await;
    let endless = "x".repeat(1000);
    for (n, (field, value)) in [
        ("email", json!("@")),
        ("email", json!(format!("{endless}@example.com"))),
        ("email", json!("a@b\0")),
        ("email", json!(["a@b.example"])),
        ("name", json!("x\0y")),
        ("name", json!(endless)),
        ("name", json!({ "first": "x" })),
        ("roles", json!(["a\0b", 7, null, ["member"], endless])),
        ("roles", json!((0..300).map(|n| format!("role-{n}")).collect::<Vec<_>>())),
        ("groups", json!("one")),
        ("groups", json!({ "a": 1 })),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = scene.forge.claims(&format!("p{n}"));
        claims["roles"] = json!(["member"]);
        claims[field] = value;
        let status = scene.look(&scene.forge.token(&claims)).await.status;
        assert_eq!(status, if field == "roles" { 403 } else { 200 }, "{claims}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_whoever_is_disabled_is_out_and_so_are_their_sockets() {
    let scene = Scene::new(&[]).await;
    let ana = scene.api(&scene.forge.good_token("ana"));
    let mut socket = Socket::open(&ana, "t").await;
    let mut conn = scene.cluster.database.connect().await;
    sqlx::query("UPDATE principals SET disabled_at = now() WHERE name = 'ana'")
        .execute(&mut conn)
        .await
        .unwrap();
    within(Duration::from_secs(5), "REST refuses", || async {
        ana.get("/api/v1/approvals/pending").await.status == 401
    })
    .await;
    // Another token doesn't help.
    scene.look(&scene.forge.good_token("ana")).await.problem(401, "unauthenticated");
    assert_eq!(socket.end().await, End::Closed(1008, "the credential was revoked".into()));
}

/// Its client may come back with the next one.
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_ends_with_its_token() {
    let scene = Scene::new(&[("oidc.leeway_seconds", "0")]).await;
    let mut claims = scene.forge.claims("ana");
    claims["exp"] = json!(now() + 4);
    let ana = scene.api(&scene.forge.token(&claims));
    let mut socket = Socket::open(&ana, "t").await;
    within(Duration::from_secs(10), "REST refuses", || async {
        ana.get("/api/v1/approvals/pending").await.status == 401
    })
    .await;
    let answer =
        socket.ask(json!({ "type": "wait_for_approval", "approval_id": uuid::Uuid::now_v7() })).await;
    assert_eq!(
        (&answer["event_type"], &answer["data"]["code"]),
        (&json!("error"), &json!("unauthenticated"))
    );
    assert_eq!(socket.end().await, End::Closed(4401, "the credential has expired".into()));
}
