//! How playlists are sent.

use http::header;

use super::{Visit, answer::Answer};

impl Visit {
    /// How playlists are sent.
    pub(super) fn sent(&mut self, answers: &[Answer], target: u32) {
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
}
