//! A voice that comes by WebRTC over a bad network: loss, delay and packets that overtake others, on a schedule that
//! seeded dice make and no clock. From the door of a session to the programme and its grid steps everything is real.
#![allow(clippy::unwrap_used)]

use std::ops::Range;
use std::time::{Duration, Instant};

use ingest::whip::Door;
use ingest::{Answer, Media, Protocol, Publication, PublishRequest, Publisher, StreamKey};
use media::AudioProfile;
use packager::{Grid, Ladder, LatencyMode, Packager, RunId};
use rtc::{Ear, Heard};
use transcode::intake::IntakeConfig;
use transcode::programme::{Output, Programme, SourceId, SourceStats};

#[path = "../transcode/tests/speech/mod.rs"]
mod speech;

use speech::{Dice, speech};

/// Frames of a packet and of a tick: 20 ms.
const PACKET: usize = 960;

const SPEAKER: SourceId = SourceId::new(1);

/// Packets that are sent: 30 s.
const PACKETS: usize = 1_500;

/// What a network does.
#[derive(Clone, Copy, Debug)]
struct Network {
    /// The share of packets that never arrive.
    loss: f64,
    /// The most that a packet is late, in milliseconds; each by its own.
    jitter: f64,
    /// Each packet repeats the one before (RFC 2198).
    red: bool,
}

const CLEAN: Network = Network { loss: 0.0, jitter: 0.0, red: false };

/// What is heard, and what became of it.
struct Played {
    sound: Vec<f32>,
    stats: SourceStats,
    /// Packets from the first to the newest that was handed on.
    handed_on: usize,
    /// Those that never arrived.
    lost: usize,
    /// Frames of `sound` in which something is made up.
    made_up: Vec<Range<usize>>,
    /// Grid steps that were released.
    steps: usize,
}

/// Speech as a browser sends it to a network that loses packets: 24 kb/s with in-band FEC.
fn packets() -> Vec<Vec<u8>> {
    let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip).unwrap();
    encoder.set_bitrate(opus::Bitrate::Bits(24_000)).unwrap();
    encoder.set_inband_fec(true).unwrap();
    encoder.set_packet_loss_perc(20).unwrap();
    let sound = speech(5);
    let packets = sound.chunks_exact(PACKET).cycle().take(PACKETS);
    packets.map(|frames| encoder.encode_vec_float(frames, 1_275).unwrap()).collect()
}

/// Which packet arrives when, the earliest first.
fn arrivals(network: Network) -> Vec<(Duration, usize)> {
    let mut dice = Dice(0x5eed);
    // The low bits of such dice are poor: each decision takes a roll that is thrown away before it.
    let mut share = || {
        dice.roll();
        dice.roll().midpoint(1.0)
    };
    let mut arrive = Vec::new();
    for packet in 0..PACKETS {
        let (falls, late) = (share(), share());
        if falls >= network.loss {
            let millis = 20.0 * (packet + 1) as f64 + network.jitter * late;
            arrive.push((Duration::from_secs_f64(millis / 1_000.0), packet));
        }
    }
    arrive.sort_unstable();
    arrive
}

/// A session's door, and what it lets in.
fn door(begin: Instant) -> (Door, Publication) {
    let asking = Publisher {
        broadcast: "a".into(),
        key: StreamKey::parse("key").unwrap(),
        protocol: Protocol::Whip,
        peer: ([192, 0, 2, 1], 5_000).into(),
        software: None,
        account: None,
    };
    let (request, mut answered) = PublishRequest::new(begin, asking);
    let publication = request.accept();
    let Answer::Accepted(sink) = answered.try_recv().unwrap() else { panic!("it was refused") };
    (Door::new(sink), publication)
}

fn play(packets: &[Vec<u8>], network: Network) -> Played {
    // Only what lies between instants counts.
    let begin = Instant::now();
    let (mut door, mut publication) = door(begin);
    let ladder = Ladder::new(AudioProfile::Voice, LatencyMode::Ultra);
    let mut programme = Programme::new(ladder.rungs(), Grid::FIRST.start()).unwrap();
    let run = RunId::from_parts(1_000, 1);
    let mut packager = Packager::new(run, 1, ladder.grid(), ladder.rungs(), Grid::FIRST, false);
    programme.add_source_with(SPEAKER, IntakeConfig::CONVERSATION);
    programme.set_tap(SPEAKER, true).unwrap();

    let arrive = arrivals(network);
    let lost = PACKETS - arrive.len();
    let mut arrive = arrive.into_iter().peekable();
    let (mut sound, mut made_up, mut handed_on, mut steps) = (Vec::new(), Vec::new(), 0, 0);
    for tick in 1..=PACKETS as u32 {
        let now = Duration::from_millis(20) * tick;
        while let Some((at, packet)) = arrive.next_if(|(at, _)| *at <= now) {
            let oldest = if network.red { packet.saturating_sub(1) } else { packet };
            for (number, data) in packets.iter().enumerate().take(packet + 1).skip(oldest) {
                let (sequence, time) = (number as u64, (number * PACKET) as u64);
                door.hear(begin + at, Heard { sequence, time, level: None, data });
            }
        }
        let before = programme.source_stats(SPEAKER).unwrap();
        while let Ok(media) = publication.try_recv() {
            match media {
                Media::Track(track) => programme.set_track(SPEAKER, &track).unwrap(),
                Media::Unit(unit) => {
                    handed_on = unit.time.ticks() as usize / PACKET + 1;
                    programme.push(SPEAKER, now, &unit).unwrap();
                }
            }
        }
        // What stands in for a missing packet waits with what came now.
        let after = programme.source_stats(SPEAKER).unwrap();
        if after.missing - after.recovered > before.missing - before.recovered {
            let waits = |stats: &SourceStats| (stats.intake.buffered.as_secs_f64() * 48_000.0) as usize;
            made_up.push(sound.len() + waits(&before)..sound.len() + waits(&after));
        }
        programme.tick(now).unwrap();
        let ticked = programme.source_stats(SPEAKER).unwrap();
        if ticked.intake.concealed_frames > after.intake.concealed_frames || !ticked.intake.playing {
            made_up.push(sound.len()..sound.len() + PACKET);
        }
        sound.extend_from_slice(programme.tapped(SPEAKER).unwrap());
        while let Some(Output::Unit { rung, unit }) = programme.poll_output() {
            packager.push(rung, unit).unwrap();
        }
        steps += std::iter::from_fn(|| packager.poll_output()).count();
    }
    let stats = programme.source_stats(SPEAKER).unwrap();
    Played { sound, stats, handed_on, lost, made_up, steps }
}

impl Played {
    /// Packets that were not heard as they were sent, though the next may have repeated them.
    fn missed(&self) -> u64 {
        self.handed_on as u64 - self.stats.units
    }

    /// How much of what is heard is not what was said, in percent: packets that nothing brought, sound that was cut, and
    /// the time for which the jitter buffer was dry.
    fn concealed(&self) -> f64 {
        let packets = (self.missed() - self.stats.recovered) as f64;
        let frames = self.stats.intake.concealed_frames + self.stats.intake.cut_frames;
        100.0 * (packets + frames as f64 / PACKET as f64) / PACKETS as f64
    }

    /// The mean of the ratio, over stretches of 20 ms that sound and of which nothing is made up, between what is heard
    /// and what differs in it from what is heard where nothing is lost; in dB, each kept within -10..=35. A jitter
    /// buffer that grew is no noise: each stretch is compared with the one before it that is most like it, up to 600 ms.
    /// And by how many milliseconds the last of them are heard later.
    fn segmental_snr(&self, clean: &Self) -> (f64, usize) {
        let (mut lag, mut ratios, mut lags) = (REACH, Vec::new(), Vec::new());
        for at in (REACH..clean.sound.len() - 2 * STRETCH).step_by(STRETCH) {
            let here = at..at + STRETCH;
            let heard = &self.sound[here.clone()];
            let loud = dot(heard, heard, 1);
            let is_made_up = |made_up: &Range<usize>| made_up.start < here.end && here.start < made_up.end;
            if loud < 1e-4 * STRETCH as f32 || self.made_up.iter().any(is_made_up) {
                continue;
            }
            let nearby = &clean.sound[at - REACH..at + 2 * STRETCH];
            let differs = |lag: usize, step: usize| {
                let said = &nearby[lag..lag + STRETCH];
                dot(said, said, step) - 2.0 * dot(heard, said, step)
            };
            let best = |lags: &mut dyn Iterator<Item = usize>, step: usize| {
                lags.min_by(|a, b| differs(*a, step).total_cmp(&differs(*b, step))).unwrap_or(lag)
            };
            let near =
                |lag: usize| best(&mut (lag.saturating_sub(6)..=(lag + 6).min(REACH + STRETCH - 1)), 2);
            // It goes on where it was, mostly; else it is looked for, coarsely and then near.
            let mut found = near(lag);
            if noise(heard, &nearby[found..]) > 0.1 * loud {
                let other = near(best(&mut (0..REACH + STRETCH).step_by(12), 12));
                if noise(heard, &nearby[other..]) < noise(heard, &nearby[found..]) {
                    found = other;
                }
            }
            lag = found;
            lags.push(lag);
            let noise = noise(heard, &nearby[found..]).max(1e-9);
            ratios.push((10.0 * f64::from(loud / noise).log10()).clamp(-10.0, 35.0));
        }
        assert!(ratios.len() > PACKETS / 3, "{} stretches sound", ratios.len());
        // The middle one: a vowel is like itself a period later too.
        let last = &mut lags[ratios.len() - 100..];
        last.sort_unstable();
        (ratios.iter().sum::<f64>() / ratios.len() as f64, REACH.saturating_sub(last[50]) / 48)
    }
}

/// Frames of a stretch that is compared: 20 ms.
const STRETCH: usize = 960;

/// Frames by which sound may be later than where nothing is lost: 600 ms.
const REACH: usize = 28_800;

/// The energy by which `heard` differs from what `said` begins with, or from a point up to a frame before or after: the
/// resampler plays between frames.
fn noise(heard: &[f32], said: &[f32]) -> f32 {
    let differ: Vec<f32> = heard.iter().zip(said).map(|(heard, said)| heard - said).collect();
    let slope: Vec<f32> = said.windows(2).take(heard.len()).map(|pair| pair[1] - pair[0]).collect();
    let along = dot(&differ, &slope, 1) / dot(&slope, &slope, 1).max(1e-9);
    let rest: Vec<f32> =
        differ.iter().zip(&slope).map(|(differ, slope)| differ - along.clamp(-1.0, 1.0) * slope).collect();
    dot(&rest, &rest, 1)
}

/// The product of every `step`th frame.
fn dot(a: &[f32], b: &[f32], step: usize) -> f32 {
    let (mut sum, mut at) = (0.0, 0);
    while at < a.len() {
        sum += a[at] * b[at];
        at += step;
    }
    sum
}

#[test]
fn a_voice_on_a_bad_network_stays_intelligible_and_no_grid_step_is_late() {
    let packets = packets();
    let clean = play(&packets, CLEAN);
    let nothing = (clean.missed(), clean.stats.missing, clean.stats.intake.underruns);
    assert_eq!((clean.lost, nothing), (0, (0, 0, 0)));
    assert!(clean.steps > 80, "{} grid steps", clean.steps);
    for (network, promise) in cases() {
        let played = play(&packets, network);
        let Played { stats, lost, .. } = &played;
        let (missed, recovered) = (played.missed(), stats.recovered);
        let (concealed, (snr, later)) = (played.concealed(), played.segmental_snr(&clean));
        let found = format!(
            "{network:?}: of {lost} lost, {missed} missed, {recovered} recovered; {concealed:.1} % concealed, \
             SNR {snr:.1} dB, {later} ms later, {:?}",
            stats.intake
        );
        assert_eq!(played.steps, clean.steps, "a listener by HLS waits for nothing; {found}");
        assert!(missed <= promise.missed, "{found}");
        assert!(recovered * 3 >= missed * 2, "in-band FEC brings most of what is missed; {found}");
        assert!(concealed <= promise.concealed, "{found}");
        assert!(snr >= promise.snr, "{found}");
        assert!(later <= promise.later, "{found}");
    }
}

/// What a listener may expect of a network.
struct Promise {
    /// Packets that are not heard as they were sent, at the most.
    missed: u64,
    /// How much is concealed at the most, in percent.
    concealed: f64,
    /// The segmental SNR of everything else at the least, in dB.
    snr: f64,
    /// By how much it is heard later in the end, at the most, in milliseconds.
    later: usize,
}

/// A little worse than what was measured.
fn cases() -> impl Iterator<Item = (Network, Promise)> {
    [
        (0.05, 0.0, false, 78, 1.2, 26.0, 75),
        (0.05, 0.0, true, 4, 0.2, 24.5, 35),
        (0.20, 0.0, false, 305, 7.0, 16.0, 105),
        (0.20, 0.0, true, 62, 1.7, 28.0, 95),
        (0.0, 200.0, false, 16, 0.9, 24.5, 235),
        (0.0, 200.0, true, 18, 1.1, 30.0, 215),
        (0.05, 200.0, false, 95, 2.2, 22.0, 360),
        (0.05, 200.0, true, 24, 2.7, 24.0, 220),
    ]
    .into_iter()
    .map(|(loss, jitter, red, missed, concealed, snr, later)| {
        (Network { loss, jitter, red }, Promise { missed, concealed, snr, later })
    })
}
