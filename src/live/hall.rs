//! Who may publish, and what is on air: the one place that decides both.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ingest::{Activity, CloseReason, PublishRequest, Refusal};
use packager::{RunId, WallClock};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use transcode::demo;
use transcode::programme::SourceId;

use super::broadcast::{Broadcast, Origination};
use super::clock::wall_clock;
use super::drive::{Command, intake};
use super::feed::Feed;
use super::run::{OnAir, RunHouse};
use super::status::Status;

/// A publisher that has delivered nothing for this long is a ghost: its own return takes its place.
const GHOST: Duration = Duration::from_secs(2);

/// Grace of a broadcast that nobody publishes to: it never ends by itself.
const FOR_EVER: Duration = Duration::from_secs(u64::MAX / 4);

/// What programmes tell the hall.
#[derive(Debug)]
pub enum Event {
    /// A source has left its programme.
    SourceGone(String, SourceId),
    /// A programme's thread is over, as it was told to or not.
    ProgrammeOver(String, RunId),
}

/// Where a broadcast is in its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// Nobody has published yet.
    Scheduled,
    /// On air.
    Live,
    /// It was on air.
    Ended,
}

/// A broadcast as others may see it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// How it was set up.
    pub broadcast: Arc<Broadcast>,
    /// Where it is in its life.
    pub state: State,
    /// When its run opened.
    pub started: Option<WallClock>,
    /// When it ended.
    pub ended: Option<WallClock>,
    /// What can be seen of its sound while it is on air.
    pub status: Option<Arc<Status>>,
    /// By which door its publisher came.
    pub publisher: Option<&'static str>,
}

/// How others see the hall. Cheap to clone.
#[derive(Clone, Debug)]
pub struct HallHandle {
    snapshots: watch::Receiver<Arc<Vec<Snapshot>>>,
    refusals: Arc<Refusals>,
}

impl HallHandle {
    /// Every broadcast, by id.
    pub fn broadcasts(&self) -> Arc<Vec<Snapshot>> {
        self.snapshots.borrow().clone()
    }

    /// One broadcast.
    pub fn broadcast(&self, id: &str) -> Option<Snapshot> {
        self.snapshots.borrow().iter().find(|snapshot| snapshot.broadcast.id == id).cloned()
    }

    /// Publishers turned away, by reason.
    pub fn refusals(&self) -> Vec<(&'static str, u64)> {
        self.refusals.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone().into_iter().collect()
    }
}

/// The refusal's name in metrics.
const fn reason(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownBroadcast => "unknown_broadcast",
        Refusal::BadKey => "bad_key",
        Refusal::AlreadyPublishing => "already_publishing",
        Refusal::NotLive => "not_live",
        Refusal::UnsupportedCodec { .. } => "unsupported_codec",
        _ => "unavailable",
    }
}

type Refusals = std::sync::Mutex<BTreeMap<&'static str, u64>>;

/// The hall: a task that owns every decision about who is on air.
pub struct Hall {
    house: RunHouse,
    entries: BTreeMap<String, Entry>,
    requests: mpsc::Receiver<PublishRequest>,
    events: mpsc::UnboundedReceiver<Event>,
    next_source: u64,
    snapshots: watch::Sender<Arc<Vec<Snapshot>>>,
    refusals: Arc<Refusals>,
    draining: bool,
}

struct Entry {
    broadcast: Arc<Broadcast>,
    on_air: Option<OnAir>,
    publisher: Option<Publisher>,
    /// Since when nobody publishes, while on air.
    silent_since: Option<Instant>,
    started: Option<WallClock>,
    ended: Option<WallClock>,
}

struct Publisher {
    source: SourceId,
    activity: Activity,
    protocol: &'static str,
}

impl Entry {
    fn new(broadcast: Broadcast) -> Self {
        let broadcast = Arc::new(broadcast);
        Self { broadcast, on_air: None, publisher: None, silent_since: None, started: None, ended: None }
    }

    /// When it ends by itself if nobody publishes.
    fn deadline(&self) -> Option<Instant> {
        self.silent_since?.checked_add(self.broadcast.grace)
    }

    fn snapshot(&self) -> Snapshot {
        let state = match (&self.on_air, self.started) {
            (Some(_), _) => State::Live,
            (None, Some(_)) => State::Ended,
            (None, None) => State::Scheduled,
        };
        Snapshot {
            broadcast: self.broadcast.clone(),
            state,
            started: self.started,
            ended: self.ended,
            status: self.on_air.as_ref().map(|run| run.status.clone()),
            publisher: self.publisher.as_ref().map(|publisher| publisher.protocol),
        }
    }
}

impl Hall {
    /// A hall for `broadcasts`. `events` is the other end of [`RunHouse::events`].
    pub fn new(
        house: RunHouse,
        broadcasts: Vec<Broadcast>,
        requests: mpsc::Receiver<PublishRequest>,
        events: mpsc::UnboundedReceiver<Event>,
    ) -> (Self, HallHandle) {
        let entries =
            broadcasts.into_iter().map(|broadcast| (broadcast.id.clone(), Entry::new(broadcast))).collect();
        let (snapshots, receiver) = watch::channel(Arc::default());
        let refusals = Arc::new(Refusals::default());
        let handle = HallHandle { snapshots: receiver, refusals: refusals.clone() };
        let hall =
            Self { house, entries, requests, events, next_source: 0, snapshots, refusals, draining: false };
        (hall, handle)
    }

    /// Goes on with what an earlier process left on air, and puts the demo on air.
    pub fn begin(&mut self) -> anyhow::Result<()> {
        let ids: Vec<String> = self.entries.keys().cloned().collect();
        for (id, entry) in &mut self.entries {
            self.house.origin.channel_for(id);
            let mut broadcast = Broadcast::clone(&entry.broadcast);
            let demo = matches!(broadcast.origination, Origination::Demo);
            if demo {
                broadcast.grace = FOR_EVER;
            }
            entry.on_air = self.house.resume(&broadcast)?;
            if demo && entry.on_air.is_none() {
                entry.on_air = Some(self.house.open(&broadcast)?);
            }
            entry.started = entry.on_air.as_ref().map(|run| run.started);
            entry.silent_since = entry.on_air.as_ref().filter(|_| !demo).map(|_| Instant::now());
        }
        for id in ids {
            self.feed_demo(&id);
        }
        self.publish();
        Ok(())
    }

    /// Lets the demo be heard in `id` where that is what it is for and it is on air.
    fn feed_demo(&mut self, id: &str) {
        let source = self.source();
        let Some(entry) = self.entries.get(id) else { return };
        if let (Origination::Demo, Some(run)) = (&entry.broadcast.origination, &entry.on_air) {
            // Rendered ahead by as long as it waits in the jitter buffer, so that its time signal is
            // heard on time.
            let epoch = Duration::from_micros(wall_clock().0) + intake(run.record.mode).target;
            run.tell(Command::Add(source, Feed::Demo(Box::new(demo::Sound::new(epoch)))));
        }
    }

    /// Runs until `shutdown`, then stops every programme with its current part. Runs stay open for the
    /// next start.
    pub async fn run(mut self, shutdown: CancellationToken) {
        loop {
            let deadline = self.entries.values().filter_map(Entry::deadline).min();
            let wake = deadline.unwrap_or_else(|| Instant::now() + Duration::from_hours(1));
            tokio::select! {
                Some(request) = self.requests.recv() => self.admit(request),
                Some(event) = self.events.recv() => self.hear(event),
                () = sleep_until(wake.into()) => self.end_silent(),
                () = shutdown.cancelled() => break,
            }
            self.publish();
        }
        self.draining = true;
        self.stop().await;
        self.publish();
    }

    fn publish(&self) {
        self.snapshots.send_replace(Arc::new(self.entries.values().map(Entry::snapshot).collect()));
    }

    fn source(&mut self) -> SourceId {
        self.next_source += 1;
        SourceId::new(self.next_source)
    }

    /// Answers one publish request; nothing is accepted before every reason to refuse has been looked at.
    fn admit(&mut self, request: PublishRequest) {
        match self.judge(&request) {
            Ok(()) => self.accept(request),
            Err(refusal) => {
                info!(
                    broadcast.id = %request.broadcast, ingest.protocol = request.protocol.name(),
                    "a publisher was turned away from {:?}: {refusal}", request.broadcast
                );
                let mut refusals = self.refusals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                *refusals.entry(reason(&refusal)).or_default() += 1;
                drop(refusals);
                request.reject(refusal);
            }
        }
    }

    fn judge(&mut self, request: &PublishRequest) -> Result<(), Refusal> {
        if self.draining {
            return Err(Refusal::Unavailable);
        }
        let entry = self.entries.get_mut(&request.broadcast).ok_or(Refusal::UnknownBroadcast)?;
        match &entry.broadcast.origination {
            Origination::Publisher(key) if *key == request.key => {}
            Origination::Publisher(_) | Origination::Demo => return Err(Refusal::BadKey),
        }
        let now = Instant::now();
        if entry.publisher.as_ref().is_some_and(|publisher| publisher.activity.idle_for(now) < GHOST) {
            return Err(Refusal::AlreadyPublishing);
        }
        if entry.on_air.is_none() {
            let opened = self.house.open(&entry.broadcast).map_err(|cause| {
                error!(broadcast.id = %entry.broadcast.id, "{} cannot go on air: {cause:#}", entry.broadcast.id);
                Refusal::Unavailable
            })?;
            info!(broadcast.id = %entry.broadcast.id, "{} is on air, run {}", entry.broadcast.id, opened.run);
            entry.started = Some(opened.started);
            entry.ended = None;
            entry.on_air = Some(opened);
        }
        Ok(())
    }

    fn accept(&mut self, request: PublishRequest) {
        let source = self.source();
        let protocol = request.protocol.name();
        let Some(entry) = self.entries.get_mut(&request.broadcast) else { return };
        let Some(run) = &entry.on_air else { return };
        if let Some(ghost) = entry.publisher.take() {
            info!(broadcast.id = %entry.broadcast.id, "the publisher of {} takes its own place over", entry.broadcast.id);
            run.tell(Command::Remove(ghost.source, CloseReason::TakenOver));
        }
        let software = request.software.clone();
        let publication = request.accept();
        let activity = publication.activity();
        info!(broadcast.id = %entry.broadcast.id, ingest.protocol = protocol, "host connected to {}", entry.broadcast.id);
        if run.tell(Command::Add(source, Feed::of(publication, protocol, software))) {
            entry.publisher = Some(Publisher { source, activity, protocol });
            entry.silent_since = None;
        } else {
            warn!(broadcast.id = %entry.broadcast.id, "the programme of {} was over", entry.broadcast.id);
            entry.on_air = None;
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::SourceGone(id, source) => {
                if let Some(entry) = self.entries.get_mut(&id)
                    && entry.publisher.as_ref().is_some_and(|publisher| publisher.source == source)
                {
                    info!(broadcast.id = %id, "host left {id}");
                    entry.publisher = None;
                    entry.silent_since = Some(Instant::now());
                }
            }
            Event::ProgrammeOver(id, run) => self.revive(&id, &run),
        }
    }

    /// Goes on with a run whose programme stopped without having been told to: to listeners it is the same
    /// as a restart. Its publisher was disconnected with it, and comes back.
    fn revive(&mut self, id: &str, run: &RunId) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        if entry.on_air.as_ref().is_none_or(|on_air| on_air.run != *run) {
            return;
        }
        error!(broadcast.id = %id, "the programme of {id} stopped by itself; its run goes on with the next slot");
        entry.publisher = None;
        entry.on_air = self.house.resume(&entry.broadcast).unwrap_or_else(|cause| {
            error!(broadcast.id = %id, "it does not go on: {cause:#}; the next publisher opens a new run");
            None
        });
        let waits = entry.on_air.is_some() && !matches!(entry.broadcast.origination, Origination::Demo);
        entry.silent_since = waits.then(Instant::now);
        self.feed_demo(id);
    }

    /// Ends what has been silent for its whole grace.
    fn end_silent(&mut self) {
        let now = Instant::now();
        for (id, entry) in &mut self.entries {
            if entry.deadline().is_some_and(|deadline| deadline <= now) {
                entry.silent_since = None;
                if let Some(run) = entry.on_air.take() {
                    info!(broadcast.id = %id, "{id} has ended: nobody published for {:?}", entry.broadcast.grace);
                    run.tell(Command::End);
                    entry.ended = Some(wall_clock());
                    // It finishes its part and closes its playlists on its own threads.
                    tokio::task::spawn_blocking(move || run.join());
                }
            }
        }
    }

    async fn stop(&mut self) {
        self.requests.close();
        while let Some(request) = self.requests.recv().await {
            request.reject(Refusal::Unavailable);
        }
        let mut joins = Vec::new();
        for entry in self.entries.values_mut() {
            if let Some(run) = entry.on_air.take() {
                run.tell(Command::Stop);
                joins.push(tokio::task::spawn_blocking(move || run.join()));
            }
        }
        for join in joins {
            if let Err(cause) = join.await {
                error!("a programme did not stop well: {cause}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ingest::StreamKey;
    use origin::Origin;

    use super::*;
    use crate::live::lease::InProcess;
    use crate::metrics::Metrics;

    fn hall(dir: &Path) -> Hall {
        let (events, heard) = mpsc::unbounded_channel();
        let house = RunHouse {
            origin: Origin::new(10),
            media_dir: dir.to_owned(),
            retention: Duration::from_mins(2),
            ownership: Arc::new(InProcess),
            events,
            metrics: Metrics::new(),
        };
        let studio = Broadcast {
            id: "studio".into(),
            title: "Studio".into(),
            origination: Origination::Publisher(StreamKey::parse("key").unwrap()),
            mode: packager::LatencyMode::Ultra,
            profile: media::AudioProfile::Voice,
            grace: Duration::from_mins(5),
        };
        Hall::new(house, vec![studio], mpsc::channel(1).1, heard).0
    }

    #[tokio::test]
    async fn a_programme_that_stops_by_itself_goes_on_in_the_same_run() {
        let dir = tempfile::tempdir().unwrap();
        let mut hall = hall(dir.path());
        let opened = hall.house.open(&hall.entries["studio"].broadcast).unwrap();
        let (run, fence) = (opened.run.clone(), opened.record.fence);
        // The thread ends, and nobody in the hall wanted it to.
        assert!(opened.tell(Command::Stop));
        hall.entries.get_mut("studio").unwrap().on_air = Some(opened);
        let event = hall.events.recv().await.unwrap();
        hall.hear(event);
        let revived = hall.entries.get_mut("studio").unwrap().on_air.take().unwrap();
        assert_eq!(revived.run, run);
        assert!(revived.record.fence > fence);
        assert!(revived.tell(Command::Stop));
        tokio::task::spawn_blocking(move || revived.join()).await.unwrap();
    }
}
