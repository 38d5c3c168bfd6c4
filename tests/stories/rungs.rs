//! What goes in at the door is in every rung, and at the same place.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use super::ear::{self, is_tone, lag, samples};
use super::listener::Listener;
use super::station::{AAC, Station, until};

#[test]
fn a_tone_is_found_in_every_rung_and_in_the_endless_streams() {
    let station = Station::start(&[]);
    let _host = station.publish_tone(440);
    let listener = Listener::join(&station, "studio");
    let (_, part) = listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));
    for rung in ["low", "opus"] {
        let same = part.uri.replace("main", rung);
        let sound = listener.sound(rung, &[same]);
        assert_eq!(sound.len(), 30_720, "{rung}");
        assert!(is_tone(&sound, 440.0), "{rung}");
    }
    for stream in ["stream.aac", "stream.opus"] {
        let heard = Command::new("ffmpeg")
            .args(["-hide_banner", "-nostdin", "-loglevel", "error", "-i"])
            .arg(format!("http://{}/live/studio/{stream}", station.web))
            .args(["-t", "3", "-ac", "1", "-ar", "48000", "-f", "f32le", "pipe:1"])
            .output()
            .unwrap();
        let complaints = String::from_utf8_lossy(&heard.stderr);
        assert!(heard.status.success() && complaints.is_empty(), "{stream}: {complaints}");
        let sound = samples(&heard.stdout);
        assert!(sound.len() > 130_000, "{stream}: {}", sound.len());
        assert!(is_tone(&sound[96_000..], 440.0), "{stream}");
    }
    assert!(station.metric("onair_egress_bytes_total{path=\"stream\"}") > 10_000.0);
    assert!(station.metric("onair_egress_bytes_total{path=\"part\"}") > 0.0);
}

#[test]
fn who_hears_an_endless_stream_counts_until_they_go() {
    let station = Station::start(&["--demo"]);
    let viewers = || station.json("/api/broadcasts/demo/viewers");
    let counted = |most: u64| {
        until("it is counted", || (viewers()["listeners"] == most).then_some(()));
    };
    let mut player = TcpStream::connect(&station.web).unwrap();
    player.write_all(b"GET /live/demo/stream.aac HTTP/1.1\r\nhost: radio.example\r\n\r\n").unwrap();
    let mut sound = [0; 4_096];
    player.read_exact(&mut sound).unwrap();
    counted(1);
    assert_eq!((&viewers()["hls"], &viewers()["webrtc"]), (&1.into(), &0.into()));
    assert_eq!(station.json("/api/broadcasts/demo")["listenerCount"], 1);
    assert!((station.metric("onair_listeners{transport=\"aac\"}") - 1.0).abs() < f64::EPSILON);
    assert!(station.metric("onair_listeners{transport=\"hls\"}") < f64::EPSILON, "each is counted once");
    drop(player);
    counted(0);
}

#[test]
fn p10_all_rungs_lie_on_top_of_each_other_to_the_sample() {
    let station = Station::start(&[]);
    let noise = "anoisesrc=color=pink:sample_rate=48000:amplitude=0.6:seed=7,lowpass=f=6000";
    let _host = station.publish_to(&station.ingest(), noise, AAC);
    let listener = Listener::join(&station, "studio");
    let (_, part) = listener.hear("main", "the noise", |sound| ear::level(sound) > 0.02);
    let begun = part.uri.split(['/', '.']).nth(1).unwrap().parse().unwrap();
    let segment = listener.segment_after("main", begun);
    let main = segment.uri.unwrap();
    let sounds = ["main", "low", "opus"].map(|rung| listener.sound(rung, &[main.replace("main", rung)]));
    for (sound, rung) in sounds.iter().zip(["main", "low", "opus"]) {
        assert_eq!(sound.len(), 184_320, "{rung}");
        assert_eq!(lag(&sounds[0][20_000..60_000], &sound[20_000..60_000], 1_500), 0, "{rung}");
        assert_eq!(lag(&sounds[0][140_000..180_000], &sound[140_000..180_000], 1_500), 0, "{rung}");
    }
}

#[test]
fn t24_a_fresh_run_is_playable_from_its_third_part() {
    let station = Station::start(&["--demo"]);
    let listener = Listener::join(&station, "demo");
    listener.follow("main", "the third part", |list| list.last_part().filter(|last| *last >= (8, 2)));
    for rung in ["main", "low", "opus"] {
        let list = listener.playlist(rung);
        assert!(list.segments.iter().take(8).all(|segment| segment.gap), "{rung}");
        let parts: Vec<_> = list.segments[8].parts.iter().take(3).map(|part| part.uri.clone()).collect();
        let sound = listener.sound(rung, &parts);
        assert_eq!(sound.len(), 3 * 30_720, "{rung}: the hold-back is three parts");
        assert!(ear::level(&sound) > 0.001, "{rung}");
    }
}
