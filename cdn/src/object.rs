//! What is stored: bytes, and what caches and players are told of them.

use bytes::Bytes;

use crate::ObjectKey;

/// How long caches may keep an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Caching {
    /// For ever: a name that never stands for other bytes.
    Immutable,
    /// For some seconds: a playlist that grows.
    Growing,
    /// For ten minutes: a playlist that has ended, and may yet be cut or taken away. Each listener asks for it once,
    /// so that keeping it for longer would save nothing.
    Ended,
}

impl Caching {
    /// The value of `Cache-Control`.
    pub const fn cache_control(self) -> &'static str {
        match self {
            Self::Immutable => "public, max-age=31536000, immutable",
            // One target duration.
            Self::Growing => "public, max-age=4",
            Self::Ended => "public, max-age=600",
        }
    }
}

/// An object to be stored.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its name.
    pub key: ObjectKey,
    /// What is in it.
    pub bytes: Bytes,
    /// How long caches may keep it.
    pub caching: Caching,
}

impl Object {
    /// Its media type, which follows from the ending of its name.
    pub fn content_type(&self) -> &'static str {
        match self.key.as_str().rsplit_once('.').map(|(_, ending)| ending) {
            Some("m4s" | "mp4" | "m4a") => "audio/mp4",
            Some("m3u8") => "application/vnd.apple.mpegurl",
            Some("jpg") => "image/jpeg",
            Some("webp") => "image/webp",
            Some("json") => "application/json",
            _ => "application/octet-stream",
        }
    }
}
