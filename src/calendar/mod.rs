//! What is planned, for the calendars of people: iCalendar documents, links to add one date, and a feed.

pub mod atom;
pub mod document;
pub mod links;
mod zone;

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::{Broadcast, Hosted, Status};
use url::Url;

pub use document::Calendar;

/// How long a broadcast is taken to be whose host does not say.
const LENGTH: Duration = Duration::from_hours(1);

/// One date in a calendar.
#[derive(Clone, Debug)]
pub struct Event {
    /// Names it for ever, whatever changes.
    pub uid: String,
    /// Rises with every change.
    pub sequence: i64,
    /// When it begins.
    pub start: Timestamp,
    /// By whose clock that is meant.
    pub zone: TimeZone,
    /// How long it is.
    pub length: Duration,
    /// What it is called.
    pub title: String,
    /// Who speaks.
    pub host: String,
    /// What it is about; may be empty.
    pub description: String,
    /// Its page.
    pub page: Url,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Will it not be?
    pub cancelled: bool,
    /// How many seconds before the start a calendar reminds.
    pub alarms: Vec<u32>,
    /// When it was planned.
    pub created: Timestamp,
    /// When it was last changed.
    pub changed: Timestamp,
}

impl Event {
    /// The date of a broadcast whose page lies below `base`; `None` where it has none.
    pub fn of(hosted: &Hosted, base: &Url) -> Option<Self> {
        let Hosted { broadcast, host } = hosted;
        let start = instant(broadcast.scheduled_start?)?;
        let zone = broadcast.timezone.as_deref().and_then(|name| TimeZone::get(name).ok());
        Some(Self {
            uid: format!("{}@onair", broadcast.id),
            sequence: sequence(broadcast),
            start,
            zone: zone.unwrap_or(TimeZone::UTC),
            length: length(broadcast),
            title: broadcast.title.clone(),
            host: host.display_name.clone(),
            description: broadcast.description.clone(),
            page: base.join(&format!("/listen/{}", broadcast.id)).ok()?,
            tags: broadcast.tags.clone(),
            cancelled: broadcast.status == Status::Cancelled,
            alarms: broadcast.reminder_offsets.clone(),
            created: instant(broadcast.created_at)?,
            changed: instant(broadcast.updated_at)?,
        })
    }

    /// When it is over.
    pub fn end(&self) -> Timestamp {
        self.start.checked_add(self.length).unwrap_or(Timestamp::MAX)
    }
}

/// Whole seconds from its making to its last change: it never falls, and a calendar counts in 31 bits (RFC 5545, 3.3.8).
fn sequence(broadcast: &Broadcast) -> i64 {
    let since = broadcast.updated_at.since(broadcast.created_at).as_millis().div_ceil(1_000);
    i64::try_from(since).unwrap_or(i64::MAX).min(i64::from(i32::MAX))
}

/// As long as it was, once it is over; before that as long as its host means it to be.
fn length(broadcast: &Broadcast) -> Duration {
    let over = broadcast.scheduled_start.zip(broadcast.ended_at);
    let was = over.filter(|_| broadcast.status == Status::Ended).map(|(start, end)| end.since(start));
    let meant = broadcast.duration_seconds.map(|seconds| Duration::from_secs(seconds.into()));
    was.filter(|was| *was >= Duration::from_mins(1)).or(meant).unwrap_or(LENGTH)
}

fn instant(at: store::Timestamp) -> Option<Timestamp> {
    Timestamp::from_millisecond(at.as_millis()).ok()
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A date on a Tuesday evening in Berlin.
    pub(crate) fn event() -> Event {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        Event {
            uid: "0199@onair".to_owned(),
            sequence: 7,
            start: at("2026-11-24T19:00:00Z"),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            length: LENGTH,
            title: "News; and, more".to_owned(),
            host: "Zoë".to_owned(),
            description: "Line one\nline \\ two".to_owned(),
            page: "https://radio.example/listen/0199".parse().unwrap(),
            tags: vec!["news".to_owned(), "a,b".to_owned()],
            cancelled: false,
            alarms: vec![900],
            created: at("2026-11-01T00:00:00Z"),
            changed: at("2026-11-02T00:00:00Z"),
        }
    }
}
