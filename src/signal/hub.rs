//! The task of one room: it owns the room, hears what people ask for, and makes each message once for everybody.

mod orders;
pub(super) mod others;
pub(crate) mod voices;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use room::{
    Audience as Meant, ConnectionId, Event, Moment, Origin, Output, Person, PersonId, Refusal, Role, Room,
};
use serde_json::value::RawValue;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, sleep_until};
use tracing::debug;
use wire::message::{Client, Notice, Request, Stamp, joined, notice, snapshot};
use wire::websocket::frame;

use super::delivery::{Audience, Batch, Item, Replay};
use super::follow_up::FollowUp;
use super::opening;
use super::rooms::House;
use super::view::View;
use crate::live::clock::wall_clock;
use crate::metrics::labels::NoLabel;
use crate::webrtc::Offer;
use others::Others;
use voices::Voices;

/// Orders that wait for a room, which carries each out in microseconds.
pub(super) const ORDERS: usize = 1_024;

/// Batches that a client may be behind, three seconds or more of the busiest room. One that is further behind is given
/// the room as it is then, instead of what it missed.
const BEHIND: usize = 64;

/// Messages that follow each other within this time are written together. The first after a pause waits for nothing.
const TOGETHER: Duration = Duration::from_millis(50);

/// The same in a large room, for each connection: a write takes a core some 5 µs, nearly whatever is in it, and no more
/// than half of one is to be spent on writing. 10,000 wait 100 ms; a station has 20,000 at the most.
const TOGETHER_EACH: Duration = Duration::from_micros(10);

/// How often it is looked how many listen, and how the broadcast is doing.
const LOOK: Duration = Duration::from_secs(3);

/// How long a room that nobody is in stays open: the last who left may come back.
const EMPTY: Duration = Duration::from_mins(1);

/// What others ask of a room.
pub(super) enum Order {
    /// Let somebody in.
    Join(Box<Entry>, oneshot::Sender<Result<Fresh, Refusal>>),
    /// Do what somebody asks for.
    Ask(Box<Asked>, oneshot::Sender<Result<(), Refusal>>),
    /// Show the room to somebody who fell behind.
    Show(ConnectionId, oneshot::Sender<Fresh>),
    /// A connection is gone.
    Leave(ConnectionId),
    /// Somebody's sound comes to the stage.
    Speaks(Arc<Person>),
    /// It does not come any more.
    Hushed(PersonId),
    /// A WebRTC place is kept for somebody; answers whether they could be told.
    Offer(Offer, oneshot::Sender<bool>),
    /// Somebody was barred from the broadcast.
    Expel(PersonId),
    /// Somebody who was banned may come back.
    Pardon(PersonId),
    /// Somebody is something else in the broadcast now.
    SetRole(PersonId, Role),
    /// Somebody may not be here any more, for now.
    PutOut(PersonId),
    /// Everybody is told something that nobody here has done.
    Announce(Notice),
    /// Answers whether somebody is here.
    Has(PersonId, oneshot::Sender<bool>),
}

/// Whom a message concerns.
struct Told {
    /// Who is told.
    to: Audience,
    /// Whose connections end with it.
    ends: Option<PersonId>,
    /// Who is what from here on.
    becomes: Option<Arc<Person>>,
}

impl From<Audience> for Told {
    fn from(to: Audience) -> Self {
        Self { to, ends: None, becomes: None }
    }
}

/// What somebody asks for.
pub(super) struct Asked {
    pub(super) connection: ConnectionId,
    /// As they said it.
    pub(super) message: Client,
    /// What is new will be called this.
    pub(super) id: String,
    /// As it was understood.
    pub(super) request: Request,
}

/// Somebody who wants to come in.
pub(super) struct Entry {
    pub(super) connection: ConnectionId,
    pub(super) person: Person,
    /// Where they are.
    pub(super) address: IpAddr,
    /// The last message that they have, as its id says.
    pub(super) last: Option<String>,
}

/// A room at one moment as somebody sees it, and everything after it.
pub(super) struct Fresh {
    /// Who they are here.
    pub(super) person: Arc<Person>,
    /// Frames that tell it.
    pub(super) frames: Bytes,
    /// The last message that is in it.
    pub(super) last: u64,
    /// Which opening of the room it counts from.
    pub(super) epoch: String,
    pub(super) feed: broadcast::Receiver<Arc<Batch>>,
}

/// One room's task.
pub(super) struct Hub {
    house: Arc<House>,
    broadcast: String,
    room: Room,
    /// Tells this opening of the room from others: message numbers begin anew with each.
    epoch: String,
    begun: Instant,
    /// The last message's number.
    number: u64,
    waiting: Vec<Item>,
    written: Option<Instant>,
    replay: Replay,
    feed: broadcast::Sender<Arc<Batch>>,
    /// The room as everybody sees it, until it changes.
    picture: Option<Box<RawValue>>,
    addresses: HashMap<ConnectionId, IpAddr>,
    empty_since: Instant,
    view: watch::Sender<View>,
    follow_up: FollowUp,
    others: Others,
    voices: Voices,
    /// By how many microphones each is heard who speaks by this station.
    sounds: HashMap<PersonId, usize>,
}

impl Hub {
    /// Opens the room of a broadcast and keeps it until it has been empty for a while or the station stops.
    pub(super) async fn run(
        house: Arc<House>,
        broadcast: String,
        mut orders: mpsc::Receiver<Order>,
        view: watch::Sender<View>,
    ) {
        let room = opening::open(&house, &broadcast).await;
        let mut hub = Self {
            follow_up: FollowUp::new(&house, &broadcast),
            epoch: epoch(),
            begun: Instant::now(),
            number: 0,
            waiting: Vec::new(),
            written: None,
            replay: Replay::default(),
            feed: broadcast::Sender::new(BEHIND),
            picture: None,
            addresses: HashMap::new(),
            empty_since: Instant::now(),
            others: Others::default(),
            voices: Voices::default(),
            sounds: HashMap::new(),
            house,
            broadcast,
            room,
            view,
        };
        debug!(broadcast.id = %hub.broadcast, "the room of {} is open", hub.broadcast);
        hub.serve(&mut orders).await;
        // Who still waits is told by the end of their channel, and comes again to the next opening.
        hub.flush();
        debug!(broadcast.id = %hub.broadcast, "the room of {} is closed", hub.broadcast);
    }

    async fn serve(&mut self, orders: &mut mpsc::Receiver<Order>) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let shutdown = self.house.shutdown.clone();
        let mut hall = self.house.hall.changes();
        let mut others = self.house.bus.subscribe(&self.broadcast);
        loop {
            let wake = self.wake();
            tokio::select! {
                order = orders.recv() => {
                    let Some(order) = order else { return };
                    self.carry_out(order);
                }
                received = others.next() => {
                    let Some(received) = received else { return };
                    self.hear(received);
                }
                speaking = self.voices.next() => {
                    let now = self.now();
                    self.room.set_speaking(now, speaking, Origin::Here);
                }
                _ = looks.tick() => self.look(),
                changed = hall.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.follow_hall();
                }
                () = sleep_until(wake.into()) => {
                    let now = self.now();
                    self.room.handle_timeout(now);
                }
                () = shutdown.cancelled() => return,
            }
            self.drain();
            if self.is_flush_due() {
                self.flush();
            }
            if self.is_over() {
                return;
            }
        }
    }

    /// When it has something to do by itself.
    fn wake(&self) -> Instant {
        let due = self.room.poll_timeout().map(|due| self.begun + due);
        let flush = self.flush_at();
        let far = Instant::now() + LOOK;
        [due, flush].into_iter().flatten().min().unwrap_or(far)
    }

    fn flush_at(&self) -> Option<Instant> {
        if self.waiting.is_empty() {
            return None;
        }
        Some(self.written.map_or(self.begun, |written| written + together(self.addresses.len())))
    }

    fn is_flush_due(&self) -> bool {
        self.flush_at().is_some_and(|at| at <= Instant::now())
    }

    fn is_over(&self) -> bool {
        self.addresses.is_empty()
            && self.empty_since.elapsed() >= EMPTY
            && self.house.hall.live(&self.broadcast).is_none()
    }

    fn now(&self) -> Moment {
        Moment {
            since: self.begun.elapsed(),
            wall: wall_clock().0,
            programme: self.house.hall.programme_time(&self.broadcast).map(|time| time.0),
        }
    }

    /// Learns whether the broadcast is on air, and how many may speak.
    fn follow_hall(&mut self) {
        let live = self.house.hall.live(&self.broadcast);
        if let Some(live) = &live {
            self.room.set_speakers_max(live.card.speakers_max);
        }
        self.voices.follow(live.as_ref().and_then(|live| Some(live.stage.as_ref()?.speaking.clone())));
        let now = self.now();
        self.room.set_on_air(now, live.is_some());
    }

    /// Counts listeners, and tells the crew how the broadcast is doing.
    fn look(&mut self) {
        let now = self.now();
        let listeners = self.house.presence.listeners(&self.broadcast, Instant::now());
        self.say_present(listeners);
        let (people, far) = self.others.count();
        self.room.hear_people(now, people);
        self.room.set_listeners(now, listeners.webrtc + far.webrtc, listeners.hls + far.hls);
        self.drain();
        if self.room.people().iter().any(|person| person.is_crew()) {
            let stats = self.follow_up.stats(&self.room);
            self.tell(now, &Notice::Stats { stats }, Audience::Crew.into());
        }
    }

    /// Tells what has happened since the last time.
    fn drain(&mut self) {
        let (mut changed, mut shows) = (false, false);
        while let Some(Output { event, to, origin }) = self.room.poll_output() {
            changed = true;
            // What is said most often changes nothing that others look at.
            shows |= !matches!(event, Event::Said(_) | Event::Reacted { .. });
            let now = self.now();
            self.pass_on_event(now, &event, origin);
            let to = match to {
                Meant::Everybody => Audience::Everybody,
                Meant::CrewAnd(person) => Audience::CrewAnd(person),
            };
            let ends = match &event {
                Event::Removed { person, .. } => Some(person.clone()),
                _ => None,
            };
            // Of what was said in another station too: whoever comes later reads the same time in the history.
            let at = match &event {
                Event::Said(message) => message.at,
                _ => now,
            };
            let becomes = match &event {
                Event::RoleChanged(person) => Some(person.clone()),
                _ => None,
            };
            let text = self.tell(at, &Notice::of(&event, &self.room), Told { to, ends, becomes });
            let addresses = self.addresses_of(&event);
            self.follow_up.carry_out(now, (&event, &self.room), origin, &text, &addresses);
            if let Event::RoleChanged(person) = &event {
                self.show_hands(now, person);
            }
        }
        if changed {
            self.picture = None;
        }
        if shows {
            let view = View::of(&self.room);
            self.view.send_if_modified(|seen| {
                let is_new = *seen != view;
                *seen = view;
                is_new
            });
        }
    }

    /// Who keeps order from now on is shown the hands that are up: nobody else was told of them.
    fn show_hands(&mut self, now: Moment, person: &Person) {
        if !person.is_crew() {
            return;
        }
        for hand in self.room.hands().iter().cloned().collect::<Vec<_>>() {
            let told = Notice::of(&Event::HandRaised(hand), &self.room);
            self.tell(now, &told, Audience::One(person.id.clone()).into());
        }
    }

    /// Where the connections are of somebody who is put out: guests have nothing else that they could be known by.
    fn addresses_of(&self, event: &Event) -> Vec<IpAddr> {
        let Event::Removed { person, .. } = event else { return Vec::new() };
        let theirs = self.follow_up.connections_of(person);
        theirs.iter().filter_map(|connection| self.addresses.get(connection).copied()).collect()
    }

    /// Makes a message; answers with its text.
    fn tell(&mut self, now: Moment, told: &Notice, whom: Told) -> String {
        self.number += 1;
        self.house.metrics.room_messages.add(NoLabel::One, 1);
        let stamp = self.stamp(now);
        let text = notice(&stamp, told);
        let Told { to, ends, becomes } = whom;
        let item = Item { number: self.number, to, frame: frame(&text), ends, becomes };
        self.replay.push(item.clone());
        self.waiting.push(item);
        text
    }

    fn stamp(&self, at: Moment) -> Stamp {
        Stamp { id: format!("{}-{}", self.epoch, self.number), at }
    }

    /// Lets everybody have what waits.
    fn flush(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        self.written = Some(Instant::now());
        let batch = Batch::new(std::mem::take(&mut self.waiting));
        // An error says that nobody is there.
        self.feed.send(Arc::new(batch)).ok();
    }

    /// The room as it is for `person`, or what they missed.
    fn fresh(&mut self, person: &Arc<Person>, last: Option<&str>) -> Fresh {
        let now = self.now();
        let stamp = self.stamp(now);
        let missed = last.and_then(|last| self.missed(last, person));
        let picture = match &missed {
            Some(_) => None,
            None => Some(&**self.picture.get_or_insert_with(|| snapshot(&self.room))),
        };
        let first = frame(&joined(&stamp, &self.room, person, picture));
        let frames = match missed {
            Some(missed) => [&first[..], &missed[..]].concat().into(),
            None => first,
        };
        Fresh {
            person: person.clone(),
            frames,
            last: self.number,
            epoch: self.epoch.clone(),
            feed: self.feed.subscribe(),
        }
    }

    /// What `person` missed after the message with the id `last`; `None` where that cannot be told.
    fn missed(&self, last: &str, person: &Arc<Person>) -> Option<Bytes> {
        let number = last.strip_prefix(&*self.epoch)?.strip_prefix('-')?.parse().ok()?;
        self.replay.since(number, self.number, person)
    }
}

/// For how long messages are gathered that are written to so many connections.
fn together(connections: usize) -> Duration {
    let connections = u32::try_from(connections).unwrap_or(u32::MAX);
    TOGETHER.max(TOGETHER_EACH.saturating_mul(connections))
}

/// A name for this opening of a room.
fn epoch() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    id[..8].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_are_written_to_the_longer_is_gathered() {
        let gathered = [0, 1, 5_000, 10_000, 20_000].map(|connections| together(connections).as_millis());
        assert_eq!(gathered, [50, 50, 50, 100, 200]);
    }
}
