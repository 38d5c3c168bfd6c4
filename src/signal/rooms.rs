//! The rooms that somebody is in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use room::{ConnectionId, Person, PersonId, Refusal, Role, Voice};
use store::{Journal, Store, Timestamp};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wire::gossip::Gossip;
use wire::message::Notice;

use super::bus::Bus;
use super::guests::BarredGuests;
use super::hub::{Asked, Entry, Fresh, Hub, ORDERS, Order};
use super::view::View;
use crate::live::{HallHandle, Presence};
use crate::metrics::Metrics;
use crate::metrics::labels::NoLabel;
use crate::metrics::series::Entered;
use crate::playback::Gate;
use crate::schedule::Announcement;
use crate::webrtc::{Offer, WebRtc};

/// Connections to all rooms together. Each is a file descriptor and some kilobytes.
const CONNECTIONS: usize = 20_000;

/// When a station that is full may have room again.
pub(super) const FULL: Duration = Duration::from_secs(10);

/// What rooms stand on.
pub struct House {
    /// What is on air.
    pub hall: HallHandle,
    /// Who listens.
    pub presence: Arc<Presence>,
    /// What is remembered.
    pub store: Store,
    /// What is to be remembered.
    pub journal: Journal,
    /// Who is barred.
    pub gate: Arc<Gate>,
    /// Where people speak; none where WebRTC is switched off.
    pub webrtc: Option<Arc<WebRtc>>,
    /// What Prometheus is told.
    pub metrics: Metrics,
    /// The way to the same rooms in other stations.
    pub bus: Bus,
    /// Where tasks are waited for.
    pub tasks: TaskTracker,
    /// Cancelled once the station stops.
    pub shutdown: CancellationToken,
    /// Guests who were banned.
    pub guests: BarredGuests,
}

/// The rooms that somebody is in, and the way to them.
pub struct Rooms {
    house: Arc<House>,
    open: Mutex<HashMap<String, RoomHandle>>,
    connections: Arc<AtomicUsize>,
    next: AtomicU64,
}

/// The way to one room. Cheap to clone.
#[derive(Clone)]
pub(super) struct RoomHandle {
    orders: mpsc::Sender<Order>,
    view: watch::Receiver<View>,
    tasks: TaskTracker,
}

/// The room was closed, or the station stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct RoomClosed;

/// One of [`CONNECTIONS`]; dropping it gives it back.
pub(super) struct Place {
    connections: Arc<AtomicUsize>,
    _counted: Entered<NoLabel>,
}

/// Somebody's sound on a stage; dropping it says that it has ended.
pub struct Seat {
    rooms: Arc<Rooms>,
    broadcast: String,
    person: PersonId,
}

impl Rooms {
    /// None is open yet.
    pub fn new(house: House) -> Arc<Self> {
        Arc::new(Self {
            house: Arc::new(house),
            open: Mutex::default(),
            connections: Arc::default(),
            next: AtomicU64::new(1),
        })
    }

    pub(super) fn tasks(&self) -> &TaskTracker {
        &self.house.tasks
    }

    pub(super) fn house(&self) -> &House {
        &self.house
    }

    /// Takes a place for one more connection; `None` where there is none.
    pub(super) fn admit_connection(&self) -> Option<Place> {
        let taken =
            self.connections.fetch_update(Relaxed, Relaxed, |open| (open < CONNECTIONS).then_some(open + 1));
        taken.ok()?;
        let counted = self.house.metrics.room_connections.enter(NoLabel::One);
        Some(Place { connections: self.connections.clone(), _counted: counted })
    }

    pub(super) fn new_connection(&self) -> ConnectionId {
        ConnectionId(self.next.fetch_add(1, Relaxed))
    }

    /// The room of a broadcast, opened where it is not.
    pub(super) fn enter(&self, broadcast: &str) -> RoomHandle {
        let mut open = self.held();
        if let Some(room) = open.get(broadcast).filter(|room| !room.orders.is_closed()) {
            return room.clone();
        }
        // Rooms that closed leave their name behind; it goes when the next opens.
        open.retain(|_, room| !room.orders.is_closed());
        let (orders, ordered) = mpsc::channel(ORDERS);
        let (seen, view) = watch::channel(View::default());
        let room = RoomHandle { orders, view, tasks: self.house.tasks.clone() };
        open.insert(broadcast.to_owned(), room.clone());
        self.house.tasks.spawn(Hub::run(self.house.clone(), broadcast.to_owned(), ordered, seen));
        room
    }

    /// A room that is open.
    fn find(&self, broadcast: &str) -> Option<RoomHandle> {
        self.held().get(broadcast).cloned()
    }

    /// Whether this account was let on the stage of a broadcast, and is heard there; `None` where it was not.
    pub fn voice_of(&self, broadcast: &str, account: &str) -> Option<Voice> {
        let room = self.find(broadcast)?;
        let person = PersonId::parse(account).ok()?;
        room.view.borrow().stage.get(&person).copied()
    }

    /// Whether this account wants to speak, or does.
    pub fn wants_to_speak(&self, broadcast: &str, account: &str) -> bool {
        let (Some(room), Ok(person)) = (self.find(broadcast), PersonId::parse(account)) else { return false };
        let view = room.view.borrow();
        view.stage.contains_key(&person) || view.hands.contains(&person)
    }

    /// Whether guests at `address` were banned from a broadcast.
    pub fn bars_guest(&self, broadcast: &str, address: IpAddr) -> bool {
        self.house.guests.has(broadcast, address)
    }

    /// How many are in the room of a broadcast.
    pub fn people(&self, broadcast: &str) -> usize {
        self.find(broadcast).map_or(0, |room| room.view.borrow().people)
    }

    /// Somebody's sound comes to the stage of a broadcast, until the seat is dropped.
    pub fn take_seat(self: &Arc<Self>, broadcast: &str, person: Person) -> Seat {
        let id = person.id.clone();
        self.enter(broadcast).order(Order::Speaks(Arc::new(person)));
        Seat { rooms: self.clone(), broadcast: broadcast.to_owned(), person: id }
    }

    /// Tells those who waited for a WebRTC place that one is kept for them, for as long as there may be some. Who is in no
    /// room any more waits no longer.
    pub async fn pass_on(self: Arc<Self>, mut offers: mpsc::UnboundedReceiver<Offer>) {
        let shutdown = self.house.shutdown.clone();
        let Some(webrtc) = self.house.webrtc.clone() else { return };
        loop {
            let offer = tokio::select! {
                offer = offers.recv() => offer,
                () = shutdown.cancelled() => None,
            };
            let Some(offer) = offer else { return };
            let told = match self.find(&offer.broadcast) {
                Some(room) => room.call(|answer| Order::Offer(offer.clone(), answer)).await == Ok(true),
                None => false,
            };
            if !told {
                webrtc.places().decline(&offer);
            }
        }
    }

    /// Puts somebody out of the room of a broadcast who was barred from it by other means.
    pub fn expel(&self, broadcast: &str, account: &str) {
        if let (Some(room), Ok(person)) = (self.find(broadcast), PersonId::parse(account)) {
            room.order(Order::Expel(person));
        }
    }

    /// Lets somebody into the room of a broadcast again who was banned there.
    pub fn pardon(&self, broadcast: &str, account: &str) {
        if let (Some(room), Ok(person)) = (self.find(broadcast), PersonId::parse(account)) {
            room.order(Order::Pardon(person));
        }
    }

    /// Somebody is something else in a broadcast from now on, in every station.
    pub fn set_role(&self, broadcast: &str, account: &str, role: Role) {
        let Ok(person) = PersonId::parse(account) else { return };
        if let Some(room) = self.find(broadcast) {
            room.order(Order::SetRole(person, role));
        }
        let (user_id, role) = (account.to_owned(), role.room_name().to_owned());
        self.say(broadcast, &Gossip::RoleChanged { user_id, role });
    }

    /// Puts somebody out of the room of a broadcast, in every station, who may not be there any more. They may come back
    /// when they may.
    pub fn put_out(&self, broadcast: &str, account: &str) {
        let Ok(person) = PersonId::parse(account) else { return };
        if let Some(room) = self.find(broadcast) {
            room.order(Order::PutOut(person));
        }
        self.say(broadcast, &Gossip::PutOut { user_id: account.to_owned() });
    }

    /// Tells everybody in the room of a broadcast, in every station, that its host has not come.
    pub fn announce(&self, broadcast: &str, announcement: Announcement) {
        let micros = |at: Timestamp| u64::try_from(at.as_millis()).unwrap_or(0) * 1_000;
        let (told, gossip) = match announcement {
            Announcement::HostLate { closes_at } => {
                let closes_at = closes_at.map(micros);
                (Notice::host_late(closes_at), Gossip::HostLate { closes_at })
            }
            Announcement::Missed => (Notice::HostMissed, Gossip::HostMissed),
        };
        if let Some(room) = self.find(broadcast) {
            room.order(Order::Announce(told));
        }
        self.say(broadcast, &gossip);
    }

    /// The broadcasts in whose rooms somebody is, in this station.
    pub async fn rooms_of(&self, account: &str) -> Vec<String> {
        let Ok(person) = PersonId::parse(account) else { return Vec::new() };
        let open: Vec<_> = self.held().iter().map(|(id, room)| (id.clone(), room.clone())).collect();
        let mut theirs = Vec::new();
        for (broadcast, room) in open {
            // A room that closed has nobody in it.
            if room.call(|answer| Order::Has(person.clone(), answer)).await == Ok(true) {
                theirs.push(broadcast);
            }
        }
        theirs
    }

    fn say(&self, broadcast: &str, gossip: &Gossip) {
        self.house.bus.publish(broadcast, gossip.encode().into());
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, RoomHandle>> {
        // Each change is one call of the map's own.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RoomHandle {
    pub(super) async fn join(&self, entry: Entry) -> Result<Result<Fresh, Refusal>, RoomClosed> {
        self.call(|answer| Order::Join(Box::new(entry), answer)).await
    }

    pub(super) async fn ask(&self, asked: Asked) -> Result<Result<(), Refusal>, RoomClosed> {
        self.call(|answer| Order::Ask(Box::new(asked), answer)).await
    }

    pub(super) async fn show(&self, connection: ConnectionId) -> Result<Fresh, RoomClosed> {
        self.call(|answer| Order::Show(connection, answer)).await
    }

    /// Says that a connection is gone; waits for the room to hear it.
    pub(super) async fn leave(&self, connection: ConnectionId) {
        // A room that is closed has nobody in it.
        self.orders.send(Order::Leave(connection)).await.ok();
    }

    /// Asks for something that has no answer. A room that is so far behind hears of it by its next order.
    fn order(&self, order: Order) {
        match self.orders.try_send(order) {
            Err(mpsc::error::TrySendError::Full(order)) => {
                let orders = self.orders.clone();
                self.tasks.spawn(async move { orders.send(order).await.ok() });
            }
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
        }
    }

    async fn call<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Result<T, RoomClosed> {
        let (answer, answered) = oneshot::channel();
        self.orders.send(order(answer)).await.map_err(|_| RoomClosed)?;
        answered.await.map_err(|_| RoomClosed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.fetch_sub(1, Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(room) = self.rooms.find(&self.broadcast) {
            room.order(Order::Hushed(self.person.clone()));
        }
    }
}
