//! What stands before the station, and what is written down about it.

#![allow(clippy::unwrap_used, reason = "its helpers too: what fails here fails the test")]

mod cost;
