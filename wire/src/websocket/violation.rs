use super::CloseCode;

/// What a client sent that ends its connection. [`code`](Self::code) is what to close it with.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A reserved bit, though no extension was agreed on (section 5.2).
    #[error("a reserved bit is set")]
    ReservedBit,
    /// A kind of frame that does not exist (section 5.2).
    #[error("{0:#x} is no kind of frame")]
    Opcode(u8),
    /// A binary message. Rooms speak text.
    #[error("a binary message, where only text is spoken")]
    Binary,
    /// A frame without a mask, which clients must set (section 5.1).
    #[error("a frame without a mask")]
    Unmasked,
    /// A length in more bytes than it needs, or beyond 63 bits (section 5.2).
    #[error("a length that is not in its shortest form")]
    Length,
    /// A control frame in fragments (section 5.5).
    #[error("a control frame in fragments")]
    FragmentedControl,
    /// A control frame with more than 125 bytes (section 5.5).
    #[error("a control frame with more than 125 bytes")]
    LongControl,
    /// A continuation of nothing (section 5.4).
    #[error("a continuation of nothing")]
    Continuation,
    /// A new message inside one that is not complete (section 5.4).
    #[error("a message inside another")]
    Interleaved,
    /// A message beyond the reader's bound. It is refused by its header, before it is kept.
    #[error("a message of more than {max} bytes")]
    TooBig {
        /// The bound, in bytes.
        max: usize,
    },
    /// A text, or the reason of a Close frame, that is not UTF-8 (section 8.1).
    #[error("a text that is not UTF-8")]
    Utf8,
    /// A Close frame with half a code, or with a code that must not be sent (section 7.4).
    #[error("a Close frame without a valid code")]
    CloseCode,
}

impl Violation {
    /// What the connection is closed with.
    pub const fn code(self) -> CloseCode {
        match self {
            Self::Binary => CloseCode::UNSUPPORTED,
            Self::Utf8 => CloseCode::INVALID_DATA,
            Self::TooBig { .. } => CloseCode::TOO_BIG,
            Self::ReservedBit
            | Self::Opcode(_)
            | Self::Unmasked
            | Self::Length
            | Self::FragmentedControl
            | Self::LongControl
            | Self::Continuation
            | Self::Interleaved
            | Self::CloseCode => CloseCode::PROTOCOL,
        }
    }
}
