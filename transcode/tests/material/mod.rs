//! Coded sound made by ffmpeg, and a look at decoded sound.

use std::process::Command;

use bytes::Bytes;
use media::{AccessUnit, Channels, Codec, MediaDuration, MediaTime, Pcm, Timescale, TrackInfo};

/// A track with its access units, as a door would deliver them.
pub(crate) struct Material {
    pub(crate) track: TrackInfo,
    pub(crate) units: Vec<AccessUnit>,
}

/// 1.5 s of a 440 Hz tone as `codec` at this rate and bit rate.
pub(crate) fn tone(codec: Codec, rate: u32, channels: Channels, bit_rate: u32) -> Material {
    let source = format!("sine=frequency=440:sample_rate={rate}:duration=1.5");
    let (encoder, format) = match codec {
        Codec::AacLc => ("aac", "adts"),
        Codec::Mp3 => ("libmp3lame", "mp3"),
        Codec::Opus => ("libopus", "ogg"),
        Codec::HeAac => panic!("ffmpeg makes no HE-AAC"),
    };
    let coded = ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        &source,
        "-af",
        "volume=12dB",
        "-c:a",
        encoder,
        "-ac",
        &channels.count().to_string(),
        "-b:a",
        &bit_rate.to_string(),
        "-write_xing",
        "0",
        "-id3v2_version",
        "0",
        "-f",
        format,
        "-",
    ]);
    let (config, units) = match codec {
        Codec::AacLc => adts(&coded),
        Codec::Mp3 => (Bytes::new(), mpeg_frames(&coded)),
        _ => ogg(&coded),
    };
    assert!(units.len() > 10, "ffmpeg made {} units", units.len());
    let track = TrackInfo { codec, timescale: Timescale::PROGRAMME, sample_rate: rate, channels, config };
    Material { track, units: units.into_iter().map(unit).collect() }
}

/// An access unit that nobody asks for its time.
pub(crate) fn unit(data: Bytes) -> AccessUnit {
    AccessUnit { time: MediaTime::default(), duration: MediaDuration::default(), data }
}

/// The share of a channel's power that a sine of 440 Hz explains, 0 to 1.
pub(crate) fn share_of_440_hz(pcm: &Pcm, channel: usize) -> f64 {
    let voice: Vec<f64> =
        pcm.samples.iter().skip(channel).step_by(pcm.channels.count()).map(|&s| f64::from(s)).collect();
    let (mut cosine, mut sine, mut power) = (0.0, 0.0, 0.0);
    for (i, sample) in voice.iter().enumerate() {
        let phase = i as f64 * 440.0 / f64::from(pcm.rate) * std::f64::consts::TAU;
        cosine += sample * phase.cos();
        sine += sample * phase.sin();
        power += sample * sample;
    }
    2.0 * (cosine * cosine + sine * sine) / voice.len() as f64 / power
}

fn ffmpeg(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-nostdin"])
        .args(arguments.iter().filter(|argument| !argument.is_empty()))
        .output()
        .expect("these tests need ffmpeg on the PATH (make deps installs it)");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The `AudioSpecificConfig` and the raw units of an ADTS stream (ISO 13818-7 section 6.2).
fn adts(stream: &[u8]) -> (Bytes, Vec<Bytes>) {
    let index = u16::from(stream[2] >> 2 & 0xf);
    let channels = u16::from(stream[2] & 1) << 2 | u16::from(stream[3] >> 6);
    let config = 2 << 11 | index << 7 | channels << 3;
    let mut units = Vec::new();
    let mut rest = stream;
    while rest.len() > 7 {
        let length = usize::from(rest[3] & 3) << 11 | usize::from(rest[4]) << 3 | usize::from(rest[5]) >> 5;
        units.push(Bytes::copy_from_slice(&rest[7..length]));
        rest = &rest[length..];
    }
    (Bytes::copy_from_slice(&u16::to_be_bytes(config)), units)
}

/// The frames of an MPEG Layer III stream (ISO 11172-3 section 2.4.2.3, ISO 13818-3, and «2.5»).
fn mpeg_frames(stream: &[u8]) -> Vec<Bytes> {
    const MPEG_1: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const MPEG_2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let mut frames = Vec::new();
    let mut rest = stream;
    while rest.len() > 4 {
        let (rate_index, bit_rate_index) = (usize::from(rest[2] >> 2 & 3), usize::from(rest[2] >> 4));
        let padding = usize::from(rest[2] >> 1 & 1);
        let length = match rest[1] >> 3 & 3 {
            3 => 144_000 * MPEG_1[bit_rate_index] / [44_100, 48_000, 32_000][rate_index],
            2 => 72_000 * MPEG_2[bit_rate_index] / [22_050, 24_000, 16_000][rate_index],
            _ => 72_000 * MPEG_2[bit_rate_index] / [11_025, 12_000, 8_000][rate_index],
        } + padding;
        frames.push(Bytes::copy_from_slice(&rest[..length.min(rest.len())]));
        rest = rest.get(length..).unwrap_or_default();
    }
    frames
}

/// The `OpusHead` and the packets of an Ogg stream (RFC 3533, RFC 7845).
fn ogg(stream: &[u8]) -> (Bytes, Vec<Bytes>) {
    let mut packets = vec![Vec::new()];
    let mut rest = stream;
    while rest.len() > 27 {
        let segments = usize::from(rest[26]);
        let (lengths, mut body) = rest[27..].split_at(segments);
        for &length in lengths {
            let (segment, later) = body.split_at(length.into());
            packets.last_mut().unwrap().extend_from_slice(segment);
            if length < 255 {
                packets.push(Vec::new());
            }
            body = later;
        }
        rest = body;
    }
    packets.pop();
    let mut packets = packets.into_iter().map(Bytes::from);
    let head = packets.next().unwrap();
    (head, packets.skip(1).collect())
}
