//! Policies in a shell: who must agree, what is missing, handing it on, and a later deadline.

use serde_json::{Value, json};

use crate::support::{Api, Shell};

const POLICY: &str = r#"{"all_of": [{"groups": ["security"], "label": "Security"}, {"people": ["ana", "bo"]}],
    "extension": {"max_seconds": 3600}}"#;
const LEVELS: &str =
    r#"[{"after_seconds": 600, "policy": {"allowed_roles": ["manager"]}, "label": "Managers"}]"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_question_goes_to_the_next_level() {
    let shell = Shell::new().await;
    let mut conn = shell.cluster.database.connect().await;
    sqlx::query("UPDATE principals SET groups = '{security}' WHERE name = 'ana'")
        .execute(&mut conn)
        .await
        .unwrap();
    let boss = shell.cluster.member("boss").await;
    sqlx::query("UPDATE principals SET roles = '{manager}' WHERE name = 'boss'")
        .execute(&mut conn)
        .await
        .unwrap();
    let asked = [
        "ask",
        "--run",
        "r",
        "--policy",
        POLICY,
        "--escalation",
        LEVELS,
        "--remind-before",
        "60",
        "--no-wait",
    ];
    let (code, id) = shell.run(&shell.agent, &asked).await;
    assert_eq!(code, 0, "{id}");
    let id = id.trim();
    let agent = Api::new(&shell.cluster.instances[0].url, &shell.agent);
    let made = agent.show(id).await.expect(200).body;
    assert_eq!((&made["timeout_action"], &made["remind_before_seconds"]), (&json!("escalate"), &json!([60])));

    let (code, said) = shell.run(&shell.ana, &["eligible", id]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("2 more of ana, bo or the group security"), "{said}");
    let ana = said.lines().find(|line| line.starts_with("ana")).unwrap();
    assert!(ana.contains("can_vote"), "{said}");
    let unknown = said.lines().find(|line| line.starts_with("bo")).unwrap();
    assert!(unknown.contains("unknown"), "{said}");

    let (code, said) =
        shell.run(&shell.ana, &["extend", id, "--by", "30m", "--reason", "the vendor sleeps"]).await;
    assert!(code == 0 && said.contains("level 0, pending until"), "{said}");
    let (code, said) = shell.run(&shell.ana, &["extend", id, "--by", "31m", "--reason", "still"]).await;
    assert!(code == 12 && said.contains("limit_reached"), "{said}");

    let hand_on = ["escalate", id, "--reason", "bo is away", "--from-level", "0"];
    let (code, said) = shell.run(&shell.ana, &hand_on).await;
    assert!(code == 0 && said.contains("level 1, pending until"), "{said}");
    let (code, said) = shell.run(&shell.ana, &hand_on).await;
    assert!(code == 0 && said.contains("before"), "{said}");
    let (code, page) = shell.run(&shell.agent, &["show", id]).await;
    assert_eq!(code, 11, "{page}");
    for line in ["level        1", "missing      1 more of the role manager"] {
        assert!(page.lines().any(|it| it == line), "{line}: {page}");
    }
    assert!(page.contains("handed on    from level 0 by ana at ") && page.contains(": bo is away"), "{page}");
    let (code, said) = shell.run(&shell.ana, &["approve", id]).await;
    assert!(code == 12 && said.contains("not_eligible"), "{said}");
    let (code, said) = shell.run(&boss, &["approve", id]).await;
    assert!(code == 0 && said.contains("approved by boss"), "{said}");
    let (code, said) = shell.run(&boss, &["escalate", id, "--reason", "late"]).await;
    assert!(code == 12 && said.contains("already_decided"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_tried_out() {
    let shell = Shell::new().await;
    let check = async |policy: &'static str| {
        let arguments = ["policy", "check", policy];
        shell.run(&shell.agent, &arguments).await
    };
    let (code, said) = check(r#"{"allowed_approvers": ["ana"]}"#).await;
    assert!(code == 0 && said.contains("takes 1 more of ana"), "{said}");
    let (code, said) = check(r#"{"count": 0}"#).await;
    assert!(code == 12 && said.contains("/policy/count"), "{said}");
    let (code, said) = check(r#"{"groups": ["nobody"]}"#).await;
    assert!(code == 12 && said.contains("/policy"), "{said}");
    let json =
        ["policy", "check", r#"{"allowed_approvers": ["agent"]}"#, "--requested-by", "agent", "--json"];
    let (code, said) = shell.run(&shell.agent, &json).await;
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &answer["valid"], &answer["satisfiable"]), (12, &json!(true), &json!(false)));
}
