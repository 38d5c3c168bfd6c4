//! What a file says about itself.

use bytes::Bytes;

use crate::chapters::clip;

/// What a file says about itself. Texts that are empty are not written; of long ones the beginning is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tags {
    /// The recording's name.
    pub title: String,
    /// Who is heard.
    pub artist: String,
    /// What it is one of.
    pub album: String,
    /// When it was: a year, or a date as ISO 8601 writes it.
    pub date: String,
    /// What it is about.
    pub comment: String,
    /// Its picture.
    pub cover: Option<Cover>,
}

impl Tags {
    /// Bytes of a text.
    pub const TEXT_BYTES_MAX: usize = 4_096;

    /// As much of `text` as is written.
    pub(crate) fn written(text: &str) -> &str {
        clip(text, Self::TEXT_BYTES_MAX)
    }
}

/// A picture in a format that files carry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cover {
    format: Format,
    bytes: Bytes,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Format {
    Png,
    Jpeg,
    WebP,
}

impl Cover {
    /// Bytes of a picture: what the station keeps of an upload is smaller.
    pub const BYTES_MAX: usize = 4 * 1024 * 1024;

    /// A PNG, JPEG or WebP picture, told by how it begins. `None` for anything else, and for one of more than
    /// [`Self::BYTES_MAX`].
    pub fn new(bytes: Bytes) -> Option<Self> {
        let format = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Format::Png
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Format::Jpeg
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Format::WebP
        } else {
            return None;
        };
        (bytes.len() <= Self::BYTES_MAX).then_some(Self { format, bytes })
    }

    /// Its media type.
    pub const fn media_type(&self) -> &'static str {
        match self.format {
            Format::Png => "image/png",
            Format::Jpeg => "image/jpeg",
            Format::WebP => "image/webp",
        }
    }

    /// Its type in a `data` box of MP4 metadata; `None` for WebP, which has none.
    pub(crate) const fn mp4_type(&self) -> Option<u32> {
        match self.format {
            Format::Jpeg => Some(13),
            Format::Png => Some(14),
            Format::WebP => None,
        }
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cover_is_told_by_how_it_begins() {
        let told = |bytes: &[u8]| Cover::new(Bytes::copy_from_slice(bytes)).map(|cover| cover.media_type());
        assert_eq!(told(b"\x89PNG\r\n\x1a\n..."), Some("image/png"));
        assert_eq!(told(b"\xff\xd8\xff\xe0..."), Some("image/jpeg"));
        assert_eq!(told(b"RIFF\x04\0\0\0WEBPVP8 "), Some("image/webp"));
        assert_eq!(told(b"GIF89a"), None);
        assert_eq!(told(b""), None);
        let mut large = b"\xff\xd8\xff".to_vec();
        large.resize(Cover::BYTES_MAX + 1, 0);
        assert_eq!(told(&large), None);
    }
}
