//! The thread that makes a programme: 20 ms ticks of the monotonic clock, from going live to the end.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError};
use std::time::{Duration, Instant};

use ingest::{CloseReason, Publication, PublishRequest};
use media::{MediaDuration, MediaTime, RungId};
use packager::{Annotations, Grid, Ladder, LatencyMode, Msn, Packager, RunId, WallClock};
use tokio::sync::mpsc::UnboundedSender;
use tracing::{error, info, warn};
use transcode::intake::{IntakeConfig, TICK_FRAMES};
use transcode::programme::{Output, Programme, SourceId};

use super::annotation::Annotated;
use super::card::Treatment;
use super::clock::{Resumption, SuspendWatch, resume, sleep_until, wall_clock};
use super::feed::{Feed, Presence};
use super::hall::Event;
use super::lease::Lease;
use super::publishers::Publishers;
use super::release::Release;
use super::status::{Sound, Status};
use super::tracks::Tap;
use crate::metrics::Metrics;
use crate::metrics::labels::NoLabel;

/// One tick: 960 frames at 48 kHz.
const TICK: Duration = Duration::from_millis(20);

/// Ticks that the thread makes each time it wakes. A wake finds cold caches and costs as much as the work
/// itself, so modes that are heard seconds later wake half as often.
const fn ticks_per_wake(mode: LatencyMode) -> u32 {
    match mode {
        LatencyMode::Ultra => 1,
        LatencyMode::Low | LatencyMode::Standard => 2,
    }
}

/// Sound waits a tick longer for each tick that a wake makes at once: it comes in in larger pieces.
pub fn intake(mode: LatencyMode) -> IntakeConfig {
    let usual = IntakeConfig::default();
    IntakeConfig { target: usual.target + TICK * (ticks_per_wake(mode) - 1), ..usual }
}

/// Lets a publisher into a programme of `mode`. Where a wake makes more than one tick, the door reads once a
/// wake too; that is one wake later than it might, and costs half as much.
pub fn let_in(request: PublishRequest, mode: LatencyMode) -> Publication {
    if ticks_per_wake(mode) > 1 { request.accept_in_step() } else { request.accept() }
}

/// From a part's end to its release. The AAC encoder needs 1600 frames (33.3 ms) after the last one, the
/// wake that brings them comes at most 18.7 ms later (and a tick more where a wake makes two), and 6 ms are
/// for the encoders and a busy machine. Constant, so that steps are evenly spaced.
fn release_delay(mode: LatencyMode) -> Duration {
    Duration::from_millis(38) + TICK * ticks_per_wake(mode)
}

/// A thread that comes this late (two slots) was stopped, not slow: the run goes on from the next slot
/// instead of making up what no listener waited for.
const GIVEN_UP: Duration = Duration::from_secs(8);

/// Ticks between two accounts of the sound.
const ACCOUNT_TICKS: u32 = 50;

/// What the hall tells a programme.
pub enum Command {
    /// Hear this source.
    Add(SourceId, Feed),
    /// Let this source go; it knows why.
    Remove(SourceId),
    /// Let the programme that listens there have this source; its publisher notices nothing.
    HandOver(SourceId, SyncSender<Command>),
    /// Treat the sound like this from now on.
    Treat(Treatment),
    /// End the broadcast with the current part.
    End,
    /// Stop with the current part; the run stays open for the next start.
    Stop,
}

/// Everything the thread needs for a whole run.
pub struct Drive {
    /// Which broadcast, for logs and events.
    pub broadcast: String,
    /// Which run.
    pub run: RunId,
    /// Its rungs and grid.
    pub ladder: Ladder,
    /// Civil time of slot 0.
    pub anchor: WallClock,
    /// Whether the run opens now; its first slot then begins, late or not.
    pub fresh: bool,
    /// The last slot that holds sound.
    pub last: Option<Msn>,
    /// The right to release.
    pub lease: Lease,
    /// What the hall says.
    pub commands: Receiver<Command>,
    /// What is said beside the sound.
    pub annotated: Annotated,
    /// What was said and has not gone out yet.
    pub annotations: Annotations,
    /// What the hall hears.
    pub events: UnboundedSender<Event>,
    /// Where steps go. Bounded: a disk that hangs for longer than it holds stops the programme.
    pub releases: SyncSender<Release>,
    /// What can be seen of the run.
    pub status: Arc<Status>,
    /// Its way to WebRTC listeners.
    pub programme: Option<rtc::Programme>,
    /// What is done to its sound.
    pub treatment: Treatment,
    /// Its publishers' way to its stage.
    pub publishers: Option<Publishers>,
    /// Where each of its speakers is kept by themselves, where that is wanted.
    pub tap: Option<Tap>,
    /// What Prometheus is told.
    pub metrics: Metrics,
}

/// Why a stretch of programme is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Over {
    /// The broadcast has ended.
    Ended,
    /// The process stops, or the lease is lost.
    Stopped,
    /// Encoders start anew on the next slot.
    Interrupted,
}

impl Drive {
    /// Runs until the broadcast ends or the process stops.
    pub fn run(mut self) {
        let mut feeds = Vec::new();
        let over = loop {
            match self.stretch(&mut feeds) {
                Over::Interrupted => {}
                over => break over,
            }
        };
        let reason = if over == Over::Ended { CloseReason::Ended } else { CloseReason::ServerStopping };
        for (_, feed) in &feeds {
            feed.close(reason.clone());
        }
        if over == Over::Ended && self.releases.send(Release::End).is_err() {
            warn!(broadcast.id = %self.broadcast, "the run's releaser was gone before its end");
        }
    }

    /// One stretch of programme by the same encoders.
    fn stretch(&mut self, feeds: &mut Vec<(SourceId, Feed)>) -> Over {
        let at = if std::mem::take(&mut self.fresh) {
            Resumption { slot: Grid::FIRST, wait: self.anchor.at(Grid::FIRST.start()).since(wall_clock()) }
        } else {
            resume(self.anchor, wall_clock(), self.last)
        };
        let begin = Instant::now() + at.wait;
        let discontinuity = self.last.is_some();
        let first = at.slot.start();
        let rungs = self.ladder.rungs();
        let mut programme = match Programme::new(rungs, first) {
            Ok(programme) => programme,
            Err(cause) => {
                error!(broadcast.id = %self.broadcast, "the encoders do not start: {cause}");
                return Over::Stopped;
            }
        };
        programme.set_intake(intake(self.ladder.grid().mode()));
        programme.set_levelling(self.treatment.levelling);
        for (id, feed) in feeds.iter() {
            feed.enter(*id, &mut programme, self.treatment);
        }
        let (fence, grid) = (self.lease.fence(), self.ladder.grid());
        let packager = Packager::new(self.run.clone(), fence, grid, rungs, at.slot, discontinuity)
            .with_annotations(std::mem::take(&mut self.annotations));
        let mut stretch = Stretch {
            drive: self,
            programme,
            packager,
            begin,
            first,
            last_call: None,
            troubles: Troubles::default(),
        };
        let over = stretch.run(feeds);
        self.annotations = stretch.packager.into_annotations();
        if over == Over::Interrupted {
            warn!(broadcast.id = %self.broadcast, "the programme was interrupted; it goes on with the next slot");
        }
        over
    }
}

/// What went wrong with the sources that are here now.
#[derive(Clone, Copy, Default)]
struct Troubles {
    underruns: u64,
    cuts: u64,
    concealed: u64,
}

struct Stretch<'a> {
    drive: &'a mut Drive,
    programme: Programme,
    packager: Packager,
    /// When `first` is heard by the server's clock.
    begin: Instant,
    first: MediaTime,
    /// The order to finish with the current part.
    last_call: Option<Over>,
    troubles: Troubles,
}

impl Stretch<'_> {
    fn run(&mut self, feeds: &mut Vec<(SourceId, Feed)>) -> Over {
        let suspended = SuspendWatch::start();
        let mut ticks: u32 = 0;
        let mut awake_until: u32 = 0;
        while Instant::now() < self.begin {
            self.obey(feeds);
            self.note(self.first);
            if let Some(over) = self.last_call {
                return over;
            }
            sleep_until(self.begin.min(Instant::now() + TICK));
        }
        loop {
            let woken = ticks == awake_until;
            if woken {
                awake_until += self.ticks_per_wake(feeds);
            }
            let due = self.begin + TICK * awake_until;
            sleep_until(due);
            let now = Instant::now();
            let late = now.saturating_duration_since(due);
            if late > TICK && woken {
                Status::count(&self.drive.status.late_ticks);
                self.drive.metrics.late_ticks.add(NoLabel::One, 1);
            }
            if late > GIVEN_UP || suspended.has_slept() {
                return Over::Interrupted;
            }
            self.obey(feeds);
            self.note(self.first + MediaDuration::from_ticks(u64::from(ticks) * TICK_FRAMES as u64));
            // The tick's own time, not the clock's: this thread's lateness is none of a source's jitter.
            let elapsed = TICK * (ticks + 1);
            self.hear(feeds, elapsed);
            if let Some(over) = self.make(elapsed) {
                return over;
            }
            ticks += 1;
            if ticks.is_multiple_of(ACCOUNT_TICKS) {
                self.account(feeds);
            }
        }
    }

    /// Ticks that the next wake makes. Whoever hears by WebRTC, or speaks, hears each tick when it is made.
    fn ticks_per_wake(&self, feeds: &[(SourceId, Feed)]) -> u32 {
        let is_heard = self.drive.programme.as_ref().is_some_and(rtc::Programme::is_heard);
        if is_heard || feeds.iter().any(|(_, feed)| feed.is_interactive()) {
            return 1;
        }
        ticks_per_wake(self.drive.ladder.grid().mode())
    }

    /// Tells where the programme is, `now`, and takes what is said beside it.
    fn note(&mut self, now: MediaTime) {
        self.drive.status.set_programme_time(self.drive.anchor.at(now));
        self.drive.annotated.drain(self.packager.annotations(), self.drive.anchor, now);
    }

    /// Takes the hall's commands.
    fn obey(&mut self, feeds: &mut Vec<(SourceId, Feed)>) {
        loop {
            match self.drive.commands.try_recv() {
                Ok(Command::Add(id, feed)) => {
                    feed.enter(id, &mut self.programme, self.drive.treatment);
                    feeds.push((id, feed));
                }
                Ok(Command::HandOver(id, other)) => self.hand_over(feeds, id, &other),
                Ok(Command::Remove(id)) => {
                    self.programme.remove_source(id);
                    if let Some(tap) = &self.drive.tap {
                        tap.leave(id);
                    }
                    feeds.retain(|(known, _)| *known != id);
                }
                Ok(Command::Treat(treatment)) => {
                    self.drive.treatment = treatment;
                    self.programme.set_levelling(treatment.levelling);
                    for (id, feed) in feeds.iter() {
                        feed.treat(*id, &mut self.programme, treatment);
                    }
                }
                Ok(Command::End) => self.last_call = Some(Over::Ended),
                Ok(Command::Stop) => self.last_call = Some(Over::Stopped),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    self.last_call.get_or_insert(Over::Stopped);
                    break;
                }
            }
        }
    }

    /// Lets another programme have a source. One that left just now is none.
    fn hand_over(&mut self, feeds: &mut Vec<(SourceId, Feed)>, id: SourceId, other: &SyncSender<Command>) {
        let Some(place) = feeds.iter().position(|(known, _)| *known == id) else { return };
        let (_, feed) = feeds.remove(place);
        self.programme.remove_source(id);
        if let Err(TrySendError::Full(unheard) | TrySendError::Disconnected(unheard)) =
            other.try_send(Command::Add(id, feed))
        {
            warn!(broadcast.id = %self.drive.broadcast, "{id} could not be handed over");
            if let Command::Add(_, feed) = unheard {
                feed.close(CloseReason::ServerStopping);
            }
            self.drive.events.send(Event::SourceGone(self.drive.broadcast.clone(), id)).ok();
        }
    }

    /// Hands what has arrived to the programme.
    fn hear(&mut self, feeds: &mut Vec<(SourceId, Feed)>, elapsed: Duration) {
        let programme = &mut self.programme;
        if let Some(publishers) = &mut self.drive.publishers {
            let here = feeds.iter().filter_map(|(id, feed)| {
                let (passage, person) = feed.to_stage()?;
                Some((*id, passage, person))
            });
            publishers.settle(here, programme);
        }
        let mut publishers = self.drive.publishers.take();
        let drive = &*self.drive;
        let now = self.first + MediaDuration::from_ticks(elapsed.as_millis() as u64 * 48);
        let tap = drive.tap.as_ref().map(|tap| (tap, now));
        feeds.retain_mut(|(id, feed)| match feed.drain(*id, elapsed, programme, publishers.as_mut(), tap) {
            Presence::Here => true,
            Presence::Gone => {
                programme.remove_source(*id);
                if let Some(tap) = &drive.tap {
                    tap.leave(*id);
                }
                // The hall outlives its programmes except while the process stops, when nobody has to know.
                drive.events.send(Event::SourceGone(drive.broadcast.clone(), *id)).ok();
                false
            }
        });
        self.drive.publishers = publishers;
    }

    /// Makes one tick of programme and hands over the steps that it completes.
    fn make(&mut self, elapsed: Duration) -> Option<Over> {
        if let Err(cause) = self.programme.tick(elapsed) {
            error!(broadcast.id = %self.drive.broadcast, "an encoder failed: {cause}");
            return Some(Over::Interrupted);
        }
        if let Some(publishers) = &mut self.drive.publishers {
            publishers.take_tick(&self.programme);
        }
        while let Some(Output::Unit { rung, unit }) = self.programme.poll_output() {
            if rung == RungId::Opus
                && let Some(programme) = &mut self.drive.programme
            {
                programme.send(&unit);
            }
            if let Err(cause) = self.packager.push(rung, unit) {
                error!(broadcast.id = %self.drive.broadcast, "the packager refused sound: {cause}");
                return Some(Over::Interrupted);
            }
        }
        while let Some(step) = self.packager.poll_output() {
            let end = self.drive.ladder.grid().end(step.position);
            let heard = end.since(self.first).unwrap_or_default();
            let at = self.begin
                + heard.to_duration(media::Timescale::PROGRAMME)
                + release_delay(self.drive.ladder.grid().mode());
            self.drive.last = Some(step.position.msn);
            if self.drive.releases.send(Release::Step(step, at)).is_err() {
                info!(broadcast.id = %self.drive.broadcast, "the run is no longer released here");
                return Some(Over::Stopped);
            }
            if let Some(over) = self.last_call {
                return Some(over);
            }
        }
        None
    }

    /// Writes down how everything sounds, and tells the metrics what has come since the last time.
    fn account(&mut self, feeds: &[(SourceId, Feed)]) {
        let mut sum = Troubles::default();
        for (id, _) in feeds {
            if let Some(stats) = self.programme.source_stats(*id) {
                sum.underruns += stats.intake.underruns;
                sum.cuts += stats.intake.cuts;
                sum.concealed += stats.intake.concealed_frames / TICK_FRAMES as u64;
            }
        }
        let (metrics, before) = (&self.drive.metrics, std::mem::replace(&mut self.troubles, sum));
        metrics.source_underruns.add(NoLabel::One, sum.underruns.saturating_sub(before.underruns));
        metrics.source_cuts.add(NoLabel::One, sum.cuts.saturating_sub(before.cuts));
        metrics.source_concealed_frames.add(NoLabel::One, sum.concealed.saturating_sub(before.concealed));
        let sources = feeds.iter().filter_map(|(id, feed)| feed.describe(*id, &self.programme)).collect();
        self.drive.status.set_sound(Sound { loudness: self.programme.loudness(), sources });
    }
}
