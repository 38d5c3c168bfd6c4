//! A request as a test writes it, and what came back.

use axum::body::{Body, Bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use serde_json::Value;

use crate::http::server::{Peer, Scheme};

/// A request.
pub(crate) struct Ask {
    method: &'static str,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    from: &'static str,
}

impl Ask {
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Self {
        let (headers, from) = (HeaderMap::new(), "192.0.2.1:4711");
        Self { method, path: path.into(), headers, body: Bytes::new(), from }
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is called with `json!`")]
    pub(crate) fn json(self, body: Value) -> Self {
        self.bytes("application/json", body.to_string())
    }

    pub(crate) fn bytes(mut self, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        Self { body: body.into(), ..self }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) fn by(mut self, access_token: &str) -> Self {
        self.headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {access_token}")).unwrap());
        self
    }

    pub(crate) fn from(self, address: &'static str) -> Self {
        Self { from: address, ..self }
    }

    pub(super) fn into_request(self) -> Request<Body> {
        let mut request = Request::builder().method(self.method).uri(self.path);
        request.headers_mut().unwrap().extend(self.headers);
        let mut request = request.body(Body::from(self.body)).unwrap();
        request.extensions_mut().insert(Peer { address: self.from.parse().unwrap(), scheme: Scheme::Http });
        request
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    /// The bytes, where they are JSON.
    pub(crate) body: Value,
}

impl Answer {
    pub(super) fn new(status: StatusCode, headers: HeaderMap, bytes: Bytes) -> Self {
        let named = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap()).unwrap_or_default();
        let is_json = named == "application/json" || named.ends_with("+json");
        let body =
            if is_json && !bytes.is_empty() { serde_json::from_slice(&bytes).unwrap() } else { Value::Null };
        Self { status, headers, bytes, body }
    }

    /// The body, where the status is this one.
    #[track_caller]
    pub(crate) fn must_be(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    /// `detail` of the problem, where the status is this one.
    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> String {
        self.must_be(status)["detail"].as_str().unwrap().to_owned()
    }
}
