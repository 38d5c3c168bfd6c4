use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{ALLOW, ORIGIN, VARY};
use axum::routing::{get, post};
use serde_json::Value;
use tower::ServiceExt;

use super::*;
use crate::api::body;
use crate::api::error::{method_not_allowed, not_found};

/// A body that never comes.
struct Never;

impl http_body::Body for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

fn house(rate_per_address: u32) -> Router {
    let settings = ApiSettings {
        cors_origins: vec![HeaderValue::from_static("https://friend.example")],
        rate_per_address,
        rate_per_user: 1,
    };
    let routes = Router::new()
        .route("/api/well", get(|| async { "well" }))
        .route("/api/panic", get(|| async { panic!("on purpose") as &str }))
        .route("/api/never", get(std::future::pending::<&str>))
        .route("/api/long", post(async |request: Request| body::read(request, &()).await.map(|_| ())))
        .route("/healthz", get(|| async { "ok" }))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed);
    gate(routes, Router::new(), &settings, &TrustedProxies::parse("192.0.2.99").unwrap())
}

fn request(method: &str, path: &str) -> Request {
    let peer = Peer { address: "192.0.2.1:5000".parse().unwrap(), scheme: Scheme::Https };
    Request::builder().method(method).uri(path).extension(peer).body(Body::empty()).unwrap()
}

async fn answer(request: Request) -> Response {
    house(1000).oneshot(request).await.unwrap()
}

async fn problem(response: Response) -> Value {
    assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    serde_json::from_slice(&to_bytes(response.into_body(), 10_000).await.unwrap()).unwrap()
}

#[tokio::test]
async fn every_answer_has_a_name_and_keeps_browsers_safe() {
    let response = answer(request("GET", "/api/well")).await;
    let headers = response.headers();
    assert_eq!(headers[X_REQUEST_ID].len(), 36);
    assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(headers[CONTENT_SECURITY_POLICY], POLICY);
    assert_eq!(headers[REFERRER_POLICY], "no-referrer");
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    assert_eq!(headers[STRICT_TRANSPORT_SECURITY], HSTS);
}

#[tokio::test]
async fn a_name_that_fits_a_log_line_is_kept() {
    for (given, kept) in
        [("job-7.retry_2", true), ("a b", false), ("\u{e9}", false), (&"x".repeat(65), false)]
    {
        let mut request = request("GET", "/api/well");
        request.headers_mut().insert(X_REQUEST_ID, HeaderValue::from_bytes(given.as_bytes()).unwrap());
        let response = answer(request).await;
        assert_eq!(response.headers()[X_REQUEST_ID].as_bytes() == given.as_bytes(), kept, "{given}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let response = answer(request("GET", "/api/nowhere")).await;
    assert_eq!(response.status(), 404);
    assert_eq!(problem(response).await["status"], 404);
    let response = answer(request("DELETE", "/api/well")).await;
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()[ALLOW], "GET,HEAD");
    assert_eq!(problem(response).await["status"], 405);
}

#[tokio::test]
async fn a_panic_is_told_by_the_name_that_the_log_has() {
    let response = answer(request("GET", "/api/panic")).await;
    assert_eq!(response.status(), 500);
    let name = response.headers()[X_REQUEST_ID].to_str().unwrap().to_owned();
    let problem = problem(response).await;
    assert_eq!(problem["requestId"], name);
    assert!(!problem.to_string().contains("on purpose"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_given_up() {
    let response = answer(request("GET", "/api/never")).await;
    assert_eq!((response.status().as_u16(), &response.headers()[RETRY_AFTER]), (503, &"1".parse().unwrap()));
    assert!(problem(response).await["detail"].as_str().unwrap().contains("30 s"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_long_or_too_slow_is_refused() {
    let mut long = request("POST", "/api/long");
    *long.body_mut() = Body::from(vec![b' '; BODY_MAX + 1]);
    assert_eq!(problem(answer(long).await).await["status"], 413);
    let mut slow = request("POST", "/api/long");
    *slow.body_mut() = Body::new(Never);
    assert_eq!(problem(answer(slow).await).await["status"], 408);
}

#[tokio::test]
async fn who_asks_too_often_waits_and_probes_do_not() {
    let house = house(1);
    let mut asked = Vec::new();
    for _ in 0..3 {
        let response = house.clone().oneshot(request("GET", "/api/well")).await.unwrap();
        asked.push((response.status().as_u16(), response.headers().contains_key(RETRY_AFTER)));
    }
    assert_eq!(asked, [(200, false), (200, false), (429, true)]);
    let probe = house.clone().oneshot(request("GET", "/healthz")).await.unwrap();
    assert_eq!(probe.status(), 200);
    let mut neighbour = request("GET", "/api/well");
    let peer = Peer { address: "192.0.2.2:5000".parse().unwrap(), scheme: Scheme::Http };
    neighbour.extensions_mut().insert(peer);
    let response = house.oneshot(neighbour).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key(STRICT_TRANSPORT_SECURITY));
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_counts_for_itself() {
    let house = house(1);
    let asked = async |proxy: &str, client: &'static str| {
        let mut request = request("GET", "/api/well");
        let peer = Peer { address: format!("{proxy}:5000").parse().unwrap(), scheme: Scheme::Http };
        request.extensions_mut().insert(peer);
        request.headers_mut().insert("x-forwarded-for", HeaderValue::from_static(client));
        request.headers_mut().insert("x-forwarded-proto", HeaderValue::from_static("https"));
        let response = house.clone().oneshot(request).await.unwrap();
        (response.status().as_u16(), response.headers().contains_key(STRICT_TRANSPORT_SECURITY))
    };
    for client in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
        assert_eq!(asked("192.0.2.99", client).await, (200, true));
    }
    let mut others = Vec::new();
    for client in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
        others.push(asked("192.0.2.98", client).await);
    }
    assert_eq!(others, [(200, false), (200, false), (429, false)]);
}

#[test]
fn a_caller_has_an_allowance_wherever_they_ask_from() {
    let rate = CallerRate(Arc::new(Limiter::per_second(1)));
    assert_eq!((rate.admit("a"), rate.admit("a")), (Ok(()), Ok(())));
    assert_eq!(rate.admit("a").unwrap_err().status(), 429);
    assert_eq!(rate.admit("b"), Ok(()));
}

#[tokio::test]
async fn only_a_friend_may_read_from_another_origin() {
    use axum::http::header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_METHOD,
    };
    for (origin, allowed) in [("https://friend.example", true), ("https://stranger.example", false)] {
        let mut read = request("GET", "/api/well");
        read.headers_mut().insert(ORIGIN, HeaderValue::from_static(origin));
        let response = answer(read).await;
        let named = response.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN);
        assert_eq!(named.is_some_and(|named| named == origin), allowed, "{origin}");
        assert!(response.headers().contains_key(VARY));

        let mut preflight = request("OPTIONS", "/api/well");
        preflight.headers_mut().insert(ORIGIN, HeaderValue::from_static(origin));
        preflight.headers_mut().insert(ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("PUT"));
        let response = answer(preflight).await;
        assert_eq!(response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), allowed, "{origin}");
        assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
    }
}
