//! What the unit tests of the hall share.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use ingest::StreamKey;
use tokio::sync::oneshot;

use super::card::{Card, Opening, Origination, Stage, Treatment};
use super::directory::{Away, Directory, Search};
use crate::playback::Audience;

/// A broadcast whose key is `key`.
pub(crate) fn card(id: &str) -> Card {
    Card {
        id: id.into(),
        title: id.to_uppercase(),
        host: "ann".into(),
        audience: Audience::Everybody,
        origination: Origination::Publisher(StreamKey::parse("key").unwrap()),
        mode: packager::LatencyMode::Ultra,
        profile: media::AudioProfile::Voice,
        grace: Duration::from_mins(5),
        opening: Opening::FirstPublish,
        publishers_max: 1,
        speakers_max: 2,
        treatment: Treatment::default(),
        recorded: false,
        tracks: false,
        stage: Stage::Scheduled,
    }
}

/// A directory in memory that counts how often it is asked.
#[derive(Default)]
pub(super) struct Books {
    /// What it knows; an `Err` is a database that is away.
    pub(super) cards: Mutex<BTreeMap<String, Result<Card, Away>>>,
    /// The ids it was asked for.
    pub(super) asked: Mutex<Vec<String>>,
    /// What the next answer waits for.
    gate: Mutex<Option<oneshot::Receiver<()>>>,
}

impl Books {
    /// Knows these.
    pub(super) fn of(cards: impl IntoIterator<Item = Card>) -> Self {
        let cards = cards.into_iter().map(|card| (card.id.clone(), Ok(card))).collect();
        Self { cards: Mutex::new(cards), ..Self::default() }
    }

    /// Lets the next answer, as it is known now, wait for `gate`.
    pub(super) fn delay(&self, gate: oneshot::Receiver<()>) {
        *self.gate.lock().unwrap() = Some(gate);
    }
}

impl Directory for Books {
    fn find(&self, id: &str) -> Search {
        self.asked.lock().unwrap().push(id.to_owned());
        let found = self.cards.lock().unwrap().get(id).cloned().transpose();
        let gate = self.gate.lock().unwrap().take();
        Box::pin(async move {
            if let Some(gate) = gate {
                gate.await.unwrap();
            }
            found
        })
    }
}
