//! The whole station from outside: ffmpeg publishes, the real binary broadcasts, and what a listener
//! fetches is decoded and heard. Nothing is asserted by the clock: what counts are dates and sample counts
//! in the media itself.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod administration;
mod broadcasts;
mod bucket;
mod ear;
mod endings;
mod hooks;
mod listener;
mod modes;
mod notifications;
mod outage;
mod participant;
mod publishers;
mod receiver;
mod reconnect;
mod recordings;
mod restart;
mod rooms;
mod rungs;
mod signed;
mod stations;
mod strangers;
mod studio;

#[path = "../postgres/mod.rs"]
mod postgres;
#[path = "../../packager/tests/reader/mod.rs"]
mod reader;
#[path = "../redis/mod.rs"]
mod redis;
#[path = "../../cdn/tests/server/mod.rs"]
mod s3_server;
#[path = "../station/mod.rs"]
mod station;
