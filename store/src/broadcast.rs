//! A broadcast as it is remembered.

use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::row::{Columns, json};
use crate::search;
use crate::secret::Secret;
use crate::sql::Sql;
use crate::time::Timestamp;

/// A broadcast.
#[derive(Clone, Debug)]
pub struct Broadcast {
    /// A UUIDv7, but for the built-in ones: `studio`, `demo`.
    pub id: String,
    /// Unique; the slug by which its room is found.
    pub room_name: String,
    /// Whose it is.
    pub host_id: String,
    /// What it is called.
    pub title: String,
    /// What it is about; may be empty.
    pub description: String,
    /// Words to find it by, as they were given.
    pub tags: Vec<String>,
    /// A picture elsewhere, or the path of its own.
    pub cover_url: Option<String>,
    /// Who may find and hear it.
    pub visibility: Visibility,
    /// How far listeners stay behind: `ultra`, `low`, `standard`.
    pub latency_mode: String,
    /// What sound it is made for: `voice`, `standard`, `music`.
    pub audio_profile: String,
    /// How long it stays on air without a publisher.
    pub publisher_grace_seconds: u32,
    /// When it is meant to begin.
    pub scheduled_start: Option<Timestamp>,
    /// The IANA time zone in which `recurrence` is meant.
    pub timezone: Option<String>,
    /// How it repeats, as an RFC 5545 recurrence rule.
    pub recurrence: Option<String>,
    /// The series that it is an occurrence of.
    pub series_id: Option<String>,
    /// The start that the rule of the series gave it; it stays when it is moved.
    pub occurrence_start: Option<Timestamp>,
    /// How long it is meant to last.
    pub duration_seconds: Option<u32>,
    /// Does it go on air at its planned start, whether or not somebody publishes?
    pub start_on_time: bool,
    /// Does it end when it has lasted as long as it is meant to?
    pub end_on_time: bool,
    /// How many seconds before the start followers are reminded.
    pub reminder_offsets: Vec<u32>,
    /// Does a recording remain?
    pub recording_enabled: bool,
    /// How many may speak at once.
    pub max_speakers: u32,
    /// Is a second publisher refused?
    pub single_publisher: bool,
    /// Does the first publisher put it on air?
    pub auto_start: bool,
    /// Is noise around the voices of the stage suppressed?
    pub noise_suppression: bool,
    /// Is the programme's loudness held?
    pub levelling: bool,
    /// Is each speaker of a recording kept by themselves, too?
    pub record_tracks: bool,
    /// Where it is in its life.
    pub status: Status,
    /// What publishers show; kept as it is, since its owner may read it again.
    pub stream_key: Secret,
    /// The run that is, or was last, on air.
    pub run: Option<String>,
    /// When it last went on air.
    pub started_at: Option<Timestamp>,
    /// When it last ended.
    pub ended_at: Option<Timestamp>,
    /// The most that listened at once.
    pub peak_listeners: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed; set by [`Broadcasts::update`](crate::Broadcasts::update).
    pub updated_at: Timestamp,
}

/// Words of a closed set, each with the name that the API and the store use.
macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$of:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum $type { $($(#[$of])* $variant,)+ }

        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word for it in the API and in the store.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The one with this [name](Self::name).
            pub fn of(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Who may find and hear a broadcast.
    Visibility {
        /// Everybody; it is listed.
        Public = "public",
        /// Everybody who has its address.
        Unlisted = "unlisted",
        /// Its host and members.
        Private = "private",
    }
}

words! {
    /// Where a broadcast is in its life.
    Status {
        /// Not yet on air.
        Scheduled = "scheduled",
        /// On air.
        Live = "live",
        /// It was on air.
        Ended = "ended",
        /// It will not be.
        Cancelled = "cancelled",
    }
}

impl Broadcast {
    /// Where it stands among those of its status, smallest first: on air, the latest start; ended, the latest end;
    /// planned, the next to begin, and then what has no date, newest first.
    pub(crate) fn list_rank(&self) -> i64 {
        let made = self.created_at.as_millis();
        match self.status {
            Status::Scheduled => self.scheduled_start.map_or(FAR - made, Timestamp::as_millis),
            Status::Live => -self.started_at.map_or(made, Timestamp::as_millis),
            Status::Ended => -self.ended_at.map_or(made, Timestamp::as_millis),
            Status::Cancelled => -self.updated_at.as_millis(),
        }
    }

    /// The terms by which it is found, its host's words aside.
    pub(crate) fn terms(&self) -> Vec<String> {
        let mut terms = search::words(&format!("{} {}", self.tags.join(" "), self.title));
        terms.extend(self.tags.iter().map(|tag| search::tag_term(tag)));
        terms.sort_unstable();
        terms.dedup();
        terms
    }

    pub(crate) fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            room_name: row.text("room_name")?,
            host_id: row.text("host_id")?,
            title: row.text("title")?,
            description: row.text("description")?,
            tags: row.json("tags")?,
            cover_url: row.optional_text("cover_url")?,
            visibility: row.word("visibility", Visibility::of)?,
            latency_mode: row.text("latency_mode")?,
            audio_profile: row.text("audio_profile")?,
            publisher_grace_seconds: row.count("publisher_grace_seconds")?,
            scheduled_start: row.optional_time("scheduled_start")?,
            timezone: row.optional_text("timezone")?,
            recurrence: row.optional_text("recurrence")?,
            series_id: row.optional_text("series_id")?,
            occurrence_start: row.optional_time("occurrence_start")?,
            duration_seconds: row.optional_count("duration_seconds")?,
            start_on_time: row.flag("start_on_time")?,
            end_on_time: row.flag("end_on_time")?,
            reminder_offsets: row.json("reminder_offsets")?,
            recording_enabled: row.flag("recording_enabled")?,
            max_speakers: row.count("max_speakers")?,
            single_publisher: row.flag("single_publisher")?,
            auto_start: row.flag("auto_start")?,
            noise_suppression: row.flag("noise_suppression")?,
            levelling: row.flag("levelling")?,
            record_tracks: row.flag("record_tracks")?,
            status: row.word("status", Status::of)?,
            stream_key: row.secret("stream_key")?,
            run: row.optional_text("run")?,
            started_at: row.optional_time("started_at")?,
            ended_at: row.optional_time("ended_at")?,
            peak_listeners: row.count("peak_listeners")?,
            created_at: row.time("created_at")?,
            updated_at: row.time("updated_at")?,
        })
    }

    /// The values of [`COLUMNS`], and of `list_rank` after them, in brackets.
    pub(crate) fn push_values(&self, sql: &mut Sql) {
        sql.push("(").text(&self.id).push(", ").text(&self.room_name).push(", ").text(&self.host_id);
        sql.push(", ").text(&self.title).push(", ").text(&self.description).push(", ").text(json(&self.tags));
        sql.push(", ").optional_text(self.cover_url.as_deref()).push(", ").text(self.visibility.name());
        sql.push(", ").text(&self.latency_mode).push(", ").text(&self.audio_profile);
        sql.push(", ").number(self.publisher_grace_seconds.into());
        sql.push(", ").optional_time(self.scheduled_start).push(", ").optional_text(self.timezone.as_deref());
        sql.push(", ").optional_text(self.recurrence.as_deref());
        sql.push(", ").optional_text(self.series_id.as_deref());
        sql.push(", ").optional_time(self.occurrence_start);
        sql.push(", ").optional_number(self.duration_seconds.map(Into::into));
        sql.push(", ").flag(self.start_on_time).push(", ").flag(self.end_on_time);
        sql.push(", ").text(json(&self.reminder_offsets)).push(", ").flag(self.recording_enabled);
        sql.push(", ").number(self.max_speakers.into()).push(", ").flag(self.single_publisher);
        sql.push(", ").flag(self.auto_start).push(", ").flag(self.noise_suppression);
        sql.push(", ").flag(self.levelling).push(", ").flag(self.record_tracks);
        sql.push(", ").text(self.status.name());
        sql.push(", ").text(self.stream_key.expose()).push(", ").optional_text(self.run.as_deref());
        sql.push(", ").optional_time(self.started_at).push(", ").optional_time(self.ended_at);
        sql.push(", ").number(self.peak_listeners.into()).push(", ").time(self.created_at);
        sql.push(", ").time(self.updated_at).push(", ").number(self.list_rank()).push(")");
    }
}

/// Every column but `list_rank`, of a table called `b`.
pub(crate) const COLUMNS: &str = "b.id, b.room_name, b.host_id, b.title, b.description, b.tags, b.cover_url, \
    b.visibility, b.latency_mode, b.audio_profile, b.publisher_grace_seconds, b.scheduled_start, b.timezone, \
    b.recurrence, b.series_id, b.occurrence_start, b.duration_seconds, b.start_on_time, b.end_on_time, \
    b.reminder_offsets, b.recording_enabled, b.max_speakers, b.single_publisher, b.auto_start, \
    b.noise_suppression, b.levelling, b.record_tracks, b.status, b.stream_key, b.run, b.started_at, b.ended_at, b.peak_listeners, b.created_at, b.updated_at";

/// Every column, for writing.
pub(crate) const WRITTEN: &str = "(id, room_name, host_id, title, description, tags, cover_url, visibility, \
    latency_mode, audio_profile, publisher_grace_seconds, scheduled_start, timezone, recurrence, \
    series_id, occurrence_start, duration_seconds, start_on_time, end_on_time, reminder_offsets, recording_enabled, max_speakers, single_publisher, auto_start, noise_suppression, levelling, record_tracks, \
    status, stream_key, run, started_at, ended_at, peak_listeners, created_at, updated_at, list_rank)";

/// Later in milliseconds than any date that somebody plans.
const FAR: i64 = 1 << 52;
