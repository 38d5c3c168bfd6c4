//! What a room does when it is asked.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use room::{ConnectionId, Person, PersonId, Refusal, Removal, Role};
use tracing::debug;
use wire::gossip::Gossip;
use wire::message::{Client, Notice, Request};

use super::others::station;
use super::{Asked, Entry, Fresh, Hub, Order};
use crate::metrics::labels::NoLabel;
use crate::signal::delivery::Audience;
use crate::webrtc::Offer;

impl Hub {
    pub(super) fn carry_out(&mut self, order: Order) {
        match order {
            Order::Join(entry, answer) => {
                let connection = entry.connection;
                let joined = self.join(*entry);
                let is_in = joined.is_ok();
                // Who left while they waited never was here.
                if answer.send(joined).is_err() && is_in {
                    self.leave(connection);
                }
            }
            Order::Ask(asked, answer) => {
                let answered = self.ask(*asked);
                self.drain();
                answer.send(answered).ok();
            }
            Order::Show(connection, answer) => {
                let Some(person) = self.room.people().behind(connection).cloned() else { return };
                self.house.metrics.room_resyncs.add(NoLabel::One, 1);
                self.drain();
                let fresh = self.fresh(&person, None);
                answer.send(fresh).ok();
            }
            Order::Leave(connection) => self.leave(connection),
            Order::Speaks(person) => self.speaks(&person),
            Order::Hushed(person) => self.hushed(&person),
            Order::Offer(offer, answer) => {
                let told = self.offer(&offer);
                answer.send(told).ok();
            }
            Order::Pardon(person) => {
                self.room.pardon(&person);
                self.say(&Gossip::Pardoned { user_id: person.to_string() });
            }
            Order::SetRole(person, role) => self.room.set_role(&person, role),
            Order::PutOut(person) => self.put_out(&person),
            Order::Announce(told) => self.announce(&told),
            Order::Has(person, answer) => {
                answer.send(self.has(&person)).ok();
            }
            Order::Expel(person) => {
                self.follow_up.note_connections(&person, &self.room);
                let station = station();
                self.room.put_out(&station.id, &person, Removal::ForGood);
                let now = self.now();
                self.pass_on(now, &station, "ban", Client::Ban { user_id: person.to_string() });
            }
        }
    }

    /// Tells everybody.
    pub(super) fn announce(&mut self, told: &Notice) {
        let now = self.now();
        self.tell(now, told, Audience::Everybody.into());
    }

    fn has(&self, person: &PersonId) -> bool {
        self.room.people().find(person).is_some() || self.room.stage().has(person)
    }

    /// Puts somebody out who may not be here any more. Where they are not, nobody is told.
    pub(super) fn put_out(&mut self, person: &PersonId) {
        if self.has(person) {
            self.follow_up.note_connections(person, &self.room);
            self.room.put_out(&station().id, person, Removal::Once);
        }
    }

    /// Tells somebody that a WebRTC place is kept for them; a guest is known by where they are.
    fn offer(&mut self, offer: &Offer) -> bool {
        let people: BTreeSet<PersonId> = if let Some(account) = &offer.account {
            let here = |id: &PersonId| self.room.people().find(id).is_some();
            PersonId::parse(account).into_iter().filter(here).collect()
        } else {
            // Which of the guests behind an address waits is not known: whoever does comes for the place.
            let there = self.addresses.iter().filter(|(_, address)| **address == offer.address);
            let people = there.filter_map(|(id, _)| self.room.people().behind(*id));
            people.filter(|person| person.role == Role::Guest).map(|person| person.id.clone()).collect()
        };
        let now = self.now();
        for person in &people {
            self.tell(now, &Notice::WebrtcPlace, Audience::One(person.clone()).into());
        }
        !people.is_empty()
    }

    fn join(&mut self, entry: Entry) -> Result<Fresh, Refusal> {
        let now = self.now();
        let Entry { connection, person, address, last } = entry;
        let person = self.room.join(now, connection, person)?;
        self.addresses.insert(connection, address);
        self.drain();
        Ok(self.fresh(&person, last.as_deref()))
    }

    fn leave(&mut self, connection: ConnectionId) {
        let now = self.now();
        self.room.leave(now, connection);
        self.addresses.remove(&connection);
        if self.addresses.is_empty() {
            self.empty_since = Instant::now();
        }
    }

    fn ask(&mut self, asked: Asked) -> Result<(), Refusal> {
        let now = self.now();
        let Asked { connection, message, id, request } = asked;
        let person = self.room.people().behind(connection).cloned().ok_or(Refusal::NoSuchPerson)?;
        let command = match request {
            Request::Ask(command) => command,
            Request::ChangeRules(change) => room::Command::SetRules(change.apply(self.room.rules())),
            Request::Report(report) => {
                self.follow_up.report(&person, report, &self.room);
                return Ok(());
            }
            // Of somebody who is in.
            Request::Join { .. } | Request::Leave => return Ok(()),
        };
        if let room::Command::Remove(person) | room::Command::Ban(person) = &command {
            self.follow_up.note_connections(person, &self.room);
        }
        // Reactions are told as sums.
        let is_told = !matches!(command, room::Command::React(_));
        self.room.handle(now, connection, command)?;
        if is_told {
            self.pass_on(now, &person, &id, message);
        }
        Ok(())
    }

    /// Somebody's microphone is heard. Who may speak anyway comes on stage with it.
    fn speaks(&mut self, person: &Arc<Person>) {
        let now = self.now();
        let here = self.room.people().find(&person.id).cloned();
        let person = here.unwrap_or_else(|| person.clone());
        if !self.room.stage().has(&person.id) {
            match self.room.seat(now, &person) {
                Ok(()) => self.pass_on(now, &person, "seat", Client::EnterStage {}),
                Err(refusal) => {
                    debug!(broadcast.id = %self.broadcast, "somebody speaks who has no seat: {refusal}");
                }
            }
        }
        *self.sounds.entry(person.id.clone()).or_default() += 1;
        self.room.note_sound(now, &person.id, true);
    }

    /// One microphone is not heard any more. Who reconnects has two for a moment.
    fn hushed(&mut self, person: &PersonId) {
        let left = self.sounds.get_mut(person).map(|count| {
            *count -= 1;
            *count
        });
        if left == Some(0) {
            self.sounds.remove(person);
            let now = self.now();
            self.room.note_sound(now, person, false);
        }
    }
}
