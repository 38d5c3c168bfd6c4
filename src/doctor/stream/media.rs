//! What playlists name: init section, parts, segments.

use http::{StatusCode, header};
use url::Url;

use super::{Found, Visit, answer::Answer};

impl Visit {
    /// Fetches what playlists name.
    pub(super) async fn media(&mut self, found: &Found) {
        let outcome = self.init(found).await;
        self.report.rule("init section", outcome, "4.4.4.5: EXT-X-MAP names ftyp and moov");
        let outcome = self.hinted_part(found).await;
        self.report.rule("hinted part", outcome, "6.2.6: hold the request, then send the whole part at once");
        let outcome = self.sum(found).await;
        self.report.rule("segment of parts", outcome, "a segment is its parts, byte by byte");
    }

    async fn fetch(&self, base: &Url, uri: &str) -> Result<Answer, String> {
        let url = base.join(uri).map_err(|error| error.to_string())?;
        let answer = self.get(&url).await?;
        answer.is(StatusCode::OK).map_err(|wrong| format!("{uri}: {wrong}"))?;
        answer.cross_origin()?;
        Ok(answer)
    }

    async fn init(&self, found: &Found) -> Result<String, String> {
        let uri = found.media.maps.first().ok_or("EXT-X-MAP is missing")?;
        let answer = self.fetch(&found.url, uri).await?;
        let kind = answer.header(header::CONTENT_TYPE);
        let boxes = boxes(&answer.body);
        if !boxes.starts_with(&[*b"ftyp"]) || !boxes.contains(b"moov") {
            return Err(format!("{uri} does not hold ftyp and moov"));
        }
        if !kind.starts_with("audio/mp4") && !kind.starts_with("video/mp4") {
            return Err(format!("{uri} is sent as `{kind}`"));
        }
        Ok(format!("{} bytes as {kind}", answer.body.len()))
    }

    async fn hinted_part(&self, found: &Found) -> Result<String, String> {
        let (_, media) = self.playlist(&found.url).await?;
        let hint = media.hints.first().ok_or("EXT-X-PRELOAD-HINT is missing")?;
        let answer = self.fetch(&found.url, hint).await?;
        if !boxes(&answer.body).contains(b"moof") {
            return Err(format!("{hint} does not hold a moof"));
        }
        let least = 6 * u64::from(media.target.unwrap_or(0));
        if answer.max_age().is_none_or(|age| age < least) {
            let control = answer.header(header::CACHE_CONTROL);
            return Err(format!(
                "Cache-Control of a part is `{control}`, six target durations are {least} s"
            ));
        }
        Ok(format!("{} bytes after {:.2?}", answer.body.len(), answer.took))
    }

    async fn sum(&self, found: &Found) -> Result<String, String> {
        let (_, media) = self.playlist(&found.url).await?;
        let whole = media.segments.iter().rev().find(|segment| {
            segment.uri.is_some()
                && !segment.gap
                && !segment.parts.is_empty()
                && segment.parts.iter().all(|part| !part.gap)
        });
        let Some((segment, uri)) = whole.and_then(|segment| segment.uri.as_ref().map(|uri| (segment, uri)))
        else {
            return Ok("no segment with parts has ended yet".to_owned());
        };
        let bytes = self.fetch(&found.url, uri).await?.body;
        let mut joined = Vec::new();
        for part in &segment.parts {
            joined.extend_from_slice(&self.fetch(&found.url, &part.uri).await?.body);
        }
        if bytes != joined {
            return Err(format!("{uri} has {} bytes, its parts {} and others", bytes.len(), joined.len()));
        }
        Ok(format!("{} parts, {} bytes", segment.parts.len(), bytes.len()))
    }
}

/// The types of the boxes at the top level (ISO/IEC 14496-12, 4.2).
fn boxes(mut bytes: &[u8]) -> Vec<[u8; 4]> {
    let mut found = Vec::new();
    while let Some((head, _)) = bytes.split_first_chunk::<8>() {
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        found.push([head[4], head[5], head[6], head[7]]);
        match bytes.get(size.max(8)..) {
            Some(rest) => bytes = rest,
            None => break,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_walked_and_a_wrong_size_ends_the_walk() {
        assert_eq!(boxes(b"\0\0\0\x0cftypabcd\0\0\0\x08moov"), [*b"ftyp", *b"moov"]);
        assert_eq!(boxes(b"\xff\xff\xff\xffmdat"), [*b"mdat"]);
        assert!(boxes(b"short").is_empty());
        assert_eq!(boxes(b"\0\0\0\0zero\0\0\0\x08moov").len(), 2);
    }
}
