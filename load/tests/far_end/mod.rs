//! A small WHEP and WHIP server on the stack that the generator uses as well: each session sends a tone, a
//! packet a millisecond, and says goodbye after the last one, so a test lasts as long as its packets take.

#![allow(clippy::unwrap_used, reason = "a helper of tests: what fails here fails the test")]

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, post};
use load::rtc::tone::Tone;
use webrtc::interceptor::Registry;
use webrtc::media_stream::MediaStreamTrack;
use webrtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MediaEngine};
use webrtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use webrtc::peer_connection::event::RTCPeerConnectionEvent;
use webrtc::peer_connection::message::RTCMessage;
use webrtc::peer_connection::sdp::RTCSessionDescription;
use webrtc::peer_connection::state::RTCPeerConnectionState;
use webrtc::peer_connection::transport::{
    CandidateConfig, CandidateHostConfig, RTCDtlsRole, RTCIceCandidate,
};
use webrtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use webrtc::rtp;
use webrtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use webrtc::sansio::Protocol as _;
use webrtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};

const OPUS: u8 = 111;
const RED: u8 = 63;
const SSRC: u32 = 7;

/// What the far end does wrong, if anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mishap {
    None,
    /// It lets that many in and refuses the rest.
    Full(usize),
    /// Every n-th packet is not sent.
    Lossy(u16),
    /// Every tenth packet comes after its successor.
    Swapped,
    /// It answers, and does not listen to its socket.
    Deaf,
    /// It connects and says goodbye without a packet.
    Silent,
    /// The answer is no SDP.
    Rubbish,
    /// The session stays when it is left.
    Sticky,
}

/// What each session sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Programme {
    pub(crate) packets: u16,
    pub(crate) tone: f64,
    pub(crate) red: bool,
    pub(crate) mishap: Mishap,
}

pub(crate) struct FarEnd {
    pub(crate) address: SocketAddr,
    house: Arc<House>,
}

struct House {
    programme: Programme,
    admitted: AtomicUsize,
    left: AtomicUsize,
    /// What was sent in by WHIP.
    published: Mutex<Vec<Vec<u8>>>,
}

impl FarEnd {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sessions that were made, and sessions that were left.
    pub(crate) fn sessions(&self) -> (usize, usize) {
        (self.house.admitted.load(Ordering::SeqCst), self.house.left.load(Ordering::SeqCst))
    }

    /// The payloads that a publisher sent.
    pub(crate) fn published(&self) -> Vec<Vec<u8>> {
        self.house.published.lock().unwrap().clone()
    }
}

/// Starts a far end; it ends with the process.
pub(crate) fn on_air(programme: Programme) -> FarEnd {
    let house = Arc::new(House {
        programme,
        admitted: AtomicUsize::new(0),
        left: AtomicUsize::new(0),
        published: Mutex::default(),
    });
    let router = Router::new()
        .route("/whep/demo", post(whep))
        .route("/whip/demo", post(whip))
        .route("/sessions/{session}", delete(leave))
        .with_state(Arc::clone(&house));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    FarEnd { address, house }
}

async fn whep(State(house): State<Arc<House>>, offer: String) -> Response {
    let number = house.admitted.load(Ordering::SeqCst);
    if house.programme.mishap == Mishap::Full(number) {
        let problem = r#"{"title":"Service Unavailable","detail":"all places are taken"}"#;
        return (StatusCode::SERVICE_UNAVAILABLE, problem).into_response();
    }
    admit(&house, offer, true)
}

async fn whip(State(house): State<Arc<House>>, headers: HeaderMap, offer: String) -> Response {
    if headers.get(header::AUTHORIZATION).is_none_or(|key| key != "Bearer sekret") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    admit(&house, offer, false)
}

async fn leave(State(house): State<Arc<House>>, Path(_): Path<usize>) -> StatusCode {
    if house.programme.mishap == Mishap::Sticky {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    house.left.fetch_add(1, Ordering::SeqCst);
    StatusCode::OK
}

fn admit(house: &Arc<House>, offer: String, sends: bool) -> Response {
    let number = house.admitted.fetch_add(1, Ordering::SeqCst);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut connection = connection(house.programme.red && sends);
    let answer = answer(&mut connection, &socket, offer, sends);
    let answer = if house.programme.mishap == Mishap::Rubbish { "v=1".to_owned() } else { answer };
    if house.programme.mishap == Mishap::Deaf {
        // The port stays taken, or its absence would be an answer.
        std::mem::forget(socket);
    } else {
        let house = Arc::clone(house);
        std::thread::spawn(move || Session { house, connection, socket, sends }.run());
    }
    let headers = [
        (header::LOCATION, format!("/sessions/{number}")),
        (header::CONTENT_TYPE, "application/sdp".to_owned()),
    ];
    (StatusCode::CREATED, headers, answer).into_response()
}

fn codec(mime_type: &str, fmtp: &str) -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: mime_type.to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: fmtp.to_owned(),
        rtcp_feedback: vec![],
    }
}

fn connection(red: bool) -> RTCPeerConnection {
    let settings = SettingEngineBuilder::new().with_answering_dtls_role(RTCDtlsRole::Server).build();
    let mut media = MediaEngine::default();
    let mut codecs = vec![(codec(MIME_TYPE_OPUS, ""), OPUS)];
    if red {
        codecs.insert(0, (codec("audio/red", "111/111"), RED));
    }
    for (rtp_codec, payload_type) in codecs {
        media.register_codec(RTCRtpCodecParameters { rtp_codec, payload_type }, RtpCodecKind::Audio).unwrap();
    }
    RTCPeerConnectionBuilder::new()
        .with_setting_engine(settings)
        .with_media_engine(media)
        .with_interceptor_registry(Registry::new())
        .build(Instant::now())
        .unwrap()
}

fn answer(connection: &mut RTCPeerConnection, socket: &UdpSocket, offer: String, sends: bool) -> String {
    let now = Instant::now();
    connection.set_remote_description(now, RTCSessionDescription::offer(offer).unwrap()).unwrap();
    if sends {
        let coding = RTCRtpCodingParameters { ssrc: Some(SSRC), ..Default::default() };
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: coding,
            codec: codec(MIME_TYPE_OPUS, ""),
            ..Default::default()
        };
        let name = || "programme".to_owned();
        let track = MediaStreamTrack::new(name(), name(), name(), RtpCodecKind::Audio, vec![encoding]);
        connection.add_track(track).unwrap();
    }
    let address = socket.local_addr().unwrap();
    let candidate = CandidateHostConfig {
        base_config: CandidateConfig {
            network: "udp".to_owned(),
            address: address.ip().to_string(),
            port: address.port(),
            component: 1,
            ..Default::default()
        },
        ..Default::default()
    };
    let candidate = RTCIceCandidate::from(&candidate.new_candidate_host().unwrap()).to_json().unwrap();
    connection.add_local_candidate(candidate).unwrap();
    let answer = connection.create_answer(None).unwrap();
    connection.set_local_description(now, answer).unwrap();
    connection.local_description().unwrap().sdp
}

struct Session {
    house: Arc<House>,
    connection: RTCPeerConnection,
    socket: UdpSocket,
    sends: bool,
}

impl Session {
    /// Until the far end is gone or everything is said.
    fn run(mut self) {
        self.socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let local_addr = self.socket.local_addr().unwrap();
        let (mut buffer, mut connected) = ([0; 2048], false);
        let mut speech = Speech::new(self.house.programme);
        loop {
            if let Ok((length, peer_addr)) = self.socket.recv_from(&mut buffer) {
                let transport = TransportContext {
                    local_addr,
                    peer_addr,
                    transport_protocol: TransportProtocol::UDP,
                    ecn: None,
                };
                let message = buffer[..length].into();
                let _ =
                    self.connection.handle_read(TaggedBytesMut { now: Instant::now(), transport, message });
            }
            let _ = self.connection.handle_timeout(Instant::now());
            while let Some(event) = self.connection.poll_event() {
                match event {
                    RTCPeerConnectionEvent::OnConnectionStateChangeEvent(
                        RTCPeerConnectionState::Connected,
                    ) => {
                        connected = true;
                    }
                    RTCPeerConnectionEvent::OnConnectionStateChangeEvent(
                        RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed,
                    ) => return,
                    _ => {}
                }
            }
            while let Some(message) = self.connection.poll_read() {
                if let RTCMessage::RtpPacket(_, packet) = message.message {
                    self.house.published.lock().unwrap().push(packet.payload.to_vec());
                }
            }
            if connected && self.sends {
                match speech.next() {
                    Some(packets) => packets.into_iter().for_each(|packet| self.send(packet)),
                    None => self.connection.close().unwrap(),
                }
            }
            while let Some(datagram) = self.connection.poll_write() {
                let _ = self.socket.send_to(&datagram.message, datagram.transport.peer_addr);
            }
        }
    }

    fn send(&mut self, packet: rtp::Packet) {
        let sender = self.connection.get_senders().next().unwrap();
        self.connection.rtp_sender(sender).unwrap().write_rtp(Instant::now(), packet).unwrap();
    }
}

/// The packets of a session, with their mishaps.
struct Speech {
    programme: Programme,
    tone: Tone,
    next: u16,
    previous: Vec<u8>,
    swapped: Option<rtp::Packet>,
}

impl Speech {
    fn new(programme: Programme) -> Self {
        let tone = Tone::new(programme.tone).unwrap();
        Self { programme, tone, next: 0, previous: Vec::new(), swapped: None }
    }

    /// What is sent in the next millisecond; none after the last.
    fn next(&mut self) -> Option<Vec<rtp::Packet>> {
        if self.next == self.programme.packets || self.programme.mishap == Mishap::Silent {
            return None;
        }
        let (index, frame) = (self.next, self.tone.frame().unwrap());
        self.next += 1;
        let (payload_type, payload) = if self.programme.red {
            let length = self.previous.len() as u16;
            let header = [0x80 | OPUS, 0x0f, (length >> 8) as u8, length as u8, OPUS];
            (RED, [header.as_slice(), &self.previous, &frame].concat())
        } else {
            (OPUS, frame.clone())
        };
        self.previous = frame;
        let header = rtp::Header {
            version: 2,
            payload_type,
            sequence_number: index.wrapping_add(65_500),
            timestamp: u32::from(index) * 960,
            ssrc: SSRC,
            ..Default::default()
        };
        let packet = rtp::Packet { header, payload: payload.into() };
        Some(match self.programme.mishap {
            Mishap::Lossy(every) if index % every == every / 2 => vec![],
            Mishap::Swapped if index % 10 == 5 => {
                self.swapped = Some(packet);
                vec![]
            }
            _ => [packet].into_iter().chain(self.swapped.take()).collect(),
        })
    }
}
