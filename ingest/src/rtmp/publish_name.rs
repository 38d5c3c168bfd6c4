//! Which broadcast a publisher means, and the key it shows.
//!
//! What reaches us is the app of `connect` and the name of `publish`, which encoders cut out of the address
//! in their own ways. Accepted, where `ID` is the broadcast and `KEY` its stream key:
//!
//! | server address | stream key |
//! | --- | --- |
//! | `rtmp://HOST/live` | `ID?token=KEY` |
//! | `rtmp://HOST/live` | `ID/KEY` |
//! | `rtmp://HOST/live/ID` | `KEY` |
//! | `rtmp://HOST/live/ID` | `?token=KEY` |
//! | `rtmp://HOST/live?token=KEY` | `ID` |

use crate::StreamKey;

/// The longest broadcast id.
pub const MAX_ID: usize = 64;
/// The app that every address begins with.
const APP: &str = "live";

/// A broadcast's id and the key shown for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublishName {
    /// 1 to [`MAX_ID`] letters, digits, `-` and `_`.
    pub broadcast: String,
    /// Not yet compared with anything.
    pub key: StreamKey,
}

/// An address that names no broadcast or shows no key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The app isn't `live`.
    #[error("The server address ends in /live; the stream key reads NAME?token=KEY.")]
    App,
    /// No id, or one that can't be.
    #[error("There is no such broadcast. Check the stream key: it reads NAME?token=KEY.")]
    Broadcast,
    /// No key, or one that can't be.
    #[error("The stream key is missing or wrong. It reads NAME?token=KEY.")]
    Key,
}

impl PublishName {
    /// Puts the pieces together. `app` is as `connect` said it, `stream` as `publish` did.
    pub fn parse(app: &str, stream: &str) -> Result<Self, NameError> {
        // People paste spaces and line ends along.
        let (app, stream) = (app.trim(), stream.trim());
        let stream = ["mp4:", "flv:", "mp3:"]
            .into_iter()
            .find_map(|prefix| stream.strip_prefix(prefix))
            .unwrap_or(stream);
        let (app_path, app_query) = split_query(app);
        let (stream_path, stream_query) = split_query(stream);

        let mut segments =
            app_path.split('/').chain(stream_path.split('/')).filter(|segment| !segment.is_empty());
        if segments.next() != Some(APP) {
            return Err(NameError::App);
        }
        let broadcast = segments.next().ok_or(NameError::Broadcast)?;
        let in_path = segments.next();
        if segments.next().is_some() || !is_broadcast_id(broadcast) {
            return Err(NameError::Broadcast);
        }
        let key = token(stream_query).or_else(|| token(app_query)).or(in_path).ok_or(NameError::Key)?;
        let key = StreamKey::parse(key).map_err(|_| NameError::Key)?;
        Ok(Self { broadcast: broadcast.to_owned(), key })
    }
}

fn split_query(text: &str) -> (&str, &str) {
    text.split_once('?').unwrap_or((text, ""))
}

fn token(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("token="))
}

fn is_broadcast_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_form_means_the_same() {
        let expected = PublishName { broadcast: "studio".into(), key: StreamKey::parse("s3cret").unwrap() };
        for (app, stream) in [
            ("live", "studio?token=s3cret"),
            ("live/", "studio?token=s3cret"),
            ("/live", " studio?token=s3cret\n"),
            ("live", "studio?lang=de&token=s3cret&x"),
            ("live", "studio/s3cret"),
            ("live", "mp4:studio/s3cret"),
            ("live/studio", "s3cret"),
            ("live/studio", "?token=s3cret"),
            ("live/studio?token=s3cret", ""),
            ("live?token=s3cret", "studio"),
            ("live/studio/s3cret", ""),
        ] {
            assert_eq!(PublishName::parse(app, stream), Ok(expected.clone()), "{app:?} {stream:?}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(PublishName::parse("app", "studio?token=a"), Err(NameError::App));
        assert_eq!(PublishName::parse("", ""), Err(NameError::App));
        assert_eq!(PublishName::parse("live", ""), Err(NameError::Broadcast));
        assert_eq!(PublishName::parse("live", "../x?token=a"), Err(NameError::Broadcast));
        assert_eq!(PublishName::parse("live", "a/b/c"), Err(NameError::Broadcast));
        assert_eq!(PublishName::parse("live", &"a".repeat(MAX_ID + 1)), Err(NameError::Broadcast));
        assert_eq!(PublishName::parse("live", "studio"), Err(NameError::Key));
        assert_eq!(PublishName::parse("live", "studio?token="), Err(NameError::Key));
        assert_eq!(PublishName::parse("live", "studio?token=a b"), Err(NameError::Key));
    }
}
