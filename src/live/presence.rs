//! Who listens: players of HLS say so every 20 s, those of WebRTC and of endless streams come and go.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use packager::WallClock;
use uuid::Uuid;

use super::joins::Joins;

/// A player that has not been heard of for this long (three heartbeats) has left.
const EXPIRES: Duration = Duration::from_mins(1);

/// Players of one broadcast behind one address: a school or a mobile carrier's gateway, not a liar.
const PER_ADDRESS: usize = 200;

/// Players of one broadcast that are counted one by one.
const PER_BROADCAST: usize = 200_000;

/// Longest session name in bytes.
const SESSION_MAX: usize = 64;

/// Counts players: those of HLS by their heartbeats, those of WebRTC by their sessions, those of endless streams by their
/// connections.
#[derive(Debug, Default)]
pub struct Presence {
    broadcasts: Mutex<HashMap<String, Audience>>,
    joins: Joins,
}

#[derive(Debug, Default)]
struct Audience {
    players: HashMap<String, Player>,
    addresses: HashMap<IpAddr, usize>,
    /// The most players at once, and the most that was told.
    peak: usize,
    told: usize,
    /// Who left and has not been told of; as many as came since the last time, at the most.
    departed: Vec<Player>,
}

#[derive(Debug)]
struct Player {
    transport: Transport,
    /// Where it is; players of WebRTC and of endless streams are bounded elsewhere.
    address: Option<IpAddr>,
    came: Instant,
    seen: Instant,
    /// Names its stay, for ever; its own name for itself may be anything.
    session: String,
    told: bool,
}

/// How a player hears.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// By HLS.
    Hls,
    /// By WebRTC.
    Webrtc,
    /// By an endless stream.
    Stream,
}

impl Transport {
    /// `hls`, `webrtc` or `stream`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hls => "hls",
            Self::Webrtc => "webrtc",
            Self::Stream => "stream",
        }
    }
}

/// How many listen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Listeners {
    /// By HLS, or by an endless stream.
    pub hls: usize,
    /// Of these, by an endless stream.
    pub streams: usize,
    /// By WebRTC.
    pub webrtc: usize,
}

impl Listeners {
    /// All of them.
    pub const fn total(self) -> usize {
        self.hls + self.webrtc
    }
}

/// A player that came, or left.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Passage {
    /// Names the stay, for ever.
    pub session: String,
    /// How it hears.
    pub transport: Transport,
    /// Which of the two.
    pub step: Step,
    /// When.
    pub at: WallClock,
}

/// What a player did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// It came.
    Came,
    /// It left, when it was last heard of.
    Left,
}

/// What is new about the players of one broadcast.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct News {
    /// Who came and who left, in order.
    pub passages: Vec<Passage>,
    /// The most players at once, where that has grown.
    pub peak: Option<usize>,
}

/// Why a heartbeat is not counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HeartbeatError {
    /// The session's name is empty, too long, or not of letters, digits, `-` and `_`.
    #[error("must be 1 to {SESSION_MAX} letters, digits, - or _")]
    BadSession,
    /// This address has as many players as one address may.
    #[error("too many players behind this address")]
    TooMany,
}

impl Presence {
    /// How it went for those who wanted to listen by WebRTC.
    pub const fn joins(&self) -> &Joins {
        &self.joins
    }

    /// Notes that a player is listening.
    pub fn beat(
        &self,
        broadcast: &str,
        session: &str,
        from: IpAddr,
        now: Instant,
    ) -> Result<(), HeartbeatError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if session.is_empty() || session.len() > SESSION_MAX || !session.bytes().all(plain) {
            return Err(HeartbeatError::BadSession);
        }
        let mut broadcasts = self.broadcasts.lock().unwrap_or_else(PoisonError::into_inner);
        broadcasts.entry(broadcast.to_owned()).or_default().beat(session, from, now)
    }

    /// Notes that the session `name` of WebRTC listens until it [leaves](Self::leave).
    pub fn enter(&self, broadcast: &str, name: &str, now: Instant) {
        let mut broadcasts = self.broadcasts.lock().unwrap_or_else(PoisonError::into_inner);
        let audience = broadcasts.entry(broadcast.to_owned()).or_default();
        audience.insert(key(Transport::Webrtc, name), Transport::Webrtc, None, now);
    }

    /// Notes that somebody hears an endless stream until what is answered is dropped.
    pub fn attend(self: &Arc<Self>, broadcast: &str, now: Instant) -> Attendance {
        let name = key(Transport::Stream, &Uuid::now_v7().to_string());
        let mut broadcasts = self.broadcasts.lock().unwrap_or_else(PoisonError::into_inner);
        let audience = broadcasts.entry(broadcast.to_owned()).or_default();
        audience.insert(name.clone(), Transport::Stream, None, now);
        Attendance { presence: self.clone(), broadcast: broadcast.into(), name: name.into() }
    }

    /// Notes that it does not any more.
    pub fn leave(&self, broadcast: &str, name: &str, now: Instant) {
        self.depart(broadcast, &key(Transport::Webrtc, name), now);
    }

    fn depart(&self, broadcast: &str, name: &str, now: Instant) {
        let mut broadcasts = self.broadcasts.lock().unwrap_or_else(PoisonError::into_inner);
        // Where the broadcast is over it has left already.
        let Some(audience) = broadcasts.get_mut(broadcast) else { return };
        if let Some(mut player) = audience.players.remove(name) {
            player.seen = now;
            audience.departed.push(player);
        }
    }

    /// Players of `broadcast` that were heard of lately.
    pub fn listeners(&self, broadcast: &str, now: Instant) -> Listeners {
        let mut broadcasts = self.broadcasts.lock().unwrap_or_else(PoisonError::into_inner);
        broadcasts.get_mut(broadcast).map_or_else(Listeners::default, |audience| {
            audience.expire(now);
            let of = |transport| audience.players.values().filter(|one| one.transport == transport).count();
            let (webrtc, streams) = (of(Transport::Webrtc), of(Transport::Stream));
            Listeners { hls: audience.players.len() - webrtc, streams, webrtc }
        })
    }

    /// What has changed since the last time, by broadcast; told once. `now` and `civil` are the same moment.
    pub fn news(&self, now: Instant, civil: WallClock) -> Vec<(String, News)> {
        let mut broadcasts = self.broadcasts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = Vec::new();
        broadcasts.retain(|broadcast, audience| {
            audience.expire(now);
            let news = audience.news(now, civil);
            if news != News::default() {
                all.push((broadcast.clone(), news));
            }
            !audience.players.is_empty()
        });
        all
    }

    /// Lets every player of `broadcast` go: it is over.
    pub fn dismiss(&self, broadcast: &str) {
        let mut broadcasts = self.broadcasts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(audience) = broadcasts.get_mut(broadcast) {
            audience.dismiss();
        }
    }
}

impl Audience {
    fn beat(&mut self, name: &str, from: IpAddr, now: Instant) -> Result<(), HeartbeatError> {
        if let Some(player) = self.players.get_mut(name)
            && player.address == Some(from)
        {
            player.seen = now;
            return Ok(());
        }
        if self.players.len() >= PER_BROADCAST || self.behind(from) >= PER_ADDRESS {
            self.expire(now);
        }
        if self.players.len() >= PER_BROADCAST || self.behind(from) >= PER_ADDRESS {
            return Err(HeartbeatError::TooMany);
        }
        // A player whose address changed (a phone that left the house) takes its session along.
        if let Some(player) = self.players.get_mut(name) {
            let old = player.address.replace(from);
            player.seen = now;
            self.leave(old);
        } else {
            self.insert(name.to_owned(), Transport::Hls, Some(from), now);
        }
        *self.addresses.entry(from).or_default() += 1;
        Ok(())
    }

    fn insert(&mut self, name: String, transport: Transport, address: Option<IpAddr>, now: Instant) {
        let session = Uuid::now_v7().to_string();
        self.players.insert(name, Player { transport, address, came: now, seen: now, session, told: false });
        self.peak = self.peak.max(self.players.len());
    }

    fn dismiss(&mut self) {
        self.departed.extend(self.players.drain().map(|(_, player)| player));
        self.addresses.clear();
    }

    fn behind(&self, address: IpAddr) -> usize {
        self.addresses.get(&address).copied().unwrap_or(0)
    }

    fn leave(&mut self, address: Option<IpAddr>) {
        let Some(address) = address else { return };
        if let Some(count) = self.addresses.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.addresses.remove(&address);
            }
        }
    }

    fn expire(&mut self, now: Instant) {
        let gone = |player: &Player| {
            player.transport == Transport::Hls && now.saturating_duration_since(player.seen) >= EXPIRES
        };
        let left: Vec<Player> =
            self.players.extract_if(|_, player| gone(player)).map(|(_, player)| player).collect();
        for player in left {
            self.leave(player.address);
            self.departed.push(player);
        }
    }

    fn news(&mut self, now: Instant, civil: WallClock) -> News {
        let at = |seen: Instant| civil.minus(now.saturating_duration_since(seen));
        let mut passages = Vec::new();
        for player in self.players.values_mut().filter(|player| !player.told) {
            player.told = true;
            let (session, transport) = (player.session.clone(), player.transport);
            passages.push(Passage { session, transport, step: Step::Came, at: at(player.came) });
        }
        for player in self.departed.drain(..) {
            let (session, transport) = (player.session, player.transport);
            if !player.told {
                let session = session.clone();
                passages.push(Passage { session, transport, step: Step::Came, at: at(player.came) });
            }
            passages.push(Passage { session, transport, step: Step::Left, at: at(player.seen) });
        }
        let grown = self.peak > self.told;
        self.told = self.peak;
        News { passages, peak: grown.then_some(self.peak) }
    }
}

/// Under which name a player is kept that sends no heartbeats; no player of HLS may have one with a colon.
fn key(transport: Transport, name: &str) -> String {
    format!("{}:{name}", transport.name())
}

/// Somebody who hears an endless stream, until it is dropped.
#[derive(Debug)]
pub struct Attendance {
    presence: Arc<Presence>,
    broadcast: Box<str>,
    name: Box<str>,
}

impl Drop for Attendance {
    fn drop(&mut self) {
        self.presence.depart(&self.broadcast, &self.name, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const TRAIN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn a_player_counts_once_until_it_falls_silent() {
        let (presence, start) = (Presence::default(), Instant::now());
        for beat in 0..3 {
            presence.beat("studio", "a", HOME, start + Duration::from_secs(20 * beat)).unwrap();
        }
        presence.beat("studio", "b", HOME, start).unwrap();
        assert_eq!(presence.listeners("studio", start + Duration::from_secs(50)).total(), 2);
        assert_eq!(presence.listeners("studio", start + Duration::from_secs(90)).total(), 1);
        assert_eq!(presence.listeners("studio", start + Duration::from_secs(120)).total(), 0);
    }

    #[test]
    fn one_address_cannot_pretend_to_be_a_crowd() {
        let (presence, now) = (Presence::default(), Instant::now());
        for n in 0..PER_ADDRESS {
            presence.beat("studio", &n.to_string(), HOME, now).unwrap();
        }
        assert_eq!(presence.beat("studio", "more", HOME, now), Err(HeartbeatError::TooMany));
        assert_eq!(presence.beat("studio", "0", HOME, now), Ok(()));
        assert_eq!(presence.beat("studio", "0", TRAIN, now), Ok(()), "a session moves with its player");
        assert_eq!(presence.beat("studio", "more", HOME, now), Ok(()));
        assert_eq!(presence.listeners("studio", now).total(), PER_ADDRESS + 1);
    }

    #[test]
    fn a_session_has_a_plain_name() {
        for bad in ["", "a b", "ä", &"x".repeat(65)] {
            let beat = Presence::default().beat("studio", bad, HOME, Instant::now());
            assert_eq!(beat, Err(HeartbeatError::BadSession), "{bad:?}");
        }
    }

    /// Broadcast, step and second of each passage.
    fn told(presence: &Presence, start: Instant, seconds: u64) -> Vec<(Step, u64)> {
        let civil = WallClock(seconds * 1_000_000);
        let news = presence.news(start + Duration::from_secs(seconds), civil);
        let passages = news.into_iter().flat_map(|(_, news)| news.passages);
        passages.map(|passage| (passage.step, passage.at.0 / 1_000_000)).collect()
    }

    #[test]
    fn who_came_and_who_left_is_told_once_and_with_its_time() {
        let (presence, start) = (Presence::default(), Instant::now());
        presence.beat("studio", "a", HOME, start + Duration::from_secs(5)).unwrap();
        assert_eq!(told(&presence, start, 10), [(Step::Came, 5)]);
        assert_eq!(told(&presence, start, 20), []);
        presence.beat("studio", "a", HOME, start + Duration::from_secs(25)).unwrap();
        assert_eq!(told(&presence, start, 84), []);
        assert_eq!(told(&presence, start, 85), [(Step::Left, 25)]);
        assert_eq!(told(&presence, start, 200), []);
        assert!(presence.broadcasts.lock().unwrap().is_empty(), "nothing is kept of it");
    }

    #[test]
    fn a_stay_that_nobody_looked_at_is_told_whole() {
        let (presence, start) = (Presence::default(), Instant::now());
        presence.beat("studio", "a", HOME, start).unwrap();
        presence.dismiss("studio");
        assert_eq!(presence.listeners("studio", start).total(), 0);
        assert_eq!(told(&presence, start, 1), [(Step::Came, 0), (Step::Left, 0)]);
    }

    #[test]
    fn who_listens_by_webrtc_needs_no_heartbeat_and_leaves_when_told() {
        let (presence, start) = (Presence::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        presence.enter("studio", "a", start);
        presence.beat("studio", "a", HOME, start).unwrap();
        assert_eq!(presence.listeners("studio", start), Listeners { hls: 1, streams: 0, webrtc: 1 });
        assert_eq!(presence.listeners("studio", after(3_600)), Listeners { hls: 0, streams: 0, webrtc: 1 });
        presence.leave("studio", "a", after(3_601));
        assert_eq!(presence.listeners("studio", after(3_601)).total(), 0);
        let passages: Vec<_> = presence
            .news(after(3_602), WallClock(3_602_000_000))
            .into_iter()
            .flat_map(|(_, news)| news.passages)
            .filter(|passage| passage.transport == Transport::Webrtc)
            .map(|passage| (passage.step, passage.at.0 / 1_000_000))
            .collect();
        assert_eq!(passages, [(Step::Came, 0), (Step::Left, 3_601)]);
        presence.leave("studio", "a", after(3_603));
    }

    #[test]
    fn who_hears_an_endless_stream_counts_until_it_is_dropped() {
        let (presence, start) = (Arc::new(Presence::default()), Instant::now());
        let (one, other) = (presence.attend("studio", start), presence.attend("studio", start));
        presence.beat("studio", "a", HOME, start).unwrap();
        let hour = start + Duration::from_secs(3_600);
        assert_eq!(presence.listeners("studio", start), Listeners { hls: 3, streams: 2, webrtc: 0 });
        assert_eq!(presence.listeners("studio", hour), Listeners { hls: 2, streams: 2, webrtc: 0 });
        drop(one);
        assert_eq!(presence.listeners("studio", hour).streams, 1);
        presence.dismiss("studio");
        drop(other);
        let passages =
            presence.news(hour, WallClock(3_600_000_000)).into_iter().flat_map(|(_, it)| it.passages);
        let streams = passages.filter(|passage| passage.transport == Transport::Stream);
        let steps: Vec<_> = streams.map(|passage| passage.step).collect();
        assert_eq!(steps, [Step::Came, Step::Left, Step::Came, Step::Left], "each came and left once");
    }

    #[test]
    fn the_most_listeners_are_told_when_they_grow() {
        let (presence, start) = (Presence::default(), Instant::now());
        let peak = |seconds| {
            let news = presence.news(start + Duration::from_secs(seconds), WallClock(0));
            news.into_iter().find_map(|(_, news)| news.peak)
        };
        for name in ["a", "b"] {
            presence.beat("studio", name, HOME, start).unwrap();
        }
        assert_eq!(peak(1), Some(2));
        assert_eq!(peak(2), None);
        presence.beat("studio", "c", HOME, start + Duration::from_secs(3)).unwrap();
        assert_eq!(peak(4), Some(3));
    }
}
