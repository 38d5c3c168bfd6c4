//! A playlist that is followed part by part.

use std::time::Duration;

use http::header;
use tokio::time::Instant;

use super::{Found, Visit, directives::directives};
use crate::doctor::rules;

/// How long the playlist is followed.
const FOLLOW: Duration = Duration::from_secs(8);

/// Reloads within [`FOLLOW`] at most, for streams of very short parts.
const RELOADS: usize = 16;

impl Visit {
    /// Reloads one playlist part by part.
    pub(super) async fn follow(&mut self, found: &Found) {
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
}
