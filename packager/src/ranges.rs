//! The date ranges that playlists list: they enter, end, and leave with the segments that they belong to.

use std::collections::VecDeque;

use media::{MediaDuration, MediaTime};

use crate::{DateRange, WallClock};

/// The ranges of a run that playlists list now, in the order in which they entered.
#[derive(Clone, Debug, Default)]
pub struct Ranges {
    listed: Vec<Listed>,
    /// The `ID`s of those that left, and when.
    removed: VecDeque<(String, MediaTime)>,
}

/// A range, and where the playlists ended that first said of it what they say. Between processes this is kept, so
/// that a range leaves when it would have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ToldRange {
    /// As it stands.
    pub range: DateRange,
    /// The end of the playlist that first had it.
    pub began: MediaTime,
    /// The end of the playlist that first had its end.
    pub over: Option<MediaTime>,
}

impl ToldRange {
    /// Whether a playlist that begins at `start` still lists it (RFC 8216bis 6.2.1: never leaves while any date in
    /// the range maps to a segment). Where a run was interrupted players learn of an end when it is long past;
    /// they are told it for a window all the same.
    pub fn is_listed(&self, start: MediaTime) -> bool {
        stays(&self.range, self.over, start)
    }
}

fn stays(range: &DateRange, over: Option<MediaTime>, start: MediaTime) -> bool {
    range.end().zip(over).is_none_or(|(end, said)| end.max(said) >= start)
}

/// One range with its tags, written once. `entered` are the ends of the playlist that first had each tag.
#[derive(Clone, Debug)]
struct Listed {
    range: DateRange,
    opening: (String, MediaTime),
    closing: Option<(String, MediaTime)>,
}

impl Ranges {
    /// Takes a range that has begun or is over, into a playlist that ends at `edge`. What was told before, and
    /// a second end, change nothing: a tag that is listed stays as it is (RFC 8216bis 6.2.1).
    pub(crate) fn enter(&mut self, range: &DateRange, anchor: WallClock, edge: MediaTime) {
        let known = self.listed.iter_mut().find(|listed| listed.range.is(range));
        let closing = range.closing_tag(anchor).map(|tag| (tag, edge));
        if let Some(known) = known {
            if known.closing.is_none() && closing.is_some() {
                known.range = range.clone();
                known.closing = closing;
            }
        } else {
            let opening = (range.opening_tag(anchor), edge);
            self.listed.push(Listed { range: range.clone(), opening, closing });
        }
    }

    /// Takes a range that an earlier process listed.
    pub(crate) fn restore(&mut self, told: &ToldRange, anchor: WallClock) {
        let ToldRange { range, began, over } = told;
        let opening = (range.opening_tag(anchor), *began);
        let closing = range.closing_tag(anchor).zip(*over);
        self.listed.push(Listed { range: range.clone(), opening, closing });
    }

    /// Lets go of what a playlist does not list any more that begins at `start` and ends at `edge`. What left more
    /// than `memory` before that is forgotten.
    pub(crate) fn leave(&mut self, start: MediaTime, edge: MediaTime, memory: MediaDuration) {
        let removed = &mut self.removed;
        self.listed.retain(|listed| {
            let stays = stays(&listed.range, listed.closing.as_ref().map(|(_, said)| *said), start);
            if !stays {
                removed.push_back((listed.range.id(), edge));
            }
            stays
        });
        while removed.front().is_some_and(|&(_, when)| when + memory < edge) {
            removed.pop_front();
        }
    }

    /// Every range that is listed, in order.
    pub fn iter(&self) -> impl Iterator<Item = &DateRange> {
        self.listed.iter().map(|listed| &listed.range)
    }

    /// The lines of the playlist, in the order in which they entered; of those that entered at `since` or
    /// later where that is given.
    pub(crate) fn tags(&self, since: Option<MediaTime>) -> impl Iterator<Item = &str> {
        let tags =
            self.listed.iter().flat_map(|listed| std::iter::once(&listed.opening).chain(&listed.closing));
        tags.filter(move |(_, entered)| since.is_none_or(|since| *entered >= since))
            .map(|(tag, _)| tag.as_str())
    }

    /// The `ID`s of those that left lately.
    pub(crate) fn removed(&self) -> impl Iterator<Item = &str> {
        self.removed.iter().map(|(id, _)| id.as_str())
    }
}
