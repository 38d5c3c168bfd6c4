//! Who speaks, told from the levels that come with each packet.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::Voice;

/// The longest that one level stands: no Opus packet is longer (RFC 6716 section 3.2.5).
const PACKET_MAX: Duration = Duration::from_millis(120);

/// What may come ahead of its time: a moment's delay, made up. Of a flood the rest tells nothing, or somebody
/// could be heard for minutes by packets that take none.
const AHEAD: Duration = Duration::from_millis(200);

/// Seconds in which the activity of a voice follows what it does. A cough of 300 ms raises it to less than
/// [`BEGINS`], and speech takes half a second.
const MEMORY: f64 = 0.45;

/// Activity from which somebody speaks,
const BEGINS: f64 = 0.5;
/// and below which they may have ended.
const ENDS: f64 = 0.2;

/// Who paused for less than this still speaks: a breath, a thought, a page that turns.
const HOLD: Duration = Duration::from_secs(2);

/// Softer than this is no speech, in dBov.
const SOFTEST: f64 = -55.0;

/// Nor is what lies less than this above the voice's own background, in dB.
const ABOVE_FLOOR: f64 = 9.0;

/// How fast the background is believed to rise, in dB a second: words have gaps, fans have none.
const FLOOR_RISE: f64 = 1.0;

/// The level of a voice in one packet (RFC 6464): its power below full scale.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Level(u8);

impl Level {
    /// Silence.
    pub const SILENCE: Self = Self(127);

    /// 0 (full scale) to 127 (silence) in -dBov, as the extension's lower seven bits have it; what is beyond
    /// is silence.
    pub const fn new(level: u8) -> Self {
        if level > 127 { Self::SILENCE } else { Self(level) }
    }

    fn dbov(self) -> f64 {
        -f64::from(self.0)
    }
}

#[derive(Debug)]
struct Activity {
    /// How much of the last moments was speech, 0 to 1.
    share: f64,
    /// The background, in dBov.
    floor: f64,
    /// When the newest level ends.
    until: Option<Duration>,
    /// Since when they speak, and when they were last active enough for that.
    speaks: Option<(Duration, Duration)>,
    spoke_last: Option<Duration>,
}

impl Activity {
    const fn new() -> Self {
        // A quiet room until there is reason to believe otherwise.
        Self { share: 0.0, floor: SOFTEST - ABOVE_FLOOR, until: None, speaks: None, spoke_last: None }
    }

    fn push(&mut self, level: Level, length: Duration, now: Duration) {
        let length = length.min(PACKET_MAX);
        self.be_silent_until(now);
        let begins = now.max(self.until.unwrap_or_default());
        if begins >= now + AHEAD {
            return;
        }
        let dbov = level.dbov();
        self.floor = (self.floor + FLOOR_RISE * length.as_secs_f64()).min(dbov);
        let active = dbov > SOFTEST.max(self.floor + ABOVE_FLOOR);
        self.follow(f64::from(u8::from(active)), length);
        self.until = Some(begins + length);
        self.decide(now);
    }

    /// What was not told of (DTX, a server's mute, loss) was silence.
    fn be_silent_until(&mut self, now: Duration) {
        if let Some(until) = self.until.filter(|until| *until < now) {
            self.follow(0.0, now.saturating_sub(until));
            self.until = Some(now);
        }
        self.decide(now);
    }

    fn follow(&mut self, active: f64, time: Duration) {
        self.share = active + (self.share - active) * (-time.as_secs_f64() / MEMORY).exp();
    }

    fn decide(&mut self, now: Duration) {
        match &mut self.speaks {
            None if self.share >= BEGINS => self.speaks = Some((now, now)),
            Some((_, active)) if self.share >= ENDS => *active = now,
            Some((_, active)) if now.saturating_sub(*active) >= HOLD => self.speaks = None,
            None | Some(_) => {}
        }
        if let Some((_, active)) = self.speaks {
            self.spoke_last = Some(active);
        }
    }
}

/// Ranks the voices of a stage by who speaks.
///
/// Who speaks comes before who doesn't. Among those who speak, whoever began first comes first, so that a
/// monologue is not talked over; among the others, whoever spoke last. A cough is no speech, and a pause of two
/// seconds does not end it. Cheap: a few numbers per voice.
#[derive(Debug, Default)]
pub struct Speakers {
    voices: BTreeMap<Voice, Activity>,
}

impl Speakers {
    /// An empty stage.
    pub const fn new() -> Self {
        Self { voices: BTreeMap::new() }
    }

    /// A voice joins the stage, silent so far. How many may is for the stage to say.
    pub fn enter(&mut self, voice: Voice) {
        self.voices.entry(voice).or_insert_with(Activity::new);
    }

    /// A voice leaves the stage.
    pub fn leave(&mut self, voice: Voice) {
        self.voices.remove(&voice);
    }

    /// A packet came with this level, for `length` of sound: [`packet_length`](crate::packet_length()) tells of Opus.
    /// More than 120 ms is not believed. Whoever calls leaves out what came before (RFC 2198 repeats packets). Of a
    /// voice that did not enter nothing is kept.
    pub fn push(&mut self, voice: Voice, level: Level, length: Duration, now: Duration) {
        if let Some(activity) = self.voices.get_mut(&voice) {
            activity.push(level, length, now);
        }
    }

    /// Whether somebody speaks, as far as is known at `now`.
    pub fn speaks(&mut self, voice: Voice, now: Duration) -> bool {
        self.voices.get_mut(&voice).is_some_and(|activity| {
            activity.be_silent_until(now);
            activity.speaks.is_some()
        })
    }

    /// All voices, the foremost first.
    pub fn rank(&mut self, now: Duration) -> Vec<Voice> {
        let mut ranked: Vec<_> = self
            .voices
            .iter_mut()
            .map(|(voice, activity)| {
                activity.be_silent_until(now);
                let began = activity.speaks.map(|(since, _)| since);
                // `None` sorts before `Some`, so both keys are turned round where it should come last.
                ((began.is_none(), began, Reverse(activity.spoke_last)), *voice)
            })
            .collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, voice)| voice).collect()
    }
}
