//! Saying the same to many approvals: the form, its rules, and what became of each.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    approval::ApprovalView,
    decide::{MAX_COMMENT, digest, reason, seat},
    problem::{Code, Problem},
    validate::Check,
    vocabulary,
};
use crate::{
    auth::Caller,
    domain::{
        decision::{Ballot, Verdict},
        digest::Digest,
        ids::{ApprovalId, DecisionId},
        names::PrincipalName,
    },
};

/// Most approvals in one call.
const MOST: usize = 200;

/// One answer to up to 200 approvals.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "ids": ["0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10", "0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a11"],
    "action": "approve", "comment": "The whole batch is fine"
}))]
pub struct BulkBody {
    /// 1 to 200 ids, each with the digest of what was shown or without it; of doubles the first counts.
    #[schema(required, nullable = false, value_type = Vec<BulkItem>, min_items = 1, max_items = 200)]
    ids: Option<Vec<BulkItem>>,
    #[schema(required, nullable = false, value_type = vocabulary::BulkAction, example = "approve")]
    action: Option<String>,
    /// At most 5,000 characters.
    comment: Option<String>,
    /// Required to reject, and only then; at most 5,000 characters.
    reason: Option<String>,
    /// In whose seat, where several are open to you by delegation.
    r#for: Option<String>,
}

/// One of the approvals.
// Serialize is for the schema, which follows its attributes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum BulkItem {
    #[schema(value_type = Uuid)]
    Id(String),
    Shown(ShownItem),
}

/// An approval, and what was shown of it.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShownItem {
    #[schema(value_type = Uuid)]
    id: String,
    /// The approval's `digest`. Where it has another, nothing is decided.
    #[schema(pattern = "^sha256:[0-9a-f]{64}$")]
    digest: Option<String>,
}

impl<'de> Deserialize<'de> for BulkItem {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Items;

        impl<'de> Visitor<'de> for Items {
            type Value = BulkItem;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id, or an object with id and digest")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<BulkItem, E> {
                Ok(BulkItem::Id(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<BulkItem, A::Error> {
                ShownItem::deserialize(MapAccessDeserializer::new(map)).map(BulkItem::Shown)
            }
        }

        from.deserialize_any(Items)
    }
}

/// What is to be said, and to which.
#[derive(Debug)]
pub struct Bulk {
    /// In the order given, each once, with what was shown of it.
    pub ids: Vec<(ApprovalId, Option<Digest>)>,
    pub verdict: Verdict,
    feedback: Option<String>,
    comment: Option<String>,
    seat: Option<PrincipalName>,
}

impl BulkBody {
    /// Checks the form.
    pub fn checked(self) -> Result<Bulk, Problem> {
        let mut check = Check::default();
        let ids = ids(&mut check, self.ids.unwrap_or_default());
        check.text("/comment", self.comment.as_ref(), MAX_COMMENT);
        let seat = seat(&mut check, self.r#for.as_deref());
        let (verdict, feedback, comment) = match self.action.as_deref() {
            Some("reject") => (Verdict::Rejected, Some(reason(&mut check, self.reason)), self.comment),
            Some("approve") => {
                if self.reason.is_some() {
                    check.fail("/reason", "excluded", "belongs to reject; an approval takes a comment");
                }
                (Verdict::Approved, self.comment, None)
            }
            Some(_) => {
                check.fail("/action", "choice", "must be approve or reject");
                (Verdict::Approved, None, None)
            }
            None => {
                check.fail("/action", "required", "must be given");
                (Verdict::Approved, None, None)
            }
        };
        check.finish()?;
        Ok(Bulk { ids, verdict, feedback, comment, seat })
    }
}

fn ids(check: &mut Check, items: Vec<BulkItem>) -> Vec<(ApprovalId, Option<Digest>)> {
    if items.is_empty() || items.len() > MOST {
        check.fail("/ids", "items", format!("must be 1 to {MOST}"));
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut ids = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let (text, shown, at) = match item {
            BulkItem::Id(text) => (text, None, format!("/ids/{index}")),
            BulkItem::Shown(it) => (it.id, it.digest, format!("/ids/{index}/id")),
        };
        let shown = digest(check, &format!("/ids/{index}/digest"), shown.as_deref());
        match ApprovalId::parse(&text) {
            Some(id) if seen.insert(id) => ids.push((id, shown)),
            Some(_) => {}
            None => check.fail(at, "uuid", "must be an approval's id"),
        }
    }
    ids
}

impl Bulk {
    /// The ballot that says so; a new one for each approval.
    pub fn ballot(&self, caller: &Caller, digest: Option<Digest>) -> Ballot {
        Ballot {
            id: DecisionId::generate(),
            voter: caller.voter.clone(),
            seat: self.seat.clone(),
            verdict: self.verdict,
            modifications: None,
            modifications_digest: None,
            digest,
            feedback: self.feedback.clone().map(|text| caller.kept(text)),
            comment: self.comment.clone().map(|text| caller.kept(text)),
            metadata: None,
        }
    }
}

/// What became of each.
#[derive(Serialize, ToSchema)]
pub struct BulkDone<'a> {
    /// In the order given, doubles once.
    pub results: Vec<BulkResult<'a>>,
}

/// What became of one approval.
#[derive(Serialize, ToSchema)]
pub struct BulkResult<'a> {
    pub id: Uuid,
    /// The HTTP status that a call for it alone would have got.
    #[schema(example = 200)]
    pub status: u16,
    /// What went wrong; null where nothing did.
    pub code: Option<Code>,
    /// False where the same had been said before, and where it was not done.
    pub changed: bool,
    /// As it stands, where a call for it alone would have shown it. Left out once others in this answer have 4 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub approval: Option<ApprovalView<'a>>,
}
