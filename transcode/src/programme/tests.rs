use media::{AudioProfile, Channels, Codec, MediaDuration, Timescale};

use super::*;
use crate::decode::Decoder;
use crate::encode::Encoder;

const TICK: Duration = Duration::from_millis(20);
const HOST: SourceId = SourceId::new(1);
const GUEST: SourceId = SourceId::new(2);

/// A sine that goes on from call to call.
struct Tone {
    hz: f64,
    amplitude: f64,
    frame: usize,
}

impl Tone {
    fn new(hz: f64, amplitude: f64) -> Self {
        Self { hz, amplitude, frame: 0 }
    }

    /// 20 ms at 48 kHz, equal in both channels.
    fn next(&mut self) -> Pcm {
        let mut pcm = Pcm::silence(48_000, Channels::Stereo, 960);
        for frame in pcm.samples.as_chunks_mut::<2>().0 {
            let turns = self.frame as f64 * self.hz / 48_000.0;
            *frame = [(self.amplitude * (turns * std::f64::consts::TAU).sin()) as f32; 2];
            self.frame += 1;
        }
        pcm
    }
}

/// A programme with somebody at the clock, and what it put out.
struct Studio {
    programme: Programme,
    now: Duration,
    mix: Vec<f32>,
    units: Vec<(RungId, AccessUnit)>,
}

impl Studio {
    fn new() -> Self {
        let programme = Programme::new(&AudioProfile::Standard.rungs(), MediaTime::from_ticks(0)).unwrap();
        Self { programme, now: Duration::ZERO, mix: Vec::new(), units: Vec::new() }
    }

    fn tick(&mut self) {
        self.programme.tick(self.now).unwrap();
        self.now += TICK;
        self.mix.extend_from_slice(self.programme.mixer.newest());
        while let Some(Output::Unit { rung, unit }) = self.programme.poll_output() {
            self.units.push((rung, unit));
        }
    }

    fn play(&mut self, ticks: usize, voices: &mut [(SourceId, &mut Tone)]) {
        for _ in 0..ticks {
            for (id, tone) in &mut *voices {
                self.programme.push_pcm(*id, self.now, &tone.next()).unwrap();
            }
            self.tick();
        }
    }

    /// The left channel of the last `ticks` of the mix.
    fn heard(&self, ticks: usize) -> Vec<f32> {
        self.mix[self.mix.len() - ticks * 2 * TICK_FRAMES..].iter().copied().step_by(2).collect()
    }

    /// The units of one rung, after a look at their times: none is missing.
    fn rung(&self, id: RungId) -> Vec<AccessUnit> {
        let units: Vec<_> =
            self.units.iter().filter(|(rung, _)| *rung == id).map(|(_, unit)| unit.clone()).collect();
        let mut next = MediaTime::from_ticks(0);
        for unit in &units {
            assert_eq!(unit.time, next, "{id}");
            next += unit.duration;
        }
        units
    }
}

/// The amplitude of a sine of `hz`.
fn amplitude(samples: &[f32], hz: f64) -> f64 {
    let (mut cosine, mut sine) = (0.0, 0.0);
    for (i, &sample) in samples.iter().enumerate() {
        let phase = i as f64 * hz / 48_000.0 * std::f64::consts::TAU;
        cosine += f64::from(sample) * phase.cos();
        sine += f64::from(sample) * phase.sin();
    }
    2.0 * f64::hypot(cosine, sine) / samples.len() as f64
}

/// The largest third difference: a click shows in it, a low tone does not.
fn roughness(samples: &[f32]) -> f32 {
    samples.windows(4).map(|w| (w[3] - 3.0 * w[2] + 3.0 * w[1] - w[0]).abs()).fold(0.0, f32::max)
}

fn opus_tone(ticks: usize) -> (TrackInfo, Vec<AccessUnit>) {
    let rung = AudioProfile::Standard.rungs()[2];
    let mut encoder = Encoder::new(&rung, MediaTime::from_ticks(0)).unwrap();
    let mut tone = Tone::new(440.0, 0.5);
    for _ in 0..ticks {
        encoder.push(tone.next().samples.as_chunks::<2>().0).unwrap();
    }
    (encoder.track(), std::iter::from_fn(|| encoder.poll_output()).collect())
}

#[test]
fn without_a_source_every_rung_goes_on_in_silence() {
    let mut studio = Studio::new();
    for _ in 0..100 {
        studio.tick();
    }
    assert!(studio.mix.iter().all(|&sample| sample == 0.0));
    for (id, frames) in [(RungId::Main, 1_024), (RungId::Low, 1_024), (RungId::Opus, 960)] {
        let covered = studio.rung(id).len() * frames;
        assert!(covered + 3 * frames > 100 * 960, "{id} covers {covered} frames");
    }
    assert_eq!(studio.programme.loudness().momentary, None);
}

#[test]
fn mono_rungs_are_mixed_in_mono_from_the_mean_of_both_sides() {
    let rungs = AudioProfile::Voice.rungs();
    let mut programme = Programme::new(&rungs, MediaTime::from_ticks(0)).unwrap();
    programme.add_source(HOST);
    let mut tone = Tone::new(440.0, 0.4);
    let mut units = Vec::new();
    for tick in 0..50 {
        let mut pcm = tone.next();
        // On the left side alone.
        pcm.samples.as_chunks_mut::<2>().0.iter_mut().for_each(|frame| frame[1] = 0.0);
        programme.push_pcm(HOST, tick * TICK, &pcm).unwrap();
        programme.tick(tick * TICK).unwrap();
        units.extend(std::iter::from_fn(|| programme.poll_output()));
    }
    assert_eq!(programme.mixer.newest().len(), TICK_FRAMES);
    assert!((amplitude(programme.mixer.newest(), 440.0) - 0.2).abs() < 0.005);
    for rung in rungs {
        let track = Encoder::new(&rung, MediaTime::from_ticks(0)).unwrap().track();
        let mut decoder = Decoder::new(&track).unwrap();
        let mut heard = Vec::new();
        for Output::Unit { rung: id, unit } in &units {
            if *id == rung.id {
                heard.extend_from_slice(&decoder.decode(unit).unwrap().samples);
            }
        }
        let level = amplitude(&heard[heard.len() - 4_800..], 440.0);
        assert!((level - 0.2).abs() < 0.02, "{}: {level}", rung.id);
    }
}

#[test]
fn two_voices_are_both_in_the_mix_and_in_every_rung() {
    let mut studio = Studio::new();
    studio.programme.add_source(HOST);
    studio.programme.add_source(GUEST);
    let (mut low, mut high) = (Tone::new(440.0, 0.3), Tone::new(1_000.0, 0.2));
    studio.play(100, &mut [(HOST, &mut low), (GUEST, &mut high)]);
    let heard = studio.heard(50);
    assert!((amplitude(&heard, 440.0) - 0.3).abs() < 0.001, "{}", amplitude(&heard, 440.0));
    assert!((amplitude(&heard, 1_000.0) - 0.2).abs() < 0.001);

    for (encoder, id) in studio.programme.encoders().iter().zip(RungId::ALL) {
        let mut decoder = Decoder::new(&encoder.track()).unwrap();
        let mut left = Vec::new();
        for unit in studio.rung(id) {
            let pcm = decoder.decode(&unit).unwrap();
            left.extend(pcm.samples.iter().copied().step_by(pcm.channels.count()));
        }
        let heard = &left[left.len() - 48_000..];
        assert!((amplitude(heard, 440.0) - 0.3).abs() < 0.01, "{id}: {}", amplitude(heard, 440.0));
        assert!((amplitude(heard, 1_000.0) - 0.2).abs() < 0.01, "{id}");
    }
}

#[test]
fn voices_that_add_up_beyond_full_scale_are_turned_down() {
    let mut studio = Studio::new();
    studio.programme.add_source(HOST);
    studio.programme.add_source(GUEST);
    let (mut one, mut other) = (Tone::new(440.0, 0.9), Tone::new(440.0, 0.9));
    studio.play(100, &mut [(HOST, &mut one), (GUEST, &mut other)]);
    let peak = studio.mix.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!(peak <= 1.0, "{peak}");
    assert!(amplitude(&studio.heard(50), 440.0) > 0.9);
}

#[test]
fn a_source_that_is_removed_fades_without_a_click() {
    let mut studio = Studio::new();
    studio.programme.add_source(HOST);
    let mut tone = Tone::new(440.0, 0.5);
    studio.play(50, &mut [(HOST, &mut tone)]);
    let smooth = roughness(&studio.heard(20));
    studio.programme.remove_source(HOST);
    for _ in 0..3 {
        studio.tick();
    }
    assert!(roughness(&studio.heard(5)) < 2.0 * smooth, "{} after {smooth}", roughness(&studio.heard(5)));
    assert!(studio.heard(1).iter().all(|&sample| sample == 0.0));
    assert!(studio.programme.source_stats(HOST).is_none());
}

#[test]
fn a_source_that_returns_is_heard_again_while_the_rungs_go_on() {
    let mut studio = Studio::new();
    for _ in 0..2 {
        studio.programme.add_source(HOST);
        studio.play(50, &mut [(HOST, &mut Tone::new(440.0, 0.5))]);
        assert!((amplitude(&studio.heard(25), 440.0) - 0.5).abs() < 0.001);
        studio.programme.remove_source(HOST);
        studio.play(50, &mut []);
    }
    // `rung` looks for gaps.
    assert!(studio.rung(RungId::Main).len() >= 184);
    assert!(studio.rung(RungId::Opus).len() >= 198);
}

#[test]
fn a_coded_source_is_decoded_and_heard() {
    let (track, units) = opus_tone(100);
    let mut studio = Studio::new();
    studio.programme.add_source(HOST);
    studio.programme.set_track(HOST, &track).unwrap();
    for unit in &units {
        studio.programme.push(HOST, studio.now, unit).unwrap();
        studio.tick();
    }
    assert!((amplitude(&studio.heard(50), 440.0) - 0.5).abs() < 0.01);
    let stats = studio.programme.source_stats(HOST).unwrap();
    assert_eq!((stats.units, stats.corrupt, stats.missing), (units.len() as u64, 0, 0));
    assert_eq!(stats.intake.underruns, 0);
}

#[test]
fn packets_that_were_lost_between_two_others_are_concealed() {
    let (track, units) = opus_tone(100);
    let mut studio = Studio::new();
    studio.programme.add_source(HOST);
    studio.programme.set_track(HOST, &track).unwrap();
    for (n, unit) in units.iter().enumerate() {
        if n % 30 != 29 {
            studio.programme.push(HOST, studio.now, unit).unwrap();
        }
        studio.tick();
    }
    let stats = studio.programme.source_stats(HOST).unwrap();
    // A programme's own packets repeat nothing.
    assert_eq!((stats.missing, stats.recovered, stats.intake.underruns), (3, 0, 0));
    assert!((amplitude(&studio.heard(50), 440.0) - 0.5).abs() < 0.02);
}

#[test]
fn a_long_hole_is_not_filled_behind_the_listeners_back() {
    let (track, units) = opus_tone(100);
    let mut studio = Studio::new();
    studio.programme.add_source(HOST);
    studio.programme.set_track(HOST, &track).unwrap();
    for unit in units[..20].iter().chain(&units[70..]) {
        studio.programme.push(HOST, studio.now, unit).unwrap();
        studio.tick();
    }
    assert_eq!(studio.programme.source_stats(HOST).unwrap().missing, 0);
}

#[test]
fn a_publishers_milliseconds_make_no_holes() {
    let (mut track, units) = opus_tone(100);
    track.timescale = Timescale::MILLIS;
    let mut studio = Studio::new();
    studio.programme.add_source(HOST);
    studio.programme.set_track(HOST, &track).unwrap();
    for (n, unit) in units.iter().enumerate() {
        let jitter = [0, 3, 1, 8][n % 4];
        let unit = AccessUnit {
            time: MediaTime::from_ticks(20 * n as u64 + jitter),
            duration: MediaDuration::default(),
            ..unit.clone()
        };
        studio.programme.push(HOST, studio.now, &unit).unwrap();
        studio.tick();
    }
    assert_eq!(studio.programme.source_stats(HOST).unwrap().missing, 0);
}

#[test]
fn a_damaged_unit_is_told_and_concealed_and_the_source_goes_on() {
    let rung = AudioProfile::Standard.rungs()[0];
    let mut encoder = Encoder::new(&rung, MediaTime::from_ticks(0)).unwrap();
    let mut tone = Tone::new(440.0, 0.5);
    for _ in 0..120 {
        encoder.push(tone.next().samples.as_chunks::<2>().0).unwrap();
    }
    let units: Vec<_> = std::iter::from_fn(|| encoder.poll_output()).collect();

    let mut studio = Studio::new();
    studio.programme.add_source(HOST);
    studio.programme.set_track(HOST, &encoder.track()).unwrap();
    let mut errors = 0;
    let mut fed = 0;
    while fed < units.len() {
        while fed < units.len() && units[fed].time.to_duration(Timescale::PROGRAMME) <= studio.now {
            let mut unit = units[fed].clone();
            if fed == 40 {
                // A coupling channel element, which nobody sends and symphonia refuses.
                unit.data = vec![0x40; 300].into();
            }
            if let Err(error) = studio.programme.push(HOST, studio.now, &unit) {
                assert!(matches!(
                    error,
                    SourceError::Decode(DecodeError::Corrupt { codec: Codec::AacLc, .. })
                ));
                errors += 1;
            }
            fed += 1;
        }
        studio.tick();
    }
    let stats = studio.programme.source_stats(HOST).unwrap();
    assert_eq!((errors, stats.corrupt, stats.units), (1, 1, units.len() as u64 - 1));
    assert_eq!(stats.intake.underruns, 0, "the concealed unit fills its place");
    assert!((amplitude(&studio.heard(50), 440.0) - 0.5).abs() < 0.01);
}

#[test]
fn a_repeated_track_changes_nothing_and_a_new_one_takes_over() {
    let (track, units) = opus_tone(60);
    let mut studio = Studio::new();
    studio.programme.add_source(HOST);
    for unit in &units {
        studio.programme.set_track(HOST, &track).unwrap();
        studio.programme.push(HOST, studio.now, unit).unwrap();
        studio.tick();
    }
    let smooth = roughness(&studio.heard(40));
    assert!(smooth < 0.001, "a decoder that starts anew at every unit clicks: {smooth}");

    let bad = TrackInfo { codec: Codec::AacLc, ..track };
    assert!(matches!(studio.programme.set_track(HOST, &bad), Err(SourceError::Decode(_))));
    assert!(matches!(studio.programme.push(HOST, studio.now, &units[0]), Err(SourceError::NoTrack(HOST))));
}

#[test]
fn a_source_that_nobody_added_is_refused_by_name() {
    let mut studio = Studio::new();
    let error = studio.programme.push_pcm(GUEST, TICK, &Tone::new(440.0, 0.5).next()).unwrap_err();
    assert_eq!(error.to_string(), "source 2 is not in the programme");
}

#[test]
fn the_meter_hears_the_mix() {
    let mut studio = Studio::new();
    studio.programme.add_source(HOST);
    // BS.1770: a stereo sine of 997 Hz at full scale reads about 0 LUFS; half of that amplitude 6 dB less.
    studio.play(100, &mut [(HOST, &mut Tone::new(997.0, 0.5))]);
    let loudness = studio.programme.loudness();
    let momentary = loudness.momentary.unwrap();
    assert!((momentary + 6.0).abs() < 0.2, "{momentary} LUFS");
    assert!((loudness.true_peak.unwrap() + 6.0).abs() < 0.3, "{:?} dBTP", loudness.true_peak);
}
