//! One session's ICE, DTLS, SDP and RTCP, behind an interface of our own: told what came and what time it is,
//! asked what is to be sent and what has happened.
//!
//! str0m does the work, as an ICE-lite agent: it answers checks and makes none, so that the candidates of the
//! other end need not be known.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::change::SdpOffer;
use str0m::config::DtlsCert;
use str0m::format::Codec;
use str0m::media::{Media, Mid};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::{Extension, RtpPacket, RtpWrite};
use str0m::{Candidate, Event, IceCreds, Input, Output, Rtc};

use crate::answer;
use crate::offer::{Direction, Offer};
use crate::srtp::{End, Keys};
use crate::stage::Forward;
use crate::tap::{PROVIDER, Tapped};

/// How often a publisher is told how its packets arrive.
const REPORTS: Duration = Duration::from_secs(2);

/// Why an offer does not become a session. Its text is for whoever made the offer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The offer cannot be read, or asks for what we cannot do.
    #[error("the offer cannot be answered: {0}")]
    Offer(String),
    /// The offer has no Opus sound in the direction that this endpoint needs.
    #[error("the offer has no Opus track that can be {0}")]
    NoTrack(&'static str),
    /// As many sessions as this server takes.
    #[error("the server has as many WebRTC sessions as it takes")]
    Full,
    /// The port is closed or overrun; trying again later makes sense.
    #[error("the WebRTC port does not listen now")]
    Away,
}

/// Which way a session's sound goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    /// From its client to us.
    In,
    /// The same, from somebody who is answered: in short packets.
    Talk,
    /// From us to its client.
    Out,
}

/// What is negotiated for one track of a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Track {
    pub(crate) mid: Mid,
    /// Opus.
    pub(crate) opus: u8,
    /// RFC 2198, where both ends can.
    pub(crate) red: Option<u8>,
}

/// Everything that sessions have in common.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) certificate: DtlsCert,
    /// Where datagrams arrive.
    pub(crate) udp: Vec<SocketAddr>,
    /// Where connections arrive.
    pub(crate) tcp: Vec<SocketAddr>,
    /// What else is told to clients: the addresses that a NAT maps to those.
    pub(crate) public: Vec<SocketAddr>,
}

/// A datagram or a frame of a connection, and the way it came.
#[derive(Clone, Copy)]
pub(crate) struct Arrived<'a> {
    pub(crate) protocol: Protocol,
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: &'a [u8],
}

/// What a session has to say.
pub(crate) enum Word {
    /// Send this.
    Transmit(str0m::net::Transmit),
    /// The handshake is over.
    Connected,
    /// The other end has closed the session.
    Closed,
    /// Sound came.
    Packet(Box<RtpPacket>),
    /// That was all until then.
    Nothing(Instant),
}

/// One session.
pub(crate) struct Engine {
    rtc: Rtc,
    tapped: Tapped,
    we: End,
}

/// Sections in which a client is sent something and sends nothing, `most` at most.
pub(crate) fn slots(offer: &Offer, most: usize) -> Vec<Mid> {
    let receives = offer.audios().iter().filter(|audio| audio.direction == Direction::RecvOnly);
    receives.take(most).map(|audio| Mid::from(audio.mid.as_str())).collect()
}

/// The session could not go on.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Broken(#[from] str0m::RtcError);

impl Engine {
    /// Answers an offer: the session, its track, and the answer's SDP.
    pub(crate) fn answer(
        common: &Common,
        offer: &Offer,
        way: Way,
        now: Instant,
    ) -> Result<(Self, Track, String), JoinError> {
        let unreadable = |cause: &dyn std::fmt::Display| JoinError::Offer(cause.to_string());
        let offered = SdpOffer::from_sdp_string(offer.sdp()).map_err(|cause| unreadable(&cause))?;
        let tapped = Tapped::default();
        let config = Rtc::builder()
            .set_crypto_provider(PROVIDER.clone())
            .set_dtls_cert(common.certificate.clone())
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_rtcp_report_interval_audio(REPORTS)
            .clear_codecs()
            .enable_opus(true, true)
            // No congestion control of the network's: one voice has nothing to give way with.
            .clear_extension_map()
            .set_extension(1, Extension::AudioLevel)
            .set_extension(4, Extension::RtpMid);
        let mut rtc = tapped.while_building(|| config.build(now));
        for candidate in candidates(common) {
            rtc.add_local_candidate(candidate);
        }
        let answer = rtc.sdp_api().accept_offer(offered).map_err(|cause| unreadable(&cause))?;
        let mut engine = Self { rtc, tapped, we: End::Server };
        let track = engine.track(offer, way)?;
        let short = (way == Way::Talk).then_some(track.mid);
        let answer = answer::finish(&answer.to_sdp_string(), track.opus, &common.public, short.as_deref());
        if answer::is_active(&answer) {
            engine.we = End::Client;
        }
        Ok((engine, track, answer))
    }

    /// What was negotiated for the first audio section that goes the way that is wanted.
    fn track(&self, offer: &Offer, way: Way) -> Result<Track, JoinError> {
        let (goes, none): (fn(Direction) -> bool, _) = match way {
            Way::In | Way::Talk => (Direction::sends, JoinError::NoTrack("published")),
            Way::Out => (Direction::receives, JoinError::NoTrack("listened to")),
        };
        let audio = offer.audios().iter().find(|audio| goes(audio.direction)).ok_or_else(|| none.clone())?;
        let mid = Mid::from(audio.mid.as_str());
        let spoken = self.rtc.media(mid).map(Media::remote_pts).unwrap_or_default();
        let params = self.rtc.codec_config().params();
        let opus =
            params.iter().find(|p| p.spec().codec == Codec::Opus && spoken.contains(&p.pt())).ok_or(none)?;
        // The engine takes RED wherever it is offered.
        Ok(Track { mid, opus: *opus.pt(), red: audio.red })
    }

    /// Sends a packet of `mid`; what is polled after it is to be sent.
    pub(crate) fn forward(&mut self, mid: Mid, opus: u8, packet: &Forward, now: Instant) {
        let mut api = self.rtc.direct_api();
        if let Some(stream) = api.stream_tx_by_mid(mid, None) {
            let Forward { sequence, time, marker, data, .. } = packet;
            let write = RtpWrite::new(opus.into(), (*sequence).into(), *time, now, &**data);
            stream.write_rtp(write.marker(*marker));
        }
    }

    /// The name by which checks ask for this session.
    pub(crate) fn ufrag(&mut self) -> String {
        self.rtc.direct_api().local_ice_credentials().ufrag
    }

    /// Takes the client's new ICE credentials and makes new ones: name and password.
    pub(crate) fn restart(&mut self, ufrag: &str, password: &str) -> (String, String) {
        let ours = IceCreds::new();
        let mut api = self.rtc.direct_api();
        api.set_local_ice_credentials(ours.clone());
        api.set_remote_ice_credentials(IceCreds { ufrag: ufrag.to_owned(), pass: password.to_owned() });
        (ours.ufrag, ours.pass)
    }

    /// What came for this session. `Ok(false)` when it is none of its own: a check with a wrong password.
    pub(crate) fn hear(&mut self, now: Instant, arrived: Arrived<'_>) -> Result<bool, Broken> {
        let Arrived { protocol, from, to, bytes } = arrived;
        let Ok(received) = Receive::new(protocol, from, to, bytes) else { return Ok(false) };
        let input = Input::Receive(now, received);
        if !self.rtc.accepts(&input) {
            return Ok(false);
        }
        self.rtc.handle_input(input)?;
        Ok(true)
    }

    /// Tells the time.
    pub(crate) fn tick(&mut self, now: Instant) -> Result<(), Broken> {
        Ok(self.rtc.handle_input(Input::Timeout(now))?)
    }

    /// The next thing it has to say; asked until there is nothing.
    pub(crate) fn poll(&mut self) -> Result<Word, Broken> {
        loop {
            return Ok(match self.rtc.poll_output()? {
                Output::Transmit(transmit) => Word::Transmit(transmit),
                Output::Timeout(until) => Word::Nothing(until),
                Output::Event(Event::Connected) => Word::Connected,
                Output::Event(Event::Closed) => Word::Closed,
                Output::Event(Event::RtpPacket(packet)) => Word::Packet(Box::new(packet)),
                Output::Event(_) => continue,
            });
        }
    }

    /// The keys of the session, once it is connected, and which end of it we are; told once.
    pub(crate) fn keys(&self) -> Option<(Keys, End)> {
        self.tapped.take().map(|keys| (keys, self.we))
    }

    /// The SSRC that the answer says we send `mid` by.
    pub(crate) fn ssrc(&mut self, mid: Mid) -> Option<u32> {
        self.rtc.direct_api().stream_tx_by_mid(mid, None).map(|stream| *stream.ssrc())
    }

    /// Says farewell; what is polled after it is to be sent.
    pub(crate) fn close(&mut self) -> Result<(), Broken> {
        Ok(self.rtc.close()?)
    }
}

fn candidates(common: &Common) -> impl Iterator<Item = Candidate> + '_ {
    let udp = common.udp.iter().filter_map(|address| Candidate::host(*address, "udp").ok());
    let tcp = common.tcp.iter().filter_map(|address| {
        Candidate::builder().tcp().host(*address).tcptype(TcpType::Passive).build().ok()
    });
    udp.chain(tcp)
}
