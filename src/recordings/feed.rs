//! A host's podcast: RSS 2.0 with the tags of iTunes and of Podcasting 2.0.
//!
//! What the tags mean: the RSS 2.0 specification, Apple's «A Podcaster's Guide to RSS», and the podcast namespace
//! (`https://podcastindex.org/namespace/1.0`).

use std::io;
use std::time::Duration;

use jiff::fmt::rfc2822::DateTimePrinter;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use store::Timestamp;
use url::Url;
use uuid::{Uuid, uuid};

/// The namespace of `podcast:guid`, as the specification names it.
const PODCAST: Uuid = uuid!("ead4c236-bf58-58c6-a2c6-a6b28d128cb6");

/// Categories that Apple knows, as the `itunes:category` of a whole show.
pub const CATEGORIES: [&str; 19] = [
    "Arts",
    "Business",
    "Comedy",
    "Education",
    "Fiction",
    "Government",
    "Health & Fitness",
    "History",
    "Kids & Family",
    "Leisure",
    "Music",
    "News",
    "Religion & Spirituality",
    "Science",
    "Society & Culture",
    "Sports",
    "TV & Film",
    "Technology",
    "True Crime",
];

/// A podcast.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Where the feed lies, with what it was asked for with.
    pub address: Url,
    /// The page that it belongs to.
    pub page: Url,
    /// What it is called.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// Who makes it.
    pub author: String,
    /// A BCP 47 language tag.
    pub language: String,
    /// One of [`CATEGORIES`].
    pub category: String,
    /// Is it for adults alone?
    pub explicit: bool,
    /// A picture of it.
    pub image: Option<Url>,
    /// The newest first.
    pub episodes: Vec<Episode>,
}

/// One recording in a podcast.
#[derive(Clone, Debug)]
pub struct Episode {
    /// The recording's id.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What it is about; may be empty.
    pub description: String,
    /// Its page.
    pub page: Url,
    /// The whole of it, M4A.
    pub audio: Url,
    /// How many bytes that has, about; 0 where it is not known.
    pub length: u64,
    /// How long it plays.
    pub duration: Duration,
    /// When it ended.
    pub published: Timestamp,
    /// A picture of it.
    pub image: Option<Url>,
    /// Its chapters in JSON.
    pub chapters: Url,
    /// What is said in it, in each form that there is.
    pub transcripts: Vec<Transcript>,
}

/// What is said in an episode, in one form.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Where it lies.
    pub url: Url,
    /// Its form.
    pub media_type: &'static str,
    /// A BCP 47 language tag.
    pub language: String,
}

/// Names a podcast for ever, wherever it moves to: a UUIDv5 of the feed's address without scheme, query and slashes at
/// the end, as the tag `podcast:guid` asks for.
pub fn guid(address: &Url) -> Uuid {
    let plain = format!("{}{}", address.authority(), address.path());
    Uuid::new_v5(&PODCAST, plain.trim_end_matches('/').as_bytes())
}

/// `Tue, 14 Nov 2023 22:13:20 GMT`: as the headers of HTTP take a date, and RSS, which wants RFC 822 with a year of
/// four digits.
pub fn date(at: Timestamp) -> String {
    let instant = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    // A date that is refused has a year of five digits, and nobody has published then.
    DateTimePrinter::new().timestamp_to_rfc9110_string(&instant).unwrap_or_default()
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
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let rss = writer.create_element("rss").with_attributes([
            ("version", "2.0"),
            ("xmlns:atom", "http://www.w3.org/2005/Atom"),
            ("xmlns:itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
            ("xmlns:podcast", "https://podcastindex.org/namespace/1.0"),
        ]);
        rss.write_inner_content(|writer| {
            writer.create_element("channel").write_inner_content(|writer| self.channel(writer))?;
            Ok(())
        })?;
        Ok(())
    }

    fn channel(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        text(writer, "title", &self.title)?;
        text(writer, "link", self.page.as_str())?;
        text(writer, "description", &self.description)?;
        text(writer, "language", &self.language)?;
        text(writer, "generator", "OnAir")?;
        let own = [("href", self.address.as_str()), ("rel", "self"), ("type", "application/rss+xml")];
        writer.create_element("atom:link").with_attributes(own).write_empty()?;
        if let Some(newest) = self.episodes.first() {
            text(writer, "pubDate", &date(newest.published))?;
        }
        if let Some(image) = &self.image {
            writer.create_element("image").write_inner_content(|writer| {
                text(writer, "url", image.as_str())?;
                text(writer, "title", &self.title)?;
                text(writer, "link", self.page.as_str())
            })?;
        }
        text(writer, "itunes:author", &self.author)?;
        text(writer, "itunes:type", "episodic")?;
        text(writer, "itunes:explicit", truth(self.explicit))?;
        writer
            .create_element("itunes:category")
            .with_attribute(("text", self.category.as_str()))
            .write_empty()?;
        picture(writer, self.image.as_ref())?;
        text(writer, "podcast:guid", &guid(&self.address).to_string())?;
        text(writer, "podcast:medium", "podcast")?;
        for episode in &self.episodes {
            writer
                .create_element("item")
                .write_inner_content(|writer| episode.write(writer, self.explicit))?;
        }
        Ok(())
    }
}

impl Episode {
    fn write(&self, writer: &mut Writer<Vec<u8>>, explicit: bool) -> io::Result<()> {
        text(writer, "title", &self.title)?;
        text(writer, "link", self.page.as_str())?;
        let guid = writer.create_element("guid").with_attribute(("isPermaLink", "false"));
        guid.write_text_content(BytesText::new(&self.id))?;
        text(writer, "pubDate", &date(self.published))?;
        if !self.description.is_empty() {
            text(writer, "description", &self.description)?;
        }
        let length = self.length.to_string();
        let audio = [("url", self.audio.as_str()), ("length", length.as_str()), ("type", "audio/mp4")];
        writer.create_element("enclosure").with_attributes(audio).write_empty()?;
        text(writer, "itunes:title", &self.title)?;
        text(writer, "itunes:duration", &self.duration.as_secs_f64().round().to_string())?;
        text(writer, "itunes:explicit", truth(explicit))?;
        text(writer, "itunes:episodeType", "full")?;
        picture(writer, self.image.as_ref())?;
        let chapters = [("url", self.chapters.as_str()), ("type", "application/json+chapters")];
        writer.create_element("podcast:chapters").with_attributes(chapters).write_empty()?;
        for Transcript { url, media_type, language } in &self.transcripts {
            let transcript = [("url", url.as_str()), ("type", media_type), ("language", language.as_str())];
            writer.create_element("podcast:transcript").with_attributes(transcript).write_empty()?;
        }
        Ok(())
    }
}

fn picture(writer: &mut Writer<Vec<u8>>, image: Option<&Url>) -> io::Result<()> {
    if let Some(image) = image {
        writer.create_element("itunes:image").with_attribute(("href", image.as_str())).write_empty()?;
    }
    Ok(())
}

/// An element with this text, escaped; characters that XML 1.0 does not have (2.2) are left out.
fn text(writer: &mut Writer<Vec<u8>>, name: &'static str, words: &str) -> io::Result<()> {
    let fit = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    let words: String = words.chars().filter(fit).collect();
    writer.create_element(name).write_text_content(BytesText::new(&words))?;
    Ok(())
}

const fn truth(it: bool) -> &'static str {
    if it { "true" } else { "false" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn feed() -> Feed {
        let episode = Episode {
            id: "0199".to_owned(),
            title: "Q & A <live>".to_owned(),
            description: "First line\nbell \u{7}, \u{FFFF} and é".to_owned(),
            page: url("https://radio.example/recordings/0199"),
            audio: url("https://radio.example/api/recordings/0199/download.m4a"),
            length: 1_234,
            duration: Duration::from_millis(61_500),
            published: Timestamp::from_millis(1_700_000_000_000),
            image: None,
            chapters: url("https://radio.example/api/recordings/0199/chapters.json"),
            transcripts: Vec::new(),
        };
        Feed {
            address: url("https://radio.example/podcasts/ada.xml?language=de"),
            page: url("https://radio.example/hosts/ada"),
            title: "Ada".to_owned(),
            description: "What Ada says".to_owned(),
            author: "Ada".to_owned(),
            language: "de".to_owned(),
            category: "Health & Fitness".to_owned(),
            explicit: false,
            image: Some(url("https://radio.example/covers/a.jpg?a=1&b=2")),
            episodes: vec![episode],
        }
    }

    #[test]
    fn whatever_people_write_is_escaped_or_left_out() {
        let document = String::from_utf8(feed().render()).unwrap();
        for part in [
            "<title>Q &amp; A &lt;live&gt;</title>",
            "<description>First line\nbell ,  and é</description>",
            "<itunes:category text=\"Health &amp; Fitness\"/>",
            "<itunes:image href=\"https://radio.example/covers/a.jpg?a=1&amp;b=2\"/>",
            "<itunes:duration>62</itunes:duration>",
            "<pubDate>Tue, 14 Nov 2023 22:13:20 GMT</pubDate>",
            "<guid isPermaLink=\"false\">0199</guid>",
            "length=\"1234\" type=\"audio/mp4\"/>",
        ] {
            assert!(document.contains(part), "{part} is not in\n{document}");
        }
    }

    #[test]
    fn a_podcast_keeps_its_guid_however_its_feed_is_asked_for() {
        // From the specification of the tag.
        let known = guid(&url("https://mp3s.nashownotes.com/pc20rss.xml"));
        assert_eq!(known.to_string(), "917393e3-1b1e-5cef-ace4-edaa54e1f810");
        let asked = guid(&url("http://radio.example/podcasts/ada.xml/?language=de"));
        assert_eq!(asked, guid(&url("https://radio.example/podcasts/ada.xml")));
    }
}
