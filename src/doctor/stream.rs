//! A live stream, looked at as a strict player would for some ten seconds.

mod answer;
mod directives;
mod media;
mod reload;
mod sending;

use http::{Request, StatusCode, Version, header};
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
use answer::Answer;

/// Media Playlists we look at: a ladder has three, a few languages make it a dozen.
const PLAYLISTS: usize = 12;

/// What a player's page would send.
const ORIGIN: &str = "https://listener.example";

const ON_AIR: &str = "give the address of a multivariant playlist on air, as /live/NAME/index.m3u8";

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
