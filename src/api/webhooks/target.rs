//! Where a webhook may point.

use url::Url;

use crate::api::error::Problem;
use crate::http::reach::Reach;

/// Longest address, in bytes.
const URL_MAX: usize = 2_048;

/// The address, where it is one that the outbox can use. A name is looked at again whenever it is resolved.
pub(super) fn check(text: &str, reach: Reach) -> Result<Url, Problem> {
    let wrong = |detail: &str| Problem::invalid("url", detail);
    if text.len() > URL_MAX {
        return Err(wrong("must have at most 2048 bytes"));
    }
    let url = Url::parse(text.trim()).map_err(|_| wrong("must be an http or https address"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("must be an http or https address"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not have a user or a password; requests are signed"));
    }
    if url.fragment().is_some() {
        return Err(wrong("must not have a fragment: nothing after # is sent"));
    }
    match url.host() {
        Some(host) if reach.may_allow(&host) => Ok(url),
        _ => Err(wrong("must be on the public internet")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_points_to_the_public_internet() {
        for url in ["https://example.org/hook?a=b", " http://example.org:8080 ", "http://1.1.1.1/"] {
            assert!(check(url, Reach::Public).is_ok(), "{url}");
        }
        for url in [
            "",
            "example.org",
            "ftp://example.org",
            "https://",
            "https://a@example.org",
            "https://:b@example.org",
            "https://example.org/#c",
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://localhost/",
            "http://app.localhost/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://169.254.169.254/",
        ] {
            assert!(check(url, Reach::Public).is_err(), "{url}");
        }
        let long = format!("https://example.org/{}", "a".repeat(2_048));
        assert!(check(&long, Reach::Anywhere).is_err());
        assert!(check("http://127.0.0.1/", Reach::Anywhere).is_ok());
    }
}
