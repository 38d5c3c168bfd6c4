//! What broke other servers, over a real socket. After each case another publisher still gets through, and
//! the broadcast's name is free.

use std::time::Duration;

use crate::client::{AAC_HEADER, AAC_UNIT, AUDIO, COMMAND, Client, VIDEO, full, number, text};
use crate::door::{Door, times, track};
use ingest::rtmp::{Limits, SessionLimits};
use ingest::{CloseReason, Media, Publication, RecvError, Refusal};
use tokio::net::TcpStream;

const NAME: &str = "studio?token=s3cret";

/// A door with a publisher that is on air while things happen to others.
struct OnAir {
    door: Door,
    bystander: Client<TcpStream>,
    publication: Publication,
    time: u32,
}

impl OnAir {
    async fn new(limits: Limits) -> Self {
        let mut door = Door::open(limits, None).await;
        let mut bystander = Client::publish(door.address, "bystander?token=k").await;
        let mut publication = door.accept().await;
        bystander.audio(0, AAC_HEADER).await;
        track(&mut publication).await;
        Self { door, bystander, publication, time: 0 }
    }

    async fn attacker(&self) -> Client<TcpStream> {
        Client::dial(self.door.address).await
    }

    /// On air as `studio`.
    async fn attacking_publisher(&mut self) -> (Client<TcpStream>, Publication) {
        let client = Client::publish(self.door.address, NAME).await;
        (client, self.door.accept().await)
    }

    /// The bystander still gets through, and `studio` can be published.
    async fn unharmed(mut self) {
        self.time += 23;
        self.bystander.audio(self.time, AAC_UNIT).await;
        assert_eq!(times(&mut self.publication, 1).await, [u64::from(self.time)]);

        let mut studio = Client::publish(self.door.address, NAME).await;
        let mut publication = self.door.accept().await;
        studio.sound().await;
        track(&mut publication).await;
        assert_eq!(times(&mut publication, 1).await, [23]);
        self.door.close().await;
    }
}

/// Deadlines that a test can wait for, and that a busy machine still meets.
fn impatient() -> Limits {
    let session = SessionLimits { handshake: Duration::from_secs(2), ..SessionLimits::default() };
    Limits { session, ..Limits::default() }
}

async fn ended(publication: &mut Publication) {
    while publication.recv().await.is_some() {}
    assert_eq!(publication.try_recv(), Err(RecvError::Closed));
}

#[tokio::test]
async fn connect_three_bytes_close() {
    let on_air = OnAir::new(Limits::default()).await;
    for _ in 0..50 {
        on_air.attacker().await.send(&[3, 0, 0]).await;
    }
    on_air.unharmed().await;
}

#[tokio::test]
async fn a_truncated_handshake() {
    let on_air = OnAir::new(impatient()).await;
    let mut client = on_air.attacker().await;
    client.send(&[&[3][..], &[0; 1_000]].concat()).await;
    assert_eq!(client.hear_out().await, "");
    on_air.unharmed().await;
}

#[tokio::test]
async fn slow_loris() {
    let on_air = OnAir::new(impatient()).await;
    let mut client = on_air.attacker().await;
    client.send(&[3]).await;
    let mut drip = tokio::time::interval(Duration::from_millis(10));
    while client.try_send(&[0]).await {
        drip.tick().await;
    }
    on_air.unharmed().await;
}

#[tokio::test]
async fn random_bytes() {
    let on_air = OnAir::new(Limits::default()).await;
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    for round in 0..40 {
        let mut client = on_air.attacker().await;
        if round % 2 == 0 {
            client.shake().await;
        }
        let bytes: Vec<u8> = (0..4_000).map(|_| random()).collect();
        client.try_send(&bytes).await;
    }
    on_air.unharmed().await;
}

#[tokio::test]
async fn an_http_request() {
    let on_air = OnAir::new(Limits::default()).await;
    let mut client = on_air.attacker().await;
    client.send(b"GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(client.hear_out().await, "");
    on_air.unharmed().await;
}

#[tokio::test]
async fn interleaved_chunk_streams() {
    let mut on_air = OnAir::new(Limits::default()).await;
    let (mut client, mut publication) = on_air.attacking_publisher().await;
    client.audio(0, AAC_HEADER).await;
    client.send(&[&full(6, 40, 300, VIDEO, 1)[..], &[1; 128]].concat()).await;
    client.audio(23, AAC_UNIT).await;
    client.send(&[&[0xc6][..], &[1; 128]].concat()).await;
    client.audio(46, AAC_UNIT).await;
    client.send(&[&[0xc6][..], &[1; 44]].concat()).await;
    client.audio(69, AAC_UNIT).await;
    track(&mut publication).await;
    assert_eq!(times(&mut publication, 3).await, [23, 46, 69]);
    drop((client, publication));
    on_air.unharmed().await;
}

#[tokio::test]
async fn type_3_headers_that_start_messages() {
    let mut on_air = OnAir::new(Limits::default()).await;
    let (mut client, mut publication) = on_air.attacking_publisher().await;
    client.audio(0, AAC_HEADER).await;
    client.audio(0, AAC_UNIT).await;
    client.send(&[&[0x84, 0, 0, 23][..], AAC_UNIT, &[0xc4], AAC_UNIT, &[0xc4], AAC_UNIT].concat()).await;
    track(&mut publication).await;
    assert_eq!(times(&mut publication, 4).await, [0, 23, 46, 69]);
    drop((client, publication));
    on_air.unharmed().await;
}

#[tokio::test]
async fn extended_timestamps_and_the_wrap() {
    let mut on_air = OnAir::new(Limits::default()).await;
    let (mut client, mut publication) = on_air.attacking_publisher().await;
    client.set_chunk_size(3).await;
    client.audio(0x0100_0000, AAC_HEADER).await;
    client.audio(0x0100_0017, AAC_UNIT).await;
    client.audio(u32::MAX - 10, AAC_UNIT).await;
    client.audio(12, AAC_UNIT).await;
    track(&mut publication).await;
    // 2^32 - 11 is nearer behind 2^24 than before it: the timeline goes back to its origin, then on.
    assert_eq!(times(&mut publication, 3).await, [0x0100_0017, 0, 23]);
    drop((client, publication));
    on_air.unharmed().await;
}

#[tokio::test]
async fn a_shorter_message_in_the_middle_of_a_longer_one() {
    let mut on_air = OnAir::new(Limits::default()).await;
    let (mut client, mut publication) = on_air.attacking_publisher().await;
    client.audio(0, AAC_HEADER).await;
    client.send(&[&full(4, 10, 300, AUDIO, 1)[..], &[0xaf; 128]].concat()).await;
    client.audio(23, AAC_UNIT).await;
    track(&mut publication).await;
    assert_eq!(times(&mut publication, 1).await, [23]);
    drop((client, publication));
    on_air.unharmed().await;
}

#[tokio::test]
async fn every_chunk_size() {
    let mut on_air = OnAir::new(Limits::default()).await;
    let (mut client, mut publication) = on_air.attacking_publisher().await;
    client.audio(0, AAC_HEADER).await;
    let unit = [&[0xaf, 1][..], &[9; 700]].concat();
    for (index, size) in [1, 128, 4_096, 60_000, i32::MAX as u32].into_iter().enumerate() {
        client.set_chunk_size(size).await;
        client.audio(index as u32, &unit).await;
    }
    track(&mut publication).await;
    assert_eq!(times(&mut publication, 5).await, [0, 1, 2, 3, 4]);
    drop((client, publication));
    on_air.unharmed().await;
}

#[tokio::test]
async fn a_16_mib_key_frame_is_read_past() {
    let mut on_air = OnAir::new(Limits::default()).await;
    let (mut client, mut publication) = on_air.attacking_publisher().await;
    client.audio(0, AAC_HEADER).await;
    client.set_chunk_size(i32::MAX as u32).await;
    client.message(6, 10, VIDEO, 1, &vec![0x17; 0xff_ffff]).await;
    client.audio(23, AAC_UNIT).await;
    track(&mut publication).await;
    assert_eq!(times(&mut publication, 1).await, [23]);
    drop((client, publication));
    on_air.unharmed().await;
}

#[tokio::test]
async fn lengths_that_nobody_sends() {
    let mut on_air = OnAir::new(Limits::default()).await;
    // 16 MiB of sound, 16 MiB of command, and 4 GiB of chunk.
    for bytes in [
        full(4, 0, 0xff_ffff, AUDIO, 1),
        full(3, 0, 0xff_ffff, COMMAND, 0),
        [full(2, 0, 4, 1, 0), vec![0xff; 4]].concat(),
    ] {
        let (mut client, mut publication) = on_air.attacking_publisher().await;
        client.send(&bytes).await;
        ended(&mut publication).await;
    }
    // 4 GiB of text in a command.
    let mut client = on_air.attacker().await;
    client.shake().await;
    client.message(3, 0, COMMAND, 0, b"\x0c\xff\xff\xff\xffconnect").await;
    client.hear_out().await;
    on_air.unharmed().await;
}

#[tokio::test]
async fn two_thousand_unfinished_chunk_streams() {
    let mut on_air = OnAir::new(Limits::default()).await;
    let (mut client, mut publication) = on_air.attacking_publisher().await;
    for id in 0..2_000u32 {
        let mut bytes = full(0, 0, 200, AUDIO, 1);
        bytes.splice(..1, [1, id as u8, (id >> 8) as u8]);
        bytes.extend([0; 128]);
        if !client.try_send(&bytes).await {
            break;
        }
    }
    ended(&mut publication).await;
    on_air.unharmed().await;
}

#[tokio::test]
async fn a_window_of_zero() {
    let mut on_air = OnAir::new(Limits::default()).await;
    let (mut client, mut publication) = on_air.attacking_publisher().await;
    client.message(2, 0, 5, 0, &[0; 4]).await;
    client.sound().await;
    track(&mut publication).await;
    assert_eq!(times(&mut publication, 1).await, [23]);
    drop((client, publication));
    on_air.unharmed().await;
}

#[tokio::test]
async fn amf_nested_200_000_deep() {
    let on_air = OnAir::new(Limits::default()).await;
    for opening in [b"\x03\x00\x01a".as_slice(), b"\x0a\x00\x00\x00\x01", b"\x11\x09\x03\x01"] {
        // Whole, it is longer than any command; its beginning fits.
        for depth in [200_000, 3_000] {
            let mut client = on_air.attacker().await;
            client.shake().await;
            let payload = [&text("connect")[..], &number(1.0), &opening.repeat(depth)].concat();
            let header = full(3, 0, payload.len() as u32, COMMAND, 0);
            let chunks = payload.chunks(128).collect::<Vec<_>>().join(&0xc3);
            client.try_send(&[header, chunks].concat()).await;
            client.hear_out().await;
        }
    }
    on_air.unharmed().await;
}

#[tokio::test]
async fn connect_by_amf3() {
    let mut on_air = OnAir::new(Limits::default()).await;
    let mut client = on_air.attacker().await;
    client.shake().await;
    let connect =
        [&[0][..], &text("connect"), &number(1.0), b"\x11\x0a\x0b\x01\x07app\x06\x09live\x01"].concat();
    client.message(3, 0, 17, 0, &connect).await;
    let publish = [&[0][..], &text("publish"), &number(2.0), &[5], &text(NAME)].concat();
    client.message(3, 0, 17, 1, &publish).await;
    let mut publication = on_air.door.accept().await;
    client.sound().await;
    track(&mut publication).await;
    drop((client, publication));
    on_air.unharmed().await;
}

#[tokio::test]
async fn enhanced_opus_in_a_multitrack_message() {
    let mut on_air = OnAir::new(Limits::default()).await;
    let (mut client, mut publication) = on_air.attacking_publisher().await;
    client.audio(0, b"\x90OpusOpusHead\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00").await;
    client.audio(20, b"\x91Opus\xf8sound").await;
    client.audio(40, b"\x95\x11Opus\x01\x00\x00\x02no\x00\x00\x00\x06\xf8sound").await;
    assert_eq!(track(&mut publication).await.codec, media::Codec::Opus);
    assert_eq!(times(&mut publication, 2).await, [20, 40]);
    drop((client, publication));
    on_air.unharmed().await;
}

#[tokio::test]
async fn a_publisher_that_vanishes_closes_its_publication() {
    let mut on_air = OnAir::new(Limits::default()).await;
    let (client, mut publication) = on_air.attacking_publisher().await;
    drop(client);
    ended(&mut publication).await;
    on_air.unharmed().await;
}

#[tokio::test]
async fn a_publisher_that_vanishes_before_the_answer_leaves_nothing_behind() {
    let mut on_air = OnAir::new(Limits::default()).await;
    let client = Client::publish(on_air.door.address, NAME).await;
    let request = on_air.door.requests.recv().await.unwrap();
    drop(client);
    let mut publication = request.accept();
    ended(&mut publication).await;
    on_air.unharmed().await;
}

#[tokio::test]
async fn a_refused_publisher_reads_the_reason_even_while_it_sends() {
    let mut door = Door::open(Limits::default(), None).await;
    let mut client = Client::publish(door.address, NAME).await;
    let request = door.requests.recv().await.unwrap();
    for time in 0..100 {
        client.audio(time, AAC_UNIT).await;
    }
    request.reject(Refusal::BadKey);
    let heard = client.hear_out().await;
    assert!(heard.contains("NetStream.Publish.BadName"), "{heard}");
    assert!(heard.contains(&Refusal::BadKey.to_string()), "{heard}");
    assert!(!heard.contains("NetStream.Publish.Start"), "{heard}");
    door.close().await;
}

#[tokio::test]
async fn a_request_that_is_dropped_is_a_refusal() {
    let mut door = Door::open(Limits::default(), None).await;
    let client = Client::publish(door.address, NAME).await;
    drop(door.requests.recv().await.unwrap());
    assert!(client.hear_out().await.contains(&Refusal::Unavailable.to_string()));
    door.close().await;
}

#[tokio::test]
async fn a_publisher_that_is_taken_over_is_told() {
    let mut door = Door::open(Limits::default(), None).await;
    let client = Client::publish(door.address, NAME).await;
    let publication = door.accept().await;
    publication.handle().close(CloseReason::TakenOver);
    assert!(client.hear_out().await.contains(&CloseReason::TakenOver.to_string()));
    door.close().await;
}

#[tokio::test]
async fn a_station_that_comes_in_steps_gets_everything_by_asking() {
    let limits = Limits { rest: Duration::from_hours(1), ..Limits::default() };
    let mut door = Door::open(limits, None).await;
    let mut client = Client::publish(door.address, NAME).await;
    let mut publication = door.requests.recv().await.unwrap().accept_in_step();
    client.audio(0, AAC_HEADER).await;
    for time in 1..=400 {
        client.audio(time, AAC_UNIT).await;
    }
    let mut heard = Vec::new();
    while heard.len() < 400 {
        match publication.try_recv() {
            Ok(Media::Unit(unit)) => heard.push(unit.time.ticks()),
            Ok(Media::Track(_)) => {}
            Err(RecvError::Empty) => tokio::task::yield_now().await,
            Err(RecvError::Closed) => panic!("closed after {} units", heard.len()),
        }
    }
    assert!(heard.is_sorted());
    client.audio(401, AAC_UNIT).await;
    assert_eq!(times(&mut publication, 1).await, [401], "who waits asks");
    door.close().await;
}

#[tokio::test]
async fn connections_from_one_address_are_bounded() {
    let limits = Limits { per_address: 3, ..Limits::default() };
    let mut door = Door::open(limits, None).await;
    let mut first = Client::publish(door.address, NAME).await;
    let mut publication = door.accept().await;
    let mut others = Vec::new();
    for _ in 0..2 {
        let mut client = Client::dial(door.address).await;
        client.shake().await;
        others.push(client);
    }
    assert_eq!(Client::dial(door.address).await.hear_out().await, "");
    first.sound().await;
    track(&mut publication).await;
    door.close().await;
}
