use std::fmt;

/// Why a connection is closed, as a number that a Close frame may carry (RFC 6455, section 7.4).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CloseCode(u16);

impl CloseCode {
    /// All is said.
    pub const NORMAL: Self = Self(1000);
    /// The server stops, or the page is left.
    pub const GOING_AWAY: Self = Self(1001);
    /// The other side broke a rule of the framing.
    pub const PROTOCOL: Self = Self(1002);
    /// A kind of data that is not taken here, such as a binary message.
    pub const UNSUPPORTED: Self = Self(1003);
    /// A text that is not UTF-8.
    pub const INVALID_DATA: Self = Self(1007);
    /// A message that the rules of the house refuse.
    pub const POLICY: Self = Self(1008);
    /// A message that is longer than what is taken.
    pub const TOO_BIG: Self = Self(1009);
    /// The server met something that it did not expect.
    pub const INTERNAL: Self = Self(1011);
    /// The server has no room now; come again later.
    pub const TRY_AGAIN_LATER: Self = Self(1013);

    /// The code by its number: one of those that are registered to be sent (1000 to 1003, 1007 to 1014), or of a
    /// library's or an application's own (3000 to 4999). Anything else is `None`, also 1005, 1006 and 1015, which
    /// mean that no code was sent.
    pub const fn new(number: u16) -> Option<Self> {
        match number {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(number)),
            _ => None,
        }
    }

    /// The number that is sent.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_that_may_be_sent_are_codes() {
        let valid: Vec<u16> = (0..=u16::MAX).filter(|number| CloseCode::new(*number).is_some()).collect();
        let expected: Vec<u16> = (1000..=1003).chain(1007..=1014).chain(3000..=4999).collect();
        assert_eq!(valid, expected);
    }
}
