//! Where a request shows its playback token.

use http::HeaderMap;
use http::header::COOKIE;

/// The cookie's name.
pub const COOKIE_NAME: &str = "onair_play";

/// What a request for media shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shown<'a> {
    /// Nothing in its path; perhaps a cookie.
    Plain,
    /// A token in its path.
    InPath(&'a str),
}

/// Splits the path of a request into what it shows and what lies below `/live/`. `None` for a path that is
/// no media's.
pub fn split(path: &str) -> Option<(Shown<'_>, &str)> {
    if let Some(media) = path.strip_prefix("/live/") {
        return Some((Shown::Plain, media));
    }
    let (token, rest) = path.strip_prefix("/s/")?.split_once('/')?;
    Some((Shown::InPath(token), rest.strip_prefix("live/")?))
}

/// The playback cookies of a request. A browser sends one a path; whatever else set the name stands beside it.
pub(super) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE_NAME).map(|(_, token)| token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_second_segment_of_a_signed_path() {
        assert_eq!(split("/live/a/index.m3u8"), Some((Shown::Plain, "a/index.m3u8")));
        assert_eq!(split("/s/T/live/a/index.m3u8"), Some((Shown::InPath("T"), "a/index.m3u8")));
        assert_eq!(split("/s//live/a/x"), Some((Shown::InPath(""), "a/x")));
        for other in ["/", "/s/", "/s/T", "/s/T/", "/s/T/lives/a", "/s/live/a/x", "/lives/a", "/api/live/a"] {
            assert_eq!(split(other), None, "{other}");
        }
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; onair_play=T; onair_player=x".parse().unwrap());
        headers.append(COOKIE, "onair_play=U".parse().unwrap());
        assert_eq!(cookies(&headers).collect::<Vec<_>>(), ["T", "U"]);
        assert_eq!(cookies(&HeaderMap::new()).count(), 0);
    }
}
