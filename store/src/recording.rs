//! What remains of a broadcast, as it is remembered.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::broadcast::{Visibility, words};
use crate::error::StoreError;
use crate::row::{Columns, unreadable};
use crate::search;
use crate::secret::Secret;
use crate::sql::Sql;
use crate::time::Timestamp;
use crate::users::HostCard;

words! {
    /// How far a recording is.
    RecordingStatus {
        /// It is being made: its run is on air.
        Recording = "recording",
        /// It can be heard.
        Ready = "ready",
        /// It cannot be: there is no sound in it.
        Failed = "failed",
    }
}

words! {
    /// What kind of recording it is.
    RecordingKind {
        /// What was recorded, or a part of it that was split off.
        Recording = "recording",
        /// A range of a recording, with an address of its own.
        Clip = "clip",
    }
}

/// A stretch of a run's timeline, in frames at 48 kHz.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// Its first frame.
    pub from: u64,
    /// The frame after its last; none while it is being recorded.
    pub to: Option<u64>,
}

/// A recording of a stretch of a run, or a clip of one. No sound is in it: that stays with the run.
#[derive(Clone, Debug)]
pub struct Recording {
    /// A UUIDv7.
    pub id: String,
    /// Of what.
    pub broadcast_id: String,
    /// Of which run; a run may have several.
    pub run: String,
    /// A recording or a clip.
    pub kind: RecordingKind,
    /// The recording that it is a clip of, or was split from, where there still is one.
    pub parent_id: Option<String>,
    /// What it is called: at first what its broadcast was called.
    pub title: String,
    /// May whoever may hear its broadcast hear it?
    pub published: bool,
    /// The name under which its host hears it while it is not published; whoever knows it hears it.
    pub preview_key: Option<Secret>,
    /// How far it is.
    pub status: RecordingStatus,
    /// What plays now; inside of `recorded`.
    pub plays: Span,
    /// What was recorded. Trimming moves [`Recording::plays`] within it.
    pub recorded: Span,
    /// The wall clock where `recorded` begins.
    pub started_at: Timestamp,
    /// The wall clock where `recorded` ends.
    pub ended_at: Option<Timestamp>,
    /// How long it plays now.
    pub duration_ms: Option<i64>,
    /// How long all that was recorded plays.
    pub recorded_ms: Option<i64>,
    /// What the files of all that was recorded take.
    pub size_bytes: Option<i64>,
    /// Integrated loudness in thousandths of a LUFS; not known until it is analysed.
    pub loudness_milli: Option<i64>,
    /// Loudness range in thousandths of a LU; not known until it is analysed, nor of silence and of less than 3 s.
    pub loudness_range_milli: Option<i64>,
    /// When it was analysed.
    pub analysed_at: Option<Timestamp>,
    /// What was said in it, where somebody attached that: [`Transcript::id`](crate::Transcript::id).
    pub transcript_id: Option<String>,
    /// Counts its changes; see [`Recordings::replace`](crate::Recordings::replace).
    pub version: i64,
    /// When it was noted.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What is known of a recording when it opens, and again, with its end, when it closes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordingFacts {
    /// A UUIDv7.
    pub id: String,
    /// Of what.
    pub broadcast_id: String,
    /// Of which run.
    pub run: String,
    /// Its first frame on the run's timeline, at 48 kHz.
    pub from_frames: u64,
    /// The frame after its last; none while it is being made.
    pub to_frames: Option<u64>,
    /// The wall clock at its first frame.
    pub started_at: Timestamp,
    /// The wall clock at its end.
    pub ended_at: Option<Timestamp>,
    /// How long it plays. A recording that closes with nothing to play has failed.
    pub duration_ms: Option<i64>,
    /// What its files take.
    pub size_bytes: Option<i64>,
}

/// How a recording sounds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Heard {
    /// Integrated loudness in thousandths of a LUFS.
    pub loudness_milli: i64,
    /// Loudness range in thousandths of a LU; none of silence and of less than 3 s.
    pub range_milli: Option<i64>,
}

/// A recording as lists show it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The recording.
    pub recording: Recording,
    /// What its broadcast is called now.
    pub broadcast_title: String,
    /// What its broadcast is about.
    pub broadcast_description: String,
    /// Its broadcast's picture.
    pub cover_url: Option<String>,
    /// Who may hear its broadcast.
    pub visibility: Visibility,
    /// Whose it is.
    pub host: HostCard,
    /// Its transcript, where it has one.
    pub transcript: Option<TranscriptCard>,
}

/// What lists know of a transcript.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TranscriptCard {
    /// Whether there are times in it.
    pub timed: bool,
    /// A BCP 47 language tag, where somebody said it.
    pub language: Option<String>,
}

impl Recording {
    /// What `facts` say, of a broadcast that is called `title`.
    pub(crate) fn of(facts: &RecordingFacts, title: String, at: Timestamp) -> Self {
        let span = Span { from: facts.from_frames, to: facts.to_frames };
        Self {
            id: facts.id.clone(),
            broadcast_id: facts.broadcast_id.clone(),
            run: facts.run.clone(),
            kind: RecordingKind::Recording,
            parent_id: None,
            title,
            published: true,
            preview_key: None,
            status: facts.status(),
            plays: span,
            recorded: span,
            started_at: facts.started_at,
            ended_at: facts.ended_at,
            duration_ms: facts.duration_ms,
            recorded_ms: facts.duration_ms,
            size_bytes: facts.size_bytes,
            loudness_milli: None,
            loudness_range_milli: None,
            analysed_at: None,
            transcript_id: None,
            version: 0,
            created_at: at,
            updated_at: at,
        }
    }

    pub(crate) fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            broadcast_id: row.text("broadcast_id")?,
            run: row.text("run")?,
            kind: row.word("kind", RecordingKind::of)?,
            parent_id: row.optional_text("parent_id")?,
            title: row.text("title")?,
            published: row.flag("published")?,
            preview_key: row.optional_text("preview_key")?.map(Secret::new),
            status: row.word("status", RecordingStatus::of)?,
            plays: span(row, "from_frames", "to_frames")?,
            recorded: span(row, "recorded_from", "recorded_to")?,
            started_at: row.time("started_at")?,
            ended_at: row.optional_time("ended_at")?,
            duration_ms: row.optional_number("duration_ms")?,
            recorded_ms: row.optional_number("recorded_ms")?,
            size_bytes: row.optional_number("size_bytes")?,
            loudness_milli: row.optional_number("loudness_milli")?,
            loudness_range_milli: row.optional_number("loudness_range_milli")?,
            analysed_at: row.optional_time("analysed_at")?,
            transcript_id: row.optional_text("transcript_id")?,
            version: row.number("version")?,
            created_at: row.time("created_at")?,
            updated_at: row.time("updated_at")?,
        })
    }

    /// The values of [`WRITTEN`], in brackets.
    pub(crate) fn push_values(&self, sql: &mut Sql) {
        sql.push("(").text(&self.id).push(", ").text(&self.broadcast_id).push(", ").text(&self.run);
        sql.push(", ").text(self.kind.name()).push(", ").optional_text(self.parent_id.as_deref());
        sql.push(", ").text(&self.title).push(", ").text(folded(&self.title));
        sql.push(", ").flag(self.published);
        sql.push(", ").optional_text(self.preview_key.as_ref().map(Secret::expose));
        sql.push(", ").text(self.status.name());
        for span in [self.plays, self.recorded] {
            sql.push(", ").number(number(span.from)).push(", ").optional_number(span.to.map(number));
        }
        sql.push(", ").time(self.started_at).push(", ").optional_time(self.ended_at);
        sql.push(", ").optional_number(self.duration_ms).push(", ").optional_number(self.recorded_ms);
        sql.push(", ").optional_number(self.size_bytes).push(", ").optional_number(self.loudness_milli);
        sql.push(", ").optional_number(self.loudness_range_milli);
        sql.push(", ").optional_time(self.analysed_at);
        sql.push(", ").optional_text(self.transcript_id.as_deref()).push(", ").number(self.version);
        sql.push(", ").time(self.created_at).push(", ").time(self.updated_at).push(")");
    }
}

impl RecordingFacts {
    /// How far the recording is.
    pub fn status(&self) -> RecordingStatus {
        match self.to_frames {
            None => RecordingStatus::Recording,
            Some(to) if to > self.from_frames && self.duration_ms != Some(0) => RecordingStatus::Ready,
            Some(_) => RecordingStatus::Failed,
        }
    }
}

impl Recorded {
    pub(crate) fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            recording: Recording::read(row)?,
            broadcast_title: row.text("broadcast_title")?,
            broadcast_description: row.text("broadcast_description")?,
            cover_url: row.optional_text("cover_url")?,
            visibility: row.word("visibility", Visibility::of)?,
            host: HostCard {
                id: row.text("host_id")?,
                username: row.text("host_username")?,
                display_name: row.text("host_display_name")?,
                avatar_url: row.optional_text("host_avatar_url")?,
            },
            transcript: match row.optional_number("transcript_timed")? {
                Some(timed) => Some(TranscriptCard {
                    timed: timed != 0,
                    language: row.optional_text("transcript_language")?,
                }),
                None => None,
            },
        })
    }
}

/// The columns of a table called `r` that are read.
macro_rules! columns {
    () => {
        "r.id, r.broadcast_id, r.run, r.kind, r.parent_id, r.title, r.published, r.preview_key, r.status, \
         r.from_frames, r.to_frames, r.recorded_from, r.recorded_to, r.started_at, r.ended_at, r.duration_ms, \
         r.recorded_ms, r.size_bytes, r.loudness_milli, r.loudness_range_milli, r.analysed_at, \
         r.transcript_id, r.version, r.created_at, r.updated_at"
    };
}

/// Every column of a table called `r` that is read.
pub(crate) const COLUMNS: &str = columns!();

/// The same, and those of its broadcast `b` and its host `u`.
pub(crate) const LISTED: &str = concat!(
    columns!(),
    ", b.title AS broadcast_title, b.description AS broadcast_description, b.cover_url, b.visibility, b.host_id, \
     u.username AS host_username, u.display_name AS host_display_name, u.avatar_url AS host_avatar_url, \
     (SELECT t.timed FROM transcripts t WHERE t.id = r.transcript_id) AS transcript_timed, \
     (SELECT t.language FROM transcripts t WHERE t.id = r.transcript_id) AS transcript_language"
);

/// Every column, for writing.
pub(crate) const WRITTEN: &str = "(id, broadcast_id, run, kind, parent_id, title, words, published, preview_key, \
    status, from_frames, to_frames, recorded_from, recorded_to, started_at, ended_at, duration_ms, recorded_ms, \
    size_bytes, loudness_milli, loudness_range_milli, analysed_at, transcript_id, version, created_at, updated_at)";

/// The words of a title so that `% word%` finds those that begin with it.
fn folded(title: &str) -> String {
    search::words(title).iter().fold(String::new(), |folded, word| folded + " " + word)
}

fn span(row: &AnyRow, from: &str, to: &str) -> Result<Span, StoreError> {
    let frames = |name: &str, frames: i64| u64::try_from(frames).map_err(|_| unreadable(name));
    Ok(Span {
        from: frames(from, row.number(from)?)?,
        to: row.optional_number(to)?.map(|end| frames(to, end)).transpose()?,
    })
}

/// Frames as the database keeps them: six million years fit.
pub(crate) fn number(frames: u64) -> i64 {
    i64::try_from(frames).unwrap_or(i64::MAX)
}
