//! How the clocks of a zone go, for a calendar program that does not know it (`VTIMEZONE`, RFC 5545, 3.6.5).

use jiff::tz::{Dst, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::document::{Lines, tzid};

/// Changes of clocks that are written: two a year over the two years that are planned ahead, and those of a zone that
/// cannot decide.
const CHANGES_MAX: usize = 24;

/// Writes how the clocks of `zone` go from `from` to `to`: each change by itself, since rules change too.
pub(super) fn write(lines: &mut Lines, zone: &TimeZone, from: Timestamp, to: Timestamp) {
    let Some(id) = tzid(zone) else { return };
    // A program that moves a date by some weeks is not to fall off the end.
    let to = to.checked_add(SignedDuration::from_hours(24 * 365)).unwrap_or(Timestamp::MAX);
    // Before an instant, since the change may fall on it.
    let before = from.checked_add(SignedDuration::from_secs(1)).unwrap_or(from);
    let mut changes: Vec<_> = zone.preceding(before).take(1).collect();
    let known = !changes.is_empty();
    changes.extend(zone.following(from).take_while(|change| change.timestamp() <= to).take(CHANGES_MAX));
    lines.put("BEGIN", "VTIMEZONE");
    lines.put("TZID", id);
    if !known {
        let info = zone.to_offset_info(from);
        observance(lines, info.dst(), "19700101T000000", info.offset(), info.offset(), info.abbreviation());
    }
    for change in &changes {
        let at = change.timestamp();
        let earlier = at.checked_sub(SignedDuration::from_secs(1)).unwrap_or(at);
        let was = zone.to_offset(earlier);
        // The instant by the clock that goes until then.
        let local = was.to_datetime(at).strftime("%Y%m%dT%H%M%S").to_string();
        observance(lines, change.dst(), &local, was, change.offset(), change.abbreviation());
    }
    lines.put("END", "VTIMEZONE");
}

fn observance(lines: &mut Lines, dst: Dst, local: &str, from: Offset, to: Offset, name: &str) {
    let component = if dst.is_dst() { "DAYLIGHT" } else { "STANDARD" };
    lines.put("BEGIN", component);
    lines.put("DTSTART", local);
    lines.put("TZOFFSETFROM", &told(from));
    lines.put("TZOFFSETTO", &told(to));
    lines.text("TZNAME", name);
    lines.put("END", component);
}

/// `+0100`, or `-003730` where there are seconds (RFC 5545, 3.3.14).
fn told(offset: Offset) -> String {
    let seconds = offset.seconds();
    let (sign, all) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let (hours, minutes, rest) = (all / 3_600, all / 60 % 60, all % 60);
    let rest = if rest == 0 { String::new() } else { format!("{rest:02}") };
    format!("{sign}{hours:02}{minutes:02}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Event;
    use crate::calendar::document::Calendar;
    use crate::calendar::testing::event;

    fn written(zone: &str, start: &str) -> String {
        let event = Event { zone: TimeZone::get(zone).unwrap(), start: start.parse().unwrap(), ..event() };
        let document = Calendar { name: String::new(), address: None, events: vec![event] }.render();
        let (_, rest) = document.split_once("BEGIN:VTIMEZONE\r\n").unwrap();
        rest.split_once("END:VTIMEZONE").unwrap().0.replace("\r\n", "\n")
    }

    fn observance(kind: &str, local: &str, from: &str, to: &str, name: &str) -> String {
        format!(
            "BEGIN:{kind}\nDTSTART:{local}\nTZOFFSETFROM:{from}\nTZOFFSETTO:{to}\nTZNAME:{name}\nEND:{kind}\n"
        )
    }

    #[test]
    fn a_zone_is_told_from_the_change_before_to_a_year_after() {
        let expected = [
            "TZID:Europe/Berlin\n".to_owned(),
            observance("STANDARD", "20261025T030000", "+0200", "+0100", "CET"),
            observance("DAYLIGHT", "20270328T020000", "+0100", "+0200", "CEST"),
            observance("STANDARD", "20271031T030000", "+0200", "+0100", "CET"),
        ];
        assert_eq!(written("Europe/Berlin", "2026-11-24T19:00:00Z"), expected.concat());
    }

    #[test]
    fn half_an_hour_is_a_change_too() {
        let lord_howe = written("Australia/Lord_Howe", "2026-11-24T19:00:00Z");
        assert!(
            lord_howe.contains(&observance("STANDARD", "20270404T020000", "+1100", "+1030", "+1030")),
            "{lord_howe}"
        );
    }

    #[test]
    fn a_change_at_the_very_instant_counts() {
        let berlin = written("Europe/Berlin", "2027-03-28T01:00:00Z");
        assert!(berlin.starts_with(&format!(
            "TZID:Europe/Berlin\n{}",
            observance("DAYLIGHT", "20270328T020000", "+0100", "+0200", "CEST")
        )));
        assert_eq!(berlin.matches("20270328T020000").count(), 1, "{berlin}");
    }

    #[test]
    fn a_clock_that_never_changes_has_one_line() {
        let fixed = written("Etc/GMT+5", "2026-11-24T19:00:00Z");
        assert_eq!(
            fixed,
            format!("TZID:Etc/GMT+5\n{}", observance("STANDARD", "19700101T000000", "-0500", "-0500", "-05"))
        );
        let seconds = |seconds| told(Offset::from_seconds(seconds).unwrap());
        assert_eq!((seconds(-2_250), seconds(3_600)), ("-003730".to_owned(), "+0100".to_owned()));
    }
}
