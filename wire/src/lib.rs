//! What goes over a room's WebSocket: frames (RFC 6455), and the messages in them.

pub mod message;
pub mod time;
pub mod websocket;
