//! What the hall has to know of a broadcast to put it on air.

use std::time::Duration;

use ingest::StreamKey;
use media::AudioProfile;
use packager::LatencyMode;

use crate::playback::Audience;

/// Where a broadcast's sound comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origination {
    /// From whoever publishes with this key.
    Publisher(StreamKey),
    /// From this program itself: the demo.
    Demo,
}

/// What puts a broadcast on air.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opening {
    /// The first publish; after its end only its host, by hand.
    FirstPublish,
    /// Every publish that finds it off air.
    EveryPublish,
    /// Its host, by hand; who publishes before is heard by the host alone.
    ByHand,
}

/// Where a broadcast that the hall does not hold stands in the books.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// It has never been on air.
    Scheduled,
    /// It was on air.
    Ended,
    /// It was called off.
    Cancelled,
}

/// What is done to the sound on its way; a change takes effect at once.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Treatment {
    /// Noise around the voices of the stage is suppressed.
    pub noise_suppression: bool,
    /// The gain of the programme is ridden towards -16 LUFS.
    pub levelling: bool,
}

/// A broadcast as its owner set it up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Card {
    /// Its name in URLs.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Whose it is: the id of an account.
    pub host: String,
    /// Who may hear it; takes effect at once.
    pub audience: Audience,
    /// Where its sound comes from.
    pub origination: Origination,
    /// How far listeners stay behind; takes effect with the next run.
    pub mode: LatencyMode,
    /// Which rungs; takes effect with the next run.
    pub profile: AudioProfile,
    /// How long it stays on air without a publisher.
    pub grace: Duration,
    /// What puts it on air.
    pub opening: Opening,
    /// Publishers at a time, all mixed; at least 1.
    pub publishers_max: usize,
    /// People on the stage at a time, beside the publishers; at least 1.
    pub speakers_max: usize,
    /// What is done to its sound.
    pub treatment: Treatment,
    /// Whether all of it is recorded; takes effect with the next run.
    pub recorded: bool,
    /// Whether each speaker of what is recorded is kept by themselves, too; takes effect with the next run.
    pub tracks: bool,
    /// Where it stands while the hall does not hold it.
    pub stage: Stage,
}

/// Grace of a broadcast that nobody publishes to: it never ends by itself.
const FOR_EVER: Duration = Duration::from_secs(u64::MAX / 4);

impl Card {
    /// The broadcast `demo`.
    pub fn demo(host: &str, mode: LatencyMode, profile: AudioProfile) -> Self {
        Self {
            id: "demo".into(),
            title: "Demo".into(),
            host: host.into(),
            audience: Audience::Everybody,
            origination: Origination::Demo,
            mode,
            profile,
            grace: FOR_EVER,
            opening: Opening::ByHand,
            publishers_max: 1,
            speakers_max: 1,
            treatment: Treatment::default(),
            recorded: false,
            tracks: false,
            stage: Stage::Scheduled,
        }
    }

    /// Whether `key` lets a publisher in; compared in constant time.
    pub fn opens_to(&self, key: &StreamKey) -> bool {
        matches!(&self.origination, Origination::Publisher(own) if own == key)
    }

    /// Whether this program makes its sound.
    pub const fn is_demo(&self) -> bool {
        matches!(self.origination, Origination::Demo)
    }
}
