//! What goes over a room's WebSocket: frames (RFC 6455), and the messages in them; and what stations tell each other of
//! their rooms.

pub mod gossip;
pub mod message;
pub mod time;
pub mod websocket;
