//! Errors as HTTP: `application/problem+json` (RFC 9457).
//!
//! Which status says what, everywhere in the API:
//!
//! | status | says |
//! | --- | --- |
//! | 400 | what was sent cannot be read: it is not JSON |
//! | 401, 403 | nobody is known by these credentials; whoever it is may not do this |
//! | 404 | nothing lies there, or nothing that the caller may know of |
//! | 409 | it was well said, and what is there already speaks against it |
//! | 422 | it can be read and does not fit; `errors` names each field |
//! | 429, 503 | not now; `Retry-After` says when |

use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::StoreError;
use tracing::{debug, error};
use utoipa::ToSchema;

/// The media type of every error.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error with a text that helps whoever made the request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    status: StatusCode,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    request_id: Option<String>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where it stands: `title`, `tags[2]`, or a parameter's name.
    #[schema(example = "title")]
    pub field: String,
    /// What it must be.
    #[schema(example = "must have 1 to 120 characters")]
    pub detail: String,
}

/// What went wrong, and what to do about it (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wire<'a> {
    /// Always `about:blank`: the status says the kind.
    #[schema(example = "about:blank")]
    r#type: &'static str,
    /// The status in words.
    #[schema(example = "Unprocessable Entity")]
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong and what to do.
    detail: &'a str,
    /// What is wrong with each field, where fields are wrong.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FieldError],
    /// By what the station's log tells of it, where the fault is the station's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<&'a str>,
}

impl Problem {
    /// `detail` says what is wrong and what to do.
    pub fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, detail: detail.into(), errors: Vec::new(), retry_after: None, request_id: None }
    }

    /// 422: one field does not fit. `detail` follows the field's name in a sentence: `must not be empty`.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid_fields(vec![FieldError { field: field.into(), detail: detail.into() }])
    }

    /// 422: these fields do not fit.
    pub fn invalid_fields(errors: Vec<FieldError>) -> Self {
        let said: Vec<_> = errors.iter().map(|error| format!("{} {}", error.field, error.detail)).collect();
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, said.join("; ")) }
    }

    /// 401: no credentials, or none that are known.
    pub fn unauthorized(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    /// 403: whoever it is may not do this.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// 404: nothing that the caller may know of lies there.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// 404: no such broadcast.
    pub fn no_broadcast(id: &str) -> Self {
        Self::not_found(format!("no broadcast has the id {id:?}"))
    }

    /// 409: what is there already speaks against it.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// 429: too much in too short a time; the next one may come after `retry_after`.
    pub fn too_many(retry_after: Duration) -> Self {
        let detail = format!("too many requests; try again in {} s", whole_seconds(retry_after));
        Self { retry_after: Some(retry_after), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// 503: the station cannot do it at the moment; it may after `retry_after`.
    pub fn unavailable(retry_after: Duration) -> Self {
        let seconds = whole_seconds(retry_after);
        let detail = format!("this cannot be done at the moment; try again in {seconds} s");
        Self { retry_after: Some(retry_after), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// 500: a fault of the station, which its log tells.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the station made a mistake; its log tells more under this requestId",
        )
    }

    /// The same; it may be otherwise after `retry_after`.
    #[must_use]
    pub fn after(self, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..self }
    }

    /// The same, with another text.
    #[must_use]
    pub fn because(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// The same, told by the name under which the log has it.
    #[must_use]
    pub fn with_request_id(self, id: impl Into<String>) -> Self {
        Self { request_id: Some(id.into()), ..self }
    }

    /// Its HTTP status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(why) => {
                debug!("the database is away: {why}");
                let seconds = whole_seconds(StoreError::RETRY_AFTER);
                Self::unavailable(StoreError::RETRY_AFTER)
                    .because(format!("the database is away at the moment; try again in {seconds} s"))
            }
            StoreError::Conflict { field } => Self::conflict(format!("this {field} is taken")),
            StoreError::Dangling => Self::conflict("what this refers to has just been deleted"),
            StoreError::BadCursor => Self::invalid("cursor", "must be the nextCursor of a page before"),
            error => {
                error!("the store: {error}");
                Self::internal()
            }
        }
    }
}

/// At least one: a client that waits no time at all comes too early again.
fn whole_seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let wire = Wire {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            errors: &self.errors,
            request_id: self.request_id.as_deref(),
        };
        let mut response = (self.status, Json(wire)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(retry_after) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(retry_after)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Collects what is wrong, so that all of it is told at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// `field` does not fit: `detail` follows its name in a sentence.
    pub fn add(&mut self, field: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), detail: detail.into() });
    }

    /// The same unless `fits`.
    pub fn check(&mut self, fits: bool, field: &str, detail: impl Into<String>) {
        if !fits {
            self.add(field, detail);
        }
    }

    /// 422 with everything that was found; fine where nothing was.
    pub fn finish(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::invalid_fields(self.0)) }
    }
}

/// Nothing lies there.
pub async fn not_found() -> Problem {
    Problem::not_found("nothing lies at this address; /api/docs tells what there is")
}

/// Something lies there, but this cannot be done with it; `Allow` says what can.
pub async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this address does not take this method; the header Allow says which it takes",
    )
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn told(problem: Problem) -> (Response<()>, serde_json::Value) {
        let (head, body) = problem.into_response().into_parts();
        let body = to_bytes(body, 10_000).await.unwrap();
        (Response::from_parts(head, ()), serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_problem_names_every_field_that_is_wrong() {
        let mut faults = Faults::default();
        faults.check(true, "id", "is never wrong");
        faults.check(false, "title", "must have 1 to 120 characters");
        faults.add("tags[2]", "must not be empty");
        let (head, body) = told(faults.finish().unwrap_err()).await;
        assert_eq!(head.status(), 422);
        assert_eq!(head.headers()[CONTENT_TYPE], PROBLEM_JSON);
        let expected = serde_json::json!({
            "type": "about:blank",
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "title must have 1 to 120 characters; tags[2] must not be empty",
            "errors": [
                {"field": "title", "detail": "must have 1 to 120 characters"},
                {"field": "tags[2]", "detail": "must not be empty"},
            ],
        });
        assert_eq!(body, expected);
        assert!(Faults::default().finish().is_ok());
    }

    #[tokio::test]
    async fn who_comes_too_often_is_told_when_to_come_again() {
        let (head, body) = told(Problem::too_many(Duration::from_millis(2100))).await;
        assert_eq!((head.status().as_u16(), &head.headers()[RETRY_AFTER]), (429, &"3".parse().unwrap()));
        assert_eq!(body["detail"], "too many requests; try again in 3 s");
        assert_eq!(body.get("errors"), None);
        let (head, _) = told(Problem::unavailable(Duration::ZERO)).await;
        assert_eq!((head.status().as_u16(), &head.headers()[RETRY_AFTER]), (503, &"1".parse().unwrap()));
    }

    #[tokio::test]
    async fn who_is_not_known_is_told_how_to_sign_in() {
        let (head, _) = told(Problem::unauthorized("sign in first")).await;
        assert_eq!(head.headers()[WWW_AUTHENTICATE], "Bearer");
    }
}
