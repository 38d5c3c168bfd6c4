//! The sessions that clients made, by the name in their URL.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rtc::SessionId;

use super::door::Door;
use super::ice_session::IceSession;
use crate::playback::Subject;

/// Sessions that clients made and that have not ended.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<HashMap<SessionId, Session>>);

/// One of them.
#[derive(Debug)]
pub struct Session {
    /// By which door it came in.
    pub door: Door,
    /// Which broadcast it is in.
    pub broadcast: String,
    /// Its ICE session. Whoever restarts it holds the lock until the engine has.
    pub ice: Arc<tokio::sync::Mutex<IceSession>>,
    /// The account of somebody who speaks on a stage.
    pub speaker: Option<String>,
    /// Who listens, where that is known.
    pub listener: Option<Subject>,
}

impl Sessions {
    /// Notes a new one.
    pub fn insert(&self, id: SessionId, session: Session) {
        self.held().insert(id, session);
    }

    /// The ICE session of the one that lies at `/{door}/{broadcast}/{id}`.
    pub fn find(
        &self,
        door: Door,
        broadcast: &str,
        id: SessionId,
    ) -> Option<Arc<tokio::sync::Mutex<IceSession>>> {
        let held = self.held();
        let session = held.get(&id).filter(|session| session.is_at(door, broadcast))?;
        Some(session.ice.clone())
    }

    /// Notes the account of somebody who speaks.
    pub fn note_speaker(&self, id: SessionId, account: Option<String>) {
        if let Some(session) = self.held().get_mut(&id) {
            session.speaker = account;
        }
    }

    /// The sessions by which an account speaks on the stage of a broadcast.
    pub fn of_speaker(&self, broadcast: &str, account: &str) -> Vec<SessionId> {
        let held = self.held();
        let theirs = held.iter().filter(|(_, session)| {
            session.is_at(Door::Stage, broadcast) && session.speaker.as_deref() == Some(account)
        });
        theirs.map(|(id, _)| *id).collect()
    }

    /// Those by which somebody listens to a broadcast.
    pub fn of_listener(&self, broadcast: &str, who: Subject) -> Vec<SessionId> {
        let theirs =
            |session: &Session| session.is_at(Door::Whep, broadcast) && session.listener == Some(who);
        self.held().iter().filter(|(_, session)| theirs(session)).map(|(id, _)| *id).collect()
    }

    /// Forgets the one that lies there; `false` where none does.
    pub fn remove(&self, door: Door, broadcast: &str, id: SessionId) -> bool {
        let mut held = self.held();
        let there = held.get(&id).is_some_and(|session| session.is_at(door, broadcast));
        there && held.remove(&id).is_some()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<SessionId, Session>> {
        // Each change is one call of the map's own.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn is_at(&self, door: Door, broadcast: &str) -> bool {
        self.door == door && self.broadcast == broadcast
    }
}
