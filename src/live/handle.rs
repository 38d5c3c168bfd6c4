//! How others talk to the hall.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ingest::{CloseReason, Refusal};
use packager::{RunId, WallClock};
use tokio::sync::{mpsc, oneshot, watch};

use super::annotation::Annotation;
use super::card::Card;
use super::endings::{Ending, Endings};
use super::entry::Snapshot;
use super::happening::EndReason;
use crate::recordings::{RecordError, RecordingNote};

/// Orders that may wait for the hall; it obeys each in milliseconds.
const ORDERS: usize = 64;

/// What others ask of the hall. Each carries where its answer goes.
pub(super) enum Order {
    Start(Card, oneshot::Sender<Result<Started, StartError>>),
    End(String, EndReason, oneshot::Sender<Option<Ending>>),
    Update(Card, oneshot::Sender<()>),
    Disconnect(String, CloseReason, oneshot::Sender<usize>),
    Remove(String, oneshot::Sender<Result<(), StillOnAir>>),
    Record(String, oneshot::Sender<Result<RecordingNote, RecordError>>),
    StopRecording(String, oneshot::Sender<Result<RecordingNote, RecordError>>),
}

/// A broadcast that is on air since it was asked to be, or was already.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Started {
    /// Its run.
    pub run: RunId,
    /// When the run opened.
    pub at: WallClock,
}

/// Why a broadcast does not go on air.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The station's switch is off.
    #[error("new broadcasts are switched off on this station for now")]
    SwitchedOff,
    /// The disk or an encoder failed; the log says which.
    #[error("the broadcast cannot go on air now; try again in a moment")]
    Failed,
    /// The station is stopping.
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// The hall is closed: the station is stopping.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the station is stopping; try again in a moment")]
pub struct Closed;

/// A broadcast that is on air cannot be removed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveError {
    /// It has to end first.
    #[error(transparent)]
    StillOnAir(#[from] StillOnAir),
    /// The station is stopping.
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// It is heard now.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the broadcast is on air; end it first")]
pub struct StillOnAir;

/// What everybody may see of the hall at one moment.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// By id.
    pub(super) held: Arc<Vec<Snapshot>>,
    pub(super) endings: Arc<Endings>,
}

/// Publishers turned away, by reason.
pub(super) type Refusals = Mutex<BTreeMap<&'static str, u64>>;

/// How others see the hall and give it orders. Cheap to clone.
#[derive(Clone, Debug)]
pub struct HallHandle {
    sight: watch::Receiver<Sight>,
    refusals: Arc<Refusals>,
    orders: mpsc::Sender<Order>,
}

/// Tells when something in the hall has changed.
#[derive(Debug)]
pub struct HallChanges(watch::Receiver<Sight>);

impl HallChanges {
    /// Waits for the next change.
    pub async fn changed(&mut self) -> Result<(), Closed> {
        self.0.changed().await.map_err(|_| Closed)
    }
}

/// The hall's end of a handle.
pub(super) struct Ears {
    pub(super) sight: watch::Sender<Sight>,
    pub(super) refusals: Arc<Refusals>,
    pub(super) orders: mpsc::Receiver<Order>,
}

impl HallHandle {
    pub(super) fn new() -> (Self, Ears) {
        let (seen, sight) = watch::channel(Sight::default());
        let (orders, heard) = mpsc::channel(ORDERS);
        let refusals = Arc::new(Refusals::default());
        let ears = Ears { sight: seen, refusals: refusals.clone(), orders: heard };
        (Self { sight, refusals, orders }, ears)
    }

    /// Every broadcast that is heard, previews too, by id.
    pub fn broadcasts(&self) -> Arc<Vec<Snapshot>> {
        self.sight.borrow().held.clone()
    }

    /// Wakes whenever something in the hall has changed; an error says that the hall is closed.
    pub fn changes(&self) -> HallChanges {
        HallChanges(self.sight.clone())
    }

    /// A broadcast that is on air or in preview.
    pub fn broadcast(&self, id: &str) -> Option<Snapshot> {
        let held = self.broadcasts();
        let place = held.binary_search_by(|snapshot| snapshot.card.id.as_str().cmp(id)).ok()?;
        held.get(place).cloned()
    }

    /// A broadcast that is on air.
    pub fn live(&self, id: &str) -> Option<Snapshot> {
        self.broadcast(id).filter(Snapshot::is_live)
    }

    /// Says something beside the sound of a broadcast; see [`Annotation`]. Never waits and never fails: where too
    /// much is said at once it is left out and counted, and where the broadcast is not on air nobody hears it.
    pub fn annotate(&self, broadcast: &str, annotation: Annotation) {
        if let Some(live) = self.live(broadcast) {
            live.annotator.annotate(annotation);
        }
    }

    /// Where the programme of a broadcast on air is now, by the clock of `EXT-X-PROGRAM-DATE-TIME`; to the 40 ms
    /// that a wake makes. `None` where it is not on air, or makes no sound yet.
    pub fn programme_time(&self, broadcast: &str) -> Option<WallClock> {
        self.live(broadcast)?.status.programme_time()
    }

    /// How a broadcast ended that is not on air; `None` where that is long ago.
    pub fn ending(&self, id: &str) -> Option<Ending> {
        self.sight.borrow().endings.of(id).cloned()
    }

    /// Publishers turned away, by reason.
    pub fn refusals(&self) -> Vec<(&'static str, u64)> {
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.iter().map(|(reason, count)| (*reason, *count)).collect()
    }

    /// Puts a broadcast on air, whether or not somebody publishes; a preview's publishers move over. One
    /// that is on air already stays as it is.
    pub async fn start(&self, card: Card) -> Result<Started, StartError> {
        self.ask(|answer| Order::Start(card, answer)).await?
    }

    /// Ends a broadcast or its preview. Answers with the ending, `None` where it was not on air.
    pub async fn end(&self, id: &str, why: EndReason) -> Result<Option<Ending>, Closed> {
        self.ask(|answer| Order::End(id.to_owned(), why, answer)).await
    }

    /// Takes over what was changed in the books. Publishers with another key than the card's are asked to
    /// leave; latency mode and audio profile wait for the next run.
    pub async fn update(&self, card: Card) -> Result<(), Closed> {
        self.ask(|answer| Order::Update(card, answer)).await
    }

    /// Asks every publisher of a broadcast to leave. Answers with how many there were.
    pub async fn disconnect_publishers(&self, id: &str, reason: CloseReason) -> Result<usize, Closed> {
        self.ask(|answer| Order::Disconnect(id.to_owned(), reason, answer)).await
    }

    /// Forgets a broadcast and removes its media from disk.
    pub async fn remove(&self, id: &str) -> Result<(), RemoveError> {
        Ok(self.ask(|answer| Order::Remove(id.to_owned(), answer)).await??)
    }

    /// Begins a recording with what the programme says next.
    pub async fn record(&self, id: &str) -> Result<RecordingNote, RecordError> {
        let asked = self.ask(|answer| Order::Record(id.to_owned(), answer)).await;
        asked.unwrap_or(Err(RecordError::Failed))
    }

    /// Ends the recording that is being made.
    pub async fn stop_recording(&self, id: &str) -> Result<RecordingNote, RecordError> {
        let asked = self.ask(|answer| Order::StopRecording(id.to_owned(), answer)).await;
        asked.unwrap_or(Err(RecordError::Failed))
    }

    async fn ask<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Result<T, Closed> {
        let (answer, answered) = oneshot::channel();
        self.orders.send(order(answer)).await.map_err(|_| Closed)?;
        answered.await.map_err(|_| Closed)
    }
}

impl Ears {
    /// Shows the hall as it stands.
    pub(super) fn show(&self, held: Vec<Snapshot>, endings: Arc<Endings>) {
        self.sight.send_replace(Sight { held: Arc::new(held), endings });
    }

    /// Counts a publisher who was turned away.
    pub(super) fn count(&self, refusal: &Refusal) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        *refusals.entry(reason(refusal)).or_default() += 1;
    }
}

/// The refusal's name in metrics.
const fn reason(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownBroadcast => "unknown_broadcast",
        Refusal::BadKey => "bad_key",
        Refusal::AlreadyPublishing | Refusal::Full => "already_publishing",
        Refusal::NotLive => "not_live",
        Refusal::UnsupportedCodec { .. } => "unsupported_codec",
        _ => "unavailable",
    }
}
