//! Audio messages with their FLV, AAC, MP3 and Opus headers.
#![no_main]

use bytes::{Buf, Bytes};
use ingest::aac::AudioSpecificConfig;
use ingest::flv::{Demuxer, Media};
use ingest::mp3::FrameHeader;
use ingest::opus::OpusHead;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(config) = AudioSpecificConfig::parse(bytes) {
        assert!((8_000..=96_000).contains(&config.sample_rate));
    }
    if let Some(header) = FrameHeader::parse(bytes) {
        assert!((24..=1_441).contains(&header.length), "{header:?}");
    }
    drop(OpusHead::parse(bytes));

    // The input as messages: a timestamp of four bytes, a length of two, the payload.
    let mut rest = Bytes::copy_from_slice(bytes);
    let mut demuxer = Demuxer::new();
    let mut track = None;
    while rest.len() >= 6 {
        let timestamp = rest.get_u32();
        let length = usize::from(rest.get_u16()).min(rest.len());
        let pushed = demuxer.push(timestamp, rest.split_to(length));
        while let Some(media) = demuxer.poll_output() {
            match media {
                Media::Track(new) => {
                    assert!((8_000..=96_000).contains(&new.sample_rate));
                    assert_ne!(track.as_ref(), Some(&new), "the same track was announced twice");
                    track = Some(new);
                }
                Media::Unit(unit) => {
                    assert!(track.is_some(), "a unit without a track");
                    assert!(!unit.data.is_empty() && unit.data.len() <= length);
                }
            }
        }
        if pushed.is_err() {
            return;
        }
    }
});
