//! iCalendar (RFC 5545): a calendar as a text that calendar programs subscribe to.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use url::Url;

use super::Event;
use super::zone;

/// Bytes of a line, its end aside (RFC 5545, 3.1).
const LINE_MAX: usize = 75;

/// A calendar.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// What it is called.
    pub name: String,
    /// Where it is asked for again; none for a single date.
    pub address: Option<Url>,
    /// Its dates.
    pub events: Vec<Event>,
}

impl Calendar {
    /// The document, UTF-8.
    pub fn render(&self) -> String {
        let mut lines = Lines::default();
        lines.put("BEGIN", "VCALENDAR");
        lines.put("VERSION", "2.0");
        lines.put("PRODID", concat!("-//OnAir//OnAir ", env!("CARGO_PKG_VERSION"), "//EN"));
        lines.put("CALSCALE", "GREGORIAN");
        lines.put("METHOD", "PUBLISH");
        lines.text("NAME", &self.name);
        // What programs read that are older than RFC 7986.
        lines.text("X-WR-CALNAME", &self.name);
        if let Some(address) = &self.address {
            lines.put("SOURCE;VALUE=URI", address.as_str());
            lines.put("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
            lines.put("X-PUBLISHED-TTL", "PT1H");
        }
        for (zone, [from, to]) in self.zones() {
            zone::write(&mut lines, zone, from, to);
        }
        for event in &self.events {
            write(&mut lines, event);
        }
        lines.put("END", "VCALENDAR");
        lines.0
    }

    /// Every zone that a date is told in, with its first and last instant.
    fn zones(&self) -> Vec<(&TimeZone, [Timestamp; 2])> {
        let mut zones: Vec<(&TimeZone, [Timestamp; 2])> = Vec::new();
        for event in self.events.iter().filter(|event| tzid(&event.zone).is_some()) {
            match zones.iter_mut().find(|(zone, _)| **zone == event.zone) {
                Some((_, [from, to])) => {
                    *from = event.start.min(*from);
                    *to = event.end().max(*to);
                }
                None => zones.push((&event.zone, [event.start, event.end()])),
            }
        }
        zones
    }
}

/// By what name a zone is referred to; none for UTC.
pub(super) fn tzid(zone: &TimeZone) -> Option<&str> {
    zone.iana_name().filter(|name| *name != "UTC")
}

fn write(lines: &mut Lines, event: &Event) {
    lines.put("BEGIN", "VEVENT");
    lines.put("UID", &event.uid);
    lines.put("SEQUENCE", &event.sequence.to_string());
    lines.put("DTSTAMP", &utc(event.changed));
    lines.put("CREATED", &utc(event.created));
    lines.put("LAST-MODIFIED", &utc(event.changed));
    for (name, at) in [("DTSTART", event.start), ("DTEND", event.end())] {
        match tzid(&event.zone) {
            Some(id) => {
                let local = at.to_zoned(event.zone.clone()).strftime("%Y%m%dT%H%M%S").to_string();
                lines.put(&format!("{name};TZID={id}"), &local);
            }
            None => lines.put(name, &utc(at)),
        }
    }
    lines.text("SUMMARY", &format!("{} — {}", event.title, event.host));
    let page = event.page.as_str();
    let about = if event.description.is_empty() {
        page.to_owned()
    } else {
        format!("{}\n\n{page}", event.description)
    };
    lines.text("DESCRIPTION", &about);
    lines.text("LOCATION", page);
    lines.put("URL", page);
    if !event.tags.is_empty() {
        let tags: Vec<_> = event.tags.iter().map(|tag| escape(tag)).collect();
        lines.put("CATEGORIES", &tags.join(","));
    }
    lines.put("STATUS", if event.cancelled { "CANCELLED" } else { "CONFIRMED" });
    // Listening takes nobody's evening.
    lines.put("TRANSP", "TRANSPARENT");
    if !event.cancelled {
        for seconds in &event.alarms {
            lines.put("BEGIN", "VALARM");
            lines.put("ACTION", "DISPLAY");
            lines.text("DESCRIPTION", &event.title);
            lines.put("TRIGGER", &format!("-PT{seconds}S"));
            lines.put("END", "VALARM");
        }
    }
    lines.put("END", "VEVENT");
}

/// `20261124T190000Z`.
pub(super) fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A document in the making.
#[derive(Default)]
pub(super) struct Lines(String);

impl Lines {
    /// A property whose value has nothing to be escaped.
    pub(super) fn put(&mut self, name: &str, value: &str) {
        self.fold(&format!("{name}:{value}"));
    }

    /// A property whose value is text (RFC 5545, 3.3.11).
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.fold(&format!("{name}:{}", escape(value)));
    }

    /// In lines of [`LINE_MAX`] bytes that end between characters; those after the first begin with a space.
    fn fold(&mut self, line: &str) {
        let mut rest = line;
        let mut room = LINE_MAX;
        while rest.len() > room {
            let (now, later) = rest.split_at(rest.floor_char_boundary(room));
            let _ = write!(self.0, "{now}\r\n ");
            rest = later;
            room = LINE_MAX - 1;
        }
        let _ = write!(self.0, "{rest}\r\n");
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::testing::event;

    fn calendar(event: Event) -> Calendar {
        Calendar { name: "Zoë".to_owned(), address: None, events: vec![event] }
    }

    /// The lines of a document, unfolded.
    fn lines(document: &str) -> Vec<String> {
        document.replace("\r\n ", "").lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_date_is_told_by_the_clock_of_its_host() {
        let document = calendar(event()).render();
        let lines = lines(&document);
        for line in [
            "UID:0199@onair",
            "SEQUENCE:7",
            "DTSTAMP:20261102T000000Z",
            "DTSTART;TZID=Europe/Berlin:20261124T200000",
            "DTEND;TZID=Europe/Berlin:20261124T210000",
            "SUMMARY:News\\; and\\, more — Zoë",
            "DESCRIPTION:Line one\\nline \\\\ two\\n\\nhttps://radio.example/listen/0199",
            "CATEGORIES:news,a\\,b",
            "STATUS:CONFIRMED",
            "TRIGGER:-PT900S",
            "TZID:Europe/Berlin",
        ] {
            assert!(lines.iter().any(|it| it == line), "{line} is not in\n{document}");
        }
        let utc = calendar(Event { zone: TimeZone::UTC, ..event() }).render();
        assert!(utc.contains("\r\nDTSTART:20261124T190000Z\r\n") && !utc.contains("VTIMEZONE"), "{utc}");
    }

    #[test]
    fn what_was_cancelled_says_so_and_reminds_nobody() {
        let document = calendar(Event { cancelled: true, ..event() }).render();
        assert!(document.contains("\r\nSTATUS:CANCELLED\r\n") && !document.contains("VALARM"), "{document}");
    }

    #[test]
    fn lines_are_folded_between_characters() {
        let title = "é".repeat(200);
        let document = calendar(Event { title: title.clone(), ..event() }).render();
        assert!(document.split("\r\n").all(|line| line.len() <= LINE_MAX), "{document}");
        assert!(document.ends_with("END:VCALENDAR\r\n"));
        let summary = format!("SUMMARY:{title} — Zoë");
        assert!(lines(&document).contains(&summary));
        let mut exact = Lines::default();
        exact.put("A", &"x".repeat(LINE_MAX - 2));
        assert_eq!(exact.0.len(), LINE_MAX + 2, "a line that fits is one line");
    }
}
