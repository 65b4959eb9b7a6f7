//! The tools, as an agent sees them, and what it calls them with.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Session;

pub const REQUEST: &str = "request_approval";
pub const WAIT: &str = "wait_for_approval";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub title: String,
    pub context: Map<String, Value>,
    pub description: Option<String>,
    pub approvers: Option<Vec<String>>,
    pub timeout_seconds: Option<u64>,
    pub run_id: Option<String>,
    pub key: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    pub approval_id: String,
}

pub fn all(session: &Session) -> Vec<Tool> {
    let key = if session.is_shared() {
        "A name of this request. The same name again, with the same arguments, is the same request. Without one, each call is \
         a new request."
    } else {
        "A name of this request. The same name again, with the same arguments, is the same request. By default title and \
         context say which it is."
    };
    vec![
        tool(
            REQUEST,
            "Ask people to approve something before you do it, and wait for their answer. Do it only where the result says \
             that it was approved.",
            json!({
                "type": "object",
                "properties": {
                    "title": { "type": "string", "minLength": 1, "maxLength": 200,
                        "description": "What is to be approved, in a line." },
                    "context": { "type": "object",
                        "description": "All that people need to decide: what exactly will be done, and to what." },
                    "description": { "type": "string", "description": "Why it is to be done." },
                    "approvers": { "type": "array", "items": { "type": "string" }, "minItems": 1,
                        "description": "Names of those who may decide. By default anyone who has the permission." },
                    "timeout_seconds": { "type": "integer", "minimum": 1,
                        "description": "How long people have." },
                    "run_id": { "type": "string", "description": "The run that it belongs to." },
                    "key": { "type": "string", "minLength": 1, "maxLength": 200,
                        "description": key },
                },
                "required": ["title", "context"],
                "additionalProperties": false,
            }),
            !session.is_shared(),
        ),
        tool(
            WAIT,
            "Go on waiting for an approval that was asked for before and is not decided yet.",
            json!({
                "type": "object",
                "properties": { "approval_id": { "type": "string", "format": "uuid",
                    "description": "As an earlier result has named it." } },
                "required": ["approval_id"],
                "additionalProperties": false,
            }),
            true,
        ),
    ]
}

/// A tool that asks people. `is_idempotent`: the same call again asks nobody twice.
pub fn tool(name: &'static str, description: &'static str, schema: Value, is_idempotent: bool) -> Tool {
    let schema: JsonObject = if let Value::Object(schema) = schema { schema } else { Map::new() };
    let annotations =
        ToolAnnotations::new().read_only(false).destructive(false).idempotent(is_idempotent).open_world(true);
    Tool::new(name, description, Arc::new(schema)).with_annotations(annotations)
}
