//! Chapters: where something begins in a recording.

use media::MediaDuration;

/// Where something begins.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Chapter {
    /// How far into what is heard, in frames at 48 kHz.
    pub start: MediaDuration,
    /// What it is called; read as far as [`Chapters::TITLE_BYTES_MAX`].
    pub title: String,
    /// A page about it. Files have no place for it; a list in JSON has.
    pub url: Option<String>,
    /// A picture of it, by its address; as `url`.
    pub image: Option<String>,
}

/// The chapters of a recording, in the order of their beginnings.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Chapters(Vec<Chapter>);

/// A chapter as it stands in a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry<'a> {
    pub(crate) start: MediaDuration,
    /// At most [`Chapters::TITLE_BYTES_MAX`] bytes.
    pub(crate) title: &'a str,
}

impl Chapters {
    /// Chapters of one file: what a `chpl` box can count.
    pub const MAX: usize = 255;
    /// Bytes of a title: what a `chpl` box can count.
    pub const TITLE_BYTES_MAX: usize = 255;

    /// These chapters, in any order. Of two that begin at one sample the later one in the list counts.
    pub fn new(mut chapters: Vec<Chapter>) -> Self {
        chapters.sort_by_key(|chapter| chapter.start);
        chapters.reverse();
        chapters.dedup_by_key(|chapter| chapter.start);
        chapters.reverse();
        Self(chapters)
    }

    /// All of them.
    pub fn as_slice(&self) -> &[Chapter] {
        &self.0
    }

    /// Those of a file of `frames`: what begins later is left out, and what a box cannot count. Where there are any but none at
    /// the beginning, `opening` names what comes before the first.
    pub(crate) fn of_file<'a>(&'a self, frames: u64, opening: &'a str) -> Vec<Entry<'a>> {
        let within = self.0.partition_point(|chapter| chapter.start.ticks() < frames);
        let mut entries = Vec::new();
        if self.0[..within].first().is_some_and(|first| first.start.ticks() > 0) {
            entries.push(entry(MediaDuration::default(), opening));
        }
        entries.extend(self.0[..within].iter().map(|chapter| entry(chapter.start, &chapter.title)));
        entries.truncate(Self::MAX);
        entries
    }
}

fn entry(start: MediaDuration, title: &str) -> Entry<'_> {
    Entry { start, title: clip(title, Chapters::TITLE_BYTES_MAX) }
}

/// The beginning of `text`, whole characters of at most `bytes`.
pub(crate) fn clip(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chapter(start: u64, title: &str) -> Chapter {
        Chapter { start: MediaDuration::from_ticks(start), title: title.into(), url: None, image: None }
    }

    fn of_file(chapters: &Chapters, frames: u64) -> Vec<(u64, &str)> {
        let entries = chapters.of_file(frames, "Opening");
        entries.into_iter().map(|entry| (entry.start.ticks(), entry.title)).collect()
    }

    #[test]
    fn a_file_has_a_chapter_from_its_beginning_and_none_after_its_end() {
        let chapters = Chapters::new(vec![chapter(300, "C"), chapter(0, "A"), chapter(200, "B")]);
        assert_eq!(of_file(&chapters, 301), [(0, "A"), (200, "B"), (300, "C")]);
        assert_eq!(of_file(&chapters, 300), [(0, "A"), (200, "B")]);
        let late = Chapters::new(vec![chapter(100, "A")]);
        assert_eq!(of_file(&late, 200), [(0, "Opening"), (100, "A")]);
        assert_eq!(of_file(&late, 100), [], "without chapters nothing is opened");
    }

    #[test]
    fn of_two_at_one_sample_the_later_counts() {
        let chapters = Chapters::new(vec![chapter(5, "first"), chapter(5, "second")]);
        assert_eq!(chapters.as_slice(), [chapter(5, "second")]);
    }

    #[test]
    fn what_a_box_cannot_count_is_left_out() {
        let many = Chapters::new((0..300).map(|n| chapter(n, &"é".repeat(200))).collect());
        let entries = of_file(&many, 300);
        assert_eq!(entries.len(), Chapters::MAX);
        assert_eq!(entries[0].1, "é".repeat(127), "whole characters");
    }
}
