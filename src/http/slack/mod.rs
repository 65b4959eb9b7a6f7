//! Takes what comes from Slack: presses of buttons, and forms. A request counts only if Slack has signed it, if its
//! time is within five minutes of the database's clock, and once.
//!
//! Slack waits three seconds for an answer. A decision is made, or a form opened, before Slack is answered. All else is
//! done afterwards: telling the person who pressed, and editing the card.

mod decide;
mod payload;
mod signature;
mod signers;
mod who;

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json, value::RawValue};

use self::{
    decide::{Decision, Said, decide, is_past},
    payload::{Form, Interaction, Press},
    signature::Signed,
    who::{Known, Who, look},
};
use super::{Api, body::collect, request_id::RequestId};
use crate::{
    domain::{
        approval::{Approval, State as ApprovalState},
        credential::Origin,
        decision::{Modifications, Verdict},
        slack::Account,
    },
    notify::{
        Slack,
        slack::{
            card::{action, proposal, said},
            installation::Installation,
            modal::{self, Place, form},
        },
    },
    store,
    wire::{
        parse::parse,
        problem::{Code, Problem},
    },
};

/// The largest body. It holds the whole card again.
const MOST: usize = 256 * 1024;
/// The longest time for opening a form. Slack gives three seconds.
const TRIGGER: Duration = Duration::from_millis(2_500);

/// Takes what Slack sends.
pub async fn interactions(State(api): State<Api>, request: Request) -> Response {
    let Some(slack) = api.slack.clone() else {
        return Problem::new(Code::NotFound, "Slack is not set up here: docs/slack.md tells how")
            .into_response();
    };
    let (parts, body) = request.into_parts();
    let (bytes, _place) = match collect(&api, &parts, body, MOST).await {
        Ok(collected) => collected,
        Err(problem) => return problem.into_response(),
    };
    // The team that the body names only says whose secrets to try.
    let may_have_signed = slack.may_have_signed(&payload::teams(&bytes));
    let secrets = may_have_signed.iter().map(|app| &app.signing_secret);
    let Some((signed, which)) = Signed::by(secrets, &parts.headers, &bytes) else {
        api.metrics.slack_interaction("unsigned");
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let apps: Vec<Installation> = may_have_signed
        .into_iter()
        .zip(which)
        .filter_map(|(app, has_signed)| has_signed.then_some(app))
        .collect();
    match signers::admit(&api, &slack, &parts, &apps, &signed).await {
        Ok(true) => {}
        Ok(false) => {
            api.metrics.slack_interaction("replayed");
            return StatusCode::UNAUTHORIZED.into_response();
        }
        Err(problem) => return problem.into_response(),
    }
    let desk =
        Desk { api: api.clone(), slack, apps, request_id: parts.extensions.get::<RequestId>().cloned() };
    let answered = match payload::read(&bytes) {
        None => Ok(Answer::ignored()),
        Some(Interaction::Press(press)) => desk.pressed(press).await,
        Some(Interaction::Form(form)) => desk.sent(form).await,
    };
    match answered {
        Ok(Answer { result, body }) => {
            api.metrics.slack_interaction(result);
            body.map_or_else(|| StatusCode::OK.into_response(), |body| Json(body).into_response())
        }
        Err(error) => {
            api.metrics.slack_interaction("late");
            // Nothing was done, so the request may come again.
            if let Err(error) = desk.slack.give_back(&desk.apps, &signed.hash).await {
                tracing::warn!(%error, "a request of Slack's that failed can't come again");
            }
            Problem::from(&error).into_response()
        }
    }
}

/// The answer to Slack, and the result that the metric counts.
struct Answer {
    result: &'static str,
    body: Option<Value>,
}

impl Answer {
    fn ignored() -> Self {
        Self { result: "ignored", body: None }
    }

    fn plain(result: &'static str) -> Self {
        Self { result, body: None }
    }

    fn with(result: &'static str, body: Value) -> Self {
        Self { result, body: Some(body) }
    }
}

/// Handles one request of Slack's.
struct Desk {
    api: Api,
    slack: Slack,
    /// The apps whose secret has signed it. It is one, unless several have the same secret.
    apps: Vec<Installation>,
    request_id: Option<RequestId>,
}

impl Desk {
    fn origin(&self, account: &Account) -> Arc<Origin> {
        Arc::new(Origin {
            credential: Some(format!("slack:{account}")),
            request_id: self.request_id.as_ref().map(|id| id.0.clone()),
            ..Origin::default()
        })
    }

    async fn pressed(&self, press: Press) -> Result<Answer, store::Error> {
        if ![action::APPROVE, action::REJECT, action::MODIFY].contains(&press.action.as_str()) {
            return Ok(Answer::ignored());
        }
        let origin = self.origin(&press.account);
        let what = (&press.about, &press.place);
        let known = match look(&self.api, (&self.slack, &self.apps), what, &press.account, &origin).await? {
            Who::Known(known) => known,
            Who::NotOurs => {
                return Ok(self.refused(&press, "This message is none of mine; nothing was done."));
            }
            Who::Stranger(why) => return Ok(self.refused(&press, &why)),
        };
        let id = press.about.approval;
        if press.action == action::APPROVE {
            let digest = press.about.digest;
            let said = Said { verdict: Verdict::Approved, feedback: None, modifications: None, digest };
            return Ok(match decide(&self.api, &known, id, said, &origin).await {
                Decision::Done(approval) => {
                    self.close(&press.place, &known, &approval);
                    Answer::plain("decided")
                }
                Decision::Past(approval) => self.past(&press, &known, &approval),
                Decision::Refused(why) | Decision::Malformed(why) => self.refused(&press, &why),
                Decision::Gone => self.refused(&press, GONE),
                Decision::Late => self.late(&press),
            });
        }
        let approval = match self.api.approvals.get(known.card.workspace, id).await {
            Ok(approval) => approval,
            Err(crate::approvals::commit::Failure::NotFound) => return Ok(self.refused(&press, GONE)),
            Err(_) => return Ok(self.late(&press)),
        };
        if is_past(&approval, &known) {
            return Ok(self.past(&press, &known, &approval));
        }
        Ok(self.open(&press, &known, &approval).await)
    }

    /// Opens the form of a button.
    async fn open(&self, press: &Press, known: &Known, approval: &Approval) -> Answer {
        let carried = press.about.with(&press.place);
        let view = if press.action == action::REJECT {
            modal::reject(approval, &known.redactor, &carried)
        } else {
            let Some(proposal) = proposal(approval, &known.redactor) else {
                return self.refused(press, "It can't be edited here; open it in Signoff.");
            };
            modal::modify(approval, &known.redactor, (&proposal, &carried))
        };
        let Some(trigger) = &press.trigger else { return self.late(press) };
        let body = json!({ "trigger_id": trigger, "view": view });
        let opening = known.app.client.call("views.open", &body);
        match tokio::time::timeout(TRIGGER, opening).await {
            Ok(Ok(_)) => Answer::plain("asked"),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a form could not be opened in Slack");
                self.late(press)
            }
            Err(_) => self.late(press),
        }
    }

    async fn sent(&self, form: Form) -> Result<Answer, store::Error> {
        let said = match form.callback.as_str() {
            form::REJECT => rejection(&form),
            form::MODIFY => edits(&form),
            _ => return Ok(Answer::ignored()),
        };
        let said = match said {
            Ok(said) => said,
            Err(fault) => return Ok(fault),
        };
        let origin = self.origin(&form.account);
        let what = (&form.about, &form.place);
        let known = match look(&self.api, (&self.slack, &self.apps), what, &form.account, &origin).await? {
            Who::Known(known) => known,
            Who::NotOurs => return Ok(shown("refused", &modal::refusal("Its message is none of mine."))),
            Who::Stranger(why) => return Ok(shown("refused", &modal::refusal(&why))),
        };
        Ok(match decide(&self.api, &known, form.about.approval, said, &origin).await {
            Decision::Done(approval) => {
                self.close(&form.place, &known, &approval);
                Answer::with("decided", json!({ "response_action": "clear" }))
            }
            Decision::Past(approval) => {
                self.repair(&form.place, &known, &approval);
                shown("refused", &modal::outcome(&approval, &known.redactor))
            }
            Decision::Malformed(why) => fault(form::CHANGES, &why),
            Decision::Refused(why) => shown("refused", &modal::refusal(&why)),
            Decision::Gone => shown("refused", &modal::refusal(GONE)),
            Decision::Late => shown("late", &modal::refusal(LATE)),
        })
    }

    /// Tells the person who pressed how the approval stands, and edits the card.
    fn past(&self, press: &Press, known: &Known, approval: &Arc<Approval>) -> Answer {
        self.repair(&press.place, known, approval);
        let text = match &approval.state {
            ApprovalState::Final { ending, .. } => format!("Too late: {}.", said(ending)),
            ApprovalState::Pending => "It is with the next level now.".to_owned(),
        };
        self.whisper(press, text);
        Answer::plain("refused")
    }

    fn refused(&self, press: &Press, why: &str) -> Answer {
        self.whisper(press, why.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
        Answer::plain("refused")
    }

    fn late(&self, press: &Press) -> Answer {
        self.whisper(press, LATE.to_owned());
        Answer::plain("late")
    }

    /// Tells the person who pressed, and no other. `text`: escaped for Slack.
    fn whisper(&self, press: &Press, text: String) {
        let Some(url) = press.response_url.clone() else { return };
        // The address alone says where the answer goes, so any app's client will do.
        let Some(client) = self.apps.first().map(|app| app.client.clone()) else { return };
        self.api.lifecycle.spawn("an answer to a press", async move {
            if let Err(error) = client.whisper(&url, &text).await {
                tracing::warn!(%error, "an answer to a press in Slack did not arrive");
            }
        });
    }

    /// Edits a card that is not written down: the router doesn't know it.
    fn close(&self, place: &Place, known: &Known, approval: &Arc<Approval>) {
        if !known.card.is_recorded {
            self.repair(place, known, approval);
        }
    }

    /// Edits the card, so that it shows how the approval stands.
    fn repair(&self, place: &Place, known: &Known, approval: &Arc<Approval>) {
        let (app, place, approval) = (known.app.clone(), place.clone(), approval.clone());
        let (card, redactor) = ((known.card.level, known.card.asks), known.redactor.clone());
        self.api.lifecycle.spawn("a card to be mended", async move {
            if let Err(error) = app.repair(&place, card, &approval, &redactor).await {
                tracing::warn!(%error, approval = %approval.id, "an old card in Slack could not be mended");
            }
        });
    }
}

const GONE: &str = "It was deleted; nothing was done.";
const LATE: &str = "It took too long. Press again: the same twice is harmless.";

fn rejection(form: &Form) -> Result<Said, Answer> {
    let reason = form.input(form::REASON).map(str::trim).filter(|reason| !reason.is_empty());
    let Some(reason) = reason else { return Err(fault(form::REASON, "Say why.")) };
    let reason = checked(form::REASON, reason)?;
    let digest = form.about.digest;
    Ok(Said { verdict: Verdict::Rejected, feedback: Some(reason), modifications: None, digest })
}

fn edits(form: &Form) -> Result<Said, Answer> {
    let text = form.input(form::CHANGES).unwrap_or_default().trim();
    let fields: serde_json::Map<String, Value> = parse(text.as_bytes())
        .map_err(|problem| fault(form::CHANGES, &format!("It is no JSON object: {}", problem.detail)))?;
    if fields.is_empty() {
        return Err(fault(form::CHANGES, "It must say something."));
    }
    let raw = RawValue::from_string(text.to_owned());
    let raw = raw.map_err(|error| fault(form::CHANGES, &format!("It is no JSON: {error}")))?;
    let comment = form.input(form::COMMENT).map(str::trim).filter(|comment| !comment.is_empty());
    let feedback = comment.map(|comment| checked(form::COMMENT, comment)).transpose()?;
    let (modifications, digest) = (Some(Modifications(raw)), form.about.digest);
    Ok(Said { verdict: Verdict::Approved, feedback, modifications, digest })
}

/// A text, if it may be stored.
fn checked(block: &str, text: &str) -> Result<String, Answer> {
    if text.contains('\0') || text.chars().count() > 5_000 {
        return Err(fault(block, "It has too much, or what no text may have."));
    }
    Ok(text.to_owned())
}

/// Says at an input of the form what is wrong there.
fn fault(block: &str, message: &str) -> Answer {
    Answer::with("refused", json!({ "response_action": "errors", "errors": { block: message } }))
}

/// Shows this in place of the form.
fn shown(result: &'static str, view: &Value) -> Answer {
    Answer::with(result, json!({ "response_action": "update", "view": view }))
}
