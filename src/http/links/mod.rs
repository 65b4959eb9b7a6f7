//! Links to decide by, `/d/{token}`: for people who open a message, not for programs. Opening one changes
//! nothing. Only the form on the page decides, by the same command as the API.
//!
//! A client that asks with `Accept: application/json` gets problems instead of pages.

mod form;
mod page;
mod standing;

use std::sync::Arc;

use axum::{
    body::Body as HttpBody,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use self::{
    form::{Form, Sent},
    standing::{LinkState, Seen},
};
use super::{Api, admission::Admission, body, caller::arrival, respond};
use crate::{
    approvals::{Authority, commit::Act},
    auth::{Behind, Decider, link::DecisionLink},
    domain::{
        credential::Origin,
        decision::{Ballot, Precondition, Verdict},
        ids::{DecisionId, LinkId},
    },
    limits::Subject,
    store::links::Link,
    wire::problem::{Code, Problem},
};

/// Which answer the page offers first.
#[derive(Debug, Default, Deserialize)]
pub struct LookQuery {
    v: Option<String>,
}

/// Shows what is asked. It writes nothing and sets no cookie.
pub async fn look(
    State(api): State<Api>,
    token: Result<Path<String>, PathRejection>,
    query: Result<Query<LookQuery>, QueryRejection>,
    parts: Parts,
) -> Response {
    // What can't be read is no link, and no wish.
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let wish = query.ok().and_then(|Query(query)| query.v);
    let shown = async {
        let seen = see(&api, &parts, &token, Subject::LinkLooks).await?;
        api.metrics.link(seen.standing.word());
        page_of(&parts, &seen, None, wish.as_deref())
    };
    dressed(&parts, shown.await)
}

/// Decides, if the form says so.
pub async fn decide(
    State(api): State<Api>,
    token: Result<Path<String>, PathRejection>,
    query: Result<Query<LookQuery>, QueryRejection>,
    parts: Parts,
    body: HttpBody,
) -> Response {
    // What can't be read is no link, and no wish.
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let wish = query.ok().and_then(|Query(query)| query.v);
    let decided = async {
        check_origin(&parts.headers)?;
        Admission::of(&parts)?.pay_as_stranger(&api).await?;
        // Before anyone is looked at: a body may take its time.
        let (bytes, _place) = body::form(&api, &parts, body).await?;
        let seen = see(&api, &parts, &token, Subject::LinkPosts).await?;
        let (LinkState::Asked { .. } | LinkState::Said(_), Some(decider)) = (&seen.standing, &seen.decider)
        else {
            api.metrics.link(seen.standing.word());
            return page_of(&parts, &seen, None, None);
        };
        match Form::read(&bytes).sent(&seen) {
            Ok(sent) => act(&api, &parts, &seen, decider, sent).await,
            Err(fault) => {
                api.metrics.link("unconfirmed");
                page_of(&parts, &seen, Some(&fault), wish.as_deref())
            }
        }
    };
    dressed(&parts, decided.await)
}

/// Casts the vote.
async fn act(
    api: &Api,
    parts: &Parts,
    seen: &Seen,
    decider: &Decider,
    sent: Sent,
) -> Result<Response, Problem> {
    let Sent { verdict, feedback, comment, digest } = sent;
    // At another level it may be another question, and this person may be asked it again: the link is not for that.
    if let (LinkState::Said(said), false) = (&seen.standing, seen.is_at_its_level()) {
        return if *said == verdict {
            page_of(parts, seen, None, None)
        } else {
            Err(Problem::new(Code::AlreadyVoted, "you have voted otherwise already"))
        };
    }
    let ballot = Ballot {
        id: DecisionId::generate(),
        voter: decider.voter.clone(),
        seat: None,
        verdict,
        modifications: None,
        modifications_digest: None,
        digest,
        feedback: feedback.map(|text| decider.kept(text)),
        comment: comment.map(|text| decider.kept(text)),
        metadata: None,
    };
    // A version stands at one level: nothing is decided at another one.
    let expected = Precondition::OneOf(seen.loaded.iter().map(|loaded| loaded.approval.version).collect());
    let act = Act::Vote { ballot: Box::new(ballot), expected };
    let origin = Origin { credential: Some(format!("link:{}", seen.link.id)), ..arrival(parts) };
    let authority = Authority {
        workspace: seen.link.workspace,
        origin: Arc::new(origin),
        looked_at: Some(decider.looked_at),
    };
    match api.approvals.act(authority, seen.link.approval, act).await {
        Ok(answer) if wants_json(&parts.headers) => {
            api.metrics.link(if answer.changed { "decided" } else { "repeated" });
            Ok(respond::decided(answer.changed, &answer.approval))
        }
        Ok(answer) if answer.changed => {
            api.metrics.link("decided");
            let place = HeaderValue::try_from(format!("/d/{}", seen.token.reveal()))
                .map_err(|_| Problem::internal("a link that is no header"))?;
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response())
        }
        Ok(_) => {
            api.metrics.link("repeated");
            let now = read(api, seen.token.clone(), seen.link, seen.decider.clone()).await?;
            page_of(parts, &now, None, None)
        }
        Err(failure) => {
            let problem = Problem::from(failure);
            api.metrics.link("refused");
            refused(api, parts, seen, problem).await
        }
    }
}

/// Why the vote does not count, as the approval stands now.
async fn refused(api: &Api, parts: &Parts, seen: &Seen, problem: Problem) -> Result<Response, Problem> {
    let status = problem.code.status();
    if wants_json(&parts.headers) || ![409, 410, 412].contains(&status) {
        return Err(problem);
    }
    let now = read(api, seen.token.clone(), seen.link, seen.decider.clone()).await?;
    let note = match problem.code {
        Code::VersionConflict => "It has changed while you read. Look at it again, then answer.",
        _ => problem.message(),
    };
    Ok(page::page(StatusCode::from_u16(status).unwrap_or(StatusCode::CONFLICT), &now, Some(note), None))
}

/// What there is behind a token, for someone whose limits allow it.
async fn see(
    api: &Api,
    parts: &Parts,
    token: &str,
    limit: impl Fn(LinkId) -> Subject,
) -> Result<Seen, Problem> {
    let admission = Admission::of(parts)?;
    admission.pay_as_stranger(api).await?;
    let unknown = || {
        api.metrics.link("unknown");
        Problem::new(Code::NotFound, "there is no such link, or what it was for is gone")
    };
    let token = DecisionLink::parse(token).ok_or_else(unknown)?;
    if !api.database.is_up() {
        return Err(Problem::new(Code::Unavailable, "the database can't be reached"));
    }
    let found = api.authenticator.by_link(&token).await.map_err(|error| Problem::from(&error))?;
    let (link, decider) = found.ok_or_else(unknown)?;
    admission.pay_for_link(api, limit(link.id)).await.inspect_err(|_| api.metrics.link("limited"))?;
    read(api, token, link, decider).await
}

/// What the link is for, as it stands.
async fn read(api: &Api, token: DecisionLink, link: Link, decider: Option<Decider>) -> Result<Seen, Problem> {
    let loaded = api.approvals.look(link.workspace, link.approval).await?;
    let behind = api.authenticator.behind(&link).await.map_err(|error| Problem::from(&error))?;
    let Behind { said, zone, redactor } = behind;
    let standing = LinkState::of(&link, decider.as_ref(), loaded.as_deref(), said);
    Ok(Seen { token, link, decider, loaded, standing, zone, redactor })
}

/// The page of what was seen, or why there is none.
fn page_of(
    parts: &Parts,
    seen: &Seen,
    fault: Option<&form::Fault>,
    wish: Option<&str>,
) -> Result<Response, Problem> {
    let is_json = wants_json(&parts.headers);
    if let Some(fault) = fault.filter(|_| is_json) {
        return Err(fault.problem());
    }
    if let Some(problem) = seen.standing.problem()
        && (is_json || !seen.standing.shows_the_approval())
    {
        return Err(problem);
    }
    let status = match fault {
        Some(fault) => fault.status(),
        None => seen.standing.status(),
    };
    let wish = match wish {
        Some("approve") => Some(Verdict::Approved),
        Some("reject") => Some(Verdict::Rejected),
        _ => None,
    };
    Ok(page::page(status, seen, fault.map(|fault| fault.words()), wish))
}

/// A page of another site, or a form of ours in one of theirs, decides nothing.
fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    match site {
        None | Some(b"same-origin") => Ok(()),
        Some(_) => {
            Err(Problem::new(Code::Forbidden, "only the link's own page may send this (Sec-Fetch-Site)"))
        }
    }
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}

/// With the headers that belong to every answer here.
fn dressed(parts: &Parts, result: Result<Response, Problem>) -> Response {
    let mut response = match result {
        Ok(response) => response,
        Err(problem) if wants_json(&parts.headers) => problem.into_response(),
        Err(problem) => page::failure(problem),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}
