//! G17 in Slack: presses decide as the person who is bound to the account, once, or do nothing.

use chrono::Utc;
use reqwest::Method;
use serde_json::{Value, json};

use super::g17_slack::{ANA, asked, bind, id_of, settled, standing, team};
use crate::support::{
    Api,
    client::merged,
    eventually,
    slack::{SECRET, SIGNATURE, Scripted, TIME, form, signature},
};

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_press_decides_as_the_person_who_is_bound_to_the_account() {
    let team = team(&[]).await;
    let id = team.agent.ask(asked(1)).await;
    let waiter = team.agent.waiting(&id, 30);
    let card = team.slack.shows(1).await.remove(0);
    let press = team.slack.press(&card, "signoff_approve", ANA);
    assert_eq!(team.slack.take(&team.cluster, 1, &press).await, Value::Null);
    let outcome = waiter.await.unwrap().expect(200).body;
    assert_eq!((&outcome["resolution"], &outcome["resolved_by"]), (&json!("approved"), &json!("ana")));
    team.slack.becomes("the card is closed", |it| !it.has_buttons()).await;
    assert!(team.slack.whispers().is_empty(), "who decided sees it on the card");
    let records = team.admin.get(&format!("/api/v1/approvals/{id}/audit")).await.expect(200).body;
    let records = records["items"].as_array().unwrap();
    let resolved = records.iter().find(|it| it["action"] == "approval.resolved").unwrap();
    assert_eq!(
        (&resolved["credential"], &resolved["actor"]),
        (&json!("slack:T1/U1"), &json!("ana")),
        "{resolved:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_who_is_not_bound_not_admitted_or_not_of_the_team_decides_nothing() {
    let team = team(&[]).await;
    team.cluster.member("dora").await;
    team.cluster.member("carl").await;
    bind(&team.admin, "dora", Some("T1/U2")).await.expect(200);
    bind(&team.admin, "carl", Some("T1/U3")).await.expect(200);
    bind(&team.admin, "agent", Some("T1/U4")).await.expect(200);
    let mut asked = asked(1);
    asked["policy"] = json!({ "min_approvers": 1, "allowed_approvers": ["ana", "carl", "agent"] });
    let id = team.agent.ask(asked).await;
    let card = team.slack.shows(1).await.remove(0);
    let path = format!("/api/v1/principals/{}", id_of(&team.admin, "carl").await);
    Api::send(team.admin.request(Method::PATCH, &path).json(&json!({ "disabled": true }))).await.expect(200);
    for (count, (account, why)) in [
        ("T1/U9", "bound to no person"),
        ("T2/U1", "bound to no person"),
        ("T1/U2", "does not name you"),
        ("T1/U3", "disabled"),
        ("T1/U4", "own request"),
    ]
    .into_iter()
    .enumerate()
    {
        let press = team.slack.press(&card, "signoff_approve", account);
        assert_eq!(team.slack.take(&team.cluster, 0, &press).await, Value::Null);
        let told = team.slack.whispered(count + 1).await;
        assert!(told.contains(why), "{account}: {told}");
        let whisper = team.slack.calls("response_url").pop().unwrap().body;
        assert_eq!(
            (&whisper["response_type"], &whisper["replace_original"]),
            (&json!("ephemeral"), &json!(false))
        );
    }
    // A conversation in which there is no card of ours.
    let value = card.button("signoff_approve").unwrap();
    let foreign = team.slack.press_of(("C9", "1600000000.000001"), ("signoff_approve", &value), ANA);
    team.slack.take(&team.cluster, 0, &foreign).await;
    assert!(team.slack.whispered(6).await.contains("none of mine"));
    assert_eq!(standing(&team, &id).await["status"], "pending");
    assert_eq!(standing(&team, &id).await["version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_two_presses_and_the_api_at_once_decide_once() {
    let team = team(&[]).await;
    for round in 0..5 {
        let id = team.agent.ask(asked(1)).await;
        let card = team.slack.shows(round + 1).await.pop().unwrap();
        let press = team.slack.press(&card, "signoff_approve", ANA);
        let now = Utc::now().timestamp();
        let (one, two, api) = tokio::join!(
            team.slack.signed(&team.cluster, 0, &press, (SECRET, now)),
            team.slack.signed(&team.cluster, 1, &press, (SECRET, now - 1)),
            team.bo.reject(&id, "no"),
        );
        assert_eq!((one.0, two.0), (200, 200));
        let whole = standing(&team, &id).await;
        assert_eq!((&whole["status"], &whole["version"]), (&json!("resolved"), &json!(2)), "{whole:#?}");
        let by_api = whole["resolution"] == "rejected";
        assert_eq!(api.status == 200, by_api, "{api:?}");
        let records = team.admin.get(&format!("/api/v1/approvals/{id}/audit")).await.expect(200).body;
        let ends =
            records["items"].as_array().unwrap().iter().filter(|it| it["action"] == "approval.resolved");
        assert_eq!(ends.count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_what_slack_has_not_signed_now_and_once_is_refused() {
    let team = team(&[]).await;
    let id = team.agent.ask(asked(2)).await;
    let card = team.slack.shows(1).await.remove(0);
    let press = team.slack.press(&card, "signoff_approve", ANA);
    let now = Utc::now().timestamp();
    let (slack, cluster) = (&team.slack, &team.cluster);
    for (secret, at) in [("other", now), (SECRET, now - 310), (SECRET, now + 310), (SECRET, 0)] {
        assert_eq!(slack.signed(cluster, 0, &press, (secret, at)).await, (401, Value::Null), "{secret} {at}");
    }
    let body = form(&press);
    let (time, signed) = (now.to_string(), signature(SECRET, now, &body));
    let other = body.replace("U1", "U2");
    for headers in [vec![], vec![(TIME, time.as_str())], vec![(SIGNATURE, signed.as_str())]] {
        assert_eq!(slack.posted(cluster, 0, body.clone(), &headers).await, (401, Value::Null));
    }
    let headers = [(TIME, time.as_str()), (SIGNATURE, signed.as_str())];
    assert_eq!(slack.posted(cluster, 0, other, &headers).await, (401, Value::Null), "another body");
    assert_eq!(standing(&team, &id).await["version"], 1, "nothing has happened so far");
    // Near enough, on either side.
    for at in [now - 290, now + 290] {
        assert_eq!(slack.signed(cluster, 0, &press, (SECRET, at)).await.0, 200);
    }
    assert_eq!(standing(&team, &id).await["version"], 2);
    // The same request once more, wherever it comes.
    assert_eq!(slack.posted(cluster, 0, body.clone(), &headers).await.0, 200);
    for instance in [0, 1] {
        assert_eq!(
            slack.posted(cluster, instance, body.clone(), &headers).await,
            (401, Value::Null),
            "a replay"
        );
    }
    assert_eq!(standing(&team, &id).await["version"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_who_sends_what_slack_once_signed_pays_as_a_stranger() {
    let team = team(&[
        ("rate_limits.address_requests_per_second", "0.001"),
        ("rate_limits.address_burst", "60"),
        ("rate_limits.redis_timeout_ms", "5000"),
    ])
    .await;
    let (slack, cluster, now) = (&team.slack, &team.cluster, Utc::now().timestamp());
    let first = &cluster.instances[0];
    eventually("Redis counts", || async { first.metric("signoff_rate_limits_shared").await > 0.5 }).await;
    let numbered =
        |nonce: u32| json!({ "type": "other", "user": { "id": "U1", "team_id": "T1" }, "nonce": nonce });
    for nonce in 0..70 {
        assert_eq!(
            slack.signed(cluster, 0, &numbered(nonce), (SECRET, now)).await.0,
            200,
            "Slack pays nothing"
        );
    }
    // One is too old, the other was taken before.
    for (count, (nonce, at)) in [(70, now - 600), (0, now)].into_iter().cycle().enumerate() {
        let (status, body) = slack.signed(cluster, 0, &numbered(nonce), (SECRET, at)).await;
        if status != 401 {
            assert_eq!((status, &body["code"]), (429, &json!("rate_limited")));
            return;
        }
        assert!(count < 60, "it costs nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_what_slack_sends_and_we_do_not_know_changes_nothing() {
    let team = team(&[]).await;
    let id = team.agent.ask(asked(1)).await;
    let card = team.slack.shows(1).await.remove(0);
    let mut odd = team.slack.press(&card, "signoff_approve", ANA);
    for (pointer, value) in [
        ("/actions/0/action_id", json!("signoff_details")),
        ("/actions/0/action_id", json!("other")),
        ("/actions/0/value", json!("1.2.3")),
        ("/actions", json!([])),
        ("/type", json!("message_action")),
        ("/user/id", json!("'; DROP TABLE principals; --")),
    ] {
        let mut payload = odd.clone();
        *payload.pointer_mut(pointer).unwrap() = value;
        assert_eq!(team.slack.take(&team.cluster, 0, &payload).await, Value::Null, "{pointer}");
    }
    odd["response_url"] = json!("http://127.0.0.1:1/elsewhere");
    odd["user"]["id"] = json!("U9");
    team.slack.take(&team.cluster, 0, &odd).await;
    assert!(team.slack.whispers().is_empty(), "an address that is none of Slack's gets nothing");
    assert_eq!(standing(&team, &id).await["version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_rejection_asks_why_before_anything_happens() {
    let team = team(&[]).await;
    let id = team.agent.ask(asked(1)).await;
    let card = team.slack.shows(1).await.remove(0);
    let press = team.slack.press(&card, "signoff_reject", ANA);
    assert_eq!(team.slack.take(&team.cluster, 0, &press).await, Value::Null);
    assert_eq!(team.slack.calls("views.open").len(), 1, "before the answer");
    assert_eq!(standing(&team, &id).await["version"], 1);
    let empty = team.slack.submit(&[("reason", "  ")], ANA);
    let fault = team.slack.take(&team.cluster, 1, &empty).await;
    assert_eq!(
        (&fault["response_action"], &fault["errors"]["reason"]),
        (&json!("errors"), &json!("Say why."))
    );
    let sent = team.slack.submit(&[("reason", "Not on a Friday")], ANA);
    assert_eq!(team.slack.take(&team.cluster, 1, &sent).await, json!({ "response_action": "clear" }));
    let whole = standing(&team, &id).await;
    assert_eq!(
        (&whole["resolution"], &whole["result"]["feedback"]),
        (&json!("rejected"), &json!("Not on a Friday")),
        "{whole:#?}"
    );
    // Who sends the form too late sees how it ended.
    let again = team.slack.submit(&[("reason", "I say so too")], "T1/U9");
    let refused = team.slack.take(&team.cluster, 0, &again).await;
    assert_eq!(refused["response_action"], "update");
    assert!(refused["view"].to_string().contains("bound to no person"));
    bind(&team.admin, "bo", Some("T1/U5")).await.expect(200);
    let late = team.slack.submit(&[("reason", "late")], "T1/U5");
    let refused = team.slack.take(&team.cluster, 0, &late).await;
    assert!(refused["view"].to_string().contains("*Rejected* by ana"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_edits_are_approved_as_they_were_sent() {
    let team = team(&[]).await;
    let mut tool = asked(1);
    tool["approval_type"] = json!("tool_call");
    tool["context"] = json!({ "tool": "refund", "arguments": { "amount": 45 } });
    let id = team.agent.ask(tool).await;
    let card = team.slack.shows(1).await.remove(0);
    team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_modify", ANA)).await;
    let view = team.slack.calls("views.open").remove(0).body["view"].clone();
    let initial = view["blocks"][1]["element"]["initial_value"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(initial).unwrap(), json!({ "arguments": { "amount": 45 } }));
    for bad in ["{", "[]", "{}", "{\"amount\": 1}", "{\"arguments\": {\"a\": 1, \"a\": 2}}"] {
        let fault = team.slack.take(&team.cluster, 0, &team.slack.submit(&[("changes", bad)], ANA)).await;
        assert_eq!(fault["response_action"], "errors", "{bad}: {fault}");
        assert!(fault["errors"]["changes"].is_string(), "{bad}: {fault}");
    }
    assert_eq!(standing(&team, &id).await["version"], 1);
    let sent =
        team.slack.submit(&[("changes", "{\"arguments\": {\"amount\": 40}}"), ("comment", "less")], ANA);
    assert_eq!(team.slack.take(&team.cluster, 0, &sent).await, json!({ "response_action": "clear" }));
    let whole = standing(&team, &id).await;
    assert_eq!(
        (&whole["resolution"], &whole["result"]["feedback"]),
        (&json!("modified"), &json!("less")),
        "{whole:#?}"
    );
    assert_eq!(whole["result"]["modifications"], json!({ "arguments": { "amount": 40 } }));
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_number_that_nobody_edits_comes_back_as_it_was_written() {
    let team = team(&[]).await;
    let context = r#"{"total": 1234567890123456789012.25, "note": "a", "limit": 1.50}"#;
    let body = merged(asked(1)).to_string().replace(r#"{"amount":45}"#, context);
    let ask =
        team.agent.request(Method::POST, "/api/v1/approvals").header("content-type", "application/json");
    let id = Api::send(ask.body(body)).await.expect(201).id();
    let card = team.slack.shows(1).await.remove(0);
    team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_modify", ANA)).await;
    let view = team.slack.calls("views.open").remove(0).body["view"].clone();
    let initial = view["blocks"][1]["element"]["initial_value"].as_str().unwrap();
    assert_eq!(
        initial,
        "{\n  \"total\": 1234567890123456789012.25,\n  \"note\": \"a\",\n  \"limit\": 1.50\n}"
    );
    let edited = initial.replace("\"a\"", "\"b\"");
    let sent = team.slack.submit(&[("changes", &edited)], ANA);
    assert_eq!(team.slack.take(&team.cluster, 0, &sent).await, json!({ "response_action": "clear" }));
    let shown = team.agent.request(Method::GET, &format!("/api/v1/approvals/{id}")).send().await.unwrap();
    let shown = shown.text().await.unwrap();
    assert!(shown.contains(&format!("\"modifications\":{edited}")), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_a_press_on_an_old_card_is_answered_with_the_outcome_and_mends_it() {
    let team = team(&[]).await;
    let id = team.agent.ask(asked(1)).await;
    let card = team.slack.shows(1).await.remove(0);
    // The edit is lost, as by a crash.
    team.slack.script("chat.update", Scripted::error("cant_update_message"));
    team.bo.approve(&id).await.expect(200);
    let rows = settled(&team, &id, 2).await;
    assert_eq!((&rows[1]["status"], &rows[1]["skip_reason"]), (&json!("skipped"), &json!("message_gone")));
    assert!(team.slack.messages()[0].has_buttons());
    for (count, action) in ["signoff_approve", "signoff_reject"].into_iter().enumerate() {
        team.slack.take(&team.cluster, 0, &team.slack.press(&card, action, ANA)).await;
        let told = team.slack.whispered(count + 1).await;
        assert!(told.contains("*Approved* by bo"), "{told}");
    }
    assert!(team.slack.calls("views.open").is_empty(), "no form for what is over");
    team.slack.becomes("the card is mended", |it| !it.has_buttons()).await;
    assert_eq!(standing(&team, &id).await["version"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_the_card_of_a_level_that_has_passed_is_closed_and_decides_nothing() {
    let team = team(&[]).await;
    let mut asked = asked(1);
    asked["policy"] = json!({ "min_approvers": 1, "allowed_approvers": ["ana"] });
    asked["escalation"] = json!([{ "after_seconds": 3600, "policy": { "min_approvers": 1, "allowed_approvers": ["ana", "bo"] } }]);
    let id = team.agent.ask(asked).await;
    let old = team.slack.shows(1).await.remove(0);
    let push = json!({ "reason": "ana is away" });
    team.admin.post(&format!("/api/v1/approvals/{id}/escalate"), &push).await.expect(200);
    let messages = team.slack.shows(2).await;
    assert!(messages[1].has_buttons());
    let closed = team.slack.becomes("the first card is closed", |it| !it.has_buttons()).await;
    assert!(closed.block("o").to_string().contains("Handed to the next level"));
    team.slack.take(&team.cluster, 0, &team.slack.press(&old, "signoff_approve", ANA)).await;
    assert!(team.slack.whispered(1).await.contains("next level"));
    assert_eq!(standing(&team, &id).await["status"], "pending");
    team.slack.take(&team.cluster, 0, &team.slack.press(&messages[1], "signoff_approve", ANA)).await;
    assert_eq!(standing(&team, &id).await["resolution"], "approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_address_says_who_somebody_is_only_where_the_operator_says_so() {
    let team = team(&[("slack.bind_by_email", "true")]).await;
    for (name, email) in
        [("bo", "bo@example.com"), ("agent", "two@example.com"), ("admin", "two@example.com")]
    {
        let path = format!("/api/v1/principals/{}", id_of(&team.admin, name).await);
        Api::send(team.admin.request(Method::PATCH, &path).json(&json!({ "email": email })))
            .await
            .expect(200);
    }
    team.slack.user("U7", "BO@example.com", json!({}));
    team.slack.user("U8", "bo@example.com", json!({ "is_restricted": true }));
    team.slack.user("U9", "two@example.com", json!({}));
    let id = team.agent.ask(asked(1)).await;
    let card = team.slack.shows(1).await.remove(0);
    for (count, account) in ["T1/U8", "T2/U7", "T1/U9", "T1/U6"].into_iter().enumerate() {
        team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_approve", account)).await;
        team.slack.whispered(count + 1).await;
        assert_eq!(standing(&team, &id).await["version"], 1, "{account}");
    }
    team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_approve", "T1/U7")).await;
    let whole = standing(&team, &id).await;
    assert_eq!(
        (&whole["resolution"], &whole["resolved_by"]),
        (&json!("approved"), &json!("bo")),
        "{whole:#?}"
    );
    let bo =
        team.admin.get(&format!("/api/v1/principals/{}", id_of(&team.admin, "bo").await)).await.expect(200);
    assert_eq!(bo.body["slack"], "T1/U7");
    eventually("it is on record", || async {
        let records = team.admin.get("/api/v1/audit?action=principal.slack_bound").await.expect(200).body;
        records["items"].as_array().unwrap().len() == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g17_an_account_is_one_persons_and_administrators_say_whose() {
    let team = team(&[]).await;
    let path = format!("/api/v1/principals/{}", id_of(&team.admin, "bo").await);
    let manager = team.cluster.api(0, &team.cluster.key("acme", "mana", &["principal:manage"]).await);
    let rebind = |api: &Api, account: Value| {
        Api::send(api.request(Method::PATCH, &path).json(&json!({ "slack": account })))
    };
    team.cluster.key("acme", "plain", &["principal:manage"]).await;
    let plain = format!("/api/v1/principals/{}", id_of(&team.admin, "plain").await);
    let theirs = manager.request(Method::PATCH, &plain).json(&json!({ "slack": "T1/U5" }));
    Api::send(theirs).await.problem(403, "forbidden");
    rebind(&team.admin, json!(ANA)).await.violation("/slack", "value");
    for bad in ["", "U1", "T1/U1/U2", "t1/u1", "T1/<U1>"] {
        rebind(&team.admin, json!(bad)).await.violation("/slack", "value");
    }
    assert_eq!(rebind(&team.admin, json!("T1/U2")).await.expect(200).body["slack"], "T1/U2");
    assert_eq!(rebind(&team.admin, Value::Null).await.expect(200).body["slack"], Value::Null);
    bind(&team.admin, "ana", None).await.expect(200);
    assert_eq!(rebind(&team.admin, json!(ANA)).await.expect(200).body["slack"], ANA);
    // It is bo's now.
    let id = team.agent.ask(asked(1)).await;
    let card = team.slack.shows(1).await.remove(0);
    team.slack.take(&team.cluster, 0, &team.slack.press(&card, "signoff_approve", ANA)).await;
    assert_eq!(standing(&team, &id).await["resolved_by"], "bo");
}
