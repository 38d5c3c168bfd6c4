//! Opening a run, and finding one that an earlier process left open.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context;
use origin::disk::Found;
use origin::{Channel, Origin, RunDir, RunRecord, Shelf};
use packager::{Annotations, Grid, InitSection, Ladder, Msn, RunId, WallClock, Window};
use rtc::{Audience, Clock, Rtc};
use tokio::sync::mpsc::UnboundedSender;
use tracing::{error, info, warn};
use transcode::encode::Encoder;

use super::annotation::{self, Annotator};
use super::card::Card;
use super::clock::wall_clock;
use super::drive::{Command, Drive};
use super::floor::OpenStage;
use super::hall::Event;
use super::lease::Ownership;
use super::publishers::Publishers;
use super::recordings;
use super::release::Releaser;
use super::status::Status;
use super::tracks;
use crate::metrics::Metrics;
use crate::uploads::Uploads;

/// Commands that may wait for a programme; the hall sends a few a minute.
const COMMANDS: usize = 64;

/// Steps that may wait for the disk: four slots of `low`, one of `ultra`.
const RELEASES: usize = 30;

/// From opening a run to its first sample: folders are made and threads started meanwhile, so that dates are
/// true from the first one on.
const LEAD: Duration = Duration::from_millis(60);

/// What runs are opened with.
#[derive(Clone)]
pub struct RunHouse {
    /// Where media is served.
    pub origin: Arc<Origin>,
    /// Below it, `{broadcast}/{run}/`.
    pub media_dir: PathBuf,
    /// How far back listeners may seek in what is on air. Segments that no recording keeps stay that long.
    pub retention: Duration,
    /// Who grants leases.
    pub ownership: Arc<dyn Ownership>,
    /// What the hall hears.
    pub events: UnboundedSender<Event>,
    /// By what WebRTC listeners are reached; `None` where there are none.
    pub rtc: Option<Rtc>,
    /// What is brought to the object store; `None` where the disk is the store.
    pub uploads: Option<Uploads>,
    /// What Prometheus is told.
    pub metrics: Metrics,
}

/// A run that is on air in this process.
pub struct OnAir {
    /// Which run.
    pub run: RunId,
    /// When it opened.
    pub started: WallClock,
    /// Its rungs and grid.
    pub record: RunRecord,
    /// What can be seen of it.
    pub status: Arc<Status>,
    /// Where it is served from.
    pub shelf: Arc<Shelf>,
    /// The way to say something beside its sound.
    pub annotator: Annotator,
    /// What its WebRTC listeners join.
    pub audience: Option<Audience>,
    /// What people join who speak; they leave with it.
    pub stage: Option<OpenStage>,
    commands: mpsc::SyncSender<Command>,
    threads: Vec<JoinHandle<()>>,
}

impl OnAir {
    /// Tells the programme. `false` when it is over, or has not listened for so long that it might as well be.
    pub fn tell(&self, command: Command) -> bool {
        self.commands.try_send(command).is_ok()
    }

    /// Where another programme hands its sources over to.
    pub fn ways_in(&self) -> mpsc::SyncSender<Command> {
        self.commands.clone()
    }

    /// Waits until the programme has stopped and its last step is released.
    pub fn join(self) {
        drop(self.commands);
        for thread in self.threads {
            if thread.join().is_err() {
                warn!("a programme's thread had panicked");
            }
        }
    }
}

impl RunHouse {
    /// Opens a fresh run of `card`'s broadcast and puts it on air.
    pub fn open(&self, card: &Card) -> anyhow::Result<OnAir> {
        let ladder = Ladder::new(card.profile, card.mode);
        let inits = inits(&ladder)?;
        let now = wall_clock();
        let mut salt = [0; 2];
        getrandom::fill(&mut salt).context("asking the system for random bytes")?;
        let record = RunRecord {
            broadcast: card.id.clone(),
            run: RunId::from_parts(now.0 / 1_000, u16::from_ne_bytes(salt)),
            anchor: now.plus(LEAD).minus(Grid::FIRST.start().to_duration(media::Timescale::PROGRAMME)),
            mode: card.mode,
            profile: card.profile,
            fence: 0,
            discontinuities: Vec::new(),
            ended: false,
        };
        let window = Window::open(ladder, record.anchor);
        let dir = RunDir::create(&self.media_dir, record, &inits)
            .with_context(|| format!("making the run's folder below {}", self.media_dir.display()))?;
        self.put_on_air(card, Found { dir, window, inits, recordings: Vec::new() }, true)
    }

    /// The broadcasts whose newest run an earlier process left open.
    pub fn left_open(&self) -> anyhow::Result<Vec<String>> {
        let found = RunDir::open_runs(&self.media_dir);
        found.with_context(|| format!("looking for open runs below {}", self.media_dir.display()))
    }

    /// What an earlier process left of `card`'s broadcast: goes on with a run that is open and was heard
    /// within `grace`; one that was silent for longer is over.
    pub fn resume(&self, card: &Card) -> anyhow::Result<Option<OnAir>> {
        let runs = RunDir::runs(&self.media_dir, &card.id).context("looking for earlier runs")?;
        let Some((newest, older)) = runs.split_last() else { return Ok(None) };
        self.remove(&card.id, older);
        let found = match RunDir::find(&self.media_dir, &card.id, newest) {
            Ok(found) => found,
            Err(cause) => {
                warn!(broadcast.id = %card.id, "run {newest} cannot be read and is left as it is: {cause}");
                return Ok(None);
            }
        };
        if found.dir.record().ended {
            return Ok(None);
        }
        if silent_since(&found) > card.grace {
            info!(broadcast.id = %card.id, "{} was silent for longer than its grace and has ended", card.id);
            end(found)?;
            return Ok(None);
        }
        info!(broadcast.id = %card.id, "{} goes on in run {newest}", card.id);
        self.put_on_air(card, found, false).map(Some)
    }

    fn shelve(&self, found: Found) -> (Arc<Shelf>, RunDir) {
        let slot = Grid::SLOT.to_duration(media::Timescale::PROGRAMME).as_millis();
        let window =
            found.window.with_dvr(u64::try_from(self.retention.as_millis() / slot).unwrap_or(u64::MAX));
        let (shelf, dir) = Shelf::new(Found { window, ..found });
        let broadcast = &dir.record().broadcast;
        let channel: Arc<Channel> = self.origin.channel_for(broadcast);
        let gone = channel.open(shelf.clone());
        self.remove(broadcast, &gone);
        (shelf, dir)
    }

    fn put_on_air(&self, card: &Card, found: Found, fresh: bool) -> anyhow::Result<OnAir> {
        let last = found.window.last().map(|last| last.msn);
        let annotations = said_before(&found.window);
        let (annotator, annotated) = annotation::open(&self.metrics);
        let (shelf, mut dir) = self.shelve(found);
        let lease = self.ownership.acquire(shelf.run(), dir.record().fence);
        dir.set_fence(lease.fence()).context("noting who has the run")?;
        let record = dir.record().clone();
        let status = Arc::new(Status::default());
        let (commands, orders) = mpsc::sync_channel(COMMANDS);
        let (releases, steps) = mpsc::sync_channel(RELEASES);
        let clock = Clock { anchor: Duration::from_micros(record.anchor.0) };
        let programme = self.rtc.as_ref().map(|rtc| rtc.programme(clock));
        let audience = programme.as_ref().map(rtc::Programme::audience);
        let stage = self.rtc.as_ref().map(OpenStage::new);
        let (tap, writer) = match card.tracks.then(|| tracks::open(&record.broadcast, &shelf, &self.metrics))
        {
            Some(Ok((tap, writer))) => (Some(tap), Some(writer)),
            Some(Err(cause)) => {
                // The programme is worth more than its parts.
                error!(broadcast.id = %record.broadcast, "the speakers are not kept by themselves: {cause}");
                (None, None)
            }
            None => (None, None),
        };
        let drive = Drive {
            broadcast: record.broadcast.clone(),
            run: record.run.clone(),
            ladder: record.ladder(),
            anchor: record.anchor,
            fresh,
            last,
            lease: lease.clone(),
            commands: orders,
            annotated,
            annotations,
            events: self.events.clone(),
            releases,
            status: status.clone(),
            programme,
            treatment: card.treatment,
            publishers: stage.as_ref().map(|stage| Publishers::new(stage.view().door)),
            tap,
            metrics: self.metrics.clone(),
        };
        let upload = self.uploads.as_ref().and_then(|uploads| uploads.on_air(&record));
        let releaser = Releaser {
            dir,
            shelf: shelf.clone(),
            metrics: self.metrics.clone(),
            lease,
            status: status.clone(),
            // What DVR lists is there, and a while longer: somebody has just read the list.
            retention: self.retention + REST,
            upload,
        };
        let farewell = Farewell(self.events.clone(), record.broadcast.clone(), record.run.clone());
        let mut threads = vec![
            spawn("programme", move || {
                let _said_at_the_end = farewell;
                drive.run();
            })?,
            spawn("release", move || releaser.run(&steps))?,
        ];
        if let Some(writer) = writer {
            threads.push(spawn("tracks", move || writer.run())?);
        }
        let started = record.anchor.at(Grid::FIRST.start());
        Ok(OnAir {
            run: record.run.clone(),
            started,
            record,
            status,
            shelf,
            annotator,
            audience,
            stage,
            commands,
            threads,
        })
    }

    /// Ends the run that an earlier process left open of a broadcast that is no more.
    pub fn abandon(&self, broadcast: &str) -> anyhow::Result<()> {
        let runs = RunDir::runs(&self.media_dir, broadcast).context("looking for earlier runs")?;
        let Some(newest) = runs.last() else { return Ok(()) };
        end(RunDir::find(&self.media_dir, broadcast, newest).context("reading an open run")?)
    }

    /// Removes everything that was ever heard of a broadcast; nothing of it may be on air.
    pub fn clear(&self, broadcast: &str) {
        self.origin.forget(broadcast);
        if let Some(uploads) = &self.uploads {
            uploads.forget(broadcast);
        }
        match fs::remove_dir_all(self.media_dir.join(broadcast)) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                warn!(broadcast.id = %broadcast, "the media of {broadcast} could not be removed: {cause}");
            }
            _ => {}
        }
    }

    /// Removes runs that nobody is served any more, unless something of them was recorded; those that are not stored
    /// yet, when they are.
    fn remove(&self, broadcast: &str, runs: &[RunId]) {
        for run in runs {
            match RunDir::files_of(&self.media_dir, broadcast, run).read_recordings() {
                Ok(recordings) if recordings.is_empty() => {
                    if self.uploads.as_ref().is_some_and(|uploads| uploads.keeps(broadcast, run)) {
                        continue;
                    }
                }
                Ok(_) => continue,
                Err(cause) => {
                    warn!(broadcast.id = %broadcast, "run {run} stays, its recordings cannot be read: {cause}");
                    continue;
                }
            }
            if let Err(cause) = remove_run(&self.media_dir, broadcast, run) {
                warn!(broadcast.id = %broadcast, "run {run} could not be removed: {cause}");
            }
        }
    }
}

/// Notes that a run is over which an earlier process left open.
fn end(mut found: Found) -> anyhow::Result<()> {
    found.dir.mark_ended().context("noting the end of a run")?;
    found.window.end();
    let (shelf, dir) = Shelf::new(found);
    // Told to the control plane with what else it may not know.
    recordings::close(&shelf, dir.record());
    Ok(())
}

fn remove_run(root: &Path, broadcast: &str, run: &RunId) -> io::Result<()> {
    match RunDir::remove(root, broadcast, run) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> anyhow::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.into()).spawn(run).with_context(|| format!("starting the {name} thread"))
}

/// How long the end of a run stays in memory: who listens fetches it now.
const REST: Duration = Duration::from_secs(120);

/// Runs that have ended and are still served from memory; after a while they are served from disk.
#[derive(Debug, Default)]
pub struct Resting(VecDeque<(Instant, String, Arc<Shelf>)>);

impl Resting {
    /// Adds a run of `broadcast` that ended at `now`.
    pub fn add(&mut self, broadcast: &str, shelf: Arc<Shelf>, now: Instant) {
        self.0.push_back((now + REST, broadcast.to_owned(), shelf));
    }

    /// Takes runs out of memory that have rested, unless a newer one is served in their place. Answers with them.
    pub fn cool(&mut self, origin: &Origin, now: Instant) -> Vec<(String, Arc<Shelf>)> {
        let mut cooled = Vec::new();
        while let Some((_, broadcast, shelf)) = self.0.pop_front_if(|(until, ..)| *until <= now) {
            origin.retire(&broadcast, &shelf);
            cooled.push((broadcast, shelf));
        }
        cooled
    }
}

/// Tells the hall that a programme's thread is over, by a panic too.
struct Farewell(UnboundedSender<Event>, String, RunId);

impl Drop for Farewell {
    fn drop(&mut self) {
        // While the process stops nobody has to know.
        self.0.send(Event::ProgrammeOver(self.1.clone(), self.2.clone())).ok();
    }
}

/// The init section of every rung, with the configuration that its encoder has.
fn inits(ladder: &Ladder) -> anyhow::Result<[InitSection; 3]> {
    let mut sections = Vec::new();
    for rung in ladder.rungs() {
        let encoder = Encoder::new(rung, media::MediaTime::default())
            .with_context(|| format!("starting the encoder of rung {}", rung.id))?;
        sections.push(InitSection::new(rung, &encoder.config()));
    }
    Ok(sections.try_into().expect("a ladder has three rungs"))
}

/// The date ranges of a run that was found again: what is not over goes on with its sound.
fn said_before(window: &Window) -> Annotations {
    let end = window.last().map_or(Grid::FIRST.start(), |last| window.ladder().grid().end(last));
    Annotations::resume(window.ranges(), end)
}

/// How long ago the last sound of a run that was found would have ended.
fn silent_since(found: &Found) -> Duration {
    let record = found.dir.record();
    let last = found.window.last().map_or(Grid::FIRST, |last| Msn::next(last.msn));
    wall_clock().since(record.anchor.at(last.start()))
}
