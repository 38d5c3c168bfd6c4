//! ffmpeg and ffprobe, as a reader that is not ours. Whatever they warn of is an error.
#![allow(clippy::unwrap_used, dead_code)]

use std::process::Command;

/// What ffmpeg 5 says of every M4A with a cover and every one with a chapter track, its own among them: a picture has no
/// timescale, and titles have no decoder.
fn of_every_file(warning: &str) -> bool {
    warning.ends_with("timescale not set") || warning.starts_with("Unsupported codec with id 98314 ")
}

/// Runs `program` on a file of these bytes; what it prints. Panics when it prints a warning.
fn run(program: &str, bytes: &[u8], before: &[&str], after: &[&str]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let output = Command::new(program)
        .args(["-hide_banner", "-v", "warning"])
        .args(before)
        .arg("-i")
        .arg(file.path())
        .args(after)
        .output()
        .unwrap_or_else(|error| panic!("{program} (scripts/deps.sh test installs it): {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    let mut warnings = said.lines().filter(|line| !line.is_empty() && !of_every_file(line));
    assert!(output.status.success() && warnings.next().is_none(), "{program}: {said}");
    output.stdout
}

/// The sound of a file: interleaved samples as its decoder makes them.
pub(crate) fn decode(bytes: &[u8]) -> Vec<f32> {
    let pcm = run("ffmpeg", bytes, &[], &["-f", "f32le", "-c:a", "pcm_f32le", "-"]);
    pcm.as_chunks().0.iter().map(|&sample| f32::from_le_bytes(sample)).collect()
}

/// A digest of the same samples in 16 bits, for what is long.
pub(crate) fn digest(bytes: &[u8]) -> String {
    String::from_utf8(run("ffmpeg", bytes, &[], &["-f", "md5", "-c:a", "pcm_s16le", "-"])).unwrap()
}

/// The same of the first `frames` frames.
pub(crate) fn digest_of(bytes: &[u8], frames: u64) -> String {
    let trim = format!("atrim=end_sample={frames}");
    String::from_utf8(run("ffmpeg", bytes, &[], &["-af", &trim, "-f", "md5", "-c:a", "pcm_s16le", "-"]))
        .unwrap()
}

/// What ffprobe tells of a file, as `key=value` lines.
pub(crate) fn probe(bytes: &[u8]) -> String {
    let after = ["-show_format", "-show_streams", "-show_chapters", "-of", "flat"];
    String::from_utf8(run("ffprobe", bytes, &["-count_packets"], &after)).unwrap()
}

/// The integrated loudness in LUFS and the true peak in dBFS, by ffmpeg's own meter.
pub(crate) fn loudness(bytes: &[u8]) -> (f64, f64) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostats", "-i"])
        .arg(file.path())
        .args(["-map", "0:a", "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let value = |label: &str| {
        let line = said.lines().rev().find(|line| line.trim_start().starts_with(label)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (value("I:"), value("Peak:"))
}
