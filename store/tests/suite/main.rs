//! The store, on SQLite and on a real PostgreSQL server.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod access;
mod accounts;
mod both;
mod broadcasts;
mod conversations;
mod files;
mod jobs;
mod journal;
mod made;
mod migrations;
mod notifications;
mod outage;
mod plans;
mod recordings;
mod rooms;
mod seed;
mod tokens;
mod webhooks;
