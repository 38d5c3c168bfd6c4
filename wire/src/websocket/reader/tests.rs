use proptest::prelude::*;

use super::*;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const MAX: usize = 4_096;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;
/// The bit of a message's last frame.
const FIN: u8 = 0x80;
/// The bit of a frame with a mask, beside its length.
const MASKED: u8 = 0x80;
/// A length of two bytes follows, or of eight.
const TWO_BYTES: u8 = 0x7e;
const EIGHT_BYTES: u8 = 0x7f;

/// A frame as a client sends it.
fn client(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..=125 => frame.push(MASKED | short as u8),
        medium @ 126..=65_535 => {
            frame.push(MASKED | TWO_BYTES);
            frame.extend((medium as u16).to_be_bytes());
        }
        long => {
            frame.push(MASKED | EIGHT_BYTES);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend(KEY);
    frame.extend(payload.iter().enumerate().map(|(index, byte)| byte ^ KEY[index % 4]));
    frame
}

fn text(text: &str) -> Incoming {
    Incoming::Text(text.to_owned())
}

/// All that a reader makes of these bytes, and what it stumbles over.
fn drain(reader: &mut Reader) -> (Vec<Incoming>, Option<Violation>) {
    let mut read = Vec::new();
    loop {
        match reader.poll() {
            Ok(Some(incoming)) => read.push(incoming),
            Ok(None) => return (read, None),
            Err(violation) => return (read, Some(violation)),
        }
    }
}

fn read_all(bytes: &[u8]) -> (Vec<Incoming>, Option<Violation>) {
    let mut reader = Reader::new(MAX);
    reader.push(bytes);
    drain(&mut reader)
}

fn read(bytes: &[u8]) -> Vec<Incoming> {
    let (read, violation) = read_all(bytes);
    assert_eq!(violation, None);
    read
}

fn violation(bytes: &[u8]) -> Option<Violation> {
    read_all(bytes).1
}

#[test]
fn the_masked_text_of_section_5_7_is_read() {
    let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(read(&bytes), [text("Hello")]);
}

#[test]
fn the_masked_pong_of_section_5_7_is_read() {
    assert_eq!(read(&[0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]), [Incoming::Pong]);
}

#[test]
fn the_unmasked_frames_of_section_5_7_are_a_servers_and_refused() {
    assert_eq!(violation(&[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]), Some(Violation::Unmasked));
    assert_eq!(violation(&[0x01, 0x03, 0x48, 0x65, 0x6c]), Some(Violation::Unmasked));
    assert_eq!(violation(&[0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]), Some(Violation::Unmasked));
}

#[test]
fn a_text_in_fragments_is_one_message_and_a_ping_between_them_comes_first() {
    let bytes = [
        client(TEXT, b"Hel"),
        client(FIN | PING, b"still there?"),
        client(CONTINUATION, b""),
        client(FIN | CONTINUATION, b"lo"),
        client(FIN | TEXT, b"next"),
    ]
    .concat();
    assert_eq!(
        read(&bytes),
        [Incoming::Ping(Bytes::from_static(b"still there?")), text("Hello"), text("next")]
    );
}

#[test]
fn a_character_may_lie_in_two_fragments() {
    let ö = "ö".as_bytes();
    assert_eq!(read(&[client(TEXT, &ö[..1]), client(FIN | CONTINUATION, &ö[1..])].concat()), [text("ö")]);
}

#[test]
fn every_form_of_a_length_is_read() {
    for length in [0, 125, 126, MAX] {
        assert_eq!(read(&client(FIN | TEXT, &vec![b'a'; length])), [text(&"a".repeat(length))]);
    }
    let mut reader = Reader::new(70_000);
    reader.push(&client(FIN | TEXT, &vec![b'a'; 70_000]));
    assert_eq!(reader.poll(), Ok(Some(text(&"a".repeat(70_000)))));
}

#[test]
fn a_close_says_why_or_nothing() {
    let close = |code: Option<u16>, reason: &str| Incoming::Close {
        code: code.map(|code| CloseCode::new(code).unwrap()),
        reason: reason.to_owned(),
    };
    assert_eq!(read(&client(FIN | CLOSE, b"")), [close(None, "")]);
    assert_eq!(read(&client(FIN | CLOSE, b"\x03\xe8")), [close(Some(1_000), "")]);
    assert_eq!(read(&client(FIN | CLOSE, b"\x0f\xa0bye")), [close(Some(4_000), "bye")]);
}

#[test]
fn nothing_is_read_after_a_close() {
    let mut reader = Reader::new(MAX);
    reader.push(&[client(FIN | CLOSE, b""), client(FIN | TEXT, b"late")].concat());
    assert!(matches!(reader.poll(), Ok(Some(Incoming::Close { .. }))));
    reader.push(b"\xff\xff\xff");
    assert_eq!(reader.poll(), Ok(None));
    assert_eq!(reader.held.capacity(), 0);
}

#[test]
fn each_violation_is_named_and_has_its_code() {
    let too_big = Violation::TooBig { max: MAX };
    let mut long_text = client(FIN | TEXT, &[b'a'; MAX + 1]);
    // By its header alone.
    long_text.truncate(4);
    let cases: [(&str, Vec<u8>, Violation, u16); 17] = [
        ("RSV1", vec![0xc1], Violation::ReservedBit, 1002),
        ("RSV2", vec![0xa1], Violation::ReservedBit, 1002),
        ("RSV3", vec![0x91], Violation::ReservedBit, 1002),
        ("a reserved data frame", vec![0x83], Violation::Opcode(0x3), 1002),
        ("a reserved control frame", vec![0x8b], Violation::Opcode(0xb), 1002),
        ("binary", vec![0x82], Violation::Binary, 1003),
        ("no mask", vec![0x81, 0x01], Violation::Unmasked, 1002),
        ("125 in two bytes", vec![0x81, 0xfe, 0, 125], Violation::Length, 1002),
        ("65,535 in eight", vec![0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff], Violation::Length, 1002),
        ("beyond 63 bits", vec![0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], Violation::Length, 1002),
        ("a ping in fragments", vec![PING], Violation::FragmentedControl, 1002),
        ("a long ping", vec![FIN | PING, MASKED | TWO_BYTES], Violation::LongControl, 1002),
        ("a continuation of nothing", client(FIN | CONTINUATION, b"lo"), Violation::Continuation, 1002),
        ("a text in a text", [client(TEXT, b"a"), client(TEXT, b"b")].concat(), Violation::Interleaved, 1002),
        ("a long text", long_text, too_big, 1009),
        ("a close with half a code", client(FIN | CLOSE, b"\x03"), Violation::CloseCode, 1002),
        ("not UTF-8", client(FIN | TEXT, b"\xc3\x28"), Violation::Utf8, 1007),
    ];
    for (what, bytes, expected, code) in cases {
        assert_eq!(violation(&bytes), Some(expected), "{what}");
        assert_eq!(expected.code().number(), code, "{what}");
    }
}

#[test]
fn a_close_with_a_code_that_must_not_be_sent_is_refused() {
    for code in [0u16, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535] {
        assert_eq!(
            violation(&client(FIN | CLOSE, &code.to_be_bytes())),
            Some(Violation::CloseCode),
            "{code}"
        );
    }
    assert_eq!(violation(&client(FIN | CLOSE, b"\x03\xe8\xff")), Some(Violation::Utf8));
}

#[test]
fn fragments_together_are_bounded_like_one_frame() {
    let half = [b'a'; MAX / 2];
    let whole = [client(TEXT, &half), client(FIN | CONTINUATION, &half)].concat();
    assert_eq!(read(&whole), [text(&"a".repeat(MAX))]);
    let beyond =
        [client(TEXT, &half), client(CONTINUATION, &half), client(FIN | CONTINUATION, b"a")].concat();
    assert_eq!(violation(&beyond), Some(Violation::TooBig { max: MAX }));
}

#[test]
fn what_came_before_a_violation_is_read_and_the_violation_stays() {
    let mut reader = Reader::new(MAX);
    reader.push(&[client(FIN | TEXT, b"a"), vec![0x82]].concat());
    assert_eq!(reader.poll(), Ok(Some(text("a"))));
    assert_eq!(reader.poll(), Err(Violation::Binary));
    reader.push(&client(FIN | TEXT, b"b"));
    assert_eq!(reader.poll(), Err(Violation::Binary));
    assert_eq!(reader.held.capacity(), 0);
}

#[test]
fn a_connection_that_says_nothing_holds_nothing() {
    let mut reader = Reader::new(MAX);
    for _ in 0..3 {
        reader.push(&[client(TEXT, &[b'a'; 2_000]), client(FIN | CONTINUATION, b"b")].concat());
        assert_eq!(drain(&mut reader).0.len(), 1);
        assert_eq!((reader.held.capacity(), reader.text.is_none()), (0, true));
    }
    // What is left of a large read is as large as what is left.
    reader.push(&[client(FIN | TEXT, &[b'a'; 4_000]), vec![FIN | TEXT]].concat());
    assert_eq!(drain(&mut reader).0.len(), 1);
    assert!(reader.held.capacity() <= 16);
    assert!(size_of::<Reader>() <= 96, "{}", size_of::<Reader>());
}

/// Frames of clients: good ones, and now and then bytes that are none.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let text = (any::<bool>(), "[a-zö€🎙]{0,200}")
        .prop_map(|(is_final, text)| client(if is_final { FIN | TEXT } else { TEXT }, text.as_bytes()));
    let more = (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..4)).prop_map(|(is_final, bytes)| {
        client(if is_final { FIN | CONTINUATION } else { CONTINUATION }, &bytes)
    });
    let control = (prop_oneof![Just(PING), Just(PONG)], proptest::collection::vec(any::<u8>(), 0..126))
        .prop_map(|(opcode, bytes)| client(FIN | opcode, &bytes));
    let close = proptest::collection::vec(any::<u8>(), 0..8).prop_map(|bytes| client(FIN | CLOSE, &bytes));
    let noise = proptest::collection::vec(any::<u8>(), 1..12);
    let piece = prop_oneof![6 => text, 4 => more, 4 => control, 1 => close, 1 => noise];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn it_does_not_matter_in_which_pieces_bytes_come(
        bytes in stream(),
        cuts in proptest::collection::vec(1usize..40, 0..50),
    ) {
        let whole = read_all(&bytes);

        let mut each = Reader::new(MAX);
        let mut one_by_one = (Vec::new(), None);
        for byte in &bytes {
            each.push(&[*byte]);
            let (read, violation) = drain(&mut each);
            one_by_one.0.extend(read);
            one_by_one.1 = violation;
        }
        prop_assert_eq!(&one_by_one, &whole);

        let mut pieces = Reader::new(MAX);
        let mut rest = &bytes[..];
        let mut piecemeal = (Vec::new(), None);
        for cut in cuts.into_iter().chain([bytes.len()]) {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            rest = after;
            pieces.push(piece);
            let (read, violation) = drain(&mut pieces);
            piecemeal.0.extend(read);
            piecemeal.1 = violation;
        }
        prop_assert_eq!(&piecemeal, &whole);
    }

    #[test]
    fn whatever_is_said_is_heard(texts in proptest::collection::vec("\\PC{0,300}", 0..8)) {
        let bytes: Vec<u8> = texts.iter().flat_map(|text| client(FIN | TEXT, text.as_bytes())).collect();
        prop_assert_eq!(read(&bytes), texts.iter().map(|each| text(each)).collect::<Vec<_>>());
    }
}
