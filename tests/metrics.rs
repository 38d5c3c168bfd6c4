//! The metrics are what their table says, and the document says the same.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use onair::metrics::{
    Metrics,
    labels::{Dropped, JoinFailure, Listener, NoLabel, PathClass, StatusClass},
    table::{Kind, Row, TABLE},
};

/// A sample of the text: its name and its labels as written.
fn samples(text: &str) -> Vec<(String, String, f64)> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            (name.to_owned(), labels.trim_end_matches('}').to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// The names of samples that a row has.
fn names(row: &Row) -> Vec<String> {
    match row.kind {
        Kind::Histogram => ["_bucket", "_sum", "_count"].map(|end| format!("{}{end}", row.name)).to_vec(),
        _ => vec![row.name.to_owned()],
    }
}

/// A row as the document writes it.
fn documented(row: &Row) -> String {
    let labels: Vec<String> = row
        .labels
        .iter()
        .map(|label| {
            let values: Vec<String> = (label.values)().iter().map(|value| format!("`{value}`")).collect();
            format!("`{}`: {}", label.key, values.join(", "))
        })
        .collect();
    format!(
        "| `{}` | {} | {} | {} | {} |",
        row.name,
        row.kind.name(),
        row.unit.unwrap_or("–"),
        if labels.is_empty() { "–".to_owned() } else { labels.join("; ") },
        row.help
    )
}

#[test]
fn the_document_holds_the_table_row_by_row() {
    let document = include_str!("../docs/METRICS.md");
    let written: Vec<&str> = document.lines().filter(|line| line.starts_with("| `onair_")).collect();
    let expected: Vec<String> = TABLE.iter().map(documented).collect();
    assert_eq!(written, expected, "docs/METRICS.md should hold:\n{}", expected.join("\n"));
}

#[test]
fn every_row_is_scraped_and_nothing_else_is() {
    let text = Metrics::new().render(&[]);
    let found: BTreeSet<String> = samples(&text).into_iter().map(|(name, ..)| name).collect();
    let expected: BTreeSet<String> = TABLE.iter().flat_map(names).collect();
    assert_eq!(found, expected);
    assert!(text.ends_with("# EOF\n"));
    for row in TABLE {
        let base = row.name.strip_suffix("_total").filter(|_| row.kind == Kind::Counter).unwrap_or(row.name);
        assert!(text.contains(&format!("# TYPE {base} {}\n", row.kind.name())), "{base}");
        assert!(text.contains(&format!("# HELP {base} {}.\n", row.help)), "{base}");
    }
}

#[test]
fn names_have_the_prefix_and_end_with_their_unit() {
    for row in TABLE {
        let base = row.name.strip_suffix("_total").unwrap_or(row.name);
        assert!(row.name.starts_with("onair_"), "{}", row.name);
        assert_eq!(row.kind == Kind::Counter, row.name.ends_with("_total"), "{}", row.name);
        if let Some(unit) = row.unit {
            assert!(base.ends_with(&format!("_{unit}")), "{}", row.name);
            assert!(["seconds", "bytes", "ratio"].contains(&unit), "{unit} is no base unit");
        }
    }
}

#[test]
fn labels_come_from_their_closed_sets() {
    let text = Metrics::new().render(&[]);
    for (name, labels, _) in samples(&text) {
        let row = TABLE.iter().find(|row| names(row).contains(&name)).unwrap();
        let written: Vec<(&str, &str)> = labels
            .split(',')
            .filter(|label| !label.is_empty() && !label.starts_with("le="))
            .map(|label| label.split_once('=').unwrap())
            .collect();
        assert_eq!(written.len(), row.labels.len(), "{name}{{{labels}}}");
        for ((key, value), label) in written.into_iter().zip(row.labels) {
            assert_eq!(key, label.key);
            assert!((label.values)().contains(&value.trim_matches('"')), "{name}{{{labels}}}");
        }
    }
}

#[test]
fn what_is_added_and_what_is_observed_are_both_told() {
    let metrics = Metrics::new();
    metrics.join_failures.add(JoinFailure::BadKey, 2);
    metrics.egress_bytes.add(PathClass::Part, 20_480);
    metrics.http_requests.add(StatusClass::from(http::StatusCode::NOT_FOUND), 1);
    metrics.part_release_delay.observe(0.004);
    let held = metrics.held_requests.enter(NoLabel::One);
    let text = metrics.render(&[&|metrics: &Metrics| {
        metrics.listeners.set(Listener::Opus, 7);
        metrics.connections_dropped.set(Dropped::RtmpIdle, 3);
    }]);
    for line in [
        "onair_join_failures_total{side=\"publish\",reason=\"bad_key\"} 2",
        "onair_egress_bytes_total{path=\"part\"} 20480",
        "onair_http_requests_total{class=\"4xx\"} 1",
        "onair_part_release_delay_seconds_bucket{le=\"0.002\"} 0",
        "onair_part_release_delay_seconds_bucket{le=\"0.005\"} 1",
        "onair_held_requests 1",
        "onair_listeners{transport=\"opus\"} 7",
        "onair_connections_dropped_total{protocol=\"rtmp\",reason=\"idle\"} 3",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    drop(held);
    assert!(metrics.render(&[]).contains("onair_held_requests 0\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_tells_its_own_figures() {
    let text = Metrics::new().render(&[]);
    let value = |name: &str| samples(&text).into_iter().find(|(found, ..)| found == name).unwrap().2;
    assert!(value("onair_process_resident_memory_bytes") > 100_000.0);
    assert!(value("onair_process_threads") >= 1.0);
    assert!(value("onair_process_open_fds") >= 1.0);
    assert!(value("onair_process_cpu_seconds_total") >= 0.0);
}
