//! What a WebRTC client offers, looked at before the engine sees it.

use std::fmt;

use crate::credentials::{BadCredentials, Credentials};
use crate::description::{BadLine, Description, Section, lines};

/// Longest offer in bytes. Chromium's with audio and video has 7,000, one with sixteen sections 40,000.
pub const OFFER_MAX: usize = 64 * 1024;

/// Media sections of one offer: a microphone and eight voices, with as much again for video that is refused.
const SECTIONS_MAX: usize = 16;

/// Candidates of one offer. A laptop with three networks, IPv6 and a relay offers under fifty.
const CANDIDATES_MAX: usize = 200;

/// An offer that can be answered (RFC 9429): Opus over DTLS-SRTP, in sections that share one transport.
///
/// Its candidates are gone: who answers is ICE-lite and learns where the client is from its checks, so that
/// names of `.local` (mDNS) and addresses that nobody can reach do no harm.
///
/// Prints no password.
#[derive(Clone, Eq, PartialEq)]
pub struct Offer {
    sdp: String,
    credentials: Credentials,
    audio: Vec<Audio>,
    has_video: bool,
    candidates: usize,
}

/// An audio section with Opus.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Audio {
    /// The name of the section.
    pub mid: String,
    /// Which way the client wants sound to flow.
    pub direction: Direction,
    /// The payload type of Opus.
    pub opus: u8,
    /// The payload type of RED over Opus (RFC 2198), where it is offered.
    pub red: Option<u8>,
    /// The client hears stereo: `stereo=1` (RFC 7587, 6.1).
    pub hears_stereo: bool,
    /// The client may send stereo: `sprop-stereo=1`.
    pub sends_stereo: bool,
    /// RTP header extensions (RFC 8285).
    pub extensions: Vec<Extension>,
}

/// Which way the client wants media to flow, as it says it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Direction {
    /// Both ways; also where nothing is said.
    #[default]
    SendRecv,
    /// From the client.
    SendOnly,
    /// To the client.
    RecvOnly,
    /// Not at all.
    Inactive,
}

impl Direction {
    /// Whether the client sends.
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the client receives.
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "sendrecv" => Some(Self::SendRecv),
            "sendonly" => Some(Self::SendOnly),
            "recvonly" => Some(Self::RecvOnly),
            "inactive" => Some(Self::Inactive),
            _ => None,
        }
    }
}

/// An RTP header extension.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Extension {
    /// Its number in the packets.
    pub id: u16,
    /// What it is: `urn:ietf:params:rtp-hdrext:ssrc-audio-level`, …
    pub uri: String,
}

/// Why an offer cannot be answered. Its text is written for whoever wrote the client.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// It is longer than [`OFFER_MAX`].
    #[error("the offer has {0} bytes; it may have {OFFER_MAX}")]
    TooLong(usize),
    /// It is no session description at all.
    #[error("line {0} is none of a session description (RFC 8866), which begins with v=0")]
    NotSdp(usize),
    /// It has more sections than anybody needs.
    #[error("the offer has {0} m= sections; it may have {SECTIONS_MAX}")]
    TooManySections(usize),
    /// It has more candidates than anybody needs.
    #[error("the offer has {0} candidates; it may have {CANDIDATES_MAX}, and needs none")]
    TooManyCandidates(usize),
    /// It offers no sound.
    #[error("the offer has no audio section; video and data alone are not taken")]
    NoAudio,
    /// It offers sound that is not Opus.
    #[error("no audio section offers Opus; add a=rtpmap:111 opus/48000/2")]
    NoOpus,
    /// Its sound would travel in the clear.
    #[error("the audio section must be UDP/TLS/RTP/SAVPF: sound travels over DTLS-SRTP alone")]
    NotSecure,
    /// Its sections do not share one transport.
    #[error("every m= section needs its a=mid in one a=group:BUNDLE (bundlePolicy max-bundle)")]
    NotBundled,
    /// RTCP would need a port of its own.
    #[error("a=rtcp-mux is missing: RTP and RTCP share one port")]
    NoRtcpMux,
    /// Its ICE credentials are missing or no credentials.
    #[error("{0} (RFC 8839)")]
    Credentials(#[from] BadCredentials),
    /// Nothing tells whose certificate the client will show.
    #[error("a=fingerprint is missing or not a hash followed by hexadecimal bytes (RFC 8122)")]
    Fingerprint,
    /// It leaves the beginning of the handshake to us.
    #[error("a=setup must be actpass or active: the client begins the DTLS handshake (RFC 8842)")]
    Setup,
    /// It does not do ICE checks either, and somebody has to.
    #[error("a=ice-lite cannot be offered to an ICE-lite endpoint; use a full ICE implementation")]
    IceLite,
}

impl From<BadLine> for OfferError {
    fn from(BadLine(number): BadLine) -> Self {
        Self::NotSdp(number)
    }
}

impl Offer {
    /// Looks at a client's offer.
    pub fn parse(text: &str) -> Result<Self, OfferError> {
        if text.len() > OFFER_MAX {
            return Err(OfferError::TooLong(text.len()));
        }
        if lines(text).next() != Some("v=0") {
            return Err(OfferError::NotSdp(1));
        }
        let description = Description::cut(text)?;
        if description.media.len() > SECTIONS_MAX {
            return Err(OfferError::TooManySections(description.media.len()));
        }
        let candidates: usize =
            description.sections().map(|section| section.values("candidate").count()).sum();
        if candidates > CANDIDATES_MAX {
            return Err(OfferError::TooManyCandidates(candidates));
        }
        let audio = audio(&description)?;
        bundled(&description)?;
        let credentials = transport(&description)?;
        Ok(Self {
            sdp: without_candidates(text),
            credentials,
            audio,
            has_video: description
                .media
                .iter()
                .any(|section| section.kind() == "video" && section.is_active()),
            candidates,
        })
    }

    /// The offer without its candidates, for an engine to answer.
    pub fn sdp(&self) -> &str {
        &self.sdp
    }

    /// By what the client's checks are known.
    pub const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Its first audio section with Opus.
    pub fn audio(&self) -> &Audio {
        &self.audio[0]
    }

    /// Its audio sections with Opus; at least one.
    pub fn audios(&self) -> &[Audio] {
        &self.audio
    }

    /// Whether the client offers video too, which is refused section by section.
    pub const fn has_video(&self) -> bool {
        self.has_video
    }

    /// How many candidates it had.
    pub const fn candidates(&self) -> usize {
        self.candidates
    }
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer")
            .field("credentials", &self.credentials)
            .field("audio", &self.audio)
            .field("has_video", &self.has_video)
            .field("candidates", &self.candidates)
            .finish_non_exhaustive()
    }
}

/// The audio sections with Opus.
fn audio(description: &Description<'_>) -> Result<Vec<Audio>, OfferError> {
    let offered = |section: &&Section<'_>| section.kind() == "audio" && section.is_active();
    let sections: Vec<_> = description.media.iter().filter(offered).collect();
    if sections.is_empty() {
        return Err(OfferError::NoAudio);
    }
    let with_opus: Vec<_> =
        sections.into_iter().filter_map(|section| Some((section, opus(section)?))).collect();
    if with_opus.is_empty() {
        return Err(OfferError::NoOpus);
    }
    let audio = with_opus.into_iter().map(|(section, opus)| {
        if !matches!(section.protocol(), "UDP/TLS/RTP/SAVPF" | "TCP/TLS/RTP/SAVPF" | "UDP/TLS/RTP/SAVP") {
            return Err(OfferError::NotSecure);
        }
        if !section.has("rtcp-mux") {
            return Err(OfferError::NoRtcpMux);
        }
        let says = |parameter: &str| format_says(section, opus, parameter);
        Ok(Audio {
            mid: section.value("mid").ok_or(OfferError::NotBundled)?.to_owned(),
            direction: direction(section).or_else(|| direction(&description.session)).unwrap_or_default(),
            opus,
            red: red(section, opus),
            hears_stereo: says("stereo=1"),
            sends_stereo: says("sprop-stereo=1"),
            extensions: section.values("extmap").filter_map(extension).collect(),
        })
    });
    audio.collect()
}

fn direction(section: &Section<'_>) -> Option<Direction> {
    section.names().rev().find_map(Direction::named)
}

/// The payload type of Opus, where the section lists it among its formats.
fn opus(section: &Section<'_>) -> Option<u8> {
    payload_types(section, "opus/48000/2").next()
}

/// That of RED, where Opus can stand in it: `a=fmtp:63 111/111`, or nothing said.
fn red(section: &Section<'_>, opus: u8) -> Option<u8> {
    let opus = opus.to_string();
    payload_types(section, "red/48000/2").find(|red| {
        let red = red.to_string();
        let inside = section.values("fmtp").find_map(|fmtp| {
            let (payload_type, inside) = fmtp.split_once(' ')?;
            (payload_type == red).then_some(inside)
        });
        inside.is_none_or(|inside| inside.trim().split('/').all(|payload_type| payload_type == opus))
    })
}

fn payload_types(section: &Section<'_>, codec: &str) -> impl Iterator<Item = u8> {
    section.values("rtpmap").filter_map(move |map| {
        let (payload_type, name) = map.split_once(' ')?;
        let listed = section.formats().any(|format| format == payload_type);
        let number = payload_type.parse().ok().filter(|number: &u8| *number < 128);
        number.filter(|_| listed && name.trim().eq_ignore_ascii_case(codec))
    })
}

/// Whether `a=fmtp` of a payload type has this parameter.
fn format_says(section: &Section<'_>, payload_type: u8, wanted: &str) -> bool {
    let payload_type = payload_type.to_string();
    section.values("fmtp").any(|fmtp| {
        let Some((of, parameters)) = fmtp.split_once(' ') else { return false };
        of == payload_type && parameters.split(';').any(|one| one.trim().eq_ignore_ascii_case(wanted))
    })
}

/// `1 urn:…`, `1/sendonly urn:…`; what cannot be read is not used.
fn extension(value: &str) -> Option<Extension> {
    let (id, rest) = value.split_once(' ')?;
    let id = id.split('/').next()?.parse().ok().filter(|id| (1..=255).contains(id))?;
    let uri = rest.split(' ').next().filter(|uri| !uri.is_empty())?;
    Some(Extension { id, uri: uri.to_owned() })
}

/// Every section that anything is to flow in is in one group.
fn bundled(description: &Description<'_>) -> Result<(), OfferError> {
    let mids: Vec<_> = description.bundle().ok_or(OfferError::NotBundled)?.collect();
    let inside = |section: &Section<'_>| section.value("mid").is_some_and(|mid| mids.contains(&mid));
    let all = description.media.iter().filter(|section| section.is_active()).all(inside);
    if all { Ok(()) } else { Err(OfferError::NotBundled) }
}

/// What the transport needs, which all sections share: it stands in the session's section, in the first of the
/// group, or in each.
fn transport(description: &Description<'_>) -> Result<Credentials, OfferError> {
    if description.session.has("ice-lite") {
        return Err(OfferError::IceLite);
    }
    let tagged =
        description.bundle().and_then(|mut mids| mids.next()).and_then(|mid| description.by_mid(mid));
    let places = || tagged.into_iter().chain([&description.session]).chain(&description.media);
    let credentials = Credentials::of_sections(places())?;
    if !places().flat_map(|section| section.values("fingerprint")).any(is_fingerprint) {
        return Err(OfferError::Fingerprint);
    }
    match places().find_map(|section| section.value("setup")) {
        // Where nothing is said the client is active (RFC 4145, 4).
        Some("actpass" | "active") | None => Ok(credentials),
        Some(_) => Err(OfferError::Setup),
    }
}

/// `sha-256 AB:CD:…`, with as many bytes as the hash has.
fn is_fingerprint(value: &str) -> bool {
    let Some((hash, bytes)) = value.split_once(' ') else { return false };
    let length = match hash.to_ascii_lowercase().as_str() {
        "sha-256" => 32,
        "sha-384" => 48,
        "sha-512" => 64,
        _ => return false,
    };
    let pair = |byte: &str| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit());
    let bytes = bytes.trim();
    bytes.split(':').count() == length && bytes.split(':').all(pair)
}

fn without_candidates(text: &str) -> String {
    let mut sdp = String::with_capacity(text.len());
    for line in lines(text.trim_end_matches(['\r', '\n'])) {
        if !line.starts_with("a=candidate:") && line != "a=end-of-candidates" {
            sdp.push_str(line);
            sdp.push_str("\r\n");
        }
    }
    sdp
}

#[cfg(test)]
mod tests;
