//! What is on air: the one place that decides it.

mod door;
mod orders;
mod recording;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};

use anyhow::Context;
use ingest::{PublishRequest, Refusal};
use packager::RunId;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use transcode::demo;
use transcode::programme::SourceId;

use super::admission::GoLive;
use super::card::{Card, Origination};
use super::clock::wall_clock;
use super::consents::Consents;
use super::directory::Directory;
use super::drive::{Command, intake};
use super::endings::{Ending, Endings};
use super::entry::{Entry, Publisher, Scene, Snapshot};
use super::feed::Feed;
use super::handle::{Ears, HallHandle};
use super::happening::{Beginning, EndReason, Happening};
use super::key_file;
use super::lookups::Lookups;
use super::recordings;
use super::run::{OnAir, Resting, RunHouse};
use super::trouble;
use crate::hooks::admission::Admission;
use crate::playback::Ledger;

/// Happenings that may wait for the control plane, which writes each to a local file: some minutes of the
/// busiest station.
pub const HAPPENINGS: usize = 4_096;

/// What programmes tell the hall.
#[derive(Debug)]
pub enum Event {
    /// A source has left its programme.
    SourceGone(String, SourceId),
    /// A programme's thread is over, as it was told to or not.
    ProgrammeOver(String, RunId),
}

/// What a hall is opened with.
pub struct Premises {
    /// Where runs are opened that everybody hears.
    pub house: RunHouse,
    /// Where previews are opened, with an origin and a folder of their own.
    pub backstage: RunHouse,
    /// Who knows the broadcasts that the hall does not hold.
    pub directory: Arc<dyn Directory>,
    /// Whether broadcasts may go on air.
    pub go_live: GoLive,
    /// Who wants to publish.
    pub requests: mpsc::Receiver<PublishRequest>,
    /// The other end of [`RunHouse::events`].
    pub events: mpsc::UnboundedReceiver<Event>,
    /// Whose broadcasts are, told before they are served.
    pub ledger: Ledger,
    /// Who is asked before a publisher is let in.
    pub admission: Admission,
    /// Where happenings go; holds [`HAPPENINGS`].
    pub happenings: mpsc::Sender<Happening>,
}

/// The hall: a task that owns every decision about who is on air. It holds a broadcast for as long as that is
/// heard; it looks others up when somebody wants to publish to them, and waits for nobody.
pub struct Hall {
    premises: Premises,
    entries: BTreeMap<String, Entry>,
    endings: Arc<Endings>,
    lookups: Lookups,
    consents: Consents,
    ears: Ears,
    /// Runs that finish their last part.
    closing: JoinSet<()>,
    /// By broadcast, the run that ended last and may still be writing; disconnected when it is not.
    finishing: BTreeMap<String, std::sync::mpsc::Receiver<()>>,
    /// Runs that are over and still in memory.
    resting: Resting,
    next_source: u64,
    draining: bool,
}

impl Hall {
    /// An empty hall.
    pub fn new(premises: Premises) -> (Self, HallHandle) {
        let (handle, ears) = HallHandle::new();
        let hall = Self {
            entries: BTreeMap::new(),
            endings: Arc::default(),
            lookups: Lookups::new(premises.directory.clone()),
            consents: Consents::new(premises.admission.clone()),
            ears,
            closing: JoinSet::new(),
            finishing: BTreeMap::new(),
            resting: Resting::default(),
            next_source: 0,
            draining: false,
            premises,
        };
        (hall, handle)
    }

    /// Goes on with what an earlier process left on air of these broadcasts, and puts the demo on air where
    /// it is among them.
    pub fn begin(&mut self, cards: Vec<Card>) -> anyhow::Result<()> {
        for note in self.premises.house.untold_recordings() {
            recordings::list(self.premises.house.uploads.as_ref(), &note);
            self.tell(Happening::Recording(note));
        }
        for card in cards {
            let resumed = self.premises.house.resume(&card)?;
            let run = match resumed {
                None if card.is_demo() => Some((self.premises.house.open(&card)?, Beginning::Opened)),
                resumed => resumed.map(|run| (run, Beginning::Resumed)),
            };
            if let Some((run, beginning)) = run {
                self.put_up(Arc::new(card), Scene::Live, run, beginning)?;
            }
        }
        self.show();
        Ok(())
    }

    /// Runs until `shutdown`, then stops every programme with its current part. Runs stay open for the
    /// next start.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut rounds = interval(trouble::ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let deadline = self.entries.values().filter_map(Entry::deadline).min();
            let wake = deadline.unwrap_or_else(|| Instant::now() + Duration::from_hours(1));
            tokio::select! {
                Some(request) = self.premises.requests.recv() => self.admit(request),
                Some(order) = self.ears.orders.recv() => self.obey(order),
                Some(event) = self.premises.events.recv() => self.hear(event),
                landing = self.lookups.landed() => self.settle(landing),
                consent = self.consents.given() => self.welcome(consent),
                Some(closed) = self.closing.join_next() => note_close(closed),
                () = sleep_until(wake.into()) => self.end_silent(),
                _ = rounds.tick() => self.look_round(),
                () = shutdown.cancelled() => break,
            }
            self.show();
        }
        self.draining = true;
        self.stop().await;
        self.show();
    }

    fn show(&self) {
        let held: Vec<Snapshot> = self.entries.values().map(Entry::snapshot).collect();
        self.ears.show(held, self.endings.clone());
    }

    fn tell(&self, happening: Happening) {
        tell(&self.premises.happenings, happening);
    }

    /// Opens a run, or a preview.
    fn open(&mut self, card: &Arc<Card>, scene: Scene) -> Result<(), CannotOpen> {
        let house = self.house(scene);
        let opened =
            house.open(card).and_then(|run| self.put_up(card.clone(), scene, run, Beginning::Opened));
        opened.map_err(|cause| {
            error!(broadcast.id = %card.id, "{} cannot go on air: {cause:#}", card.id);
            CannotOpen
        })
    }

    fn house(&self, scene: Scene) -> &RunHouse {
        match scene {
            Scene::Live => &self.premises.house,
            Scene::Preview => &self.premises.backstage,
        }
    }

    /// Holds a broadcast whose run has begun. Answers nobody yet; publishers come after.
    fn put_up(
        &mut self,
        card: Arc<Card>,
        scene: Scene,
        run: OnAir,
        beginning: Beginning,
    ) -> anyhow::Result<()> {
        let (id, recorded) = (card.id.clone(), card.recorded);
        let preview_key = match scene {
            Scene::Live => None,
            Scene::Preview => Some(key_file::make().context("making the preview's key")?),
        };
        match scene {
            Scene::Live => {
                info!(broadcast.id = %id, "{id} is on air, run {}", run.run);
                Arc::make_mut(&mut self.endings).forget(&id);
                self.premises.ledger.note(&id, card.audience);
                let card = card.clone();
                let (run, at) = (run.run.clone(), run.started);
                self.tell(Happening::WentLive { card, run, at, beginning });
            }
            Scene::Preview => info!(broadcast.id = %id, "{id} is in preview, heard by its host alone"),
        }
        self.entries.insert(id.clone(), Entry::new(card, scene, run, preview_key));
        if scene == Scene::Live {
            match beginning {
                Beginning::Opened if recorded => self.record_from_the_start(&id),
                Beginning::Opened => {}
                Beginning::Resumed => self.tell_recording(&id),
            }
        }
        self.feed_demo(&id);
        Ok(())
    }

    /// Lets the demo be heard in `id` where that is what it is for.
    fn feed_demo(&mut self, id: &str) {
        let source = self.source();
        let Some(entry) = self.entries.get(id) else { return };
        if matches!(entry.card.origination, Origination::Demo) {
            // Rendered ahead by as long as it waits in the jitter buffer, so that its time signal is
            // heard on time.
            let epoch = Duration::from_micros(wall_clock().0) + intake(entry.run.record.mode).target;
            entry.run.tell(Command::Add(source, Feed::Demo(Box::new(demo::Sound::new(epoch)))));
        }
    }

    fn source(&mut self) -> SourceId {
        self.next_source += 1;
        SourceId::new(self.next_source)
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::SourceGone(id, source) => {
                let Some(entry) = self.entries.get_mut(&id) else { return };
                let card = entry.card.clone();
                if let Some(publisher) = entry.leave(source) {
                    info!(broadcast.id = %id, "host left {id}");
                    self.part_with(&card, &[publisher]);
                }
            }
            Event::ProgrammeOver(id, run) => self.revive(&id, &run),
        }
    }

    /// Goes on with a run whose programme stopped without having been told to: to listeners it is the same
    /// as a restart. Its publishers were disconnected with it, and come back.
    fn revive(&mut self, id: &str, run: &RunId) {
        if self.entries.get(id).is_none_or(|entry| entry.run.run != *run) {
            return;
        }
        let Some(entry) = self.entries.remove(id) else { return };
        self.part_with(&entry.card, &entry.publishers);
        if entry.scene == Scene::Preview {
            warn!(broadcast.id = %id, "the preview of {id} stopped by itself; the next publisher opens another");
            return;
        }
        error!(broadcast.id = %id, "the programme of {id} stopped by itself; its run goes on with the next slot");
        let (card, ended) = (entry.card.clone(), entry.snapshot());
        let revived = self.premises.house.resume(&card).and_then(|resumed| {
            let run = resumed.context("its run is over on disk")?;
            self.put_up(card, Scene::Live, run, Beginning::Resumed)
        });
        if let Err(cause) = revived {
            error!(broadcast.id = %id, "{id} does not go on: {cause:#}");
            self.note_end(&ended, EndReason::Failure);
        }
    }

    /// Tells that these publishers have left.
    fn part_with(&self, card: &Arc<Card>, publishers: &[Publisher]) {
        for publisher in publishers {
            self.consents.tell_gone(&publisher.stay);
            let (card, session, protocol) = (card.clone(), publisher.session.clone(), publisher.protocol);
            let user = publisher.stay.user_id.clone();
            self.tell(Happening::PublisherLeft { card, session, protocol, user, at: wall_clock() });
        }
    }

    /// Ends what has been silent for its whole grace.
    fn end_silent(&mut self) {
        let now = Instant::now();
        let over = |entry: &&Entry| entry.deadline().is_some_and(|deadline| deadline <= now);
        let ids: Vec<String> =
            self.entries.values().filter(over).map(|entry| entry.card.id.clone()).collect();
        for id in ids {
            self.end(&id, EndReason::Silence);
        }
    }

    fn note_end(&mut self, over: &Snapshot, why: EndReason) -> Ending {
        let ended = wall_clock();
        let (card, run) = (over.card.clone(), over.run.clone());
        let ending = Ending { card: card.clone(), run: run.clone(), started: over.started, ended, why };
        Arc::make_mut(&mut self.endings).note(ending.clone());
        self.tell(Happening::Ended { card, run, at: ended, why });
        ending
    }

    /// Looks after everybody's sound.
    fn look_round(&mut self) {
        let now = Instant::now();
        for (broadcast, shelf) in self.resting.cool(&self.premises.house.origin, now) {
            let uploads = self.premises.house.uploads.clone();
            self.closing.spawn_blocking(move || {
                // What is not stored yet has its only copy here.
                if uploads.as_ref().is_none_or(|uploads| uploads.have_stored(&broadcast, shelf.run())) {
                    recordings::tidy(&shelf);
                }
                if let Some(uploads) = &uploads {
                    uploads.tidy(&broadcast, shelf.run());
                }
            });
        }
        self.turn_over();
        self.finishing.retain(|_, writing| writing.try_recv() == Err(TryRecvError::Empty));
        let mut found = Vec::new();
        for entry in self.entries.values_mut().filter(|entry| entry.scene == Scene::Live) {
            let card = entry.card.clone();
            found.extend(entry.troubles(now).into_iter().map(|trouble| (card.clone(), trouble)));
        }
        for (card, trouble) in found {
            warn!(broadcast.id = %card.id, "{} is in trouble: {}", card.id, trouble.name());
            self.tell(Happening::Degraded { card, trouble, at: wall_clock() });
        }
    }

    async fn stop(&mut self) {
        self.premises.requests.close();
        while let Some(request) = self.premises.requests.recv().await {
            request.reject(Refusal::Unavailable);
        }
        for request in self.lookups.give_up() {
            request.reject(Refusal::Unavailable);
        }
        self.consents.give_up();
        self.ears.orders.close();
        for (_, entry) in std::mem::take(&mut self.entries) {
            self.part_with(&entry.card, &entry.publishers);
            entry.run.tell(Command::Stop);
            self.closing.spawn_blocking(move || entry.run.join());
        }
        while let Some(closed) = self.closing.join_next().await {
            note_close(closed);
        }
    }
}

fn tell(happenings: &mpsc::Sender<Happening>, happening: Happening) {
    if let Err(lost) = happenings.try_send(happening) {
        error!("a happening is not written down, since too many wait: {:?}", lost.into_inner());
    }
}

/// A run could not be opened; the log says why.
struct CannotOpen;

fn note_close(closed: Result<(), tokio::task::JoinError>) {
    if let Err(cause) = closed {
        error!("a programme did not stop well: {cause}");
    }
}

#[cfg(test)]
mod tests;
