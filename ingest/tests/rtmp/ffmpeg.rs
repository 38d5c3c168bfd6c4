//! ffmpeg publishes to a real port.

use std::process::Stdio;

use crate::door::{Door, times, track};
use ingest::rtmp::Limits;
use ingest::{Refusal, StreamKey};
use media::{Channels, Codec, TrackInfo};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

fn ffmpeg(door: &Door, input: &[&str], output: &[&str], key: &str) -> Child {
    Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-loglevel", "warning", "-re"])
        .args(input)
        .args(output)
        .args(["-f", "flv", &format!("rtmp://{}/live/{key}", door.address)])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("ffmpeg is installed by `make deps`")
}

async fn open() -> Door {
    Door::open(Limits::default(), None).await
}

const SINE: [&str; 4] = ["-f", "lavfi", "-i", "sine=440:sample_rate=48000"];

/// What ffmpeg printed until it gave up.
async fn complaint(mut process: Child) -> String {
    let mut text = String::new();
    process.stderr.take().unwrap().read_to_string(&mut text).await.unwrap();
    assert!(!process.wait().await.unwrap().success(), "{text}");
    text
}

async fn published(input: &[&str], output: &[&str]) -> TrackInfo {
    let mut door = open().await;
    let _ffmpeg = ffmpeg(&door, input, output, "studio?token=s3cret");
    let request = door.requests.recv().await.unwrap();
    let mut publication = request.accept();
    let track = track(&mut publication).await;
    let times = times(&mut publication, 20).await;
    assert!(times.is_sorted(), "{times:?}");
    let unit = if track.codec == Codec::Mp3 { 1_152_000 } else { 1_024_000 } / u64::from(track.sample_rate);
    assert!((times[19] - times[0]).abs_diff(19 * unit) <= 20, "{times:?}");
    drop(publication);
    door.close().await;
    track
}

#[tokio::test]
async fn ffmpeg_publishes_aac_in_stereo() {
    let mut door = open().await;
    let _ffmpeg = ffmpeg(&door, &SINE, &["-ac", "2", "-c:a", "aac"], "studio?token=s3cret");
    let request = door.requests.recv().await.unwrap();
    assert_eq!(request.broadcast, "studio");
    assert_eq!(request.key, StreamKey::parse("s3cret").unwrap());
    assert!(request.software.as_deref().is_some_and(|name| name.contains("Lavf")), "{request:?}");
    let mut publication = request.accept();
    let track = track(&mut publication).await;
    assert_eq!((track.codec, track.sample_rate), (Codec::AacLc, 48_000));
    assert_eq!(track.channels, Channels::Stereo);
    let times = times(&mut publication, 47).await;
    assert!((970..1_000).contains(&(times[46] - times[0])), "{times:?}");
    assert_eq!(publication.activity().dropped(), 0);
    drop(publication);
    door.close().await;
}

#[tokio::test]
async fn ffmpeg_publishes_aac_at_44_1_khz_in_mono() {
    let track = published(&SINE, &["-ar", "44100", "-ac", "1", "-c:a", "aac"]).await;
    assert_eq!((track.codec, track.sample_rate, track.channels), (Codec::AacLc, 44_100, Channels::Mono));
}

#[tokio::test]
async fn ffmpeg_publishes_plain_aac_at_a_low_rate() {
    let track = published(&SINE, &["-ar", "22050", "-ac", "1", "-c:a", "aac"]).await;
    assert_eq!((track.codec, track.sample_rate), (Codec::AacLc, 22_050));
}

#[tokio::test]
async fn ffmpeg_publishes_mp3() {
    let track = published(&SINE, &["-ar", "44100", "-ac", "2", "-c:a", "libmp3lame"]).await;
    assert_eq!((track.codec, track.sample_rate, track.channels), (Codec::Mp3, 44_100, Channels::Stereo));
}

#[tokio::test]
async fn ffmpeg_publishes_video_too_and_it_is_read_past() {
    let input = [&["-f", "lavfi", "-i", "testsrc=size=640x360:rate=25"][..], &SINE].concat();
    let track = published(&input, &["-c:v", "flv1", "-b:v", "4M", "-c:a", "aac"]).await;
    assert_eq!((track.codec, track.sample_rate), (Codec::AacLc, 48_000));
}

#[tokio::test]
async fn the_key_may_stand_in_the_path() {
    let mut door = open().await;
    let _ffmpeg = ffmpeg(&door, &SINE, &["-c:a", "aac"], "studio/s3cret");
    let request = door.requests.recv().await.unwrap();
    assert_eq!(request.broadcast, "studio");
    assert_eq!(request.key, StreamKey::parse("s3cret").unwrap());
    drop(request);
    door.close().await;
}

#[tokio::test]
async fn ffmpeg_shows_why_it_is_refused() {
    for refusal in [
        Refusal::BadKey,
        Refusal::UnknownBroadcast,
        Refusal::AlreadyPublishing,
        Refusal::NotLive,
        Refusal::Unavailable,
    ] {
        let mut door = open().await;
        let process = ffmpeg(&door, &SINE, &["-c:a", "aac"], "studio?token=wrong");
        door.requests.recv().await.unwrap().reject(refusal.clone());
        let complaint = complaint(process).await;
        assert!(complaint.contains(&refusal.to_string()), "{complaint}");
        door.close().await;
    }
}

/// As a player, ffmpeg checks the server's signed handshake.
#[tokio::test]
async fn ffmpeg_accepts_the_signed_handshake_and_shows_that_it_cannot_play() {
    let door = open().await;
    let process = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-i", &format!("rtmp://{}/live/studio", door.address)])
        .args(["-f", "null", "-"])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let complaint = complaint(process).await;
    assert!(complaint.contains("This address takes streams in"), "{complaint}");
    door.close().await;
}

#[tokio::test]
async fn ffmpeg_shows_that_a_key_is_missing() {
    let door = open().await;
    let complaint = complaint(ffmpeg(&door, &SINE, &["-c:a", "aac"], "studio")).await;
    assert!(complaint.contains("The stream key is missing or wrong"), "{complaint}");
    door.close().await;
}

#[tokio::test]
async fn ffmpeg_shows_that_its_sound_cannot_be_used() {
    let mut door = open().await;
    let input = ["-f", "lavfi", "-i", "aevalsrc=0|0|0|0|0|0:c=5.1:s=48000"];
    let process = ffmpeg(&door, &input, &["-c:a", "aac"], "studio?token=s3cret");
    let mut publication = door.requests.recv().await.unwrap().accept();
    assert_eq!(publication.recv().await, None);
    let complaint = complaint(process).await;
    assert!(complaint.contains("use mono or stereo"), "{complaint}");
    door.close().await;
}

#[tokio::test]
async fn ffmpeg_shows_that_the_server_stops() {
    let mut door = open().await;
    let process = ffmpeg(&door, &SINE, &["-c:a", "aac"], "studio?token=s3cret");
    let mut publication = door.requests.recv().await.unwrap().accept();
    track(&mut publication).await;
    times(&mut publication, 3).await;
    door.close().await;
    let complaint = complaint(process).await;
    assert!(complaint.contains("The server is restarting"), "{complaint}");
    while publication.recv().await.is_some() {}
}
