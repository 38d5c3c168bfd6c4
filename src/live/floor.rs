//! The floor of a stage: who of those on it hears whom.
//!
//! Told by the WebRTC port, on its thread, who came, left and said what; the rules are those of `sfu`.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rtc::{Entrant, Forward, Forwarding, Heard, Part, SessionId};
use sfu::{Level, Listener, Packet, SlotChange, Slots, Speakers, Voice, packet_length};
use tokio::sync::watch;

/// Between two rankings of the voices: ten packets, or five. Who begins to speak is heard that much later the first
/// time, when all slots are taken.
const RANKING: Duration = Duration::from_millis(100);

/// How loud a voice counts whose client does not say: as speech.
const UNSAID: u8 = 30;

/// A voice whose time goes back by more than this has begun anew: a second of 48 kHz. Less is a packet that comes late,
/// or once more (RFC 2198).
const ANEW: u64 = 48_000;

/// Names a voice to others; what a session is named is a secret of its client.
pub type VoiceId = u64;

/// What can be seen of a stage.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Board {
    /// Everybody who is on it.
    pub members: HashMap<SessionId, Seen>,
}

/// One of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seen {
    /// The name of the voice.
    pub voice: VoiceId,
    /// Whose voice is in which of their slots.
    pub slots: Vec<Option<VoiceId>>,
    /// The account, where it is known.
    pub person: Option<Arc<str>>,
    /// They publish, and are not on the stage themselves.
    pub publishes: bool,
}

/// A stage that is open as long as its run is on air.
pub struct OpenStage {
    stage: rtc::Stage,
    board: watch::Receiver<Board>,
    speaking: watch::Receiver<Vec<Arc<str>>>,
}

impl OpenStage {
    /// Opens one on the port.
    pub fn new(rtc: &rtc::Rtc) -> Self {
        let (floor, board) = Floor::new();
        let speaking = floor.speaking.subscribe();
        Self { stage: rtc.stage(Box::new(floor)), board, speaking }
    }

    /// What others need of it.
    pub fn view(&self) -> StageView {
        StageView { door: self.stage.door(), board: self.board.clone(), speaking: self.speaking.clone() }
    }
}

/// What people join who speak, and where it is seen who is there.
#[derive(Clone, Debug)]
pub struct StageView {
    /// What they join.
    pub door: rtc::StageDoor,
    /// Who is there, and who has whom in which slot.
    pub board: watch::Receiver<Board>,
    /// Whose voices are heard at the moment: accounts, in their order, each once.
    pub speaking: watch::Receiver<Vec<Arc<str>>>,
}

struct Member {
    voice: VoiceId,
    person: Option<Arc<str>>,
    publishes: bool,
    ways: Vec<sfu::Forward>,
    /// The newest time that its level was counted for.
    newest: Option<u64>,
}

impl Member {
    /// Whether a packet's level is to be counted: of a time that was not heard before.
    fn is_new(&mut self, time: u64) -> bool {
        let is_new = self.newest.is_none_or(|newest| time > newest || newest - time > ANEW);
        if is_new {
            self.newest = Some(time);
        }
        is_new
    }
}

/// The floor of one stage.
pub struct Floor {
    begun: Option<Instant>,
    ranked: Duration,
    next: VoiceId,
    members: HashMap<SessionId, Member>,
    speakers: Speakers,
    slots: Slots,
    outputs: VecDeque<Forward>,
    board: watch::Sender<Board>,
    speaking: watch::Sender<Vec<Arc<str>>>,
}

impl Floor {
    /// An empty one, and where it can be looked at.
    pub fn new() -> (Self, watch::Receiver<Board>) {
        let (board, seen) = watch::channel(Board::default());
        let floor = Self {
            begun: None,
            ranked: Duration::ZERO,
            next: 1,
            members: HashMap::new(),
            speakers: Speakers::new(),
            slots: Slots::new(),
            outputs: VecDeque::new(),
            board,
            speaking: watch::Sender::new(Vec::new()),
        };
        (floor, seen)
    }

    fn since_begun(&mut self, now: Instant) -> Duration {
        now.saturating_duration_since(*self.begun.get_or_insert(now))
    }

    /// Ranks the voices, and carries out what changes.
    fn rank(&mut self, at: Duration) {
        self.ranked = at;
        self.slots.rank(&self.speakers.rank(at));
        self.settle();
        self.tell_speaking(at);
    }

    /// Tells who speaks, where that is new.
    fn tell_speaking(&mut self, at: Duration) {
        let mut speaking = Vec::new();
        for Member { voice, person, .. } in self.members.values() {
            if let Some(person) = person
                && self.speakers.speaks(Voice::new(*voice), at)
            {
                speaking.push(person.clone());
            }
        }
        speaking.sort_unstable();
        speaking.dedup();
        self.speaking.send_if_modified(|told| {
            let is_new = *told != speaking;
            *told = speaking;
            is_new
        });
    }

    /// Carries out what has changed in the slots, and shows it.
    fn settle(&mut self) {
        let mut changed = false;
        while let Some(change) = self.slots.poll_output() {
            changed = true;
            let (listener, slot, voice) = match change {
                SlotChange::Assigned { listener, slot, voice } => (listener, slot, Some(voice)),
                SlotChange::Freed { listener, slot } => (listener, slot, None),
            };
            let member = self.members.values_mut().find(|member| Listener::new(member.voice) == listener);
            if let Some(way) = member.and_then(|member| member.ways.get_mut(slot)) {
                way.switch(voice);
            }
        }
        if changed {
            self.show();
        }
    }

    fn show(&self) {
        let names: HashMap<Voice, VoiceId> =
            self.members.values().map(|member| (Voice::new(member.voice), member.voice)).collect();
        let members = self.members.iter().map(|(session, member)| {
            let held = self.slots.of(Listener::new(member.voice)).unwrap_or_default();
            let named = held.iter().take(member.ways.len());
            let slots = named.map(|voice| voice.and_then(|voice| names.get(&voice).copied())).collect();
            let Member { voice, person, publishes, .. } = member;
            (*session, Seen { voice: *voice, slots, person: person.clone(), publishes: *publishes })
        });
        self.board.send_replace(Board { members: members.collect() });
    }
}

impl Forwarding for Floor {
    fn join(&mut self, now: Instant, session: SessionId, entrant: Entrant) {
        let at = self.since_begun(now);
        let voice = self.next;
        self.next += 1;
        let Entrant { person, part } = entrant;
        let (slots, publishes) = match part {
            Part::Speaker { slots } => (slots.min(Slots::USUAL), false),
            Part::Publisher => (0, true),
        };
        let ways = (0..slots).map(|_| sfu::Forward::new(first_sequence(), 0)).collect();
        self.speakers.enter(Voice::new(voice));
        if !publishes {
            self.slots.enter(Listener::new(voice), Some(Voice::new(voice)), slots);
        }
        // Whoever is there twice, as a publisher too or in two windows, does not hear themselves.
        let same = |member: &&Member| person.is_some() && member.person == person;
        for other in self.members.values().filter(same) {
            self.slots.disown(Listener::new(voice), Voice::new(other.voice));
            self.slots.disown(Listener::new(other.voice), Voice::new(voice));
        }
        self.members.insert(session, Member { voice, person, publishes, ways, newest: None });
        self.rank(at);
        self.show();
    }

    fn leave(&mut self, now: Instant, session: SessionId) {
        let at = self.since_begun(now);
        let Some(member) = self.members.remove(&session) else { return };
        self.speakers.leave(Voice::new(member.voice));
        self.slots.leave(Listener::new(member.voice));
        self.rank(at);
        self.show();
    }

    fn hear(&mut self, now: Instant, session: SessionId, packet: Heard<'_>) {
        let at = self.since_begun(now);
        let Some(member) = self.members.get_mut(&session) else { return };
        let voice = Voice::new(member.voice);
        if member.is_new(packet.time)
            && let Some(length) = packet_length(packet.data)
        {
            self.speakers.push(voice, Level::new(packet.level.unwrap_or(UNSAID)), length, at);
        }
        if at.saturating_sub(self.ranked) >= RANKING {
            self.rank(at);
        }
        let header =
            Packet { sequence: packet.sequence as u16, timestamp: packet.time as u32, marker: false };
        let mut data = None;
        for (to, member) in &mut self.members {
            for (slot, way) in member.ways.iter_mut().enumerate() {
                let Some(forwarded) = way.push(voice, header, at) else { continue };
                // Copied once, for all who hear it.
                let data = data.get_or_insert_with(|| Bytes::copy_from_slice(packet.data)).clone();
                self.outputs.push_back(Forward {
                    to: *to,
                    slot,
                    sequence: forwarded.sequence,
                    time: forwarded.timestamp,
                    marker: forwarded.marker,
                    data,
                });
            }
        }
    }

    fn poll_output(&mut self) -> Option<Forward> {
        self.outputs.pop_front()
    }
}

/// Random, as RFC 3550 wants it, and below 2^15, so that a lost first packet is no roll-over (RFC 3711
/// section 3.3.1). Without the system's chance it is one like any other.
fn first_sequence() -> u16 {
    let mut random = [0; 2];
    match getrandom::fill(&mut random) {
        Ok(()) => u16::from_ne_bytes(random) >> 1,
        Err(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: u8) -> SessionId {
        format!("{number:032x}").parse().unwrap()
    }

    struct Stage {
        floor: Floor,
        seen: watch::Receiver<Board>,
        now: Instant,
        sequence: u64,
    }

    impl Stage {
        fn of(members: u8) -> Self {
            let (floor, seen) = Floor::new();
            let mut stage = Self { floor, seen, now: Instant::now(), sequence: 100 };
            for number in 0..members {
                stage.enter(number, None, Part::Speaker { slots: 8 });
            }
            stage
        }

        fn enter(&mut self, number: u8, person: Option<&str>, part: Part) {
            let entrant = Entrant { person: person.map(Into::into), part };
            self.floor.join(self.now, session(number), entrant);
        }

        fn hear(&mut self, number: u8, time: u64, level: u8, data: &[u8]) {
            let packet = Heard { sequence: self.sequence, time, level: Some(level), data };
            self.floor.hear(self.now, session(number), packet);
        }

        /// Somebody says a packet of 20 ms; who is sent it, and in which slot.
        fn say(&mut self, number: u8, level: u8) -> Vec<(SessionId, usize)> {
            self.now += Duration::from_millis(20);
            self.sequence += 1;
            let time = self.sequence * 960;
            self.hear(number, time, level, &[31 << 3]);
            let mut sent: Vec<_> = std::iter::from_fn(|| self.floor.poll_output())
                .map(|forward| (forward.to, forward.slot))
                .collect();
            sent.sort_by_key(|(to, _)| to.to_string());
            sent
        }
    }

    #[test]
    fn what_a_packet_repeats_is_counted_once() {
        // Nine voices, eight slots: who is heard by the first is who speaks. Packets of 10 ms, each with the one
        // before it (RED), for so long.
        let speaks_after = |millis: u64| {
            let mut stage = Stage::of(10);
            let mut heard = false;
            for number in 0..millis / 10 {
                stage.now += Duration::from_millis(10);
                for time in [number.saturating_sub(1), number] {
                    stage.sequence = time;
                    stage.hear(9, 480 * time, 20, &[30 << 3]);
                }
                heard = std::iter::from_fn(|| stage.floor.poll_output()).any(|sent| sent.to == session(0));
            }
            heard
        };
        // It is speech after 0.31 s, and ranked within 0.1 s; what is counted twice is speech after 0.16 s.
        assert!(!speaks_after(300) && speaks_after(450));
    }

    #[test]
    fn everybody_hears_the_others_and_nobody_themselves() {
        let mut stage = Stage::of(3);
        let hearers: Vec<_> = stage.say(0, 30).into_iter().map(|(to, _)| to).collect();
        assert_eq!(hearers, [session(1), session(2)]);
        let hearers: Vec<_> = stage.say(2, 30).into_iter().map(|(to, _)| to).collect();
        assert_eq!(hearers, [session(0), session(1)]);
    }

    #[test]
    fn a_publisher_is_heard_by_everybody_but_whom_it_is() {
        let mut stage = Stage::of(1);
        stage.enter(1, Some("ann"), Part::Speaker { slots: 8 });
        stage.enter(2, Some("ann"), Part::Publisher);
        let hearers = |stage: &mut Stage, number| -> Vec<_> {
            stage.say(number, 30).into_iter().map(|(to, _)| to).collect()
        };
        assert_eq!(hearers(&mut stage, 2), [session(0)], "neither whom it is, nor itself");
        assert_eq!(hearers(&mut stage, 0), [session(1)], "a publisher is sent nothing");
        // In the other order, too.
        stage.enter(3, Some("ann"), Part::Speaker { slots: 8 });
        assert_eq!(hearers(&mut stage, 2), [session(0)]);
        let board = stage.seen.borrow().clone();
        let publisher = &board.members[&session(2)];
        assert_eq!((publisher.person.as_deref(), publisher.publishes), (Some("ann"), true));
        stage.floor.leave(stage.now, session(2));
        assert!(!stage.seen.borrow().members[&session(0)].slots.contains(&Some(publisher.voice)));
    }

    #[test]
    fn it_tells_whose_voice_is_heard() {
        let mut stage = Stage::of(1);
        let told = stage.floor.speaking.subscribe();
        stage.enter(1, Some("ann"), Part::Speaker { slots: 8 });
        stage.enter(2, Some("ann"), Part::Publisher);
        stage.enter(3, Some("bob"), Part::Publisher);
        let names = || told.borrow().iter().map(ToString::to_string).collect::<Vec<_>>();
        let speak = |stage: &mut Stage, voices: &[u8], seconds: u32| {
            for _ in 0..50 * seconds {
                stage.now += Duration::from_millis(20);
                stage.sequence += 1;
                for number in 0..4 {
                    let level = if voices.contains(&number) { 20 } else { 127 };
                    stage.hear(number, stage.sequence * 960, level, &[31 << 3]);
                }
            }
        };
        speak(&mut stage, &[], 1);
        assert!(names().is_empty());
        speak(&mut stage, &[0, 1, 2], 1);
        assert_eq!(names(), ["ann"], "once, and nobody whose account is not known");
        speak(&mut stage, &[3], 1);
        assert_eq!(names(), ["ann", "bob"], "a pause of a second ends nothing");
        stage.floor.leave(stage.now, session(3));
        assert_eq!(names(), ["ann"]);
        speak(&mut stage, &[], 4);
        assert!(names().is_empty());
    }

    #[test]
    fn the_board_tells_whose_voice_is_in_which_slot() {
        let mut stage = Stage::of(2);
        let board = stage.seen.borrow().clone();
        let (first, second) = (&board.members[&session(0)], &board.members[&session(1)]);
        assert_ne!(first.voice, second.voice);
        assert_eq!(first.slots[0], Some(second.voice));
        assert_eq!(second.slots[0], Some(first.voice));
        stage.floor.leave(stage.now, session(1));
        assert_eq!(stage.seen.borrow().members[&session(0)].slots[0], None);
        assert!(stage.say(0, 30).is_empty(), "nobody is left to hear it");
    }

    #[test]
    fn a_tenth_voice_takes_a_slot_once_it_speaks() {
        let mut stage = Stage::of(10);
        let heard_by_first = |sent: &[(SessionId, usize)]| sent.iter().any(|(to, _)| *to == session(0));
        let before = (1..10).filter(|number| heard_by_first(&stage.say(*number, 127))).count();
        assert_eq!(before, 8, "eight slots for nine others");
        let silent = (1..10).find(|number| !heard_by_first(&stage.say(*number, 127))).unwrap();
        let spoken = (0..100).filter(|_| heard_by_first(&stage.say(silent, 20))).count();
        assert!(spoken > 30, "{spoken} packets of a voice that speaks were forwarded");
    }
}
