//! When the playlists of a run are stored anew, and what they list.

use packager::Msn;

use crate::progress::Progress;

/// Slots of one playlist: twelve hours, as long as a recording is. It has some 400 kB then, and the next begins.
const VOLUME: u64 = 11_250;

/// The fewest slots that make a playlist worth a PUT: 15 s. A PUT for each slot would be as many as its segments are.
const FEWEST: u64 = 4;

/// A long playlist is written again when it has grown by this part of itself: what is written of it in all stays
/// below 256 times what it is.
const GROWTH: u64 = 256;

/// A playlist of a run in the store: a stretch of at most twelve hours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Listing {
    /// The slot with which the stretch begins, whether that is filled or not. It names the playlist.
    pub first: Msn,
    /// The last slot that is listed.
    pub through: Msn,
    /// Whether nothing will be added to it.
    pub over: bool,
    /// Whether it is not in the store yet, as far as this process knows.
    pub new: bool,
}

/// What of a run is listed in the store. Players that read there see what is heard some 20 s later, and more in a
/// playlist of hours.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Heard {
    /// The last slot that is listed.
    listed: Option<Msn>,
    /// The playlist that grows.
    open: Option<Msn>,
}

impl Heard {
    /// The stretch that a slot lies in, by its first slot.
    fn volume(msn: Msn) -> Msn {
        Msn(msn.0 - msn.0 % VOLUME)
    }

    /// After a restart: the stretch before the newest may not have been closed, so that it is listed again.
    pub fn resume(progress: &mut Progress) -> Self {
        if let Some(through) = progress.through() {
            progress.forget_before(Msn(Self::volume(through).0.saturating_sub(VOLUME)));
        }
        Self::default()
    }

    /// What would be listed now, where that is more than is; `ended` says that no slot of the run is filled any more.
    pub fn listing(&self, progress: &Progress, ended: bool) -> Option<Listing> {
        let newest = progress.through()?;
        let ended = ended && progress.first_pending().is_none();
        let next = self.listed.map_or(Msn(0), Msn::next);
        let unlisted = || progress.settled(next..=newest).next().map(|(msn, _)| Self::volume(msn));
        let first = self.open.or_else(unlisted)?;
        let last = Msn(first.0 + VOLUME - 1);
        let added = progress.settled(next..=newest.min(last)).last().map(|(msn, _)| msn);
        let over = ended || newest > last;
        let through = added.or(self.listed.filter(|_| over))?;
        Some(Listing { first, through, over, new: self.open.is_none() })
    }

    /// Whether it is time to store that.
    pub fn is_due(&self, progress: &Progress, ended: bool) -> bool {
        let Some(listing) = self.listing(progress, ended) else { return false };
        let Some(listed) = self.listed.filter(|_| self.open.is_some()) else { return true };
        let long = listed.0.saturating_sub(listing.first.0);
        listing.over || listing.through.0 - listed.0 >= FEWEST.max(long / GROWTH)
    }

    /// It is stored.
    pub fn stored(&mut self, listing: Listing, progress: &mut Progress) {
        self.listed = Some(listing.through);
        self.open = (!listing.over).then_some(listing.first);
        progress.forget_before(listing.first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(progress: &mut Progress, slots: std::ops::Range<u64>) {
        for msn in slots {
            progress.filled(Msn(msn));
            progress.stored(Msn(msn), 6);
        }
    }

    /// Stores what is due, and says what that was.
    fn store(heard: &mut Heard, progress: &mut Progress, ended: bool) -> Vec<(u64, u64, bool)> {
        let mut listed = Vec::new();
        while heard.is_due(progress, ended) {
            let listing = heard.listing(progress, ended).unwrap();
            heard.stored(listing, progress);
            listed.push((listing.first.0, listing.through.0, listing.over));
        }
        listed
    }

    #[test]
    fn the_first_slot_is_listed_at_once_and_then_every_fourth() {
        let (mut heard, mut progress) = (Heard::default(), Progress::default());
        assert!(!heard.is_due(&progress, false));
        let mut listed = Vec::new();
        for msn in 8..20 {
            fill(&mut progress, msn..msn + 1);
            listed.extend(store(&mut heard, &mut progress, false));
        }
        assert_eq!(listed, [(0, 8, false), (0, 12, false), (0, 16, false)]);
        assert_eq!(store(&mut heard, &mut progress, true), [(0, 19, true)]);
        assert_eq!(store(&mut heard, &mut progress, true), []);
    }

    #[test]
    fn nothing_is_listed_that_is_not_stored_and_the_end_waits_for_it() {
        let (mut heard, mut progress) = (Heard::default(), Progress::default());
        (8..20).for_each(|msn| assert!(progress.filled(Msn(msn))));
        progress.stored(Msn(9), 6);
        assert_eq!(heard.listing(&progress, true), None);
        progress.lost(Msn(8));
        assert_eq!(store(&mut heard, &mut progress, true), [(0, 9, false)]);
        (10..20).for_each(|msn| progress.stored(Msn(msn), 6));
        assert_eq!(store(&mut heard, &mut progress, true), [(0, 19, true)]);
    }

    #[test]
    fn after_twelve_hours_another_begins_and_a_long_one_is_written_less_often() {
        let (mut heard, mut progress) = (Heard::default(), Progress::default());
        let mut listed = Vec::new();
        for msn in 8..VOLUME + 3 {
            fill(&mut progress, msn..msn + 1);
            listed.extend(store(&mut heard, &mut progress, false));
        }
        let [.., last, closed, anew] = &listed[..] else { panic!("{listed:?}") };
        assert_eq!((*closed, *anew), ((0, VOLUME - 1, true), (VOLUME, VOLUME, false)));
        assert!(VOLUME - last.1 < VOLUME / GROWTH + 2, "{last:?}");
        let written: u64 = listed.iter().map(|(first, through, _)| through - first).sum();
        assert!(written < (GROWTH + 2) * VOLUME, "{written}");
        assert!(listed.len() < 1_100, "{}", listed.len());

        // A process that died may not have closed the first.
        let mut resumed = Heard::resume(&mut progress);
        fill(&mut progress, VOLUME + 3..VOLUME + 4);
        let again = store(&mut resumed, &mut progress, false);
        assert_eq!(again.last(), Some(&(VOLUME, VOLUME + 3, false)), "{again:?}");
        let mut late = Progress::default();
        fill(&mut late, 8..2 * VOLUME + 5);
        let mut resumed = Heard::resume(&mut late);
        let again = store(&mut resumed, &mut late, false);
        assert_eq!(again, [(VOLUME, 2 * VOLUME - 1, true), (2 * VOLUME, 2 * VOLUME + 4, false)]);
    }
}
