//! The last strokes of an answer's SDP: what the engine does not say by itself.

use std::fmt::Write;
use std::net::SocketAddr;

/// What we tell of Opus (RFC 7587 section 6.1): we decode stereo and FEC, take DTX, and send either.
const OPUS: &str = "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1;usedtx=1";

/// Priority of a candidate that a NAT maps to one of ours: below every host candidate over UDP.
const PUBLIC_PRIORITY: u32 = (126 << 24) | (1 << 8) | 255;

/// The length of packets that is asked for where people answer each other (RFC 8866 section 6.4), in ms: the shortest of
/// those that browsers make, which is `minptime`.
const SHORT: u8 = 10;

/// The engine's answer with our Opus parameters, and with the addresses by which a NAT is passed. In the section `short`
/// the client is asked for short packets.
pub(crate) fn finish(answer: &str, opus: u8, public: &[SocketAddr], short: Option<&str>) -> String {
    let parameters = format!("a=fmtp:{opus} ");
    let mut finished = String::with_capacity(answer.len() + 200);
    let mut said_candidates = public.is_empty();
    for line in answer.lines() {
        if !said_candidates && (line.starts_with("a=candidate:") || line == "a=end-of-candidates") {
            said_candidates = true;
            for (number, address) in public.iter().enumerate() {
                push(
                    &mut finished,
                    format_args!(
                        "a=candidate:public{number} 1 udp {} {} {} typ host",
                        PUBLIC_PRIORITY,
                        address.ip(),
                        address.port()
                    ),
                );
            }
        }
        if line.starts_with("a=rtcp-fb:") {
            // What no extension is negotiated for.
            continue;
        }
        if line.starts_with(&parameters) {
            push(&mut finished, format_args!("{parameters}{OPUS}"));
        } else {
            push(&mut finished, format_args!("{line}"));
        }
        if short.is_some() && line.strip_prefix("a=mid:") == short {
            push(&mut finished, format_args!("a=ptime:{SHORT}"));
        }
    }
    finished
}

/// Whether the answer makes us begin the DTLS handshake.
pub(crate) fn is_active(answer: &str) -> bool {
    answer.lines().any(|line| line == "a=setup:active")
}

fn push(to: &mut String, line: std::fmt::Arguments<'_>) {
    write!(to, "{line}\r\n").expect("a string takes everything");
}
