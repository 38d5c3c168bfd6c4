//! The station: one program that takes a voice in by RTMP and lets anybody hear it as Low-Latency HLS.
//!
//! `main` reads the command line ([`cli`]) and the settings ([`settings`]) and runs the station
//! ([`station::run`]), which puts the crates together: doors in `ingest`, the programme in `transcode`,
//! playlists in `packager`, listeners at `origin`.

pub mod api;
pub mod auth;
pub mod banner;
#[cfg(test)]
mod both;
pub mod broadcasts;
pub mod calendar;
pub mod cli;
pub mod cost;
pub mod cost_command;
pub mod covers;
pub mod database;
pub mod doctor;
pub mod edge_log;
pub mod elsewhere;
pub mod front;
pub mod hooks;
pub mod http;
pub mod jobs;
pub mod link;
pub mod live;
pub mod logs;
pub mod metrics;
pub mod migrate;
pub mod notify;
pub mod playback;
pub mod port;
#[cfg(test)]
#[path = "../tests/postgres/mod.rs"]
mod postgres;
pub mod private_file;
pub mod recordings;
pub mod schedule;
pub mod seed;
pub mod settings;
pub mod signal;
pub mod station;
pub mod tls;
pub mod uploads;
pub mod user_command;
pub mod web;
pub mod webrtc;
