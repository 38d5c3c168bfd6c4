//! Load for OnAir: many listeners in one thread, and what they saw.
//!
//! Nothing here shares code with the server. A mistake that both sides made alike would not show.
//!
//! Read [`hls`] first: it is the loop. A [`listener::Listener`] decides what to fetch next,
//! [`response::ResponseReader`] reads what comes, [`catalog::Catalog`] knows every part once for all
//! listeners, and [`report::Report`] says how it went. [`rtc`] is the same for listeners over WebRTC,
//! and [`signal`] for people in a room.

pub mod catalog;
mod connection;
pub mod fault;
pub mod flood;
pub mod floor;
pub mod fragment;
pub mod hls;
mod limits;
pub mod listener;
pub mod playlist;
mod pool;
pub mod probe;
pub mod report;
pub mod response;
pub mod rtc;
pub mod signal;
pub mod target;
pub mod watched;
