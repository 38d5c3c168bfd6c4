//! Delivery directives, and requests that have to be refused.

use std::time::Duration;

use http::{StatusCode, header};
use url::Url;

use super::{Found, Visit};
use crate::doctor::{playlist, rules};

/// How often a segment that is there is asked for before it is said to be held.
const TRIES: usize = 3;

impl Visit {
    /// Asks what a server answers in its own way.
    pub(super) async fn directives(&mut self, found: &Found) {
        let delta = async {
            let (_, whole) = self.playlist(&found.url).await?;
            let mut url = found.url.clone();
            url.query_pairs_mut().append_pair("_HLS_skip", "YES");
            let (_, delta) = self.playlist(&url).await?;
            // A young stream has nothing beyond the boundary yet.
            let until = playlist::number(&whole.control, "CAN-SKIP-UNTIL").unwrap_or(f64::MAX);
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
            let part = whole.part_target.unwrap_or(1.0).max(0.5);
            // A busy server or line is late now and then; a server that holds is late each time.
            let mut took = Duration::MAX;
            for _ in 0..TRIES {
                took = took.min(self.playlist(&url).await?.0.took);
                if took.as_secs_f64() <= part {
                    return Ok(format!("answered in {took:.0?}"));
                }
            }
            Err(format!("a segment that is there was held for {took:.2?}"))
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
}

pub(super) fn directives(url: &Url, asked: &[(&str, u64)]) -> Url {
    let mut url = url.clone();
    for (name, value) in asked {
        url.query_pairs_mut().append_pair(name, &value.to_string());
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_join_a_query_that_is_there() {
        let url = Url::parse("http://a/x.m3u8?key=1").unwrap();
        assert_eq!(directives(&url, &[("_HLS_msn", 5)]).as_str(), "http://a/x.m3u8?key=1&_HLS_msn=5");
    }
}
