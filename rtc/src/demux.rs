//! What arrived on the one port (RFC 7983).

/// A kind of datagram, by its first bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Stun,
    Dtls,
    Rtp,
    Rtcp,
}

impl Kind {
    /// `None` for what is none of these.
    pub(crate) fn of(datagram: &[u8]) -> Option<Self> {
        match *datagram {
            [0..=3, ..] => Some(Self::Stun),
            [20..=63, ..] => Some(Self::Dtls),
            // RFC 5761 section 4: payload types 64 to 95 are kept free for RTCP's 192 to 223.
            [128..=191, 192..=223, ..] => Some(Self::Rtcp),
            [128..=191, _, ..] => Some(Self::Rtp),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell() {
        assert_eq!(Kind::of(&[0, 1]), Some(Kind::Stun));
        assert_eq!(Kind::of(&[22, 254]), Some(Kind::Dtls));
        assert_eq!(Kind::of(&[0x80, 111]), Some(Kind::Rtp));
        assert_eq!(Kind::of(&[0x80, 0x80 | 63]), Some(Kind::Rtp), "a marked packet of payload type 63");
        assert_eq!(Kind::of(&[0x81, 201]), Some(Kind::Rtcp));
        for other in [&[][..], &[0x80], &[64, 0], &[0xff, 0]] {
            assert_eq!(Kind::of(other), None);
        }
    }
}
