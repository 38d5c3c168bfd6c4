//! AMF0 and AMF3 as strangers write it, and back again as we write it.
#![no_main]

use ingest::rtmp::amf::Value;
use ingest::rtmp::command::Command;
use ingest::rtmp::{amf0, amf3};
use libfuzzer_sys::fuzz_target;

/// A message is kept up to this size; a larger one never reaches the decoders.
const LONGEST: usize = 16 * 1024;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > LONGEST {
        return;
    }
    if let Ok(values) = amf0::decode(bytes) {
        survives(&values);
    }
    if let Ok(values) = amf3::decode(bytes) {
        survives(&values);
    }
    // Whether they are commands or not, reading them must end.
    drop(Command::parse(bytes));
    drop(Command::parse_amf3(bytes));
});

/// What was read, however long it became, is read back the same from what we write.
fn survives(values: &[Value]) {
    let mut encoded = Vec::new();
    for value in values {
        amf0::encode(value, &mut encoded);
    }
    // A property without a name can't be told from the end of its object when an end marker's byte follows;
    // none of the values begins with that byte.
    let decoded = amf0::decode(&encoded).expect("what we write can be read");
    // NaN differs from itself; its text does not.
    assert_eq!(format!("{decoded:?}"), format!("{values:?}"));
}
