//! Fragments that WebRTC clients patch onto their sessions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rtc::Fragment;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(fragment) = Fragment::parse(text) else { return };
    assert!(fragment.candidates().len() <= 200);
    let again = Fragment::parse(&fragment.encode()).expect("what we write we read");
    assert_eq!((again.credentials(), again.mid()), (fragment.credentials(), fragment.mid()));
    assert_eq!((again.candidates(), again.is_complete()), (fragment.candidates(), fragment.is_complete()));
});
