//! Messages to chunks (RTMP 1.0, 5.3.1).

use crate::rtmp::message::Message;

/// Cuts messages into chunks. Every message begins with a full header (type 0): we send few, and small ones.
#[derive(Clone, Debug)]
pub struct ChunkWriter {
    chunk_size: usize,
}

impl Default for ChunkWriter {
    /// A writer of 128-byte chunks, as every connection starts.
    fn default() -> Self {
        Self { chunk_size: 128 }
    }
}

impl ChunkWriter {
    /// Makes chunks of `size` bytes (1 or more) from now on; the caller has told the other side.
    pub fn set_chunk_size(&mut self, size: usize) {
        debug_assert!(size > 0);
        self.chunk_size = size.max(1);
    }

    /// Appends `message` to `output`, on chunk stream `chunk_stream` (2 to 63).
    pub fn write(&self, chunk_stream: u8, message: &Message, output: &mut Vec<u8>) {
        debug_assert!((2..64).contains(&chunk_stream));
        let extended = (message.timestamp >= 0xff_ffff).then(|| message.timestamp.to_be_bytes());
        let short_time = message.timestamp.min(0xff_ffff).to_be_bytes();
        output.push(chunk_stream);
        output.extend_from_slice(&short_time[1..]);
        output.extend_from_slice(&(message.payload.len() as u32).to_be_bytes()[1..]);
        output.push(message.kind.id());
        output.extend_from_slice(&message.stream_id.to_le_bytes());
        output.extend(extended.into_iter().flatten());
        for (index, piece) in message.payload.chunks(self.chunk_size).enumerate() {
            if index > 0 {
                output.push(0xc0 | chunk_stream);
                output.extend(extended.into_iter().flatten());
            }
            output.extend_from_slice(piece);
        }
    }
}
