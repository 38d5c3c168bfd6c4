//! What is planned as an Atom feed (RFC 4287), for feed readers.

use std::io;

use jiff::Timestamp;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event as Xml};
use url::Url;

use super::Event;

/// A feed.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Where it lies.
    pub address: Url,
    /// The page that it belongs to.
    pub page: Url,
    /// What it is called.
    pub title: String,
    /// What is planned, the first first.
    pub events: Vec<Event>,
}

impl Feed {
    /// The document, UTF-8.
    pub fn render(&self) -> Vec<u8> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
        self.write(&mut writer).expect("memory takes whatever is written");
        let mut document = writer.into_inner();
        document.push(b'\n');
        document
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        writer.write_event(Xml::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let feed = writer.create_element("feed").with_attribute(("xmlns", "http://www.w3.org/2005/Atom"));
        feed.write_inner_content(|writer| {
            text(writer, "id", self.address.as_str())?;
            text(writer, "title", &self.title)?;
            let changed = self.events.iter().map(|event| event.changed).max();
            text(writer, "updated", &rfc3339(changed.unwrap_or_default()))?;
            link(writer, "self", &self.address, "application/atom+xml")?;
            link(writer, "alternate", &self.page, "text/html")?;
            text(writer, "generator", "OnAir")?;
            for event in &self.events {
                writer.create_element("entry").write_inner_content(|writer| entry(writer, event))?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

fn entry(writer: &mut Writer<Vec<u8>>, event: &Event) -> io::Result<()> {
    text(writer, "id", event.page.as_str())?;
    text(writer, "title", &event.title)?;
    text(writer, "published", &rfc3339(event.created))?;
    text(writer, "updated", &rfc3339(event.changed))?;
    writer.create_element("author").write_inner_content(|writer| text(writer, "name", &event.host))?;
    link(writer, "alternate", &event.page, "text/html")?;
    let when = notices::told(event.start, &event.zone);
    let summary =
        if event.description.is_empty() { when } else { format!("{when}\n\n{}", event.description) };
    text(writer, "summary", &summary)
}

fn link(writer: &mut Writer<Vec<u8>>, rel: &str, url: &Url, media_type: &str) -> io::Result<()> {
    let attributes = [("rel", rel), ("href", url.as_str()), ("type", media_type)];
    writer.create_element("link").with_attributes(attributes).write_empty()?;
    Ok(())
}

fn rfc3339(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An element with this text, escaped; characters that XML 1.0 does not have (2.2) are left out.
fn text(writer: &mut Writer<Vec<u8>>, name: &'static str, words: &str) -> io::Result<()> {
    let fit = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    let words: String = words.chars().filter(fit).collect();
    writer.create_element(name).write_text_content(BytesText::new(&words))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::testing::event;

    #[test]
    fn a_feed_tells_what_is_planned_by_the_clock_of_its_host() {
        let url = |text: &str| text.parse().unwrap();
        let feed = Feed {
            address: url("https://radio.example/api/schedule.atom"),
            page: url("https://radio.example/"),
            title: "Planned".to_owned(),
            events: vec![Event { title: "Q & A <live>\u{7}".to_owned(), ..event() }],
        };
        let document = String::from_utf8(feed.render()).unwrap();
        for part in [
            "<id>https://radio.example/listen/0199</id>",
            "<title>Q &amp; A &lt;live&gt;</title>",
            "<updated>2026-11-02T00:00:00Z</updated>",
            "<name>Zoë</name>",
            "<summary>Tuesday, 24 November 2026, 20:00 (Europe/Berlin, UTC+01:00)\n\nLine one",
            "<link rel=\"self\" href=\"https://radio.example/api/schedule.atom\"",
        ] {
            assert!(document.contains(part), "{part} is not in\n{document}");
        }
    }
}
