//! Commands: what a client calls and what we answer (RTMP 1.0, 7.2).

use crate::rtmp::amf::{AmfError, Value};
use crate::rtmp::amf0;

/// A call from the client.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// `connect`, `publish`, …
    pub name: String,
    /// 0 where no answer is wanted.
    pub transaction: f64,
    /// The command object, then the arguments; missing ones are [`Value::Undefined`].
    arguments: Vec<Value>,
}

/// Bytes that are no command.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// Not AMF.
    #[error(transparent)]
    Amf(#[from] AmfError),
    /// AMF that doesn't begin with a name.
    #[error("a command without a name")]
    Nameless,
}

impl Command {
    /// Reads an AMF0 command message.
    pub fn parse(payload: &[u8]) -> Result<Self, CommandError> {
        let mut values = amf0::decode(payload)?.into_iter();
        let Some(Value::String(name)) = values.next() else { return Err(CommandError::Nameless) };
        let transaction = values.next().and_then(|value| value.as_number()).unwrap_or(0.0);
        Ok(Self { name, transaction, arguments: values.collect() })
    }

    /// Reads an AMF3 command message: a format byte, then AMF0 that may switch to AMF3 value by value.
    pub fn parse_amf3(payload: &[u8]) -> Result<Self, CommandError> {
        match payload.split_first() {
            Some((0, rest)) => Self::parse(rest),
            // Some clients leave the format byte out.
            _ => Self::parse(payload),
        }
    }

    /// The command object.
    pub fn object(&self) -> &Value {
        self.argument(0)
    }

    /// Argument `index`, where 0 is the command object.
    pub fn argument(&self, index: usize) -> &Value {
        self.arguments.get(index).unwrap_or(&Value::Undefined)
    }
}

/// An AMF0 command message with these values: an answer or a call of ours.
pub fn encode(name: &str, transaction: f64, arguments: &[Value]) -> Vec<u8> {
    let mut payload = Vec::new();
    amf0::encode(&Value::string(name), &mut payload);
    amf0::encode(&Value::Number(transaction), &mut payload);
    for argument in arguments {
        amf0::encode(argument, &mut payload);
    }
    payload
}

/// Whether a status is good news.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// It worked, or it is worth knowing.
    Status,
    /// It failed; encoders show the description.
    Error,
}

/// The object that `onStatus`, `_result` and `_error` carry.
pub fn status(level: Level, code: &str, description: &str) -> Value {
    let level = match level {
        Level::Status => "status",
        Level::Error => "error",
    };
    Value::object([
        ("level", Value::string(level)),
        ("code", Value::string(code)),
        ("description", Value::string(description)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_back_with_missing_arguments_undefined() {
        let payload = encode("publish", 5.0, &[Value::Null, Value::string("studio")]);
        for command in [
            Command::parse(&payload).unwrap(),
            Command::parse_amf3(&payload).unwrap(),
            Command::parse_amf3(&[&[0][..], &payload].concat()).unwrap(),
        ] {
            assert_eq!((command.name.as_str(), command.transaction), ("publish", 5.0));
            assert_eq!(command.object(), &Value::Null);
            assert_eq!(command.argument(1), &Value::string("studio"));
            assert_eq!(command.argument(2), &Value::Undefined);
        }
    }

    #[test]
    fn a_command_needs_a_name() {
        assert_eq!(Command::parse(&[]), Err(CommandError::Nameless));
        assert_eq!(Command::parse(&[5]), Err(CommandError::Nameless));
    }
}
