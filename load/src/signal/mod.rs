//! People in a broadcast's room by WebSocket, and what of its chat reaches them.
//!
//! Read [`crowd`] first: it is the loop. A `Link` is one connection, [`frame`] finds the frames in what it
//! reads, a [`marker::Marker`] in a message's text tells who said it and when, and a [`tally::Tally`] knows what
//! each of them has heard. [`entrance::Entrance`] gets what opens the room.

pub mod crowd;
pub mod entrance;
pub mod frame;
mod link;
pub mod marker;
pub mod report;
pub mod tally;

pub use crowd::{CONNECTIONS_MAX, Options, run};
pub use entrance::{ApiKey, Passes};
pub use report::{Gates, Report};
