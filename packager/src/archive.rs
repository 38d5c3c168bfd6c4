//! Every segment of a run that has left the live window: what DVR and recordings play.

use std::sync::Arc;

use crate::Msn;

/// Segments in one sealed stretch: 16 minutes. A copy of the archive shares them.
const STRETCH: usize = 256;

/// A segment that has left the live window.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Kept {
    /// Its number, which is its slot's.
    pub msn: Msn,
    /// Parts that it holds. 0: nothing was heard in its slot, and it is here for its discontinuity.
    pub parts: u16,
    /// Whether `EXT-X-DISCONTINUITY` stands on it.
    pub discontinuity: bool,
}

/// The segments of a run in order, without slots in which nothing was heard. Cheap to copy, since a copy is made
/// with every step: 16 bytes a segment, and all but the newest stretch are shared.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    sealed: Vec<Arc<[Kept]>>,
    newest: Vec<Kept>,
    /// Discontinuities that stood on what was forgotten.
    forgotten: u64,
}

impl Archive {
    /// Keeps a segment. It has to come after those that are kept.
    pub(crate) fn push(&mut self, kept: Kept) {
        debug_assert!(self.last().is_none_or(|last| last.msn < kept.msn));
        self.newest.push(kept);
        if self.newest.len() == STRETCH {
            self.sealed.push(std::mem::take(&mut self.newest).into());
        }
    }

    /// Forgets segments before `msn`, as far as they fill whole stretches.
    pub(crate) fn forget(&mut self, msn: Msn) {
        let gone = self.sealed.iter().take_while(|stretch| stretch.iter().all(|kept| kept.msn < msn)).count();
        let forgotten = self.sealed.drain(..gone).map(|stretch| discontinuities(&stretch)).sum::<u64>();
        self.forgotten += forgotten;
    }

    /// Notes discontinuities on segments that were gone before this archive was made.
    pub(crate) const fn miss(&mut self, discontinuities: u64) {
        self.forgotten += discontinuities;
    }

    /// What is kept, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Kept> + '_ {
        self.sealed.iter().flat_map(|stretch| stretch.iter()).chain(&self.newest).copied()
    }

    /// What is kept from `msn` on, oldest first.
    pub fn since(&self, msn: Msn) -> impl Iterator<Item = Kept> + '_ {
        let first = self.sealed.partition_point(|stretch| stretch[stretch.len() - 1].msn < msn);
        let sealed = self.sealed[first..].iter().flat_map(|stretch| stretch.iter());
        sealed.chain(&self.newest).copied().skip_while(move |kept| kept.msn < msn)
    }

    /// The segment of that slot.
    pub fn get(&self, msn: Msn) -> Option<Kept> {
        self.since(msn).next().filter(|kept| kept.msn == msn)
    }

    /// The newest.
    pub fn last(&self) -> Option<Kept> {
        self.iter().next_back()
    }

    /// Discontinuities on all that was ever kept before `msn`.
    pub(crate) fn discontinuities_before(&self, msn: Msn) -> u64 {
        let before = self.iter().take_while(|kept| kept.msn < msn);
        self.forgotten + before.filter(|kept| kept.discontinuity).count() as u64
    }
}

fn discontinuities(stretch: &[Kept]) -> u64 {
    stretch.iter().filter(|kept| kept.discontinuity).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(count: u64) -> Archive {
        let mut archive = Archive::default();
        for msn in 0..count {
            archive.push(Kept { msn: Msn(msn), parts: 6, discontinuity: msn % 10 == 0 });
        }
        archive
    }

    #[test]
    fn what_is_kept_is_found_from_any_slot_on() {
        let archive = archive(1_000);
        assert!(archive.iter().map(|kept| kept.msn.0).eq(0..1_000));
        for first in [0, 1, 255, 256, 257, 767, 768, 999, 1_000] {
            assert!(archive.since(Msn(first)).map(|kept| kept.msn.0).eq(first..1_000), "{first}");
        }
        assert_eq!(archive.get(Msn(512)).unwrap().msn, Msn(512));
        assert_eq!(archive.get(Msn(1_000)), None);
        assert_eq!(archive.last().unwrap().msn, Msn(999));
    }

    #[test]
    fn what_is_forgotten_stays_counted() {
        let mut archive = archive(1_000);
        assert_eq!(archive.discontinuities_before(Msn(600)), 60);
        archive.forget(Msn(300));
        assert_eq!(archive.iter().next().unwrap().msn, Msn(256), "stretches go whole");
        assert_eq!(archive.discontinuities_before(Msn(600)), 60);
    }
}
