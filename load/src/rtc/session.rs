//! One WebRTC connection towards a server: ICE, DTLS and SRTP by the `rtc` stack, told what came and when.
//!
//! It owns no socket and no clock. Whoever drives it takes [`Session::transmit`] after everything but media,
//! and wakes it at its [`Session::deadline`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::BytesMut;
use webrtc::crypto::{RTCCryptoProvider, SignatureScheme, default_provider};
use webrtc::interceptor::Registry;
use webrtc::media_stream::MediaStreamTrack;
use webrtc::peer_connection::certificate::{CertificateParams, RTCCertificate};
use webrtc::peer_connection::configuration::RTCConfigurationBuilder;
use webrtc::peer_connection::configuration::interceptor_registry::configure_rtcp_reports;
use webrtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MediaEngine};
use webrtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use webrtc::peer_connection::event::RTCPeerConnectionEvent;
use webrtc::peer_connection::message::RTCMessage;
use webrtc::peer_connection::sdp::RTCSessionDescription;
use webrtc::peer_connection::state::{RTCIceConnectionState, RTCPeerConnectionState};
use webrtc::peer_connection::transport::{
    CandidateConfig, CandidateHostConfig, RTCDtlsTransportState, RTCIceCandidate,
};
use webrtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use webrtc::rtp;
use webrtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use webrtc::rtp_transceiver::{RTCRtpSenderId, RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use webrtc::sansio::Protocol as _;
use webrtc::shared::error::Error;
use webrtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};

use super::ping::Pings;

/// Opus and RED as Chromium numbers them.
const OPUS: u8 = 111;
pub(super) const RED: u8 = 63;
/// Between two checks of a candidate pair, and so between success and nomination (Ta, RFC 8445, 14.2).
const CHECK: Duration = Duration::from_millis(50);
/// Checks of one pair before it is given up: five seconds of them.
const CHECKS_MAX: u16 = 100;
/// Between two checks of consent (RFC 7675); each one is a measurement of the round trip.
const CONSENT: Duration = Duration::from_secs(2);
/// Without an answer for this long the path is broken, and then for this long it is lost.
const DISCONNECTED: Duration = Duration::from_secs(5);
const FAILED: Duration = Duration::from_secs(10);

/// What all sessions of a process have in common.
pub(super) struct Stack {
    certificate: RTCCertificate,
    provider: Arc<dyn RTCCryptoProvider>,
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Stage {
    /// No path to the server.
    Searching,
    /// A path, and no keys yet.
    Reached,
    /// Media can flow.
    Connected,
    /// The path broke, or keys were not agreed upon.
    Failed,
    /// The server said goodbye.
    Closed,
}

/// One connection.
pub(super) struct Session {
    connection: RTCPeerConnection,
    local: SocketAddr,
    stage: Stage,
    furthest: Stage,
    sender: Option<(RTCRtpSenderId, u32)>,
    pings: Pings,
}

impl Stack {
    pub(super) fn new() -> anyhow::Result<Self> {
        let provider = default_provider().context("no cryptography was built in")?;
        let certificate = RTCCertificate::generate(
            provider.crypto(),
            SignatureScheme::EcdsaP256Sha256,
            CertificateParams::default(),
        );
        Ok(Self { certificate: certificate.context("no certificate")?, provider })
    }

    /// A session that listens, on a socket bound to `local`, and its offer.
    pub(super) fn listener(
        &self,
        local: SocketAddr,
        red: bool,
        now: Instant,
    ) -> anyhow::Result<(Session, String)> {
        let mut connection = self.connection(red, now)?;
        let init = RTCRtpTransceiverInit {
            direction: RTCRtpTransceiverDirection::Recvonly,
            ..RTCRtpTransceiverInit::default()
        };
        connection.add_transceiver_from_kind(RtpCodecKind::Audio, Some(init))?;
        Session::offer(connection, local, None, now)
    }

    /// A session that publishes one Opus track, and its offer.
    pub(super) fn publisher(&self, local: SocketAddr, now: Instant) -> anyhow::Result<(Session, String)> {
        let mut connection = self.connection(false, now)?;
        let mut ssrc = [0; 4];
        self.provider.random().fill(&mut ssrc).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let ssrc = u32::from_be_bytes(ssrc);
        let track = MediaStreamTrack::new(
            "onair-load".to_owned(),
            "tone".to_owned(),
            "tone".to_owned(),
            RtpCodecKind::Audio,
            vec![RTCRtpEncodingParameters {
                rtp_coding_parameters: RTCRtpCodingParameters {
                    ssrc: Some(ssrc),
                    ..RTCRtpCodingParameters::default()
                },
                codec: opus(),
                ..RTCRtpEncodingParameters::default()
            }],
        );
        let init = RTCRtpTransceiverInit {
            direction: RTCRtpTransceiverDirection::Sendonly,
            ..RTCRtpTransceiverInit::default()
        };
        connection.add_transceiver_from_track(track, Some(init))?;
        let sender = connection.get_senders().next().context("a track without a sender")?;
        Session::offer(connection, local, Some((sender, ssrc)), now)
    }

    fn connection(&self, red: bool, now: Instant) -> Result<RTCPeerConnection, Error> {
        let settings = SettingEngineBuilder::new()
            .with_crypto_provider(Arc::clone(&self.provider))
            .with_include_loopback_candidate(true)
            .with_ice_timeouts(Some(DISCONNECTED), Some(FAILED), Some(CONSENT))
            .with_ice_connection_attempts(Some(CHECK), Some(CHECKS_MAX))
            .build();
        let mut media = MediaEngine::default();
        if red {
            let codec = RTCRtpCodec {
                mime_type: "audio/red".to_owned(),
                sdp_fmtp_line: format!("{OPUS}/{OPUS}"),
                ..opus()
            };
            media.register_codec(
                RTCRtpCodecParameters { rtp_codec: codec, payload_type: RED },
                RtpCodecKind::Audio,
            )?;
        }
        media.register_codec(
            RTCRtpCodecParameters { rtp_codec: opus(), payload_type: OPUS },
            RtpCodecKind::Audio,
        )?;
        RTCPeerConnectionBuilder::new()
            .with_configuration(
                RTCConfigurationBuilder::new().with_certificates(vec![self.certificate.clone()]).build(),
            )
            .with_setting_engine(settings)
            .with_media_engine(media)
            .with_interceptor_registry(configure_rtcp_reports(Registry::new()))
            .build(now)
    }
}

fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1;stereo=1".to_owned(),
        rtcp_feedback: Vec::new(),
    }
}

impl Session {
    fn offer(
        mut connection: RTCPeerConnection,
        local: SocketAddr,
        sender: Option<(RTCRtpSenderId, u32)>,
        now: Instant,
    ) -> anyhow::Result<(Self, String)> {
        let offer = connection.create_offer(None)?;
        connection.set_local_description(now, offer)?;
        let candidate = CandidateHostConfig {
            base_config: CandidateConfig {
                network: "udp".to_owned(),
                address: local.ip().to_string(),
                port: local.port(),
                component: 1,
                ..CandidateConfig::default()
            },
            ..CandidateHostConfig::default()
        };
        let candidate = candidate.new_candidate_host()?;
        connection.add_local_candidate(RTCIceCandidate::from(&candidate).to_json()?)?;
        let offer = connection.local_description().context("an offer that is not kept")?.sdp;
        let pings = Pings::default();
        Ok((
            Self { connection, local, stage: Stage::Searching, furthest: Stage::Searching, sender, pings },
            offer,
        ))
    }

    /// Takes the server's answer; from here on the server is looked for.
    pub(super) fn answer(&mut self, sdp: String, now: Instant) -> Result<(), Error> {
        self.connection.set_remote_description(now, RTCSessionDescription::answer(sdp)?)?;
        self.wake(now);
        Ok(())
    }

    /// Takes a datagram. True: it was media, and there may be a [`Self::packet`] but nothing to transmit.
    pub(super) fn datagram(&mut self, from: SocketAddr, bytes: &[u8], now: Instant) -> bool {
        let media = matches!(bytes.first(), Some(128..=191));
        if !media {
            self.pings.received(bytes, now);
        }
        let transport = TransportContext {
            local_addr: self.local,
            peer_addr: from,
            transport_protocol: TransportProtocol::UDP,
            ecn: None,
        };
        // What the stack does not want is none of ours: it says so in its own log and goes on.
        let _ =
            self.connection.handle_read(TaggedBytesMut { now, transport, message: BytesMut::from(bytes) });
        if !media {
            self.follow();
        }
        media
    }

    /// The next media packet that came.
    pub(super) fn packet(&mut self) -> Option<rtp::Packet> {
        // `poll_read` would go through every layer once more to look for data channels, which nobody opens.
        while let Some(message) = self.connection.poll_media_read() {
            if let RTCMessage::RtpPacket(_, packet) = message.message {
                return Some(packet);
            }
        }
        None
    }

    /// Sends media. `header` needs sequence number, timestamp and marker only.
    pub(super) fn send(&mut self, header: rtp::Header, payload: Vec<u8>, now: Instant) -> Result<(), Error> {
        let (sender, ssrc) = self.sender.ok_or(Error::ErrSenderWithNoSSRCs)?;
        let mut sender = self.connection.rtp_sender(sender).ok_or(Error::ErrSenderWithNoSSRCs)?;
        let codecs = &sender.get_parameters().rtp_parameters.codecs;
        let codec =
            codecs.iter().find(|codec| codec.rtp_codec.mime_type.eq_ignore_ascii_case(MIME_TYPE_OPUS));
        let payload_type = codec.ok_or(Error::ErrRTPTransceiverCodecUnsupported)?.payload_type;
        let header = rtp::Header { version: 2, ssrc, payload_type, ..header };
        sender.write_rtp(now, rtp::Packet { header, payload: payload.into() })
    }

    /// The next datagram to send, and where to.
    pub(super) fn transmit(&mut self, now: Instant) -> Option<(SocketAddr, BytesMut)> {
        let datagram = self.connection.poll_write()?;
        self.pings.sent(&datagram.message, now);
        Some((datagram.transport.peer_addr, datagram.message))
    }

    /// Time has passed.
    pub(super) fn wake(&mut self, now: Instant) {
        if self.connection.handle_timeout(now).is_err() {
            self.stage = self.stage.max(Stage::Failed);
        }
        self.follow();
    }

    /// When [`Self::wake`] wants to be called.
    pub(super) fn deadline(&mut self) -> Option<Instant> {
        self.connection.poll_timeout()
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    /// The last stage before it failed or closed.
    pub(super) fn furthest(&self) -> Stage {
        self.furthest
    }

    /// The round trip of the last check of the path that was answered, if there is a new one.
    pub(super) fn round_trip(&mut self) -> Option<Duration> {
        self.pings.take()
    }

    /// Says goodbye, in what is to be transmitted.
    pub(super) fn close(&mut self) {
        // Closing what is closed, or never opened, is no news.
        let _ = self.connection.close();
    }

    /// How DTLS stands.
    fn keys(&mut self) -> Option<RTCDtlsTransportState> {
        if let Some((sender, _)) = self.sender {
            return self.connection.rtp_sender(sender)?.transport().map(|transport| transport.state());
        }
        let receiver = self.connection.get_receivers().next()?;
        self.connection.rtp_receiver(receiver)?.transport().map(|transport| transport.state())
    }

    fn follow(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            let stage = match event {
                RTCPeerConnectionEvent::OnIceConnectionStateChangeEvent(
                    RTCIceConnectionState::Connected | RTCIceConnectionState::Completed,
                ) => Stage::Reached,
                RTCPeerConnectionEvent::OnConnectionStateChangeEvent(RTCPeerConnectionState::Connected) => {
                    Stage::Connected
                }
                RTCPeerConnectionEvent::OnConnectionStateChangeEvent(RTCPeerConnectionState::Failed) => {
                    Stage::Failed
                }
                RTCPeerConnectionEvent::OnConnectionStateChangeEvent(RTCPeerConnectionState::Closed) => {
                    Stage::Closed
                }
                _ => continue,
            };
            self.stage = self.stage.max(stage);
            if stage <= Stage::Connected {
                self.furthest = self.furthest.max(stage);
            }
        }
        // The stack has no event for the far end's goodbye.
        if self.furthest == Stage::Connected && self.keys() == Some(RTCDtlsTransportState::Closed) {
            self.stage = Stage::Closed;
        }
    }
}
