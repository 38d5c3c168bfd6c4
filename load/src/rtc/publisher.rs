//! Somebody who speaks by WHIP: a tone, a frame every 20 ms.

use std::time::{Duration, Instant};

use mio::Registry;
use webrtc::rtp;

use super::door::{Caller, Refusal};
use super::link::Link;
use super::session::Stage;
use super::tone::{FRAME, Tone};

/// Length of a frame.
const PACE: Duration = Duration::from_millis(20);
/// Frames made up for after a stall; beyond that the clock starts anew.
const BEHIND: u32 = 25;
/// From the first packet until a broadcast can be heard.
const OPENING: Duration = Duration::from_secs(10);

/// A tone on its way in.
pub(super) struct Publisher {
    pub(super) link: Link,
    /// Where it ends its session, and the path of that.
    door: (Caller, String),
    tone: Tone,
    /// When the next frame is due; none before the session is connected.
    due: Option<Instant>,
    /// When the first frame left.
    since: Option<Instant>,
    sequence: u16,
    timestamp: u32,
    /// Frames that were sent.
    pub(super) sent: u64,
}

impl Publisher {
    pub(super) fn new(link: Link, door: (Caller, String), tone: Tone) -> Self {
        Self { link, door, tone, due: None, since: None, sequence: 0, timestamp: 0, sent: 0 }
    }

    /// Sends what is due.
    pub(super) fn speak(&mut self, now: Instant) -> anyhow::Result<()> {
        if self.link.stage() != Stage::Connected {
            return Ok(());
        }
        self.since.get_or_insert(now);
        let mut due = self.due.unwrap_or(now);
        if now.saturating_duration_since(due) > PACE * BEHIND {
            due = now;
        }
        while due <= now {
            let header = rtp::Header {
                sequence_number: self.sequence,
                timestamp: self.timestamp,
                marker: self.sent == 0,
                ..rtp::Header::default()
            };
            let frame = self.tone.frame()?;
            self.link.send(header, frame, now)?;
            self.sequence = self.sequence.wrapping_add(1);
            self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
            self.sent += 1;
            due += PACE;
        }
        self.due = Some(due);
        Ok(())
    }

    /// Whether it began to speak so recently that the broadcast may not be on air yet.
    pub(super) fn is_new(&self, now: Instant) -> bool {
        self.since.is_some_and(|since| now.saturating_duration_since(since) < OPENING)
    }

    /// Ends the session and lets the socket go.
    pub(super) fn close(mut self, registry: &Registry) -> Result<(), Refusal> {
        let left = self.door.0.delete(&self.door.1);
        self.link.close(registry);
        left
    }

    /// When [`Self::speak`] has something to say.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }
}
