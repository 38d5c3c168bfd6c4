//! What a broadcast may be called and how it may be set up: the fields of a request, checked and taken over.

use std::time::Duration;

use jiff::tz::TimeZone;
use packager::LatencyMode;
use serde::Deserialize;
use store::{Broadcast, Secret, Status, Timestamp, Visibility};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::api::body::present;
use crate::api::error::Faults;
use crate::schedule::Rule;

/// Longest title, in characters.
pub const TITLE_MAX: usize = 120;
/// Longest description, in characters.
pub const DESCRIPTION_MAX: usize = 5_000;
/// Most tags, and the longest, in characters.
pub const TAGS_MAX: usize = 10;
/// See [`TAGS_MAX`].
pub const TAG_MAX: usize = 32;
/// Longest address of a cover, in bytes.
pub const COVER_URL_MAX: usize = 2_048;
/// Longest grace: a day.
pub const GRACE_MAX: u32 = 86_400;
/// Most reminders.
pub const REMINDERS_MAX: usize = 10;
/// Earliest reminder: thirty days before.
pub const REMINDER_MAX: u32 = 30 * 86_400;
/// Most publishers at a time: each costs a decoder, and more voices than these nobody tells apart.
pub const SPEAKERS_MAX: u32 = 16;
/// Shortest and longest that a broadcast is planned to last, in seconds: a minute, a day.
pub const DURATION: std::ops::RangeInclusive<u32> = 60..=86_400;
/// How far ahead a broadcast is planned at the most: two years.
pub const FAR: Duration = Duration::from_hours(731 * 24);
/// How long ago a planned start may lie: what somebody plans for now is not refused because it took a moment.
const JUST_NOW: Duration = Duration::from_mins(1);
/// Longest name of a time zone: the longest there is has 32.
const TIMEZONE_MAX: usize = 64;
/// Shortest and longest name of a room.
const ROOM_NAME: std::ops::RangeInclusive<usize> = 3..=64;

/// What a request says of a broadcast. What it leaves out stays as it is, or as it is by default.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = BroadcastChanges)]
pub struct Changes {
    /// What it is called.
    #[schema(min_length = 1, max_length = 120)]
    pub title: Option<String>,
    /// What it is about.
    #[schema(max_length = 5000)]
    pub description: Option<String>,
    /// Words to find it by, each of 1 to 32 characters.
    #[schema(max_items = 10)]
    pub tags: Option<Vec<String>>,
    /// A picture elsewhere, by https; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 2048, pattern = "^https://[a-z0-9]")]
    pub cover_url: Option<Option<String>>,
    /// Who may find and hear it.
    pub visibility: Option<Seen>,
    /// How far listeners stay behind; holds from the next run.
    pub latency_mode: Option<Latency>,
    /// The sound it is made for; holds from the next run.
    pub audio_profile: Option<Profile>,
    /// How long it stays on air without a publisher.
    #[schema(maximum = 86400)]
    pub publisher_grace_seconds: Option<u32>,
    /// When it is meant to begin: not in the past, and at most two years ahead; null for no date.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub scheduled_start_time: Option<Option<jiff::Timestamp>>,
    /// The IANA time zone in which it repeats.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "Europe/Berlin")]
    pub timezone: Option<Option<String>>,
    /// How it repeats: an RFC 5545 recurrence rule. Each occurrence becomes a broadcast of its own; null ends it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, example = "FREQ=WEEKLY;BYDAY=MO")]
    pub recurrence: Option<Option<String>>,
    /// How long it is meant to last, in seconds; null where that is open.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 60, maximum = 86400)]
    pub duration_seconds: Option<Option<u32>>,
    /// Does it go on air at its planned start, in silence until somebody publishes?
    pub start_on_time: Option<bool>,
    /// Does it end when it has lasted `durationSeconds`?
    pub end_on_time: Option<bool>,
    /// How many seconds before the start followers are reminded.
    #[schema(max_items = 10)]
    pub reminder_offsets: Option<Vec<u32>>,
    /// Does a recording remain?
    pub recording_enabled: Option<bool>,
    /// How many may publish at once, where more than one may.
    #[schema(minimum = 1, maximum = 16)]
    pub max_speakers: Option<u32>,
    /// Is a second publisher refused?
    pub single_publisher: Option<bool>,
    /// Does the first publisher put it on air?
    pub auto_start: Option<bool>,
    /// Is noise around the voices of the stage suppressed? Whoever publishes by WHIP or RTMP is left as they are. A change is
    /// heard at once.
    pub noise_suppression: Option<bool>,
    /// Is the programme's gain ridden towards -16 LUFS? A change is heard at once, and the gain moves slowly.
    pub levelling: Option<bool>,
    /// Is each speaker kept by themselves, too, while it is recorded? A change takes effect when it goes on air again.
    pub record_tracks: Option<bool>,
    /// The name by which its room is found: 3 to 64 of a-z, 0-9 and -.
    #[schema(min_length = 3, max_length = 64, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub room_name: Option<String>,
}

/// The same of a broadcast that is yet to be made: it has a title.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Draft(Changes);

impl PartialSchema for Draft {
    fn schema() -> RefOr<Schema> {
        let mut schema = Changes::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required.push("title".to_owned());
        }
        schema
    }
}

impl ToSchema for Draft {
    fn name() -> std::borrow::Cow<'static, str> {
        "NewBroadcast".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Changes::schemas(schemas);
    }
}

/// Words of the API, each for a word of the store.
macro_rules! words {
    ($(#[$doc:meta])* $type:ident as $name:ident -> $of:ty { $($variant:ident => $value:expr,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, ToSchema)]
        #[serde(rename_all = "lowercase")]
        #[schema(as = $name)]
        #[expect(missing_docs, reason = "each is the word that it is")]
        pub enum $type { $($variant,)+ }

        impl From<$type> for $of {
            fn from(word: $type) -> Self {
                match word { $($type::$variant => $value,)+ }
            }
        }
    };
}

words! {
    /// Who may find and hear a broadcast.
    Seen as Visibility -> Visibility {
        Public => Visibility::Public,
        Unlisted => Visibility::Unlisted,
        Private => Visibility::Private,
    }
}

words! {
    /// How far listeners stay behind.
    Latency as LatencyMode -> LatencyMode {
        Ultra => LatencyMode::Ultra,
        Low => LatencyMode::Low,
        Standard => LatencyMode::Standard,
    }
}

words! {
    /// The sound a broadcast is made for.
    Profile as AudioProfile -> media::AudioProfile {
        Voice => media::AudioProfile::Voice,
        Standard => media::AudioProfile::Standard,
        Music => media::AudioProfile::Music,
    }
}

impl Draft {
    /// The fields, with faults where they do not fit; a title must be there.
    pub fn check(self, faults: &mut Faults, now: Timestamp) -> Changes {
        let mut changes = self.0;
        faults.check(changes.title.is_some(), "title", "is missing");
        changes.check(faults, now);
        changes
    }
}

impl Changes {
    /// Trims texts, and notes what does not fit at `now`.
    pub fn check(&mut self, faults: &mut Faults, now: Timestamp) {
        if let Some(title) = &mut self.title {
            *title = title.trim().to_owned();
            let fits =
                (1..=TITLE_MAX).contains(&title.chars().count()) && !title.chars().any(char::is_control);
            faults.check(fits, "title", format!("must have 1 to {TITLE_MAX} characters on one line"));
        }
        if let Some(description) = &self.description {
            let fits = description.chars().count() <= DESCRIPTION_MAX;
            faults.check(fits, "description", format!("must have at most {DESCRIPTION_MAX} characters"));
        }
        self.check_tags(faults);
        if let Some(Some(url)) = &self.cover_url {
            let https = url::Url::parse(url).is_ok_and(|url| url.scheme() == "https" && url.has_host());
            let fits = url.len() <= COVER_URL_MAX && https;
            faults.check(
                fits,
                "coverUrl",
                format!("must be an https address of at most {COVER_URL_MAX} bytes"),
            );
        }
        if let Some(grace) = self.publisher_grace_seconds {
            faults.check(grace <= GRACE_MAX, "publisherGraceSeconds", format!("must be 0 to {GRACE_MAX}"));
        }
        self.check_dates(faults, now);
        if let Some(speakers) = self.max_speakers {
            let fits = (1..=SPEAKERS_MAX).contains(&speakers);
            faults.check(fits, "maxSpeakers", format!("must be 1 to {SPEAKERS_MAX}"));
        }
        if let Some(name) = &self.room_name {
            faults.check(
                is_slug(name),
                "roomName",
                "must have 3 to 64 of a-z, 0-9 and single - between them",
            );
        }
    }

    fn check_tags(&mut self, faults: &mut Faults) {
        let Some(tags) = &mut self.tags else { return };
        faults.check(tags.len() <= TAGS_MAX, "tags", format!("must be at most {TAGS_MAX}"));
        let mut known: Vec<String> = Vec::new();
        for (index, tag) in std::mem::take(tags).into_iter().enumerate().take(TAGS_MAX) {
            let tag = tag.trim().to_owned();
            let fits = (1..=TAG_MAX).contains(&tag.chars().count()) && !tag.chars().any(char::is_control);
            faults.check(fits, &format!("tags[{index}]"), format!("must have 1 to {TAG_MAX} characters"));
            let folded = tag.to_lowercase();
            if !known.contains(&folded) {
                known.push(folded);
                tags.push(tag);
            }
        }
    }

    fn check_dates(&self, faults: &mut Faults, now: Timestamp) {
        if let Some(Some(start)) = self.scheduled_start_time {
            let start = Timestamp::from_millis(start.as_millisecond());
            faults.check(start >= now.minus(JUST_NOW), "scheduledStartTime", "must not lie in the past");
            faults.check(start <= now.plus(FAR), "scheduledStartTime", "must lie at most two years ahead");
        }
        if let Some(Some(zone)) = &self.timezone {
            let fits = zone.len() <= TIMEZONE_MAX && TimeZone::get(zone).is_ok();
            faults.check(fits, "timezone", "must be the name of an IANA time zone such as Europe/Berlin");
        }
        if let Some(Some(rule)) = &self.recurrence
            && let Err(bad) = rule.parse::<Rule>()
        {
            faults.add("recurrence", bad.to_string());
        }
        if let Some(Some(seconds)) = self.duration_seconds {
            let (least, most) = (DURATION.start(), DURATION.end());
            let detail = format!("must be {least} to {most} seconds");
            faults.check(DURATION.contains(&seconds), "durationSeconds", detail);
        }
        if let Some(offsets) = &self.reminder_offsets {
            let fits = offsets.len() <= REMINDERS_MAX && offsets.iter().all(|offset| *offset <= REMINDER_MAX);
            let detail = format!("must be at most {REMINDERS_MAX} numbers of seconds up to {REMINDER_MAX}");
            faults.check(fits, "reminderOffsets", detail);
        }
    }

    /// The same but for dates and the name of the room, which are each occurrence's own.
    #[must_use]
    pub fn without_dates(&self) -> Self {
        Self { scheduled_start_time: None, timezone: None, recurrence: None, room_name: None, ..self.clone() }
    }

    /// Whether it says when something begins, or how it repeats.
    pub const fn has_dates(&self) -> bool {
        self.scheduled_start_time.is_some() || self.timezone.is_some() || self.recurrence.is_some()
    }

    /// Takes everything over that is there; it was checked.
    pub fn apply(self, row: &mut Broadcast) {
        let take = |to: &mut String, from: Option<String>| {
            if let Some(from) = from {
                *to = from;
            }
        };
        take(&mut row.title, self.title);
        take(&mut row.description, self.description);
        take(&mut row.room_name, self.room_name);
        take(&mut row.latency_mode, self.latency_mode.map(|mode| LatencyMode::from(mode).name().to_owned()));
        let profile = self.audio_profile.map(|profile| media::AudioProfile::from(profile).name().to_owned());
        take(&mut row.audio_profile, profile);
        row.tags = self.tags.unwrap_or(std::mem::take(&mut row.tags));
        row.cover_url = self.cover_url.unwrap_or(row.cover_url.take());
        row.visibility = self.visibility.map_or(row.visibility, Visibility::from);
        row.publisher_grace_seconds = self.publisher_grace_seconds.unwrap_or(row.publisher_grace_seconds);
        let start = self.scheduled_start_time;
        let start = start.map(|at| at.map(|at| Timestamp::from_millis(at.as_millisecond())));
        row.scheduled_start = start.unwrap_or(row.scheduled_start);
        row.timezone = self.timezone.unwrap_or(row.timezone.take());
        row.recurrence = self.recurrence.unwrap_or(row.recurrence.take());
        row.duration_seconds = self.duration_seconds.unwrap_or(row.duration_seconds);
        row.start_on_time = self.start_on_time.unwrap_or(row.start_on_time);
        row.end_on_time = self.end_on_time.unwrap_or(row.end_on_time);
        row.reminder_offsets = self.reminder_offsets.unwrap_or(std::mem::take(&mut row.reminder_offsets));
        row.recording_enabled = self.recording_enabled.unwrap_or(row.recording_enabled);
        row.max_speakers = self.max_speakers.unwrap_or(row.max_speakers);
        row.single_publisher = self.single_publisher.unwrap_or(row.single_publisher);
        row.auto_start = self.auto_start.unwrap_or(row.auto_start);
        row.noise_suppression = self.noise_suppression.unwrap_or(row.noise_suppression);
        row.levelling = self.levelling.unwrap_or(row.levelling);
        row.record_tracks = self.record_tracks.unwrap_or(row.record_tracks);
    }
}

/// A broadcast of which nothing has been said: everything by default, and its names empty.
pub fn blank() -> Broadcast {
    Broadcast {
        id: String::new(),
        room_name: String::new(),
        host_id: String::new(),
        title: String::new(),
        description: String::new(),
        tags: Vec::new(),
        cover_url: None,
        visibility: Visibility::Public,
        latency_mode: LatencyMode::Low.name().to_owned(),
        audio_profile: media::AudioProfile::Standard.name().to_owned(),
        publisher_grace_seconds: 300,
        scheduled_start: None,
        timezone: None,
        recurrence: None,
        series_id: None,
        occurrence_start: None,
        duration_seconds: None,
        start_on_time: false,
        end_on_time: false,
        reminder_offsets: Vec::new(),
        recording_enabled: true,
        max_speakers: 8,
        single_publisher: true,
        auto_start: true,
        noise_suppression: false,
        levelling: false,
        record_tracks: false,
        status: Status::Scheduled,
        stream_key: Secret::new(String::new()),
        run: None,
        started_at: None,
        ended_at: None,
        peak_listeners: 0,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    }
}

/// A room's name made of a title, and of the end of an id so that it is likely to be free.
pub fn room_name(title: &str, id: &str) -> String {
    let mut slug = String::new();
    for letter in title.chars() {
        match letter.to_ascii_lowercase() {
            plain if plain.is_ascii_alphanumeric() => slug.push(plain),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
        if slug.len() >= 40 {
            break;
        }
    }
    let end: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
    let end = &end[end.len().saturating_sub(8)..];
    match slug.trim_end_matches('-') {
        "" => format!("room-{end}"),
        slug => format!("{slug}-{end}"),
    }
}

fn is_slug(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    ROOM_NAME.contains(&name.len()) && name.split('-').all(|word| !word.is_empty() && word.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(json: serde_json::Value) -> Changes {
        serde_json::from_value(json).unwrap()
    }

    /// The beginning of 2027.
    const fn now() -> Timestamp {
        Timestamp::from_millis(1_798_761_600_000)
    }

    /// The fields that do not fit.
    fn faults(json: serde_json::Value) -> String {
        let mut faults = Faults::default();
        changes(json).check(&mut faults, now());
        faults.finish().err().map_or_else(String::new, |problem| format!("{problem:?}"))
    }

    #[test]
    fn limits_are_held_at_their_edges() {
        use serde_json::json;
        let fits = [
            json!({"title": "é".repeat(TITLE_MAX)}),
            json!({"description": "x".repeat(DESCRIPTION_MAX)}),
            json!({"tags": vec!["a".repeat(TAG_MAX); TAGS_MAX]}),
            json!({"coverUrl": null}),
            json!({"coverUrl": "https://pictures.example/a.png"}),
            json!({"publisherGraceSeconds": 0}),
            json!({"publisherGraceSeconds": GRACE_MAX}),
            json!({"maxSpeakers": SPEAKERS_MAX}),
            json!({"roomName": "jazz-at-7"}),
            json!({"timezone": "Europe/Berlin", "recurrence": "FREQ=WEEKLY;BYDAY=MO,FR;COUNT=10"}),
            json!({"scheduledStartTime": "2026-12-31T23:59:00Z"}),
            json!({"scheduledStartTime": "2029-01-01T00:00:00+00:00"}),
            json!({"durationSeconds": 60, "startOnTime": true, "endOnTime": true}),
            json!({"durationSeconds": null}),
            json!({"reminderOffsets": [0, 900, 86_400]}),
        ];
        for json in fits {
            assert_eq!(faults(json.clone()), "", "{json}");
        }
        let misfits = [
            ("title", json!({"title": "  "})),
            ("title", json!({"title": "x".repeat(TITLE_MAX + 1)})),
            ("title", json!({"title": "a\nb"})),
            ("description", json!({"description": "x".repeat(DESCRIPTION_MAX + 1)})),
            ("tags", json!({"tags": vec!["a"; TAGS_MAX + 1]})),
            ("tags[1]", json!({"tags": ["a", "x".repeat(TAG_MAX + 1)]})),
            ("tags[0]", json!({"tags": [" "]})),
            ("coverUrl", json!({"coverUrl": "http://pictures.example/a.png"})),
            ("coverUrl", json!({"coverUrl": format!("https://a.example/{}", "x".repeat(COVER_URL_MAX))})),
            ("publisherGraceSeconds", json!({"publisherGraceSeconds": GRACE_MAX + 1})),
            ("maxSpeakers", json!({"maxSpeakers": 0})),
            ("maxSpeakers", json!({"maxSpeakers": SPEAKERS_MAX + 1})),
            ("roomName", json!({"roomName": "Jazz"})),
            ("roomName", json!({"roomName": "-jazz"})),
            ("timezone", json!({"timezone": "Mars/Olympus"})),
            ("recurrence", json!({"recurrence": "every monday"})),
            ("recurrence", json!({"recurrence": "FREQ=SECONDLY"})),
            ("recurrence", json!({"recurrence": "FREQ=DAILY;FREQ=DAILY"})),
            ("scheduledStartTime", json!({"scheduledStartTime": "2026-12-31T23:58:59Z"})),
            ("scheduledStartTime", json!({"scheduledStartTime": "2029-01-01T00:00:01Z"})),
            ("durationSeconds", json!({"durationSeconds": 59})),
            ("durationSeconds", json!({"durationSeconds": 86_401})),
            ("reminderOffsets", json!({"reminderOffsets": [REMINDER_MAX + 1]})),
        ];
        for (field, json) in misfits {
            let found = faults(json.clone());
            assert!(found.contains(&format!("{field:?}")), "{json}: {found}");
        }
    }

    #[test]
    fn what_is_left_out_stays_and_null_empties() {
        use serde_json::json;
        let mut row = blank();
        let mut first =
            changes(json!({"title": " News ", "tags": ["Talk", "talk "], "coverUrl": "https://a.example/"}));
        first.check(&mut Faults::default(), now());
        first.apply(&mut row);
        assert_eq!((row.title.as_str(), row.tags.as_slice()), ("News", &["Talk".to_owned()][..]));
        changes(json!({"autoStart": false})).apply(&mut row);
        assert_eq!((row.title.as_str(), row.cover_url.as_deref()), ("News", Some("https://a.example/")));
        changes(json!({"coverUrl": null})).apply(&mut row);
        assert_eq!((row.cover_url, row.auto_start), (None, false));
    }

    #[test]
    fn a_draft_needs_a_title() {
        let draft: Draft = serde_json::from_value(serde_json::json!({"tags": []})).unwrap();
        let mut faults = Faults::default();
        draft.check(&mut faults, now());
        assert!(format!("{:?}", faults.finish().unwrap_err()).contains("title"));
    }

    #[test]
    fn a_room_is_named_after_its_title() {
        assert_eq!(room_name("Jazz & Blues!", "0199-abcdef12"), "jazz-blues-abcdef12");
        assert_eq!(room_name("Новости", "0199-abcdef12"), "room-abcdef12");
        assert!(is_slug(&room_name(&"long ".repeat(50), "0199-abcdef12")));
    }
}
