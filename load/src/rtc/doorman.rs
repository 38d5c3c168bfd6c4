//! Requests to a door from a few threads, so that the loop with the media never waits for one.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use anyhow::Context as _;

use super::door::{Admission, Caller, Door, Refusal};

/// Requests under way. With 50 ms to the server these are 160 joins a second.
const HANDS: usize = 8;

/// What is to be asked.
pub(super) enum Errand {
    /// A session for listener number `index`.
    Join {
        /// Which listener.
        index: usize,
        /// Its SDP offer.
        offer: String,
    },
    /// The end of a session.
    Leave {
        /// Its path.
        session: String,
    },
}

/// What was answered.
pub(super) enum Reply {
    /// To [`Errand::Join`].
    Joined {
        /// Which listener.
        index: usize,
        /// The session, or why there is none.
        outcome: Result<Admission, Refusal>,
    },
    /// To [`Errand::Leave`].
    Left(Result<(), Refusal>),
}

/// The threads. They end when it is dropped, each after the request it is at.
pub(super) struct Doorman {
    errands: Option<Sender<Errand>>,
    replies: Receiver<Reply>,
    hands: Vec<JoinHandle<()>>,
}

impl Doorman {
    /// A doorman at `door`, who calls `ring` after each reply.
    pub(super) fn new(door: &Arc<Door>, ring: impl Fn() + Clone + Send + 'static) -> anyhow::Result<Self> {
        let (errands, queue) = channel();
        let (sender, replies) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let mut hands = Vec::with_capacity(HANDS);
        for hand in 0..HANDS {
            let mut caller = Caller::new(Arc::clone(door));
            let (queue, sender, ring) = (Arc::clone(&queue), sender.clone(), ring.clone());
            let run = move || {
                while let Some(errand) = next(&queue) {
                    let reply = match errand {
                        Errand::Join { index, offer } => {
                            Reply::Joined { index, outcome: caller.post(&offer) }
                        }
                        Errand::Leave { session } => Reply::Left(caller.delete(&session)),
                    };
                    if sender.send(reply).is_err() {
                        break;
                    }
                    ring();
                }
            };
            let named = std::thread::Builder::new().name(format!("door-{hand}"));
            hands.push(named.spawn(run).context("no thread for requests")?);
        }
        Ok(Self { errands: Some(errands), replies, hands })
    }

    /// Puts an errand into the queue, which holds at most two for each listener.
    pub(super) fn send(&self, errand: Errand) {
        if let Some(errands) = &self.errands {
            // The threads take errands for as long as `errands` is here.
            let _ = errands.send(errand);
        }
    }

    /// A reply that has come.
    pub(super) fn reply(&self) -> Option<Reply> {
        self.replies.try_recv().ok()
    }

    /// Waits for a reply until `deadline`.
    pub(super) fn wait(&self, deadline: Instant) -> Option<Reply> {
        self.replies.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
    }
}

/// The next errand; none when there will be no more.
fn next(queue: &Mutex<Receiver<Errand>>) -> Option<Errand> {
    let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    queue.recv().ok()
}

impl Drop for Doorman {
    fn drop(&mut self) {
        self.errands = None;
        // Nobody hears another reply: each thread ends with the request it is at, which has its own bound.
        self.replies = channel().1;
        for hand in self.hands.drain(..) {
            // A thread that panicked has said so.
            let _ = hand.join();
        }
    }
}
