//! The date ranges of a run on disk: a line for each that has begun or is over, before a playlist says so.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use media::MediaTime;
use packager::{DateRange, Detail, RangeClass, ToldRange};
use serde::{Deserialize, Serialize};

const NAME: &str = "ranges.jsonl";

/// Ranges that a run remembers: one a minute for three days, at most some 4 MB. The first that is over goes.
const KEPT: usize = 4_096;

/// The ranges of one run, written by one releaser.
#[derive(Debug)]
pub(crate) struct RangeFile {
    path: PathBuf,
    ranges: Vec<ToldRange>,
    /// The file may end within a line, since the disk did not take it whole.
    torn: bool,
}

/// One line.
#[derive(Deserialize, Serialize)]
struct Line {
    class: String,
    key: String,
    /// Frames at 48 kHz on the run's timeline.
    start: u64,
    end: Option<u64>,
    /// Where the playlists ended that first said so.
    began: u64,
    over: Option<u64>,
    details: Vec<(String, String)>,
}

impl RangeFile {
    /// That of a fresh run. The file is made with the first range.
    pub(crate) fn create(run: &Path) -> Self {
        Self { path: run.join(NAME), ranges: Vec::new(), torn: false }
    }

    /// What an earlier process left. A line that its death cut is removed, and one that is not ours passed over:
    /// the sound goes on without it.
    pub(crate) fn find(run: &Path) -> io::Result<Self> {
        let mut found = Self::create(run);
        let text = match fs::read(&found.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
            Err(error) => return Err(error),
        };
        let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        found.take(&text[..whole]);
        if whole < text.len() {
            OpenOptions::new().write(true).open(&found.path)?.set_len(whole as u64)?;
        }
        Ok(found)
    }

    /// Those of a run that somebody else may be writing to.
    pub(crate) fn read(run: &Path) -> io::Result<Vec<ToldRange>> {
        let mut found = Self::create(run);
        match fs::read(&found.path) {
            Ok(text) => found.take(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(found.ranges)
    }

    fn take(&mut self, text: &[u8]) {
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            if let Some(range) = serde_json::from_slice::<Line>(line).ok().and_then(Line::parse) {
                self.keep(range);
            }
        }
    }

    /// Those that are kept, in the order in which they began to be listed.
    pub(crate) fn ranges(&self) -> &[ToldRange] {
        &self.ranges
    }

    /// Notes what has become of ranges, before a playlist that ends at `edge` says so.
    pub(crate) fn append(&mut self, changed: &[DateRange], edge: MediaTime) -> io::Result<()> {
        if changed.is_empty() {
            return Ok(());
        }
        let mut told = Vec::new();
        for range in changed {
            let known = self.ranges.iter().rev().find(|known| known.range.is(range));
            let began = known.map_or(edge, |known| known.began);
            told.push(ToldRange { range: range.clone(), began, over: range.end().map(|_| edge) });
            self.keep(told[told.len() - 1].clone());
        }
        let written = if self.torn {
            self.rewrite()
        } else {
            let lines = lines(&told)?;
            let opened = OpenOptions::new().create(true).append(true).open(&self.path);
            opened.and_then(|mut file| file.write_all(&lines))
        };
        self.torn = written.is_err();
        written
    }

    /// Forgets what was over before `start`, where the oldest segment that is kept begins.
    pub(crate) fn sweep(&mut self, start: MediaTime) -> io::Result<()> {
        let before = self.ranges.len();
        self.ranges.retain(|told| told.is_listed(start));
        if self.ranges.len() == before { Ok(()) } else { self.rewrite() }
    }

    fn rewrite(&self) -> io::Result<()> {
        // Written beside and moved into place: a crash leaves the old file or the new one.
        let beside = self.path.with_extension("jsonl.new");
        File::create(&beside)?.write_all(&lines(&self.ranges)?)?;
        fs::rename(beside, &self.path)
    }

    fn keep(&mut self, told: ToldRange) {
        match self.ranges.iter_mut().rev().find(|known| known.range.is(&told.range)) {
            Some(known) => *known = told,
            None => self.ranges.push(told),
        }
        if self.ranges.len() > KEPT {
            let over = self.ranges.iter().position(|told| told.over.is_some());
            self.ranges.remove(over.unwrap_or(0));
        }
    }
}

fn lines(ranges: &[ToldRange]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for told in ranges {
        serde_json::to_writer(&mut text, &Line::of(told))?;
        text.push(b'\n');
    }
    Ok(text)
}

impl Line {
    fn of(told: &ToldRange) -> Self {
        let ToldRange { range, began, over } = told;
        let details = range.details().iter().map(|(detail, text)| (detail.name().to_owned(), text.clone()));
        Self {
            class: range.class().name().into(),
            key: range.key().into(),
            start: range.start().ticks(),
            end: range.end().map(MediaTime::ticks),
            began: began.ticks(),
            over: over.map(MediaTime::ticks),
            details: details.collect(),
        }
    }

    /// `None` where it is not ours.
    fn parse(self) -> Option<ToldRange> {
        let class = RangeClass::ALL.into_iter().find(|class| class.name() == self.class)?;
        let mut details = Vec::new();
        for (name, text) in self.details {
            details.push((Detail::ALL.into_iter().find(|detail| detail.name() == name)?, text));
        }
        let range = DateRange::open(class, &self.key, MediaTime::from_ticks(self.start), &details);
        let range = match self.end {
            Some(end) => range.closed(MediaTime::from_ticks(end)),
            None => range,
        };
        let (began, over) = (MediaTime::from_ticks(self.began), self.over.map(MediaTime::from_ticks));
        Some(ToldRange { range, began, over })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> MediaTime {
        MediaTime::from_ticks(seconds * 48_000)
    }

    fn speaker(key: &str, start: u64) -> DateRange {
        DateRange::open(RangeClass::Speaker, key, at(start), &[(Detail::Name, "Änn \"A\"".into())])
    }

    fn ranges(file: &RangeFile) -> Vec<DateRange> {
        file.ranges().iter().map(|told| told.range.clone()).collect()
    }

    fn again(folder: &tempfile::TempDir) -> Vec<DateRange> {
        ranges(&RangeFile::find(folder.path()).unwrap())
    }

    #[test]
    fn ranges_are_found_again_as_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = RangeFile::create(folder.path());
        assert!(again(&folder).is_empty());
        file.append(&[speaker("a", 40), speaker("b", 41)], at(42)).unwrap();
        file.append(&[speaker("a", 40).closed(at(50))], at(52)).unwrap();
        let over = ToldRange { range: speaker("a", 40).closed(at(50)), began: at(42), over: Some(at(52)) };
        let open = ToldRange { range: speaker("b", 41), began: at(42), over: None };
        assert_eq!(RangeFile::find(folder.path()).unwrap().ranges(), [over, open]);
    }

    #[test]
    fn a_line_that_a_death_cut_is_removed_and_the_next_stands_alone() {
        let folder = tempfile::tempdir().unwrap();
        RangeFile::create(folder.path()).append(&[speaker("a", 40), speaker("b", 41)], at(70)).unwrap();
        let path = folder.path().join(NAME);
        let torn = fs::metadata(&path).unwrap().len() - 3;
        OpenOptions::new().write(true).open(&path).unwrap().set_len(torn).unwrap();
        let mut file = RangeFile::find(folder.path()).unwrap();
        assert_eq!(ranges(&file), [speaker("a", 40)]);
        file.append(&[speaker("c", 60)], at(70)).unwrap();
        assert_eq!(again(&folder), [speaker("a", 40), speaker("c", 60)]);
    }

    #[test]
    fn what_was_over_before_the_oldest_segment_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = RangeFile::create(folder.path());
        file.append(&[speaker("a", 40).closed(at(50)), speaker("c", 42)], at(59)).unwrap();
        file.append(&[speaker("b", 41).closed(at(50))], at(61)).unwrap();
        file.sweep(at(60)).unwrap();
        assert_eq!(again(&folder), [speaker("c", 42), speaker("b", 41).closed(at(50))]);
    }

    #[test]
    fn a_run_remembers_so_many() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = RangeFile::create(folder.path());
        let many = |from: u64| -> Vec<_> {
            (from..from + KEPT as u64).map(|n| speaker("a", n).closed(at(n))).collect()
        };
        file.append(&[speaker("open", 1)], at(70)).unwrap();
        file.append(&many(10), at(70)).unwrap();
        file.append(&many(10 + KEPT as u64), at(70)).unwrap();
        assert_eq!(again(&folder).len(), KEPT);
        assert_eq!(again(&folder)[0], speaker("open", 1), "it is not over");
    }

    #[test]
    fn a_line_that_is_not_ours_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = RangeFile::create(folder.path());
        fs::write(folder.path().join(NAME), b"{\"class\":\"x\"}\n\xff\n").unwrap();
        file.append(&[speaker("a", 40)], at(70)).unwrap();
        assert_eq!(again(&folder), [speaker("a", 40)]);
    }

    #[test]
    fn what_the_disk_did_not_take_is_written_with_what_follows() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        let mut file = RangeFile::create(&run);
        assert!(file.append(&[speaker("a", 40)], at(70)).is_err(), "there is no such folder");
        fs::create_dir(&run).unwrap();
        file.append(&[speaker("b", 41)], at(70)).unwrap();
        assert_eq!(ranges(&RangeFile::find(&run).unwrap()), [speaker("a", 40), speaker("b", 41)]);
    }
}
