//! One broadcast that is heard: on air, or in preview by its host alone.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ingest::{CloseReason, Protocol, PublicationHandle, PublishRequest, StreamKey};
use origin::Shelf;
use packager::{RunId, WallClock};
use transcode::programme::SourceId;

use super::admission::{GHOST, OWN_GHOST, Way};
use super::annotation::Annotator;
use super::card::Card;
use super::drive::Command;
use super::floor::{OpenStage, StageView};
use super::run::OnAir;
use super::status::Status;
use super::trouble::{Look, Watch};
use crate::hooks::admission::Publisher as Stay;

/// How long a preview waits for a publisher that dropped. Nobody but its host hears it.
const PREVIEW_GRACE: Duration = Duration::from_secs(60);

/// Who hears a broadcast.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scene {
    /// Its host alone.
    Preview,
    /// Everybody.
    Live,
}

/// A broadcast that the hall holds.
pub(super) struct Entry {
    pub(super) card: Arc<Card>,
    pub(super) scene: Scene,
    pub(super) run: OnAir,
    pub(super) publishers: Vec<Publisher>,
    /// Since when nobody publishes; `None` also where nobody has to.
    pub(super) silent_since: Option<Instant>,
    /// What opens a preview to its host.
    pub(super) preview_key: Option<StreamKey>,
    watch: Watch,
}

/// Somebody who was let in.
#[derive(Clone, Debug)]
pub struct Publisher {
    /// Its source in the programme.
    pub(super) source: SourceId,
    /// Names its stay, for ever.
    pub session: String,
    /// By which door it came.
    pub protocol: &'static str,
    /// As what it is heard.
    pub(super) way: Way,
    /// When it was let in.
    pub since: WallClock,
    /// Tells what it has delivered, and ends it.
    pub publication: PublicationHandle,
    /// Who it is, as hooks are told.
    pub(super) stay: Arc<Stay>,
}

impl Publisher {
    /// Whether it and a newcomer are one client that comes by WHIP: the same program on the same machine, with what
    /// lets the same account in, or the same key.
    pub fn is_whip_of(
        &self,
        protocol: Protocol,
        address: IpAddr,
        account: Option<&str>,
        software: Option<&str>,
    ) -> bool {
        let by_whip = self.protocol == Protocol::Whip.name() && protocol == Protocol::Whip;
        by_whip
            && self.stay.address == address
            && self.stay.user_id.as_deref() == account
            && self.stay.software.as_deref() == software
    }
}

impl Entry {
    /// What has just gone on air, or into preview; nobody publishes yet.
    pub(super) fn new(card: Arc<Card>, scene: Scene, run: OnAir, preview_key: Option<StreamKey>) -> Self {
        let silent_since = (!card.is_demo()).then(Instant::now);
        Self { card, scene, run, publishers: Vec::new(), silent_since, preview_key, watch: Watch::default() }
    }

    /// When it ends by itself if nobody publishes.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let grace = match self.scene {
            Scene::Preview => PREVIEW_GRACE,
            Scene::Live => self.card.grace,
        };
        self.silent_since?.checked_add(grace)
    }

    /// How long each of those has been silent who came by `way`, as `newcomer` has to wait for it: who comes back by
    /// WHIP knows sooner than anybody else that its own place is a ghost's.
    pub(super) fn idle(&self, way: Way, now: Instant, newcomer: &PublishRequest) -> Vec<Duration> {
        let idle = |publisher: &Publisher| {
            let idle = publisher.publication.activity().idle_for(now);
            let PublishRequest { protocol, peer, account, software, .. } = newcomer;
            let is_own = publisher.is_whip_of(*protocol, peer.ip(), account.as_deref(), software.as_deref());
            let is_own = is_own && idle >= OWN_GHOST;
            if is_own { idle.max(GHOST) } else { idle }
        };
        self.publishers.iter().filter(|publisher| publisher.way == way).map(idle).collect()
    }

    /// Takes the one out who has that place among those who came by `way`.
    pub(super) fn make_room(&mut self, way: Way, place: usize) -> Option<Publisher> {
        let mut places = self.publishers.iter().enumerate().filter(|(_, publisher)| publisher.way == way);
        let (index, _) = places.nth(place)?;
        Some(self.publishers.remove(index))
    }

    /// Takes a publisher off the list; `None` where it is not on it.
    pub(super) fn leave(&mut self, source: SourceId) -> Option<Publisher> {
        let place = self.publishers.iter().position(|publisher| publisher.source == source)?;
        let gone = self.publishers.remove(place);
        if self.publishers.is_empty() {
            self.silent_since = Some(Instant::now());
        }
        Some(gone)
    }

    /// Tells a publisher why it has to leave, and takes it out of the programme. It may be on its way from a
    /// preview to there: closed, it leaves by itself.
    pub(super) fn let_go(&self, publisher: &Publisher, reason: CloseReason) {
        publisher.publication.close(reason);
        self.run.tell(Command::Remove(publisher.source));
    }

    /// Looks after its sound.
    pub(super) fn troubles(&mut self, now: Instant) -> Vec<super::trouble::Trouble> {
        let status = &self.run.status;
        let sound = status.sound();
        let look = Look {
            publishers: self.publishers.len(),
            momentary_lufs: sound.loudness.momentary,
            underruns: sound.sources.iter().map(|source| source.underruns).sum(),
            disk_failures: status.disk_failures.load(std::sync::atomic::Ordering::Relaxed),
        };
        self.watch.look(now, look)
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            card: self.card.clone(),
            scene: self.scene,
            run: self.run.run.clone(),
            started: self.run.started,
            status: self.run.status.clone(),
            shelf: self.run.shelf.clone(),
            annotator: self.run.annotator.clone(),
            audience: self.run.audience.clone(),
            stage: self.run.stage.as_ref().map(OpenStage::view),
            publishers: self.publishers.clone(),
            preview_key: self.preview_key.clone(),
        }
    }
}

/// A broadcast that is heard, as others may see it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// How it was set up.
    pub card: Arc<Card>,
    /// Who hears it.
    pub scene: Scene,
    /// Its run.
    pub run: RunId,
    /// When the run opened.
    pub started: WallClock,
    /// What can be seen of its sound.
    pub status: Arc<Status>,
    /// What is listed of it.
    pub shelf: Arc<Shelf>,
    /// The way to say something beside its sound.
    pub annotator: Annotator,
    /// What its WebRTC listeners join; `None` where WebRTC is switched off.
    pub audience: Option<rtc::Audience>,
    /// What people join who speak; `None` likewise.
    pub stage: Option<StageView>,
    /// Who publishes.
    pub publishers: Vec<Publisher>,
    /// What opens a preview to its host; nobody else may see it.
    pub preview_key: Option<StreamKey>,
}

impl Snapshot {
    /// Whether everybody may hear it.
    pub fn is_live(&self) -> bool {
        self.scene == Scene::Live
    }
}
