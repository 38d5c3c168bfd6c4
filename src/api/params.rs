//! What a request's address tells: the names in its path and the parameters after `?`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_urlencoded::Deserializer;
use store::Slice;
use url::form_urlencoded;
use utoipa::IntoParams;

use super::body::misfit;
use super::error::Problem;

/// The parameters after `?` as a `T`, which denies unknown fields; 422 with the parameter's name otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    if let Some((name, _)) = pairs.clone().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(Problem::invalid(name, "must not have the character U+0000"));
    }
    serde_path_to_error::deserialize(Deserializer::new(pairs))
        .map_err(|error| misfit(&error.path().to_string(), &error.inner().to_string()))
}

/// Most items on a page.
const LIMIT_MAX: u32 = 100;

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Pages {
    /// Items on a page; 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
}

impl Pages {
    /// As the store takes it.
    pub fn slice(self) -> Result<Slice, Problem> {
        slice(self.limit, self.cursor)
    }
}

/// The same of parameters that stand among others.
pub(super) fn slice(limit: Option<u32>, cursor: Option<String>) -> Result<Slice, Problem> {
    match limit.unwrap_or(20) {
        limit @ 1..=LIMIT_MAX => Ok(Slice { limit, cursor }),
        _ => Err(Problem::invalid("limit", format!("must be 1 to {LIMIT_MAX}"))),
    }
}

/// The names in the path, one by itself or several as a tuple. What cannot be one names nothing: 404.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let nothing = || Problem::not_found("nothing lies at this address");
        if parts.uri.path().contains("%00") {
            return Err(nothing());
        }
        let named = axum::extract::Path::from_request_parts(parts, state).await;
        named.map(|axum::extract::Path(names)| Self(names)).map_err(|_| nothing())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Filter {
        q: Option<String>,
        limit: Option<u8>,
        status: Option<Status>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Status {
        Live,
    }

    async fn refused(query: &str) -> (u16, String, String) {
        let response = parse::<Filter>(query).unwrap_err().into_response();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        (status, text(&problem["errors"][0]["field"]), text(&problem["detail"]))
    }

    #[test]
    fn parameters_are_typed() {
        let filter = Filter { q: Some("jazz & blues".into()), limit: Some(5), status: Some(Status::Live) };
        assert_eq!(parse::<Filter>("q=jazz+%26+blues&limit=5&status=live").unwrap(), filter);
        assert_eq!(parse::<Filter>("").unwrap(), Filter { q: None, limit: None, status: None });
    }

    #[tokio::test]
    async fn a_wrong_parameter_is_named() {
        for (query, field, detail) in [
            ("limit=many", "limit", "limit: invalid digit"),
            ("limit=999", "limit", "limit: number too large"),
            ("colour=blue", "colour", "colour: unknown field `colour`, expected one of"),
            ("status=asleep", "status", "status: unknown variant `asleep`, expected `live`"),
            ("q=a&q=b", "q", "q is there twice"),
            ("q=%00", "q", "q must not have the character U+0000"),
        ] {
            let refused = refused(query).await;
            assert_eq!((refused.0, refused.1.as_str()), (422, field), "{query}: {}", refused.2);
            assert!(refused.2.starts_with(detail), "{query}: {}", refused.2);
        }
    }
}
