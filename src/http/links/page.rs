//! The page of a link: what is asked, and a form to answer it. No script, nothing from elsewhere; whatever callers wrote
//! is text.

use std::{fmt::Write as _, sync::LazyLock};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::{
    form,
    standing::{LinkState, Seen},
};
use crate::{
    domain::{
        answer_form,
        approval::{Approval, Ending, Resolution, State, TimeoutAction},
        decision::Verdict,
        legible,
        shown::{self, html},
    },
    store::approvals::Loaded,
    wire::problem::{Code, Problem},
};

const STYLE: &str = include_str!("page.css");
/// Most of the context and of the description that a page shows, in characters.
const LONGEST: usize = 32_768;
const LONGEST_DESCRIPTION: usize = 10_000;

/// Nothing is loaded, nothing runs, and the form goes nowhere else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
});

// Writing to a string can't fail: what it answers says nothing.

/// What was seen. `note`: what is wrong with what was sent; `wish`: the answer that is offered first.
pub fn page(status: StatusCode, seen: &Seen, note: Option<&str>, wish: Option<Verdict>) -> Response {
    let Some(loaded) = seen.loaded.as_deref() else {
        return whole(status, "Signoff", "<p>It is not there any more.</p>");
    };
    let approval = &*loaded.approval;
    let title = html(&shown::title(&approval.request, &seen.redactor));
    let mut page = String::new();
    let lead = lead(seen, approval);
    let _ = write!(page, "<p class=\"lead\">{}</p><h1>{title}</h1>", html(&lead));
    if let Some(note) = note {
        let _ = write!(page, "<p class=\"note\" role=\"alert\">{}</p>", html(note));
    }
    write_facts(&mut page, seen, loaded);
    if let Some(text) = shown::description(&approval.request, &seen.redactor, LONGEST_DESCRIPTION) {
        let _ = write!(page, "<div class=\"text\">{}</div>", html(&text));
    }
    write_context(&mut page, seen, approval);
    if let LinkState::Asked { approve, reject } = seen.standing {
        write_form(&mut page, seen, approval, (approve, reject), wish);
    }
    let _ = write!(
        page,
        "<p class=\"small\"><a href=\"/approvals/{}\">Open it in Signoff</a> to see all there is to it.</p>",
        approval.id
    );
    whole(status, "Approval · Signoff", &page)
}

/// Why there is nothing to see.
pub fn failure(problem: Problem) -> Response {
    let heading = match problem.code {
        Code::NotFound => "There is no such link",
        Code::Forbidden | Code::NotEligible => "This link is of no use to you",
        Code::RateLimited => "Too often",
        Code::Expired | Code::AlreadyDecided | Code::AlreadyVoted | Code::Cancelled => "It is over",
        code => code.title(),
    };
    let body =
        format!("<h1>{}</h1><p class=\"text\">{}.</p>", html(heading), html(&capital(problem.message())));
    let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = whole(status, heading, &body);
    // For what else belongs to such an answer, such as when to come again.
    let plain = problem.into_response();
    if let Some(after) = plain.headers().get(header::RETRY_AFTER) {
        response.headers_mut().insert(header::RETRY_AFTER, after.clone());
    }
    response
}

fn whole(status: StatusCode, title: &str, body: &str) -> Response {
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>Signoff</header>\n<main>{body}</main>\n\
         </body>\n</html>\n",
        html(title)
    );
    let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The first sentence.
fn lead(seen: &Seen, approval: &Approval) -> String {
    let who = legible::line(approval.requested_by.name.as_str()).into_owned();
    match seen.standing {
        LinkState::Asked { .. } => format!("{who} asks for your approval."),
        LinkState::Said(Verdict::Approved) => "You have approved this.".to_owned(),
        LinkState::Said(Verdict::Rejected) => "You have rejected this.".to_owned(),
        other => match other.problem() {
            Some(problem) => format!("{}.", capital(problem.message())),
            None => String::new(),
        },
    }
}

fn write_facts(page: &mut String, seen: &Seen, loaded: &Loaded) {
    let approval = &*loaded.approval;
    let request = &approval.request;
    let by = approval.requested_by.name.as_str();
    let by = approval.on_behalf_of.as_ref().map_or_else(|| by.to_owned(), |whom| format!("{by} for {whom}"));
    let mut facts =
        vec![("Asked by", legible::line(&by).into_owned()), ("Run", request.run_id.as_str().to_owned())];
    if let Some(workflow) = &request.workflow {
        facts.push(("Workflow", workflow.as_str().to_owned()));
    }
    match &approval.state {
        State::Pending => {
            let until = shown::moment(approval.expires_at, seen.zone);
            let left = shown::span(approval.expires_at - loaded.now);
            let then = match request.timeout_action {
                TimeoutAction::Approve => "approved",
                TimeoutAction::Reject => "rejected",
                TimeoutAction::Escalate if approval.has_next_level() => "handed on",
                TimeoutAction::Escalate | TimeoutAction::Expire => "left undecided",
            };
            if loaded.due {
                facts.push(("Deadline", until));
            } else {
                facts.push(("Time left", format!("{left}, until {until}; then it is {then}")));
            }
            if let Some(progress) = &approval.progress {
                facts.push(("Needs", legible::line(&progress.summary()).into_owned()));
            }
        }
        State::Final { ending, at } => {
            let by = ending.by().map_or_else(String::new, |by| format!(" by {}", by.name));
            let at = shown::moment(*at, seen.zone);
            facts.push(("Outcome", legible::line(&format!("{}{by}, {at}", outcome(ending))).into_owned()));
            let reason = match ending {
                Ending::Resolved { outcome, .. } => outcome.feedback.as_deref(),
                Ending::Cancelled { reason, .. } => Some(reason.as_str()),
                Ending::Expired { .. } => None,
            };
            if let Some(reason) = reason.filter(|it| !it.trim().is_empty()) {
                facts.push(("Reason", legible::block(&seen.redactor.text(reason), 0)));
            }
        }
    }
    if let (LinkState::Asked { .. }, Some(decider)) = (seen.standing, &seen.decider) {
        facts.push(("You are", legible::line(decider.voter.member.actor.name.as_str()).into_owned()));
    }
    page.push_str("<dl>");
    for (name, value) in facts {
        let _ = write!(page, "<dt>{name}</dt><dd>{}</dd>", html(&value));
    }
    page.push_str("</dl>");
}

fn outcome(ending: &Ending) -> &'static str {
    match (ending, ending.resolution()) {
        (Ending::Cancelled { .. }, _) => "Cancelled",
        (_, Some(Resolution::Approved)) => "Approved",
        (_, Some(Resolution::Modified)) => "Approved with changes",
        (_, Some(Resolution::Rejected)) => "Rejected",
        (_, None) => "Expired",
    }
}

fn write_context(page: &mut String, seen: &Seen, approval: &Approval) {
    let (fields, is_cut) = shown::whole(approval, &seen.redactor, LONGEST);
    if fields.is_empty() {
        return;
    }
    page.push_str("<h2>Context</h2><dl class=\"context\">");
    for field in fields {
        let _ = write!(page, "<dt>{}</dt><dd>{}</dd>", html(&field.name), html(&field.value));
    }
    page.push_str("</dl>");
    if is_cut {
        page.push_str("<p class=\"small\">There is more of it than fits here.</p>");
    }
}

fn write_form(
    page: &mut String,
    seen: &Seen,
    approval: &Approval,
    (approve, reject): (bool, bool),
    wish: Option<Verdict>,
) {
    // The page has no form for one.
    let needs_answer = approval
        .request
        .response_schema
        .as_ref()
        .is_some_and(|schema| answer_form::fits(schema, None).is_err());
    let approve = approve && !needs_answer;
    if needs_answer {
        page.push_str(
            "<p class=\"small\">An approval needs an answer of a certain form: open it in Signoff.</p>",
        );
    }
    let (at, mac) = form::stamp(&seen.token.reveal(), seen.link.now);
    let _ = write!(
        page,
        "<form method=\"post\" autocomplete=\"off\"><h2>Your answer</h2>\
         <input type=\"hidden\" name=\"version\" value=\"{}\"><input type=\"hidden\" name=\"digest\" value=\"{}\"><input type=\"hidden\" name=\"at\" value=\"{at}\">\
         <input type=\"hidden\" name=\"mac\" value=\"{mac}\"><div class=\"verdicts\">",
        approval.version,
        // Of what this page shows.
        approval.compute_digest().map_or_else(String::new, |digest| digest.to_string()),
    );
    for (verdict, value, words, may) in
        [(Verdict::Approved, "approve", "Approve", approve), (Verdict::Rejected, "reject", "Reject", reject)]
    {
        if may {
            let checked = if wish == Some(verdict) { " checked" } else { "" };
            let _ = write!(
                page,
                "<label class=\"{value}\"><input type=\"radio\" name=\"verdict\" value=\"{value}\" required{checked}> \
                 {words}</label>"
            );
        }
    }
    page.push_str("</div>");
    if reject {
        let _ = write!(
            page,
            "<label class=\"field\">Reason <span>needed to reject</span>\
             <textarea name=\"reason\" rows=\"3\" maxlength=\"{}\"></textarea></label>",
            form::LONGEST
        );
    }
    let _ = write!(
        page,
        "<label class=\"field\">Comment <span>if you like</span>\
         <textarea name=\"comment\" rows=\"2\" maxlength=\"{}\"></textarea></label>\
         <label class=\"confirm\"><input type=\"checkbox\" name=\"confirm\" value=\"yes\" required> \
         I have read it, and this is my answer.</label><button type=\"submit\">Send my answer</button></form>\
         <p class=\"small\">The link is yours alone: another person who has it could answer in your name.</p>",
        form::LONGEST
    );
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}
