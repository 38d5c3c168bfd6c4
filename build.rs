//! The binary carries `web/dist`: who builds the web app after the server gets a server with it.

use std::fs;

fn main() {
    // Cargo takes a folder that is not there for one that changes all the time. Empty, it stands for a web app
    // that was not built.
    if let Err(error) = fs::create_dir_all("web/dist") {
        println!(
            "cargo::warning=web/dist cannot be made, so a web app that is built later is not noticed: {error}"
        );
    }
    println!("cargo::rerun-if-changed=web/dist");
    println!("cargo::rerun-if-changed=build.rs");
}
