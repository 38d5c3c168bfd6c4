//! What was said, as people read it: parsed from WebVTT, SubRip and plain text, and written as each of them.
//!
//! Strict where a player would guess: a time that cannot be read is refused with its line, since a transcript that
//! slides by a cue is worse than none. What only decorates (settings, styles, classes) is read past. Who speaks is kept.

mod blocks;
mod subrip;
mod webvtt;

use media::MediaDuration;

/// A transcript with times.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Transcript {
    cues: Vec<Cue>,
}

/// Something that is said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cue {
    /// Where it begins, in frames at 48 kHz.
    pub start: MediaDuration,
    /// Where it ends, after `start`.
    pub end: MediaDuration,
    /// Who says it, on one line.
    pub speaker: Option<String>,
    /// What is said: lines of text, none of them empty.
    pub text: String,
}

/// What is wrong with a transcript.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TranscriptError {
    /// It does not begin as WebVTT has to (W3C WebVTT, 4.1).
    #[error("line 1: WebVTT begins with the word WEBVTT")]
    NoHeader,
    /// A time that is none.
    #[error("line {0}: a time like 00:01:02.345 was expected on both sides of -->")]
    Time(usize),
    /// It ends where it begins, or before.
    #[error("line {0}: what is said has to end after it begins")]
    Backwards(usize),
    /// Words that no time stands before.
    #[error("line {0}: words without a time")]
    Untimed(usize),
    /// Nobody is called so.
    #[error("line {line}: a speaker's name has at most {} characters", Transcript::SPEAKER_MAX)]
    Speaker {
        /// Where it stands.
        line: usize,
    },
    /// There are more than [`Transcript::CUES_MAX`].
    #[error("there are more than {} cues", Transcript::CUES_MAX)]
    TooMany,
    /// Nothing is said in it.
    #[error("there is nothing in it")]
    Empty,
}

impl Transcript {
    /// The most that are read: one each second of a recording of twelve hours fits.
    pub const CUES_MAX: usize = 50_000;

    /// Characters of a speaker's name.
    pub const SPEAKER_MAX: usize = 120;

    /// These cues, in any order; what cues have beside letters is made tidy. Refused where there are none, too many, or one
    /// that ends before it begins; `line` counts cues then, from 1.
    pub fn new(cues: impl IntoIterator<Item = Cue>) -> Result<Self, TranscriptError> {
        let mut kept = Vec::new();
        for (index, cue) in cues.into_iter().enumerate() {
            add(&mut kept, cue, index + 1)?;
        }
        finish(kept)
    }

    /// Reads WebVTT. Comments, styles, regions and settings are left out, as is every tag but who speaks; a cue in which
    /// several do becomes several.
    pub fn from_webvtt(text: &str) -> Result<Self, TranscriptError> {
        webvtt::parse(text)
    }

    /// Reads SubRip, as it is found: with or without numbers, with a comma or a point in its times.
    pub fn from_subrip(text: &str) -> Result<Self, TranscriptError> {
        subrip::parse(text)
    }

    /// As WebVTT.
    pub fn to_webvtt(&self) -> String {
        webvtt::write(&self.cues)
    }

    /// As SubRip. Who speaks stands before what is said, where that is somebody else than before.
    pub fn to_subrip(&self) -> String {
        subrip::write(&self.cues)
    }

    /// As text to read: a line for each cue, with who speaks as in SubRip.
    pub fn to_text(&self) -> String {
        let lines = named(&self.cues).map(|(_, text)| text.replace('\n', " ") + "\n");
        lines.collect()
    }

    /// All of it, in the order of their beginnings.
    pub fn cues(&self) -> &[Cue] {
        &self.cues
    }

    /// The same at other times: those of each cue as `place` says, without those that it has no place for, or that would
    /// have no length there.
    #[must_use]
    pub fn moved(
        &self,
        place: impl Fn(MediaDuration, MediaDuration) -> Option<(MediaDuration, MediaDuration)>,
    ) -> Self {
        let moved = self.cues.iter().filter_map(|cue| {
            let (start, end) = place(cue.start, cue.end)?;
            (start < end).then(|| Cue { start, end, ..cue.clone() })
        });
        let mut cues: Vec<_> = moved.collect();
        cues.sort_by_key(|cue| cue.start);
        Self { cues }
    }
}

/// Text without times as it is kept: its lines without what no reader shows; `None` where nothing is left.
pub fn plain(text: &str) -> Option<String> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let lines: Vec<String> = blocks::lines(text).map(|line| visible(line).trim_end().to_owned()).collect();
    let text = lines.join("\n").trim_matches('\n').to_owned();
    (!text.trim().is_empty()).then(|| text + "\n")
}

/// Adds a cue that was read at `line`; one that says nothing is left out.
fn add(cues: &mut Vec<Cue>, cue: Cue, line: usize) -> Result<(), TranscriptError> {
    if cue.end <= cue.start {
        return Err(TranscriptError::Backwards(line));
    }
    let lines = blocks::lines(&cue.text).map(|line| visible(line).trim().to_owned());
    let text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    if text.is_empty() {
        return Ok(());
    }
    let speaker = cue.speaker.map(|name| visible(&name).split_whitespace().collect::<Vec<_>>().join(" "));
    let speaker = speaker.filter(|name| !name.is_empty());
    if speaker.as_ref().is_some_and(|name| name.chars().count() > Transcript::SPEAKER_MAX) {
        return Err(TranscriptError::Speaker { line });
    }
    if cues.len() == Transcript::CUES_MAX {
        return Err(TranscriptError::TooMany);
    }
    cues.push(Cue { speaker, text, ..cue });
    Ok(())
}

fn finish(mut cues: Vec<Cue>) -> Result<Transcript, TranscriptError> {
    if cues.is_empty() {
        return Err(TranscriptError::Empty);
    }
    cues.sort_by_key(|cue| cue.start);
    Ok(Transcript { cues })
}

/// Without characters that are not shown; a database keeps no U+0000 besides.
fn visible(line: &str) -> String {
    line.chars()
        .map(|letter| if letter == '\t' { ' ' } else { letter })
        .filter(|it| !it.is_control())
        .collect()
}

/// Each cue with its text, and who speaks before it where that changes.
fn named(cues: &[Cue]) -> impl Iterator<Item = (&Cue, String)> {
    let mut last: Option<&str> = None;
    cues.iter().map(move |cue| {
        let speaker = cue.speaker.as_deref();
        let changed = speaker.filter(|_| speaker != last);
        last = speaker;
        (cue, changed.map_or_else(|| cue.text.clone(), |name| format!("{name}: {}", cue.text)))
    })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    pub(super) fn cue(start: u64, end: u64, speaker: &str, text: &str) -> Cue {
        let at = |millis: u64| MediaDuration::from_ticks(millis * 48);
        let speaker = (!speaker.is_empty()).then(|| speaker.to_owned());
        Cue { start: at(start), end: at(end), speaker, text: text.to_owned() }
    }

    fn talk() -> Transcript {
        let cues = [
            cue(62_345, 64_000, "Ada", "Q & A:\n1 < 2"),
            cue(1_000, 2_500, "", "Good morning."),
            cue(64_000, 65_000, "Ada", "Go on --> there"),
        ];
        Transcript::new(cues).unwrap()
    }

    #[test]
    fn one_transcript_is_written_in_three_ways() {
        let vtt = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nGood morning.\n\n\
                   00:01:02.345 --> 00:01:04.000\n<v Ada>Q &amp; A:\n1 &lt; 2\n\n\
                   00:01:04.000 --> 00:01:05.000\n<v Ada>Go on --&gt; there\n";
        assert_eq!(talk().to_webvtt(), vtt);
        let srt = "1\n00:00:01,000 --> 00:00:02,500\nGood morning.\n\n\
                   2\n00:01:02,345 --> 00:01:04,000\nAda: Q & A:\n1 < 2\n\n\
                   3\n00:01:04,000 --> 00:01:05,000\nGo on -> there\n";
        assert_eq!(talk().to_subrip(), srt);
        assert_eq!(talk().to_text(), "Good morning.\nAda: Q & A: 1 < 2\nGo on --> there\n");
    }

    #[test]
    fn what_is_written_as_webvtt_is_read_as_it_was() {
        assert_eq!(Transcript::from_webvtt(&talk().to_webvtt()).unwrap(), talk());
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_read_as_it_was_written(
            cues in vec((0_u64..5_000_000, 1_u64..10_000, ".{0,12}", "[\\PC\n<>&\\-{}]{0,40}"), 1..12),
        ) {
            let cues = cues.into_iter().map(|(start, length, who, text)| cue(start, start + length, &who, &text));
            if let Ok(transcript) = Transcript::new(cues) {
                prop_assert_eq!(&Transcript::from_webvtt(&transcript.to_webvtt()).unwrap(), &transcript);
                let read = Transcript::from_subrip(&transcript.to_subrip()).unwrap();
                let times = |it: &Transcript| it.cues().iter().map(|cue| (cue.start, cue.end)).collect::<Vec<_>>();
                prop_assert_eq!(times(&read), times(&transcript));
            }
        }

        #[test]
        fn whatever_is_sent_is_read_or_refused(text in "(WEBVTT|[0-9:., <>\\-\n\r]|00:01.000 --> 00:02.000|\\PC){0,60}") {
            for read in [Transcript::from_webvtt(&text), Transcript::from_subrip(&text)] {
                let cues = read.map(|it| it.cues().to_vec()).unwrap_or_default();
                prop_assert!(cues.iter().all(|cue| cue.start < cue.end && !cue.text.is_empty()));
            }
            plain(&text);
        }
    }

    #[test]
    fn what_moves_out_of_reach_is_left_out() {
        let second = MediaDuration::from_ticks(48_000);
        let shift = |at: MediaDuration| {
            MediaDuration::from_ticks(at.ticks().saturating_sub(second.ticks() * 63).min(second.ticks()))
        };
        let moved = talk().moved(|start, end| Some((shift(start), shift(end))));
        assert_eq!(moved.cues(), [cue(0, 1_000, "Ada", "Q & A:\n1 < 2")]);
        assert!(talk().moved(|_, _| None).cues().is_empty());
    }

    #[test]
    fn what_is_no_transcript_is_refused() {
        assert_eq!(Transcript::new([]), Err(TranscriptError::Empty));
        assert_eq!(Transcript::new([cue(1, 2, "", " \n\u{7} ")]), Err(TranscriptError::Empty));
        assert_eq!(
            Transcript::new([cue(0, 1, "", "a"), cue(2, 2, "", "b")]),
            Err(TranscriptError::Backwards(2))
        );
        let long = "é".repeat(Transcript::SPEAKER_MAX + 1);
        assert_eq!(Transcript::new([cue(0, 1, &long, "a")]), Err(TranscriptError::Speaker { line: 1 }));
        let many = (0..=Transcript::CUES_MAX as u64).map(|n| cue(n, n + 1, "", "a"));
        assert_eq!(Transcript::new(many), Err(TranscriptError::TooMany));
    }

    #[test]
    fn plain_text_keeps_its_lines_and_nothing_that_is_not_shown() {
        assert_eq!(plain("\u{FEFF}One\0\r\n\r\n two\tthree \n\n"), Some("One\n\n two three\n".to_owned()));
        assert_eq!(plain(" \r\n\u{1}\n"), None);
    }
}
