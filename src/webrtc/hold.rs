//! What a session rests on: taken away, the session ends.

use std::time::Duration;

use ingest::Closing;
use tokio::time::{MissedTickBehavior, interval};

use super::places::Place;
use crate::playback::Subject;
use crate::playback::guard::Guard;
use crate::signal::Seat;

/// How soon a session ends whose listener may not hear the broadcast any more.
const ROUND: Duration = Duration::from_secs(1);

/// What a session rests on.
pub(super) enum Hold {
    /// A publication that the hall accepted.
    Publication(Closing),
    /// The same of somebody on a stage, with the seat that they have in its room.
    Stage { closing: Closing, _seat: Option<Seat> },
    /// What let a listener in, and the place that they have.
    Leave { guard: Guard, listener: Option<Subject>, _place: Place },
}

impl Hold {
    /// Who listens, where somebody does and that is known.
    pub(super) const fn listener(&self) -> Option<Subject> {
        match self {
            Self::Publication(_) | Self::Stage { .. } => None,
            Self::Leave { listener, .. } => *listener,
        }
    }

    /// Waits until it is taken away, and tells how.
    pub(super) async fn taken(&mut self) -> String {
        match self {
            Self::Publication(closing) | Self::Stage { closing, .. } => {
                closing.clone().wait().await.to_string()
            }
            Self::Leave { guard, .. } => {
                let mut rounds = interval(ROUND);
                rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
                while guard.holds() {
                    rounds.tick().await;
                }
                "its listener may not hear the broadcast any more".to_owned()
            }
        }
    }
}
