//! The document of the API (OpenAPI 3.1), made from the routes themselves.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
    Response, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use wire::message::{Client, Joined, Notice, OwnNotice};

use super::error::{PROBLEM_JSON, Wire};

const ABOUT: &str = "JSON in camelCase; times are RFC 3339 in UTC; ids are strings. Errors are problems \
     (RFC 9457) whose `detail` says what to do, with `errors` for each field that does not fit. Fields and \
     parameters that are not known are refused. Every answer has an `X-Request-Id`, which the station's log \
     has too; send your own to have it used.";

/// What may go wrong with any operation of a kind: its name among the components, status, and meaning.
const REFUSALS: &[(&str, &str, &str)] = &[
    ("Unreadable", "400", "The body is not JSON"),
    ("NotSignedIn", "401", "No credentials, or none that are known"),
    ("NotAllowed", "403", "The caller may not do this"),
    ("NotFound", "404", "Nothing that the caller may know of lies there"),
    ("TooSlow", "408", "The body did not arrive in time"),
    ("TooLong", "413", "The body is too long"),
    ("NotJson", "415", "The body is not called JSON"),
    ("Misfit", "422", "It can be read and does not fit; `errors` names each field"),
    ("TooMany", "429", "Too many requests; `Retry-After` says when to come again"),
    ("Fault", "500", "A fault of the station, which its log tells under `requestId`"),
    ("NotNow", "503", "The station cannot do it at the moment; `Retry-After` says when to try again"),
];

/// The document without its operations; the routes add themselves.
pub(super) fn base() -> OpenApi {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The `accessToken` of a sign-in; good for minutes."));
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some("An API key and its secret, for servers."));
    let cookie = ApiKeyValue::with_description("onair_refresh", "A browser's refresh token; HttpOnly.");
    let mut components = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer.build()))
        .security_scheme("apiKey", SecurityScheme::Http(key.build()))
        .security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)))
        .schema("Problem", Wire::schema());
    let mut schemas = Vec::new();
    Wire::schemas(&mut schemas);
    // What goes over a room's WebSocket, for clients that are generated from this document.
    schemas.extend(named::<Client>());
    schemas.extend(named::<Notice>());
    schemas.extend(named::<Joined<'_>>());
    schemas.extend(named::<OwnNotice>());
    components = components.schemas_from_iter(schemas);
    for (name, status, meaning) in REFUSALS {
        components = components.response(*name, refusal(status, meaning));
    }
    let info = InfoBuilder::new()
        .title("OnAir")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build()));
    OpenApiBuilder::new().info(info).components(Some(components.build())).build()
}

/// A schema under its name, with all that it refers to.
fn named<T: ToSchema>() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = Vec::new();
    T::schemas(&mut schemas);
    schemas.push((T::name().into_owned(), T::schema()));
    schemas
}

fn refusal(status: &str, meaning: &str) -> Response {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let mut response = ResponseBuilder::new().description(meaning).content(PROBLEM_JSON, body);
    if matches!(status, "429" | "503") {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        let header =
            HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds until another try"));
        response = response.header("Retry-After", header.build());
    }
    response.build()
}

/// The whole document: every operation, with everything that it can answer.
pub fn document() -> OpenApi {
    let mut document = super::routes().into_openapi();
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            complete(path, operation);
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// Adds what an operation can answer because of what it takes. What it says of itself stays.
fn complete(path: &str, operation: &mut Operation) {
    // What is told of a parameter stands before what was found out from the handler's arguments.
    let mut known = Vec::new();
    if let Some(parameters) = &mut operation.parameters {
        parameters.retain(|parameter| match parameter {
            RefOr::T(parameter) => {
                let named = (parameter.name.clone(), parameter.parameter_in.clone());
                let first = !known.contains(&named);
                known.push(named);
                first
            }
            RefOr::Ref(_) => true,
        });
    }
    let takes = |place: &ParameterIn| {
        operation.parameters.iter().flatten().any(|parameter| match parameter {
            RefOr::T(parameter) => parameter.parameter_in == *place,
            RefOr::Ref(_) => false,
        })
    };
    let (named, asked) = (takes(&ParameterIn::Path), takes(&ParameterIn::Query));
    let body = operation.request_body.is_some();
    let signed_in = operation.security.as_ref().is_some_and(|schemes| !schemes.is_empty());
    let api = path.starts_with("/api/");
    for (name, status, _) in REFUSALS {
        let applies = match *status {
            "401" | "403" => signed_in,
            "404" => named,
            "422" => asked || body,
            "429" => api,
            "500" | "503" => true,
            _ => body,
        };
        if applies {
            let responses = &mut operation.responses.responses;
            responses.entry((*status).to_owned()).or_insert_with(|| Ref::from_response_name(*name).into());
        }
    }
}

/// The document as it is served and kept: JSON, indented, with a last line's end.
pub fn json() -> &'static str {
    static JSON: LazyLock<String> =
        LazyLock::new(|| document().to_pretty_json().expect("a document has only strings for keys") + "\n");
    &JSON
}

/// `GET /api/openapi.json`
pub(super) async fn show() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], Bytes::from_static(json().as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::*;

    fn each_operation(mut look: impl FnMut(&str, &Value)) {
        let document: Value = serde_json::from_str(json()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                look(&format!("{method} {path}"), operation);
            }
        }
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_a_tag_and_a_line_about_it() {
        let mut names = BTreeSet::new();
        each_operation(|at, operation| {
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{at} has no name"));
            assert!(names.insert(name.to_owned()), "{at}: another operation is called {name} too");
            assert!(operation["summary"].is_string(), "{at} does not say what it does");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{at} has one tag");
        });
        assert!(names.contains("listBroadcasts"));
    }

    #[test]
    fn no_operation_tells_of_a_parameter_twice() {
        each_operation(|at, operation| {
            let mut known = BTreeSet::new();
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(known.insert((parameter["name"].to_string(), parameter["in"].to_string())), "{at}");
                assert!(parameter["schema"].is_object(), "{at}: {parameter}");
            }
        });
    }

    #[test]
    fn every_refusal_is_a_problem() {
        let document: Value = serde_json::from_str(json()).unwrap();
        each_operation(|at, operation| {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let response = match response["$ref"].as_str() {
                    Some(name) => document.pointer(&name[1..]).unwrap(),
                    None => response,
                };
                if status.starts_with(['4', '5']) {
                    assert!(response["content"][PROBLEM_JSON].is_object(), "{at}: {status} is no problem");
                }
            }
        });
    }

    #[test]
    fn every_request_refuses_fields_that_it_does_not_know() {
        let document: Value = serde_json::from_str(json()).unwrap();
        each_operation(|at, operation| {
            let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") else {
                return;
            };
            let schema = match schema["$ref"].as_str() {
                // A format of others, who may add to it.
                Some(name) if name.ends_with("/Transcript") => return,
                Some(name) => document.pointer(&name[1..]).unwrap(),
                None => schema,
            };
            assert_eq!(schema["additionalProperties"], Value::Bool(false), "{at}");
        });
    }

    #[test]
    fn two_schemas_never_share_a_name() {
        let mut known = BTreeMap::new();
        for noun in crate::api::nouns() {
            for (name, schema) in noun.into_openapi().components.unwrap_or_default().schemas {
                let schema = serde_json::to_value(schema).unwrap();
                if let Some(other) = known.insert(name.clone(), schema.clone()) {
                    assert_eq!(schema, other, "two kinds of {name}: give one #[schema(as = …)]");
                }
            }
        }
        assert!(known.len() > 3);
    }
}
