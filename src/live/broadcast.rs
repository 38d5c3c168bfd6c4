//! What is known of a broadcast before anything is heard.

use std::time::Duration;

use ingest::StreamKey;
use media::AudioProfile;
use packager::LatencyMode;

/// Where a broadcast's sound comes from.
#[derive(Clone, Debug)]
pub enum Origination {
    /// From whoever publishes with this key.
    Publisher(StreamKey),
    /// From this program itself: the demo.
    Demo,
}

/// A broadcast as its owner set it up.
#[derive(Clone, Debug)]
pub struct Broadcast {
    /// Its name in URLs.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Where its sound comes from.
    pub origination: Origination,
    /// How far listeners stay behind; takes effect with the next run.
    pub mode: LatencyMode,
    /// Which rungs; takes effect with the next run.
    pub profile: AudioProfile,
    /// How long it stays on air without a publisher.
    pub grace: Duration,
}
