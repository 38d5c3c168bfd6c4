//! `docs/COST.md` is what the model says today.

use std::fs;
use std::path::Path;

use onair::cost::document;

#[test]
fn the_costs_that_are_kept_are_those_of_the_packager() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/COST.md");
    let made = document::markdown();
    if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        fs::write(&file, &made).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == made, "docs/COST.md is behind; UPDATE_DOCS=1 cargo test --test edge");
}
