//! One source's way into the programme: a jitter buffer, a resampler that follows the publisher's clock,
//! and concealment for what comes too late.
//!
//! The shell pushes sound as it arrives and pulls 20 ms of 48 kHz a tick; both say what time it is.

mod conceal;
mod jitter;
mod kernel;
mod line;
mod pace;

use std::collections::VecDeque;
use std::time::Duration;

use media::Pcm;

use conceal::Concealer;
use jitter::Jitter;
use line::Line;
use pace::{Move, Pace};

/// Frames per second of the programme.
const RATE: u32 = 48_000;

/// Frames in one pull: 20 ms.
pub const TICK_FRAMES: usize = 960;

/// The length of one pull in seconds.
const TICK: f64 = TICK_FRAMES as f64 / RATE as f64;

/// Frames of a cross-fade: 10 ms.
const CROSS_FADE: usize = 480;

/// Stretches of different rate that may wait at once; a publisher that changes its rate more often loses
/// the older ones.
const LINES: usize = 4;

/// After a stall the backlog may trickle in; this much later whatever is left of it is cut.
const SETTLING: f64 = 0.7;

/// What may be left of a stall's backlog: the jitter of a healthy source.
const SETTLED_WITHIN: f64 = 0.040;

/// Sound that never filled the buffer is forgotten when nothing followed it for this long.
const STALE: f64 = 1.0;

/// What a tick of a source that is played faster than nominal takes beyond 20 ms, at the most.
const LOOK_AHEAD: f64 = 0.000_2;

/// Kept from the front of a flood, to cross-fade from.
const FLOOD_FRONT: f64 = 0.050;

/// How much of a source waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IntakeConfig {
    /// Sound that waits in the buffer right after an arrival, at least; 20 ms to 2 s.
    pub target: Duration,
    /// How far the target grows when arrivals are irregular; up to 2 s.
    pub max_target: Duration,
    /// A backlog this far beyond the target is cut; 40 ms to 10 s.
    pub backlog: Duration,
}

impl IntakeConfig {
    /// For a person who is answered: units come one by one as they are spoken, by RTP.
    ///
    /// A tick takes 20 ms at once, so of this target 15 to 35 ms are left after it, by the phase between
    /// arrivals and ticks. Evenly spaced units of 20 ms need a target of 45 ms at the worst phase, 50 ms when
    /// the publisher's clock is 300 ppm off, and 55 ms when they are up to 10 ms early or late.
    pub const CONVERSATION: Self = Self {
        target: Duration::from_millis(55),
        max_target: Duration::from_millis(250),
        // No TCP holds units back to send them at once: what comes in a burst was delayed by a moment.
        backlog: Duration::from_millis(120),
    };
}

impl Default for IntakeConfig {
    /// For a publisher whom nobody answers, by TCP.
    fn default() -> Self {
        Self {
            target: Duration::from_millis(60),
            max_target: Duration::from_millis(250),
            backlog: Duration::from_millis(200),
        }
    }
}

/// What an [`Intake`] has been through.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct IntakeStats {
    /// Sound that waits now.
    pub buffered: Duration,
    /// Sound that should wait right after an arrival, as the jitter seen demands.
    pub target: Duration,
    /// How much faster than nominal the source is played, in millionths; positive when the publisher's
    /// clock is fast. 0.0 while the resampler sleeps.
    pub ppm: f64,
    /// Whether sound is played now, as opposed to waiting for the buffer to fill.
    pub playing: bool,
    /// Whether a 48 kHz source passes through untouched now.
    pub untouched: bool,
    /// Times that the buffer ran dry since sound came late; counted when it comes. A publisher's own pause is
    /// none ([`Intake::resume`]).
    pub underruns: u64,
    /// Times that a backlog was cut.
    pub cuts: u64,
    /// Programme frames (48 kHz) that those cuts, and floods between two pulls, took away.
    pub cut_frames: u64,
    /// Programme frames that were made up, fading included.
    pub concealed_frames: u64,
    /// Pushes that were ignored since their rate lies outside 8,000 to 96,000 Hz.
    pub refused: u64,
}

/// The jitter buffer, resampler and concealment of one source, for a programme of `C` channels, 1 or 2.
///
/// Memory stays below about two seconds of sound, whatever is pushed.
pub struct Intake<const C: usize> {
    backlog: f64,
    most: f64,
    /// Oldest first; all but the last are sealed. Never empty once something was pushed.
    lines: VecDeque<Line<C>>,
    jitter: Jitter,
    pace: Pace,
    concealer: Concealer<C>,
    state: State,
    /// The publisher pauses: what waits is filled up, not pushed.
    resting: bool,
    /// What the sound fades out of, and how far.
    fading: Vec<[f32; C]>,
    faded: usize,
    last_push: f64,
    last_pull: f64,
    stats: IntakeStats,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Nothing was ever heard.
    Fresh,
    /// Ran dry at `since`, and waits for the target to fill.
    Dry { since: f64, late: Option<f64> },
    /// Plays; until `settles_at` the rest of a stall's backlog may still come in.
    Playing { settles_at: Option<f64> },
}

impl<const C: usize> Intake<C> {
    /// An intake that waits for its first sound. Values outside the ranges of `config` are brought into
    /// them.
    pub fn new(config: IntakeConfig) -> Self {
        let target = config.target.as_secs_f64().clamp(0.020, 2.0);
        let most = config.max_target.as_secs_f64().clamp(target, 2.0);
        Self {
            backlog: config.backlog.as_secs_f64().clamp(0.040, 10.0),
            most,
            lines: VecDeque::with_capacity(LINES + 1),
            jitter: Jitter::new(target, most),
            pace: Pace::new(),
            concealer: Concealer::new(),
            state: State::Fresh,
            resting: false,
            fading: vec![[0.0; C]; CROSS_FADE],
            faded: CROSS_FADE,
            last_push: 0.0,
            last_pull: 0.0,
            stats: IntakeStats::default(),
        }
    }

    /// Sound arrived at `now` (since the programme began, never going back): any rate from 8,000 to 96,000,
    /// mono or stereo, either may change from one push to the next. Samples that are no finite numbers are
    /// silence, absurdly loud ones are clipped at +12 dB full scale.
    pub fn push(&mut self, now: Duration, pcm: &Pcm) {
        let now = now.as_secs_f64();
        if !(8_000..=96_000).contains(&pcm.rate) {
            self.stats.refused += 1;
            return;
        }
        let sound = pcm.frames() as f64 / f64::from(pcm.rate);
        self.forget_stale(now);
        self.meet_arrival(now);
        self.resting = false;
        self.line_of(pcm.rate).push(pcm);
        if self.is_playing() {
            let level = self.level(now);
            self.pace.observe(level, sound);
        }
        self.stem_flood();
        self.last_push = now;
    }

    /// Whether the next pull would take more than waits of a sound that plays. While the publisher pauses,
    /// whoever decodes it goes on with [`fill`](Self::fill) until this is false.
    pub fn wants_more(&self) -> bool {
        // The resampler looks ahead by half a kernel, and a tick may take a little more than 20 ms.
        let ahead = if self.pace.is_asleep() { 0.0 } else { LOOK_AHEAD };
        self.is_playing() && self.seconds() < TICK + self.kernel_reach() + ahead
    }

    /// Goes on with sound of a pause, which nobody sent: it says nothing about arrivals. Nothing happens
    /// unless sound plays.
    pub fn fill(&mut self, pcm: &Pcm) {
        if self.is_playing() && (8_000..=96_000).contains(&pcm.rate) {
            self.line_of(pcm.rate).push(pcm);
            self.stem_flood();
            self.resting = true;
        }
    }

    /// What is pushed next follows a pause of the publisher's own and was not due before. Returns how much of
    /// that pause may be filled first, at most; more would only delay what follows.
    pub fn resume(&mut self, now: Duration) -> Duration {
        match &mut self.state {
            State::Dry { late: late @ None, .. } => {
                *late = Some(0.0);
                Duration::ZERO
            }
            State::Playing { .. } => {
                let usual = self.pace.level().unwrap_or(0.0).max(self.jitter.target());
                let missing = usual - self.level(now.as_secs_f64());
                Duration::from_secs_f64(missing.max(0.0))
            }
            State::Fresh | State::Dry { .. } => Duration::ZERO,
        }
    }

    /// The source's next 20 ms at `now` (since the programme began, never going back) at 48 kHz;
    /// `frames` is overwritten whole.
    pub fn pull(&mut self, now: Duration, frames: &mut [[f32; C]; TICK_FRAMES]) {
        let now = now.as_secs_f64();
        self.forget_stale(now);
        self.jitter.shrink(TICK);
        self.start_when_filled(now);
        self.cut_backlog(now);
        if self.is_playing() {
            self.play(now, frames);
        } else {
            self.conceal(frames);
        }
        self.last_pull = now;
    }

    /// What it has been through, and how it stands.
    pub fn stats(&self) -> IntakeStats {
        IntakeStats {
            buffered: Duration::from_secs_f64(self.seconds()),
            target: Duration::from_secs_f64(self.jitter.target()),
            ppm: self.pace.ppm(),
            playing: self.is_playing(),
            untouched: self.is_playing()
                && self.pace.is_asleep()
                && self.faded == CROSS_FADE
                && self.lines.front().is_some_and(|line| line.rate() == RATE),
            ..self.stats
        }
    }

    fn is_playing(&self) -> bool {
        matches!(self.state, State::Playing { .. })
    }

    /// Seconds of sound that wait.
    fn seconds(&self) -> f64 {
        self.lines.iter().map(Line::seconds).sum()
    }

    /// Seconds that the line which plays keeps back for its resampler.
    fn kernel_reach(&self) -> f64 {
        self.lines.back().map_or(0.0, Line::reach)
    }

    /// The same as if it were taken evenly: a pull takes 20 ms at once that are heard until the next one.
    fn level(&self, now: f64) -> f64 {
        self.seconds() + TICK - (now - self.last_pull).max(0.0)
    }

    /// The line that sound of `rate` goes to.
    fn line_of(&mut self, rate: u32) -> &mut Line<C> {
        if self.lines.back().is_none_or(|line| line.rate() != rate) {
            if self.lines.len() == LINES {
                // The one that plays stays: the next ones would begin with a click.
                self.lines.remove(1);
            }
            self.lines.push_back(Line::new(rate));
        }
        self.lines.back_mut().expect("a line was pushed when there was none of this rate")
    }

    /// Learns from the time of an arrival, before its sound is counted.
    fn meet_arrival(&mut self, now: f64) {
        match &mut self.state {
            State::Dry { since, late: late @ None } => {
                let after = now - *since;
                *late = Some(after);
                self.stats.underruns += 1;
                self.jitter.underran(self.pace.level().unwrap_or(0.0), after);
            }
            State::Playing { .. } => {
                let left = self.level(now);
                if let Some(level) = self.pace.level() {
                    self.jitter.observe(level - left);
                }
            }
            State::Fresh | State::Dry { .. } => {}
        }
    }

    fn forget_stale(&mut self, now: f64) {
        if !self.is_playing() && now - self.last_push > STALE {
            self.lines.clear();
        }
    }

    /// Holds memory bounded when far more arrives than is pulled.
    fn stem_flood(&mut self) {
        let usual = self.most + self.backlog + 2.0 * FLOOD_FRONT;
        let seconds = self.seconds();
        if seconds <= 2.0 * usual {
            return;
        }
        // The next pull cuts what is left, from the front to the newest, and never plays the seam between.
        let mut excess = seconds - usual;
        self.stats.cut_frames += (excess * f64::from(RATE)) as u64;
        let mut keep = FLOOD_FRONT;
        for line in &mut self.lines {
            excess -= line.drop_after(keep, excess);
            keep = 0.0;
        }
    }

    fn start_when_filled(&mut self, now: f64) {
        let target = self.jitter.target();
        if self.is_playing() || self.seconds() < target {
            return;
        }
        let stalled = match self.state {
            State::Dry { late: Some(late), .. } => late > self.most,
            _ => false,
        };
        // Within the target's reach it is the phase between arrivals and ticks that is trimmed; beyond
        // that it is a backlog, left to `cut_backlog`.
        let since_push = (now - self.last_push).clamp(0.0, TICK);
        let over = self.seconds() + since_push - target;
        if over < self.backlog {
            self.skip(over.max(0.0));
        }
        self.state = State::Playing { settles_at: stalled.then_some(now + SETTLING) };
        self.fade_from_concealment();
        self.pace.forget_level();
    }

    fn cut_backlog(&mut self, now: f64) {
        let State::Playing { settles_at } = self.state else { return };
        let target = self.jitter.target();
        let over = self.seconds() - target;
        let settled = settles_at.is_some_and(|at| now >= at);
        if settled {
            self.state = State::Playing { settles_at: None };
        }
        if over <= self.backlog && !(settled && over > SETTLED_WITHIN) {
            return;
        }
        // What would have been heard goes on below the new sound for 10 ms.
        let mut old = vec![[0.0; C]; CROSS_FADE];
        self.render(&mut old, Move::Even);
        self.mix_fading_into(&mut old);
        self.fading = old;
        self.faded = 0;
        let over = (self.seconds() - target).max(0.0);
        self.skip(over);
        self.stats.cuts += 1;
        self.stats.cut_frames += (over * f64::from(RATE)) as u64;
        self.pace.forget_level();
    }

    /// Skips ahead over what waits.
    fn skip(&mut self, mut seconds: f64) {
        while self.lines.len() > 1 && self.lines[0].seconds() <= seconds {
            seconds -= self.lines[0].seconds();
            self.lines.pop_front();
        }
        if let Some(line) = self.lines.front_mut() {
            line.skip(seconds);
        }
    }

    fn play(&mut self, now: f64, out: &mut [[f32; C]]) {
        let line = self.lines.front().expect("an intake that plays has a line");
        let fraction = (line.rate() == RATE).then(|| line.fraction());
        let step = if self.resting {
            // Levels of a pause tell nothing about clocks.
            self.pace.hold(fraction)
        } else {
            self.pace.next(self.jitter.target(), TICK, TICK_FRAMES as f64, fraction)
        };
        let mut rendered = self.render(out, step);
        self.mix_fading_into(&mut out[..rendered]);
        self.concealer.remember(&out[..rendered]);

        while rendered < out.len() && self.lines.len() > 1 {
            // The rate changed: the new sound fades in over what the old one would have gone on with.
            self.lines.pop_front();
            self.concealer.begin();
            self.fade_from_concealment();
            self.pace.forget_clock();
            let more = self.render(&mut out[rendered..], Move::Even);
            self.mix_fading_into(&mut out[rendered..rendered + more]);
            self.concealer.remember(&out[rendered..rendered + more]);
            rendered += more;
        }
        if rendered < out.len() {
            self.state = State::Dry { since: now, late: None };
            self.concealer.begin();
            self.conceal(&mut out[rendered..]);
        }
    }

    fn conceal(&mut self, out: &mut [[f32; C]]) {
        self.stats.concealed_frames += self.concealer.fill(out) as u64;
        self.concealer.remember(out);
    }

    fn render(&mut self, out: &mut [[f32; C]], step: Move) -> usize {
        let Some(line) = self.lines.front_mut() else { return 0 };
        match step {
            Move::Even => line.render(out, [1.0; 2]),
            Move::Stretched(stretch) => line.render(out, stretch),
            Move::Docking(stretch) => {
                let rendered = line.render(out, [stretch; 2]);
                line.settle_on_frame();
                rendered
            }
        }
    }

    /// The next sound fades in over what the concealer goes on with.
    fn fade_from_concealment(&mut self) {
        self.concealer.fill(&mut self.fading);
        self.faded = 0;
    }

    fn mix_fading_into(&mut self, out: &mut [[f32; C]]) {
        for (frame, old) in out.iter_mut().zip(&self.fading[self.faded..]) {
            let share = (self.faded + 1) as f32 / (CROSS_FADE + 1) as f32;
            for (sample, old) in frame.iter_mut().zip(old) {
                *sample = old + share * (*sample - old);
            }
            self.faded += 1;
        }
    }
}
