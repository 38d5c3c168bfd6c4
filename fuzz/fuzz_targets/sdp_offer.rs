//! Offers of WebRTC clients, before any engine sees them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rtc::Offer;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(offer) = Offer::parse(text) else { return };
    assert!(!offer.audios().is_empty() && offer.audios().len() <= 16);
    assert!(offer.audios().iter().all(|audio| audio.opus < 128 && !audio.mid.is_empty()));
    assert!(offer.candidates() <= 200 && !offer.sdp().contains("\na=candidate:"));
    assert!(offer.credentials().ufrag().len() >= 4 && offer.credentials().password().len() >= 22);
    // What an engine is given is an offer too, and says the same.
    let again = Offer::parse(offer.sdp()).expect("it was one before");
    assert_eq!((again.sdp(), again.audios()), (offer.sdp(), offer.audios()));
});
