//! `connect`: what a client says of itself and what we say of us (RTMP 1.0, 7.2.1.1; Enhanced RTMP v2,
//! "Enhancing NetConnection connect Command").

use crate::rtmp::amf::Value;
use crate::rtmp::command::{self, Level};

/// `CapsExMask`: the client can follow a reconnect request.
const RECONNECT: u32 = 1;
/// We read multitrack messages (and take the first track) and step over modifiers.
const MULTITRACK_AND_MOD_EX: u32 = 2 | 4;
/// `FourCcInfoMask`: we decode it.
const CAN_DECODE: f64 = 1.0;
/// The Enhanced RTMP codecs that we take.
const AUDIO_CODECS: [&str; 3] = ["mp4a", "Opus", ".mp3"];
/// The longest name of an encoder that we keep.
const MAX_SOFTWARE: usize = 64;
/// What clients expect to read: a version of Flash Media Server that signs handshakes.
const VERSION: &str = "FMS/3,5,1,516";

/// What a client said.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) app: String,
    pub(super) software: Option<String>,
    pub(super) reconnects: bool,
    /// 0 for AMF0, 3 for AMF3.
    object_encoding: f64,
}

impl Request {
    pub(super) fn read(object: &Value) -> Self {
        let text = |name| object.get(name).and_then(Value::as_str);
        let number = |name| object.get(name).and_then(Value::as_number);
        let software: String = text("flashVer")
            .unwrap_or_default()
            .chars()
            .filter(|character| !character.is_control())
            .take(MAX_SOFTWARE)
            .collect();
        Self {
            app: text("app").unwrap_or_default().to_owned(),
            software: Some(software).filter(|software| !software.is_empty()),
            reconnects: number("capsEx").unwrap_or_default() as u32 & RECONNECT != 0,
            object_encoding: if number("objectEncoding") == Some(3.0) { 3.0 } else { 0.0 },
        }
    }

    /// The two objects of `_result`. Enhanced RTMP's answers stand in both, since clients look in either.
    pub(super) fn answer(&self) -> [Value; 2] {
        let mut properties = Value::object([
            ("fmsVer", Value::string(VERSION)),
            ("capabilities", Value::Number(31.0)),
            ("mode", Value::Number(1.0)),
        ]);
        let mut information =
            command::status(Level::Status, "NetConnection.Connect.Success", "Connection succeeded.");
        extend(&mut information, vec![("objectEncoding".into(), Value::Number(self.object_encoding))]);
        extend(&mut properties, enhanced());
        extend(&mut information, enhanced());
        [properties, information]
    }
}

fn enhanced() -> Vec<(String, Value)> {
    let codecs = AUDIO_CODECS.map(|codec| (codec, Value::Number(CAN_DECODE)));
    vec![
        ("capsEx".into(), Value::Number(f64::from(MULTITRACK_AND_MOD_EX))),
        ("fourCcList".into(), Value::Array(AUDIO_CODECS.map(Value::string).into())),
        ("audioFourCcInfoMap".into(), Value::object(codecs)),
    ]
}

fn extend(object: &mut Value, more: Vec<(String, Value)>) {
    if let Value::Object(properties) = object {
        properties.extend(more);
    }
}
