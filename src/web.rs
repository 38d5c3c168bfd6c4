//! The web app, embedded: `web/dist` as it was when the binary was built.

use std::collections::HashMap;
use std::io::Write;
use std::sync::LazyLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_ENCODING,
    CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use origin::Body;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Dist;

/// What pages may load, and who may show them in a frame.
pub struct Policies {
    page: HeaderValue,
    /// Of the small player, which is made for pages of others.
    embed: HeaderValue,
}

impl Policies {
    /// What pages load comes from here, and HLS from `cdn` too, which is an origin or empty. hls.js starts its worker
    /// from a blob, feeds the audio element from one, and gives it an empty text track as a `data:` address.
    pub fn new(cdn: &str) -> Self {
        let hls = if cdn.is_empty() { String::new() } else { format!(" {cdn}") };
        let policy = |framed_by: &str| {
            let policy = format!(
                "default-src 'self'; worker-src 'self' blob:; media-src 'self' blob: data:{hls}; connect-src 'self'{hls}; \
                 img-src 'self' data:; style-src 'self'; base-uri 'none'; form-action 'self'; \
                 frame-ancestors {framed_by}; object-src 'none'"
            );
            HeaderValue::try_from(policy).expect("an origin is plain enough for a header")
        };
        Self { page: policy("'self'"), embed: policy("*") }
    }

    /// Of the page at `name`, a path without its first slash.
    fn of(&self, name: &str) -> &HeaderValue {
        if name.starts_with(EMBED) { &self.embed } else { &self.page }
    }
}

/// Where the small player is.
const EMBED: &str = "embed/";

/// What pages of others load.
const FOR_OTHERS: &str = "sdk/";

/// What is a page for everybody, also for programs that do not say that they want one.
const PAGES: [&str; 2] = ["", "api/docs"];

/// What stands in for a web app that was not built.
const NOT_BUILT: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>OnAir</title>\
     <p>This OnAir was built without its web app. Run <code>make build</code>, or open \
     <a href=/live/demo/index.m3u8>a playlist</a> in a player.";

struct Asset {
    plain: Bytes,
    gzip: Option<Bytes>,
    content_type: &'static str,
    etag: String,
}

static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let mut assets: HashMap<_, _> = Dist::iter()
        .filter_map(|path| {
            Dist::get(&path).map(|file| (path.to_string(), Asset::new(&path, file.data.into_owned().into())))
        })
        .collect();
    let page = || Asset::new("index.html", Bytes::from_static(NOT_BUILT.as_bytes()));
    assets.entry("index.html".into()).or_insert_with(page);
    assets
});

impl Asset {
    fn new(path: &str, plain: Bytes) -> Self {
        let content_type = content_type(path);
        let gzip = (!content_type.starts_with("font/") && !content_type.starts_with("image/png"))
            .then(|| compress(&plain))
            .filter(|gzip| gzip.len() < plain.len());
        // FNV-1a: a name for these bytes, not a proof of them.
        let hash = plain.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { plain, gzip, content_type, etag: format!("\"{hash:016x}\"") }
    }
}

/// Answers a request for a page or an asset. Paths that a page can have but no file has are the page
/// itself: the app knows its own routes. A missing asset is a 404, never a page.
pub fn serve(method: &Method, path: &str, headers: &HeaderMap, policies: &Policies) -> Response<Body> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let name = path.trim_start_matches('/');
    let policy = policies.of(name);
    let accepts = |kind: &str| {
        headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains(kind))
    };
    match ASSETS.get(name) {
        Some(asset) => shared(name, respond(asset, name.starts_with("assets/"), headers, policy)),
        None if PAGES.contains(&name) || accepts("text/html") => match ASSETS.get("index.html") {
            Some(page) => respond(page, false, headers, policy),
            None => status(StatusCode::NOT_FOUND),
        },
        None => status(StatusCode::NOT_FOUND),
    }
}

/// The page with what `told` makes of it, under its own address.
pub fn serve_page(
    method: &Method,
    headers: &HeaderMap,
    policies: &Policies,
    told: impl FnOnce(&str) -> String,
) -> Response<Body> {
    let page = ASSETS.get("index.html").and_then(|asset| std::str::from_utf8(&asset.plain).ok());
    match page {
        Some(page) if matches!(*method, Method::GET | Method::HEAD) => {
            respond(&Asset::new("index.html", told(page).into()), false, headers, &policies.page)
        }
        _ => serve(method, "", headers, policies),
    }
}

/// Modules are loaded from elsewhere only where that is allowed.
fn shared(name: &str, mut response: Response<Body>) -> Response<Body> {
    if name.starts_with(FOR_OTHERS) {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    response
}

fn respond(asset: &Asset, hashed: bool, request: &HeaderMap, policy: &HeaderValue) -> Response<Body> {
    let mut response = status(StatusCode::OK);
    let headers = response.headers_mut();
    let keep = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::try_from(&asset.etag) {
        headers.insert(ETAG, etag);
    }
    if request.get(IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == asset.etag.as_bytes()) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let gzip_accepted = request
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|codings| codings.contains("gzip"));
    let bytes = match &asset.gzip {
        Some(gzip) if gzip_accepted => {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            gzip.clone()
        }
        _ => asset.plain.clone(),
    };
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    *response.body_mut() = bytes.into();
    response
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn compress(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let done = encoder.write_all(plain).and_then(|()| encoder.finish());
    done.expect("writing to a Vec cannot fail").into()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str, accept: &'static str) -> Response<Body> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        serve(&Method::GET, path, &headers, &Policies::new(""))
    }

    #[test]
    fn a_route_of_the_app_is_the_page() {
        let response = get("/listen/studio", "text/html,*/*");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-cache");
    }

    #[test]
    fn a_missing_asset_is_not_the_page() {
        assert_eq!(get("/assets/none.js", "*/*").status(), StatusCode::NOT_FOUND);
        assert_eq!(get("/favicon.none", "image/*").status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn pages_of_others_may_load_what_is_made_for_them_and_nothing_else() {
        let opened =
            |name| shared(name, status(StatusCode::OK)).headers().get(ACCESS_CONTROL_ALLOW_ORIGIN).is_some();
        assert!(opened("sdk/live-chat.mjs"));
        assert!(!opened("index.html"));
        assert!(!opened("demo/sdk/whep.js"));
    }

    #[test]
    fn a_page_may_fetch_from_the_cdn_and_from_nowhere_else() {
        let allowed = |cdn| {
            let policies = Policies::new(cdn);
            policies.page.to_str().unwrap().split("; ").map(str::to_owned).collect::<Vec<_>>()
        };
        let with_cdn = allowed("https://cdn.radio.example");
        assert!(
            with_cdn.contains(&"connect-src 'self' https://cdn.radio.example".to_owned()),
            "{with_cdn:?}"
        );
        assert!(with_cdn.contains(&"media-src 'self' blob: data: https://cdn.radio.example".to_owned()));
        assert!(allowed("").contains(&"connect-src 'self'".to_owned()));
    }

    #[test]
    fn pages_of_others_may_frame_the_small_player_and_nothing_else() {
        let framed_by = |path| {
            let policy = get(path, "text/html").headers()[CONTENT_SECURITY_POLICY].clone();
            policy
                .to_str()
                .unwrap()
                .split("; ")
                .find(|rule| rule.starts_with("frame-ancestors"))
                .map(str::to_owned)
        };
        assert_eq!(framed_by("/embed/studio").as_deref(), Some("frame-ancestors *"));
        for path in ["/", "/b/embed/", "/embed", "/sign-in", "/studio/embed"] {
            assert_eq!(framed_by(path).as_deref(), Some("frame-ancestors 'self'"), "{path}");
        }
    }

    #[test]
    fn no_page_may_run_or_draw_what_stands_in_it() {
        let policies = Policies::new("https://cdn.radio.example");
        for policy in [&policies.page, &policies.embed] {
            assert!(!policy.to_str().unwrap().contains("unsafe"), "{policy:?}");
        }
    }

    #[test]
    fn pages_are_read_never_written() {
        let response = serve(&Method::POST, "/", &HeaderMap::new(), &Policies::new(""));
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[test]
    fn a_page_that_has_not_changed_is_not_sent_again() {
        let etag = get("/", "text/html").headers()[ETAG].clone();
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, etag);
        assert_eq!(serve(&Method::GET, "/", &headers, &Policies::new("")).status(), StatusCode::NOT_MODIFIED);
    }
}
