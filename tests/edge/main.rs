//! Edges in front of the station: real caches before the real binary, and what is written down about them.

#![allow(clippy::unwrap_used, reason = "its helpers too: what fails here fails the test")]

mod cache;
mod cost;
mod log;
mod proxies;
mod signed;
#[path = "../station/mod.rs"]
mod station;
mod tap;
mod terraform;
mod vectors;
