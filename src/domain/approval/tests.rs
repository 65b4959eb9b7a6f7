//! What an approval measures, and its words.

use super::*;
use crate::domain::policy::Selectors;

/// A pending approval that `requester` asked for.
pub(crate) fn pending(requester: Actor) -> Approval {
    let name = |name: &str| CallerName::new(name).unwrap();
    let empty = || RawValue::from_string("{}".to_owned()).unwrap();
    Approval {
        id: ApprovalId::generate(),
        workspace: WorkspaceId::generate(),
        request: Request {
            run_id: name("run"),
            session_id: None,
            task_id: name("run"),
            job_id: None,
            workflow: None,
            view: None,
            notify: None,
            approval_type: name("plan_approval"),
            title: None,
            description: None,
            context: empty(),
            response_schema: None,
            checkpoint: None,
            metadata: empty(),
            timeout_action: TimeoutAction::Expire,
            remind_before: Vec::new(),
            executors: Vec::new(),
            claim_within_seconds: None,
        },
        kept_digest: None,
        policy: Policy::default(),
        on_behalf_of: None,
        requested_by: requester,
        escalation: Escalation::default(),
        escalation_level: 0,
        extended: Extended::default(),
        state: State::Pending,
        progress: None,
        version: 1,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
        expires_at: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn an_approval_is_measured_as_json() {
    let mut approval = pending(Actor {
        id: crate::domain::ids::PrincipalId::generate(),
        name: PrincipalName::new("agent").unwrap(),
    });
    let bare = approval.size();
    for text in ["plain", "\"\\\n\r\t\u{8}\u{c}", "\u{1}\u{1f}\u{7f}", "äöü😀"] {
        approval.request.description = Some(text.to_owned());
        let json = serde_json::to_string(text).unwrap().len() - 2;
        assert_eq!(approval.size(), bare + json, "{text:?}");
    }
    approval.request.description = None;
    let names = (0..1_000).map(|number| PrincipalName::new(&format!("p{number}")).unwrap());
    let people = Some(names.collect());
    approval.policy = Policy::simple(1, Selectors { people, ..Selectors::default() });
    assert!(approval.size() > bare + 64 * 1_000, "names take memory, however short");
}

#[test]
fn words_and_variants_are_one_to_one() {
    for status in [Status::Pending, Status::Resolved, Status::Expired, Status::Cancelled] {
        assert_eq!(Status::from_word(status.as_str()), Some(status));
    }
    for via in [Via::Human, Via::Rule, Via::Timeout, Via::RunDeleted] {
        assert_eq!(Via::from_word(via.as_str()), Some(via));
    }
    assert_eq!(Resolution::from_word("maybe"), None);
    assert_eq!(TimeoutAction::from_word("nothing"), None);
}
