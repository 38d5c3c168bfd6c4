//! What was said, between its host and the store. A host counts from where the recording begins to play; the store keeps
//! the times of the run, so that every cut of it has its own share of the words.

use media::{MediaDuration, MediaTime};
use recording::transcript::plain;
use recording::{Cue, Transcript, TranscriptError};
use serde::{Deserialize, Serialize};
use tracing::error;

use super::timeline::{Timeline, frames, seconds};

/// Bytes of a transcript, at the most: twelve hours of a fast speaker are less than one million.
pub const TRANSCRIPT_MAX: usize = 2 * 1024 * 1024;

/// How far the last words may reach beyond the end: programs that listen do so in windows of some seconds. In
/// frames.
const OVER: u64 = 5 * 48_000;

/// Frames of a millisecond, in which transcripts count.
const MILLI: u64 = 48;

/// As what a transcript is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// WebVTT.
    WebVtt,
    /// SubRip.
    SubRip,
    /// The JSON of Podcasting 2.0.
    Json,
    /// Text without times.
    Text,
}

/// Why a transcript is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// It is no UTF-8.
    #[error("it must be UTF-8")]
    NotUtf8,
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] TranscriptError),
    /// It is no JSON, or other JSON.
    #[error("it is no transcript in JSON: {0}")]
    NotJson(String),
    /// Something is said where nothing plays.
    #[error("something is said at {at} s, and the recording ends at {end} s")]
    Outside {
        /// Where, in seconds.
        at: f64,
        /// How long the recording plays, in seconds.
        end: f64,
    },
    /// It is more than is kept.
    #[error("it is too long")]
    TooLong,
}

/// A transcript as the store keeps it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// Whether there are times in it.
    pub timed: bool,
    /// WebVTT in times of the run, or text.
    pub words: String,
}

/// Podcasting 2.0, `transcripts.md`: the JSON representation.
#[derive(Deserialize, Serialize)]
struct Document {
    #[serde(default)]
    version: String,
    segments: Vec<Segment>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Segment {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speaker: Option<String>,
    start_time: f64,
    end_time: f64,
    body: String,
}

impl Form {
    /// The form with this media type, as `Content-Type` has it.
    pub fn of(media_type: &str) -> Option<Self> {
        let kind = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "text/vtt" => Some(Self::WebVtt),
            "application/x-subrip" | "application/srt" => Some(Self::SubRip),
            "application/json" => Some(Self::Json),
            "text/plain" => Some(Self::Text),
            _ => None,
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::WebVtt => "text/vtt; charset=utf-8",
            Self::SubRip => "application/x-subrip; charset=utf-8",
            Self::Json => "application/json",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

/// Reads what a host sends of a recording that plays `plays`. Some milliseconds of work for the longest.
pub fn read(form: Form, bytes: &[u8], plays: &Timeline) -> Result<Kept, AttachError> {
    let text = str::from_utf8(bytes).map_err(|_| AttachError::NotUtf8)?;
    let transcript = match form {
        Form::WebVtt => Transcript::from_webvtt(text)?,
        Form::SubRip => Transcript::from_subrip(text)?,
        Form::Json => from_json(text)?,
        Form::Text => {
            let words = plain(text).ok_or(TranscriptError::Empty)?;
            return Ok(Kept { timed: false, words });
        }
    };
    let end = plays.duration();
    let outside = |at: MediaDuration| AttachError::Outside { at: seconds(at), end: seconds(end) };
    for cue in transcript.cues() {
        if cue.start >= end {
            return Err(outside(cue.start));
        }
        if cue.end.ticks() > end.ticks() + OVER {
            return Err(outside(cue.end));
        }
    }
    let placed = transcript.moved(|from, to| {
        let instant = |at: MediaTime| round(MediaDuration::from_ticks(at.ticks()));
        Some((instant(plays.instant_from(from)?), instant(plays.instant_to(to.min(end))?)))
    });
    if placed.cues().is_empty() {
        return Err(TranscriptError::Empty.into());
    }
    let words = placed.to_webvtt();
    // What is escaped is longer than it came.
    if words.len() > 2 * TRANSCRIPT_MAX {
        return Err(AttachError::TooLong);
    }
    Ok(Kept { timed: true, words })
}

/// What of `words`, in times of the run, is said in what plays; `None` where the store has something else.
fn heard(words: &str, plays: &Timeline) -> Option<Transcript> {
    let position = |at: MediaDuration| round(plays.position_near(MediaTime::from_ticks(at.ticks())));
    match Transcript::from_webvtt(words) {
        Ok(transcript) => Some(transcript.moved(|from, to| Some((position(from), position(to))))),
        Err(cause) => {
            error!("a transcript that was kept cannot be read: {cause}");
            None
        }
    }
}

/// What of a transcript is said in what plays, in this form; `None` where it has no times and the form wants them, or it
/// cannot be read.
pub fn write(kept: &Kept, form: Form, plays: &Timeline) -> Option<String> {
    match (kept.timed, form) {
        (false, Form::Text) => Some(kept.words.clone()),
        (false, _) => None,
        (true, form) => {
            let transcript = heard(&kept.words, plays)?;
            match form {
                Form::WebVtt => Some(transcript.to_webvtt()),
                Form::SubRip => Some(transcript.to_subrip()),
                Form::Text => Some(transcript.to_text()),
                Form::Json => to_json(&transcript),
            }
        }
    }
}

fn from_json(text: &str) -> Result<Transcript, AttachError> {
    let document: Document =
        serde_json::from_str(text).map_err(|error| AttachError::NotJson(error.to_string()))?;
    let at = |value: f64| {
        let wrong = || AttachError::NotJson(format!("{value} is no time in seconds"));
        frames(value).map(round).ok_or_else(wrong)
    };
    let mut cues = Vec::new();
    for Segment { speaker, start_time, end_time, body } in document.segments {
        cues.push(Cue { start: at(start_time)?, end: at(end_time)?, speaker, text: body });
    }
    Transcript::new(cues).map_err(AttachError::from)
}

fn to_json(transcript: &Transcript) -> Option<String> {
    let time = |at: MediaDuration| (at.ticks() / MILLI) as f64 / 1e3;
    let segment = |cue: &Cue| Segment {
        speaker: cue.speaker.clone(),
        start_time: time(cue.start),
        end_time: time(cue.end),
        body: cue.text.clone(),
    };
    let segments = transcript.cues().iter().map(segment).collect();
    serde_json::to_string(&Document { version: "1.0.0".to_owned(), segments }).ok()
}

/// To the nearest millisecond.
const fn round(at: MediaDuration) -> MediaDuration {
    MediaDuration::from_ticks((at.ticks() + MILLI / 2) / MILLI * MILLI)
}

#[cfg(test)]
mod tests {
    use packager::WallClock;

    use super::super::Piece;
    use super::*;

    /// A minute from an odd frame of a run on, with nothing between its halves.
    fn plays() -> Timeline {
        let piece =
            |from: u64| Piece { from: MediaTime::from_ticks(from), frames: 30 * 48_000, wall: WallClock(0) };
        Timeline::new([piece(480_007), piece(4_800_007)])
    }

    #[test]
    fn what_is_sent_is_given_back_in_every_form() {
        let vtt = "WEBVTT\n\n00:00:01.000 --> 00:00:02.001\n<v Ada>Yes.\n\n\
                   00:00:29.000 --> 00:00:31.000\n<v Ada>Over the gap\n";
        let srt = "1\n00:00:01,000 --> 00:00:02,001\nAda: Yes.\n\n\
                   2\n00:00:29,000 --> 00:00:31,000\nOver the gap\n";
        let json = "{\"version\":\"1.0.0\",\"segments\":[\
                    {\"speaker\":\"Ada\",\"startTime\":1.0,\"endTime\":2.001,\"body\":\"Yes.\"},\
                    {\"speaker\":\"Ada\",\"startTime\":29.0,\"endTime\":31.0,\"body\":\"Over the gap\"}]}";
        let given = |kept: &Kept| {
            [Form::WebVtt, Form::SubRip, Form::Json, Form::Text]
                .map(|form| write(kept, form, &plays()).unwrap())
        };
        let all = [vtt, srt, json, "Ada: Yes.\nOver the gap\n"].map(str::to_owned);
        for (form, sent) in [(Form::WebVtt, vtt), (Form::Json, json)] {
            let kept = read(form, sent.as_bytes(), &plays()).unwrap();
            assert_eq!(given(&kept), all, "{form:?}");
        }
        let kept = read(Form::SubRip, srt.as_bytes(), &plays()).unwrap();
        assert_eq!(write(&kept, Form::SubRip, &plays()).unwrap(), srt);
    }

    #[test]
    fn a_cut_has_its_share_of_the_words() {
        let vtt = "WEBVTT\n\n00:01.000 --> 00:04.000\nfirst\n\n00:04.000 --> 00:06.000\nsecond\n\n00:40.000 --> 00:41.000\nlast\n";
        let kept = read(Form::WebVtt, vtt.as_bytes(), &plays()).unwrap();
        let from = MediaTime::from_ticks(480_007 + 4 * 48_000);
        let cut = plays().within(from, MediaTime::from_ticks(480_007 + 5 * 48_000));
        assert_eq!(
            write(&kept, Form::WebVtt, &cut).unwrap(),
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nsecond\n"
        );
        assert_eq!(write(&kept, Form::Text, &Timeline::default()).unwrap(), "");
    }

    #[test]
    fn what_is_said_has_to_be_within_the_recording() {
        let sent = |text: &str| read(Form::WebVtt, format!("WEBVTT\n\n{text}\nx\n").as_bytes(), &plays());
        assert!(matches!(sent("01:00.000 --> 01:01.000"), Err(AttachError::Outside { at: 60.0, end: 60.0 })));
        assert!(matches!(sent("00:59.000 --> 01:05.001"), Err(AttachError::Outside { end: 60.0, .. })));
        let kept = sent("00:59.000 --> 01:05.000").unwrap();
        let written = write(&kept, Form::WebVtt, &plays()).unwrap();
        assert!(written.contains("00:00:59.000 --> 00:01:00.000"), "{written}");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let sent = |form, text: &[u8]| read(form, text, &plays()).unwrap_err().to_string();
        assert_eq!(sent(Form::Text, b"\xff"), "it must be UTF-8");
        assert_eq!(sent(Form::Text, b" \n"), "there is nothing in it");
        assert!(sent(Form::WebVtt, b"words").starts_with("line 1: "));
        for json in
            ["", "[]", "{\"version\":\"1\",\"segments\":[{\"startTime\":-1,\"endTime\":1,\"body\":\"x\"}]}"]
        {
            assert!(sent(Form::Json, json.as_bytes()).starts_with("it is no transcript in JSON: "), "{json}");
        }
        let plain = read(Form::Text, b"Words.\r\n", &plays()).unwrap();
        assert_eq!(plain, Kept { timed: false, words: "Words.\n".to_owned() });
        assert_eq!(write(&plain, Form::WebVtt, &plays()), None);
        assert_eq!(write(&plain, Form::Text, &plays()).unwrap(), "Words.\n");
        let wide = format!("WEBVTT\n\n00:01.000 --> 00:02.000\n{}\n", "& ".repeat(TRANSCRIPT_MAX / 2 - 30));
        assert!(matches!(read(Form::WebVtt, wide.as_bytes(), &plays()), Err(AttachError::TooLong)));
    }
}
