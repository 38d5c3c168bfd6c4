//! Request bodies: JSON objects, read once and refused with the field's name.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;
use serde_json::error::Category;

use super::error::{FieldError, Problem};

/// Longest that a body may take to arrive. Long enough for a cover picture over a telephone.
const PATIENCE: Duration = Duration::from_secs(20);

/// A JSON object as a `T`, which denies unknown fields (`#[serde(deny_unknown_fields)]`).
///
/// Refuses what is not called JSON (415), what does not arrive (408), what is too long (413, by the
/// router's `DefaultBodyLimit`), what is no JSON (400) and what is no `T` (422, with the field's name).
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send JSON, with the header content-type: application/json",
            ));
        }
        parse(&read(request, state).await?).map(Self)
    }
}

/// The whole body, within the router's `DefaultBodyLimit` and a bounded time.
pub async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    match tokio::time::timeout(PATIENCE, Bytes::from_request(request, state)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than this address takes"))
        }
        Ok(Err(_)) => Err(Problem::new(StatusCode::BAD_REQUEST, "the body broke off; send it again")),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            format!("the body did not arrive within {} s; send it again", PATIENCE.as_secs()),
        )),
    }
}

/// `application/json`, or a type that says it is written in JSON (RFC 6839, 3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    // serde takes an array for a struct, its fields in order; nobody is to rely on their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        let is_array = serde_json::from_slice::<Vec<Value>>(bytes).is_ok();
        return Err(if is_array { not_an_object() } else { not_json("it ends in the middle") });
    }
    let parsed =
        serde_path_to_error::deserialize(&mut reader).map_err(|error| match error.inner().classify() {
            Category::Data => misfit(&error.path().to_string(), &error.inner().to_string()),
            Category::Syntax | Category::Eof | Category::Io => not_json(error.inner()),
        })?;
    reader.end().map_err(not_json)?;
    // No database keeps this character in a text. Few bodies have it; those are looked at again.
    if may_have_null(bytes)
        && let Some(field) = serde_json::from_slice(bytes).ok().and_then(|value| with_null(&value, ""))
    {
        return Err(Problem::invalid(field, "must not have the character U+0000"));
    }
    Ok(parsed)
}

fn not_json(why: impl std::fmt::Display) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, format!("the body is not JSON: {why}"))
}

fn not_an_object() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "the body must be a JSON object: {…}")
}

/// What serde says, as a problem with its field.
pub(super) fn misfit(path: &str, said: &str) -> Problem {
    let said = clip(said.split(" at line ").next().unwrap_or(said));
    let parent = clip(if path == "." { "" } else { path });
    // serde finds a missing or doubled field wrong with its parent.
    let named = |start: &str| said.strip_prefix(start).and_then(|rest| rest.strip_suffix('`'));
    let (name, detail) = match (named("missing field `"), named("duplicate field `")) {
        (Some(name), _) => (Some(name), "is missing"),
        (None, Some(name)) => (Some(name), "is there twice"),
        (None, None) => (None, said),
    };
    let field = match name {
        Some(name) if parent.is_empty() => name.to_owned(),
        Some(name) => format!("{parent}.{name}"),
        None if parent.is_empty() => return not_an_object(),
        None => parent.to_owned(),
    };
    let text = if name.is_some() { format!("{field} {detail}") } else { format!("{field}: {detail}") };
    Problem::invalid_fields(vec![FieldError { field, detail: detail.to_owned() }]).because(text)
}

/// A name that somebody made up may be as long as the body; an answer need not be.
fn clip(text: &str) -> &str {
    const ENOUGH: usize = 400;
    &text[..text.floor_char_boundary(ENOUGH)]
}

/// May some string of this JSON have U+0000? It can only stand there escaped.
fn may_have_null(bytes: &[u8]) -> bool {
    bytes.windows(6).any(|six| six == br"\u0000")
}

/// The first string or name with U+0000, by its path.
fn with_null(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(|| path.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| with_null(item, &format!("{path}[{index}]")))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if name.contains('\0') { Some(path) } else { with_null(field, &path) }
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Tells `null`, which empties a field, from a field that was not sent, which leaves it:
/// `#[serde(default, deserialize_with = "body::present")] cover_url: Option<Option<String>>`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::response::IntoResponse;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Show {
        title: String,
        #[serde(default)]
        tags: Vec<String>,
        #[serde(default, deserialize_with = "present")]
        cover_url: Option<Option<String>>,
        #[serde(default)]
        host: Option<Host>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Host {
        name: String,
    }

    async fn sent(kind: &'static str, body: &'static str) -> Result<Show, (u16, Value)> {
        let mut request = Request::new(axum::body::Body::from(body));
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        match Body::from_request(request, &()).await {
            Ok(Body(show)) => Ok(show),
            Err(problem) => {
                let status = problem.status().as_u16();
                let bytes = axum::body::to_bytes(problem.into_response().into_body(), 10_000).await.unwrap();
                Err((status, serde_json::from_slice(&bytes).unwrap()))
            }
        }
    }

    async fn refused(body: &'static str) -> (u16, String, String) {
        let (status, problem) = sent("application/json", body).await.unwrap_err();
        let field = problem["errors"][0]["field"].as_str().unwrap_or_default().to_owned();
        (status, field, problem["detail"].as_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn json_by_any_of_its_names_is_taken() {
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            assert_eq!(sent(kind, r#"{"title":"Hello"}"#).await.unwrap().title, "Hello");
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
            let (status, problem) = sent(kind, "{}").await.unwrap_err();
            assert_eq!(status, 415);
            assert!(problem["detail"].as_str().unwrap().contains("application/json"));
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_400() {
        for body in
            ["", "{", r#"{"title":"#, r#"{"title":"a"} {}"#, "[", "title=Hello", r#"{"title":"\ud800"}"#]
        {
            assert_eq!(refused(body).await.0, 400, "{body}");
        }
    }

    #[tokio::test]
    async fn what_does_not_fit_is_422_and_names_the_field() {
        for (body, field, detail) in [
            (r#"{"title":"a","colour":1}"#, "colour", "colour: unknown field `colour`, expected one of"),
            (r#"{"title":5}"#, "title", "title: invalid type: integer `5`, expected a string"),
            ("{}", "title", "title is missing"),
            (r#"{"title":"a","tags":["b",null]}"#, "tags[1]", "tags[1]: invalid type: null"),
            (r#"{"title":"a","host":{}}"#, "host.name", "host.name is missing"),
            (r#"{"title":"a","title":"b"}"#, "title", "title is there twice"),
            (r#"{"title":"a","tags":["b\u0000"]}"#, "tags[0]", "tags[0] must not have the character U+0000"),
            (r#"["a"]"#, "", "the body must be a JSON object"),
            ("null", "", "the body must be a JSON object"),
        ] {
            let refused = refused(body).await;
            assert_eq!((refused.0, refused.1.as_str()), (422, field), "{body}: {}", refused.2);
            assert!(refused.2.starts_with(detail), "{body}: {}", refused.2);
        }
        assert_eq!(sent("application/json", r#"{"title":"\\u0000"}"#).await.unwrap().title, r"\u0000");
    }

    #[tokio::test]
    async fn null_is_told_from_nothing() {
        assert_eq!(sent("application/json", r#"{"title":"a"}"#).await.unwrap().cover_url, None);
        let emptied = sent("application/json", r#"{"title":"a","coverUrl":null}"#).await.unwrap();
        assert_eq!(emptied.cover_url, Some(None));
    }
}
