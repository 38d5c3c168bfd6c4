//! A live stream, looked at as a strict player would for some ten seconds.

use std::{io::Read, time::Duration};

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, Request, StatusCode, Version, header};
use http_body_util::Full;
use rustls::RootCertStore;
use tokio::time::Instant;
use url::Url;

use super::{
    playlist::{Media, Multivariant},
    report::Report,
    rules,
};
use crate::http::{Client, client::Speaks};

/// Media Playlists we look at: a ladder has three, a few languages make it a dozen.
const PLAYLISTS: usize = 12;

/// How long the playlist is followed.
const FOLLOW: Duration = Duration::from_secs(8);

/// Reloads within [`FOLLOW`] at most, for streams of very short parts.
const RELOADS: usize = 16;

/// A playlist unpacked. The longest live window is some 50 kB.
const TEXT_LIMIT: u64 = 8 * 1024 * 1024;

/// What a player's page would send.
const ORIGIN: &str = "https://listener.example";

const ON_AIR: &str = "give the address of a multivariant playlist on air, as /live/NAME/index.m3u8";

/// An answer, with what a rule may ask of it.
struct Answer {
    status: StatusCode,
    version: Version,
    headers: HeaderMap,
    body: Bytes,
    took: Duration,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    fn max_age(&self) -> Option<u64> {
        let control = self.header(header::CACHE_CONTROL);
        control.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok())
    }

    /// The body as text, unpacked.
    fn text(&self) -> Result<String, String> {
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

    fn cross_origin(&self) -> Result<(), String> {
        match self.header(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
            "*" | ORIGIN => Ok(()),
            other => Err(format!("Access-Control-Allow-Origin is `{other}` on a {}", self.status)),
        }
    }

    fn is(&self, status: StatusCode) -> Result<(), String> {
        if self.status == status { Ok(()) } else { Err(format!("{} instead of {status}", self.status)) }
    }
}

/// The one who looks.
struct Visit {
    client: Client,
    report: Report,
}

/// A Media Playlist and where it is.
struct Found {
    url: Url,
    media: Media,
}

/// Looks at the stream whose Multivariant Playlist is at `url`, for some ten seconds.
pub async fn examine(url: &Url, roots: RootCertStore) -> Report {
    let mut visit = Visit { client: Client::new(roots), report: Report::default() };
    if let Some(playlists) = visit.open(url).await {
        visit.read(&playlists);
        if playlists.iter().any(|found| found.media.ended) {
            visit.report.fail("on air", "the broadcast has ended", ON_AIR);
        } else if let Some(first) = playlists.first() {
            visit.follow(first).await;
            visit.directives(first).await;
            visit.media(first).await;
        }
        visit.http2(url).await;
    }
    visit.report
}

impl Visit {
    async fn get(&self, url: &Url) -> Result<Answer, String> {
        let request = Request::get(url.as_str())
            .header(header::ORIGIN, ORIGIN)
            .header(header::ACCEPT_ENCODING, "gzip")
            .body(Full::default())
            .map_err(|error| error.to_string())?;
        let begun = Instant::now();
        let (head, body) = self.client.fetch(request).await.map_err(|error| error.to_string())?.into_parts();
        let took = begun.elapsed();
        Ok(Answer { status: head.status, version: head.version, headers: head.headers, body, took })
    }

    async fn playlist(&self, url: &Url) -> Result<(Answer, Media), String> {
        let answer = self.get(url).await?;
        answer.is(StatusCode::OK)?;
        let media = Media::read(&answer.text()?);
        Ok((answer, media))
    }

    /// Fetches the multivariant and what it names, and judges how they are sent.
    async fn open(&mut self, url: &Url) -> Option<Vec<Found>> {
        let check = "multivariant playlist";
        let top = match self.get(url).await {
            Ok(top) => top,
            Err(error) => {
                self.report.fail(check, error, ON_AIR);
                return None;
            }
        };
        let read = top.is(StatusCode::OK).and_then(|()| top.text()).map(|text| Multivariant::read(&text));
        let multivariant = match read {
            Ok(Some(multivariant)) => multivariant,
            Ok(None) => {
                self.report.fail(check, "it names no Variant Stream", ON_AIR);
                return None;
            }
            Err(wrong) => {
                self.report.fail(check, wrong, ON_AIR);
                return None;
            }
        };
        let addresses = multivariant.addresses();
        self.report.ok(check, format!("names {} playlists", addresses.len()));
        self.report.rule(
            "variants",
            rules::variants(&multivariant),
            "each EXT-X-STREAM-INF needs BANDWIDTH and CODECS (4.4.6.2)",
        );
        let mut playlists = Vec::new();
        let mut answers = vec![top];
        for address in addresses.into_iter().take(PLAYLISTS) {
            let fetched = match url.join(address) {
                Ok(url) => self.playlist(&url).await.map(|(answer, media)| (url, answer, media)),
                Err(error) => Err(error.to_string()),
            };
            match fetched {
                Ok((url, answer, media)) => {
                    answers.push(answer);
                    playlists.push(Found { url, media });
                }
                Err(wrong) => {
                    let advice = "every playlist that is named must be there";
                    self.report.fail("media playlists", format!("{address}: {wrong}"), advice);
                    return None;
                }
            }
        }
        self.sent(&answers, playlists.first().and_then(|found| found.media.target).unwrap_or(0));
        Some(playlists)
    }

    /// How playlists are sent.
    fn sent(&mut self, answers: &[Answer], target: u32) {
        let all = |rule: &dyn Fn(&Answer) -> Result<(), String>, found: &str| -> Result<String, String> {
            answers.iter().try_for_each(rule).map(|()| found.to_owned())
        };
        self.report.rule(
            "content type",
            all(
                &|answer| match answer.header(header::CONTENT_TYPE) {
                    kind if kind.starts_with("application/vnd.apple.mpegurl") => Ok(()),
                    kind if kind.starts_with("audio/mpegurl") => Ok(()),
                    kind => Err(format!("a playlist is sent as `{kind}`")),
                },
                "application/vnd.apple.mpegurl",
            ),
            "send playlists as application/vnd.apple.mpegurl (4)",
        );
        self.report.rule(
            "cross origin",
            all(
                &|answer| {
                    answer.cross_origin()?;
                    let exposed = answer.header(header::ACCESS_CONTROL_EXPOSE_HEADERS).to_ascii_lowercase();
                    if exposed == "*" || exposed.split(',').any(|name| name.trim() == "age") {
                        Ok(())
                    } else {
                        Err("Age is not in Access-Control-Expose-Headers".to_owned())
                    }
                },
                "open to any page, Age exposed",
            ),
            "players on other sites need CORS, and hls.js reads Age; check what a proxy strips",
        );
        self.report.rule(
            "gzip",
            all(
                &|answer| {
                    let varies = answer.header(header::VARY).to_ascii_lowercase().contains("accept-encoding");
                    if answer.header(header::CONTENT_ENCODING) != "gzip" {
                        Err("a playlist was asked for with gzip and came without".to_owned())
                    } else if varies {
                        Ok(())
                    } else {
                        Err("Vary: Accept-Encoding is missing".to_owned())
                    }
                },
                "playlists are packed",
            ),
            "compress playlists (B.1); check what a proxy undoes",
        );
        self.report.rule(
            "playlist caching",
            all(
                &|answer| match answer.max_age() {
                    Some(age) if age <= u64::from(target) => Ok(()),
                    Some(age) => Err(format!("max-age={age} on a playlist that was not asked to block")),
                    None if answer.header(header::CACHE_CONTROL).contains("no-") => Ok(()),
                    None => Err("Cache-Control is missing".to_owned()),
                },
                "no longer than a target duration",
            ),
            "send max-age of half a target duration (B.1)",
        );
    }

    /// What playlists say, each and together.
    fn read(&mut self, playlists: &[Found]) {
        let each = |rule: &dyn Fn(&Media) -> Result<String, String>| {
            let mut found = String::new();
            for playlist in playlists {
                found = rule(&playlist.media).map_err(|wrong| format!("{}: {wrong}", playlist.url.path()))?;
            }
            Ok(found)
        };
        let others = playlists.len() - 1;
        let report = &mut self.report;
        report.rule("head", each(&rules::head), "8: the version is that of the tags in use");
        report.rule("target duration", each(&rules::target_duration), "4.4.3.1: no segment may be longer");
        report.rule("parts", each(&rules::parts), "4.4.3.7: choose the latency mode `low` or `ultra`");
        report.rule(
            "server control",
            each(&rules::server_control),
            "4.4.3.8: players stay at normal latency without",
        );
        let same = playlists.windows(2).all(|pair| pair[0].media.control == pair[1].media.control);
        report.rule(
            "same server control",
            if same {
                Ok("in all playlists".to_owned())
            } else {
                Err("it differs between playlists".to_owned())
            },
            "4.4.3.8: all playlists of a multivariant carry the same",
        );
        report.rule(
            "program date time",
            each(&rules::date_time),
            "B.1: needed to change renditions, and for chat",
        );
        report.rule("preload hint", each(&rules::hint), "4.4.5.3: exactly one while live");
        report.rule("window", each(&rules::window), "6.2.2: never less than three target durations");
        report.rule(
            "rendition reports",
            each(&|media| rules::reports(media, others)),
            "4.4.5.4: one for each other playlist, as fresh as this one",
        );
    }

    /// Reloads one playlist part by part.
    async fn follow(&mut self, found: &Found) {
        let mut before = found.media.clone();
        let begun = Instant::now();
        let (mut reloads, mut blocking, mut constant, mut hinted, mut cached) =
            (0, Ok(()), Ok(()), Ok(()), Ok(()));
        while reloads < RELOADS && begun.elapsed() < FOLLOW {
            let (msn, index) = before.next();
            let url = directives(&found.url, &[("_HLS_msn", msn), ("_HLS_part", index)]);
            let (answer, after) = match self.playlist(&url).await {
                Ok(answered) => answered,
                Err(wrong) => {
                    blocking = Err(format!("segment {msn} part {index}: {wrong}"));
                    break;
                }
            };
            reloads += 1;
            if after.next() <= (msn, index) && !after.ended {
                blocking = Err(format!("segment {msn} part {index} was asked for and is not in the answer"));
                break;
            }
            if let (Some(part), Some(hint)) = (after.part((msn, index)), before.hints.first())
                && part.uri != *hint
            {
                hinted = Err(format!("{hint} was hinted, {} came", part.uri));
            }
            let target = u64::from(after.target.unwrap_or(0));
            if answer.max_age().is_none_or(|age| age < target) {
                cached = Err(format!(
                    "Cache-Control of a blocking reload is `{}`",
                    answer.header(header::CACHE_CONTROL)
                ));
            }
            constant = constant.and_then(|()| rules::successor(&before, &after));
            before = after;
        }
        let followed = format!("{reloads} reloads in {:.1} s", begun.elapsed().as_secs_f64());
        let tell = |outcome: Result<(), String>| outcome.map(|()| followed.clone());
        self.report.rule(
            "blocking reload",
            tell(blocking),
            "6.2.5.2: hold the request until the part is there",
        );
        self.report.rule("constant tags", tell(constant), "6.2.1: a playlist may only grow, slide and end");
        self.report.rule("hint is the next part", tell(hinted), "4.4.5.3: the hinted address is the part's");
        self.report.rule(
            "blocking reload caching",
            tell(cached),
            "B.1: six target durations, so that a CDN answers for us",
        );
    }

    /// Asks what a server answers in its own way.
    async fn directives(&mut self, found: &Found) {
        let delta = async {
            let (_, whole) = self.playlist(&found.url).await?;
            let mut url = found.url.clone();
            url.query_pairs_mut().append_pair("_HLS_skip", "YES");
            let (_, delta) = self.playlist(&url).await?;
            // A young stream has nothing beyond the boundary yet.
            let until = super::playlist::number(&whole.control, "CAN-SKIP-UNTIL").unwrap_or(f64::MAX);
            if delta.skipped.is_none() && whole.duration() <= until {
                return Ok("nothing to skip yet".to_owned());
            }
            rules::delta(&whole, &delta)
        };
        let delta = delta.await;
        self.report.rule("delta update", delta, "6.2.5.1: answer _HLS_skip=YES with EXT-X-SKIP");

        let past = async {
            let (_, whole) = self.playlist(&found.url).await?;
            let url = directives(&found.url, &[("_HLS_msn", whole.first()), ("_HLS_part", 0)]);
            let (answer, _) = self.playlist(&url).await?;
            let part = whole.part_target.unwrap_or(1.0).max(0.5);
            if answer.took.as_secs_f64() > part {
                return Err(format!("a segment that is there was held for {:.2?}", answer.took));
            }
            Ok(format!("answered in {:.0?}", answer.took))
        };
        let past = past.await;
        self.report.rule("position in the past", past, "6.2.5.2: answer at once with the whole playlist");

        let msn = found.media.next().0;
        let refused: [(&'static str, &[(&str, u64)]); 2] = [
            ("part without segment", &[("_HLS_part", 0)]),
            ("far future", &[("_HLS_msn", msn.saturating_add(1000)), ("_HLS_part", 0)]),
        ];
        for (check, asked) in refused {
            let outcome = self.refusal(&directives(&found.url, asked), StatusCode::BAD_REQUEST).await;
            self.report.rule(
                check,
                outcome,
                "6.2.5.2: refuse with 400, open to any page, and let no cache keep it",
            );
        }
        let outcome = match found.url.join("no-such-part.m4s") {
            Ok(url) => self.refusal(&url, StatusCode::NOT_FOUND).await,
            Err(error) => Err(error.to_string()),
        };
        self.report.rule(
            "unknown part",
            outcome,
            "answer 404 at once, open to any page, and let no cache keep it",
        );
    }

    async fn refusal(&self, url: &Url, status: StatusCode) -> Result<String, String> {
        let answer = self.get(url).await?;
        answer.is(status)?;
        answer.cross_origin()?;
        let control = answer.header(header::CACHE_CONTROL);
        if !control.contains("no-store") {
            return Err(format!("Cache-Control of a {status} is `{control}`, not no-store"));
        }
        Ok(format!("{} in {:.0?}", status.as_u16(), answer.took))
    }

    /// Fetches what playlists name.
    async fn media(&mut self, found: &Found) {
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

    async fn http2(&mut self, url: &Url) {
        let visit = Self { client: self.client.clone().speaking(Speaks::Http2), report: Report::default() };
        let outcome = match visit.get(url).await {
            Ok(answer) if answer.version == Version::HTTP_2 => Ok("spoken".to_owned()),
            Ok(answer) => Err(format!("{:?} was spoken instead", answer.version)),
            Err(error) => Err(error),
        };
        self.report.rule(
            "HTTP/2",
            outcome,
            "B.1: Safari stays 15 s behind without; browsers also need TLS for it",
        );
    }
}

fn directives(url: &Url, asked: &[(&str, u64)]) -> Url {
    let mut url = url.clone();
    for (name, value) in asked {
        url.query_pairs_mut().append_pair(name, &value.to_string());
    }
    url
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

    #[test]
    fn directives_join_a_query_that_is_there() {
        let url = Url::parse("http://a/x.m3u8?key=1").unwrap();
        assert_eq!(directives(&url, &[("_HLS_msn", 5)]).as_str(), "http://a/x.m3u8?key=1&_HLS_msn=5");
    }
}
