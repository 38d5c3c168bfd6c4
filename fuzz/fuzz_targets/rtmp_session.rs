//! A whole RTMP connection: the handshake is done for the fuzzer where it asks, then everything is its own.
//!
//! The input is a script. Its first byte says whether the fuzzer writes the handshake itself; then come
//! pieces: a byte that says what happens, a length, and bytes that arrive.
#![no_main]

use std::time::{Duration, Instant};

use ingest::rtmp::chunk_reader::MAX_BUFFERED;
use ingest::rtmp::{Output, Session, SessionLimits};
use ingest::{CloseReason, Media, Refusal};
use libfuzzer_sys::fuzz_target;

/// What precedes the answer may be held beside the unfinished messages.
const MAX_HELD: usize = 64 * 1024;
/// Answers to one piece of at most 64 KiB of input: every byte may start a message, no message has an
/// answer of more than a few hundred bytes.
const MAX_ANSWER: usize = 2 * 1024 * 1024;

fuzz_target!(|script: &[u8]| {
    let Some((&mode, mut script)) = script.split_first() else { return };
    let mut now = Instant::now();
    let mut session = Session::new(now, SessionLimits::default(), [7; 32]);
    let mut seen = Seen::default();
    if mode & 1 == 0 {
        let mut handshake = vec![3];
        handshake.resize(1 + 2 * 1_536, 0);
        session.handle_input(now, &handshake);
        seen.drain(&mut session);
    }
    while let [action, high, low, rest @ ..] = script {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (piece, rest) = rest.split_at(length);
        script = rest;
        match action % 16 {
            0 => session.accept(now),
            1 => session.reject(Refusal::BadKey),
            2 => session.close(CloseReason::ServerStopping),
            3 => {
                now += Duration::from_secs(u64::from(*low));
                session.handle_timeout(now);
            }
            // The same bytes one by one: pieces must not matter.
            4..8 => piece.iter().for_each(|byte| session.handle_input(now, std::slice::from_ref(byte))),
            _ => session.handle_input(now, piece),
        }
        if seen.asked && action & 0x80 != 0 {
            session.accept(now);
            seen.accepted = true;
        }
        seen.accepted |= action % 16 == 0;
        seen.drain(&mut session);
        assert!(session.buffered() <= MAX_BUFFERED + MAX_HELD, "{} bytes held", session.buffered());
        if session.is_closed() {
            assert_eq!(session.poll_timeout(), None);
            assert!(seen.closed);
        } else {
            assert!(session.poll_timeout().is_some(), "an open session without a deadline");
        }
    }
});

/// What came out so far.
#[derive(Default)]
struct Seen {
    asked: bool,
    accepted: bool,
    track: bool,
    closed: bool,
}

impl Seen {
    fn drain(&mut self, session: &mut Session) {
        let mut answer = 0;
        while let Some(output) = session.poll_output() {
            assert!(!self.closed, "{output:?} after the end");
            match output {
                Output::Transmit(bytes) => answer += bytes.len(),
                Output::PublishRequested { name, software } => {
                    assert!(!self.asked, "asked twice");
                    assert!((1..=64).contains(&name.broadcast.len()));
                    assert!(software.is_none_or(|software| software.chars().count() <= 64));
                    self.asked = true;
                }
                Output::Media(media) => {
                    assert!(self.accepted, "sound before it was accepted");
                    assert!(self.track || matches!(media, Media::Track(_)), "a unit before its track");
                    self.track = true;
                }
                Output::Closed(_) => self.closed = true,
            }
        }
        assert!(answer <= MAX_ANSWER, "{answer} bytes of answer");
    }
}
