//! Whom a token speaks for: names, addresses, roles, workspaces, as the issuer claims them and as they are bound.

use serde_json::{Value, json};

use super::tokens::Scene;
use crate::support::{eventually, forge::now, process::signoff};

#[tokio::test(flavor = "multi_thread")]
async fn g05_a_name_belongs_to_whom_it_was_bound_to() {
    let scene = Scene::new(&[("oidc.claim_principal", "preferred_username")]).await;
    let forge = &scene.forge;
    let token = |subject: &str, name: &str| {
        let mut claims = forge.claims(subject);
        claims["preferred_username"] = json!(name);
        forge.token(&claims)
    };
    // Somebody who was named before they came.
    scene.cluster.key("acme", "ana", &["approval:create"]).await;
    scene.look(&token("sub-1", "ana")).await.expect(200);
    let row = scene.principal("ana").await.unwrap();
    assert_eq!((&row["subject"], &row["claimed_roles"]), (&json!("sub-1"), &json!(["member"])));
    // Another one with the same name is somebody else, whatever way it is written.
    let refused = scene.look(&token("sub-2", "ana")).await.problem(403, "forbidden");
    assert!(refused.body["detail"].as_str().unwrap().contains("somebody else"), "{refused:?}");
    // The first stays who they are when they rename themselves.
    scene.look(&token("sub-1", "root")).await.expect(200);
    assert!(scene.principal("root").await.is_none());
    // A service's name is not for people.
    let mut conn = scene.cluster.database.connect().await;
    sqlx::query("UPDATE principals SET kind = 'service' WHERE name = 'agent'")
        .execute(&mut conn)
        .await
        .unwrap();
    scene.look(&token("sub-3", "agent")).await.problem(403, "forbidden");
    // Two spellings of a name are one.
    scene.look(&token("sub-4", "e\u{301}va")).await.expect(200);
    scene.look(&token("sub-5", "éva")).await.problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_names_only_where_they_are_verified() {
    // Whether or not the address is kept as one, too.
    for claim_email in ["email", ""] {
        let settings = [("oidc.claim_principal", "email"), ("oidc.claim_email", claim_email)];
        let scene = Scene::new(&settings).await;
        for (verified, status) in
            [(json!(true), 200), (json!(false), 401), (Value::Null, 401), (json!("yes"), 401)]
        {
            let mut claims = scene.forge.claims("sub-1");
            claims["email"] = json!("ana@example.com");
            claims["email_verified"] = verified.clone();
            assert_eq!(scene.look(&scene.forge.token(&claims)).await.status, status, "{verified}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_come_from_both_sides_and_the_newest_word_counts() {
    let scene = Scene::new(&[("oidc.claim_roles", "realm_access.roles")]).await;
    let forge = &scene.forge;
    let token = |age: i64, roles: Value| {
        let mut claims = forge.claims("ana");
        claims["iat"] = json!(now() - age);
        claims["realm_access"] = json!({ "roles": roles });
        forge.token(&claims)
    };
    let old = token(100, json!(["admin"]));
    let administers = async |token: &str| scene.api(token).delete("/api/v1/runs/none").await.status == 404;
    assert!(administers(&old).await);
    // A newer token says less; the older one, which is still good, doesn't bring it back.
    let new = token(50, json!([]));
    let refused = scene.look(&new).await;
    eventually("the newer token counts", || async { scene.look(&new).await.status == 403 }).await;
    let detail = scene.look(&new).await.body["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("no role") && refused.status != 500, "{detail}");
    eventually("for the older one too", || async { !administers(&old).await }).await;
    let another_old = token(99, json!(["admin"]));
    assert!(!administers(&another_old).await);
    assert_eq!(scene.principal("ana").await.unwrap()["claimed_roles"], json!([]));
    // What is given here counts as well.
    let mut conn = scene.cluster.database.connect().await;
    sqlx::query("UPDATE principals SET roles = '{approver}' WHERE name = 'ana'")
        .execute(&mut conn)
        .await
        .unwrap();
    eventually("the role counts", || async { scene.look(&new).await.status == 200 }).await;
    // Each change is on record, and only changes.
    let updates = scene.records("principal.updated").await;
    assert_eq!(updates.len(), 1, "{updates:?}");
    assert_eq!(updates[0]["before"]["claimed_roles"], json!(["admin"]));
    assert_eq!(updates[0]["after"]["claimed_roles"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn g19_the_workspace_is_there_or_nobody_gets_in() {
    let scene = Scene::new(&[("oidc.workspace", ""), ("oidc.claim_workspace", "org.name")]).await;
    let token = |workspace: Value| {
        let mut claims = scene.forge.claims("ana");
        claims["org"] = json!({ "name": workspace });
        scene.forge.token(&claims)
    };
    scene.look(&token(json!("nowhere"))).await.problem(403, "forbidden");
    scene.look(&token(json!(1))).await.problem(401, "unauthenticated");
    scene.look(&token(json!("ac\0me"))).await.problem(401, "unauthenticated");
    scene.look(&scene.forge.good_token("ana")).await.problem(401, "unauthenticated");
    scene.cluster.key("rival", "ana", &["approval:create"]).await;
    let id = scene.api(&token(json!("acme"))).ask(json!({})).await;
    scene.api(&token(json!("rival"))).show(&id).await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_made_principals_only_if_that_is_wanted() {
    let scene = Scene::new(&[("oidc.create_principals", "false")]).await;
    scene.look(&scene.forge.good_token("stranger")).await.problem(403, "forbidden");
    assert!(scene.principal("stranger").await.is_none());
    scene.cluster.key("acme", "ana", &["approval:create"]).await;
    scene.look(&scene.forge.good_token("ana")).await.expect(200);
}

/// Another account of the same person: bound by an operator, instead of the one that they had.
#[tokio::test(flavor = "multi_thread")]
async fn g05_an_operator_binds_a_name_anew() {
    let scene = Scene::new(&[("oidc.claim_principal", "preferred_username")]).await;
    let forge = &scene.forge;
    let token = |subject: &str, name: &str, roles: &[&str]| {
        let mut claims = forge.claims(subject);
        claims["preferred_username"] = json!(name);
        claims["roles"] = json!(roles);
        forge.token(&claims)
    };
    scene.look(&token("old", "ana", &["member", "approver"])).await.expect(200);
    scene.look(&token("bo", "bo", &["member"])).await.expect(200);
    scene.look(&token("new", "ana", &["member"])).await.problem(403, "forbidden");
    let bind = async |name: &str, subject: &str| {
        let to = ["--issuer", forge.url.as_str(), "--subject", subject];
        let arguments = [&["principals", "bind", name, "--workspace", "acme"][..], &to].concat();
        signoff(&arguments, &[("DATABASE_URL", &scene.cluster.database.url)]).await
    };
    assert!(!bind("ana", "bo").await.status.success(), "it is somebody else's");
    assert!(!bind("nobody", "new").await.status.success());
    let output = bind("ana", "new").await;
    assert!(output.status.success(), "{output:?}");
    let row = scene.principal("ana").await.unwrap();
    assert_eq!((&row["subject"], &row["claimed_roles"]), (&json!("new"), &json!([])));
    assert!(bind("ana", "new").await.status.success(), "again changes nothing");
    let mut conn = scene.cluster.database.connect().await;
    let records: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_log WHERE action = 'principal.updated' AND via = 'operator' AND subject = 'ana'",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!(records, 1);
    // A token that was refused is refused for some seconds more.
    eventually("the new account is let in", || async {
        scene.look(&token("new", "ana", &["member"])).await.status == 200
    })
    .await;
    scene.look(&token("old", "ana", &["approver"])).await.problem(403, "forbidden");
}
