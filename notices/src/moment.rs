//! Instants as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `Tuesday, 24 November 2026, 20:00 (Europe/Berlin, UTC+01:00)`: the wall clock of `zone` at `at`.
///
/// The offset stands there too, since a name alone does not tell which side of a change of clocks is meant.
pub fn told(at: Timestamp, zone: &TimeZone) -> String {
    let there = at.to_zoned(zone.clone());
    let offset = match there.offset().seconds() {
        0 => "UTC".to_owned(),
        _ => format!("UTC{}", there.strftime("%:z")),
    };
    let name = zone.iana_name().filter(|name| *name != "UTC");
    let place = name.map_or_else(|| offset.clone(), |name| format!("{name}, {offset}"));
    format!("{} ({place})", there.strftime("%A, %-d %B %Y, %H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_by_the_clock_of_its_reader() {
        let at: Timestamp = "2026-11-24T19:00:00Z".parse().unwrap();
        let there = |zone| told(at, &TimeZone::get(zone).unwrap());
        assert_eq!(there("Europe/Berlin"), "Tuesday, 24 November 2026, 20:00 (Europe/Berlin, UTC+01:00)");
        assert_eq!(there("Asia/Kathmandu"), "Wednesday, 25 November 2026, 00:45 (Asia/Kathmandu, UTC+05:45)");
        assert_eq!(told(at, &TimeZone::UTC), "Tuesday, 24 November 2026, 19:00 (UTC)");
        let summer: Timestamp = "2026-07-01T18:00:00Z".parse().unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(told(summer, &berlin), "Wednesday, 1 July 2026, 20:00 (Europe/Berlin, UTC+02:00)");
    }
}
