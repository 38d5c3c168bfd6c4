//! Browsers keep their refresh token in a cookie that no script can read, and that is sent to `/api/auth`
//! alone. A page of another site must not be able to use it.
//!
//! A browser says so by `X-OnAir-Client: browser`. That header is the first defence: a page of another origin
//! cannot send it without being asked for by CORS first. `SameSite=Strict` is the second, and what the
//! browser tells about where a request comes from the third.

use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum_extra::extract::cookie::{Cookie, SameSite};
use url::Url;

use crate::http::server::Scheme;
use crate::logs::Redacted;

/// By which a browser asks for the cookie instead of a token in the answer.
pub const CLIENT: HeaderName = HeaderName::from_static("x-onair-client");

/// The cookie's name.
const NAME: &str = "onair_refresh";

/// The only place that it is sent to.
const PATH: &str = "/api/auth";

/// Does a browser ask?
pub fn is_browser(headers: &HeaderMap) -> bool {
    headers.get(CLIENT).is_some_and(|client| client == "browser")
}

/// The refresh token in the cookie.
pub fn refresh_token(headers: &HeaderMap) -> Option<Redacted<String>> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == NAME)
        .map(|cookie| Redacted::new(cookie.value().to_owned()))
}

/// `Set-Cookie` with a refresh token that is good for `life`. Over TLS the browser sends it back over TLS
/// alone.
pub fn set(token: &Redacted<String>, life: std::time::Duration, scheme: Scheme) -> HeaderValue {
    header(token.expose(), life.as_secs(), scheme)
}

/// `Set-Cookie` that takes it away.
pub fn clear(scheme: Scheme) -> HeaderValue {
    header("", 0, scheme)
}

fn header(value: &str, seconds: u64, scheme: Scheme) -> HeaderValue {
    let cookie = Cookie::build((NAME, value))
        .path(PATH)
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(scheme == Scheme::Https)
        .build();
    let mut value = HeaderValue::try_from(format!("{cookie}; Max-Age={seconds}"))
        .expect("our token is plain ASCII, and so is the rest");
    value.set_sensitive(true);
    value
}

/// Why a request with the cookie is not believed to come from our own page.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Forged {
    /// It may come from a form on any site.
    #[error("send the header X-OnAir-Client: browser with requests that rely on the cookie")]
    NoHeader,
    /// The browser tells that another site's page made it.
    #[error("this request comes from the page of another site")]
    OtherSite,
}

/// Was this request, which relies on the cookie, made by a page of ours? `public` is the public URL where one
/// is set; else the request's own `Host` tells which origin is ours.
pub fn check_origin(headers: &HeaderMap, scheme: Scheme, public: Option<&Url>) -> Result<(), Forged> {
    if !is_browser(headers) {
        return Err(Forged::NoHeader);
    }
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if site.is_some_and(|site| site != b"same-origin") {
        return Err(Forged::OtherSite);
    }
    // A browser without Sec-Fetch-Site still sends Origin with a POST; what sends neither is no browser, and
    // whoever steals a cookie from one needs no forgery.
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok());
    let ours = match public {
        Some(public) => Some(public.clone()),
        None => own_url(headers, scheme),
    };
    match (origin, ours) {
        (Some(origin), Some(ours)) if origin.origin() == ours.origin() => Ok(()),
        _ => Err(Forged::OtherSite),
    }
}

fn own_url(headers: &HeaderMap, scheme: Scheme) -> Option<Url> {
    let host = headers.get(HOST)?.to_str().ok()?;
    let scheme = if scheme == Scheme::Https { "https" } else { "http" };
    Url::parse(&format!("{scheme}://{host}/")).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
        let token = Redacted::new("abc".to_owned());
        let set_cookie = set(&token, Duration::from_secs(60), Scheme::Https);
        assert!(set_cookie.is_sensitive());
        assert_eq!(
            set_cookie.to_str().unwrap(),
            "onair_refresh=abc; HttpOnly; SameSite=Strict; Secure; Path=/api/auth; Max-Age=60"
        );
        assert!(!set(&token, Duration::from_secs(60), Scheme::Http).to_str().unwrap().contains("Secure"));
        assert!(clear(Scheme::Http).to_str().unwrap().ends_with("Max-Age=0"));
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let found = refresh_token(&headers(&[("cookie", "a=b; onair_refresh=abc; c=d")]));
        assert_eq!(found.unwrap().expose(), "abc");
        assert!(refresh_token(&headers(&[("cookie", "onair_refresh2=abc")])).is_none());
        assert!(refresh_token(&headers(&[])).is_none());
    }

    #[test]
    fn only_our_own_pages_may_use_it() {
        let browser = ("x-onair-client", "browser");
        let host = ("host", "radio.example");
        let check = |lines: &[_], scheme, public: Option<&str>| {
            let public = public.map(|url| Url::parse(url).unwrap());
            check_origin(&headers(lines), scheme, public.as_ref())
        };
        let fetched = ("sec-fetch-site", "same-origin");
        let own = ("origin", "https://radio.example");
        assert_eq!(check(&[host, browser, fetched, own], Scheme::Https, None), Ok(()));
        assert_eq!(check(&[host, browser, own], Scheme::Https, None), Ok(()));
        assert_eq!(check(&[host, browser], Scheme::Https, None), Ok(()));
        assert_eq!(check(&[host, fetched, own], Scheme::Https, None), Err(Forged::NoHeader));
        for foreign in [
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "none"),
            ("origin", "https://evil.example"),
            ("origin", "http://radio.example"),
            ("origin", "https://radio.example:8443"),
            ("origin", "null"),
        ] {
            assert_eq!(
                check(&[host, browser, foreign], Scheme::Https, None),
                Err(Forged::OtherSite),
                "{foreign:?}"
            );
        }
    }

    #[test]
    fn behind_a_proxy_the_public_url_tells_what_is_ours() {
        let lines =
            [("host", "10.0.0.5:8080"), ("x-onair-client", "browser"), ("origin", "https://radio.example")];
        let public = Url::parse("https://radio.example/").unwrap();
        assert_eq!(check_origin(&headers(&lines), Scheme::Http, Some(&public)), Ok(()));
        assert_eq!(check_origin(&headers(&lines), Scheme::Http, None), Err(Forged::OtherSite));
    }
}
