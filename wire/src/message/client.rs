//! What clients send.

use std::fmt;
use std::time::Duration;

use room::{
    BadId, BadText, Command, Emoji, MessageId, NoEmoji, PersonId, PollId, QuestionId, Rules, Text, Voice,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::report::{Report, ReportReason};

/// What a client sends: one JSON object in one text frame.
#[derive(Clone, Debug, Deserialize, Serialize, Eq, PartialEq, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
#[schema(as = RoomClientMessage)]
pub enum Client {
    /// Come in; the first message, within 5 s.
    Join {
        /// A ticket, or a room token.
        ticket: String,
        /// The id of the last message that was received, after a lost connection: what was missed follows.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_event_id: Option<String>,
    },
    /// Write a message.
    ChatMessage {
        /// 1 to 200 characters.
        message: String,
        /// The id of the message that it answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<String>,
    },
    /// Take a message away.
    DeleteMessage {
        /// Which.
        message_id: String,
    },
    /// Put a message above the others.
    PinMessage {
        /// Which.
        message_id: String,
    },
    /// Put it back.
    UnpinMessage {
        /// Which.
        message_id: String,
    },
    /// React.
    Reaction {
        /// One of the room's.
        emoji: String,
    },
    /// Ask to be brought on stage.
    RaiseHand {},
    /// Take a hand down.
    LowerHand {
        /// Whose, where it is not one's own.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<String>,
    },
    /// Ask somebody on stage.
    InviteToStage {
        /// Whom.
        user_id: String,
    },
    /// Come on stage as one was asked to.
    AcceptInvite {},
    /// Stay where one is.
    DeclineInvite {},
    /// Come on stage without being asked: the host, moderators and speakers.
    EnterStage {},
    /// Go off it.
    LeaveStage {},
    /// Send somebody off it.
    RemoveFromStage {
        /// Whom.
        user_id: String,
    },
    /// Take somebody's voice, or give it back.
    Mute {
        /// Whose.
        user_id: String,
        /// Whether they are not heard; true where it is left out.
        #[serde(skip_serializing_if = "Option::is_none")]
        muted: Option<bool>,
    },
    /// Put somebody out of the room.
    Remove {
        /// Whom.
        user_id: String,
    },
    /// Put somebody out of the broadcast for good.
    Ban {
        /// Whom.
        user_id: String,
    },
    /// Let somebody only listen for a while.
    TimeOut {
        /// Whom.
        user_id: String,
        /// For how long: 1 to 86,400.
        seconds: u32,
    },
    /// Change how the room is kept. What is left out stays.
    SetRules {
        /// Whether people may write.
        #[serde(skip_serializing_if = "Option::is_none")]
        chat: Option<bool>,
        /// The least time between two messages of one person; 0 for none.
        #[serde(skip_serializing_if = "Option::is_none")]
        slow_mode_seconds: Option<u32>,
        /// Whether only followers of the host may write.
        #[serde(skip_serializing_if = "Option::is_none")]
        followers_only: Option<bool>,
        /// Whether messages may have links.
        #[serde(skip_serializing_if = "Option::is_none")]
        links: Option<bool>,
        /// Whether people without an account may come in.
        #[serde(skip_serializing_if = "Option::is_none")]
        guests: Option<bool>,
        /// What people react with.
        #[serde(skip_serializing_if = "Option::is_none")]
        reactions: Option<Vec<String>>,
    },
    /// Ask everybody.
    OpenPoll {
        /// What is asked.
        question: String,
        /// What can be answered: 2 to 8.
        options: Vec<String>,
    },
    /// Answer.
    Vote {
        /// Which poll.
        poll_id: String,
        /// Which answer, from 0.
        option: usize,
    },
    /// End a poll.
    ClosePoll {
        /// Which.
        poll_id: String,
    },
    /// Let people ask questions.
    OpenQuestions {},
    /// Let nobody ask any more.
    CloseQuestions {},
    /// Ask a question.
    AskQuestion {
        /// 1 to 200 characters.
        text: String,
    },
    /// Want to hear a question answered.
    UpvoteQuestion {
        /// Which.
        question_id: String,
    },
    /// Take a question off the queue.
    SettleQuestion {
        /// Which.
        question_id: String,
    },
    /// Begin a chapter of the programme.
    MarkChapter {
        /// What it is called.
        title: String,
    },
    /// Report a message, a person or, with neither, the broadcast.
    Report {
        /// Which message.
        #[serde(skip_serializing_if = "Option::is_none")]
        message_id: Option<String>,
        /// Which person.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<String>,
        /// Why.
        reason: ReportReason,
        /// In one's own words, at most 1,000 characters.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// Go.
    Leave {},
}

/// Why a message says nothing that could be done.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadMessage {
    /// It is not JSON, of no known type, or has a field too many or too few.
    #[error("{0}")]
    Json(String),
    /// A field has a value that it cannot have.
    #[error("{field}: {why}")]
    Field {
        /// Which.
        field: &'static str,
        /// Why not.
        why: String,
    },
}

/// What a client asks for, looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Request {
    /// To come in.
    Join {
        /// With this.
        ticket: String,
        /// After this.
        last_event_id: Option<String>,
    },
    /// Something that the room decides.
    Ask(Command),
    /// Other rules; the room has the ones that stay.
    ChangeRules(RulesChange),
    /// To have something looked at.
    Report(Report),
    /// To go.
    Leave,
}

/// What changes of a room's rules.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RulesChange {
    chat: Option<bool>,
    slow_mode: Option<Duration>,
    followers_only: Option<bool>,
    links: Option<bool>,
    guests: Option<bool>,
    reactions: Option<Vec<Emoji>>,
}

/// Longest detail of a report, in characters.
const DETAIL: usize = 1_000;

impl Client {
    /// Reads a message.
    pub fn parse(text: &str) -> Result<Self, BadMessage> {
        serde_json::from_str(text).map_err(|error| BadMessage::Json(error.to_string()))
    }

    /// What is asked for. Something new, a message or a poll, will be called `id`: 1 to 64 letters, digits and `-`.
    pub fn request(self, id: &str) -> Result<Request, BadMessage> {
        Ok(Request::Ask(match self {
            Self::Join { ticket, last_event_id } => return Ok(Request::Join { ticket, last_event_id }),
            Self::Leave {} => return Ok(Request::Leave),
            Self::Report { message_id, user_id, reason, detail } => {
                return report(message_id, user_id, reason, detail).map(Request::Report);
            }
            Self::SetRules { chat, slow_mode_seconds, followers_only, links, guests, reactions } => {
                let reactions =
                    reactions.map(|signs| signs.iter().map(|sign| emoji("reactions", sign)).collect());
                return Ok(Request::ChangeRules(RulesChange {
                    chat,
                    slow_mode: slow_mode_seconds.map(|seconds| Duration::from_secs(seconds.into())),
                    followers_only,
                    links,
                    guests,
                    reactions: reactions.transpose()?,
                }));
            }
            Self::ChatMessage { message, reply_to } => Command::Chat {
                id: message_id("id", id)?,
                text: text("message", &message)?,
                reply_to: reply_to.map(|id| message_id("replyTo", &id)).transpose()?,
            },
            Self::DeleteMessage { message_id: id } => Command::Delete(message_id("messageId", &id)?),
            Self::PinMessage { message_id: id } => Command::Pin(message_id("messageId", &id)?),
            Self::UnpinMessage { message_id: id } => Command::Unpin(message_id("messageId", &id)?),
            Self::Reaction { emoji: sign } => Command::React(emoji("emoji", &sign)?),
            Self::RaiseHand {} => Command::RaiseHand,
            Self::LowerHand { user_id } => Command::LowerHand(user_id.map(|id| person(&id)).transpose()?),
            Self::InviteToStage { user_id } => Command::Invite(person(&user_id)?),
            Self::AcceptInvite {} => Command::Accept,
            Self::DeclineInvite {} => Command::Decline,
            Self::EnterStage {} => Command::EnterStage,
            Self::LeaveStage {} => Command::LeaveStage,
            Self::RemoveFromStage { user_id } => Command::RemoveFromStage(person(&user_id)?),
            Self::Mute { user_id, muted } => {
                let voice = if muted.unwrap_or(true) { Voice::Muted } else { Voice::Heard };
                Command::Mute(person(&user_id)?, voice)
            }
            Self::Remove { user_id } => Command::Remove(person(&user_id)?),
            Self::Ban { user_id } => Command::Ban(person(&user_id)?),
            Self::TimeOut { user_id, seconds } => {
                Command::TimeOut(person(&user_id)?, Duration::from_secs(seconds.into()))
            }
            Self::OpenPoll { question, options } => {
                // The room refuses more; this is so that nobody makes it look at thousands.
                let options = options.iter().take(2 * room::Poll::OPTIONS.end());
                Command::OpenPoll {
                    id: PollId::parse(id).map_err(|error| bad("id", error))?,
                    question: text("question", &question)?,
                    options: options.map(|option| text("options", option)).collect::<Result<_, _>>()?,
                }
            }
            Self::Vote { poll_id, option } => Command::Vote(poll(&poll_id)?, option),
            Self::ClosePoll { poll_id } => Command::ClosePoll(poll(&poll_id)?),
            Self::OpenQuestions {} => Command::OpenQuestions,
            Self::CloseQuestions {} => Command::CloseQuestions,
            Self::AskQuestion { text: words } => Command::Ask(question("id", id)?, text("text", &words)?),
            Self::UpvoteQuestion { question_id } => Command::Upvote(question("questionId", &question_id)?),
            Self::SettleQuestion { question_id } => Command::Settle(question("questionId", &question_id)?),
            Self::MarkChapter { title } => Command::MarkChapter(text("title", &title)?),
        }))
    }
}

impl RulesChange {
    /// What `rules` become.
    #[must_use]
    pub fn apply(self, rules: &Rules) -> Rules {
        Rules {
            chat: self.chat.unwrap_or(rules.chat),
            slow_mode: self.slow_mode.unwrap_or(rules.slow_mode),
            followers_only: self.followers_only.unwrap_or(rules.followers_only),
            links: self.links.unwrap_or(rules.links),
            guests: self.guests.unwrap_or(rules.guests),
            reactions: self.reactions.unwrap_or_else(|| rules.reactions.clone()),
        }
    }
}

fn bad(field: &'static str, why: impl fmt::Display) -> BadMessage {
    BadMessage::Field { field, why: why.to_string() }
}

fn text(field: &'static str, raw: &str) -> Result<Text, BadMessage> {
    Text::parse(raw).map_err(|error: BadText| bad(field, error))
}

fn emoji(field: &'static str, raw: &str) -> Result<Emoji, BadMessage> {
    Emoji::parse(raw).map_err(|error: NoEmoji| bad(field, error))
}

fn person(raw: &str) -> Result<PersonId, BadMessage> {
    PersonId::parse(raw).map_err(|error: BadId| bad("userId", error))
}

fn message_id(field: &'static str, raw: &str) -> Result<MessageId, BadMessage> {
    MessageId::parse(raw).map_err(|error| bad(field, error))
}

fn poll(raw: &str) -> Result<PollId, BadMessage> {
    PollId::parse(raw).map_err(|error| bad("pollId", error))
}

fn question(field: &'static str, raw: &str) -> Result<QuestionId, BadMessage> {
    QuestionId::parse(raw).map_err(|error| bad(field, error))
}

fn report(
    message: Option<String>,
    user: Option<String>,
    reason: ReportReason,
    detail: Option<String>,
) -> Result<Report, BadMessage> {
    let detail = detail.unwrap_or_default();
    if detail.chars().count() > DETAIL {
        return Err(bad("detail", format!("must have at most {DETAIL} characters")));
    }
    Ok(Report {
        message: message.map(|id| message_id("messageId", &id)).transpose()?,
        person: user.map(|id| person(&id)).transpose()?,
        reason,
        detail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(json: &str) -> Result<Request, BadMessage> {
        Client::parse(json)?.request("new-1")
    }

    #[test]
    fn a_message_says_what_somebody_wants() {
        let command = |json| match asked(json) {
            Ok(Request::Ask(command)) => command,
            other => panic!("{other:?}"),
        };
        let (id, words) = (MessageId::parse("new-1").unwrap(), Text::parse("salaam").unwrap());
        let reply_to = Some(MessageId::parse("m1").unwrap());
        let said = command(r#"{"type":"chatMessage","message":" salaam ","replyTo":"m1"}"#);
        assert_eq!(said, Command::Chat { id, text: words, reply_to });
        assert_eq!(command(r#"{"type":"raiseHand"}"#), Command::RaiseHand);
        let amy = PersonId::parse("amy").unwrap();
        assert_eq!(command(r#"{"type":"mute","userId":"amy"}"#), Command::Mute(amy.clone(), Voice::Muted));
        let unmuted = command(r#"{"type":"mute","userId":"amy","muted":false}"#);
        assert_eq!(unmuted, Command::Mute(amy, Voice::Heard));
        assert_eq!(asked(r#"{"type":"leave"}"#), Ok(Request::Leave));
    }

    #[test]
    fn what_is_wrong_with_a_message_is_told_by_field() {
        let why = |json| asked(json).unwrap_err().to_string();
        assert!(why("nonsense").contains("expected"), "{}", why("nonsense"));
        assert!(why(r#"{"type":"dance"}"#).contains("unknown variant `dance`"));
        assert!(why(r#"{"type":"raiseHand","high":true}"#).contains("unknown field `high`"));
        let long = format!(r#"{{"type":"chatMessage","message":"{}"}}"#, "x".repeat(201));
        assert_eq!(why(&long), "message: must have at most 200 characters; it has 201");
        assert_eq!(why(r#"{"type":"reaction","emoji":"yes"}"#), "emoji: must be one emoji");
        assert!(why(r#"{"type":"remove","userId":"a b"}"#).starts_with("userId: "));
        assert!(why(r#"{"type":"report","reason":"boring"}"#).contains("unknown variant `boring`"));
    }

    #[test]
    fn rules_that_are_left_out_stay() {
        let Ok(Request::ChangeRules(change)) =
            asked(r#"{"type":"setRules","slowModeSeconds":5,"links":false}"#)
        else {
            panic!("no rules");
        };
        let rules = change.apply(&Rules { guests: false, ..Rules::default() });
        let expected =
            Rules { slow_mode: Duration::from_secs(5), links: false, guests: false, ..Rules::default() };
        assert_eq!(rules, expected);
    }
}
