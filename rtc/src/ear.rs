//! What becomes of the sound that a session sends us.

use std::time::Instant;

use crate::observer::Farewell;

/// One Opus packet, out of RED where it came in it.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// Its extended sequence number.
    pub sequence: u64,
    /// Its extended RTP timestamp, at 48 kHz.
    pub time: u64,
    /// How loud it is, as its client says: 0 to 127 dB below full scale (RFC 6464).
    pub level: Option<u8>,
    /// The Opus packet.
    pub data: &'a [u8],
}

/// What becomes of a session's sound. Called on the port's thread: it must not wait.
pub trait Ear: Send {
    /// The session is connected.
    fn connected(&mut self, now: Instant) {
        let _ = now;
    }

    /// A packet came; late, twice or not at all, as the network likes.
    fn hear(&mut self, now: Instant, packet: Heard<'_>);

    /// The session is over. Nothing follows.
    fn over(&mut self, now: Instant, why: Farewell);
}
