//! HTTP as bytes on a wire: the accept loop that carries every route, and a small client.

pub mod activity;
pub mod client;
pub mod reach;
pub mod server;

pub use client::Client;
pub use server::{Limits, Peer, Server};
