//! What cards hold, and that they fit whatever they are about.

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::{
    domain::{
        approval::{Outcome, tests::pending},
        ids::PrincipalId,
        names::CallerName,
        policy::{Actor, Policy, Selectors},
        redaction::Redaction,
    },
    notify::slack::text::cost,
};

fn actor(name: &str) -> Actor {
    Actor { id: PrincipalId::generate(), name: PrincipalName::stored(name).unwrap() }
}

fn json_of(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap()
}

/// An approval that has all that a card may show.
fn full(text: &str) -> Approval {
    let name: String = text.chars().filter(|c| *c != '\0').take(200).collect();
    let name = if name.is_empty() { "agent".to_owned() } else { name };
    let mut approval = pending(actor(&name));
    approval.on_behalf_of = Some(PrincipalName::stored(&name).unwrap());
    let request = &mut approval.request;
    request.title = Some(text.to_owned());
    request.description = Some(text.to_owned());
    request.run_id = CallerName::new(&"r".repeat(200)).unwrap();
    request.workflow = Some(CallerName::new(&"w".repeat(200)).unwrap());
    // A megabyte together; no request may have more.
    let part: String = text.chars().take(12_500).collect();
    let fields: serde_json::Map<String, Value> =
        (0..20).map(|n| (format!("{n}{name}"), Value::String(part.clone()))).collect();
    request.context = json_of(&Value::Object(fields));
    let names =
        (0..50).map(|n| PrincipalName::stored(&format!("{n}{}", name.chars().take(150).collect::<String>())));
    let people = Some(names.map(Result::unwrap).collect());
    approval.policy = Policy::simple(2, Selectors { people, ..Selectors::default() });
    approval.look_for_progress(&[]);
    approval
}

fn ended(mut approval: Approval, text: &str) -> Approval {
    let by = approval.requested_by.clone();
    let outcome = Outcome {
        seat: Some(by.name.clone()),
        feedback: Some(text.to_owned()),
        comment: Some(text.to_owned()),
        ..Outcome::default()
    };
    let ending =
        Ending::Resolved { resolution: Resolution::Rejected, via: Via::Human, by: Some(by), outcome };
    approval.state = State::Final { ending, at: DateTime::UNIX_EPOCH };
    approval
}

fn redactor() -> &'static Redactor {
    static REDACTOR: std::sync::OnceLock<Redactor> = std::sync::OnceLock::new();
    REDACTOR.get_or_init(|| Redactor::new(&Redaction::default()))
}

fn card(approval: &Approval) -> Card<'_> {
    let redactor = redactor();
    Card { approval, level: 0, asks: true, public_url: Some("https://signoff.example.com"), redactor }
}

fn ids(rendered: &Rendered) -> Vec<&str> {
    rendered.blocks.as_array().unwrap().iter().map(|block| block["block_id"].as_str().unwrap()).collect()
}

/// All that Slack limits, and that nothing of a caller's means something to it.
fn check(rendered: &Rendered, own: &[&str]) {
    let blocks = rendered.blocks.as_array().unwrap();
    assert!(blocks.len() <= 50);
    let whole = rendered.blocks.to_string();
    assert!(whole.encode_utf16().count() < 9_000, "{} characters", whole.encode_utf16().count());
    assert!(cost(&rendered.text) <= 1_000);
    let within = |text: &Value, most: usize| {
        let text = text.as_str().unwrap();
        assert!((1..=most).contains(&text.encode_utf16().count()), "{text:?}");
        assert!(!text.trim().is_empty());
    };
    for block in blocks {
        match block["type"].as_str().unwrap() {
            "header" => within(&block["text"]["text"], 150),
            "section" => {
                if let Some(fields) = block["fields"].as_array() {
                    assert!((1..=10).contains(&fields.len()));
                    for field in fields {
                        within(&field["text"], 2_000);
                    }
                } else {
                    within(&block["text"]["text"], 3_000);
                }
            }
            "actions" => {
                for button in block["elements"].as_array().unwrap() {
                    within(&button["text"]["text"], 75);
                    assert!(button["value"].as_str().is_none_or(|value| value.len() <= 2_000));
                    if let Some(confirm) = button.get("confirm") {
                        within(&confirm["title"]["text"], 100);
                        within(&confirm["text"]["text"], 300);
                    }
                }
            }
            "rich_text" => within(&block["elements"][0]["elements"][0]["text"], 3_000),
            "context" => within(&block["elements"][0]["text"], 2_000),
            other => panic!("unknown block {other}"),
        }
        if block["type"] != "rich_text" {
            let text = own.iter().fold(block.to_string(), |text, own| text.replace(own, ""));
            let links: Vec<&str> = text.split('<').skip(1).filter(|it| !it.starts_with("!date^")).collect();
            assert!(links.is_empty(), "{text}");
        }
    }
}

#[test]
fn a_card_asks_with_buttons_and_keeps_its_text_when_it_is_closed() {
    let mut approval = pending(actor("agent"));
    approval.request.title = Some("Refund 45.00".to_owned());
    approval.request.description = Some("It was late.".to_owned());
    approval.request.context = json_of(&json!({ "amount": 45 }));
    approval.look_for_progress(&[]);
    let open = card(&approval).rendered();
    assert_eq!(ids(&open), ["t", "f", "d", "c", "a", "x"]);
    assert_eq!(open.text, "Approval needed: Refund 45.00, asked by agent, until 1970-01-01 00:00 UTC");
    let buttons = open.blocks[4]["elements"].as_array().unwrap();
    let actions: Vec<&str> = buttons.iter().map(|it| it["action_id"].as_str().unwrap()).collect();
    assert_eq!(actions, [action::APPROVE, action::REJECT, action::MODIFY, action::DETAILS]);
    assert_eq!(buttons[0]["value"], format!("{}.0.1/{}", approval.id, approval.compute_digest().unwrap()));
    let told = Card { asks: false, ..card(&approval) }.rendered();
    assert_eq!(ids(&told), ["t", "f", "d", "c", "x"], "who is only told has no buttons");
    let approval = ended(approval, "too much");
    let closed = card(&approval).rendered();
    assert_eq!(ids(&closed), ["t", "f", "d", "c", "o", "r", "x"]);
    assert_eq!(closed.blocks[2], open.blocks[2]);
    assert!(
        closed.blocks[4]["text"]["text"]
            .as_str()
            .unwrap()
            .starts_with("*Rejected* by agent for agent · <!date^0^")
    );
    assert_eq!(closed.blocks[5]["text"]["text"], "too much");
    assert_eq!(closed.text, "Rejected by agent for agent: Refund 45.00");
}

#[test]
fn the_card_of_a_level_that_has_passed_says_so() {
    let mut approval = pending(actor("agent"));
    approval.escalation_level = 1;
    let rendered = card(&approval).rendered();
    assert_eq!(ids(&rendered), ["t", "f", "o", "x"]);
    assert_eq!(rendered.text, "Handed to the next level: plan_approval");
}

#[test]
fn hostile_and_longest_texts_fit_and_mean_nothing() {
    let texts = [
        "<!channel> <@U1> <https://evil.example|Approve> `code` *bold* &lt;",
        "\r\nCc: all\r\n\r\n<html><script>alert(1)</script>",
        "\u{202E}\u{2066}\u{202E}",
        "\u{202E}gnp.exe <!here>",
        " ",
        &"x".repeat(1_000_000),
        &"<".repeat(100_000),
        &"\"".repeat(100_000),
        &"\\".repeat(100_000),
        &"\n".repeat(100_000),
        &"🙂".repeat(100_000),
    ];
    for text in texts {
        let approval = full(text);
        let url = format!("<https://signoff.example.com/approvals/{}|Details>", approval.id);
        check(&card(&approval).rendered(), &[&url]);
        let approval = ended(approval, text);
        check(&card(&approval).rendered(), &[&url]);
        assert!(cost(&card(&approval).bare()) <= 1_000);
    }
}

#[test]
fn what_is_too_long_to_edit_here_has_no_button_for_it() {
    let mut approval = pending(actor("agent"));
    assert_eq!(proposal(&approval, redactor()), None, "there is nothing to edit");
    approval.request.context = json_of(&json!({ "arguments": { "amount": 45 }, "note": "x" }));
    approval.request.approval_type = CallerName::new("tool_call").unwrap();
    let text = proposal(&approval, redactor()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json!({ "arguments": { "amount": 45 } }));
    approval.request.view = Some(json_of(&json!({ "proposed": "/after" })));
    approval.request.context = json_of(&json!({ "before": {}, "after": { "limit": 1 } }));
    approval.request.approval_type = CallerName::new("plan_approval").unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&proposal(&approval, redactor()).unwrap()).unwrap(),
        json!({ "limit": 1 })
    );
    approval.request.context = json_of(&json!({ "after": { "text": "x".repeat(PROPOSAL) } }));
    assert_eq!(proposal(&approval, redactor()), None);
    assert!(!card(&approval).rendered().blocks.to_string().contains(action::MODIFY));
}

#[test]
fn a_proposal_is_edited_with_its_numbers_and_its_order_as_they_were_written() {
    let mut approval = pending(actor("agent"));
    let mut proposed = |approval_type: &str, view: Option<Value>, context: &str| {
        approval.request.approval_type = CallerName::new(approval_type).unwrap();
        approval.request.view = view.map(|view| json_of(&view));
        approval.request.context = RawValue::from_string(context.to_owned()).unwrap();
        proposal(&approval, redactor())
    };
    let context =
        r#" {"z": 1.50, "amount":1234567890123456789012, "a": {"f": 1e2, "caf\u00e9": "\u202e"}, "l": []} "#;
    let whole = "{\n  \"z\": 1.50,\n  \"amount\": 1234567890123456789012,\n  \"a\": {\n    \"f\": 1e2,\n    \"café\": \"\\u202e\"\n  },\n  \"l\": []\n}";
    let part = "{\n  \"f\": 1e2,\n  \"café\": \"\\u202e\"\n}";
    let pointer = |to: &str| Some(json!({ "proposed": to }));
    assert_eq!(proposed("plan_approval", None, context).as_deref(), Some(whole));
    assert_eq!(proposed("plan_approval", pointer(""), context).as_deref(), Some(whole));
    assert_eq!(proposed("plan_approval", pointer("/a"), context).as_deref(), Some(part));
    for nothing in ["a", "/z", "/l", "/l/0", "/missing"] {
        assert_eq!(proposed("plan_approval", pointer(nothing), context), None, "{nothing}");
    }
    let call = r#"{"arguments":{"b":0.10,"a":1}}"#;
    let edited = "{\n  \"arguments\": {\n    \"b\": 0.10,\n    \"a\": 1\n  }\n}";
    assert_eq!(proposed("tool_call", None, call).as_deref(), Some(edited));
}

#[test]
fn many_are_told_of_in_one_message_the_most_urgent_first() {
    let mut all: Vec<Approval> = (0..30).map(|_| full(&"<!channel>|".repeat(100))).collect();
    for (second, approval) in all.iter_mut().rev().enumerate() {
        approval.expires_at = DateTime::from_timestamp(i64::try_from(second).unwrap(), 0).unwrap();
    }
    let url = format!("https://{}.example.com", "x".repeat(200));
    let rendered = many(all.iter().collect(), Some(&url), redactor());
    let whole = rendered.blocks.to_string();
    assert!(whole.encode_utf16().count() < 9_000 && !whole.contains("<!channel>"), "{whole}");
    assert_eq!(rendered.text, "30 requests wait for approval");
    let first = rendered.blocks[1]["text"]["text"].as_str().unwrap();
    assert!(first.starts_with(&format!("<{url}/approvals/{}|&lt;!channel&gt;¦", all[29].id)), "{first}");
    assert!(rendered.blocks.as_array().unwrap().len() == 12 && whole.contains("/inbox|Open the list"));
}

#[test]
fn what_must_not_be_shown_is_not_and_can_not_be_edited_here() {
    let mut approval = pending(actor("agent"));
    let planted = "xoxb-planted-secret-0000";
    approval.request.title = Some(format!("Use {planted}"));
    approval.request.description = Some(format!("Bearer {planted}"));
    approval.request.context = json_of(&json!({ "password": "hunter2", "note": planted, "amount": 1 }));
    let open = card(&approval).rendered();
    let closed = ended(approval.clone(), planted);
    for rendered in [open, card(&closed).rendered()] {
        let whole = format!("{} {}", rendered.text, rendered.blocks);
        assert!(!whole.contains(planted) && !whole.contains("hunter2"), "{whole}");
        assert!(whole.contains("[redacted]") && !whole.contains(action::MODIFY), "{whole}");
    }
    assert!(!card(&closed).bare().contains(planted));
    assert_eq!(proposal(&approval, redactor()), None, "it would come back as an edit");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn any_text_fits(text in "\\PC{0,40}", times in 1usize..400) {
        let text = text.repeat(times);
        let approval = full(&text);
        let url = format!("<https://signoff.example.com/approvals/{}|Details>", approval.id);
        check(&card(&approval).rendered(), &[&url]);
        check(&card(&ended(approval.clone(), &text)).rendered(), &[&url]);
    }
}
