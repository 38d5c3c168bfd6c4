//! What can be seen of a run while it is on air.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use packager::WallClock;
use serde::Serialize;
use transcode::meter::Loudness;
use utoipa::ToSchema;

/// Written by a run's threads about once a second, read by health, API and metrics.
#[derive(Debug, Default)]
pub struct Status {
    sound: Mutex<Sound>,
    /// Ticks that came more than one tick late and were made up.
    pub late_ticks: AtomicU64,
    /// The programme's clock, microseconds since the Unix epoch; 0 before the first tick.
    clock: AtomicU64,
    /// Parts that could not be written to disk.
    pub disk_failures: AtomicU64,
}

/// How a run sounds.
#[derive(Clone, Debug, Default)]
pub struct Sound {
    /// EBU R128.
    pub loudness: Loudness,
    /// Its sources.
    pub sources: Vec<Source>,
}

/// How one source is doing.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// `rtmp`, `rtmps`, `whip` or `demo`.
    pub protocol: &'static str,
    /// What the publisher says it is.
    #[schema(required)]
    pub software: Option<String>,
    /// Its codec, once it has told.
    #[schema(required)]
    pub codec: Option<&'static str>,
    /// Sound waiting in the jitter buffer, milliseconds.
    pub buffered_ms: f64,
    /// What the jitter buffer aims at, milliseconds.
    pub target_ms: f64,
    /// How fast its clock runs against ours, parts per million.
    pub skew_ppm: f64,
    /// Times that its sound ran out.
    pub underruns: u64,
    /// Times that a backlog was cut.
    pub cuts: u64,
    /// Access units that could not be decoded.
    pub corrupt_units: u64,
}

impl Status {
    /// The newest account of the sound.
    pub fn sound(&self) -> Sound {
        self.sound.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces it.
    pub fn set_sound(&self, sound: Sound) {
        *self.sound.lock().unwrap_or_else(PoisonError::into_inner) = sound;
    }

    /// Where the programme is now, by its own clock, which `EXT-X-PROGRAM-DATE-TIME` shows; `None` before its
    /// first tick.
    pub fn programme_time(&self) -> Option<WallClock> {
        let micros = self.clock.load(Ordering::Relaxed);
        (micros > 0).then_some(WallClock(micros))
    }

    /// Notes where the programme is.
    pub fn set_programme_time(&self, now: WallClock) {
        self.clock.store(now.0, Ordering::Relaxed);
    }

    /// Counts one.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
