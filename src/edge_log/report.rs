//! A tally for people, and for programs.

use std::fmt::Write as _;

use packager::WallClock;
use serde_json::{Value, json};

use super::Tally;
use super::entry::Class;
use super::tally::{Count, Minute, Sum};

/// A table a broadcast, and one of all.
pub fn table(tally: &Tally) -> String {
    let mut text = String::new();
    for (id, sum) in tally.broadcasts() {
        of(&mut text, id, sum);
    }
    of(&mut text, "in all", tally.all());
    for (count, what) in [
        (tally.unnamed, "requests for broadcasts that were not counted apart"),
        (tally.elsewhere, "requests for other things than media"),
        (tally.unreadable, "lines that were not understood"),
    ] {
        if count > 0 {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{count} {what}");
        }
    }
    text
}

fn of(text: &mut String, name: &str, sum: &Sum) {
    let head = ["requests", "hit ratio", "MB", "4xx", "5xx", "gone"];
    let head = head.map(|name| format!("{name:>12}")).concat();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{name:<24}{head}");
    let mut row = |name: &str, count: &Count| {
        let ratio = count.hit_ratio().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.4}"));
        let Count { requests, bytes, refused, failed, gone, .. } = count;
        let megabytes = *bytes as f64 / 1e6;
        let _ = writeln!(
            text,
            "  {name:<22}{requests:>12}{ratio:>12}{megabytes:>12.2}{refused:>12}{failed:>12}{gone:>12}"
        );
    };
    for class in Class::ALL {
        if sum.class(class).requests > 0 {
            row(class.name(), sum.class(class));
        }
    }
    row("all", &sum.all());
    if let Some(peak) = sum.peak() {
        let _ = writeln!(
            text,
            "  listeners a minute: {:.0} on average, {:.0} at most, at {}",
            sum.mean_listeners(),
            peak.listeners,
            at(peak)
        );
    }
    let sessions = sum.sessions();
    if sessions >= 0.5 {
        let _ = writeln!(
            text,
            "  sessions by CMCD: {sessions:.0}; ran out of sound: {:.0} of them, {} times",
            sum.starved_sessions(),
            sum.starvations
        );
    }
    text.push('\n');
}

fn at(minute: Minute) -> String {
    WallClock(minute.start.saturating_mul(1_000_000)).to_string()
}

/// The same, with the listeners of each minute.
pub fn json(tally: &Tally) -> Value {
    let broadcasts = tally.broadcasts().map(|(id, sum)| (id.to_owned(), sum_json(sum)));
    json!({
        "broadcasts": broadcasts.collect::<serde_json::Map<_, _>>(),
        "all": sum_json(tally.all()),
        "unnamed": tally.unnamed,
        "elsewhere": tally.elsewhere,
        "unreadable": tally.unreadable,
    })
}

fn sum_json(sum: &Sum) -> Value {
    let classes = Class::ALL.map(|class| (class.name().to_owned(), count_json(sum.class(class))));
    let minutes =
        sum.minutes().iter().map(|minute| json!({"at": at(*minute), "listeners": minute.listeners.round()}));
    json!({
        "classes": classes.into_iter().collect::<serde_json::Map<_, _>>(),
        "all": count_json(&sum.all()),
        "listenersPeak": sum.peak().map(|peak| peak.listeners.round()),
        "listenersMean": sum.mean_listeners(),
        "minutes": minutes.collect::<Vec<_>>(),
        "sessions": sum.sessions().round(),
        "sessionsStarved": sum.starved_sessions().round(),
        "starvations": sum.starvations,
    })
}

fn count_json(count: &Count) -> Value {
    json!({
        "requests": count.requests,
        "bytes": count.bytes,
        "hits": count.hits,
        "misses": count.misses,
        "hitRatio": count.hit_ratio(),
        "refused": count.refused,
        "failed": count.failed,
        "gone": count.gone,
    })
}
