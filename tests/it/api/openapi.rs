//! The document is what clients are generated from: it changes only on purpose.

use serde_json::Value;

use crate::support::{Cluster, Setup, client::get};

#[test]
fn the_document_is_locked() {
    let mut document = serde_json::to_value(signoff::http::document()).unwrap();
    document["info"]["version"] = "[version]".into();
    insta::assert_json_snapshot!("openapi", document);
}

#[test]
fn every_operation_is_described() {
    let document = serde_json::to_value(signoff::http::document()).unwrap();
    assert_eq!(document["openapi"].as_str().unwrap().split('.').take(2).collect::<Vec<_>>(), ["3", "1"]);
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(
                ids.insert(operation["operationId"].to_string()),
                "{method} {path} shares its operationId"
            );
            for field in ["summary", "operationId", "tags"] {
                assert!(!operation[field].is_null(), "{method} {path} has no {field}");
            }
            for status in ["401", "403", "429", "503"] {
                assert!(operation["responses"][status].is_object(), "{method} {path} doesn't tell {status}");
            }
            let has_body = operation["requestBody"].is_object();
            assert_eq!(has_body, operation["responses"]["415"].is_object(), "{method} {path}");
        }
    }
    assert_eq!(ids.len(), 93);
}

#[test]
fn closed_vocabularies_are_enums() {
    let document = serde_json::to_value(signoff::http::document()).unwrap();
    let schemas = &document["components"]["schemas"];
    for (name, least) in
        [("Status", 4), ("Resolution", 3), ("ResolvedVia", 4), ("TimeoutAction", 3), ("Code", 20)]
    {
        let words = schemas[name]["enum"].as_array().map_or(0, Vec::len);
        assert!(words >= least, "{name}: {:#?}", schemas[name]);
    }
    let approval = &schemas["Approval"]["properties"];
    assert_eq!(approval["status"]["$ref"], "#/components/schemas/Status");
    for field in ["resolution", "resolved_via", "timeout_action"] {
        assert!(
            approval[field].to_string().contains("#/components/schemas/"),
            "{field}: {}",
            approval[field]
        );
    }
}

#[test]
fn a_name_stands_for_one_schema() {
    let document = serde_json::to_value(signoff::http::document()).unwrap();
    let schemas = &document["components"]["schemas"];
    let of_approvals: Vec<_> = schemas["Checkpoint"]["properties"].as_object().unwrap().keys().collect();
    assert_eq!(of_approvals, ["name", "state"]);
    let of_the_record: Vec<_> =
        schemas["AuditCheckpoint"]["properties"].as_object().unwrap().keys().collect();
    assert_eq!(of_the_record, ["checkpoint", "key_id", "public_key", "signature"]);
}

#[test]
fn every_answer_has_a_description() {
    let document = serde_json::to_value(signoff::http::document()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let text = response["description"].as_str().unwrap_or_default();
                assert!(!text.is_empty(), "{method} {path} {status}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_served_with_a_page_to_read_it() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let url = &cluster.instances[0].url;
    let served: Value = get(format!("{url}/openapi.json")).await.unwrap().json().await.unwrap();
    assert_eq!(served, serde_json::to_value(signoff::http::document()).unwrap());
    let page = get(format!("{url}/docs/")).await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["x-frame-options"], "DENY");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert!(page.text().await.unwrap().contains("swagger-ui"));
}
