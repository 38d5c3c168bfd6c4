//! Whether Redis, by which rooms of several stations hear each other, can be had.

use std::time::{Duration, Instant};

use redis::{RedisResult, cmd};

use super::report::Report;
use crate::signal::bus::RedisUrl;

const CHECK: &str = "Redis";

/// The first version with streams.
const LEAST: u32 = 5;

/// A round trip that takes longer than this shows in a conversation.
const SLOW: Duration = Duration::from_millis(50);

/// Asks the server at `url`; without one there is nothing to look at.
pub(super) async fn examine(report: &mut Report, url: Option<&RedisUrl>) {
    let Some(url) = url else { return };
    let place = url.shown();
    match ask(url).await {
        Err(error) => report.fail(
            CHECK,
            format!("{place}: {error}"),
            "start it, or set its address, password and TLS right (`ONAIR_REDIS_URL`); without it rooms do not hear \
             those of other stations",
        ),
        Ok((Some(version), _)) if version < LEAST => report.fail(
            CHECK,
            format!("{place} is of version {version}, which has no streams"),
            format!("install version {LEAST} or a later one"),
        ),
        Ok((_, took)) if took > SLOW => report.warn(
            CHECK,
            format!("{place} answers after {} ms", took.as_millis()),
            "have it nearer: everything said in a room at another station waits for it",
        ),
        Ok((_, took)) => report.ok(CHECK, format!("{place} answers after {:.1} ms", took.as_secs_f64() * 1e3)),
    }
}

/// The major version, where the server tells, and how long an answer takes.
async fn ask(url: &RedisUrl) -> RedisResult<(Option<u32>, Duration)> {
    let mut connection = url.connect(Duration::ZERO).await?;
    let asked = Instant::now();
    let () = cmd("PING").query_async(&mut connection).await?;
    let took = asked.elapsed();
    // Some that are run by others keep this to themselves.
    let told: RedisResult<String> = cmd("INFO").arg("server").query_async(&mut connection).await;
    Ok((told.ok().and_then(|told| version(&told)), took))
}

fn version(told: &str) -> Option<u32> {
    let version = told.lines().find_map(|line| line.strip_prefix("redis_version:"))?;
    version.split('.').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_tells_its_version_among_other_things() {
        assert_eq!(version("# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"), Some(7));
        assert_eq!(version("# Server\r\n"), None);
    }

    #[tokio::test]
    async fn a_server_that_is_away_fails_and_its_password_is_not_shown() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let url = RedisUrl::of_parts("127.0.0.1", port, Some("secret")).unwrap();
        let mut report = Report::default();
        examine(&mut report, Some(&url)).await;
        assert!(report.fails());
        let text = report.to_string();
        assert!(text.contains(&format!("redis://127.0.0.1:{port}")) && !text.contains("secret"), "{text}");
    }
}
