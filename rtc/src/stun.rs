//! What a connectivity check says of itself, before anybody has checked its password (RFC 8445, RFC 8489).

/// Attributes that are looked at in a check; more than any client sends.
const ATTRIBUTES_MAX: usize = 32;

const COOKIE: [u8; 4] = 0x2112_a442_u32.to_be_bytes();
const BINDING_REQUEST: u16 = 0x0001;
const USERNAME: u16 = 0x0006;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;

/// A binding request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Check<'a> {
    /// The session that is asked for: the first half of its username.
    pub(crate) ufrag: &'a str,
    /// How much the client thinks of this path.
    pub(crate) priority: u32,
    /// Whether the client wants this path to be used.
    pub(crate) nominates: bool,
}

impl<'a> Check<'a> {
    /// `None` for anything but a binding request with a username.
    pub(crate) fn peek(datagram: &'a [u8]) -> Option<Self> {
        let (head, mut rest) = datagram.split_at_checked(20)?;
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        if kind != BINDING_REQUEST || head[4..8] != COOKIE || length != rest.len() {
            return None;
        }
        let (mut ufrag, mut priority, mut nominates) = (None, 0, false);
        for _ in 0..ATTRIBUTES_MAX {
            let Some((head, after)) = rest.split_at_checked(4) else { break };
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let value = after.get(..length)?;
            match u16::from_be_bytes([head[0], head[1]]) {
                USERNAME => ufrag = str::from_utf8(value).ok()?.split(':').next(),
                PRIORITY => priority = u32::from_be_bytes(value.try_into().ok()?),
                USE_CANDIDATE => nominates = true,
                _ => {}
            }
            rest = after.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        Some(Self { ufrag: ufrag?, priority, nominates })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (kind, value) in attributes {
            body.extend_from_slice(&kind.to_be_bytes());
            body.extend_from_slice(&(value.len() as u16).to_be_bytes());
            body.extend_from_slice(value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let mut datagram = vec![0, 1];
        datagram.extend_from_slice(&(body.len() as u16).to_be_bytes());
        datagram.extend_from_slice(&COOKIE);
        datagram.extend_from_slice(&[7; 12]);
        datagram.extend_from_slice(&body);
        datagram
    }

    #[test]
    fn a_check_names_its_session() {
        let plain = check(&[(0x8022, b"odd"), (USERNAME, b"ours:theirs"), (PRIORITY, &[0, 0, 1, 2])]);
        let expected = Check { ufrag: "ours", priority: 258, nominates: false };
        assert_eq!(Check::peek(&plain), Some(expected));
        let nominating =
            check(&[(USERNAME, b"ours:theirs"), (USE_CANDIDATE, b""), (PRIORITY, &[0, 0, 1, 2])]);
        assert_eq!(Check::peek(&nominating), Some(Check { nominates: true, ..expected }));
    }

    #[test]
    fn anything_else_is_none() {
        let whole = check(&[(USERNAME, b"ours:theirs")]);
        assert_eq!(Check::peek(&whole[..whole.len() - 1]), None, "cut");
        assert_eq!(Check::peek(&check(&[(PRIORITY, &[0, 0, 0, 1])])), None, "asks for nobody");
        assert_eq!(
            Check::peek(&check(&[(USERNAME, b"a:b"), (PRIORITY, &[1])])),
            None,
            "a priority of one byte"
        );
        let mut response = whole.clone();
        response[0] = 1;
        assert_eq!(Check::peek(&response), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(datagram in proptest::collection::vec(any::<u8>(), 0..120)) {
            Check::peek(&datagram);
        }
    }
}
