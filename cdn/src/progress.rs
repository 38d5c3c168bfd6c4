//! Which segments of a run are stored.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use packager::Msn;

/// How far the upload of a run has come. Every filled slot is settled once: stored in all its rungs, or lost.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Progress {
    pending: BTreeSet<Msn>,
    /// Settled behind one that is pending.
    ahead: BTreeSet<Msn>,
    through: Option<Msn>,
    lost: BTreeSet<Msn>,
    /// How many parts each stored slot holds, from `since` on.
    parts: BTreeMap<Msn, u16>,
    since: Msn,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            pending: BTreeSet::new(),
            ahead: BTreeSet::new(),
            through: None,
            lost: BTreeSet::new(),
            parts: BTreeMap::new(),
            since: Msn(0),
        }
    }
}

impl Progress {
    /// A slot is whole on disk; `false` where that was known.
    pub fn filled(&mut self, msn: Msn) -> bool {
        let settled = self.through.is_some_and(|through| msn <= through) || self.ahead.contains(&msn);
        !settled && self.pending.insert(msn)
    }

    /// A slot is stored in all its rungs, with so many parts.
    pub fn stored(&mut self, msn: Msn, parts: u16) {
        self.parts.insert(msn, parts);
        self.settle(msn);
    }

    fn settle(&mut self, msn: Msn) {
        self.pending.remove(&msn);
        self.ahead.insert(msn);
        let until = self.pending.first().copied();
        while let Some(first) = self.ahead.first().copied()
            && until.is_none_or(|until| first < until)
        {
            self.ahead.remove(&first);
            self.through = self.through.max(Some(first));
        }
    }

    /// A slot will never be stored: its place in what is stored is a gap.
    pub fn lost(&mut self, msn: Msn) {
        self.lost.insert(msn);
        self.settle(msn);
    }

    /// The last slot up to which all are settled: what a stored playlist may name.
    pub const fn through(&self) -> Option<Msn> {
        self.through
    }

    /// The first slot that is not settled: its files and all behind it must stay.
    pub fn first_pending(&self) -> Option<Msn> {
        self.pending.first().copied()
    }

    /// The slots that are not settled, oldest first.
    pub fn pending(&self) -> impl Iterator<Item = Msn> {
        self.pending.iter().copied()
    }

    /// Whether `msn` was settled by being lost.
    pub fn is_lost(&self, msn: Msn) -> bool {
        self.lost.contains(&msn)
    }

    /// The slots of `range` that a stored playlist may name, in order, with how many parts they hold; none of what is
    /// lost.
    pub fn settled(&self, range: RangeInclusive<Msn>) -> impl Iterator<Item = (Msn, Option<u16>)> {
        let from = (*range.start()).max(self.since);
        let to = self.through.map(|through| through.min(*range.end()));
        let range = to.filter(|to| from <= *to).map(|to| from..=to);
        let mut stored = range.clone().map(|range| self.parts.range(range)).into_iter().flatten().peekable();
        let mut lost = range.map(|range| self.lost.range(range)).into_iter().flatten().peekable();
        std::iter::from_fn(move || match (stored.peek(), lost.peek()) {
            (Some((stored_msn, _)), Some(lost_msn)) if lost_msn < stored_msn => {
                lost.next().map(|msn| (*msn, None))
            }
            (Some(_), _) => stored.next().map(|(msn, parts)| (*msn, Some(*parts))),
            (None, _) => lost.next().map(|msn| (*msn, None)),
        })
    }

    /// Tells of those before `msn` no more: they are listed for good.
    pub fn forget_before(&mut self, msn: Msn) {
        self.parts = self.parts.split_off(&msn);
        self.since = self.since.max(msn);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_passed_over_that_is_not_stored() {
        let mut progress = Progress::default();
        (8..12).for_each(|msn| assert!(progress.filled(Msn(msn))));
        progress.stored(Msn(10), 6);
        progress.stored(Msn(9), 6);
        assert_eq!(
            (progress.through(), progress.first_pending()),
            (None, Some(Msn(8))),
            "8 is not there yet"
        );
        assert_eq!(progress.settled(Msn(0)..=Msn(99)).count(), 0);
        progress.stored(Msn(8), 6);
        assert_eq!((progress.through(), progress.first_pending()), (Some(Msn(10)), Some(Msn(11))));
    }

    #[test]
    fn what_is_lost_is_settled_and_remembered() {
        let mut progress = Progress::default();
        (8..10).for_each(|msn| assert!(progress.filled(Msn(msn))));
        progress.lost(Msn(8));
        progress.stored(Msn(9), 2);
        let settled: Vec<_> = progress.settled(Msn(0)..=Msn(99)).collect();
        assert_eq!(settled, [(Msn(8), None), (Msn(9), Some(2))]);
        assert!(progress.is_lost(Msn(8)) && !progress.is_lost(Msn(9)));
        assert_eq!(progress.through(), Some(Msn(9)));
        assert!(!progress.filled(Msn(8)), "it does not come back");
    }

    proptest! {
        #[test]
        fn whatever_the_order_all_up_to_there_is_settled(
            order in Just((8..40_u64).collect::<Vec<_>>()).prop_shuffle(),
            filled_first in 1..32_usize,
        ) {
            let mut progress = Progress::default();
            let mut settled = BTreeSet::new();
            let mut fill = 8..40_u64;
            for msn in fill.by_ref().take(filled_first) {
                progress.filled(Msn(msn));
            }
            for msn in order {
                if !progress.pending.contains(&Msn(msn)) {
                    for msn in fill.by_ref() {
                        progress.filled(Msn(msn));
                    }
                }
                progress.stored(Msn(msn), 6);
                settled.insert(msn);
                if let Some(through) = progress.through() {
                    prop_assert!((8..=through.0).all(|msn| settled.contains(&msn)));
                }
            }
            prop_assert_eq!((progress.through(), progress.first_pending()), (Some(Msn(39)), None));
        }
    }
}
