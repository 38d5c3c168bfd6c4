//! Chunks to messages (RTMP 1.0, 5.3.1).

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::rtmp::message::{Limit, Message, MessageKind};

/// Chunk streams a connection may use. Encoders use three to six.
pub const MAX_CHUNK_STREAMS: usize = 64;
/// Bytes of unfinished messages on all chunk streams together. One of each kind fits, twice.
pub const MAX_BUFFERED: usize = 192 * 1024;
/// A basic header of three bytes, a message header of eleven, an extended timestamp.
const MAX_HEADER: usize = 18;
/// In the three-byte field: the timestamp is in the four bytes behind the header.
const EXTENDED: u32 = 0xff_ffff;

/// Puts messages together from chunks that may come in any pieces and interleave.
///
/// Holds at most [`MAX_BUFFERED`] bytes of payload, grown as they arrive and never by what a header says.
#[derive(Debug)]
pub struct ChunkReader {
    chunk_size: u32,
    streams: BTreeMap<u32, ChunkStream>,
    /// The header that is being read.
    header: [u8; MAX_HEADER],
    header_length: usize,
    /// The chunk whose payload is being read: its chunk stream and the bytes left.
    payload: Option<(u32, u32)>,
    /// Bytes read as a type 3 header's extended timestamp that turned out to be payload.
    put_back: Vec<u8>,
    buffered: usize,
}

/// Chunks that nobody can go on after.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// More than [`MAX_CHUNK_STREAMS`].
    #[error("too many chunk streams")]
    TooManyChunkStreams,
    /// A short header on a chunk stream that had no full one.
    #[error("chunk stream {0} continues what never began")]
    NoPrecedingHeader(u32),
    /// A kind that we keep, longer than its limit.
    #[error("a message of type {kind} has {length} bytes")]
    MessageTooLong {
        /// The message type id.
        kind: u8,
        /// What its header says.
        length: u32,
    },
    /// Unfinished messages together exceed [`MAX_BUFFERED`].
    #[error("too many unfinished messages")]
    TooMuchBuffered,
    /// Zero, or above 2^31 - 1.
    #[error("a chunk size of {0}")]
    ChunkSize(u32),
}

#[derive(Debug, Default)]
struct ChunkStream {
    kind: u8,
    length: u32,
    stream_id: u32,
    /// Of the current or last message.
    timestamp: u32,
    /// What a type 3 header that starts a message adds: the last delta, or the timestamp of a type 0 header.
    delta: u32,
    /// The last header had an extended timestamp, which type 3 headers then repeat.
    extended: bool,
    /// Bytes of the current message that have come; 0 between messages.
    received: u32,
    payload: Vec<u8>,
}

impl ChunkStream {
    fn kind(&self) -> MessageKind {
        MessageKind::from_id(self.kind)
    }

    /// Whether a type 3 header really repeats the extended timestamp in these four bytes: the field of the
    /// header before it or, as some write it, the message's own timestamp.
    fn repeats_extended(&self, bytes: &[u8]) -> bool {
        bytes == self.delta.to_be_bytes() || bytes == self.timestamp.to_be_bytes()
    }
}

impl Default for ChunkReader {
    fn default() -> Self {
        Self::new()
    }
}

impl ChunkReader {
    /// A reader of 128-byte chunks, as every connection starts.
    pub fn new() -> Self {
        Self {
            chunk_size: 128,
            streams: BTreeMap::new(),
            header: [0; MAX_HEADER],
            header_length: 0,
            payload: None,
            put_back: Vec::new(),
            buffered: 0,
        }
    }

    /// Takes chunks off the front of `input` until a message is whole; `None` when the input is used up.
    /// Chunk size and abort messages are obeyed here and handed on as well.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Message>, ChunkError> {
        loop {
            if self.put_back.is_empty() {
                if let Some(message) = self.step(input)? {
                    return Ok(Some(message));
                }
                if input.is_empty() && self.put_back.is_empty() {
                    return Ok(None);
                }
            } else {
                let bytes = std::mem::take(&mut self.put_back);
                let mut rest = &bytes[..];
                let message = self.step(&mut rest)?;
                // Four bytes can't hold another header with an extended timestamp, so a step puts bytes back
                // only when it has used these up.
                if !rest.is_empty() {
                    self.put_back = rest.to_vec();
                }
                if message.is_some() {
                    return Ok(message);
                }
            }
        }
    }

    /// One header with the payload that is there; takes at least a byte where there is one.
    fn step(&mut self, input: &mut &[u8]) -> Result<Option<Message>, ChunkError> {
        if self.payload.is_none() && (!self.read_header(input)? || !self.put_back.is_empty()) {
            return Ok(None);
        }
        let message = self.read_payload(input)?;
        if let Some(message) = &message {
            self.obey(message)?;
        }
        Ok(message)
    }

    /// Bytes of unfinished messages that are held now.
    pub fn buffered(&self) -> usize {
        self.buffered
    }

    /// True when a header is whole and [`Self::payload`] is set.
    fn read_header(&mut self, input: &mut &[u8]) -> Result<bool, ChunkError> {
        while let Some(wanted) = self.header_wanted() {
            let Some((&byte, rest)) = input.split_first() else { return Ok(false) };
            self.header[self.header_length] = byte;
            self.header_length += 1;
            *input = rest;
            debug_assert!(self.header_length <= wanted);
        }
        self.apply_header()?;
        Ok(true)
    }

    /// How long the header will be, as far as can be told; `None` when it is whole.
    fn header_wanted(&self) -> Option<usize> {
        let header = &self.header[..self.header_length];
        let Some((format, basic)) = header.first().map(|first| (first >> 6, basic_length(*first))) else {
            return Some(1);
        };
        let short = basic + message_header_length(format);
        if header.len() < short {
            return Some(short);
        }
        let extended = if format == 3 {
            self.streams.get(&chunk_stream_id(header)).is_some_and(|stream| stream.extended)
        } else {
            header[basic..basic + 3] == [0xff; 3]
        };
        let wanted = short + if extended { 4 } else { 0 };
        (header.len() < wanted).then_some(wanted)
    }

    fn apply_header(&mut self) -> Result<(), ChunkError> {
        let header = self.header;
        let length = std::mem::take(&mut self.header_length);
        let format = header[0] >> 6;
        let id = chunk_stream_id(&header);
        let basic = basic_length(header[0]);
        let fields = &header[basic..];

        if !self.streams.contains_key(&id) {
            // librtmp's first message on chunk stream 2 has a type 1 header.
            if format > 1 {
                return Err(ChunkError::NoPrecedingHeader(id));
            }
            if self.streams.len() == MAX_CHUNK_STREAMS {
                return Err(ChunkError::TooManyChunkStreams);
            }
        }
        let stream = self.streams.entry(id).or_default();
        if format < 3 {
            // A new header in the middle of a message: what has come of it is void.
            self.buffered -= stream.payload.len();
            stream.payload = Vec::new();
            stream.received = 0;

            let short_time = u24(fields);
            stream.extended = short_time == EXTENDED;
            let time = if stream.extended { u32_be(&header[length - 4..length]) } else { short_time };
            stream.delta = time;
            stream.timestamp = if format == 0 { time } else { stream.timestamp.wrapping_add(time) };
            if format < 2 {
                stream.length = u24(&fields[3..]);
                stream.kind = fields[6];
            }
            if format == 0 {
                stream.stream_id = u32::from_le_bytes([fields[7], fields[8], fields[9], fields[10]]);
            }
        } else if stream.received == 0 {
            stream.timestamp = stream.timestamp.wrapping_add(stream.delta);
        }
        if let Limit::Keep(limit) = stream.kind().limit()
            && stream.length as usize > limit
        {
            return Err(ChunkError::MessageTooLong { kind: stream.kind, length: stream.length });
        }
        self.payload = Some((id, self.chunk_size.min(stream.length - stream.received)));
        // Some encoders leave the extended timestamp out of type 3 headers.
        if format == 3 && stream.extended && !stream.repeats_extended(&header[length - 4..length]) {
            self.put_back = header[length - 4..length].to_vec();
        }
        Ok(())
    }

    /// The message, when its last byte is there.
    fn read_payload(&mut self, input: &mut &[u8]) -> Result<Option<Message>, ChunkError> {
        let Some((id, left)) = self.payload else { return Ok(None) };
        let stream = self.streams.get_mut(&id).expect("a chunk's payload follows its header");
        let taken = input.len().min(left as usize);
        let (piece, rest) = input.split_at(taken);
        *input = rest;
        stream.received += taken as u32;
        if stream.kind().limit() != Limit::ReadPast {
            self.buffered += taken;
            if self.buffered > MAX_BUFFERED {
                return Err(ChunkError::TooMuchBuffered);
            }
            stream.payload.extend_from_slice(piece);
        }
        let left = left - taken as u32;
        self.payload = (left > 0).then_some((id, left));
        if stream.received < stream.length {
            return Ok(None);
        }
        self.buffered -= stream.payload.len();
        stream.received = 0;
        Ok(Some(Message {
            kind: stream.kind(),
            timestamp: stream.timestamp,
            stream_id: stream.stream_id,
            payload: Bytes::from(std::mem::take(&mut stream.payload)),
        }))
    }

    fn obey(&mut self, message: &Message) -> Result<(), ChunkError> {
        let Some(value) = message.payload.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)) else {
            return Ok(());
        };
        match message.kind {
            MessageKind::SetChunkSize if value == 0 || value > i32::MAX as u32 => {
                return Err(ChunkError::ChunkSize(value));
            }
            MessageKind::SetChunkSize => self.chunk_size = value,
            MessageKind::Abort => {
                if let Some(stream) = self.streams.get_mut(&value) {
                    self.buffered -= stream.payload.len();
                    stream.payload = Vec::new();
                    stream.received = 0;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Bytes of the basic header (5.3.1.1).
fn basic_length(first: u8) -> usize {
    match first & 0x3f {
        0 => 2,
        1 => 3,
        _ => 1,
    }
}

/// Bytes of the message header by format (5.3.1.2), without an extended timestamp.
fn message_header_length(format: u8) -> usize {
    match format {
        0 => 11,
        1 => 7,
        2 => 3,
        _ => 0,
    }
}

/// From a whole basic header.
fn chunk_stream_id(header: &[u8]) -> u32 {
    match header[0] & 0x3f {
        0 => 64 + u32::from(header[1]),
        1 => 64 + u32::from(header[1]) + 256 * u32::from(header[2]),
        id => u32::from(id),
    }
}

fn u24(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]])
}

fn u32_be(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

#[cfg(test)]
mod tests;
