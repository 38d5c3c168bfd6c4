//! Who speaks, and who was asked to.

use std::sync::Arc;
use std::time::Duration;

use crate::{Person, PersonId, Refusal, Voice};

/// Somebody on stage.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seat {
    /// Who.
    pub person: Arc<Person>,
    /// Whether the room hears them.
    pub voice: Voice,
    /// When the seat is given up: nothing has been heard of them since they came, or their connection broke. None
    /// while they are connected.
    pub(crate) until: Option<Duration>,
}

/// Somebody who was asked on stage and has not answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Invitation {
    pub(crate) person: Arc<Person>,
    pub(crate) until: Duration,
}

/// The people on stage and those who were asked there, never more than fit.
#[derive(Debug)]
pub struct Stage {
    most: usize,
    seats: Vec<Seat>,
    invited: Vec<Invitation>,
}

/// How long an invitation stands.
const INVITATION: Duration = Duration::from_mins(1);

/// How long a seat is kept for somebody whose sound has not come yet, or stopped coming: a phone that changes its
/// network is back within this.
const PATIENCE: Duration = Duration::from_secs(30);

impl Stage {
    pub(crate) const fn new(most: usize) -> Self {
        Self { most, seats: Vec::new(), invited: Vec::new() }
    }

    /// Who is on stage, longest first.
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// Whether this person is.
    pub fn has(&self, person: &PersonId) -> bool {
        self.seats.iter().any(|seat| seat.person.id == *person)
    }

    /// Who was asked there and has not answered.
    pub fn invited(&self) -> impl Iterator<Item = &Arc<Person>> {
        self.invited.iter().map(|invitation| &invitation.person)
    }

    /// People who fit.
    pub const fn most(&self) -> usize {
        self.most
    }

    pub(crate) fn set_most(&mut self, most: usize) {
        self.most = most;
    }

    fn check_room(&self) -> Result<(), Refusal> {
        let taken = self.seats.len() + self.invited.len();
        if taken < self.most { Ok(()) } else { Err(Refusal::stage_full(self)) }
    }

    pub(crate) fn invite(&mut self, person: Arc<Person>, now: Duration) -> Result<(), Refusal> {
        if self.has(&person.id) {
            return Err(Refusal::OnStage);
        }
        self.uninvite(&person.id);
        self.check_room()?;
        self.invited.push(Invitation { person, until: now + INVITATION });
        Ok(())
    }

    /// Takes an invitation back; `false` where there was none.
    pub(crate) fn uninvite(&mut self, person: &PersonId) -> bool {
        let before = self.invited.len();
        self.invited.retain(|invitation| invitation.person.id != *person);
        self.invited.len() < before
    }

    pub(crate) fn enter(&mut self, person: Arc<Person>, now: Duration) -> Result<(), Refusal> {
        if self.has(&person.id) {
            return Err(Refusal::OnStage);
        }
        self.check_room()?;
        self.seats.push(Seat { person, voice: Voice::Heard, until: Some(now + PATIENCE) });
        Ok(())
    }

    /// Takes somebody off; `None` where they were not there.
    pub(crate) fn leave(&mut self, person: &PersonId) -> Option<Seat> {
        let place = self.seats.iter().position(|seat| seat.person.id == *person)?;
        Some(self.seats.remove(place))
    }

    pub(crate) fn seat_mut(&mut self, person: &PersonId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.person.id == *person)
    }

    /// Whoever is there, or was asked there, is `person` from now on.
    pub(crate) fn replace(&mut self, person: &Arc<Person>) {
        let seats = self.seats.iter_mut().map(|seat| &mut seat.person);
        for known in seats.chain(self.invited.iter_mut().map(|invitation| &mut invitation.person)) {
            if known.id == person.id {
                *known = person.clone();
            }
        }
    }

    /// Somebody's sound comes now, or stopped coming.
    pub(crate) fn note_sound(&mut self, person: &PersonId, comes: bool, now: Duration) {
        if let Some(seat) = self.seat_mut(person) {
            seat.until = (!comes).then_some(now + PATIENCE);
        }
    }

    /// When somebody's time is over.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let seats = self.seats.iter().filter_map(|seat| seat.until);
        seats.chain(self.invited.iter().map(|invitation| invitation.until)).min()
    }

    /// An invitation that nobody answered in time; it is over.
    pub(crate) fn pop_expired(&mut self, now: Duration) -> Option<Arc<Person>> {
        let place = self.invited.iter().position(|invitation| invitation.until <= now)?;
        Some(self.invited.remove(place).person)
    }

    /// Somebody on stage of whom nothing has been heard for too long; they are off it.
    pub(crate) fn pop_gone(&mut self, now: Duration) -> Option<Arc<Person>> {
        let is_over = |seat: &Seat| seat.until.is_some_and(|until| until <= now);
        let place = self.seats.iter().position(is_over)?;
        Some(self.seats.remove(place).person)
    }
}
