use media::{Codec, Timescale};

use super::*;
use crate::StreamKey;
use crate::rtmp::amf::AmfError;
use crate::rtmp::amf0;
use crate::rtmp::chunk_reader::{ChunkError, MAX_CHUNK_STREAMS};
use crate::rtmp::command::CommandError;

const AAC_HEADER: &[u8] = &[0xaf, 0, 0x12, 0x10];
const AAC_UNIT: &[u8] = &[0xaf, 1, 0x21, 0x10, 0x05];

/// A client in invented time, and the session it talks to.
struct Client {
    now: Instant,
    session: Session,
    writer: ChunkWriter,
    reader: ChunkReader,
    outputs: Vec<Output>,
}

impl Client {
    #[expect(clippy::disallowed_methods, reason = "some instant to count from")]
    fn new() -> Self {
        let now = Instant::now();
        Self {
            now,
            session: Session::new(now, SessionLimits::default(), [7; 32]),
            writer: ChunkWriter::default(),
            reader: ChunkReader::new(),
            outputs: Vec::new(),
        }
    }

    fn shaken() -> Self {
        let mut client = Self::new();
        client.input(&[&[3][..], &[0; 2 * 1_536]].concat());
        let [Output::Transmit(answer)] = &client.take()[..] else { panic!("no answer to the handshake") };
        assert_eq!(answer.len(), 1 + 2 * 1_536);
        client
    }

    fn connected() -> Self {
        let mut client = Self::shaken();
        client.command(0, "connect", 1.0, &[Value::object([("app", Value::string("live"))])]);
        client.answers();
        client
    }

    fn asking() -> Self {
        let mut client = Self::connected();
        client.publish("studio?token=s3cret");
        assert!(matches!(client.take()[..], [Output::PublishRequested { .. }]));
        client
    }

    fn live() -> Self {
        let mut client = Self::asking();
        client.session.accept(client.now);
        client.answers();
        client
    }

    fn publish(&mut self, name: &str) {
        self.command(1, "publish", 5.0, &[Value::Null, Value::string(name), Value::string("live")]);
    }

    fn input(&mut self, bytes: &[u8]) {
        self.session.handle_input(self.now, bytes);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll_output() {
            self.outputs.push(output);
        }
    }

    fn message(&mut self, kind: MessageKind, stream_id: u32, timestamp: u32, payload: &[u8]) {
        let mut bytes = Vec::new();
        let payload = Bytes::copy_from_slice(payload);
        self.writer.write(4, &Message { kind, timestamp, stream_id, payload }, &mut bytes);
        self.input(&bytes);
    }

    fn audio(&mut self, timestamp: u32, payload: &[u8]) {
        self.message(MessageKind::Audio, 1, timestamp, payload);
    }

    fn command(&mut self, stream_id: u32, name: &str, transaction: f64, arguments: &[Value]) {
        let payload = command::encode(name, transaction, arguments);
        self.message(MessageKind::CommandAmf0, stream_id, 0, &payload);
    }

    fn sleep(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.session.handle_timeout(self.now);
        self.drain();
    }

    fn take(&mut self) -> Vec<Output> {
        self.drain();
        std::mem::take(&mut self.outputs)
    }

    /// Everything that was sent since, as messages.
    fn answers(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        for output in self.take() {
            if let Output::Transmit(bytes) = output {
                let mut rest = &bytes[..];
                while let Some(message) = self.reader.read(&mut rest).unwrap() {
                    messages.push(message);
                }
            } else {
                self.outputs.push(output);
            }
        }
        messages
    }

    /// The commands among the answers.
    fn calls(&mut self) -> Vec<Vec<Value>> {
        self.answers()
            .iter()
            .filter(|message| message.kind == MessageKind::CommandAmf0)
            .map(|message| amf0::decode(&message.payload).unwrap())
            .collect()
    }

    /// (code, description) of every status among the answers.
    fn statuses(&mut self) -> Vec<(String, String)> {
        let text = |object: &Value, name| object.get(name)?.as_str().map(str::to_owned);
        self.calls()
            .iter()
            .filter_map(|values| values.last())
            .filter_map(|object| Some((text(object, "code")?, text(object, "description")?)))
            .collect()
    }

    fn ending(&mut self) -> Option<Ending> {
        self.take().into_iter().find_map(|output| match output {
            Output::Closed(ending) => Some(ending),
            _ => None,
        })
    }

    /// The media times of the units that came out.
    fn unit_times(&mut self) -> Vec<u64> {
        self.take()
            .into_iter()
            .filter_map(|output| match output {
                Output::Media(Media::Unit(unit)) => Some(unit.time.ticks()),
                _ => None,
            })
            .collect()
    }
}

#[test]
fn connect_is_answered_with_windows_a_chunk_size_and_capabilities() {
    let mut client = Client::shaken();
    client.command(
        0,
        "connect",
        1.0,
        &[Value::object([
            ("app", Value::string("live")),
            ("fourCcList", Value::Array(vec![Value::string("*")])),
            ("capsEx", Value::Number(15.0)),
            ("objectEncoding", Value::Number(3.0)),
        ])],
    );
    let answers = client.answers();
    let kinds: Vec<_> = answers.iter().map(|message| message.kind).collect();
    assert_eq!(
        kinds,
        [
            MessageKind::WindowAckSize,
            MessageKind::SetPeerBandwidth,
            MessageKind::SetChunkSize,
            MessageKind::CommandAmf0
        ]
    );
    let values = amf0::decode(&answers[3].payload).unwrap();
    assert_eq!(values[..2], [Value::string("_result"), Value::Number(1.0)]);
    assert_eq!(values[3].get("code"), Some(&Value::string("NetConnection.Connect.Success")));
    assert_eq!(values[3].get("objectEncoding"), Some(&Value::Number(3.0)));
    for object in &values[2..] {
        assert_eq!(object.get("capsEx"), Some(&Value::Number(6.0)));
        assert_eq!(
            object.get("fourCcList"),
            Some(&Value::Array(["mp4a", "Opus", ".mp3"].map(Value::string).into()))
        );
    }
}

#[test]
fn connect_by_amf3_is_understood() {
    let mut client = Client::shaken();
    // The format byte, then AMF0 with the command object switched to AMF3: {app: "live"}, dynamic.
    let mut payload = vec![0];
    payload.extend(command::encode("connect", 1.0, &[]));
    payload.extend(b"\x11\x0a\x0b\x01\x07app\x06\x09live\x01");
    client.message(MessageKind::CommandAmf3, 0, 0, &payload);
    assert_eq!(client.statuses()[0].0, "NetConnection.Connect.Success");

    let mut publish = vec![0];
    publish.extend(command::encode("publish", 5.0, &[Value::Null, Value::string("studio?token=s3cret")]));
    client.message(MessageKind::CommandAmf3, 1, 0, &publish);
    assert!(
        matches!(&client.take()[..], [Output::PublishRequested { name, .. }] if name.broadcast == "studio")
    );
}

#[test]
fn the_small_talk_before_publish_is_answered() {
    let mut client = Client::connected();
    let name = || Value::string("studio");
    client.command(0, "releaseStream", 2.0, &[Value::Null, name()]);
    client.command(0, "FCPublish", 3.0, &[Value::Null, name()]);
    client.command(0, "createStream", 4.0, &[Value::Null]);
    client.command(0, "_checkbw", 5.0, &[Value::Null]);
    client.command(0, "getStreamLength", 6.0, &[Value::Null, name()]);
    client.command(0, "deleteStream", 7.0, &[Value::Null, Value::Number(1.0)]);
    client.command(0, "closeStream", 0.0, &[Value::Null]);
    client.command(0, "setBufferSomething", 8.0, &[Value::Null]);
    let calls = client.calls();
    let answered: Vec<_> =
        calls.iter().map(|values| (values[0].as_str().unwrap(), values[1].as_number().unwrap())).collect();
    assert_eq!(
        answered,
        [
            ("_result", 2.0),
            ("_result", 3.0),
            ("_result", 4.0),
            ("_result", 5.0),
            ("_result", 6.0),
            ("_result", 7.0),
            ("_error", 8.0)
        ]
    );
    assert_eq!(calls[2][3], Value::Number(1.0));
    assert!(!client.session.is_closed());
}

#[test]
fn nothing_is_promised_before_the_key_is_checked() {
    let mut client = Client::connected();
    client.command(0, "FCPublish", 3.0, &[Value::Null, Value::string("studio")]);
    client.answers();
    client.publish("studio?token=s3cret");
    let [Output::PublishRequested { name, .. }] = &client.take()[..] else { panic!("no question alone") };
    assert_eq!(name.key, StreamKey::parse("s3cret").unwrap());

    client.session.accept(client.now);
    let answers = client.answers();
    assert_eq!(answers[0].kind, MessageKind::UserControl);
    assert_eq!(answers[0].payload[..], [0, 0, 0, 0, 0, 1]);
    let names: Vec<_> = answers[1..]
        .iter()
        .map(|message| (message.stream_id, amf0::decode(&message.payload).unwrap()[0].clone()))
        .collect();
    assert_eq!(names, [(0, Value::string("onFCPublish")), (1, Value::string("onStatus"))]);
}

#[test]
fn a_refusal_is_told_and_then_the_connection_is_closed() {
    for (refusal, code) in [
        (Refusal::UnknownBroadcast, "NetStream.Publish.BadName"),
        (Refusal::BadKey, "NetStream.Publish.BadName"),
        (Refusal::AlreadyPublishing, "NetStream.Publish.BadName"),
        (Refusal::NotLive, "NetStream.Publish.BadName"),
        (Refusal::Unavailable, "NetStream.Failed"),
    ] {
        let mut client = Client::asking();
        client.session.reject(refusal.clone());
        assert_eq!(client.statuses(), [(code.to_owned(), refusal.to_string())]);
        assert_eq!(client.ending(), Some(Ending::Refused(refusal)));
        assert_eq!(client.session.poll_timeout(), None);
    }
}

#[test]
fn a_name_without_a_key_is_refused_at_once() {
    let mut client = Client::connected();
    client.publish("studio");
    assert_eq!(client.statuses()[0].0, "NetStream.Publish.BadName");
    assert!(matches!(client.ending(), Some(Ending::BadName(_))));
}

#[test]
fn an_answer_that_does_not_come_is_a_refusal() {
    let mut client = Client::asking();
    client.sleep(9);
    assert!(!client.session.is_closed());
    client.sleep(1);
    assert_eq!(client.statuses(), [("NetStream.Failed".to_owned(), Refusal::Unavailable.to_string())]);
    assert_eq!(client.ending(), Some(Ending::Refused(Refusal::Unavailable)));
}

#[test]
fn sound_before_the_answer_is_kept_for_a_while() {
    let mut client = Client::asking();
    client.audio(0, AAC_HEADER);
    for index in 0..100 {
        client.audio(index * 23, AAC_UNIT);
    }
    assert_eq!(client.take(), []);
    assert_eq!(client.session.buffered(), 64 * 3);
    client.session.accept(client.now);
    let times = client.unit_times();
    assert_eq!((times.len(), times[0], times[63]), (64, 36 * 23, 99 * 23));
}

#[test]
fn tracks_and_units_come_out_in_milliseconds() {
    let mut client = Client::live();
    client.audio(0, AAC_HEADER);
    client.audio(23, AAC_UNIT);
    let outputs = client.take();
    assert!(matches!(&outputs[0], Output::Media(Media::Track(track))
        if track.codec == Codec::AacLc && track.timescale == Timescale::MILLIS));
    assert!(matches!(&outputs[1], Output::Media(Media::Unit(unit))
        if unit.time.ticks() == 23 && unit.data[..] == AAC_UNIT[2..]));
}

#[test]
fn interleaved_audio_and_video_come_apart() {
    let mut client = Client::live();
    client.audio(0, AAC_HEADER);
    client.take();
    // A video message of 300 bytes on chunk stream 6, with audio between its chunks.
    let header =
        |stream: u8, length: u8, high: u8, kind| [stream, 0, 0, 40, 0, high, length, kind, 1, 0, 0, 0];
    client.input(&[&header(6, 44, 1, 9)[..], &[1; 128]].concat());
    client.input(&[&header(5, 5, 0, 8)[..], AAC_UNIT].concat());
    client.input(&[&[0xc6][..], &[1; 128]].concat());
    client.input(&[&[0xc5][..], AAC_UNIT].concat());
    client.input(&[&[0xc6][..], &[1; 44]].concat());
    assert_eq!(client.unit_times(), [40, 80]);
    assert!(!client.session.is_closed());
}

#[test]
fn enhanced_opus_on_the_first_of_many_tracks_is_taken() {
    let mut client = Client::live();
    let head = b"OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00";
    client.audio(0, &[b"\x90Opus".as_slice(), head].concat());
    client.audio(20, b"\x91Opus\xfcsound");
    client.audio(40, b"\x95\x11Opus\x01\x00\x00\x02no\x00\x00\x00\x06\xfcsound");
    client.audio(60, b"\x95\x01Opus\x01\xfcanother track");
    let outputs = client.take();
    assert!(matches!(&outputs[0], Output::Media(Media::Track(track))
        if track.codec == Codec::Opus && track.config[..] == head[..]));
    let units: Vec<_> = outputs[1..]
        .iter()
        .map(|output| match output {
            Output::Media(Media::Unit(unit)) => (unit.time.ticks(), &unit.data[..]),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(units, [(20, &b"\xfcsound"[..]), (40, b"\xfcsound")]);
}

#[test]
fn an_aggregate_gives_its_audio() {
    let mut client = Client::live();
    let mut aggregate = Vec::new();
    for (time, body) in [(100u8, AAC_HEADER), (100, AAC_UNIT), (123, AAC_UNIT)] {
        aggregate.extend([8, 0, 0, body.len() as u8, 0, 0, time, 0, 0, 0, 0]);
        aggregate.extend(body);
        aggregate.extend((body.len() as u32 + 11).to_be_bytes());
    }
    client.message(MessageKind::Aggregate, 1, 5_000, &aggregate);
    assert_eq!(client.unit_times(), [5_000, 5_023]);
}

#[test]
fn timestamps_that_jump_repeat_and_wrap_do_no_harm() {
    let mut client = Client::live();
    client.audio(u32::MAX - 20, AAC_HEADER);
    for timestamp in [u32::MAX - 20, 2, 2, 3_600_000, 25] {
        client.audio(timestamp, AAC_UNIT);
    }
    let start = u64::from(u32::MAX - 20);
    assert_eq!(client.unit_times(), [start, start + 23, start + 23, start + 3_600_021, start + 46]);
}

#[test]
fn sound_that_cannot_be_played_is_refused_with_words() {
    for (payload, words) in [
        (&[0xaf, 0, 0x0a, 0x10][..], "AAC object type 1 is not supported"),
        (&[0xaf, 0, 0x12, 0x30], "use mono or stereo"),
        (b"\xb2speex", "Speex"),
        (b"\x91ac-3sound", "\"ac-3\""),
    ] {
        let mut client = Client::live();
        client.audio(0, payload);
        let statuses = client.statuses();
        assert_eq!(statuses[0].0, "NetStream.Failed");
        assert!(statuses[0].1.contains(words), "{statuses:?}");
        assert!(matches!(client.ending(), Some(Ending::Sent(CloseReason::UnsupportedTrack { .. }))));
    }
}

#[test]
fn a_message_that_is_cut_short_is_passed_over() {
    let mut client = Client::live();
    client.audio(0, AAC_HEADER);
    client.audio(23, &[0xaf]);
    client.audio(46, AAC_UNIT);
    assert_eq!(client.unit_times(), [46]);
}

#[test]
fn unpublishing_ends_the_session() {
    for name in ["FCUnpublish", "deleteStream", "closeStream"] {
        let mut client = Client::live();
        client.command(0, name, 6.0, &[Value::Null]);
        assert_eq!(client.statuses()[0].0, "NetStream.Unpublish.Success");
        assert_eq!(client.ending(), Some(Ending::Unpublished));
    }
}

#[test]
fn playing_is_refused_with_words() {
    let mut client = Client::connected();
    client.command(1, "play", 5.0, &[Value::Null, Value::string("studio")]);
    assert_eq!(client.statuses()[0].0, "NetStream.Play.Failed");
    assert_eq!(client.ending(), Some(Ending::Play));
}

#[test]
fn a_publisher_is_told_why_it_is_sent_away() {
    for (reason, code) in [
        (CloseReason::TakenOver, "NetStream.Publish.BadName"),
        (CloseReason::Ended, "NetStream.Unpublish.Success"),
        (CloseReason::ServerStopping, "NetConnection.Connect.AppShutdown"),
    ] {
        let mut client = Client::live();
        client.session.close(reason.clone());
        assert_eq!(client.statuses(), [(code.to_owned(), reason.to_string())]);
        assert_eq!(client.ending(), Some(Ending::Sent(reason)));
    }
}

#[test]
fn a_client_that_can_is_asked_to_reconnect_when_the_server_stops() {
    let mut client = Client::shaken();
    let object = Value::object([("app", Value::string("live")), ("capsEx", Value::Number(1.0))]);
    client.command(0, "connect", 1.0, &[object]);
    client.answers();
    client.session.close(CloseReason::ServerStopping);
    let codes: Vec<_> = client.statuses().into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["NetConnection.Connect.ReconnectRequest", "NetConnection.Connect.AppShutdown"]);
}

#[test]
fn received_bytes_are_acknowledged_by_the_clients_window() {
    let mut client = Client::live();
    client.message(MessageKind::WindowAckSize, 0, 0, &1_000u32.to_be_bytes());
    client.take();
    client.message(MessageKind::Video, 1, 0, &[0; 900]);
    let answers = client.answers();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].kind, MessageKind::Acknowledgement);
    let acknowledged = u32::from_be_bytes(answers[0].payload[..].try_into().unwrap());
    assert_eq!(u64::from(acknowledged), client.session.received);
    client.message(MessageKind::Video, 1, 0, &[0; 100]);
    assert_eq!(client.answers(), []);
}

#[test]
fn a_window_of_zero_is_tolerated() {
    let mut client = Client::live();
    client.message(MessageKind::WindowAckSize, 0, 0, &[0; 4]);
    client.audio(0, AAC_HEADER);
    client.audio(23, AAC_UNIT);
    assert_eq!(client.answers(), []);
    assert_eq!(client.unit_times(), [23]);
}

#[test]
fn pings_go_both_ways() {
    let mut client = Client::live();
    client.message(MessageKind::UserControl, 0, 0, &[0, 6, 1, 2, 3, 4]);
    let answers = client.answers();
    assert_eq!(answers[0].payload[..], [0, 7, 1, 2, 3, 4]);

    client.sleep(10);
    let answers = client.answers();
    assert_eq!((answers.len(), answers[0].kind), (1, MessageKind::UserControl));
    assert_eq!(answers[0].payload[..], [0, 6, 0, 0, 0x27, 0x10]);
}

#[test]
fn each_stage_has_its_deadline() {
    let mut silent = Client::new();
    silent.sleep(4);
    assert_eq!(silent.ending(), None);
    silent.sleep(1);
    assert_eq!(silent.ending(), Some(Ending::TimedOut("handshake")));

    let mut undecided = Client::connected();
    undecided.sleep(14);
    assert_eq!(undecided.ending(), None);
    undecided.sleep(1);
    assert_eq!(undecided.ending(), Some(Ending::TimedOut("publish")));

    let mut dead = Client::live();
    dead.sleep(29);
    assert_eq!(dead.ending(), None);
    dead.sleep(1);
    assert_eq!(dead.ending(), Some(Ending::TimedOut("sign of life")));
}

#[test]
fn bytes_that_drip_in_do_not_move_the_deadline() {
    let mut drip = Client::new();
    drip.input(&[3]);
    for _ in 0..5 {
        drip.sleep(1);
        drip.input(&[0]);
    }
    assert_eq!(drip.ending(), Some(Ending::TimedOut("handshake")));

    let mut drip = Client::connected();
    for _ in 0..15 {
        drip.input(&[4]);
        drip.sleep(1);
    }
    assert!(matches!(drip.ending(), Some(Ending::TimedOut("publish") | Ending::Chunk(_))));
}

#[test]
fn commands_out_of_turn_end_it() {
    let mut early = Client::shaken();
    early.publish("studio?token=s3cret");
    assert_eq!(early.ending(), Some(Ending::OutOfTurn("a command")));

    let mut twice = Client::connected();
    twice.command(0, "connect", 1.0, &[Value::Null]);
    assert_eq!(twice.ending(), Some(Ending::OutOfTurn("connect")));

    let mut again = Client::live();
    again.publish("other?token=s3cret");
    assert_eq!(again.ending(), Some(Ending::OutOfTurn("another publish")));

    let mut greedy = Client::connected();
    for transaction in 2..11 {
        greedy.command(0, "createStream", f64::from(transaction), &[Value::Null]);
    }
    assert_eq!(greedy.ending(), Some(Ending::OutOfTurn("another createStream")));
}

#[test]
fn a_command_nested_too_deep_ends_it() {
    let mut client = Client::shaken();
    let mut payload = command::encode("connect", 1.0, &[]);
    payload.extend(b"\x03\x00\x01a".repeat(4_000));
    client.message(MessageKind::CommandAmf0, 0, 0, &payload);
    assert_eq!(client.ending(), Some(Ending::Command(CommandError::Amf(AmfError::TooDeep))));
}

#[test]
fn unfinished_chunk_streams_are_bounded_and_forgotten() {
    let mut client = Client::live();
    for id in 0..2_000u32 {
        let mut bytes = vec![1, id as u8, (id >> 8) as u8, 0, 0, 0, 0, 1, 0, 8, 1, 0, 0, 0];
        bytes.extend([0; 128]);
        client.input(&bytes);
        assert!(client.session.buffered() <= MAX_CHUNK_STREAMS * 128);
    }
    assert_eq!(client.ending(), Some(Ending::Chunk(ChunkError::TooManyChunkStreams)));
    assert_eq!(client.session.buffered(), 0);
}

#[test]
fn nothing_is_said_after_the_end() {
    let mut client = Client::live();
    client.session.close(CloseReason::Ended);
    client.take();
    client.audio(0, AAC_HEADER);
    client.audio(0, AAC_UNIT);
    client.sleep(100);
    client.session.accept(client.now);
    client.session.reject(Refusal::BadKey);
    client.session.close(CloseReason::TakenOver);
    assert_eq!(client.take(), []);
}
