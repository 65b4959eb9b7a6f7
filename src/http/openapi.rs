//! The OpenAPI document: what the handlers say of themselves, plus what is true of all of them.

use axum::http::StatusCode;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, HeaderBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder,
        ResponsesBuilder,
        link::Link,
        path::{HttpMethod, Operation, ParameterIn},
        response::Response,
        schema::Schema,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
        tag::TagBuilder,
    },
};

use crate::{
    presence::VERSION,
    wire::problem::{Code, ProblemBody},
};

const ABOUT: &str = "Human sign-off for agents and workflows: ask for an approval, block at no cost, go on when a \
person has decided.\n\nThe workspace belongs to the credential. Every response carries `x-request-id` (yours, if \
you sent one), `x-signoff-instance` and, where it was counted against a limit, `RateLimit-Policy` and `RateLimit`. \
Whatever is not a success is an RFC 9457 problem with a stable `code`. A \
5xx, a reset or a time-out means *unknown*: repeating the call is safe, for creating with the same \
`Idempotency-Key`.";

const SESSION: &str = "A browser session (`POST /auth/session`, `GET /auth/login`); `signoff` where the site is plain \
http on loopback. Counts only for requests of the site's own pages, and not where there is an `Authorization`.";

/// The frame that the handlers' descriptions are put into.
pub fn base() -> OpenApi {
    let tag = |name: &str, text: &str| TagBuilder::new().name(name).description(Some(text)).build();
    let mut document = OpenApiBuilder::new()
        .info(InfoBuilder::new().title("Signoff").version(VERSION).description(Some(ABOUT)).build())
        .tags(Some([
            tag("approvals", "Asking, waiting, looking."),
            tag("deciding", "Approving, rejecting, cancelling."),
            tag("acting", "Claiming what was approved, and proving it to the system that acts."),
            tag("runs", "Runs of workflows and agents."),
            tag("tasks", "Events of tasks, and who follows them."),
            tag("webhooks", "Where a workspace wants its events, and what was sent there."),
            tag("notifications", "What people were told, and what they have read of it."),
            tag("identity", "Who there is in the workspace, and what they may do."),
            tag("audit", "Who did what, and the proof that it is still so."),
            tag("operating", "The service itself."),
            tag("signing in", "Browser sessions, and who you are."),
        ]))
        .security(Some(["key", "session"].map(|name| SecurityRequirement::new(name, Vec::<String>::new()))))
        .build();
    let components = document.components.get_or_insert_default();
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.security_schemes.insert("key".to_owned(), scheme.into());
    let cookie = ApiKeyValue::with_description("__Host-signoff", SESSION);
    let scheme = SecurityScheme::ApiKey(ApiKey::Cookie(cookie));
    components.security_schemes.insert("session".to_owned(), scheme.into());
    let mut schemas = vec![(ProblemBody::name().into_owned(), ProblemBody::schema())];
    ProblemBody::schemas(&mut schemas);
    components.schemas.extend(schemas);
    document
}

/// The whole document, as it is served.
pub fn document() -> OpenApi {
    let (_, mut document) = super::documented().split_for_parts();
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Delete, &mut item.delete),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Patch, &mut item.patch),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                leave_out_null(operation);
                describe_successes(operation);
                add_session(operation);
                add_problems(path, &method, operation);
            }
        }
    }
    for producer in PRODUCERS {
        add_links(&mut document, producer);
    }
    document
}

/// The document needs a text for each answer. Where a handler has said nothing of its own, the status says enough.
fn describe_successes(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            let reason = status.parse().ok().and_then(|status: StatusCode| status.canonical_reason());
            reason.unwrap_or("The answer").clone_into(&mut response.description);
        }
    }
}

/// A body that may be missing may not be `null` instead.
fn leave_out_null(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else { continue };
        if let Some(RefOr::T(Schema::OneOf(either))) = &content.schema
            && let Some(named) = either.items.iter().find(|item| matches!(item, RefOr::Ref(_)))
        {
            content.schema = Some(named.clone());
        }
    }
}

/// What makes something, and where its answer says by what name that goes on.
struct Producer {
    path: &'static str,
    field: &'static str,
}

const PRODUCERS: &[Producer] = &[
    Producer { path: "/api/v1/approvals", field: "id" },
    Producer { path: "/api/v1/principals", field: "id" },
    Producer { path: "/api/v1/keys", field: "prefix" },
    Producer { path: "/api/v1/delegations", field: "id" },
];

/// From the answer to a `POST` to all that can be done with what it made.
fn add_links(document: &mut OpenApi, producer: &Producer) {
    let Producer { path, field } = producer;
    let of_one = format!("{path}/{{{field}}}");
    let mut links = Vec::new();
    for (_, item) in document.paths.paths.iter().filter(|(path, _)| path.starts_with(&of_one)) {
        let operations = [&item.get, &item.post, &item.patch, &item.delete];
        links.extend(operations.into_iter().flatten().filter_map(|operation| operation.operation_id.clone()));
    }
    let post = document.paths.paths.get_mut(*path).and_then(|item| item.post.as_mut());
    let created = post.and_then(|operation| operation.responses.responses.get_mut("201"));
    if let Some(RefOr::T(created)) = created {
        for id in links {
            let link =
                Link::builder().operation_id(&id).parameter(*field, format!("$response.body#/{field}"));
            created.links.insert(id, RefOr::T(link.build()));
        }
    }
}

/// The codes that an operation may answer with, by what kind of operation it is.
fn codes(path: &str, method: &HttpMethod, operation: &Operation) -> Vec<Code> {
    let mut codes = vec![
        Code::Unauthenticated,
        Code::Forbidden,
        Code::RateLimited,
        Code::Internal,
        Code::Overloaded,
        Code::Unavailable,
    ];
    let of_one = path.contains("/approvals/{id}");
    if path.contains('{') {
        codes.push(Code::NotFound);
    }
    if operation.request_body.is_some() {
        codes.extend([
            Code::Draining,
            Code::Malformed,
            Code::TooLarge,
            Code::UnsupportedMediaType,
            Code::Invalid,
        ]);
    } else if takes_query(operation) {
        codes.push(Code::Invalid);
    }
    if of_one && *method == HttpMethod::Post && !path.contains("/claim") {
        codes.extend([Code::AlreadyDecided, Code::Cancelled, Code::Expired, Code::VersionConflict]);
    }
    if path.ends_with("/approve") || path.ends_with("/reject") {
        codes.extend([Code::NotEligible, Code::AlreadyVoted]);
    }
    if path.ends_with("/approve") {
        codes.push(Code::ModificationsDiffer);
    }
    if path.ends_with("/approvals") {
        codes.extend([
            Code::NotFound,
            Code::IdempotencyMismatch,
            Code::UnsatisfiablePolicy,
            Code::NotSupported,
        ]);
    }
    if path.ends_with("/delegations") && *method == HttpMethod::Post {
        codes.push(Code::LimitReached);
    }
    if path.ends_with("/claim") && *method == HttpMethod::Post {
        let own = [Code::NotApproved, Code::AlreadyClaimed, Code::NotEligible, Code::ClaimExpired];
        codes.extend(own);
    }
    if path.contains("/claim/") {
        codes.push(Code::StaleClaim);
    }
    if path.ends_with("/escalate") {
        codes.push(Code::LimitReached);
    }
    // The latest of none, a workspace that is not one's own.
    if path.ends_with("/latest") || path.ends_with("/session/workspace") {
        codes.push(Code::NotFound);
    }
    // An app that is not set; and what setting one, or an endpoint, needs.
    let (is_app, is_put) = (path.ends_with("/channels/slack"), *method == HttpMethod::Put);
    if is_app && !is_put {
        codes.push(Code::NotFound);
    }
    if is_app && is_put || path.ends_with("/webhooks") && *method == HttpMethod::Post {
        codes.extend([Code::LimitReached, Code::NotSupported]);
    }
    if path.ends_with("/webhooks/{id}/test") {
        codes.push(Code::NotRedrivable);
    }
    if path.ends_with("/preferences") && *method == HttpMethod::Put {
        codes.push(Code::VersionConflict);
    }
    if path.ends_with("/{id}/redrive") {
        codes.push(Code::NotRedrivable);
    }
    if path.ends_with("/extend") {
        codes.extend([Code::NotEligible, Code::LimitReached]);
    }
    codes
}

fn takes_query(operation: &Operation) -> bool {
    operation.parameters.iter().flatten().any(
        |parameter| matches!(parameter, RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query)),
    )
}

/// Wherever a key is taken, so is a session.
fn add_session(operation: &mut Operation) {
    let Some(ways) = &mut operation.security else { return };
    if ways.iter().any(|way| *way != SecurityRequirement::default()) {
        ways.push(SecurityRequirement::new("session", Vec::<String>::new()));
    }
}

fn add_problems(path: &str, method: &HttpMethod, operation: &mut Operation) {
    let codes = codes(path, method, operation);
    let mut statuses: Vec<u16> = codes.iter().map(|code| code.status()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let mut responses = ResponsesBuilder::new();
    for status in statuses {
        let of_status: Vec<Code> = codes.iter().copied().filter(|code| code.status() == status).collect();
        responses = responses.response(status.to_string(), problem(&of_status));
    }
    operation.responses.responses.extend(responses.build().responses);
}

fn problem(codes: &[Code]) -> Response {
    let lines: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}.", code.as_str(), code.title())).collect();
    let first = codes.first().copied();
    let example = first.map(|code| {
        serde_json::json!({
            "type": format!("urn:signoff:problem:{}", code.as_str()), "title": code.title(),
            "status": code.status(), "code": code.as_str(), "detail": code.title(),
        })
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ProblemBody::name())))
        .example(example)
        .build();
    let mut response =
        ResponseBuilder::new().description(lines.join(" ")).content("application/problem+json", content);
    if codes.contains(&Code::RateLimited) {
        for (name, text) in [
            ("Retry-After", "Seconds until there is room for one more request"),
            ("RateLimit-Policy", "The limit that was reached: `\"principal\";q=500;w=5`"),
            ("RateLimit", "How it stands: `\"principal\";r=0;t=1`"),
        ] {
            response = response.header(name, HeaderBuilder::new().description(Some(text)).build());
        }
    }
    response.build()
}
