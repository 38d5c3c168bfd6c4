//! Chromium plays an M4A, with the samples where they belong.
// A browser takes its files from a socket; the core itself still opens none.
#![allow(clippy::unwrap_used, clippy::disallowed_types)]

mod ffmpeg;
mod run;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use media::{AudioProfile, MediaDuration, RungId};
use packager::LatencyMode;
use recording::{Chapter, Chapters, Download, Gaps, Tags};
use run::{Run, SLOT, span};

/// Decodes the file, and lets an `<audio>` find its length and a place in it. Answers with what it found, and the samples.
const PAGE: &str = r#"<!doctype html><script>
(async () => {
  const told = async (what, body) => fetch("/told?" + what, { method: "POST", body });
  try {
    const bytes = await (await fetch("/file")).arrayBuffer();
    const sound = await new OfflineAudioContext(2, 1, 48000).decodeAudioData(bytes);
    const audio = new Audio("/file");
    const event = (name) => new Promise((found, failed) => {
      audio.addEventListener(name, found, { once: true });
      audio.addEventListener("error", () => failed(audio.error.message), { once: true });
    });
    await event("loadedmetadata");
    audio.currentTime = 5.25;
    await event("seeked");
    await told(`${audio.duration} ${audio.currentTime} ${sound.numberOfChannels}`, sound.getChannelData(1));
  } catch (error) {
    await told("failed: " + error, "");
  }
})();
</script>"#;

struct Browser(Child);

impl Drop for Browser {
    fn drop(&mut self) {
        // One that is gone already needs no ending.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// What a request asks for, and its body.
fn request(stream: &TcpStream) -> Option<(String, Option<u64>, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut from) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length: ") {
            length = value.parse().ok()?;
        }
        if let Some(value) = header.strip_prefix("range: bytes=") {
            from = value.split('-').next()?.parse().ok();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, from, body))
}

fn answer(mut stream: TcpStream, head: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    // A player hangs up when it has enough.
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).ok();
}

/// What Chromium says of a file, and the samples of its second channel.
fn heard(file: &[u8]) -> (String, Vec<f32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let profile = tempfile::tempdir().unwrap();
    let browser = Command::new("chromium")
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("http://{}/", listener.local_addr().unwrap()))
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("scripts/deps.sh test installs Chromium");
    let _browser = Browser(browser);
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        let Some((path, from, body)) = request(&stream) else { continue };
        match path.as_str() {
            "/" => answer(stream, "200 OK\r\nContent-Type: text/html", PAGE.as_bytes()),
            "/file" => {
                let from = from.unwrap_or(0).min(file.len() as u64 - 1);
                let range = format!("bytes {from}-{}/{}", file.len() - 1, file.len());
                let head =
                    format!("206 Partial Content\r\nContent-Type: audio/mp4\r\nContent-Range: {range}");
                answer(stream, &head, &file[from as usize..]);
            }
            _ if path.starts_with("/told?") => {
                answer(stream, "200 OK", b"");
                let samples = body.as_chunks().0.iter().map(|&sample| f32::from_le_bytes(sample)).collect();
                return (path["/told?".len()..].replace("%20", " "), samples);
            }
            _ => answer(stream, "404 Not Found", b""),
        }
    }
    unreachable!("a listener goes on for ever")
}

#[test]
fn chromium_plays_a_download_to_the_sample() {
    let mut run = Run::record(AudioProfile::Standard, LatencyMode::Low, 3);
    run.cut(1, 3);
    let chapters = Chapters::new(vec![Chapter {
        start: MediaDuration::from_ticks(48_000),
        title: "Second".into(),
        url: None,
        image: None,
    }]);
    let tags = Tags { title: "A recording".into(), ..Tags::default() };
    let (from, to) = (12_345, 3 * SLOT - 777);
    let main = run.rung(RungId::Main);
    let download = Download::m4a(&run, &main, span(from, to), Gaps::Silent, &tags, &chapters).unwrap();
    let mut file = Vec::new();
    while (file.len() as u64) < download.size() {
        file.extend_from_slice(&download.read(&run, file.len() as u64..u64::MAX).unwrap());
    }
    let (told, samples) = heard(&file);
    let seconds = (to - from) as f64 / 48_000.0;
    let mut numbers =
        told.split(' ').map(|number| number.parse::<f64>().unwrap_or_else(|_| panic!("{told}")));
    assert!((numbers.next().unwrap() - seconds).abs() < 1e-4, "{told}, and it lasts {seconds} s");
    assert!((numbers.next().unwrap() - 5.25).abs() < 1e-4 && numbers.next() == Some(2.0), "{told}");
    let live = ffmpeg::decode(&run.live(RungId::Main, 0..1));
    let first = &live.as_chunks::<2>().0[from as usize..];
    assert!((samples.len() as f64 / 48_000.0 - seconds).abs() < 0.022, "{} samples", samples.len());
    let difference =
        first.iter().zip(&samples).fold(0.0_f32, |most, (live, kept)| most.max((live[1] - kept).abs()));
    assert!(difference < 1e-5, "{difference}");
}
