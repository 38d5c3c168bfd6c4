//! What follows outside a room from what happens in it: it is written down, heard, and said beside the sound.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use packager::{Detail, RangeClass, WallClock};
use room::{
    ConnectionId, Event, Message, Moment, Origin, Person, PersonId, Removal, Role, Room, StageChange, Text,
    Voice,
};
use serde_json::json;
use store::{
    Actor, AuditEntry, Block, ChatMessage, Entry, Poll, PollAnswer, ReactionSum, Report as Reported,
    ReportState, Subject, Timestamp,
};
use tracing::{error, warn};
use wire::message::{Listeners, Report, Stats};

use super::hub::others::STATION;
use super::news;
use super::rooms::House;
use crate::live::annotation::Annotation;
use crate::live::clock::wall_clock;

/// Reactions are summed over this long in the store.
const INTERVAL: Duration = Duration::from_secs(10);

/// Most kinds of reactions in one interval: a room that changes them while it counts begins anew.
const KINDS: usize = 64;

/// Carries out what follows from the events of one room.
pub(super) struct FollowUp {
    house: Arc<House>,
    broadcast: String,
    reactions: Sums,
    /// The poll that is open, if it was opened here, as it stands.
    poll: Option<Poll>,
    /// The connections of whom is being put out, from before they were.
    leaving: Option<(PersonId, Vec<ConnectionId>)>,
    said_full: bool,
}

#[derive(Default)]
struct Sums {
    interval: u64,
    counts: BTreeMap<String, u32>,
}

impl FollowUp {
    pub(super) fn new(house: &Arc<House>, broadcast: &str) -> Self {
        Self {
            house: house.clone(),
            broadcast: broadcast.to_owned(),
            reactions: Sums::default(),
            poll: None,
            leaving: None,
            said_full: false,
        }
    }

    /// Notes the connections of somebody who is about to be put out.
    pub(super) fn note_connections(&mut self, person: &PersonId, room: &Room) {
        self.leaving = Some((person.clone(), room.people().connections_of(person)));
    }

    /// The connections that somebody had who was put out.
    pub(super) fn connections_of(&self, person: &PersonId) -> &[ConnectionId] {
        match &self.leaving {
            Some((leaving, connections)) if leaving == person => connections,
            _ => &[],
        }
    }

    /// Carries out what follows from `event` in `room`, which was told as `text`. `addresses` are those of whom it put out.
    pub(super) fn carry_out(
        &mut self,
        now: Moment,
        (event, room): (&Event, &Room),
        origin: Origin,
        text: &str,
        addresses: &[IpAddr],
    ) {
        self.say_beside_the_sound(now, event, text);
        self.hold_to_the_stage(event);
        self.bar(event, addresses);
        self.count_poll(now, event);
        if origin == Origin::Here {
            self.write_down(now, event);
            if let Some(announcement) = news::of(now, event, room, &self.broadcast) {
                self.append(Entry::Announced { announcement });
            }
        }
    }

    /// HLS listeners and recordings have it with the sound of its moment.
    fn say_beside_the_sound(&self, now: Moment, event: &Event, text: &str) {
        let at = now.programme.map(WallClock);
        let opened =
            |class, key: &str, details| Annotation::RangeOpened { class, key: key.to_owned(), details, at };
        let closed = |class, key: &str| Annotation::RangeClosed { class, key: key.to_owned(), at };
        let said = match event {
            Event::Said(_) | Event::Reacted { .. } | Event::MessageDeleted { .. } => {
                Annotation::Moment { text: text.to_owned(), at }
            }
            Event::StageChanged { person, change: StageChange::Entered } => {
                let details = vec![
                    (Detail::User, person.id.to_string()),
                    (Detail::Name, person.name.to_string()),
                    (Detail::Role, person.role.room_name().to_owned()),
                ];
                opened(RangeClass::Speaker, person.id.as_str(), details)
            }
            Event::StageChanged { person, .. } => closed(RangeClass::Speaker, person.id.as_str()),
            Event::MessagePinned { message, .. } => {
                let details = vec![
                    (Detail::Message, message.id.to_string()),
                    (Detail::Name, message.name.to_string()),
                    (Detail::Text, message.text.to_string()),
                ];
                opened(RangeClass::Pin, message.id.as_str(), details)
            }
            Event::MessageUnpinned { message, .. } => closed(RangeClass::Pin, message.as_str()),
            Event::ChapterBegan { title, .. } => {
                let key = now.programme.unwrap_or(now.wall).to_string();
                opened(RangeClass::Chapter, &key, vec![(Detail::Title, title.to_string())])
            }
            _ => return,
        };
        self.house.hall.annotate(&self.broadcast, said);
        // A message that is gone is not pinned any more.
        if let Event::MessageDeleted { message, .. } = event {
            self.house.hall.annotate(&self.broadcast, closed(RangeClass::Pin, message.as_str()));
        }
    }

    /// Who is muted is not heard, and who is off the stage is not on it, whatever they send.
    fn hold_to_the_stage(&self, event: &Event) {
        let Some(webrtc) = &self.house.webrtc else { return };
        match event {
            Event::Muted { person, voice, .. } => {
                webrtc.mute_speaker(&self.broadcast, person.as_str(), *voice == Voice::Muted);
            }
            Event::StageChanged { person, change } if *change != StageChange::Entered => {
                webrtc.dismiss_speaker(&self.broadcast, person.id.as_str());
            }
            _ => {}
        }
    }

    fn write_down(&mut self, now: Moment, event: &Event) {
        let (at, broadcast) = (stamp(now.wall), self.broadcast.clone());
        match event {
            Event::Said(message) => self.append(Entry::ChatSaid(kept(&broadcast, message))),
            Event::MessageDeleted { message, by } => {
                let (message_id, by) = (message.to_string(), Some(by.to_string()));
                self.append(Entry::ChatDeleted { message_id, by, at });
            }
            Event::MessagePinned { message, .. } => {
                self.append(Entry::ChatPinned { message_id: message.id.to_string(), at: Some(at) });
            }
            Event::MessageUnpinned { message, .. } => {
                self.append(Entry::ChatPinned { message_id: message.to_string(), at: None });
            }
            Event::Reacted { here, .. } => {
                let interval = now.programme.unwrap_or(now.wall) / 1_000 / millis(INTERVAL);
                if interval != self.reactions.interval || self.reactions.counts.len() >= KINDS {
                    self.write_reactions();
                    self.reactions.interval = interval;
                }
                for (emoji, count) in here {
                    *self.reactions.counts.entry(emoji.to_string()).or_default() += count;
                }
            }
            Event::PollOpened { id, question, options } => {
                let answer = |text: &Text| PollAnswer { text: text.to_string(), votes: 0 };
                let poll = Poll {
                    id: id.to_string(),
                    broadcast_id: broadcast,
                    question: question.to_string(),
                    answers: options.iter().map(answer).collect(),
                    opened_at: at,
                    program_time: now.programme.map(stamp),
                    closed_at: None,
                };
                self.append(Entry::Poll(poll.clone()));
                self.poll = Some(poll);
            }
            Event::Ended => {
                self.write_reactions();
                self.close_poll(at);
            }
            // Done by the API, which has written it down.
            Event::Removed { by, .. } if by.as_str() == STATION => {}
            Event::Removed { person, by, removal } => {
                if *removal == Removal::ForGood {
                    self.append(Entry::Blocked(Block {
                        broadcast_id: broadcast,
                        user_id: person.to_string(),
                        blocked_by: Some(by.to_string()),
                        reason: None,
                        created_at: at,
                    }));
                }
                let action = match removal {
                    Removal::Once => "moderation.removed",
                    Removal::ForGood => "moderation.banned",
                };
                self.audit(at, by, action, json!({"user": person.as_str()}));
            }
            Event::Muted { person, by, voice } => {
                let muted = *voice == Voice::Muted;
                self.audit(at, by, "moderation.muted", json!({"user": person.as_str(), "muted": muted}));
            }
            Event::TimedOut { person, by, length } => {
                let detail = json!({"user": person.as_str(), "seconds": length.as_secs()});
                self.audit(at, by, "moderation.timed_out", detail);
            }
            _ => {}
        }
    }

    /// Answers come from every station, and the station in which a poll was opened writes them down.
    fn count_poll(&mut self, now: Moment, event: &Event) {
        let (Event::PollCounted { id, counts } | Event::PollClosed { id, counts }) = event else { return };
        let Some(poll) = self.poll.as_mut().filter(|poll| poll.id == id.as_str()) else { return };
        for (answer, votes) in poll.answers.iter_mut().zip(counts) {
            answer.votes = *votes;
        }
        if matches!(event, Event::PollClosed { .. }) {
            self.close_poll(stamp(now.wall));
        }
    }

    fn close_poll(&mut self, at: Timestamp) {
        if let Some(poll) = self.poll.take() {
            self.append(Entry::Poll(Poll { closed_at: Some(at), ..poll }));
        }
    }

    fn write_reactions(&mut self) {
        let Sums { interval, counts } = std::mem::take(&mut self.reactions);
        for (emoji, amount) in counts {
            let start =
                Timestamp::from_millis(i64::try_from(interval * millis(INTERVAL)).unwrap_or(i64::MAX));
            let sum =
                ReactionSum { broadcast_id: self.broadcast.clone(), interval_start: start, emoji, amount };
            self.append(Entry::Reacted(sum));
        }
    }

    /// A ban ends everything that somebody has of the broadcast, in every station.
    fn bar(&self, event: &Event, addresses: &[IpAddr]) {
        let Event::Removed { person, removal: Removal::ForGood, .. } = event else { return };
        self.house.gate.block(&self.broadcast, person.as_str());
        for address in addresses.iter().filter(|_| person.as_str().starts_with(super::entrance::GUEST)) {
            self.house.guests.bar(&self.broadcast, *address);
        }
    }

    /// Puts a report into the queue of the admins.
    pub(super) fn report(&self, reporter: &Person, report: Report, room: &Room) {
        let mut about = Vec::new();
        let said = report.message.and_then(|id| room.chat().history().find(|message| message.id == id));
        if let Some(message) = said {
            let author = message.author.as_ref().map_or("nobody", PersonId::as_str);
            about.push(format!("message {} of {} ({author}): {}", message.id, message.name, message.text));
        }
        if let Some(person) = report.person {
            let name = room.people().find(&person).map(|person| person.name.to_string()).unwrap_or_default();
            about.push(format!("user {person} {name}"));
        }
        about.push(report.detail);
        let reported = Reported {
            id: store::id(),
            broadcast_id: self.broadcast.clone(),
            reporter_id: (reporter.role != Role::Guest).then(|| reporter.id.to_string()),
            reason: report.reason.name().to_owned(),
            detail: about.join("\n"),
            state: ReportState::Open,
            reviewer_id: None,
            reviewed_at: None,
            note: None,
            created_at: Timestamp::now(),
        };
        let (store, broadcast) = (self.house.store.clone(), self.broadcast.clone());
        self.house.tasks.spawn(async move {
            if let Err(cause) = store.reports().insert(&reported).await {
                error!(broadcast.id = %broadcast, "a report from the room of {broadcast} is lost: {cause}");
            }
        });
    }

    /// How the broadcast is doing, for its crew.
    pub(super) fn stats(&self, room: &Room) -> Stats {
        let held = self.house.hall.broadcast(&self.broadcast);
        let sound = held.as_ref().map(|held| held.status.sound()).unwrap_or_default();
        let now = wall_clock();
        let publishers = held.iter().flat_map(|held| &held.publishers);
        let bits = publishers.clone().map(|publisher| {
            let seconds = now.since(publisher.since).as_secs().max(1);
            8 * publisher.publication.activity().bytes() / seconds
        });
        let counts = room.counts();
        Stats {
            listeners: Listeners::from(&counts),
            people: counts.people,
            publishers: publishers.clone().count(),
            bits_per_second: bits.sum(),
            integrated_lufs: sound.loudness.integrated,
            short_term_lufs: sound.loudness.short_term,
            on_air_seconds: held
                .filter(crate::live::Snapshot::is_live)
                .map(|held| now.since(held.started).as_secs()),
        }
    }

    fn audit(&mut self, at: Timestamp, by: &PersonId, action: &str, detail: serde_json::Value) {
        self.append(Entry::Audit(AuditEntry {
            id: store::id(),
            at,
            actor: Actor::User(by.to_string()),
            action: action.to_owned(),
            subject: Some(Subject { kind: "broadcast".to_owned(), id: self.broadcast.clone() }),
            address: None,
            detail,
        }));
    }

    fn append(&mut self, entry: Entry) {
        let lost = self.house.journal.append(entry).is_err();
        if lost && !self.said_full {
            warn!(broadcast.id = %self.broadcast, "what is said in the room of {} is not written down: the journal is full", self.broadcast);
        }
        self.said_full = lost;
    }
}

impl Drop for FollowUp {
    fn drop(&mut self) {
        self.write_reactions();
        self.close_poll(Timestamp::now());
        self.house.guests.forget(&self.broadcast);
    }
}

fn kept(broadcast: &str, message: &Message) -> ChatMessage {
    ChatMessage {
        id: message.id.to_string(),
        broadcast_id: broadcast.to_owned(),
        user_id: message.author.as_ref().map(ToString::to_string),
        author_name: message.name.to_string(),
        author_role: message.role.room_name().to_owned(),
        message: message.text.to_string(),
        reply_to: message.reply_to.as_ref().map(ToString::to_string),
        sent_at: stamp(message.at.wall),
        program_time: message.at.programme.map(stamp),
        pinned_at: None,
        deleted_at: None,
        deleted_by: None,
    }
}

fn stamp(micros: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(micros / 1_000).unwrap_or(i64::MAX))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
