//! Action Message Format 3, as far as commands need it: read only, since we answer in AMF0 (which every
//! client that speaks AMF3 reads).

use crate::rtmp::amf::{AmfError, Reader, Value};

/// Strings, objects or class definitions that one message may refer back to.
const MAX_REFERENCES: usize = 256;

const UNDEFINED: u8 = 0x00;
const NULL: u8 = 0x01;
const FALSE: u8 = 0x02;
const TRUE: u8 = 0x03;
const INTEGER: u8 = 0x04;
const DOUBLE: u8 = 0x05;
const STRING: u8 = 0x06;
const XML_DOCUMENT: u8 = 0x07;
const DATE: u8 = 0x08;
const ARRAY: u8 = 0x09;
const OBJECT: u8 = 0x0a;
const XML: u8 = 0x0b;
const BYTE_ARRAY: u8 = 0x0c;

/// Reads all of `bytes`, one value after the other, each with reference tables of its own as RTMP has it.
pub fn decode(bytes: &[u8]) -> Result<Vec<Value>, AmfError> {
    let mut reader = Reader::new(bytes);
    let mut values = Vec::new();
    while !reader.bytes.is_empty() {
        values.push(decode_value(&mut reader, 0)?);
    }
    Ok(values)
}

/// Reads the one value that follows an AMF0 switch marker at `depth`.
pub(super) fn decode_value(reader: &mut Reader, depth: usize) -> Result<Value, AmfError> {
    Decoder { reader, strings: Vec::new(), classes: Vec::new() }.value(depth)
}

struct Class {
    dynamic: bool,
    members: Vec<String>,
}

struct Decoder<'r, 'a> {
    reader: &'r mut Reader<'a>,
    strings: Vec<String>,
    classes: Vec<Class>,
}

/// What a U29 with a reference bit says.
enum Header {
    /// Index into a table.
    Reference(usize),
    /// A length, or flags.
    Inline(u32),
}

impl Decoder<'_, '_> {
    fn value(&mut self, depth: usize) -> Result<Value, AmfError> {
        self.reader.count_value(depth)?;
        match self.reader.u8()? {
            UNDEFINED => Ok(Value::Undefined),
            NULL => Ok(Value::Null),
            FALSE => Ok(Value::Boolean(false)),
            TRUE => Ok(Value::Boolean(true)),
            INTEGER => {
                // 29 bits, two's complement.
                let bits = self.u29()?;
                Ok(Value::Number(f64::from((bits << 3) as i32 >> 3)))
            }
            DOUBLE => self.reader.double().map(Value::Number),
            STRING => self.string().map(Value::String),
            XML_DOCUMENT | XML => match self.header()? {
                Header::Reference(_) => Ok(Value::Undefined),
                Header::Inline(length) => self.reader.text(length as usize).map(Value::String),
            },
            DATE => match self.header()? {
                Header::Reference(_) => Ok(Value::Undefined),
                Header::Inline(_) => self.reader.double().map(Value::Date),
            },
            ARRAY => self.array(depth),
            OBJECT => self.object(depth),
            BYTE_ARRAY => {
                if let Header::Inline(length) = self.header()? {
                    self.reader.take(length as usize)?;
                }
                Ok(Value::Undefined)
            }
            marker => Err(AmfError::Marker(marker)),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, AmfError> {
        let Header::Inline(count) = self.header()? else { return Ok(Value::Undefined) };
        let mut named = Vec::new();
        self.named_values(&mut named, depth)?;
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(self.value(depth + 1)?);
        }
        Ok(if named.is_empty() { Value::Array(values) } else { Value::Object(named) })
    }

    fn object(&mut self, depth: usize) -> Result<Value, AmfError> {
        let Header::Inline(flags) = self.header()? else { return Ok(Value::Undefined) };
        let class = if flags & 1 == 0 {
            let class = self.classes.get((flags >> 1) as usize).ok_or(AmfError::Reference)?;
            for member in &class.members {
                self.reader.count_repeated(member)?;
            }
            Class { dynamic: class.dynamic, members: class.members.clone() }
        } else {
            // Externalizable objects have a format of their own that only their class knows.
            if flags & 2 != 0 {
                return Err(AmfError::Marker(OBJECT));
            }
            let class = self.class(flags)?;
            if self.classes.len() < MAX_REFERENCES {
                for member in &class.members {
                    self.reader.count_repeated(member)?;
                }
                self.classes.push(Class { dynamic: class.dynamic, members: class.members.clone() });
            }
            class
        };
        let mut properties = Vec::new();
        for name in class.members {
            properties.push((name, self.value(depth + 1)?));
        }
        if class.dynamic {
            self.named_values(&mut properties, depth)?;
        }
        Ok(Value::Object(properties))
    }

    fn class(&mut self, flags: u32) -> Result<Class, AmfError> {
        self.string()?;
        let mut members = Vec::new();
        for _ in 0..flags >> 3 {
            if members.len() == MAX_REFERENCES {
                return Err(AmfError::TooManyValues);
            }
            members.push(self.string()?);
        }
        Ok(Class { dynamic: flags & 4 != 0, members })
    }

    /// Names and values up to the empty name.
    fn named_values(&mut self, into: &mut Vec<(String, Value)>, depth: usize) -> Result<(), AmfError> {
        loop {
            let name = self.string()?;
            if name.is_empty() {
                return Ok(());
            }
            into.push((name, self.value(depth + 1)?));
        }
    }

    fn string(&mut self) -> Result<String, AmfError> {
        match self.header()? {
            Header::Reference(index) => {
                let text = self.strings.get(index).ok_or(AmfError::Reference)?;
                self.reader.count_repeated(text)?;
                Ok(text.clone())
            }
            Header::Inline(length) => {
                let text = self.reader.text(length as usize)?;
                if !text.is_empty() && self.strings.len() < MAX_REFERENCES {
                    self.strings.push(text.clone());
                }
                Ok(text)
            }
        }
    }

    fn header(&mut self) -> Result<Header, AmfError> {
        let bits = self.u29()?;
        Ok(if bits & 1 == 0 { Header::Reference((bits >> 1) as usize) } else { Header::Inline(bits >> 1) })
    }

    /// One to four bytes; the fourth gives eight bits.
    fn u29(&mut self) -> Result<u32, AmfError> {
        let mut value = 0;
        for _ in 0..3 {
            let byte = self.reader.u8()?;
            value = value << 7 | u32::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Ok(value << 8 | u32::from(self.reader.u8()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_values_are_read() {
        assert_eq!(
            decode(b"\x00\x01\x02\x03\x04\x82\x00\x05\x40\x00\x00\x00\x00\x00\x00\x00\x06\x05hi"),
            Ok(vec![
                Value::Undefined,
                Value::Null,
                Value::Boolean(false),
                Value::Boolean(true),
                Value::Number(256.0),
                Value::Number(2.0),
                Value::string("hi"),
            ])
        );
    }

    #[test]
    fn integers_have_29_bits_and_a_sign() {
        assert_eq!(decode(b"\x04\xff\xff\xff\xff"), Ok(vec![Value::Number(-1.0)]));
        assert_eq!(decode(b"\x04\xbf\xff\xff\xff"), Ok(vec![Value::Number(268_435_455.0)]));
    }

    #[test]
    fn an_object_with_members_a_dynamic_one_and_string_references_are_read() {
        // One sealed member `a`, dynamic: value "x"; then `b` = reference to "x" (strings: a, x, b).
        let bytes = b"\x0a\x1b\x01\x03a\x06\x03x\x03b\x06\x02\x01";
        assert_eq!(
            decode(bytes),
            Ok(vec![Value::object([("a", Value::string("x")), ("b", Value::string("x"))])])
        );
    }

    #[test]
    fn a_second_object_of_the_same_class_refers_to_it() {
        // [ {a: null}, {a: true} ], the second with a class reference.
        let bytes = b"\x09\x05\x01\x0a\x13\x01\x03a\x01\x0a\x01\x03";
        assert_eq!(
            decode(bytes),
            Ok(vec![Value::Array(vec![
                Value::object([("a", Value::Null)]),
                Value::object([("a", Value::Boolean(true))]),
            ])])
        );
    }

    #[test]
    fn nesting_200_000_deep_is_an_error() {
        for opening in [b"\x09\x03\x01".as_slice(), b"\x0a\x0b\x01\x03a", b"\x09\x01\x03a"] {
            assert_eq!(decode(&opening.repeat(200_000)), Err(AmfError::TooDeep));
        }
    }

    #[test]
    fn references_cannot_unfold_a_message() {
        // A string of 63 bytes in an array, and references to it.
        let mut bytes = b"\x09\x8f\x01\x01\x06\x7f".to_vec();
        bytes.extend([b'x'; 63]);
        bytes.extend(b"\x06\x00".repeat(1_000));
        assert_eq!(decode(&bytes), Err(AmfError::TooLarge));
    }

    #[test]
    fn counts_and_references_out_of_bounds_cost_nothing() {
        assert_eq!(decode(b"\x09\xff\xff\xff\xff\x01\x01"), Err(AmfError::Truncated));
        assert_eq!(decode(b"\x06\xff\xff\xff\xffhi"), Err(AmfError::Truncated));
        assert_eq!(decode(b"\x0a\xff\xff\xff\xfb\x01\x03a"), Err(AmfError::Truncated));
        assert_eq!(decode(b"\x06\x04"), Err(AmfError::Reference));
        assert_eq!(decode(b"\x0a\x05"), Err(AmfError::Reference));
        assert_eq!(decode(b"\x0a\x07\x01"), Err(AmfError::Marker(0x0a)));
    }
}
