//! What hosts do to recordings: they move the ends. The sound stays as it is.

use media::{MediaDuration, MediaTime};
use store::{Recording, RecordingKind, Span, Timestamp};

use super::timeline::{Timeline, seconds};

/// The least that plays: one second. Shorter than a segment is no harm, but nothing to listen to.
pub const LENGTH_MIN: MediaDuration = MediaDuration::from_ticks(48_000);

/// Why a recording cannot be cut so.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum CutError {
    /// Its sound is not known here, or it is still being made.
    #[error("the sound of this recording is not here, or it is still being made")]
    NoSound,
    /// Less than [`LENGTH_MIN`] would be left.
    #[error("would leave less than {} s", seconds(LENGTH_MIN))]
    TooShort,
    /// There is no such position.
    #[error("must be before the end, at {0} s")]
    Outside(f64),
}

/// `recording` playing from `start` up to `end` of what was recorded, where `recorded` says what that is; `None` is
/// where that begins or ends.
pub fn trim(
    recording: &Recording,
    recorded: &Timeline,
    start: Option<MediaDuration>,
    end: Option<MediaDuration>,
) -> Result<Recording, CutError> {
    let whole = whole(recording)?;
    let ends = ends(recorded, start, end)?;
    // To the frame what it was: where it begins and ends there may be no sound.
    let from = if start.is_some() { ends.0 } else { whole.0 };
    let to = if end.is_some() { ends.1 } else { whole.1 };
    let plays = recorded.within(from, to).duration();
    Ok(Recording { plays: span(from, to), duration_ms: Some(millis(plays)), ..unmeasured(recording) })
}

/// `recording` up to `at` of what plays, and as one of its own with this id what follows. What was trimmed away stays
/// with the part that it lies beside.
pub fn split(
    recording: &Recording,
    recorded: &Timeline,
    at: MediaDuration,
    id: String,
) -> Result<(Recording, Recording), CutError> {
    let whole = whole(recording)?;
    let plays = plays(recording, recorded)?;
    let middle = ends(&plays, None, Some(at))?.1;
    ends(&plays, Some(at), None)?;
    let after = plays.instant_from(at).ok_or(CutError::TooShort)?;
    let of = |recorded_from, recorded_to, from, to| {
        let whole = recorded.within(recorded_from, recorded_to);
        stretch(recording, recorded, &whole, span(recorded_from, recorded_to), span(from, to))
    };
    let (from, to) = (MediaTime::from_ticks(recording.plays.from), end_of(recording)?);
    let first = of(whole.0, middle, from, middle);
    let second =
        Recording { id, parent_id: Some(recording.id.clone()), version: 0, ..of(after, whole.1, after, to) };
    Ok((first, second))
}

/// `start` up to `end` of what plays as a clip with this id and title, made `now`. Like what it is made of it is
/// published or not: the key of an unpublished one is the caller's to make.
pub fn clip(
    recording: &Recording,
    recorded: &Timeline,
    range: (MediaDuration, MediaDuration),
    (id, title): (String, String),
    now: Timestamp,
) -> Result<Recording, CutError> {
    let plays = plays(recording, recorded)?;
    let (from, to) = ends(&plays, Some(range.0), Some(range.1))?;
    let whole = recorded.within(from, to);
    let span = span(from, to);
    Ok(Recording {
        id,
        title,
        kind: RecordingKind::Clip,
        parent_id: Some(recording.id.clone()),
        version: 0,
        created_at: now,
        updated_at: now,
        ..stretch(recording, recorded, &whole, span, span)
    })
}

/// The instants of two positions.
fn ends(
    timeline: &Timeline,
    start: Option<MediaDuration>,
    end: Option<MediaDuration>,
) -> Result<(MediaTime, MediaTime), CutError> {
    let length = timeline.duration();
    if length.ticks() == 0 {
        return Err(CutError::NoSound);
    }
    let (start, end) = (start.unwrap_or_default(), end.unwrap_or(length));
    if end > length || start > length {
        return Err(CutError::Outside(seconds(length)));
    }
    if end.ticks() < start.ticks().saturating_add(LENGTH_MIN.ticks()) {
        return Err(CutError::TooShort);
    }
    let from = timeline.instant_from(start).ok_or(CutError::TooShort)?;
    let to = timeline.instant_to(end).ok_or(CutError::TooShort)?;
    Ok((from, to))
}

/// A part of `recording`, of which all was `recorded`.
fn stretch(
    recording: &Recording,
    recorded: &Timeline,
    part: &Timeline,
    whole: Span,
    plays: Span,
) -> Recording {
    let to = plays.to.map_or(MediaTime::from_ticks(plays.from), MediaTime::from_ticks);
    let length = part.within(MediaTime::from_ticks(plays.from), to).duration();
    let clock = |position| part.wall(position).and_then(|wall| i64::try_from(wall.0 / 1_000).ok());
    let started_at = clock(MediaDuration::default()).map_or(recording.started_at, Timestamp::from_millis);
    Recording {
        recorded: whole,
        plays,
        started_at,
        ended_at: clock(part.duration()).map(Timestamp::from_millis).or(recording.ended_at),
        duration_ms: Some(millis(length)),
        recorded_ms: Some(millis(part.duration())),
        size_bytes: recording.size_bytes.map(|size| share(size, part.duration(), recorded.duration())),
        ..unmeasured(recording)
    }
}

/// The same, and how it sounds is to be measured anew: something else plays now.
fn unmeasured(recording: &Recording) -> Recording {
    Recording { loudness_milli: None, loudness_range_milli: None, analysed_at: None, ..recording.clone() }
}

/// What `part` of `whole` takes when that takes `size`: all of it has nearly the same bitrate.
fn share(size: i64, part: MediaDuration, whole: MediaDuration) -> i64 {
    let share = i128::from(size) * i128::from(part.ticks()) / i128::from(whole.ticks().max(1));
    i64::try_from(share).unwrap_or(i64::MAX)
}

fn plays(recording: &Recording, recorded: &Timeline) -> Result<Timeline, CutError> {
    Ok(recorded.within(MediaTime::from_ticks(recording.plays.from), end_of(recording)?))
}

fn end_of(recording: &Recording) -> Result<MediaTime, CutError> {
    recording.plays.to.map(MediaTime::from_ticks).ok_or(CutError::NoSound)
}

fn whole(recording: &Recording) -> Result<(MediaTime, MediaTime), CutError> {
    let to = recording.recorded.to.ok_or(CutError::NoSound)?;
    Ok((MediaTime::from_ticks(recording.recorded.from), MediaTime::from_ticks(to)))
}

const fn span(from: MediaTime, to: MediaTime) -> Span {
    Span { from: from.ticks(), to: Some(to.ticks()) }
}

/// To the nearest millisecond.
const fn millis(length: MediaDuration) -> i64 {
    ((length.ticks() + 24) / 48) as i64
}

#[cfg(test)]
mod tests {
    use packager::WallClock;
    use store::RecordingStatus;

    use super::super::Piece;
    use super::*;

    const SECOND: u64 = 48_000;

    /// A minute of sound from second 10 of a run on, with ten seconds of nothing after its first half.
    fn made() -> (Recording, Timeline) {
        let piece = |at: u64, seconds: u64| Piece {
            from: MediaTime::from_ticks(at * SECOND),
            frames: seconds * SECOND,
            wall: WallClock((1_000 + at) * 1_000_000),
        };
        let span = Span { from: 10 * SECOND, to: Some(80 * SECOND) };
        let recording = Recording {
            id: "whole".into(),
            broadcast_id: "b".into(),
            run: "r1".into(),
            kind: RecordingKind::Recording,
            parent_id: None,
            title: "News".into(),
            published: true,
            preview_key: None,
            status: RecordingStatus::Ready,
            plays: span,
            recorded: span,
            started_at: Timestamp::from_millis(1_010_000),
            ended_at: Some(Timestamp::from_millis(1_080_000)),
            duration_ms: Some(60_000),
            recorded_ms: Some(60_000),
            size_bytes: Some(600),
            loudness_milli: Some(-16_000),
            loudness_range_milli: Some(5_000),
            analysed_at: Some(Timestamp::from_millis(1_090_000)),
            transcript_id: None,
            version: 3,
            created_at: Timestamp::from_millis(1_010_000),
            updated_at: Timestamp::from_millis(1_080_000),
        };
        (recording, Timeline::new([piece(10, 30), piece(50, 30)]))
    }

    fn measured(it: &Recording) -> (Option<i64>, Option<i64>, Option<Timestamp>) {
        (it.loudness_milli, it.loudness_range_milli, it.analysed_at)
    }

    fn at(second: u64) -> MediaDuration {
        MediaDuration::from_ticks(second * SECOND)
    }

    fn seconds_of(span: Span) -> (u64, u64) {
        (span.from / SECOND, span.to.unwrap() / SECOND)
    }

    #[test]
    fn trimming_moves_the_ends_and_can_be_undone() {
        let (recording, timeline) = made();
        let trimmed = trim(&recording, &timeline, Some(at(20)), Some(at(40))).unwrap();
        assert_eq!((seconds_of(trimmed.plays), trimmed.duration_ms), ((30, 60), Some(20_000)));
        assert_eq!(trimmed.recorded, recording.recorded);
        assert_eq!(measured(&trimmed), (None, None, None), "it is measured anew");
        // Up to where the sound stops, and no further.
        let trimmed = trim(&trimmed, &timeline, None, Some(at(30))).unwrap();
        assert_eq!((seconds_of(trimmed.plays), trimmed.duration_ms), ((10, 40), Some(30_000)));
        let undone = trim(&trimmed, &timeline, None, None).unwrap();
        assert_eq!((undone.plays, undone.duration_ms), (recording.plays, recording.duration_ms));
    }

    #[test]
    fn what_is_split_is_there_once() {
        let (recording, timeline) = made();
        let trimmed = trim(&recording, &timeline, Some(at(10)), Some(at(50))).unwrap();
        let (first, second) = split(&trimmed, &timeline, at(25), "second".into()).unwrap();
        assert_eq!((seconds_of(first.recorded), seconds_of(first.plays)), ((10, 55), (20, 55)));
        assert_eq!((seconds_of(second.recorded), seconds_of(second.plays)), ((55, 80), (55, 70)));
        assert_eq!((first.duration_ms, second.duration_ms), (Some(25_000), Some(15_000)));
        assert_eq!((first.recorded_ms, second.recorded_ms), (Some(35_000), Some(25_000)));
        assert_eq!((first.size_bytes, second.size_bytes), (Some(350), Some(250)));
        assert_eq!((measured(&first), measured(&second)), ((None, None, None), (None, None, None)));
        assert_eq!(first.ended_at, Some(Timestamp::from_millis(1_055_000)));
        assert_eq!(second.started_at, Timestamp::from_millis(1_055_000));
        assert_eq!(
            (first.id.as_str(), second.id.as_str(), second.parent_id.as_deref()),
            ("whole", "second", Some("whole"))
        );
        // Where there is no sound both parts end at it.
        let (first, second) = split(&recording, &timeline, at(30), "second".into()).unwrap();
        assert_eq!((seconds_of(first.plays), seconds_of(second.plays)), ((10, 40), (50, 80)));
    }

    #[test]
    fn a_clip_is_a_range_of_what_plays() {
        let (recording, timeline) = made();
        let trimmed = trim(&recording, &timeline, Some(at(10)), None).unwrap();
        let named = ("clip".to_owned(), "The best of it".to_owned());
        let now = Timestamp::from_millis(9_000_000);
        let clip = clip(&trimmed, &timeline, (at(5), at(25)), named, now).unwrap();
        assert_eq!((seconds_of(clip.recorded), clip.plays), ((25, 55), clip.recorded));
        assert_eq!(
            (clip.duration_ms, clip.recorded_ms, clip.size_bytes),
            (Some(20_000), Some(20_000), Some(200))
        );
        assert_eq!(
            (clip.kind, clip.parent_id.as_deref(), clip.created_at),
            (RecordingKind::Clip, Some("whole"), now)
        );
        assert_eq!((clip.started_at.as_millis(), measured(&clip)), (1_025_000, (None, None, None)));
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let (recording, timeline) = made();
        let trimmed = |start, end| trim(&recording, &timeline, start, end).unwrap_err();
        assert_eq!(trimmed(Some(at(61)), None), CutError::Outside(60.0));
        assert_eq!(trimmed(None, Some(at(61))), CutError::Outside(60.0));
        assert_eq!(trimmed(Some(at(20)), Some(at(10))), CutError::TooShort);
        assert_eq!(
            trimmed(Some(at(20)), Some(MediaDuration::from_ticks(21 * SECOND - 1))),
            CutError::TooShort
        );
        for second in [0, 60] {
            assert_eq!(split(&recording, &timeline, at(second), "x".into()).unwrap_err(), CutError::TooShort);
        }
        assert_eq!(split(&recording, &timeline, at(61), "x".into()).unwrap_err(), CutError::Outside(60.0));
        assert_eq!(trim(&recording, &Timeline::default(), None, None).unwrap_err(), CutError::NoSound);
        let making = Recording { recorded: Span { from: 0, to: None }, ..recording };
        assert_eq!(trim(&making, &timeline, None, None).unwrap_err(), CutError::NoSound);
    }
}
