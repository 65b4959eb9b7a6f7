//! The OpenAPI document: what the handlers say of themselves, plus what is true of all of them.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder, ResponsesBuilder,
        path::{HttpMethod, Operation, ParameterIn},
        response::Response,
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
you sent one) and `x-signoff-instance`. Whatever is not a success is an RFC 9457 problem with a stable `code`. A \
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
            tag("runs", "Runs of workflows and agents."),
            tag("tasks", "Events of tasks, and who follows them."),
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
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                add_problems(path, &method, operation);
            }
        }
    }
    document
}

/// The codes that an operation may answer with, by what kind of operation it is.
fn codes(path: &str, method: &HttpMethod, operation: &Operation) -> Vec<Code> {
    let mut codes =
        vec![Code::Unauthenticated, Code::Forbidden, Code::Internal, Code::Overloaded, Code::Unavailable];
    let of_one = path.contains("{id}");
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
    if of_one && *method == HttpMethod::Post {
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
    if path.ends_with("/escalate") {
        codes.push(Code::NotSupported);
    }
    codes
}

fn takes_query(operation: &Operation) -> bool {
    operation.parameters.iter().flatten().any(
        |parameter| matches!(parameter, RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query)),
    )
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
    ResponseBuilder::new().description(lines.join(" ")).content("application/problem+json", content).build()
}
