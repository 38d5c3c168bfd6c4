//! The framing of WebSocket (RFC 6455), as a server reads and writes it. It opens no socket and waits for nothing.
//!
//! A room's messages are text, so a binary frame is refused, and no extension is ever agreed on. What clients send
//! goes through a [`Reader`]. What the server sends is plain bytes: a frame of a server carries no mask, so one
//! [`frame`] serves every connection of a room.
//!
//! ```
//! use wire::websocket::{Incoming, Reader, frame};
//!
//! let mut reader = Reader::new(4_096);
//! reader.push(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
//! assert_eq!(reader.poll(), Ok(Some(Incoming::Text("Hello".into()))));
//! assert_eq!(reader.poll(), Ok(None));
//! assert_eq!(frame("Hello"), &b"\x81\x05Hello"[..]);
//! ```

mod close_code;
mod header;
mod reader;
mod violation;
mod writer;

pub use close_code::CloseCode;
pub use reader::{Incoming, Reader};
pub use violation::Violation;
pub use writer::{close_into, frame, ping_into, pong_into, text_into};
