//! What somebody is told of a room wherever they are: that they were answered while they were not in it, and that they are
//! invited to the stage.

use room::{Event, Moment, PersonId, Role, Room};
use store::{Announcement, Audience, Timestamp};

use crate::notify::Kind;

/// Microseconds in which somebody is told once that they are invited to a stage: as long as an invitation stands.
const INVITATION: u64 = 60_000_000;

/// What somebody is to be told of `event`, which happened in the room of `broadcast` at `now`; at most one person.
pub(super) fn of(now: Moment, event: &Event, room: &Room, broadcast: &str) -> Option<Announcement> {
    let at = Timestamp::from_millis(i64::try_from(now.wall / 1_000).unwrap_or(i64::MAX));
    let told = |kind: Kind, about: String, to: &PersonId| Announcement {
        to: Audience::Person(to.to_string()),
        ..Announcement::new(kind.name(), about, broadcast, at)
    };
    match event {
        Event::Said(message) => {
            let answered = message.reply_to.as_ref()?;
            let answered = room.chat().history().find(|it| it.id == *answered)?;
            let (whom, who) = (answered.author.as_ref()?, message.author.as_ref()?);
            let is_here = room.people().find(whom).is_some() || room.stage().has(whom);
            if whom == who || answered.role == Role::Guest || is_here {
                return None;
            }
            // The first answer of each: who goes on answering sends nobody a row of them.
            let about = format!("{broadcast}/{}/{who}", answered.id);
            let (by, text) = (Some(message.name.to_string()), Some(message.text.to_string()));
            Some(Announcement { by, text, ..told(Kind::Reply, about, whom) })
        }
        Event::Invited { person, by } => {
            let about = format!("{broadcast}/{}", now.wall / INVITATION);
            let by = room.people().find(by).map(|by| by.name.to_string());
            Some(Announcement { by, ..told(Kind::StageInvite, about, &person.id) })
        }
        _ => None,
    }
}
