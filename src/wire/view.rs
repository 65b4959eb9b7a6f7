//! Which parts of an approval's context are the proposal: JSON Pointers that the requester gives and screens go by.
//!
//! Nothing is decided by them. They are checked when they come, so that a screen never meets one that leads nowhere.

use serde::{Deserialize, Serialize};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use utoipa::ToSchema;

use super::validate::Check;

/// Longest pointer, in bytes.
const MAX_POINTER: usize = 500;
const MAX_PRIMARY: usize = 16;
const MAX_FOLDED: usize = 64;

/// Which parts of the context are the proposal, as JSON Pointers (RFC 6901) into it. Each must lead somewhere. Screens
/// show by them what would change; nothing is decided by them.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = View, example = json!({"proposed": "/after", "current": "/before", "fold": ["/build_log"]}))]
pub struct ViewBody {
    /// What would be, once it is approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed: Option<String>,
    /// What is now: of the same shape, so that screens can show the difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    /// What an approver should see first: at most 16.
    #[serde(skip_serializing_if = "Option::is_none")]
    primary: Option<Vec<String>>,
    /// What is folded at first: at most 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    fold: Option<Vec<String>>,
}

impl ViewBody {
    /// Checks each pointer against the context; answers what is kept. `None` where it says nothing.
    pub fn check(self, check: &mut Check, context: Option<&RawValue>) -> Option<Box<RawValue>> {
        // A context that can't be read was told already, or is missing.
        let context = context.and_then(|context| serde_json::from_str::<Value>(context.get()).ok())?;
        let single = [("/view/proposed", &self.proposed), ("/view/current", &self.current)];
        for (place, pointer) in single {
            if let Some(pointer) = pointer {
                look_up(check, place, &context, pointer);
            }
        }
        if self.current.is_some() && self.proposed.is_none() {
            check.fail("/view/current", "needs", "needs proposed beside it");
        }
        let lists = [("/view/primary", &self.primary, MAX_PRIMARY), ("/view/fold", &self.fold, MAX_FOLDED)];
        for (place, pointers, most) in lists {
            let pointers = pointers.as_deref().unwrap_or_default();
            if pointers.len() > most {
                check.fail(place, "max_items", format!("must have at most {most}"));
            }
            for (index, pointer) in pointers.iter().enumerate().take(most) {
                look_up(check, &format!("{place}/{index}"), &context, pointer);
            }
        }
        // Four optional lists of strings: it can't fail.
        to_raw_value(&self).ok().filter(|kept| kept.get() != "{}")
    }
}

fn look_up(check: &mut Check, place: &str, context: &Value, pointer: &str) {
    if pointer.len() > MAX_POINTER {
        check.fail(place, "max_length", format!("must have at most {MAX_POINTER} bytes"));
    } else if !is_pointer(pointer) {
        check.fail(place, "json_pointer", "must be a JSON Pointer: empty, or each part behind a /");
    } else if context.pointer(pointer).is_none() {
        check.fail(place, "resolves", "leads nowhere in the context");
    }
}

/// RFC 6901: a tilde stands before 0 or 1 only.
fn is_pointer(text: &str) -> bool {
    let escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    escaped && (text.is_empty() || text.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::problem::Problem;

    fn checked(view: &str) -> (Option<String>, Vec<(String, &'static str)>) {
        let context = RawValue::from_string(
            r#"{"before":{"n":1},"after":{"n":2},"list":[{"x":null}],"a/b":{"~":0}}"#.to_owned(),
        )
        .unwrap();
        let view: ViewBody = serde_json::from_str(view).unwrap();
        let mut check = Check::default();
        let kept = view.check(&mut check, Some(&context)).map(|kept| kept.get().to_owned());
        let problem = check.finish().err();
        let breaches = problem.iter().flat_map(Problem::errors);
        (kept, breaches.map(|it| (it.pointer.clone(), it.rule)).collect())
    }

    #[test]
    fn pointers_must_lead_somewhere() {
        for view in [
            r#"{"proposed":"/after","current":"/before"}"#,
            r#"{"primary":["/list/0/x","/a~1b/~0",""]}"#,
            r#"{"fold":["/list"]}"#,
        ] {
            assert_eq!(checked(view), (Some(view.to_owned()), vec![]), "{view}");
        }
        for (view, pointer, rule) in [
            (r#"{"proposed":"after"}"#, "/view/proposed", "json_pointer"),
            (r#"{"proposed":"/after/~2"}"#, "/view/proposed", "json_pointer"),
            (r#"{"proposed":"/after/m"}"#, "/view/proposed", "resolves"),
            (r#"{"fold":["/list","/list/1"]}"#, "/view/fold/1", "resolves"),
            (r#"{"current":"/before"}"#, "/view/current", "needs"),
        ] {
            assert_eq!(checked(view).1, vec![(pointer.to_owned(), rule)], "{view}");
        }
    }

    #[test]
    fn lists_and_pointers_are_bounded() {
        let many = serde_json::json!({ "primary": vec!["/list"; MAX_PRIMARY + 1] }).to_string();
        assert_eq!(checked(&many).1, vec![("/view/primary".to_owned(), "max_items")]);
        let long = serde_json::json!({ "proposed": format!("/{}", "x".repeat(MAX_POINTER)) }).to_string();
        assert_eq!(checked(&long).1, vec![("/view/proposed".to_owned(), "max_length")]);
        assert_eq!(checked("{}"), (None, vec![]), "what says nothing is not kept");
    }
}
