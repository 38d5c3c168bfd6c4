//! One simulated listener: what it fetches, in which order. It owns no socket and no clock.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::catalog::{Diet, List, Piece};
use crate::fault::Fault;
use crate::playlist::Position;

/// Parts a listener may owe. One that fell further behind jumps to the edge.
const OWED: usize = 64;
/// Pause after a fault before the next attempt.
const REST: Duration = Duration::from_secs(1);

/// Which of a listener's connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lane {
    /// The only one: media first, then the reload.
    Only,
    /// Where playlists are held.
    Playlists,
    /// Where media comes.
    Media,
}

/// One thing to fetch.
#[derive(Clone, Debug)]
pub enum Job {
    /// The Multivariant Playlist.
    Multivariant,
    /// The Media Playlist; with a position it is a blocking reload for that part.
    Playlist {
        /// `_HLS_msn` and `_HLS_part`.
        ask: Option<Position>,
        /// `_HLS_skip=YES`.
        skip: bool,
    },
    /// The Media Initialization Section.
    Init(Rc<List>),
    /// A part or segment.
    Media {
        /// Which.
        piece: Rc<Piece>,
        /// It was released while this listener waited for it: its delay counts.
        awaited: bool,
    },
}

#[derive(Debug)]
enum Reload {
    /// Fetch the Multivariant Playlist now.
    Join,
    /// Fetch the Media Playlist now, without directives.
    Now,
    /// Ask for what comes next and be held.
    Block { skip: bool },
    /// A request is under way.
    Asked,
    /// Fetch again then; after a fault or between polls.
    At { time: Instant, joined: bool },
    /// The broadcast is over.
    Never,
}

/// What a listener knows of its place in the stream.
#[derive(Debug)]
pub struct Listener {
    diet: Diet,
    reload: Reload,
    /// The first piece it has not been told of.
    next: Option<Position>,
    /// Not fetched yet.
    init: Option<Rc<List>>,
    owed: VecDeque<(Rc<Piece>, bool)>,
}

impl Listener {
    /// A listener who has not fetched anything.
    pub fn new(diet: Diet) -> Self {
        Self { diet, reload: Reload::Join, next: None, init: None, owed: VecDeque::new() }
    }

    /// What to fetch now on an idle connection, if anything.
    pub fn job(&mut self, lane: Lane, now: Instant) -> Option<Job> {
        if lane != Lane::Playlists {
            if let Some(list) = self.init.take() {
                return Some(Job::Init(list));
            }
            if let Some((piece, awaited)) = self.owed.pop_front() {
                return Some(Job::Media { piece, awaited });
            }
            if lane == Lane::Media {
                return None;
            }
        }
        let job = match self.reload {
            Reload::Join => Job::Multivariant,
            Reload::Now => Job::Playlist { ask: None, skip: false },
            Reload::Block { skip } => Job::Playlist { ask: self.next, skip },
            Reload::At { time, joined } if time <= now => {
                if joined {
                    Job::Playlist { ask: None, skip: false }
                } else {
                    Job::Multivariant
                }
            }
            Reload::At { .. } | Reload::Asked | Reload::Never => return None,
        };
        self.reload = Reload::Asked;
        Some(job)
    }

    /// When [`Self::job`] wants to be asked again although nothing came.
    pub fn wakes_at(&self) -> Option<Instant> {
        match self.reload {
            Reload::At { time, .. } => Some(time),
            _ => None,
        }
    }

    /// The broadcast ended and everything is fetched.
    pub fn is_done(&self) -> bool {
        matches!(self.reload, Reload::Never) && self.owed.is_empty() && self.init.is_none()
    }

    /// The Multivariant Playlist came.
    pub fn joined(&mut self) {
        self.reload = Reload::Now;
    }

    /// A Media Playlist came, in answer to `ask`.
    ///
    /// New pieces are owed from here on. An `Err` has been dealt with and is only to be counted.
    pub fn listed(&mut self, list: &Rc<List>, ask: Option<Position>, now: Instant) -> Result<(), Fault> {
        let ended = list.tags.ended;
        let early = ask.is_some_and(|ask| list.next <= ask) && !ended;
        let told = match self.next {
            None => {
                self.init.clone_from(&list.init.as_ref().map(|_| Rc::clone(list)));
                self.owed.extend(near_the_edge(list).map(|piece| (Rc::clone(piece), false)));
                Ok(())
            }
            // One who polls waits as well, only less exactly: the spread of polls is in the delay.
            Some(next) => self.owe(list, next, ask.is_some() || self.diet == Diet::Segments),
        };
        if self.diet == Diet::Playlists {
            self.init = None;
            self.owed.clear();
        }
        let grown = self.next < Some(list.next);
        self.next = self.next.max(Some(list.next));
        let poll = |seconds: f64| Reload::At { time: now + Duration::from_secs_f64(seconds), joined: true };
        let target = list.tags.target_duration.clamp(1, 60) as f64;
        self.reload = if ended {
            Reload::Never
        } else if early {
            poll(REST.as_secs_f64())
        } else if self.diet != Diet::Segments && list.tags.can_block_reload {
            Reload::Block { skip: list.tags.can_skip }
        } else {
            // RFC 8216bis, 6.3.4: after a change one target duration, else half of it.
            poll(if grown { target } else { target / 2.0 })
        };
        if early { Err(Fault::Early) } else { told }
    }

    /// A fetch failed. Media is not tried again: its moment has passed.
    pub fn failed(&mut self, job: &Job, now: Instant) {
        match job {
            Job::Multivariant => self.reload = Reload::At { time: now + REST, joined: false },
            Job::Playlist { .. } => self.reload = Reload::At { time: now + REST, joined: true },
            Job::Init(_) | Job::Media { .. } => {}
        }
    }

    fn owe(&mut self, list: &Rc<List>, next: Position, awaited: bool) -> Result<(), Fault> {
        let from = list.pieces.partition_point(|piece| piece.position < next);
        let new = &list.pieces[from..];
        let follows = match (from.checked_sub(1).map(|last| list.pieces[last].position), new.first()) {
            (_, None) => list.next <= next || list.tags.ended,
            (_, Some(first)) if first.position == next => true,
            // The segment closed before the part that was expected of it: the next one opens.
            (Some(last), Some(first)) => {
                let opens = Position { msn: next.msn + 1, part: 0 };
                first.position == opens && last.msn == next.msn && last.part + 1 == next.part
            }
            (None, Some(_)) => false,
        };
        self.owed.extend(new.iter().map(|piece| (Rc::clone(piece), awaited)));
        let surplus = self.owed.len().saturating_sub(OWED);
        self.owed.drain(..surplus);
        if follows && surplus == 0 { Ok(()) } else { Err(Fault::Missed) }
    }
}

/// The pieces that a player which joins now has to have: those of the last hold-back.
fn near_the_edge(list: &List) -> impl Iterator<Item = &Rc<Piece>> {
    let mut behind = 0.0;
    let enough = list.pieces.iter().rev().take_while(|piece| {
        let needed = behind < list.distance;
        behind += piece.duration;
        needed
    });
    let from = list.pieces.len() - enough.take(OWED).count();
    list.pieces[from..].iter()
}

#[cfg(test)]
mod tests;
