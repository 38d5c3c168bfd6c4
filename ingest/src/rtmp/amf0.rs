//! Action Message Format 0: what RTMP's commands are written in.

use crate::rtmp::amf::{AmfError, Reader, Value};
use crate::rtmp::amf3;

const NUMBER: u8 = 0x00;
const BOOLEAN: u8 = 0x01;
const STRING: u8 = 0x02;
const OBJECT: u8 = 0x03;
const NULL: u8 = 0x05;
const UNDEFINED: u8 = 0x06;
const REFERENCE: u8 = 0x07;
const ECMA_ARRAY: u8 = 0x08;
const OBJECT_END: u8 = 0x09;
const STRICT_ARRAY: u8 = 0x0a;
const DATE: u8 = 0x0b;
const LONG_STRING: u8 = 0x0c;
const UNSUPPORTED: u8 = 0x0d;
const XML_DOCUMENT: u8 = 0x0f;
const TYPED_OBJECT: u8 = 0x10;
const SWITCH_TO_AMF3: u8 = 0x11;

/// Reads all of `bytes`, one value after the other. Memory stays within a small multiple of the input.
pub fn decode(bytes: &[u8]) -> Result<Vec<Value>, AmfError> {
    let mut reader = Reader::new(bytes);
    let mut values = Vec::new();
    while !reader.bytes.is_empty() {
        values.push(value(&mut reader, 0)?);
    }
    Ok(values)
}

fn value(reader: &mut Reader, depth: usize) -> Result<Value, AmfError> {
    reader.count_value(depth)?;
    match reader.u8()? {
        NUMBER => reader.double().map(Value::Number),
        BOOLEAN => Ok(Value::Boolean(reader.u8()? != 0)),
        STRING => short_text(reader).map(Value::String),
        OBJECT => properties(reader, depth),
        NULL => Ok(Value::Null),
        UNDEFINED | UNSUPPORTED => Ok(Value::Undefined),
        REFERENCE => reader.take(2).map(|_| Value::Undefined),
        ECMA_ARRAY => {
            // The count is a hint that encoders get wrong; the end marker decides.
            reader.take(4)?;
            properties(reader, depth)
        }
        STRICT_ARRAY => {
            let count = u32::from_be_bytes(reader.array()?);
            let mut values = Vec::new();
            for _ in 0..count {
                values.push(value(reader, depth + 1)?);
            }
            Ok(Value::Array(values))
        }
        DATE => {
            let at = reader.double()?;
            reader.take(2)?;
            Ok(Value::Date(at))
        }
        LONG_STRING | XML_DOCUMENT => {
            let length = u32::from_be_bytes(reader.array()?);
            reader.text(length as usize).map(Value::String)
        }
        TYPED_OBJECT => {
            short_text(reader)?;
            properties(reader, depth)
        }
        SWITCH_TO_AMF3 => amf3::decode_value(reader, depth),
        marker => Err(AmfError::Marker(marker)),
    }
}

fn short_text(reader: &mut Reader) -> Result<String, AmfError> {
    let length = u16::from_be_bytes(reader.array()?);
    reader.text(usize::from(length))
}

fn properties(reader: &mut Reader, depth: usize) -> Result<Value, AmfError> {
    let mut properties = Vec::new();
    loop {
        let name = short_text(reader)?;
        if name.is_empty() && reader.bytes.first() == Some(&OBJECT_END) {
            reader.u8()?;
            return Ok(Value::Object(properties));
        }
        properties.push((name, value(reader, depth + 1)?));
    }
}

/// Appends `value` to `output`. Names are cut at 65,535 bytes, which none of ours has.
pub fn encode(value: &Value, output: &mut Vec<u8>) {
    match value {
        Value::Number(number) => {
            output.push(NUMBER);
            output.extend_from_slice(&number.to_be_bytes());
        }
        Value::Boolean(flag) => output.extend_from_slice(&[BOOLEAN, u8::from(*flag)]),
        Value::String(text) => {
            if let Ok(length) = u16::try_from(text.len()) {
                output.push(STRING);
                output.extend_from_slice(&length.to_be_bytes());
            } else {
                output.push(LONG_STRING);
                output.extend_from_slice(&(text.len() as u32).to_be_bytes());
            }
            output.extend_from_slice(text.as_bytes());
        }
        Value::Object(properties) => {
            output.push(OBJECT);
            for (name, value) in properties {
                let name = &name.as_bytes()[..name.len().min(usize::from(u16::MAX))];
                output.extend_from_slice(&(name.len() as u16).to_be_bytes());
                output.extend_from_slice(name);
                encode(value, output);
            }
            output.extend_from_slice(&[0, 0, OBJECT_END]);
        }
        Value::Array(values) => {
            output.push(STRICT_ARRAY);
            output.extend_from_slice(&(values.len() as u32).to_be_bytes());
            for value in values {
                encode(value, output);
            }
        }
        Value::Date(at) => {
            output.push(DATE);
            output.extend_from_slice(&at.to_be_bytes());
            output.extend_from_slice(&[0, 0]);
        }
        Value::Null => output.push(NULL),
        Value::Undefined => output.push(UNDEFINED),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rtmp::amf::{MAX_DEPTH, MAX_VALUES};

    #[test]
    fn a_connect_command_is_read() {
        let bytes = [
            b"\x02\x00\x07connect".as_slice(),
            b"\x00\x3f\xf0\x00\x00\x00\x00\x00\x00",
            b"\x03\x00\x03app\x02\x00\x04live\x00\x04fpad\x01\x00\x00\x00\x09",
        ]
        .concat();
        assert_eq!(
            decode(&bytes),
            Ok(vec![
                Value::string("connect"),
                Value::Number(1.0),
                Value::object([("app", Value::string("live")), ("fpad", Value::Boolean(false))]),
            ])
        );
    }

    #[test]
    fn every_kind_is_read() {
        let bytes = [
            b"\x05\x06\x0d\x07\x00\x01".as_slice(),
            b"\x08\xff\xff\xff\xff\x00\x01a\x05\x00\x00\x09",
            b"\x0a\x00\x00\x00\x02\x05\x06",
            b"\x0b\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00",
            b"\x0c\x00\x00\x00\x02hi\x0f\x00\x00\x00\x03<a>",
            b"\x10\x00\x01T\x00\x01b\x05\x00\x00\x09",
            b"\x11\x04\x07",
        ]
        .concat();
        assert_eq!(
            decode(&bytes),
            Ok(vec![
                Value::Null,
                Value::Undefined,
                Value::Undefined,
                Value::Undefined,
                Value::object([("a", Value::Null)]),
                Value::Array(vec![Value::Null, Value::Undefined]),
                Value::Date(2.0),
                Value::string("hi"),
                Value::string("<a>"),
                Value::object([("b", Value::Null)]),
                Value::Number(7.0),
            ])
        );
    }

    #[test]
    fn nesting_200_000_deep_is_an_error() {
        for opening in
            [b"\x03\x00\x01a".as_slice(), b"\x0a\x00\x00\x00\x01", b"\x08\x00\x00\x00\x01\x00\x01a"]
        {
            assert_eq!(decode(&opening.repeat(200_000)), Err(AmfError::TooDeep));
        }
        let at_the_bound = [b"\x0a\x00\x00\x00\x01".repeat(MAX_DEPTH), vec![NULL]].concat();
        assert!(decode(&at_the_bound).is_ok());
    }

    #[test]
    fn a_length_or_count_of_four_gigabytes_costs_nothing() {
        assert_eq!(decode(b"\x0c\xff\xff\xff\xffabc"), Err(AmfError::Truncated));
        assert_eq!(decode(b"\x0a\xff\xff\xff\xff\x05"), Err(AmfError::Truncated));
        let many = [b"\x0a\xff\xff\xff\xff".to_vec(), vec![NULL; 5_000]].concat();
        assert_eq!(decode(&many), Err(AmfError::TooManyValues));
        assert_eq!(decode(&[NULL; MAX_VALUES + 1]), Err(AmfError::TooManyValues));
    }

    #[test]
    fn text_that_is_no_utf_8_is_replaced() {
        assert_eq!(decode(b"\x02\x00\x02\xffa"), Ok(vec![Value::string("\u{fffd}a")]));
    }

    #[test]
    fn an_unknown_marker_is_an_error() {
        assert_eq!(decode(&[0x0e]), Err(AmfError::Marker(0x0e)));
        assert_eq!(decode(&[0x09]), Err(AmfError::Marker(0x09)));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            (-1e9..1e9).prop_map(Value::Number),
            any::<bool>().prop_map(Value::Boolean),
            ".{0,20}".prop_map(Value::String),
            Just(Value::Null),
            Just(Value::Undefined),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(("[a-z]{1,8}", inner.clone()), 0..5).prop_map(Value::Object),
                prop::collection::vec(inner, 0..5).prop_map(Value::Array),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(value in any_value()) {
            let mut bytes = Vec::new();
            encode(&value, &mut bytes);
            prop_assert_eq!(decode(&bytes), Ok(vec![value]));
        }
    }
}
