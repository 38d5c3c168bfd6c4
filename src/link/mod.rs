//! What the address of a broadcast or a recording tells wherever it is shared: the head of its page, and oEmbed.

mod head;
mod pages;

use store::{Hosted, RecordingStatus, Store, StoreError, Visibility};

pub use head::escaped;
pub use pages::{Pages, base};

/// A page that has something of its own to tell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// `/b/{id}`, by its id or the name of its room.
    Broadcast(String),
    /// `/r/{id}`.
    Recording(String),
}

/// Longest name that is looked up, in bytes; the name of a room is not longer.
const NAME_MAX: usize = 64;

impl Target {
    /// From a path; `None` for any other page.
    pub fn parse(path: &str) -> Option<Self> {
        let named = |name: &str| {
            let name = name.strip_suffix('/').unwrap_or(name);
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            (plain && (1..=NAME_MAX).contains(&name.len())).then(|| name.to_owned())
        };
        match path.strip_prefix("/b/") {
            Some(name) => named(name).map(Self::Broadcast),
            None => path.strip_prefix("/r/").and_then(named).map(Self::Recording),
        }
    }
}

/// What is told of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Card {
    /// Whose page it is.
    pub target: Target,
    /// What it is called.
    pub title: String,
    /// What it is about; empty where its host did not say.
    pub description: String,
    /// Its picture, absolute or below the station's address.
    pub image: Option<String>,
    /// Who hosts it.
    pub host: String,
    /// Is it for everybody to find? Else it is for those who have its address.
    pub listed: bool,
}

impl Card {
    /// What a stranger may know; `None` where there is nothing, or nothing for strangers.
    pub async fn load(store: &Store, target: &Target) -> Result<Option<Self>, StoreError> {
        match target {
            Target::Broadcast(name) => {
                let broadcasts = store.broadcasts();
                let hosted = match broadcasts.load(name).await? {
                    None => broadcasts.load_by_room_name(name).await?,
                    found => found,
                };
                Ok(hosted.and_then(Self::of))
            }
            Target::Recording(id) => {
                let Some(recording) = store.recordings().load(id).await? else { return Ok(None) };
                if !recording.published || recording.status != RecordingStatus::Ready {
                    return Ok(None);
                }
                let hosted = store.broadcasts().load(&recording.broadcast_id).await?;
                let told = |card| Self { target: target.clone(), title: recording.title, ..card };
                Ok(hosted.and_then(Self::of).map(told))
            }
        }
    }

    fn of(hosted: Hosted) -> Option<Self> {
        let Hosted { broadcast, host } = hosted;
        (broadcast.visibility != Visibility::Private).then(|| Self {
            target: Target::Broadcast(broadcast.id),
            title: broadcast.title,
            description: broadcast.description,
            image: broadcast.cover_url,
            host: host.display_name,
            listed: broadcast.visibility == Visibility::Public,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_broadcasts_and_recordings_tell_something() {
        let broadcast = |name: &str| Some(Target::Broadcast(name.into()));
        assert_eq!(Target::parse("/b/studio"), broadcast("studio"));
        assert_eq!(Target::parse("/b/studio/"), broadcast("studio"));
        assert_eq!(Target::parse("/r/0198-a"), Some(Target::Recording("0198-a".into())));
        let long = format!("/b/{}", "a".repeat(65));
        for other in ["/", "/b", "/b/", "/b/a/b", "/b/a%20b", "/bb/a", "/studio/a", "/live/a", &long] {
            assert_eq!(Target::parse(other), None, "{other}");
        }
    }
}
