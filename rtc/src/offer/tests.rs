use super::*;

const CHROMIUM_PUBLISHER: &str = include_str!("../../tests/offers/chromium-publisher.sdp");
const CHROMIUM_LISTENER: &str = include_str!("../../tests/offers/chromium-listener.sdp");
const CHROMIUM_STAGE: &str = include_str!("../../tests/offers/chromium-stage.sdp");
const FIREFOX: &str = include_str!("../../tests/offers/firefox.sdp");
const OBS: &str = include_str!("../../tests/offers/obs.sdp");
const GSTREAMER: &str = include_str!("../../tests/offers/gstreamer.sdp");
const AIORTC: &str = include_str!("../../tests/offers/aiortc.sdp");

fn parsed(text: &str) -> Offer {
    Offer::parse(text).unwrap()
}

/// The error of an offer of Chromium in which `old` is `new`.
fn with(old: &str, new: &str) -> OfferError {
    assert!(CHROMIUM_PUBLISHER.contains(old), "{old:?}");
    Offer::parse(&CHROMIUM_PUBLISHER.replace(old, new)).unwrap_err()
}

#[test]
fn the_offers_of_real_clients_are_understood() {
    for (name, text, ufrag, direction, opus, red) in [
        ("Chromium publishing", CHROMIUM_PUBLISHER, "Y6PQ", Direction::SendOnly, 111, Some(63)),
        ("Chromium listening", CHROMIUM_LISTENER, "sA1i", Direction::RecvOnly, 111, Some(63)),
        ("Firefox", FIREFOX, "b794124b", Direction::SendOnly, 109, None),
        ("OBS", OBS, "jEgX", Direction::SendOnly, 111, None),
        ("GStreamer", GSTREAMER, "vC9wqjSHnDvm6e4p7w1Yd2xS7e1GJ0tL", Direction::SendOnly, 96, None),
        ("aiortc", AIORTC, "86hu", Direction::SendOnly, 96, None),
    ] {
        let offer = parsed(text);
        let audio = offer.audio();
        assert_eq!(offer.credentials().ufrag(), ufrag, "{name}");
        assert_eq!((audio.direction, audio.opus, audio.red), (direction, opus, red), "{name}");
        assert_eq!(offer.audios().len(), 1, "{name}");
    }
}

#[test]
fn what_clients_say_of_stereo_and_video_is_kept() {
    let obs = parsed(OBS);
    assert!(obs.has_video() && obs.audio().hears_stereo && obs.audio().sends_stereo);
    let gstreamer = parsed(GSTREAMER);
    assert!(!gstreamer.has_video() && !gstreamer.audio().hears_stereo && gstreamer.audio().sends_stereo);
    let chromium = parsed(CHROMIUM_LISTENER);
    assert!(!chromium.audio().hears_stereo);
    let munged = CHROMIUM_LISTENER.replace("useinbandfec=1", "useinbandfec=1; stereo=1");
    assert!(parsed(&munged).audio().hears_stereo);
}

#[test]
fn extensions_are_kept_with_their_numbers() {
    let firefox = parsed(FIREFOX);
    let numbers: Vec<_> =
        firefox.audio().extensions.iter().map(|extension| (extension.id, extension.uri.as_str())).collect();
    assert_eq!(
        numbers,
        [
            (1, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
            (2, "urn:ietf:params:rtp-hdrext:csrc-audio-level"),
            (3, "urn:ietf:params:rtp-hdrext:sdes:mid"),
        ]
    );
}

#[test]
fn a_stage_has_a_microphone_and_voices() {
    let stage = parsed(CHROMIUM_STAGE);
    let directions: Vec<_> = stage.audios().iter().map(|audio| audio.direction).collect();
    assert_eq!(directions[0], Direction::SendOnly);
    assert_eq!(directions[1..], [Direction::RecvOnly; 8]);
}

#[test]
fn candidates_are_counted_and_left_out() {
    for (text, count) in [(CHROMIUM_PUBLISHER, 2), (OBS, 2), (AIORTC, 2), (FIREFOX, 8)] {
        let offer = parsed(text);
        assert_eq!(offer.candidates(), count);
        assert!(!offer.sdp().contains("candidate"), "{}", offer.sdp());
        assert!(offer.sdp().starts_with("v=0\r\n") && offer.sdp().ends_with("\r\n"));
        // Nothing else is.
        let kept = text.lines().filter(|line| !line.contains("candidate")).count();
        assert_eq!(offer.sdp().lines().count(), kept);
        assert_eq!(parsed(offer.sdp()).sdp(), offer.sdp());
    }
}

#[test]
fn a_candidate_of_a_phone_on_its_own_network_does_no_harm() {
    let many = "a=candidate:1 1 udp 1 ::1 9 typ host\r\n".repeat(CANDIDATES_MAX - 2);
    let text = CHROMIUM_PUBLISHER.replace("a=setup:actpass\r\n", &format!("a=setup:actpass\r\n{many}"));
    assert_eq!(parsed(&text).candidates(), CANDIDATES_MAX);
    let more = text.replace("a=setup:actpass\r\n", "a=setup:actpass\r\na=candidate:x\r\n");
    assert_eq!(Offer::parse(&more), Err(OfferError::TooManyCandidates(CANDIDATES_MAX + 1)));
}

#[test]
fn what_is_no_offer_is_refused_as_none() {
    for (text, line) in [
        ("", 1),
        ("{\"type\": \"offer\"}", 1),
        ("\r\nv=0\r\n", 1),
        ("v=1\r\n", 1),
        ("v=0\r\nnonsense\r\n", 2),
        ("v=0\r\n\r\ns=-\r\n", 2),
    ] {
        assert_eq!(Offer::parse(text), Err(OfferError::NotSdp(line)), "{text:?}");
    }
}

#[test]
fn what_is_too_much_is_refused() {
    let long = format!("v=0\r\ns={}", "x".repeat(OFFER_MAX));
    assert_eq!(Offer::parse(&long), Err(OfferError::TooLong(OFFER_MAX + 7)));
    let sections = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n".repeat(SECTIONS_MAX + 1);
    assert_eq!(
        Offer::parse(&format!("v=0\r\n{sections}")),
        Err(OfferError::TooManySections(SECTIONS_MAX + 1))
    );
}

#[test]
fn an_offer_without_usable_sound_is_refused() {
    assert_eq!(with("m=audio 9", "m=video 9"), OfferError::NoAudio);
    assert_eq!(with("m=audio 9", "m=audio 0"), OfferError::NoAudio);
    assert_eq!(Offer::parse("v=0\r\n"), Err(OfferError::NoAudio));
    assert_eq!(with("opus/48000/2", "opus/48000"), OfferError::NoOpus);
    assert_eq!(with("SAVPF 111 ", "SAVPF "), OfferError::NoOpus);
    assert_eq!(with("UDP/TLS/RTP/SAVPF", "RTP/AVP"), OfferError::NotSecure);
    assert_eq!(with("a=rtcp-mux\r\n", ""), OfferError::NoRtcpMux);
}

#[test]
fn sections_share_one_transport() {
    assert_eq!(with("a=group:BUNDLE 0\r\n", ""), OfferError::NotBundled);
    assert_eq!(with("a=group:BUNDLE 0", "a=group:LS 0"), OfferError::NotBundled);
    assert_eq!(with("a=group:BUNDLE 0", "a=group:BUNDLE 1"), OfferError::NotBundled);
    assert_eq!(with("a=mid:0\r\n", ""), OfferError::NotBundled);
    let apart = OBS.replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0");
    assert_eq!(Offer::parse(&apart), Err(OfferError::NotBundled));
}

#[test]
fn the_transport_is_what_dtls_and_ice_need() {
    let credentials = |bad| OfferError::Credentials(bad);
    assert_eq!(with("a=ice-ufrag:Y6PQ\r\n", ""), credentials(BadCredentials::Ufrag));
    assert_eq!(with("a=ice-ufrag:Y6PQ", "a=ice-ufrag:Y6P"), credentials(BadCredentials::Ufrag));
    assert_eq!(with("a=ice-pwd:lcNV", "a=ice-pwd: "), credentials(BadCredentials::Password));
    let neither = CHROMIUM_PUBLISHER.replace("a=ice-ufrag:", "a=x:").replace("a=ice-pwd:", "a=y:");
    assert_eq!(Offer::parse(&neither), Err(credentials(BadCredentials::Missing)));
    assert_eq!(with("a=fingerprint:sha-256", "a=fingerprint:sha-1"), OfferError::Fingerprint);
    assert_eq!(with("5F:F9:", "5F:"), OfferError::Fingerprint);
    assert_eq!(with("5F:F9:", "5F:G9:"), OfferError::Fingerprint);
    assert_eq!(with("a=setup:actpass", "a=setup:passive"), OfferError::Setup);
    assert_eq!(with("a=setup:actpass", "a=setup:holdconn"), OfferError::Setup);
    assert_eq!(with("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n"), OfferError::IceLite);
    assert!(Offer::parse(&CHROMIUM_PUBLISHER.replace("a=setup:actpass", "a=setup:active")).is_ok());
}

#[test]
fn no_red_where_something_else_stands_in_it() {
    let other = CHROMIUM_PUBLISHER.replace("a=fmtp:63 111/111", "a=fmtp:63 9/9");
    assert_eq!(parsed(&other).audio().red, None);
    let unsaid = CHROMIUM_PUBLISHER.replace("a=fmtp:63 111/111\r\n", "");
    assert_eq!(parsed(&unsaid).audio().red, Some(63));
}

#[test]
fn the_last_word_on_the_direction_counts_and_silence_means_both_ways() {
    let unsaid = CHROMIUM_PUBLISHER.replace("a=sendonly\r\n", "");
    assert_eq!(parsed(&unsaid).audio().direction, Direction::SendRecv);
    let session = unsaid.replace("t=0 0\r\n", "t=0 0\r\na=inactive\r\n");
    assert_eq!(parsed(&session).audio().direction, Direction::Inactive);
    assert!(Direction::SendRecv.sends() && Direction::SendRecv.receives());
    assert!(!Direction::Inactive.sends() && !Direction::SendOnly.receives());
}

#[test]
fn a_password_never_reaches_a_log() {
    let offer = parsed(CHROMIUM_PUBLISHER);
    assert!(!format!("{offer:?}").contains(offer.credentials().password()));
}
