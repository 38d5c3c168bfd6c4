//! Publishers on real sockets: ffmpeg, a small client of our own with crafted cases, and one over TLS.

#![expect(clippy::unwrap_used, reason = "a test that can't go on stops")]
#![expect(clippy::disallowed_methods, reason = "the door runs beside its test")]

mod client;
mod door;
mod ffmpeg;
mod hostile;
mod rtmps;
