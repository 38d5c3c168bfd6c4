//! The room of a broadcast, over one WebSocket per client: `GET /ws/broadcasts/{id}`; and what one person is told wherever
//! they are (`own`): `GET /ws/me`.
//!
//! The rules are in [`room`], the words in [`wire`]. Here is what carries them: a connection (`connection`) reads what
//! its client sends and writes what the room tells; a room that anybody is in has a task (`hub`) that owns it and
//! makes each message once for all. What follows from an event outside the room is in `follow_up`.

pub mod bus;
mod connection;
mod delivery;
mod endpoint;
mod entrance;
mod follow_up;
mod guests;
mod handshake;
mod hub;
mod line;
mod news;
mod opening;
mod own;
mod rooms;
pub mod standing;
mod view;

pub use endpoint::routes;
pub(crate) use entrance::GUEST;
pub use guests::BarredGuests;
pub use rooms::{House, Rooms, Seat};
