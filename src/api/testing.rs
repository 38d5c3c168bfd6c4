//! The endpoints of accounts over a real store, for tests.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use serde_json::Value;
use store::{DatabaseUrl, Store};
use tempfile::TempDir;
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;

use crate::auth::{Auth, FirstAdmin};
use crate::http::server::{Peer, Scheme};
use crate::settings::table::Key;
use crate::settings::{Layers, Settings};

/// A station's accounts: a data directory, a database in it, and the routes under test.
pub(super) struct Desk {
    pub(super) auth: Arc<Auth>,
    pub(super) first_admin: Option<FirstAdmin>,
    pub(super) store: Store,
    router: Router,
    folder: TempDir,
}

impl Desk {
    /// With these settings beside the defaults.
    pub(super) async fn open(routes: OpenApiRouter<Arc<Auth>>, settings: &[(Key, &str)]) -> Self {
        Self::open_in(tempfile::tempdir().unwrap(), routes, settings).await
    }

    async fn open_in(folder: TempDir, routes: OpenApiRouter<Arc<Auth>>, settings: &[(Key, &str)]) -> Self {
        let mut flags: Vec<_> = settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        flags.push((Key::DataDir, folder.path().to_str().unwrap().to_owned()));
        let layers =
            Layers { folder: folder.path().to_owned(), config: None, environment: Vec::new(), flags };
        let (settings, _) = Settings::load(&layers).unwrap();
        let store = Store::open(&DatabaseUrl::sqlite(&folder.path().join("onair.db"))).unwrap();
        store.migrate_up().await.unwrap();
        let (auth, first_admin) = Auth::open(&settings, store.clone()).await.unwrap();
        let (router, _) = routes.split_for_parts();
        Self { router: router.with_state(auth.clone()), auth, first_admin, store, folder }
    }

    /// The station stopped, and started again over the same data.
    pub(super) async fn restart(self, routes: OpenApiRouter<Arc<Auth>>, settings: &[(Key, &str)]) -> Self {
        self.store.close().await;
        Self::open_in(self.folder, routes, settings).await
    }

    /// What a request is answered.
    pub(super) async fn ask(&self, ask: Ask) -> Answer {
        let mut request = Request::builder().method(ask.method).uri(ask.path);
        request.headers_mut().unwrap().extend(ask.headers);
        let mut request = match ask.body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        }
        .unwrap();
        request.extensions_mut().insert(Peer { address: ask.from.parse().unwrap(), scheme: Scheme::Http });
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 100_000).await.unwrap();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Answer { status: head.status, headers: head.headers, body }
    }

    /// The actions in the audit log, oldest first.
    pub(super) async fn audited(&self) -> Vec<String> {
        let page = self.store.audit().list(&store::AuditFilter::default(), &store::Slice::first(100)).await;
        page.unwrap().items.into_iter().rev().map(|entry| entry.action).collect()
    }
}

/// A request.
pub(super) struct Ask {
    method: &'static str,
    path: String,
    headers: HeaderMap,
    body: Option<Value>,
    from: &'static str,
}

impl Ask {
    pub(super) fn new(method: &'static str, path: impl Into<String>) -> Self {
        let (headers, from) = (HeaderMap::new(), "192.0.2.1:4711");
        Self { method, path: path.into(), headers, body: None, from }
    }

    pub(super) fn json(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    pub(super) fn by(self, access_token: &str) -> Self {
        self.header("authorization", &format!("Bearer {access_token}"))
    }

    pub(super) fn from(self, address: &'static str) -> Self {
        Self { from: address, ..self }
    }
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Answer {
    /// The body, where the status is this one.
    #[track_caller]
    pub(super) fn must_be(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self.body
    }

    /// `detail` of the problem, where the status is this one.
    #[track_caller]
    pub(super) fn refused(self, status: u16) -> String {
        self.must_be(status)["detail"].as_str().unwrap().to_owned()
    }
}
