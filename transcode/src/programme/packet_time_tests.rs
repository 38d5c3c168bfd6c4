//! Speech in packets of 10 ms, as people on the stage send them, against the usual ones of 20 ms.

use bytes::Bytes;
use media::{AudioProfile, Codec, MediaDuration, Timescale};

use super::*;

use super::speech::{RATE, speech};

const SPEAKER: SourceId = SourceId::new(1);

const SECONDS: usize = 6;

fn track() -> TrackInfo {
    TrackInfo {
        codec: Codec::Opus,
        timescale: Timescale::PROGRAMME,
        sample_rate: 48_000,
        channels: Channels::Mono,
        config: Bytes::new(),
    }
}

/// Speech with in-band FEC in packets of so many frames.
fn packets(frames: usize) -> Vec<AccessUnit> {
    let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip).unwrap();
    encoder.set_bitrate(opus::Bitrate::Bits(32_000)).unwrap();
    encoder.set_inband_fec(true).unwrap();
    encoder.set_packet_loss_perc(20).unwrap();
    let sound = speech(SECONDS);
    let packets = sound.chunks_exact(frames).enumerate();
    packets
        .map(|(n, sound)| AccessUnit {
            time: MediaTime::from_ticks((n * frames) as u64),
            duration: MediaDuration::from_ticks(frames as u64),
            data: encoder.encode_vec_float(sound, 1_275).unwrap().into(),
        })
        .collect()
}

/// What becomes of them when each arrives `late` after its last sample, and those that `is_lost` never do.
fn hear(frames: usize, late: Duration, is_lost: impl Fn(usize) -> bool) -> (SourceStats, Vec<f32>) {
    let mut programme = Programme::new(&AudioProfile::Voice.rungs(), MediaTime::from_ticks(0)).unwrap();
    programme.add_source_with(SPEAKER, IntakeConfig::CONVERSATION);
    programme.set_track(SPEAKER, &track()).unwrap();
    let length = Timescale::PROGRAMME.to_duration(frames);
    let mut arriving = packets(frames).into_iter().enumerate().peekable();
    let mut mix = Vec::new();
    for tick in 1..=(SECONDS * 50) as u32 {
        let now = Duration::from_millis(20) * tick;
        while let Some((n, unit)) = arriving.next_if(|(n, _)| length * (*n as u32 + 1) + late <= now) {
            if !is_lost(n) {
                programme.push(SPEAKER, length * (n as u32 + 1) + late, &unit).unwrap();
            }
        }
        programme.tick(now).unwrap();
        mix.extend_from_slice(programme.mixer.newest());
        while programme.poll_output().is_some() {}
    }
    (programme.source_stats(SPEAKER).unwrap(), mix)
}

trait Lengths {
    fn to_duration(self, frames: usize) -> Duration;
}

impl Lengths for Timescale {
    fn to_duration(self, frames: usize) -> Duration {
        MediaDuration::from_ticks(frames as u64).to_duration(self)
    }
}

#[test]
fn short_packets_are_heard_without_a_flaw_at_every_phase() {
    for late in (0..20).step_by(3).map(Duration::from_millis) {
        let (stats, mix) = hear(480, late, |_| false);
        let intake = stats.intake;
        assert_eq!((stats.missing, stats.corrupt, stats.pauses), (0, 0, 0), "{late:?}: {stats:?}");
        assert_eq!((intake.underruns, intake.concealed_frames, intake.cuts), (0, 0, 0), "{late:?}");
        assert!(mix[RATE..].iter().any(|sample| sample.abs() > 0.2), "{late:?}: nothing is heard");
    }
}

#[test]
fn of_short_packets_too_a_lost_one_is_in_the_next() {
    let lost = |n: usize| n > 60 && n.is_multiple_of(20);
    for frames in [480, 960] {
        let (stats, _) = hear(frames, Duration::ZERO, lost);
        assert!(stats.missing > 10 && stats.intake.underruns == 0, "{frames}: {stats:?}");
        assert!(stats.recovered * 2 > stats.missing, "{frames}: {stats:?}");
    }
}
