//! Addresses that put one date into somebody's calendar on the web.

use url::Url;

use super::Event;
use super::document::{tzid, utc};

/// Bytes of a description in an address: these services take some thousand of everything.
const ABOUT_MAX: usize = 500;

/// Where Google's calendar is asked to take a date.
pub fn google(event: &Event) -> Url {
    let mut url = Url::parse("https://calendar.google.com/calendar/render").expect("it is an address");
    let dates = format!("{}/{}", utc(event.start), utc(event.end()));
    let mut query = url.query_pairs_mut();
    query.append_pair("action", "TEMPLATE").append_pair("text", &title(event));
    query.append_pair("dates", &dates).append_pair("details", &about(event));
    query.append_pair("location", event.page.as_str());
    if let Some(zone) = tzid(&event.zone) {
        query.append_pair("ctz", zone);
    }
    drop(query);
    url
}

/// Where Outlook's calendar is asked to take a date.
pub fn outlook(event: &Event) -> Url {
    let mut url =
        Url::parse("https://outlook.live.com/calendar/0/deeplink/compose").expect("it is an address");
    let at = |at: jiff::Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut query = url.query_pairs_mut();
    query.append_pair("path", "/calendar/action/compose").append_pair("rru", "addevent");
    query.append_pair("subject", &title(event));
    query.append_pair("startdt", &at(event.start)).append_pair("enddt", &at(event.end()));
    query.append_pair("body", &about(event)).append_pair("location", event.page.as_str());
    drop(query);
    url
}

fn title(event: &Event) -> String {
    format!("{} — {}", event.title, event.host)
}

fn about(event: &Event) -> String {
    let end = event.description.floor_char_boundary(ABOUT_MAX);
    match &event.description[..end] {
        "" => event.page.to_string(),
        about => format!("{about}\n\n{}", event.page),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::testing::event;

    fn pairs(url: &Url) -> Vec<(String, String)> {
        url.query_pairs().into_owned().collect()
    }

    #[test]
    fn a_link_tells_what_when_and_where() {
        let expected = [
            ("action", "TEMPLATE"),
            ("text", "News; and, more — Zoë"),
            ("dates", "20261124T190000Z/20261124T200000Z"),
            ("details", "Line one\nline \\ two\n\nhttps://radio.example/listen/0199"),
            ("location", "https://radio.example/listen/0199"),
            ("ctz", "Europe/Berlin"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs(&google(&event())), expected);
        let told = pairs(&outlook(&event()));
        for (name, value) in [
            ("startdt", "2026-11-24T19:00:00Z"),
            ("enddt", "2026-11-24T20:00:00Z"),
            ("subject", "News; and, more — Zoë"),
        ] {
            assert!(told.contains(&(name.to_owned(), value.to_owned())), "{told:?}");
        }
    }

    #[test]
    fn a_long_description_is_cut() {
        let event = Event { description: "é".repeat(5_000), ..event() };
        assert!(google(&event).as_str().len() < 2_500);
    }
}
