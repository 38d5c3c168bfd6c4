//! Who may release a run's steps. On one machine this process always may; with several nodes a shared
//! store decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use packager::{Fence, RunId};

/// The right to release the steps of one run. Asked before every release.
#[derive(Clone, Debug)]
pub struct Lease {
    fence: Fence,
    held: Arc<AtomicBool>,
}

impl Lease {
    /// Rises with every holder; shelves refuse the steps of a lower one.
    pub const fn fence(&self) -> Fence {
        self.fence
    }

    /// Whether it still stands.
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    /// Gives it up, or notes that it was lost.
    pub fn release(&self) {
        self.held.store(false, Ordering::Release);
    }
}

/// Grants leases.
pub trait Ownership: Send + Sync {
    /// The lease of `run`, whose last holder had `last`.
    fn acquire(&self, run: &RunId, last: Fence) -> Lease;
}

/// One process owns everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct InProcess;

impl Ownership for InProcess {
    fn acquire(&self, _run: &RunId, last: Fence) -> Lease {
        Lease { fence: last + 1, held: Arc::new(AtomicBool::new(true)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_holder_has_a_higher_fence() {
        let run = RunId::parse("r").unwrap();
        let first = InProcess.acquire(&run, 0);
        let second = InProcess.acquire(&run, first.fence());
        assert!(second.fence() > first.fence());
        assert!(second.is_held());
        second.release();
        assert!(!second.is_held());
    }
}
