//! A publisher that drops and comes back: the programme's clock never stops.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use super::ear::{is_silent, is_tone};
use super::listener::{Listener, decode_time};
use super::reader::Playlist;
use super::station::{Station, until};

/// Every part that was listed, by its place.
#[derive(Default)]
struct Parts(BTreeMap<(u64, usize), String>);

impl Parts {
    fn note(&mut self, list: &Playlist) {
        for segment in &list.segments {
            for (index, part) in segment.parts.iter().enumerate() {
                self.0.insert((segment.msn, index), part.uri.clone());
            }
        }
    }
}

fn millis_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

#[test]
fn t10_numbers_dates_and_decode_times_go_on_while_the_publisher_is_away() {
    let station = Station::start(&[]);
    let host = station.publish_tone(440);
    let listener = Listener::join(&station, "studio");
    listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));
    host.kill();

    let mut parts = Parts::default();
    let (mut returned, mut came, mut silence) = (None, 0, 0);
    let heard = listener.follow("main", "the new tone", |list| {
        assert!(list.segments.iter().all(|segment| !segment.discontinuity));
        assert!(list.segments.iter().all(|segment| !segment.gap || segment.msn < 8), "silence is no GAP");
        parts.note(list);
        let (date, sound) = newest(&listener, list)?;
        if is_silent(&sound) {
            silence += 1;
        }
        if silence == 2 && returned.is_none() {
            returned = Some(station.publish_tone(660));
            let sources = || station.health("studio")["sources"].as_array().map(Vec::len);
            until("the host is back", || sources().filter(|&count| count == 1));
            came = millis_now();
        }
        is_tone(&sound, 660.0).then_some(date)
    });
    assert!(heard < came + 3_000, "heard {} ms after its first packet", heard as i64 - came as i64);

    // T22, P06: no part is missing, and each begins where the one before it ended.
    let first = decode_time(&listener.fetch(parts.0.first_key_value().unwrap().1));
    for (n, (place, uri)) in parts.0.iter().enumerate() {
        assert_eq!(decode_time(&listener.fetch(uri)), first + n as u64 * 30_720, "{place:?}");
    }
    let (last, _) = parts.0.last_key_value().unwrap();
    let (begun, _) = parts.0.first_key_value().unwrap();
    assert_eq!(parts.0.len() as u64, (last.0 - begun.0) * 6 + last.1 as u64 - begun.1 as u64 + 1);
}

/// The newest part's date and sound.
fn newest(listener: &Listener<'_>, list: &Playlist) -> Option<(u64, Vec<f32>)> {
    let segment = list.segments.iter().rev().find(|segment| !segment.parts.is_empty())?;
    let part = segment.parts.last()?;
    let date = segment.date + (segment.parts.len() as u64 - 1) * part.duration / 100;
    Some((date, listener.sound("main", &[&part.uri])))
}

#[test]
fn t22_parts_come_on_time_in_silence() {
    let station = Station::start(&[]);
    let host = station.publish_tone(440);
    let listener = Listener::join(&station, "studio");
    listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));
    host.kill();
    listener.hear("main", "silence", is_silent);
    // The edge is where the programme's clock is: a reload brings the part that has just ended, never one
    // that has not. A busy machine may be late with some of the answers, a programme that slips with all.
    let mut list = listener.playlist("main");
    let late = [(); 6].map(|()| {
        list = listener.next("main", &list);
        let segment = list.segments.last().unwrap();
        millis_now() as i64 - (segment.date + segment.duration / 100) as i64
    });
    assert!(late.iter().all(|&late| late >= 0), "parts come {late:?} ms after their end");
    assert!(late.iter().any(|&late| late < 640), "parts come {late:?} ms after their end");
}
