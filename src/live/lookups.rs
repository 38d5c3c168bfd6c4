//! Publishers of broadcasts that the hall does not hold: they wait for the directory, the hall does not.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ingest::PublishRequest;
use tokio::task::{Id, JoinSet};
use tracing::error;

use super::card::Card;
use super::directory::{Away, Directory};

/// Look-ups at a time. A publisher beyond them is told to try again in a moment.
const FLIGHTS: usize = 128;

/// Publishers that wait for one look-up: more than any broadcast admits.
const PER_FLIGHT: usize = 32;

/// How long an answer holds: a flood of wrong keys asks the database once in this time.
const FRESH: Duration = Duration::from_secs(5);

/// Answers kept; where more come within [`FRESH`], all are asked for anew.
const KEPT: usize = 4_096;

/// The answer to a look-up.
pub(super) type Found = Result<Option<Arc<Card>>, Away>;

/// Look-ups under way, and the answers of the last seconds.
pub(super) struct Lookups {
    directory: Arc<dyn Directory>,
    kept: HashMap<String, (Instant, Option<Arc<Card>>)>,
    searches: JoinSet<Found>,
    flights: HashMap<Id, Flight>,
}

struct Flight {
    broadcast: String,
    waiting: Vec<PublishRequest>,
    /// The broadcast was changed meanwhile: what comes is not kept, and asked for again.
    stale: bool,
}

/// A look-up that is over, and who waited for it.
#[derive(Debug)]
pub(super) struct Landing {
    pub(super) found: Found,
    pub(super) waiting: Vec<PublishRequest>,
}

impl Lookups {
    pub(super) fn new(directory: Arc<dyn Directory>) -> Self {
        Self { directory, kept: HashMap::new(), searches: JoinSet::new(), flights: HashMap::new() }
    }

    /// What was found within the last seconds: a card, or that there is none.
    pub(super) fn known(&self, broadcast: &str, now: Instant) -> Option<Option<Arc<Card>>> {
        let (at, found) = self.kept.get(broadcast)?;
        (now.saturating_duration_since(*at) < FRESH).then(|| found.clone())
    }

    /// Looks up what `request` wants to publish to; gives it back where too many wait.
    #[expect(clippy::result_large_err, reason = "a request that is not taken is answered by whoever has it")]
    pub(super) fn ask(&mut self, request: PublishRequest) -> Result<(), PublishRequest> {
        if let Some(flight) = self.flights.values_mut().find(|flight| flight.broadcast == request.broadcast) {
            if flight.waiting.len() >= PER_FLIGHT {
                return Err(request);
            }
            flight.waiting.push(request);
            return Ok(());
        }
        if self.flights.len() >= FLIGHTS {
            return Err(request);
        }
        self.search(request.broadcast.clone(), vec![request]);
        Ok(())
    }

    fn search(&mut self, broadcast: String, waiting: Vec<PublishRequest>) {
        let search = self.directory.find(&broadcast);
        let task = self.searches.spawn(async move { search.await.map(|found| found.map(Arc::new)) });
        self.flights.insert(task.id(), Flight { broadcast, waiting, stale: false });
    }

    /// Forgets what is known of a broadcast that has changed.
    pub(super) fn forget(&mut self, broadcast: &str) {
        self.kept.remove(broadcast);
        for flight in self.flights.values_mut().filter(|flight| flight.broadcast == broadcast) {
            flight.stale = true;
        }
    }

    /// Waits for the next look-up to be over; for ever where none is under way. Nothing is lost where the
    /// wait is given up.
    pub(super) async fn landed(&mut self) -> Landing {
        loop {
            let Some(over) = self.searches.join_next_with_id().await else {
                std::future::pending::<()>().await;
                continue;
            };
            let (id, found) = match over {
                Ok((id, found)) => (id, found),
                Err(cause) => {
                    error!("a look-up of a broadcast broke off: {cause}");
                    (cause.id(), Err(Away))
                }
            };
            let Some(flight) = self.flights.remove(&id) else { continue };
            if flight.stale {
                self.search(flight.broadcast, flight.waiting);
                continue;
            }
            if let Ok(card) = &found {
                self.keep(flight.broadcast, card.clone());
            }
            return Landing { found, waiting: flight.waiting };
        }
    }

    /// Everybody who still waits; nothing is looked up any more.
    pub(super) fn give_up(&mut self) -> Vec<PublishRequest> {
        self.searches.abort_all();
        self.flights.drain().flat_map(|(_, flight)| flight.waiting).collect()
    }

    fn keep(&mut self, broadcast: String, card: Option<Arc<Card>>) {
        let now = Instant::now();
        if self.kept.len() >= KEPT {
            self.kept.retain(|_, (at, _)| now.saturating_duration_since(*at) < FRESH);
        }
        if self.kept.len() >= KEPT {
            self.kept.clear();
        }
        self.kept.insert(broadcast, (now, card));
    }
}
