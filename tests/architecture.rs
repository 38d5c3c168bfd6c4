//! Holds the arrows of `docs/ARCHITECTURE.md`: which crate may depend on which, and what stays out of
//! the cores. Reads the manifests through `cargo metadata`, so a forbidden dependency fails here before
//! anybody writes a line that uses it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Who may depend on whom. A crate that is missing here fails the test: it needs a place in the house first.
const ARROWS: [(&str, &[&str]); 15] = [
    ("media", &[]),
    ("rtc", &["media"]),
    ("ingest", &["rtc", "media"]),
    ("transcode", &["media"]),
    ("packager", &["media"]),
    ("recording", &["transcode", "packager", "media"]),
    ("origin", &["packager", "media"]),
    ("cdn", &["packager", "media"]),
    ("notices", &[]),
    ("room", &[]),
    ("sfu", &["rtc", "media"]),
    ("store", &["room"]),
    ("wire", &["room"]),
    // Built on other libraries than the server, so that a shared mistake shows.
    ("load", &[]),
    (
        "onair",
        &[
            "media",
            "rtc",
            "sfu",
            "ingest",
            "transcode",
            "packager",
            "recording",
            "origin",
            "cdn",
            "notices",
            "room",
            "store",
            "wire",
        ],
    ),
];

/// Crates that own rules and state only: no runtime, no sockets, no wire format of the control plane.
const CORES: [&str; 6] = ["media", "transcode", "packager", "recording", "room", "sfu"];

/// What a core never depends on, by the first word of the crate's name (`tokio` covers `tokio-util`).
const NOT_IN_A_CORE: [&str; 11] =
    ["tokio", "async", "futures", "mio", "hyper", "http", "axum", "serde", "sqlx", "rand", "rustls"];

/// The web framework belongs to the station, and the database to the store; no other crate sees them.
const ONLY_IN_ONE_PLACE: [(&str, &str); 3] = [("axum", "onair"), ("sqlx", "store"), ("clap", "onair")];

/// What ships with a crate, and what only its tests and benchmarks see.
#[derive(Default)]
struct Dependencies {
    shipped: BTreeSet<String>,
    tests_only: BTreeSet<String>,
    /// Those of either kind that lie in this repository. A crate of a registry may have the same name.
    ours: BTreeSet<String>,
}

/// Every crate of the workspace with the names of its direct dependencies.
fn manifests() -> BTreeMap<String, Dependencies> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs, since it runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata speaks JSON");
    list(&metadata["packages"]).iter().map(|package| (name(package), dependencies(package))).collect()
}

fn dependencies(package: &Value) -> Dependencies {
    let mut found = Dependencies::default();
    for dependency in list(&package["dependencies"]) {
        let of_tests = dependency["kind"] == "dev";
        let set = if of_tests { &mut found.tests_only } else { &mut found.shipped };
        set.insert(name(dependency));
        if dependency["source"].is_null() {
            found.ours.insert(name(dependency));
        }
    }
    found
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("cargo metadata lists packages and dependencies as arrays")
}

fn name(value: &Value) -> String {
    value["name"].as_str().expect("every package and dependency has a name").to_owned()
}

/// `serde_json` and `tokio-util` are of the families `serde` and `tokio`; `httparse` is not of `http`.
fn is_of(family: &str, name: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

#[test]
fn every_crate_has_a_place_in_the_house() {
    let known: BTreeSet<_> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let found: BTreeSet<_> = manifests().into_keys().collect();
    assert_eq!(found, known, "give a new crate its arrows here and in docs/ARCHITECTURE.md");
}

#[test]
fn crates_depend_only_along_the_arrows() {
    let manifests = manifests();
    let mut forbidden = Vec::new();
    for (from, allowed) in ARROWS {
        for to in &manifests[from].ours {
            if !allowed.contains(&to.as_str()) {
                forbidden.push(format!("{from} -> {to}"));
            }
        }
    }
    assert!(forbidden.is_empty(), "arrows that the house does not have: {forbidden:?}");
}

#[test]
fn cores_have_no_runtime_no_sockets_and_no_database() {
    let manifests = manifests();
    let mut forbidden = Vec::new();
    for core in CORES {
        for dependency in &manifests[core].shipped {
            if NOT_IN_A_CORE.iter().any(|family| is_of(family, dependency)) {
                forbidden.push(format!("{core} -> {dependency}"));
            }
        }
    }
    assert!(forbidden.is_empty(), "a core stays free of these: {forbidden:?}");
}

#[test]
fn the_web_framework_and_the_database_have_one_place_each() {
    let mut forbidden = Vec::new();
    for (from, Dependencies { shipped, .. }) in manifests() {
        // The load generator is a program of its own with its own command line.
        if from == "load" {
            continue;
        }
        for (family, place) in ONLY_IN_ONE_PLACE {
            if from != place && shipped.iter().any(|dependency| is_of(family, dependency)) {
                forbidden.push(format!("{from} -> {family}"));
            }
        }
    }
    assert!(forbidden.is_empty(), "these have a place of their own: {forbidden:?}");
}

#[test]
fn a_family_is_told_by_its_first_word() {
    assert!(is_of("serde", "serde") && is_of("serde", "serde_json") && is_of("tokio", "tokio-util"));
    assert!(!is_of("http", "httparse") && !is_of("mio", "miow"));
}
