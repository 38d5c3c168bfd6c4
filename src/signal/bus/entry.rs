//! Messages as entries of Redis streams.

use std::str::FromStr;

use bytes::Bytes;
use redis::streams::StreamId;
use redis::{Cmd, Value};

use super::desk::Outgoing;
use super::{Envelope, NodeId};

/// How many entries a room's stream keeps, about: what a reader that was away can still read. As many as a
/// station keeps of its own while Redis is away.
const KEPT: u32 = 10_000;

/// How long a stream outlives its last entry, in seconds.
const EXPIRES: u32 = 3_600;

const NODE: &str = "n";
const SEQUENCE: &str = "s";
const PREVIOUS: &str = "p";
const PAYLOAD: &str = "d";

/// The stream of a room.
pub(super) fn room_key(room: &str) -> String {
    format!("{ROOM}{room}")
}

/// The room of a stream; `None` where it is no room's.
pub(super) fn room_of(key: &str) -> Option<&str> {
    key.strip_prefix(ROOM)
}

const ROOM: &str = "onair:room:";

/// The stream that a station wakes its own reader by.
pub(super) fn wake_key(node: NodeId) -> String {
    format!("onair:wake:{node}")
}

/// Writes a message.
pub(super) fn add(node: NodeId, outgoing: &Outgoing) -> Cmd {
    let mut command = redis::cmd("XADD");
    command.arg(room_key(&outgoing.room)).arg("MAXLEN").arg("~").arg(KEPT).arg("*");
    command.arg(NODE).arg(node.to_string()).arg(SEQUENCE).arg(outgoing.sequence);
    command.arg(PREVIOUS).arg(outgoing.previous).arg(PAYLOAD).arg(&outgoing.payload[..]);
    command
}

/// Wakes a reader.
pub(super) fn wake(node: NodeId) -> Cmd {
    let mut command = redis::cmd("XADD");
    command.arg(wake_key(node)).arg("MAXLEN").arg(1).arg("*").arg("w").arg(1);
    command
}

/// Lets a stream go an hour after its last entry.
pub(super) fn expire(key: &str) -> Cmd {
    let mut command = redis::cmd("EXPIRE");
    command.arg(key).arg(EXPIRES);
    command
}

/// An entry as it was read.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Entry {
    pub(super) envelope: Envelope,
    pub(super) previous: u64,
}

impl Entry {
    /// `None` where it is not one that a station wrote.
    pub(super) fn of(id: StreamId) -> Option<Self> {
        let mut fields = id.map;
        let mut take = |name: &str| match fields.remove(name) {
            Some(Value::BulkString(bytes)) => Some(bytes),
            _ => None,
        };
        let node = NodeId::parse(&take(NODE)?)?;
        let sequence = number(&take(SEQUENCE)?)?;
        let previous = number(&take(PREVIOUS)?)?;
        let payload = Bytes::from(take(PAYLOAD)?);
        Some(Self { envelope: Envelope { node, sequence, payload }, previous })
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    str::from_utf8(digits).ok()?.parse().ok()
}

/// Where in a stream: milliseconds of Redis' clock, and a number among those of one millisecond.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Position(u64, u64);

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (time, number) = text.split_once('-').ok_or(())?;
        Ok(Self(time.parse().map_err(|_| ())?, number.parse().map_err(|_| ())?))
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}
