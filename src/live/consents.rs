//! Publishers whom another program is asked about: they wait for its answer, the hall does not.

use std::sync::Arc;

use ingest::PublishRequest;
use tokio::task::JoinSet;
use tracing::error;

use super::card::Card;
use crate::hooks::admission::{Admission, Publisher, Verdict};

/// Questions at a time. A publisher beyond them is told to try again in a moment.
const ASKED: usize = 128;

/// Asks about publishers who have shown the right key.
pub(super) struct Consents {
    admission: Admission,
    asked: JoinSet<Consent>,
}

/// The answer about one publisher.
pub(super) struct Consent {
    pub(super) card: Arc<Card>,
    pub(super) request: PublishRequest,
    pub(super) publisher: Arc<Publisher>,
    pub(super) verdict: Verdict,
}

impl Consents {
    pub(super) fn new(admission: Admission) -> Self {
        Self { admission, asked: JoinSet::new() }
    }

    /// Asks about `request`; gives it back where too many wait.
    #[expect(
        clippy::result_large_err,
        reason = "who cannot be asked about is refused by whoever holds the request"
    )]
    pub(super) fn ask(&mut self, card: &Arc<Card>, request: PublishRequest) -> Result<(), PublishRequest> {
        if self.asked.len() >= ASKED {
            return Err(request);
        }
        let (admission, card) = (self.admission.clone(), card.clone());
        let publisher = Arc::new(stay(&card, &request));
        self.asked.spawn(async move {
            let verdict = admission.on_publish(&publisher).await;
            Consent { card, request, publisher, verdict }
        });
        Ok(())
    }

    /// Whether anybody has to be asked.
    pub(super) fn are_needed(&self) -> bool {
        self.admission.asks()
    }

    /// Waits for the next answer; for ever where nobody was asked about.
    pub(super) async fn given(&mut self) -> Consent {
        loop {
            match self.asked.join_next().await {
                Some(Ok(consent)) => return consent,
                // The publisher was dropped with the question, and so was refused.
                Some(Err(cause)) => error!("asking about a publisher broke off: {cause}"),
                None => std::future::pending().await,
            }
        }
    }

    /// Tells that a publisher who was let in has gone.
    pub(super) fn tell_gone(&self, publisher: &Publisher) {
        self.admission.on_unpublish(publisher);
    }

    /// Asks no more; who still waits is refused.
    pub(super) fn give_up(&mut self) {
        self.asked.abort_all();
    }
}

/// A new stay of a publisher in a broadcast.
pub(super) fn stay(card: &Card, request: &PublishRequest) -> Publisher {
    Publisher {
        broadcast_id: card.id.clone(),
        title: card.title.clone(),
        session: uuid::Uuid::now_v7().to_string(),
        protocol: request.protocol.name(),
        address: request.peer.ip(),
        software: request.software.clone(),
        user_id: request.account.clone(),
    }
}
