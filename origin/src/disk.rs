//! A run on local disk: its record, its init sections, and a file per segment and rung to which parts are
//! appended before they are listed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use media::{AudioProfile, MediaTime, RungId};
use packager::playlist::{init_name, segment_name};
use packager::{
    Fence, GridStep, InitSection, Ladder, LatencyMode, Msn, RunId, ToldRange, WallClock, Window, fragment,
};
use serde::{Deserialize, Serialize};

use crate::attic::{self, Attic};
use crate::range_file::RangeFile;
use crate::recordings::{self, Recorded};

/// The newest segments of a run that is found again: their files are read, since a crash may have cut any of them.
const RESTORED: usize = 40;

const RECORD: &str = "run.json";

/// What is constant about a run, and the little that is not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RunRecord {
    /// Which broadcast.
    pub broadcast: String,
    /// Which run of it.
    pub run: RunId,
    /// Civil time of slot 0; stored once, never moved.
    pub anchor: WallClock,
    /// How it is cut.
    pub mode: LatencyMode,
    /// Which rungs.
    pub profile: AudioProfile,
    /// The newest holder of its lease.
    pub fence: Fence,
    /// Slots on which the encoders were started anew.
    pub discontinuities: Vec<Msn>,
    /// Whether it is over.
    pub ended: bool,
}

impl RunRecord {
    /// The run's ladder.
    pub const fn ladder(&self) -> Ladder {
        Ladder::new(self.profile, self.mode)
    }
}

/// [`RunRecord`] as it lies on disk.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    broadcast: String,
    run: String,
    anchor_micros: u64,
    mode: String,
    profile: String,
    fence: u64,
    discontinuities: Vec<u64>,
    ended: bool,
}

/// Where a run's files are read. Cheap to clone, safe to share.
#[derive(Clone, Debug)]
pub struct RunFiles {
    path: PathBuf,
    /// What is asked for a segment that does not lie here, and the run's name there.
    attic: Option<(Arc<dyn Attic>, Arc<str>)>,
}

impl RunFiles {
    /// Whether there is such a run.
    pub fn are_here(&self) -> bool {
        self.path.join(RECORD).is_file()
    }

    /// Where something called `name` lies beside the segments.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What is known of the run.
    pub fn read_record(&self) -> io::Result<RunRecord> {
        read_record(&self.path)
    }

    /// The init section of `rung`.
    pub fn read_init(&self, rung: RungId) -> io::Result<Bytes> {
        fs::read(self.path.join(init_name(rung))).map(Bytes::from)
    }

    /// The same files; of segments that do not lie here `attic` is asked.
    #[must_use]
    pub fn behind(self, attic: Arc<dyn Attic>, broadcast: &str, run: &RunId) -> Self {
        Self { attic: Some((attic, format!("{broadcast}/{run}").into())), ..self }
    }

    /// A whole segment of `rung`; `NotFound` where it was never filled or has been swept. One that had to be fetched
    /// stays here.
    pub fn read_segment(&self, rung: RungId, msn: Msn) -> io::Result<Bytes> {
        let name = segment_name(rung, msn);
        match (fs::read(self.path.join(&name)), &self.attic) {
            (Err(missing), Some((attic, run))) if missing.kind() == io::ErrorKind::NotFound => {
                let bytes = attic.read(&format!("{run}/{name}"))?;
                // What cannot be kept is fetched again.
                let beside = self.path.join(format!("{name}~"));
                let kept =
                    fs::write(&beside, &bytes).and_then(|()| fs::rename(&beside, self.path.join(&name)));
                if let Err(error) = kept {
                    tracing::warn!(%error, "segment {msn} of {run} was fetched and cannot be kept");
                }
                Ok(bytes)
            }
            (read, _) => read.map(Bytes::from),
        }
    }

    /// The date ranges that are kept of the run.
    pub fn read_ranges(&self) -> io::Result<Vec<ToldRange>> {
        RangeFile::read(&self.path)
    }

    /// The recordings of the run, as they are noted.
    pub fn read_recordings(&self) -> io::Result<Vec<Recorded>> {
        recordings::load(&self.path)
    }

    /// Notes the recordings of the run.
    pub fn write_recordings(&self, recordings: &[Recorded]) -> io::Result<()> {
        recordings::store(&self.path, recordings)
    }

    /// Bytes that the segments of `rung` take in the slots that `within` tells.
    pub fn size(&self, rung: RungId, within: impl Fn(Msn) -> bool) -> io::Result<u64> {
        let mut bytes = 0;
        for msn in segments_in(&self.path.join(rung.name()))?.into_iter().filter(|&msn| within(msn)) {
            bytes += fs::metadata(self.path.join(segment_name(rung, msn)))?.len();
        }
        Ok(bytes)
    }

    /// Removes segments that nobody needs; how many files went.
    pub fn sweep(&self, gone: impl Fn(Msn) -> bool) -> io::Result<usize> {
        let mut removed = 0;
        for rung in RungId::ALL {
            for msn in segments_in(&self.path.join(rung.name()))?.into_iter().filter(|&msn| gone(msn)) {
                fs::remove_file(self.path.join(segment_name(rung, msn)))?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// A run's directory, written by one releaser.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    record: RunRecord,
    ranges: RangeFile,
    open: Option<OpenSegment>,
    /// A slot whose files could not be written whole; nothing more is added to it.
    skipped: Option<Msn>,
    /// What is asked for segments that do not lie here.
    attic: Option<Arc<dyn Attic>>,
}

#[derive(Debug)]
struct OpenSegment {
    msn: Msn,
    files: [File; 3],
}

/// A run that was found on disk.
#[derive(Debug)]
pub struct Found {
    /// Its directory, ready to go on.
    pub dir: RunDir,
    /// What its playlists listed.
    pub window: Window,
    /// Its init sections, in the order of [`RungId::ALL`].
    pub inits: [InitSection; 3],
    /// Its recordings.
    pub recordings: Vec<Recorded>,
}

impl RunDir {
    /// Makes the directory of a fresh run below `root` and stores its record and init sections.
    pub fn create(root: &Path, record: RunRecord, inits: &[InitSection; 3]) -> io::Result<Self> {
        let path = root.join(&record.broadcast).join(record.run.as_str());
        for rung in RungId::ALL {
            fs::create_dir_all(path.join(rung.name()))?;
            fs::write(path.join(init_name(rung)), inits[rung as usize].bytes())?;
        }
        let ranges = RangeFile::create(&path);
        let dir = Self { path, record, ranges, open: None, skipped: None, attic: None };
        dir.store()?;
        Ok(dir)
    }

    /// The runs of `broadcast` below `root`, oldest first.
    pub fn runs(root: &Path, broadcast: &str) -> io::Result<Vec<RunId>> {
        let entries = match fs::read_dir(root.join(broadcast)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut runs = Vec::new();
        for entry in entries {
            let entry = entry?;
            if let Some(run) = entry.file_name().to_str().and_then(RunId::parse)
                && entry.path().join(RECORD).is_file()
            {
                runs.push(run);
            }
        }
        runs.sort();
        Ok(runs)
    }

    /// Every folder below `root`: broadcasts that have been on air.
    pub fn broadcasts(root: &Path) -> io::Result<Vec<String>> {
        let folders = match fs::read_dir(root) {
            Ok(folders) => folders,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let names = folders.map(|folder| Ok(folder?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    /// The broadcasts below `root` whose newest run has not ended. What cannot be read is none of them.
    pub fn open_runs(root: &Path) -> io::Result<Vec<String>> {
        let mut open = Self::broadcasts(root)?;
        open.retain(|broadcast| {
            let newest = Self::runs(root, broadcast).ok().and_then(|runs| runs.last().cloned());
            let record = newest.and_then(|run| read_record(&root.join(broadcast).join(run.as_str())).ok());
            record.is_some_and(|record| !record.ended)
        });
        Ok(open)
    }

    /// The newest run of `broadcast`, if it has ended: nobody writes to it any more.
    pub fn find_ended(root: &Path, broadcast: &str) -> io::Result<Option<Found>> {
        let Some(newest) = Self::runs(root, broadcast)?.pop() else { return Ok(None) };
        Self::find_over(root, broadcast, &newest)
    }

    /// A run of `broadcast`, if it is there and has ended.
    pub fn find_over(root: &Path, broadcast: &str, run: &RunId) -> io::Result<Option<Found>> {
        match read_record(&root.join(broadcast).join(run.as_str())) {
            Ok(record) if record.ended => Self::find(root, broadcast, run).map(Some),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where the files of a run of `broadcast` are read, whether there is one or not.
    pub fn files_of(root: &Path, broadcast: &str, run: &RunId) -> RunFiles {
        RunFiles { path: root.join(broadcast).join(run.as_str()), attic: None }
    }

    /// Opens a run that an earlier process left, and cuts what its crash left half written.
    pub fn find(root: &Path, broadcast: &str, run: &RunId) -> io::Result<Found> {
        let path = root.join(broadcast).join(run.as_str());
        let record = read_record(&path)?;
        let mut inits = Vec::new();
        for rung in RungId::ALL {
            inits.push(InitSection::from_bytes(fs::read(path.join(init_name(rung)))?.into()));
        }
        let inits = inits.try_into().expect("one section was read for each of the three rungs");
        let ranges = RangeFile::find(&path)?;
        let recordings = recordings::load(&path)?;
        let dir = Self { path, record, ranges, open: None, skipped: None, attic: None };
        let stored = dir.stored_parts()?;
        let record = &dir.record;
        let mut window =
            Window::restore(record.ladder(), record.anchor, &stored, &record.discontinuities, record.ended);
        window.restore_ranges(dir.ranges.ranges());
        Ok(Found { dir, window, inits, recordings })
    }

    /// What is known of the run.
    pub const fn record(&self) -> &RunRecord {
        &self.record
    }

    /// Where its segments are read.
    pub fn files(&self) -> RunFiles {
        let files = RunFiles { path: self.path.clone(), attic: None };
        match &self.attic {
            Some(attic) => files.behind(Arc::clone(attic), &self.record.broadcast, &self.record.run),
            None => files,
        }
    }

    /// The same; of segments that do not lie here `attic` is asked.
    #[must_use]
    pub fn behind(self, attic: Option<Arc<dyn Attic>>) -> Self {
        Self { attic, ..self }
    }

    /// Notes a step's date ranges, and appends its parts to their segment files. Until this has returned `Ok` the step must not be
    /// listed, unless the disk has failed: then the segment is removed whole and sound goes on from
    /// memory.
    pub fn append(&mut self, step: &GridStep) -> io::Result<()> {
        let edge = self.record.ladder().grid().end(step.position);
        let noted = self.ranges.append(&step.ranges, edge);
        self.append_parts(step).and(noted)
    }

    fn append_parts(&mut self, step: &GridStep) -> io::Result<()> {
        let msn = step.position.msn;
        if self.skipped == Some(msn) {
            return Ok(());
        }
        let written = self.write(step);
        if written.is_err() {
            self.open = None;
            self.skipped = Some(msn);
            for rung in RungId::ALL {
                // What is already broken may fail to be removed as well; the error that counts is the
                // first one, and a segment with too few parts is cut again when the run is found.
                fs::remove_file(self.path.join(segment_name(rung, msn))).ok();
            }
        }
        written
    }

    fn write(&mut self, step: &GridStep) -> io::Result<()> {
        let msn = step.position.msn;
        if step.discontinuity {
            self.record.discontinuities.push(msn);
            self.store()?;
        }
        let mut open = match self.open.take() {
            Some(open) if open.msn == msn => open,
            _ => {
                if step.position.part.0 != 0 {
                    return Err(io::Error::other(format!("the first parts of segment {msn} are missing")));
                }
                let create = |rung| {
                    let path = self.path.join(segment_name(rung, msn));
                    OpenOptions::new().create(true).write(true).truncate(true).open(path)
                };
                let [main, low, opus] = RungId::ALL;
                OpenSegment { msn, files: [create(main)?, create(low)?, create(opus)?] }
            }
        };
        for part in &step.rungs {
            open.files[part.rung as usize].write_all(&part.bytes)?;
        }
        self.open = Some(open);
        Ok(())
    }

    /// Notes that the run is over.
    pub fn mark_ended(&mut self) -> io::Result<()> {
        self.record.ended = true;
        self.store()
    }

    /// Notes a new holder of the run's lease.
    pub fn set_fence(&mut self, fence: Fence) -> io::Result<()> {
        self.record.fence = fence;
        self.store()
    }

    /// Removes segments before `before` that no recording keeps, and forgets date ranges that were over before
    /// all that is left.
    pub fn sweep(&mut self, before: Msn, recordings: &[Recorded]) -> io::Result<usize> {
        let keeps = |msn| recordings.iter().any(|recorded| recorded.keeps(msn));
        let removed = self.files().sweep(|msn| msn < before && !keeps(msn))?;
        let kept = recordings.iter().map(|recorded| recorded.kept.from);
        self.ranges.sweep(kept.fold(before.start(), MediaTime::min))?;
        Ok(removed)
    }

    /// Removes the run and everything in it.
    pub fn remove(root: &Path, broadcast: &str, run: &RunId) -> io::Result<()> {
        fs::remove_dir_all(root.join(broadcast).join(run.as_str()))
    }

    fn store(&self) -> io::Result<()> {
        let record = &self.record;
        let stored = Stored {
            broadcast: record.broadcast.clone(),
            run: record.run.to_string(),
            anchor_micros: record.anchor.0,
            mode: record.mode.name().into(),
            profile: record.profile.name().into(),
            fence: record.fence,
            discontinuities: record.discontinuities.iter().map(|msn| msn.0).collect(),
            ended: record.ended,
        };
        // Written beside and moved into place: a crash leaves the old record or the new one.
        let beside = self.path.join("run.json.new");
        fs::write(&beside, serde_json::to_vec_pretty(&stored)?)?;
        fs::rename(beside, self.path.join(RECORD))
    }

    /// How many parts each segment holds in every rung. A tail that was half written when the process died is cut
    /// off.
    fn stored_parts(&self) -> io::Result<Vec<(Msn, u16)>> {
        let mut numbers = segments_in(&self.path.join(RungId::Main.name()))?;
        numbers.sort();
        // Those that were fetched from elsewhere lie here in some rungs alone, and whole.
        let elsewhere = attic::noted_slots(&self.path)?;
        let newest = numbers.len().saturating_sub(RESTORED);
        let mut stored = Vec::with_capacity(numbers.len());
        for (place, &msn) in numbers.iter().enumerate().filter(|(_, msn)| !elsewhere.contains_key(msn)) {
            // Only a process that died left one short, and where the next went on stands a discontinuity.
            let full = place < newest && !self.is_cut_before(msn, numbers[place + 1]);
            let parts =
                if full { self.record.ladder().grid().parts_per_slot() } else { self.whole_parts(msn)? };
            if parts > 0 {
                stored.push((msn, parts));
            }
        }
        stored.extend(elsewhere);
        stored.sort_unstable();
        Ok(stored)
    }

    fn is_cut_before(&self, msn: Msn, next: Msn) -> bool {
        let anew = self.record.discontinuities.iter().any(|slot| (msn.next()..=next).contains(slot));
        anew || next != msn.next()
    }

    /// Parts that segment `msn` holds in every rung; what lies behind them in its files is cut off.
    fn whole_parts(&self, msn: Msn) -> io::Result<u16> {
        let mut all = Vec::new();
        for rung in RungId::ALL {
            let bytes = match self.files().read_segment(rung, msn) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => Bytes::new(),
                Err(error) => return Err(error),
            };
            all.push((rung, bytes.len(), fragment::split_parts(&bytes)));
        }
        let parts = all.iter().map(|(_, _, parts)| parts.len()).min().unwrap_or(0);
        for (rung, length, found) in &all {
            let keep: usize = found[..parts].iter().map(Bytes::len).sum();
            if keep < *length {
                let file = OpenOptions::new().write(true).open(self.path.join(segment_name(*rung, msn)))?;
                file.set_len(keep as u64)?;
            }
        }
        Ok(parts as u16)
    }
}

fn read_record(run: &Path) -> io::Result<RunRecord> {
    let stored: Stored = serde_json::from_slice(&fs::read(run.join(RECORD))?)?;
    Ok(RunRecord {
        broadcast: stored.broadcast,
        run: RunId::parse(&stored.run).ok_or_else(|| invalid("run"))?,
        anchor: WallClock(stored.anchor_micros),
        mode: LatencyMode::from_str(&stored.mode).map_err(|_| invalid("mode"))?,
        profile: AudioProfile::from_str(&stored.profile).map_err(|_| invalid("profile"))?,
        fence: stored.fence,
        discontinuities: stored.discontinuities.into_iter().map(Msn).collect(),
        ended: stored.ended,
    })
}

fn segments_in(dir: &Path) -> io::Result<Vec<Msn>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        if let Some(number) = name.to_str().and_then(|name| name.strip_suffix(".m4s")?.parse().ok()) {
            numbers.push(Msn(number));
        }
    }
    Ok(numbers)
}

fn invalid(field: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{RECORD} has a bad {field}"))
}

#[cfg(test)]
mod tests {
    use media::{AccessUnit, MediaDuration};
    use packager::{Grid, Packager, Span};

    use super::*;

    fn record() -> RunRecord {
        RunRecord {
            broadcast: "studio".into(),
            run: RunId::parse("r1").unwrap(),
            anchor: WallClock(5_000_000),
            mode: LatencyMode::Low,
            profile: AudioProfile::Voice,
            fence: 1,
            discontinuities: Vec::new(),
            ended: false,
        }
    }

    fn inits() -> [InitSection; 3] {
        record().profile.rungs().map(|rung| InitSection::new(&rung, &[0x11, 0x88]))
    }

    /// `count` steps from the beginning of slot `first`.
    fn steps(first: u64, count: usize, discontinuity: bool) -> Vec<GridStep> {
        let record = record();
        let rungs = record.profile.rungs();
        let first = Msn(first);
        let mut packager =
            Packager::new(record.run.clone(), 1, Grid::new(record.mode), &rungs, first, discontinuity);
        for rung in rungs {
            for n in 0..count as u64 * 30_720 / rung.unit_frames() {
                let duration = MediaDuration::from_ticks(rung.unit_frames());
                let time = first.start() + MediaDuration::from_ticks(n * rung.unit_frames());
                packager
                    .push(rung.id, AccessUnit { time, duration, data: vec![n as u8; 20].into() })
                    .unwrap();
            }
        }
        std::iter::from_fn(|| packager.poll_output()).collect()
    }

    #[test]
    fn a_run_is_found_again_as_it_was() {
        let root = tempfile::tempdir().unwrap();
        let mut dir = RunDir::create(root.path(), record(), &inits()).unwrap();
        let mut window = Window::open(record().ladder(), record().anchor);
        for step in steps(8, 8, false).iter().chain(&steps(12, 2, true)) {
            dir.append(step).unwrap();
            window.apply(step.position, step.discontinuity).unwrap();
        }
        let runs = RunDir::runs(root.path(), "studio").unwrap();
        let found = RunDir::find(root.path(), "studio", &runs[0]).unwrap();
        assert!(found.window.segments().eq(window.segments()));
        assert_eq!(found.inits, inits());
        assert_eq!(found.dir.record(), dir.record());
    }

    #[test]
    fn a_part_that_was_half_written_is_cut_off() {
        let root = tempfile::tempdir().unwrap();
        let mut dir = RunDir::create(root.path(), record(), &inits()).unwrap();
        for step in steps(8, 3, false) {
            dir.append(&step).unwrap();
        }
        let path = root.path().join("studio/r1/low/8.m4s");
        let torn = fs::metadata(&path).unwrap().len() - 5;
        OpenOptions::new().write(true).open(&path).unwrap().set_len(torn).unwrap();
        let found = RunDir::find(root.path(), "studio", &record().run).unwrap();
        let last = found.window.last().unwrap();
        assert_eq!((last.msn, last.part.0), (Msn(8), 1), "two of three parts are whole in every rung");
        for rung in RungId::ALL {
            let bytes = found.dir.files().read_segment(rung, Msn(8)).unwrap();
            assert_eq!(fragment::split_parts(&bytes).len(), 2);
        }
    }

    #[test]
    fn a_sweep_keeps_what_is_new() {
        let root = tempfile::tempdir().unwrap();
        let mut dir = RunDir::create(root.path(), record(), &inits()).unwrap();
        for step in steps(8, 6, false).into_iter().chain(steps(9, 6, false)).chain(steps(10, 6, false)) {
            dir.append(&step).unwrap();
        }
        assert_eq!(dir.sweep(Msn(10), &[]).unwrap(), 6);
        assert!(dir.files().read_segment(RungId::Main, Msn(9)).is_err());
        assert!(dir.files().read_segment(RungId::Main, Msn(10)).is_ok());
    }

    #[test]
    fn a_sweep_keeps_what_is_recorded() {
        let root = tempfile::tempdir().unwrap();
        let mut dir = RunDir::create(root.path(), record(), &inits()).unwrap();
        for first in 8..12 {
            for step in steps(first, 6, false) {
                dir.append(&step).unwrap();
            }
        }
        let span = Span { from: Msn(9).start(), to: Some(Msn(10).start()) };
        let recorded = Recorded { kept: span, ..Recorded::open("a".into(), Msn(10).start()) };
        dir.sweep(Msn(11), &[recorded]).unwrap();
        let left = [8, 9, 10, 11].map(|msn| dir.files().read_segment(RungId::Low, Msn(msn)).is_ok());
        assert_eq!(left, [false, true, false, true]);
    }

    #[test]
    fn all_of_a_long_run_is_found_again_and_only_what_may_be_cut_is_read() {
        let root = tempfile::tempdir().unwrap();
        let mut dir = RunDir::create(root.path(), record(), &inits()).unwrap();
        let mut window = Window::open(record().ladder(), record().anchor);
        let cut = steps(8, 6, false).into_iter().chain(steps(9, 2, false)).chain(steps(12, 6, true));
        for step in cut.chain((13..80).flat_map(|msn| steps(msn, 6, false))) {
            dir.append(&step).unwrap();
            window.apply(step.position, step.discontinuity).unwrap();
        }
        // What cannot have been cut is not read: nobody would notice.
        fs::write(root.path().join("studio/r1/main/20.m4s"), b"x").unwrap();
        let found = RunDir::find(root.path(), "studio", &record().run).unwrap();
        assert!(found.window.whole().eq(window.whole()));
        assert_eq!(found.window.archive().get(Msn(9)).unwrap().parts, 2);
    }

    #[test]
    fn a_disk_that_fails_costs_the_segment_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let mut dir = RunDir::create(root.path(), record(), &inits()).unwrap();
        let blocked = root.path().join("studio/r1/opus");
        fs::remove_file(blocked.join("init.mp4")).unwrap();
        fs::remove_dir(&blocked).unwrap();
        let steps = steps(8, 12, false);
        assert!(dir.append(&steps[0]).is_err());
        assert!(dir.append(&steps[1]).is_ok(), "the rest of the segment is passed over");
        fs::create_dir(&blocked).unwrap();
        for step in &steps[6..] {
            dir.append(step).unwrap();
        }
        assert!(dir.files().read_segment(RungId::Main, Msn(8)).is_err());
        assert!(dir.files().read_segment(RungId::Main, Msn(9)).is_ok());
    }

    #[test]
    fn open_runs_and_ended_ones_are_told_apart() {
        let root = tempfile::tempdir().unwrap();
        let mut dir = RunDir::create(root.path(), record(), &inits()).unwrap();
        let other = RunRecord { broadcast: "other".into(), ended: true, ..record() };
        RunDir::create(root.path(), other, &inits()).unwrap();
        assert_eq!(RunDir::open_runs(root.path()).unwrap(), ["studio"]);
        assert!(RunDir::find_ended(root.path(), "studio").unwrap().is_none());
        assert!(RunDir::find_ended(root.path(), "other").unwrap().is_some());
        dir.mark_ended().unwrap();
        assert!(RunDir::open_runs(root.path()).unwrap().is_empty());
        assert!(RunDir::find_ended(root.path(), "studio").unwrap().is_some());
        assert!(RunDir::find_ended(root.path(), "nowhere").unwrap().is_none());
    }

    #[test]
    fn a_record_that_is_not_ours_is_refused() {
        let root = tempfile::tempdir().unwrap();
        RunDir::create(root.path(), record(), &inits()).unwrap();
        fs::write(root.path().join("studio/r1/run.json"), b"{\"broadcast\":1}").unwrap();
        assert!(RunDir::find(root.path(), "studio", &record().run).is_err());
    }
}
