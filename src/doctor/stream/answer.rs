//! What a server answered.

use std::{io::Read, time::Duration};

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, StatusCode, Version, header};

use super::ORIGIN;

/// A playlist unpacked. The longest live window is some 50 kB.
const TEXT_LIMIT: u64 = 8 * 1024 * 1024;

/// An answer, with what a rule may ask of it.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) took: Duration,
}

impl Answer {
    pub(super) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    pub(super) fn max_age(&self) -> Option<u64> {
        let control = self.header(header::CACHE_CONTROL);
        control.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok())
    }

    /// The body as text, unpacked.
    pub(super) fn text(&self) -> Result<String, String> {
        let mut text = String::new();
        if self.header(header::CONTENT_ENCODING) == "gzip" {
            GzDecoder::new(self.body.as_ref())
                .take(TEXT_LIMIT)
                .read_to_string(&mut text)
                .map_err(|error| format!("its gzip is broken: {error}"))?;
        } else {
            text = String::from_utf8(self.body.to_vec()).map_err(|_| "it is not UTF-8".to_owned())?;
        }
        Ok(text)
    }

    pub(super) fn cross_origin(&self) -> Result<(), String> {
        match self.header(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
            "*" | ORIGIN => Ok(()),
            other => Err(format!("Access-Control-Allow-Origin is `{other}` on a {}", self.status)),
        }
    }

    pub(super) fn is(&self, status: StatusCode) -> Result<(), String> {
        if self.status == status { Ok(()) } else { Err(format!("{} instead of {status}", self.status)) }
    }
}
