//! RTMP and RTMPS, Enhanced RTMP included: the door of OBS, ffmpeg and hardware encoders.
//!
//! The core is [`Session`] with what it is made of: it is told bytes and times and never touches a socket.
//! The shell is [`Listener`], which accepts connections and runs a session on each.

mod aggregate;
mod alarm;
pub mod amf;
pub mod amf0;
pub mod amf3;
pub mod chunk_reader;
pub mod chunk_writer;
pub mod command;
mod connect;
mod connection;
pub mod counters;
pub mod ending;
mod farewell;
pub mod handshake;
mod held;
mod listener;
pub mod message;
pub mod publish_name;
pub mod session;

pub use counters::Counters;
pub use ending::Ending;
pub use listener::{Limits, Listener};
pub use publish_name::PublishName;
pub use session::{Output, Session, SessionLimits};
