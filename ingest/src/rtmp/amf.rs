//! The values of AMF0 and AMF3, and the bounds on reading them.

/// How deep values may nest. Encoders nest two or three deep.
pub const MAX_DEPTH: usize = 16;
/// Values in one message, all levels together. A `connect` has about twenty.
pub const MAX_VALUES: usize = 1_024;

/// Bytes that AMF3's references may repeat in one message: a short message must not unfold into a long one.
pub const MAX_REPEATED: usize = 64 * 1024;

/// One value, of either version.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A double, or an AMF3 integer.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// Text; bytes that are no UTF-8 are replaced.
    String(String),
    /// Named values in their order, from an object (typed or not) or an associative array.
    Object(Vec<(String, Value)>),
    /// Values in their order.
    Array(Vec<Value>),
    /// Milliseconds since 1970.
    Date(f64),
    /// Nothing, on purpose.
    Null,
    /// Nothing; also every reference and every kind that no command needs.
    Undefined,
}

impl Value {
    /// Text as a value.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// Named values as an object.
    pub fn object<const N: usize>(properties: [(&str, Value); N]) -> Self {
        Self::Object(properties.map(|(name, value)| (name.to_owned(), value)).into())
    }

    /// The property called `name`, where this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Object(properties) => {
                properties.iter().find(|(key, _)| key == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The text, where this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, where this is one.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

/// AMF that can't be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AmfError {
    /// A value goes on behind the end of the message.
    #[error("AMF ends in the middle of a value")]
    Truncated,
    /// More than [`MAX_DEPTH`].
    #[error("AMF nests too deep")]
    TooDeep,
    /// More than [`MAX_VALUES`].
    #[error("AMF has too many values")]
    TooManyValues,
    /// More than [`MAX_REPEATED`] bytes by reference.
    #[error("AMF references repeat too much")]
    TooLarge,
    /// A marker that the format doesn't have, or that no command uses.
    #[error("AMF marker {0:#04x}")]
    Marker(u8),
    /// A reference to what the message doesn't have.
    #[error("an AMF reference to nothing")]
    Reference,
}

/// What is left of a message, with the count of values read.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    values: usize,
    repeated: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, values: 0, repeated: 0 }
    }

    /// Called before every value is read.
    pub(super) fn count_value(&mut self, depth: usize) -> Result<(), AmfError> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(AmfError::TooManyValues);
        }
        if depth > MAX_DEPTH {
            return Err(AmfError::TooDeep);
        }
        Ok(())
    }

    /// Called before `text` is given out a second time.
    pub(super) fn count_repeated(&mut self, text: &str) -> Result<(), AmfError> {
        self.repeated += text.len() + size_of::<String>();
        if self.repeated > MAX_REPEATED {
            return Err(AmfError::TooLarge);
        }
        Ok(())
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], AmfError> {
        let (head, rest) = self.bytes.split_at_checked(count).ok_or(AmfError::Truncated)?;
        self.bytes = rest;
        Ok(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], AmfError> {
        let (head, rest) = self.bytes.split_first_chunk().ok_or(AmfError::Truncated)?;
        self.bytes = rest;
        Ok(*head)
    }

    pub(super) fn u8(&mut self) -> Result<u8, AmfError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn double(&mut self) -> Result<f64, AmfError> {
        self.array().map(f64::from_be_bytes)
    }

    pub(super) fn text(&mut self, length: usize) -> Result<String, AmfError> {
        self.take(length).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}
