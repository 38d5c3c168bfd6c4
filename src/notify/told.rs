//! What somebody is told: the facts as they are kept, and the words for one reader.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use store::Timestamp;

use super::kind::Kind;

/// The facts of a notification, whatever its kind.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// Which broadcast it is about.
    pub broadcast_id: String,
    /// What that is called.
    pub title: String,
    /// Whose it is, as others see them.
    pub host: String,
    /// When it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// Who did it, where it was not the host: who replied, who invites.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What they wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The recording that is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording_id: Option<String>,
    /// Is it one of several that repeat?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeats: bool,
    /// Is it called off because no host came?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missed: bool,
}

impl Told {
    /// What is told of a broadcast.
    pub fn of(broadcast_id: &str, title: &str, host: &str, start: Option<Timestamp>) -> Self {
        Self {
            broadcast_id: broadcast_id.to_owned(),
            title: title.to_owned(),
            host: host.to_owned(),
            start,
            by: None,
            text: None,
            recording_id: None,
            repeats: false,
            missed: false,
        }
    }

    /// As it is kept.
    pub fn to_payload(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are JSON")
    }

    /// From what was kept; what another version kept may be unreadable.
    pub fn of_payload(payload: &str) -> Option<Self> {
        serde_json::from_str(payload).ok()
    }

    /// A title and a sentence for a reader who lives by the clock of `zone`.
    pub fn words(&self, kind: Kind, zone: &TimeZone) -> (String, String) {
        let Self { title, host, .. } = self;
        let by = self.by.as_deref().unwrap_or(host);
        let when = self.start.and_then(|start| jiff::Timestamp::from_millisecond(start.as_millis()).ok());
        let when = when.map(|start| notices::told(start, zone));
        let of_host = |when: Option<String>| match when {
            Some(when) => format!("{title}, with {host}. {when}"),
            None => format!("{title}, with {host}"),
        };
        match kind {
            Kind::Reminder => (format!("Soon: {title}"), of_host(when)),
            Kind::HostLive => (format!("{host} is on air"), title.clone()),
            Kind::HostPlanned => {
                let when = when.unwrap_or_default();
                let body = if self.repeats { format!("{when}, and again after that") } else { when };
                (format!("{host} has planned {title}"), body)
            }
            Kind::Moved if when.is_none() => (format!("{title} has no date any more"), of_host(None)),
            Kind::Moved => (format!("{title} has another hour"), of_host(when)),
            Kind::Cancelled if self.missed => (
                format!("{title} does not take place"),
                format!("{host} did not come. It was planned for {}", when.unwrap_or_default()),
            ),
            Kind::Cancelled => (format!("{title} was cancelled"), of_host(when)),
            Kind::Reply => (format!("{by} answered you in {title}"), self.text.clone().unwrap_or_default()),
            Kind::StageInvite => (format!("{by} invites you to the stage"), of_host(None)),
            Kind::RecordingReady => (format!("The recording of {title} is ready"), String::new()),
        }
    }

    /// Where it leads, below the station's address.
    pub fn link(&self) -> String {
        match &self.recording_id {
            Some(id) => format!("/r/{id}"),
            None => format!("/listen/{}", self.broadcast_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_words_for_its_reader() {
        let start = "2026-11-24T19:00:00Z".parse::<jiff::Timestamp>().unwrap();
        let start = Timestamp::from_millis(start.as_millisecond());
        let mut told = Told::of("b1", "News", "Ada", Some(start));
        told.by = Some("Bob".to_owned());
        told.text = Some("Well said".to_owned());
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let when = "Tuesday, 24 November 2026, 20:00 (Europe/Berlin, UTC+01:00)";
        let whole = format!("News, with Ada. {when}");
        for (kind, title, body) in [
            (Kind::Reminder, "Soon: News", whole.as_str()),
            (Kind::HostLive, "Ada is on air", "News"),
            (Kind::HostPlanned, "Ada has planned News", when),
            (Kind::Moved, "News has another hour", &whole),
            (Kind::Cancelled, "News was cancelled", &whole),
            (Kind::Reply, "Bob answered you in News", "Well said"),
            (Kind::StageInvite, "Bob invites you to the stage", "News, with Ada"),
            (Kind::RecordingReady, "The recording of News is ready", ""),
        ] {
            assert_eq!(told.words(kind, &berlin), (title.to_owned(), body.to_owned()));
        }
        assert_eq!(Told::of_payload(&told.to_payload()), Some(told.clone()));
        let series = Told { repeats: true, ..told.clone() };
        assert_eq!(series.words(Kind::HostPlanned, &berlin).1, format!("{when}, and again after that"));
        let missed = Told { missed: true, ..told.clone() }.words(Kind::Cancelled, &berlin);
        let why = format!("Ada did not come. It was planned for {when}");
        assert_eq!(missed, ("News does not take place".to_owned(), why));
        let undated = Told { start: None, ..told.clone() }.words(Kind::Moved, &berlin);
        assert_eq!(undated, ("News has no date any more".to_owned(), "News, with Ada".to_owned()));
        assert_eq!(told.link(), "/listen/b1");
        told.recording_id = Some("r1".to_owned());
        assert_eq!(told.link(), "/r/r1");
        assert_eq!(Told::of_payload("{}"), None);
    }
}
