//! What a room is opened with: what the store has of it.

use std::sync::Arc;
use std::time::Duration;

use room::{Message, MessageId, Moment, Name, PersonId, Role, Room, Rules, Setting, Text};
use store::{ChatMessage, MemberRole, Slice, StoreError, Timestamp};
use tokio::time::timeout;
use tracing::debug;

use super::rooms::House;

/// How long what was said last may take to be in the database before the room is opened without it.
const WRITTEN: Duration = Duration::from_secs(2);

/// Members that are looked at: with more moderators than this nobody would know whom to ask.
const MEMBERS: u32 = 100;

/// People on a stage of which nothing is known.
const SPEAKERS: usize = 10;

/// Opens the room of a broadcast as it was left. With the database away it is opened empty.
pub(super) async fn open(house: &House, broadcast: &str) -> Room {
    let on_air = house.hall.live(broadcast).is_some();
    match remembered(house, broadcast, on_air).await {
        Ok(room) => room,
        Err(error) => {
            debug!(broadcast.id = %broadcast, "the room of {broadcast} is opened without its past: {error}");
            let rules = Rules::default();
            Room::new(Setting { rules, speakers_max: SPEAKERS, crew: Vec::new(), on_air })
        }
    }
}

async fn remembered(house: &House, broadcast: &str, on_air: bool) -> Result<Room, StoreError> {
    let hosted = house.store.broadcasts().load(broadcast).await?;
    let mut crew = Vec::new();
    let mut speakers_max = SPEAKERS;
    if let Some(hosted) = hosted {
        crew.extend(Name::parse(&hosted.host.display_name).ok());
        speakers_max = usize::try_from(hosted.broadcast.max_speakers).unwrap_or(SPEAKERS);
    }
    for member in house.store.members().list(broadcast, &Slice::first(MEMBERS)).await?.items {
        if member.role == MemberRole::Moderator
            && let Some(user) = house.store.users().load(&member.user_id).await?
        {
            crew.extend(Name::parse(&user.display_name).ok());
        }
    }
    let mut room = Room::new(Setting { rules: Rules::default(), speakers_max, crew, on_air });
    // What was said a moment ago may still be on its way there.
    timeout(WRITTEN, house.journal.applied()).await.ok();
    let history = u32::try_from(room::Chat::HISTORY).unwrap_or(u32::MAX);
    let latest = house.store.chat().list(broadcast, &Slice::first(history)).await?.items;
    for kept in latest.into_iter().rev() {
        let pinned = kept.pinned_at.is_some();
        if let Some(message) = message(kept) {
            room.restore(Arc::new(message), pinned);
        }
    }
    Ok(room)
}

/// A message as rooms have it; `None` of one that no room would have taken.
fn message(kept: ChatMessage) -> Option<Message> {
    Some(Message {
        id: MessageId::parse(&kept.id).ok()?,
        text: Text::parse(&kept.message).ok()?,
        author: kept.user_id.as_deref().and_then(|id| PersonId::parse(id).ok()),
        name: Name::parse(&kept.author_name).ok()?,
        role: Role::in_room(&kept.author_role).unwrap_or(Role::Listener),
        at: Moment {
            since: Duration::ZERO,
            wall: micros(kept.sent_at),
            programme: kept.program_time.map(micros),
        },
        reply_to: kept.reply_to.and_then(|id| MessageId::parse(&id).ok()),
    })
}

fn micros(time: Timestamp) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(0) * 1_000
}
