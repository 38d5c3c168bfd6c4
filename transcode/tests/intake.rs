//! What becomes of sources that stall, burst, pause, change or lie.

use std::f64::consts::TAU;
use std::time::Duration;

use media::{Channels, Pcm};
use transcode::intake::{Intake, IntakeConfig, TICK_FRAMES};

/// Frames of one push by a 48 kHz source here: 20 ms.
const FRAME: usize = 960;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A sine of 445 Hz at half scale: no whole number of periods in 20 ms, so that a cut shows.
struct Tone {
    rate: u32,
    channels: Channels,
    sent: u64,
}

impl Tone {
    fn new(rate: u32, channels: Channels) -> Self {
        Self { rate, channels, sent: 0 }
    }

    fn stereo() -> Self {
        Self::new(48_000, Channels::Stereo)
    }

    /// Its next 20 ms.
    fn next(&mut self) -> Pcm {
        let frames = self.rate as usize / 50;
        let mut pcm = Pcm::silence(self.rate, self.channels, frames);
        for frame in pcm.samples.chunks_exact_mut(self.channels.count()) {
            let angle = TAU * 445.0 * self.sent as f64 / f64::from(self.rate);
            frame.fill((0.5 * angle.sin()) as f32);
            self.sent += 1;
        }
        pcm
    }
}

/// A programme with one source: ticks every 20 ms, everything heard is kept.
struct Programme {
    intake: Intake<2>,
    now: Duration,
    heard: Vec<f32>,
}

impl Programme {
    fn new() -> Self {
        Self { intake: Intake::new(IntakeConfig::default()), now: ms(0), heard: Vec::new() }
    }

    fn tick(&mut self) {
        let mut out = [[f32::NAN; 2]; TICK_FRAMES];
        self.intake.pull(self.now, &mut out);
        self.heard.extend(out.as_flattened());
        self.now += ms(20);
    }

    /// `ticks` ticks, before each of which one push of `tone` arrives.
    fn steady(&mut self, tone: &mut Tone, ticks: usize) {
        for _ in 0..ticks {
            self.intake.push(self.now, &tone.next());
            self.tick();
        }
    }

    fn silent(&mut self, ticks: usize) {
        (0..ticks).for_each(|_| self.tick());
    }

    /// The largest step from one sample to the next, left.
    fn steepest(&self) -> f32 {
        let left: Vec<f32> = self.heard.iter().step_by(2).copied().collect();
        left.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    /// The loudest sample of the last `ticks`.
    fn peak_of_last(&self, ticks: usize) -> f32 {
        self.heard[self.heard.len() - ticks * 2 * TICK_FRAMES..].iter().fold(0.0, |peak, s| peak.max(s.abs()))
    }
}

/// What 445 Hz at half scale moves from one sample to the next is 0.029; a fade or cross-fade adds a little.
const NO_CLICK: f32 = 0.045;

#[test]
fn nothing_is_heard_until_the_target_is_filled() {
    let mut programme = Programme::new();
    let mut tone = Tone::stereo();
    programme.silent(5);
    programme.steady(&mut tone, 2);
    assert_eq!(programme.peak_of_last(7), 0.0, "40 ms wait, 60 are asked for");
    programme.steady(&mut tone, 1);
    assert!(programme.peak_of_last(1) > 0.4);
    assert!(programme.steepest() < NO_CLICK);
}

#[test]
fn an_even_source_passes_bit_for_bit() {
    let mut programme = Programme::new();
    let mut noise = 7_u32;
    let mut sent = Vec::new();
    for _ in 0..200 {
        let mut pcm = Pcm::silence(48_000, Channels::Stereo, FRAME);
        for sample in &mut pcm.samples {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = (f64::from(noise) / f64::from(u32::MAX) - 0.5) as f32;
        }
        sent.extend_from_slice(&pcm.samples);
        programme.intake.push(programme.now, &pcm);
        programme.tick();
    }
    assert!(programme.intake.stats().untouched);
    // The first push is heard in the third tick, behind 10 ms of fading in.
    let heard = &programme.heard[2 * 2 * TICK_FRAMES + 2 * 480..];
    assert!(heard == &sent[2 * 480..2 * 480 + heard.len()]);
}

#[test]
fn after_a_stall_of_two_seconds_and_its_burst_the_latency_is_back_within_one() {
    // At once, and four times as fast as it was recorded.
    for pushes_a_tick in [100, 4] {
        let mut programme = Programme::new();
        let mut tone = Tone::stereo();
        programme.steady(&mut tone, 100);
        let usual = programme.intake.stats().buffered;
        programme.silent(100);
        let mut owed = 100;
        for _ in 0..50 {
            let burst = owed.min(pushes_a_tick - 1) + 1;
            owed = owed + 1 - burst;
            (0..burst).for_each(|_| programme.intake.push(programme.now, &tone.next()));
            programme.tick();
        }
        let stats = programme.intake.stats();
        assert!(owed == 0 && stats.cuts >= 1, "{stats:?}");
        assert!(stats.buffered.abs_diff(usual) <= ms(40), "{stats:?}, usually {usual:?}");
        assert_eq!(stats.target, ms(60), "a stall is no jitter");
        assert_eq!(stats.underruns, 1);
        assert!(programme.steepest() < 2.0 * NO_CLICK, "steepest {}", programme.steepest());
    }
}

#[test]
fn a_backlog_while_playing_is_cut_to_the_target_across_ten_milliseconds() {
    let mut programme = Programme::new();
    let mut tone = Tone::stereo();
    programme.steady(&mut tone, 50);
    (0..15).for_each(|_| programme.intake.push(programme.now, &tone.next()));
    programme.steady(&mut tone, 50);
    let stats = programme.intake.stats();
    assert_eq!((stats.cuts, stats.underruns, stats.concealed_frames), (1, 0, 0));
    assert!(stats.buffered <= ms(60) && stats.cut_frames > 48 * 250, "{stats:?}");
    assert!(programme.steepest() < 2.0 * NO_CLICK, "steepest {}", programme.steepest());
}

#[test]
fn a_backlog_within_the_margin_is_not_cut() {
    let mut programme = Programme::new();
    let mut tone = Tone::stereo();
    programme.steady(&mut tone, 50);
    (0..8).for_each(|_| programme.intake.push(programme.now, &tone.next()));
    programme.steady(&mut tone, 500);
    let stats = programme.intake.stats();
    assert_eq!((stats.cuts, stats.cut_frames, stats.underruns), (0, 0, 0));
    assert!(stats.ppm > 500.0, "the resampler eats it: {stats:?}");
}

#[test]
fn a_source_that_stops_is_repeated_then_fades_and_returns_without_a_click() {
    let mut programme = Programme::new();
    let mut tone = Tone::stereo();
    programme.steady(&mut tone, 50);
    programme.silent(3);
    assert!(programme.peak_of_last(1) > 0.3, "the first moments are made up");
    programme.silent(10);
    assert_eq!(programme.peak_of_last(1), 0.0, "then there is silence");
    programme.steady(&mut tone, 20);
    assert!(programme.peak_of_last(1) > 0.49);
    let stats = programme.intake.stats();
    assert_eq!((stats.underruns, stats.cuts), (1, 0));
    assert!((1_000..5_000).contains(&stats.concealed_frames), "{stats:?}");
    assert!(programme.steepest() < NO_CLICK, "steepest {}", programme.steepest());
}

#[test]
fn pauses_of_seconds_leave_the_target_alone() {
    let mut programme = Programme::new();
    let mut tone = Tone::stereo();
    for pause in [25, 50, 150] {
        programme.steady(&mut tone, 100);
        programme.silent(pause);
    }
    programme.steady(&mut tone, 100);
    let stats = programme.intake.stats();
    assert_eq!((stats.underruns, stats.cuts, stats.target), (3, 0, ms(60)));
    assert!(stats.playing && stats.buffered <= ms(60), "{stats:?}");
}

#[test]
fn jittery_arrivals_grow_the_target_until_nothing_runs_dry() {
    let mut programme = Programme::new();
    let mut tone = Tone::stereo();
    let mut dice = 1_u32;
    let mut pending: Vec<(Duration, Pcm)> = Vec::new();
    let mut last_arrival = ms(0);
    let mut after_a_minute = 0;
    for tick in 0..15_000_u64 {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // In order, as TCP delivers, each up to 120 ms late.
        last_arrival = last_arrival.max(ms(20 * tick + u64::from(dice >> 16) % 120));
        pending.push((last_arrival, tone.next()));
        while pending.first().is_some_and(|(at, _)| *at <= programme.now) {
            let (at, pcm) = pending.remove(0);
            programme.intake.push(at, &pcm);
        }
        programme.heard.clear();
        programme.tick();
        if tick == 3_000 {
            after_a_minute = programme.intake.stats().underruns;
        }
    }
    let stats = programme.intake.stats();
    assert!(stats.target > ms(90) && stats.target <= ms(250), "{stats:?}");
    assert!(after_a_minute <= 6, "{after_a_minute} underruns until the jitter was known");
    assert!(stats.underruns <= after_a_minute + 1, "{stats:?}");
    assert_eq!(stats.cuts, 0);
}

#[test]
fn the_target_shrinks_again_when_arrivals_calm_down() {
    let mut programme = Programme::new();
    let mut tone = Tone::stereo();
    programme.steady(&mut tone, 100);
    programme.silent(10);
    programme.steady(&mut tone, 100);
    let grown = programme.intake.stats().target;
    assert!(grown > ms(150), "{grown:?}");
    for _ in 0..40_000 {
        programme.heard.clear();
        programme.steady(&mut tone, 1);
    }
    let stats = programme.intake.stats();
    assert_eq!((stats.target, stats.cuts, stats.underruns), (ms(60), 0, 1));
    assert!(stats.buffered <= ms(50), "the sound followed it: {stats:?}");
}

#[test]
fn rate_and_channels_may_change_on_the_way() {
    let mut programme = Programme::new();
    let mut tones = [
        Tone::stereo(),
        Tone::new(44_100, Channels::Mono),
        Tone::new(8_000, Channels::Mono),
        Tone::new(96_000, Channels::Stereo),
        Tone::new(22_050, Channels::Stereo),
        Tone::new(48_000, Channels::Mono),
    ];
    for tone in &mut tones {
        programme.steady(tone, 60);
        assert!((0.49..0.51).contains(&programme.peak_of_last(20)), "{}", programme.peak_of_last(20));
    }
    let stats = programme.intake.stats();
    assert_eq!((stats.cuts, stats.refused), (0, 0));
    assert!(programme.steepest() < 2.0 * NO_CLICK, "steepest {}", programme.steepest());
    assert!(programme.heard.as_chunks::<2>().0.iter().all(|frame| frame[0] == frame[1]));
}

#[test]
fn what_is_no_number_is_silence_and_what_is_absurd_is_bounded() {
    let mut programme = Programme::new();
    let garbage = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 1e-40, -0.0, 0.5];
    for rate in [48_000, 44_100] {
        let samples = garbage.iter().copied().cycle().take(2 * rate as usize / 50).collect();
        let pcm = Pcm { rate, channels: Channels::Stereo, samples };
        for _ in 0..50 {
            programme.intake.push(programme.now, &pcm);
            programme.tick();
        }
    }
    assert!(programme.heard.iter().all(|sample| sample.is_finite() && sample.abs() < 16.0));
    assert!(programme.peak_of_last(1) > 0.4);
}

#[test]
fn rates_outside_the_range_are_refused_and_counted() {
    let mut intake = Intake::<2>::new(IntakeConfig::default());
    for rate in [0, 1, 7_999, 96_001, u32::MAX] {
        intake.push(ms(0), &Pcm { rate, channels: Channels::Mono, samples: vec![0.1; 960] });
    }
    assert_eq!((intake.stats().refused, intake.stats().buffered), (5, ms(0)));
}

#[test]
fn a_publisher_that_runs_ahead_stays_bounded() {
    let mut programme = Programme::new();
    let mut tone = Tone::stereo();
    for _ in 0..200 {
        // Fifty times real time, with a rate of its own now and then.
        for _ in 0..50 {
            programme.intake.push(programme.now, &tone.next());
            assert!(programme.intake.stats().buffered <= ms(1_200));
        }
        let odd = Pcm::silence(8_000 + tone.sent as u32 / 960 % 1_000, Channels::Mono, 400);
        programme.intake.push(programme.now, &odd);
        programme.tick();
        assert!(programme.intake.stats().buffered <= ms(300), "{:?}", programme.intake.stats());
    }
    assert!(programme.intake.stats().cuts >= 100);
    // Without any pull at all, too.
    for _ in 0..10_000 {
        programme.intake.push(programme.now, &tone.next());
    }
    assert!(programme.intake.stats().buffered <= ms(1_200));
}
