//! Every rule in docs/LLHLS.md is held by a test that exists, and a test named after a rule stands in its row.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// The names of all functions in the crates that make and serve playlists.
fn functions() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in
        ["packager/src", "packager/tests", "origin/src", "origin/tests", "transcode/src", "src", "tests"]
    {
        sources(&root.join(folder), &mut files);
    }
    let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    text.split("fn ").skip(1).filter_map(|rest| Some(rest.split_once(['(', '<'])?.0.to_owned())).collect()
}

/// The rules of the document, each with the tests in its row.
fn rows() -> BTreeMap<String, BTreeSet<String>> {
    let document = include_str!("../docs/LLHLS.md");
    let mut rows = BTreeMap::new();
    for line in document.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let [id, _, _, held_by] = cells[..]
            && id.len() == 3
            && id[1..].bytes().all(|digit| digit.is_ascii_digit())
        {
            let tests = held_by.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            rows.insert(id.to_lowercase(), tests);
        }
    }
    rows
}

#[test]
fn every_rule_is_held_by_a_test_that_exists() {
    let functions = functions();
    let rows = rows();
    assert!(rows.len() > 50, "{}", rows.len());
    for (id, tests) in rows {
        assert!(!tests.is_empty(), "no test holds {id}");
        for test in tests {
            assert!(functions.contains(&test), "{id}: there is no {test}");
        }
    }
}

#[test]
fn every_test_named_after_a_rule_stands_in_its_row() {
    let rows = rows();
    for function in functions() {
        let named = function.split_once('_').filter(|(id, _)| {
            id.len() == 3
                && id.as_bytes()[0].is_ascii_lowercase()
                && id[1..].bytes().all(|b| b.is_ascii_digit())
        });
        if let Some((id, _)) = named {
            let row = rows.get(id).unwrap_or_else(|| panic!("{function}: docs/LLHLS.md has no such rule"));
            assert!(row.contains(&function), "{function} is not in its row: node scripts/rules.mjs --write");
        }
    }
}
