use proptest::prelude::*;

use super::*;
use crate::rtmp::chunk_writer::ChunkWriter;

fn read_all(reader: &mut ChunkReader, mut bytes: &[u8]) -> Vec<Message> {
    let mut messages = Vec::new();
    while let Some(message) = reader.read(&mut bytes).unwrap() {
        messages.push(message);
    }
    assert!(bytes.is_empty());
    messages
}

fn error_of(bytes: &[u8]) -> Option<ChunkError> {
    let mut reader = ChunkReader::new();
    let mut rest = bytes;
    loop {
        match reader.read(&mut rest) {
            Ok(Some(_)) => {}
            Ok(None) => return None,
            Err(error) => return Some(error),
        }
    }
}

fn full(chunk_stream: u8, timestamp: u32, length: u32, kind: u8) -> Vec<u8> {
    let mut header = vec![chunk_stream];
    header.extend(&timestamp.to_be_bytes()[1..]);
    header.extend(&length.to_be_bytes()[1..]);
    header.push(kind);
    header.extend([1, 0, 0, 0]);
    header
}

/// (timestamp, payload) of each.
fn seen(messages: &[Message]) -> Vec<(u32, &[u8])> {
    messages.iter().map(|message| (message.timestamp, &message.payload[..])).collect()
}

#[test]
fn short_headers_go_on_from_the_one_before() {
    let bytes = [
        &full(4, 1_000, 2, 8)[..],
        b"ab",
        // Type 1: 20 ms later, another length.
        &[0x44, 0, 0, 20, 0, 0, 3, 8],
        b"cde",
        // Type 2: 30 ms later.
        &[0x84, 0, 0, 30],
        b"fgh",
    ]
    .concat();
    let messages = read_all(&mut ChunkReader::new(), &bytes);
    assert_eq!(seen(&messages), [(1_000, &b"ab"[..]), (1_020, b"cde"), (1_050, b"fgh")]);
    assert!(messages.iter().all(|message| message.stream_id == 1 && message.kind == MessageKind::Audio));
}

#[test]
fn a_type_3_header_starts_a_message_with_the_last_delta() {
    let bytes = [&full(4, 0, 1, 8)[..], b"a", &[0x84, 0, 0, 23], b"b", &[0xc4], b"c", &[0xc4], b"d"].concat();
    let messages = read_all(&mut ChunkReader::new(), &bytes);
    assert_eq!(seen(&messages), [(0, &b"a"[..]), (23, b"b"), (46, b"c"), (69, b"d")]);
}

#[test]
fn a_type_3_header_after_a_full_one_adds_its_timestamp() {
    let bytes = [&full(4, 23, 1, 8)[..], b"a", &[0xc4], b"b"].concat();
    assert_eq!(seen(&read_all(&mut ChunkReader::new(), &bytes)), [(23, &b"a"[..]), (46, b"b")]);
}

#[test]
fn chunk_streams_interleave_in_the_middle_of_messages() {
    let video = vec![9; 300];
    let bytes = [
        &full(6, 40, 300, 9)[..],
        &video[..128],
        &full(4, 41, 3, 8),
        b"one",
        &[0xc6],
        &video[128..256],
        &[0x84, 0, 0, 20],
        b"two",
        &[0xc6],
        &video[256..],
    ]
    .concat();
    let messages = read_all(&mut ChunkReader::new(), &bytes);
    assert_eq!(seen(&messages), [(41, &b"one"[..]), (61, b"two"), (40, b"")]);
}

#[test]
fn extended_timestamps_are_read_on_type_3_headers_too() {
    let time = 0x0100_0000u32;
    let payload = [5; 200];
    let bytes = [
        &full(4, EXTENDED, 200, 8)[..],
        &time.to_be_bytes(),
        &payload[..128],
        &[0xc4],
        &time.to_be_bytes(),
        &payload[128..],
    ]
    .concat();
    assert_eq!(seen(&read_all(&mut ChunkReader::new(), &bytes)), [(time, &payload[..])]);
}

#[test]
fn an_encoder_may_leave_the_extended_timestamp_out_of_type_3_headers() {
    let time = 0x0100_0000u32;
    let payload: Vec<u8> = (0..130).collect();
    // Two bytes of payload, then the next header: both are within the four bytes that were tried.
    let bytes = [
        &full(4, EXTENDED, 130, 8)[..],
        &time.to_be_bytes(),
        &payload[..128],
        &[0xc4],
        &payload[128..],
        &full(5, 7, 1, 8),
        b"x",
    ]
    .concat();
    assert_eq!(seen(&read_all(&mut ChunkReader::new(), &bytes)), [(time, &payload[..]), (7, b"x")]);
}

#[test]
fn an_extended_delta_carries_over_the_wrap() {
    let bytes = [
        &full(4, EXTENDED, 1, 8)[..],
        &0xffff_fff0u32.to_be_bytes(),
        b"a",
        &[0x84, 0, 0, 32],
        b"b",
        &[0x84, 0xff, 0xff, 0xff, 0x01, 0, 0, 0],
        b"c",
    ]
    .concat();
    assert_eq!(
        seen(&read_all(&mut ChunkReader::new(), &bytes)),
        [(0xffff_fff0, &b"a"[..]), (16, b"b"), (0x0100_0010, b"c")]
    );
}

#[test]
fn a_new_header_in_the_middle_of_a_message_voids_what_has_come() {
    let bytes = [&full(4, 10, 300, 8)[..], &[1; 128], &full(4, 20, 2, 8), b"ok", &[0xc4], b"ko"].concat();
    let mut reader = ChunkReader::new();
    assert_eq!(seen(&read_all(&mut reader, &bytes)), [(20, &b"ok"[..]), (40, b"ko")]);
    assert_eq!(reader.buffered(), 0);
}

#[test]
fn an_abort_voids_what_has_come_and_the_stream_goes_on() {
    let bytes =
        [&full(4, 10, 300, 8)[..], &[1; 128], &full(2, 0, 4, 2), &[0, 0, 0, 4], &full(4, 20, 2, 8), b"ok"]
            .concat();
    let mut reader = ChunkReader::new();
    let messages = read_all(&mut reader, &bytes);
    assert_eq!(seen(&messages)[1..], [(20, &b"ok"[..])]);
    assert_eq!(reader.buffered(), 0);
}

#[test]
fn every_chunk_size_works() {
    for size in [1u32, 128, 4_096, 60_000, i32::MAX as u32] {
        let mut writer = ChunkWriter::default();
        let mut bytes = Vec::new();
        let message =
            |kind, payload: Vec<u8>| Message { kind, timestamp: 5, stream_id: 0, payload: payload.into() };
        let announcement = message(MessageKind::SetChunkSize, size.to_be_bytes().to_vec());
        writer.write(2, &announcement, &mut bytes);
        writer.set_chunk_size(size as usize);
        let sound = message(MessageKind::Audio, (0..10_000).map(|index| index as u8).collect());
        writer.write(4, &sound, &mut bytes);
        assert_eq!(read_all(&mut ChunkReader::new(), &bytes), [announcement, sound], "{size}");
    }
}

#[test]
fn chunk_sizes_out_of_range_end_it() {
    for size in [0, 1 << 31, u32::MAX] {
        let bytes = [&full(2, 0, 4, 1)[..], &size.to_be_bytes()].concat();
        assert_eq!(error_of(&bytes), Some(ChunkError::ChunkSize(size)));
    }
}

#[test]
fn a_16_mib_video_message_is_read_past_without_storing_it() {
    let mut reader = ChunkReader::new();
    let length = 0xff_ffff;
    read_all(&mut reader, &[&full(2, 0, 4, 1)[..], &i32::MAX.to_be_bytes()].concat());
    assert_eq!(read_all(&mut reader, &full(6, 0, length, 9)), []);
    let piece = vec![0; 65_536];
    let mut messages = Vec::new();
    let mut left = length as usize;
    while left > 0 {
        let taken = left.min(piece.len());
        messages.extend(read_all(&mut reader, &piece[..taken]));
        assert_eq!(reader.buffered(), 0);
        left -= taken;
    }
    assert_eq!(seen(&messages), [(0, &b""[..])]);
}

#[test]
fn a_16_mib_audio_or_command_message_is_refused_by_its_header() {
    for kind in [1, 4, 8, 17, 20, 22] {
        assert_eq!(
            error_of(&full(4, 0, 0xff_ffff, kind)),
            Some(ChunkError::MessageTooLong { kind, length: 0xff_ffff })
        );
    }
}

#[test]
fn two_thousand_unfinished_chunk_streams_are_refused() {
    let mut bytes = Vec::new();
    for id in 0..2_000u32 {
        let mut header = full(0, 0, 200, 8);
        header.splice(..1, [1, (id % 256) as u8, (id / 256) as u8]);
        bytes.extend(header);
        bytes.extend([0; 128]);
    }
    assert_eq!(error_of(&bytes), Some(ChunkError::TooManyChunkStreams));
}

#[test]
fn unfinished_messages_share_one_bound() {
    let mut bytes = [&full(2, 0, 4, 1)[..], &16_383u32.to_be_bytes()].concat();
    for id in 3..60 {
        bytes.extend(full(id, 0, 16_384, 8));
        bytes.extend(vec![0; 16_383]);
    }
    assert_eq!(error_of(&bytes), Some(ChunkError::TooMuchBuffered));
}

#[test]
fn a_continuation_of_nothing_is_refused() {
    assert_eq!(error_of(&[0xc4]), Some(ChunkError::NoPrecedingHeader(4)));
    assert_eq!(error_of(&[0x84, 0, 0, 1]), Some(ChunkError::NoPrecedingHeader(4)));
}

#[test]
fn chunk_stream_ids_of_one_two_and_three_bytes_are_told_apart() {
    let mut bytes = Vec::new();
    for basic in [&[5][..], &[0, 0], &[1, 0, 1]] {
        let mut header = full(0, 0, 1, 8);
        header.splice(..1, basic.iter().copied());
        bytes.extend(header);
        bytes.push(b'x');
    }
    let mut reader = ChunkReader::new();
    assert_eq!(read_all(&mut reader, &bytes).len(), 3);
    assert_eq!(reader.streams.keys().copied().collect::<Vec<_>>(), [5, 64, 320]);
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_whatever_the_pieces(
        sizes in prop::collection::vec(0usize..3_000, 1..12),
        times in prop::collection::vec(any::<u32>(), 12),
        chunk_size in 1usize..5_000,
        cuts in prop::collection::vec(1usize..700, 1..40),
    ) {
        let mut writer = ChunkWriter::default();
        let mut bytes = Vec::new();
        let size = Message {
            kind: MessageKind::SetChunkSize,
            timestamp: 0,
            stream_id: 0,
            payload: (chunk_size as u32).to_be_bytes().to_vec().into(),
        };
        writer.write(2, &size, &mut bytes);
        writer.set_chunk_size(chunk_size);
        let mut sent = vec![size];
        for (index, (size, timestamp)) in sizes.iter().zip(times).enumerate() {
            let message = Message {
                kind: MessageKind::Audio,
                timestamp,
                stream_id: 1,
                payload: (0..*size).map(|byte| (byte * 7 + index) as u8).collect(),
            };
            writer.write(4 + (index % 3) as u8, &message, &mut bytes);
            sent.push(message);
        }
        let mut reader = ChunkReader::new();
        let mut received = Vec::new();
        let mut rest = &bytes[..];
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, tail) = rest.split_at((*cut).min(rest.len()));
            received.extend(read_all(&mut reader, piece));
            rest = tail;
        }
        prop_assert_eq!(received, sent);
        prop_assert_eq!(reader.buffered(), 0);
    }
}
