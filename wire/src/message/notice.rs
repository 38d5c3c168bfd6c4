//! What the server tells while people are in a room.

use std::collections::BTreeMap;

use room::{
    Counts, Event, Hand, InvitationEnd, Message, Moment, Question, Removal, Room, Rules, Seat, StageChange,
    Voice,
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::own::notification;
use super::user::User;
use crate::time::rfc3339;

/// When a message was sent, and what it is called.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// Its id: what a client shows as `lastEventId`.
    pub id: String,
    /// When.
    pub at: Moment,
}

/// What the server tells: one JSON object in one text frame, with `type`, `id`, `at` and, where it belongs to a moment
/// of the programme, `programTime`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[schema(as = RoomNotice)]
pub enum Notice {
    /// Somebody came. In rooms of more than 200 people only counts are told.
    UserJoined {
        /// Who.
        user: User,
    },
    /// Somebody left.
    UserLeft {
        /// Who.
        user_id: String,
    },
    /// Somebody is something else here now: a moderator, a speaker, or that no more.
    RoleChanged {
        /// Who, with their new role.
        user: User,
    },
    /// Somebody said something, at the `at` and `programTime` of the notice.
    ChatMessage {
        /// What.
        message: Said,
    },
    /// A message is gone.
    MessageDeleted {
        /// Which.
        message_id: String,
        /// Who took it away.
        by: String,
    },
    /// A message stands above the others.
    MessagePinned {
        /// Which.
        message: ChatMessage,
        /// Who pinned it.
        by: String,
    },
    /// It does not any more.
    MessageUnpinned {
        /// Which.
        message_id: String,
        /// Who took it down.
        by: String,
    },
    /// People reacted within the last quarter of a second.
    Reaction {
        /// How often with each.
        counts: BTreeMap<String, u32>,
    },
    /// A hand went up; for the crew and the person.
    HandRaised {
        /// Whose, and since when.
        hand: RaisedHand,
    },
    /// It went down; likewise.
    HandLowered {
        /// Whose.
        user_id: String,
    },
    /// Somebody is asked on stage; for the crew and the person, who answers `acceptInvite` or `declineInvite`.
    StageInvite {
        /// Who.
        user: User,
        /// By whom.
        by: String,
    },
    /// They are not asked any more; likewise.
    StageInviteEnded {
        /// Who.
        user: User,
        /// `declined`, `expired` or `withdrawn`.
        how: &'static str,
    },
    /// Somebody came on stage or went off it.
    StageChanged {
        /// Who.
        user: User,
        /// `entered`, `left`, `removed` or `gone`.
        change: &'static str,
        /// Who is there now.
        stage: Vec<Speaker>,
    },
    /// Whose voice is heard at the moment; at most twice a second. Whoever hears the programme later shows it at its
    /// `programTime`.
    Speaking {
        /// Who: accounts, whether on the stage or publishing.
        user_ids: Vec<String>,
    },
    /// Somebody's voice was taken, or given back.
    Muted {
        /// Whose.
        user_id: String,
        /// Whether they are not heard.
        muted: bool,
        /// By whom.
        by: String,
    },
    /// Somebody was put out; for the crew and the person, whose connection ends.
    Removed {
        /// Who.
        user_id: String,
        /// By whom.
        by: String,
        /// Whether for good.
        banned: bool,
    },
    /// Somebody may only listen for a while; for the crew and the person.
    TimedOut {
        /// Who.
        user_id: String,
        /// By whom.
        by: String,
        /// For how long.
        seconds: u64,
    },
    /// The room is kept differently.
    RulesChanged {
        /// How.
        rules: RoomRules,
    },
    /// Everybody is asked something.
    PollOpened {
        /// What.
        poll: OpenPoll,
    },
    /// So many answered so far.
    PollCounted {
        /// Which poll.
        poll_id: String,
        /// How many gave each answer.
        counts: Vec<u32>,
    },
    /// So many answered.
    PollClosed {
        /// Which poll.
        poll_id: String,
        /// How many gave each answer.
        counts: Vec<u32>,
    },
    /// Questions can be asked.
    QuestionsOpened,
    /// None can be asked any more.
    QuestionsClosed,
    /// Somebody asked one.
    QuestionAsked {
        /// What.
        question: AskedQuestion,
    },
    /// So many want to hear it answered.
    QuestionVoted {
        /// Which.
        question_id: String,
        /// How many.
        votes: usize,
    },
    /// It is off the queue.
    QuestionSettled {
        /// Which.
        question_id: String,
    },
    /// A chapter of the programme begins.
    ChapterBegan {
        /// What it is called.
        title: String,
        /// Who marked it.
        by: String,
    },
    /// So many listen; at most once in 3 s.
    ListenerCount {
        /// How many.
        listeners: Listeners,
        /// Who are in the room.
        people: usize,
    },
    /// How the broadcast is doing; every 3 s for the crew.
    Stats {
        /// How.
        stats: Stats,
    },
    /// A WebRTC place is kept for whoever gets this for 15 s: `GET …/playback` told them to wait.
    WebrtcPlace,
    /// Whoever gets this is told something, in this room or elsewhere.
    Notification {
        /// How much they have not read, with this; counting stops at 1000.
        unread: i64,
        /// What they are told.
        #[schema(schema_with = notification)]
        notification: Box<RawValue>,
    },
    /// The host has not come, some minutes after the planned start.
    HostLate {
        /// When the broadcast is closed unless they come; left out where it is on air and its grace runs.
        #[serde(skip_serializing_if = "Option::is_none")]
        closes_at: Option<String>,
    },
    /// The host did not come, and the broadcast does not take place.
    HostMissed,
    /// The broadcast is on air.
    BroadcastStarted,
    /// It is not any more.
    BroadcastEnded,
    /// What was asked for is not done.
    Error {
        /// Why, for programs.
        code: &'static str,
        /// Why, for people.
        detail: String,
        /// How long to wait, where that is all.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_seconds: Option<u64>,
    },
}

/// What somebody said in the chat.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomSaid)]
pub struct Said {
    id: String,
    /// As it was written: whoever shows it escapes it.
    text: String,
    author: Author,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
}

/// A message of the chat that is told again, with when it was said.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomChatMessage)]
pub struct ChatMessage {
    #[serde(flatten)]
    said: Said,
    #[schema(format = DateTime)]
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    program_time: Option<String>,
}

/// Who said it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RoomAuthor)]
struct Author {
    /// Null where there is no such account any more.
    #[schema(required)]
    id: Option<String>,
    name: String,
    role: &'static str,
}

/// A hand that is up.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomHand)]
pub struct RaisedHand {
    user: User,
    /// Since when.
    #[schema(format = DateTime)]
    at: String,
}

/// Somebody on stage.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RoomSpeaker)]
pub struct Speaker {
    user: User,
    /// Whether the room does not hear them.
    muted: bool,
}

/// How a room is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomRules {
    chat: bool,
    slow_mode_seconds: u64,
    followers_only: bool,
    links: bool,
    guests: bool,
    reactions: Vec<String>,
}

/// A poll.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RoomPoll)]
pub struct OpenPoll {
    pub(super) id: String,
    pub(super) question: String,
    pub(super) options: Vec<String>,
    /// How many gave each answer.
    pub(super) counts: Vec<u32>,
}

/// A question in the queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RoomQuestion)]
pub struct AskedQuestion {
    id: String,
    text: String,
    author: Author,
    votes: usize,
    #[schema(format = DateTime)]
    at: String,
}

/// How many listen.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = RoomListeners)]
pub struct Listeners {
    total: usize,
    webrtc: usize,
    hls: usize,
}

/// How a broadcast is doing.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoomStats)]
pub struct Stats {
    /// How many listen.
    pub listeners: Listeners,
    /// Who are in the room.
    pub people: usize,
    /// Who publish.
    pub publishers: usize,
    /// What they send together.
    pub bits_per_second: u64,
    /// Integrated loudness (EBU R128); null where nothing was heard.
    #[schema(required)]
    pub integrated_lufs: Option<f64>,
    /// Short-term loudness; null where nothing is heard.
    #[schema(required)]
    pub short_term_lufs: Option<f64>,
    /// Seconds on air; null where it is not.
    #[schema(required)]
    pub on_air_seconds: Option<u64>,
}

/// A [`Notice`] as it is sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    id: &'a str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    program_time: Option<String>,
    #[serde(flatten)]
    notice: &'a Notice,
}

impl Notice {
    /// What `event` is called here; `room` is as it is after it.
    pub fn of(event: &Event, room: &Room) -> Self {
        match event {
            Event::PersonJoined(person) => Self::UserJoined { user: (&**person).into() },
            Event::PersonLeft(person) => Self::UserLeft { user_id: person.to_string() },
            Event::RoleChanged(person) => Self::RoleChanged { user: (&**person).into() },
            Event::Said(message) => Self::ChatMessage { message: (&**message).into() },
            Event::MessageDeleted { message, by } => {
                Self::MessageDeleted { message_id: message.to_string(), by: by.to_string() }
            }
            Event::MessagePinned { message, by } => {
                Self::MessagePinned { message: (&**message).into(), by: by.to_string() }
            }
            Event::MessageUnpinned { message, by } => {
                Self::MessageUnpinned { message_id: message.to_string(), by: by.to_string() }
            }
            Event::Reacted { counts, .. } => {
                let counts = counts.iter().map(|(emoji, count)| (emoji.to_string(), *count));
                Self::Reaction { counts: counts.collect() }
            }
            Event::HandRaised(hand) => Self::HandRaised { hand: hand.into() },
            Event::HandLowered(person) => Self::HandLowered { user_id: person.to_string() },
            Event::Invited { person, by } => {
                Self::StageInvite { user: (&**person).into(), by: by.to_string() }
            }
            Event::InvitationEnded { person, how } => {
                let how = match how {
                    InvitationEnd::Declined => "declined",
                    InvitationEnd::Expired => "expired",
                    InvitationEnd::Withdrawn => "withdrawn",
                };
                Self::StageInviteEnded { user: (&**person).into(), how }
            }
            Event::StageChanged { person, change } => {
                let change = match change {
                    StageChange::Entered => "entered",
                    StageChange::Left => "left",
                    StageChange::Removed => "removed",
                    StageChange::Gone => "gone",
                };
                Self::StageChanged { user: (&**person).into(), change, stage: stage(room) }
            }
            Event::Speaking(people) => {
                Self::Speaking { user_ids: people.iter().map(ToString::to_string).collect() }
            }
            Event::Muted { person, by, voice } => {
                let muted = *voice == Voice::Muted;
                Self::Muted { user_id: person.to_string(), muted, by: by.to_string() }
            }
            Event::Removed { person, by, removal } => {
                let banned = *removal == Removal::ForGood;
                Self::Removed { user_id: person.to_string(), by: by.to_string(), banned }
            }
            Event::TimedOut { person, by, length } => {
                Self::TimedOut { user_id: person.to_string(), by: by.to_string(), seconds: length.as_secs() }
            }
            Event::RulesChanged(rules) => Self::RulesChanged { rules: rules.into() },
            Event::PollOpened { id, question, options } => {
                let counts = vec![0; options.len()];
                let options = options.iter().map(ToString::to_string).collect();
                let poll = OpenPoll { id: id.to_string(), question: question.to_string(), options, counts };
                Self::PollOpened { poll }
            }
            Event::PollCounted { id, counts } => {
                Self::PollCounted { poll_id: id.to_string(), counts: counts.clone() }
            }
            Event::PollClosed { id, counts } => {
                Self::PollClosed { poll_id: id.to_string(), counts: counts.clone() }
            }
            Event::QuestionsOpened => Self::QuestionsOpened,
            Event::QuestionsClosed => Self::QuestionsClosed,
            Event::Asked(question) => Self::QuestionAsked { question: question.into() },
            Event::QuestionVoted { id, votes } => {
                Self::QuestionVoted { question_id: id.to_string(), votes: *votes }
            }
            Event::QuestionSettled(id) => Self::QuestionSettled { question_id: id.to_string() },
            Event::ChapterBegan { title, by } => {
                Self::ChapterBegan { title: title.to_string(), by: by.to_string() }
            }
            Event::Counted(counts) => Self::ListenerCount { listeners: counts.into(), people: counts.people },
            Event::Started => Self::BroadcastStarted,
            Event::Ended => Self::BroadcastEnded,
        }
    }

    /// The host is late; the broadcast is closed at `closes_at`, in microseconds since 1970.
    pub fn host_late(closes_at: Option<u64>) -> Self {
        Self::HostLate { closes_at: closes_at.map(rfc3339) }
    }

    /// Whether it belongs to a moment of the programme.
    const fn is_of_a_moment(&self) -> bool {
        !matches!(
            self,
            Self::UserJoined { .. }
                | Self::UserLeft { .. }
                | Self::RoleChanged { .. }
                | Self::ListenerCount { .. }
                | Self::Stats { .. }
                | Self::WebrtcPlace
                | Self::Notification { .. }
                | Self::HostLate { .. }
                | Self::HostMissed
                | Self::Error { .. }
                | Self::Removed { .. }
                | Self::TimedOut { .. }
                | Self::RulesChanged { .. }
        )
    }
}

/// A notice as the text of a frame.
pub fn notice(stamp: &Stamp, notice: &Notice) -> String {
    let program_time = stamp.at.programme.filter(|_| notice.is_of_a_moment()).map(rfc3339);
    let sent = Sent { id: &stamp.id, at: rfc3339(stamp.at.wall), program_time, notice };
    // Strings, numbers and maps with strings for keys: there is nothing in it that JSON could not say.
    serde_json::to_string(&sent).unwrap_or_default()
}

pub(super) fn stage(room: &Room) -> Vec<Speaker> {
    room.stage().seats().iter().map(Speaker::from).collect()
}

impl From<&Seat> for Speaker {
    fn from(seat: &Seat) -> Self {
        Self { user: (&*seat.person).into(), muted: seat.voice == Voice::Muted }
    }
}

impl From<&Message> for Said {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id.to_string(),
            text: message.text.to_string(),
            author: Author {
                id: message.author.as_ref().map(ToString::to_string),
                name: message.name.to_string(),
                role: message.role.room_name(),
            },
            reply_to: message.reply_to.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&Message> for ChatMessage {
    fn from(message: &Message) -> Self {
        Self {
            said: message.into(),
            at: rfc3339(message.at.wall),
            program_time: message.at.programme.map(rfc3339),
        }
    }
}

impl From<&Hand> for RaisedHand {
    fn from(hand: &Hand) -> Self {
        Self { user: (&*hand.person).into(), at: rfc3339(hand.raised.wall) }
    }
}

impl From<&Question> for AskedQuestion {
    fn from(question: &Question) -> Self {
        let (id, name) = (Some(question.author.to_string()), question.name.to_string());
        Self {
            id: question.id.to_string(),
            text: question.text.to_string(),
            author: Author { id, name, role: room::Role::Listener.room_name() },
            votes: question.votes(),
            at: rfc3339(question.asked.wall),
        }
    }
}

impl From<&Rules> for RoomRules {
    fn from(rules: &Rules) -> Self {
        Self {
            chat: rules.chat,
            slow_mode_seconds: rules.slow_mode.as_secs(),
            followers_only: rules.followers_only,
            links: rules.links,
            guests: rules.guests,
            reactions: rules.reactions.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&Counts> for Listeners {
    fn from(counts: &Counts) -> Self {
        Self { total: counts.webrtc + counts.hls, webrtc: counts.webrtc, hls: counts.hls }
    }
}
