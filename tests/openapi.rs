//! The document of the API: kept beside the code, printed by the program, served by the station.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use onair::api::openapi;

#[test]
fn the_document_that_is_kept_is_the_one_that_is_served() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        fs::write(&file, openapi::json()).unwrap();
    } else {
        let kept = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            kept == openapi::json(),
            "docs/openapi.json is behind the code; UPDATE_DOCS=1 cargo test --test openapi, then `npm run client` in web/"
        );
    }
}

#[test]
fn the_program_prints_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_onair")).arg("openapi").output().unwrap();
    assert!(output.status.success());
    assert!(output.stdout == openapi::json().as_bytes(), "`onair openapi` prints something else");
}
