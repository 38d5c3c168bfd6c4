//! One publisher's connection, without the connection.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::flv::{DemuxError, Demuxer, Media, TagError};
use crate::rtmp::aggregate;
use crate::rtmp::amf::Value;
use crate::rtmp::chunk_reader::ChunkReader;
use crate::rtmp::chunk_writer::ChunkWriter;
use crate::rtmp::command::{self, Command, Level};
use crate::rtmp::connect;
use crate::rtmp::ending::Ending;
use crate::rtmp::farewell;
use crate::rtmp::handshake::Handshake;
use crate::rtmp::held::Held;
use crate::rtmp::message::{Message, MessageKind};
use crate::rtmp::publish_name::PublishName;
use crate::{CloseReason, Refusal};

/// How long a session waits for what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionLimits {
    /// From the connection to the end of the handshake. However slowly bytes drip in.
    pub handshake: Duration,
    /// From the connection to `publish`. Encoders need two or three round trips.
    pub setup: Duration,
    /// From `publish` to our own answer; then the publisher hears [`Refusal::Unavailable`].
    pub answer: Duration,
    /// Between two arrivals of anything at all.
    pub idle: Duration,
    /// Between our pings, which make a silent but living encoder send something.
    pub ping: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            setup: Duration::from_secs(15),
            answer: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            ping: Duration::from_secs(10),
        }
    }
}

/// What a session wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send these bytes.
    Transmit(Bytes),
    /// Ask whether this publisher may; answered by [`Session::accept`] or [`Session::reject`].
    PublishRequested {
        /// Which broadcast, and the key shown for it.
        name: PublishName,
        /// What the encoder calls itself, at most 64 printable characters.
        software: Option<String>,
    },
    /// Sound; only after [`Session::accept`].
    Media(Media),
    /// The last output: send what was said, then close the connection.
    Closed(Ending),
}

/// The server's side of one RTMP connection: handshake, `connect`, `publish`, sound.
///
/// Nothing is accepted before [`Session::accept`]: the reply to `publish` waits for the key to be checked.
/// Every state has a deadline. What it holds is bounded: [`super::chunk_reader::MAX_BUFFERED`] bytes of
/// unfinished messages, 64 KiB of sound before the answer, and the outputs of one
/// [`Session::handle_input`], which its caller drains every time.
#[derive(Debug)]
pub struct Session {
    limits: SessionLimits,
    state: State,
    handshake: Handshake,
    reader: ChunkReader,
    writer: ChunkWriter,
    demuxer: Demuxer,
    app: String,
    software: Option<String>,
    /// The client follows `NetConnection.Connect.ReconnectRequest`.
    reconnects: bool,
    /// Message streams made so far.
    streams: u32,
    /// The name that `FCPublish` gave; answered when the publisher is accepted.
    fc_publish: Option<String>,
    opened: Instant,
    last_input: Instant,
    next_ping: Instant,
    /// Bytes of chunks received, and how many of them the client knows of.
    received: u64,
    acknowledged: u64,
    /// How many bytes the client lets pass between acknowledgements.
    ack_window: u64,
    transmit: Vec<u8>,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
enum State {
    /// Reading C0, C1, C2.
    Handshaking,
    /// Waiting for `connect`.
    Connecting,
    /// Waiting for `publish`.
    Connected,
    /// `publish` came on this message stream; the answer is awaited.
    Asking { stream_id: u32, since: Instant, held: Held },
    /// Accepted.
    Live { stream_id: u32 },
    /// [`Output::Closed`] was said.
    Closed,
}

/// The control messages' chunk stream, by the specification.
const CONTROL: u8 = 2;
/// The chunk stream of our commands.
const COMMAND: u8 = 3;
/// The size of our own chunks: every answer fits in one.
const CHUNK_SIZE: u32 = 4_096;
/// What we ask of the client, and what we take where it asks nothing: as most servers do.
const WINDOW: u32 = 2_500_000;
/// Encoders make one message stream; some make a second for another try.
const MAX_STREAMS: u32 = 8;
/// The longest app. A long one is a whole address with a token.
const MAX_APP: usize = 1_024;

const STREAM_BEGIN: u16 = 0;
const PING_REQUEST: u16 = 6;
const PING_RESPONSE: u16 = 7;

impl Session {
    /// A session whose connection was opened at `now`. `nonce` feeds the handshake's random bytes.
    pub fn new(now: Instant, limits: SessionLimits, nonce: [u8; 32]) -> Self {
        Self {
            limits,
            state: State::Handshaking,
            handshake: Handshake::new(nonce),
            reader: ChunkReader::new(),
            writer: ChunkWriter::default(),
            demuxer: Demuxer::new(),
            app: String::new(),
            software: None,
            reconnects: false,
            streams: 0,
            fc_publish: None,
            opened: now,
            last_input: now,
            next_ping: now,
            received: 0,
            acknowledged: 0,
            ack_window: u64::from(WINDOW),
            transmit: Vec::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Told bytes that came at `now`, in any pieces. A few KiB at a time keep the outputs few.
    pub fn handle_input(&mut self, now: Instant, mut input: &[u8]) {
        self.last_input = now;
        if matches!(self.state, State::Handshaking) {
            match self.handshake.read(&mut input, &mut self.transmit) {
                Ok(true) => self.state = State::Connecting,
                Ok(false) => return,
                Err(error) => return self.close_with(error.into()),
            }
        }
        self.received += input.len() as u64;
        while !self.is_closed() {
            let handled = match self.reader.read(&mut input) {
                Ok(Some(message)) => self.handle_message(now, message),
                Ok(None) => break,
                Err(error) => Err(error.into()),
            };
            if let Err(ending) = handled {
                self.close_with(ending);
            }
        }
        self.acknowledge();
    }

    /// Told that it is `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &self.state {
            State::Handshaking if now >= self.opened + self.limits.handshake => {
                self.close_with(Ending::TimedOut("handshake"));
            }
            State::Connecting | State::Connected if now >= self.opened + self.limits.setup => {
                self.close_with(Ending::TimedOut("publish"));
            }
            State::Asking { since, .. } if now >= *since + self.limits.answer => {
                self.reject(Refusal::Unavailable);
            }
            State::Live { .. } if now >= self.last_input + self.limits.idle => {
                self.close_with(Ending::TimedOut("sign of life"));
            }
            State::Live { .. } if now >= self.next_ping => {
                self.next_ping = now + self.limits.ping;
                let uptime = now.duration_since(self.opened).as_millis() as u32;
                self.send_event(PING_REQUEST, uptime);
            }
            _ => {}
        }
    }

    /// When [`Self::handle_timeout`] wants to be called; `None` once closed.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Handshaking => Some(self.opened + self.limits.handshake),
            State::Connecting | State::Connected => Some(self.opened + self.limits.setup),
            State::Asking { since, .. } => Some(*since + self.limits.answer),
            State::Live { .. } => Some(self.next_ping.min(self.last_input + self.limits.idle)),
            State::Closed => None,
        }
    }

    /// What follows; drained after every call of the others.
    pub fn poll_output(&mut self) -> Option<Output> {
        if !self.transmit.is_empty() {
            return Some(Output::Transmit(std::mem::take(&mut self.transmit).into()));
        }
        self.outputs.pop_front()
    }

    /// Lets the publisher in; without a question there is nothing to do. What it sent meanwhile comes out.
    pub fn accept(&mut self, now: Instant) {
        let State::Asking { stream_id, held, .. } = &mut self.state else { return };
        let (stream_id, held) = (*stream_id, std::mem::take(held));
        self.state = State::Live { stream_id };
        self.next_ping = now + self.limits.ping;
        self.last_input = now;
        self.send_event(STREAM_BEGIN, stream_id);
        if let Some(name) = self.fc_publish.take() {
            let information = command::status(Level::Status, "NetStream.Publish.Start", &name);
            self.send_command(0, "onFCPublish", 0.0, &[Value::Null, information]);
        }
        self.send_status(stream_id, Level::Status, "NetStream.Publish.Start", "On air.");
        self.outputs.extend(held.into_media().map(Output::Media));
    }

    /// Tells the publisher that it may not, and closes; without a question there is nothing to do.
    pub fn reject(&mut self, refusal: Refusal) {
        let State::Asking { stream_id, .. } = self.state else { return };
        let code = farewell::refusal_code(&refusal);
        self.send_status(stream_id, Level::Error, code, &refusal.to_string());
        self.close_with(Ending::Refused(refusal));
    }

    /// Tells the publisher why it is sent away, whatever the state, and closes.
    pub fn close(&mut self, reason: CloseReason) {
        if self.is_closed() {
            return;
        }
        let code = farewell::close_code(&reason);
        let stream_id = match self.state {
            State::Asking { stream_id, .. } | State::Live { stream_id }
                if reason != CloseReason::ServerStopping =>
            {
                stream_id
            }
            _ => 0,
        };
        // Before `connect` nobody would understand a status.
        if !matches!(self.state, State::Handshaking | State::Connecting) {
            if reason == CloseReason::ServerStopping && self.reconnects {
                let code = "NetConnection.Connect.ReconnectRequest";
                self.send_status(0, Level::Status, code, &reason.to_string());
            }
            self.send_status(stream_id, Level::Error, code, &reason.to_string());
        }
        self.close_with(Ending::Sent(reason));
    }

    /// Whether [`Output::Closed`] was said.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Bytes of media and messages held now, outputs not counted.
    pub fn buffered(&self) -> usize {
        let held = match &self.state {
            State::Asking { held, .. } => held.bytes(),
            _ => 0,
        };
        self.reader.buffered() + held
    }

    fn close_with(&mut self, ending: Ending) {
        if !self.is_closed() {
            self.state = State::Closed;
            self.reader = ChunkReader::new();
            self.outputs.push_back(Output::Closed(ending));
        }
    }

    fn handle_message(&mut self, now: Instant, message: Message) -> Result<(), Ending> {
        match message.kind {
            MessageKind::Audio => self.handle_audio(message.timestamp, message.payload),
            MessageKind::Aggregate => {
                for (timestamp, payload) in aggregate::audio_tags(message.timestamp, message.payload) {
                    self.handle_audio(timestamp, payload);
                }
            }
            MessageKind::CommandAmf0 => {
                self.handle_command(now, message.stream_id, &Command::parse(&message.payload)?)?;
            }
            MessageKind::CommandAmf3 => {
                self.handle_command(now, message.stream_id, &Command::parse_amf3(&message.payload)?)?;
            }
            MessageKind::WindowAckSize => {
                // Zero would ask for endless acknowledgements; it is taken for "as you like".
                if let Some(window) = message.payload.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
                    && window > 0
                {
                    self.ack_window = u64::from(window);
                }
            }
            MessageKind::UserControl => {
                if let Some((&event, &value)) = message
                    .payload
                    .split_first_chunk()
                    .and_then(|(event, rest)| Some((event, rest.first_chunk()?)))
                    && u16::from_be_bytes(event) == PING_REQUEST
                {
                    self.send_event(PING_RESPONSE, u32::from_be_bytes(value));
                }
            }
            // Chunk size and abort were obeyed by the reader. The rest is read past.
            MessageKind::SetChunkSize
            | MessageKind::Abort
            | MessageKind::Acknowledgement
            | MessageKind::SetPeerBandwidth
            | MessageKind::Video
            | MessageKind::Other(_) => {}
        }
        Ok(())
    }

    fn handle_audio(&mut self, timestamp: u32, payload: Bytes) {
        if !matches!(self.state, State::Asking { .. } | State::Live { .. }) {
            return;
        }
        match self.demuxer.push(timestamp, payload) {
            // A tag that ends early is an encoder's stumble; the next one is whole again.
            Ok(()) | Err(DemuxError::Tag(TagError::Truncated)) => {}
            Err(error) => return self.close(CloseReason::UnsupportedTrack { detail: error.to_string() }),
        }
        while let Some(media) = self.demuxer.poll_output() {
            match &mut self.state {
                State::Asking { held, .. } => held.push(media),
                _ => self.outputs.push_back(Output::Media(media)),
            }
        }
    }

    fn handle_command(&mut self, now: Instant, stream_id: u32, command: &Command) -> Result<(), Ending> {
        let transaction = command.transaction;
        match command.name.as_str() {
            "connect" => return self.handle_connect(command),
            _ if matches!(self.state, State::Connecting) => return Err(Ending::OutOfTurn("a command")),
            "createStream" => {
                if self.streams == MAX_STREAMS {
                    return Err(Ending::OutOfTurn("another createStream"));
                }
                self.streams += 1;
                let stream = Value::Number(f64::from(self.streams));
                self.send_result(transaction, &[Value::Null, stream]);
            }
            "FCPublish" => {
                self.fc_publish = command.argument(1).as_str().map(|name| name.chars().take(64).collect());
                self.send_result(transaction, &[Value::Null, Value::Undefined]);
            }
            "publish" => return self.handle_publish(now, stream_id, command),
            "play" | "play2" => {
                let description = "This address takes streams in. To listen, open the broadcast's page.";
                self.send_status(stream_id, Level::Error, "NetStream.Play.Failed", description);
                self.close_with(Ending::Play);
            }
            "deleteStream" | "closeStream" | "FCUnpublish" => {
                self.send_result(transaction, &[Value::Null, Value::Undefined]);
                if let State::Asking { stream_id, .. } | State::Live { stream_id } = self.state {
                    self.send_status(stream_id, Level::Status, "NetStream.Unpublish.Success", "Off air.");
                    self.close_with(Ending::Unpublished);
                }
            }
            "releaseStream" | "_checkbw" => self.send_result(transaction, &[Value::Null, Value::Undefined]),
            "getStreamLength" => self.send_result(transaction, &[Value::Null, Value::Number(0.0)]),
            // Answers to what we never asked, and calls that nobody needs.
            "_result" | "_error" | "onStatus" => {}
            _ if transaction == 0.0 => {}
            _ => {
                let information =
                    command::status(Level::Error, "NetConnection.Call.Failed", "There is no such method.");
                self.send_command(0, "_error", transaction, &[Value::Null, information]);
            }
        }
        Ok(())
    }

    fn handle_connect(&mut self, command: &Command) -> Result<(), Ending> {
        if !matches!(self.state, State::Connecting) {
            return Err(Ending::OutOfTurn("connect"));
        }
        let request = connect::Request::read(command.object());
        self.send_control(MessageKind::WindowAckSize, &WINDOW.to_be_bytes());
        // The limit type 2: dynamic.
        self.send_control(MessageKind::SetPeerBandwidth, &[&WINDOW.to_be_bytes()[..], &[2]].concat());
        self.send_control(MessageKind::SetChunkSize, &CHUNK_SIZE.to_be_bytes());
        self.writer.set_chunk_size(CHUNK_SIZE as usize);
        self.send_command(0, "_result", command.transaction, &request.answer());
        self.reconnects = request.reconnects;
        self.software = request.software;
        self.app = request.app.chars().take(MAX_APP).collect();
        self.state = State::Connected;
        Ok(())
    }

    fn handle_publish(&mut self, now: Instant, stream_id: u32, command: &Command) -> Result<(), Ending> {
        if !matches!(self.state, State::Connected) {
            return Err(Ending::OutOfTurn("another publish"));
        }
        match PublishName::parse(&self.app, command.argument(1).as_str().unwrap_or_default()) {
            Ok(name) => {
                self.state = State::Asking { stream_id, since: now, held: Held::default() };
                let software = self.software.take();
                self.outputs.push_back(Output::PublishRequested { name, software });
            }
            Err(error) => {
                self.send_status(stream_id, Level::Error, "NetStream.Publish.BadName", &error.to_string());
                self.close_with(Ending::BadName(error.to_string()));
            }
        }
        Ok(())
    }

    fn acknowledge(&mut self) {
        if !self.is_closed() && self.received - self.acknowledged >= self.ack_window {
            self.acknowledged = self.received;
            self.send_control(MessageKind::Acknowledgement, &(self.received as u32).to_be_bytes());
        }
    }

    fn send_result(&mut self, transaction: f64, arguments: &[Value]) {
        if transaction != 0.0 {
            self.send_command(0, "_result", transaction, arguments);
        }
    }

    fn send_status(&mut self, stream_id: u32, level: Level, code: &str, description: &str) {
        let information = command::status(level, code, description);
        self.send_command(stream_id, "onStatus", 0.0, &[Value::Null, information]);
    }

    fn send_command(&mut self, stream_id: u32, name: &str, transaction: f64, arguments: &[Value]) {
        let payload = command::encode(name, transaction, arguments).into();
        let message = Message { kind: MessageKind::CommandAmf0, timestamp: 0, stream_id, payload };
        self.writer.write(COMMAND, &message, &mut self.transmit);
    }

    fn send_event(&mut self, event: u16, value: u32) {
        self.send_control(
            MessageKind::UserControl,
            &[&event.to_be_bytes()[..], &value.to_be_bytes()].concat(),
        );
    }

    fn send_control(&mut self, kind: MessageKind, payload: &[u8]) {
        let payload = Bytes::copy_from_slice(payload);
        let message = Message { kind, timestamp: 0, stream_id: 0, payload };
        self.writer.write(CONTROL, &message, &mut self.transmit);
    }
}

#[cfg(test)]
mod tests;
