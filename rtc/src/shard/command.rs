//! What a shard is told, and how it does that.

use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::Instant;

use tokio::sync::oneshot;

use super::Shard;
use crate::credentials::Credentials;
use crate::ear::Heard;
use crate::fan::Fan;
use crate::observer::Farewell;
use crate::peer::{Peer, Role};
use crate::programme::{Clock, Packet, ProgrammeId};
use crate::session::SessionId;
use crate::stage::{Entrant, Forwarding, Said, StageId};

/// Programmes of a port, and stages: what a station may hold, and a bound for its mistakes.
const HELD_MAX: usize = 10_000;

/// What a shard is told.
pub(crate) enum Command {
    /// Hold this session.
    Join(Box<Peer>),
    /// Take a session's new ICE credentials; it answers with its own.
    Restart(SessionId, Credentials, oneshot::Sender<Credentials>),
    /// Let a session go.
    Close(SessionId, Farewell),
    /// Let what a session sends go nowhere, or go on again.
    Mute(SessionId, bool),
    /// A stage opens, and who decides there.
    Raise(StageId, Box<dyn Forwarding>),
    /// A stage is over.
    Strike(StageId),
    /// Somebody is heard on a stage who comes by no session.
    Enter(StageId, SessionId, Entrant),
    /// They say this.
    Say(StageId, SessionId, Said),
    /// They are heard no more.
    Exit(StageId, SessionId),
    /// A programme begins.
    Begin(ProgrammeId, Clock),
    /// Send this to everybody who listens to that.
    Packet(ProgrammeId, Arc<Packet>),
    /// A programme is over.
    Over(ProgrammeId),
    /// Let everybody go.
    Stop,
}

impl Shard {
    /// Does what it is told; `false` when that is to stop.
    pub(super) fn obey(&mut self, now: Instant) -> bool {
        self.bell.silence();
        loop {
            match self.commands.try_recv() {
                Ok(Command::Join(peer)) => {
                    let gone = match &peer.role {
                        Role::Publish(_) => false,
                        Role::Listen(seat) => !self.fans.contains_key(&seat.programme),
                        Role::Speak(spot, _) => !self.stages.contains_key(&spot.stage),
                    };
                    let key = self.peers.add(*peer);
                    if gone {
                        self.part(key, Farewell::Over, now);
                    } else {
                        self.drain(key, now);
                    }
                }
                Ok(Command::Restart(session, theirs, answer)) => {
                    if let Some(ours) = self.restart(session, &theirs) {
                        // Whoever asked may have gone.
                        answer.send(ours).ok();
                    }
                }
                Ok(Command::Close(session, why)) => {
                    if let Some(key) = self.peers.of_session(session) {
                        self.part(key, why, now);
                    }
                }
                Ok(Command::Mute(session, muted)) => {
                    let key = self.peers.of_session(session);
                    if let Some(peer) = key.and_then(|key| self.peers.get_mut(key)) {
                        peer.muted = muted;
                    }
                }
                Ok(Command::Raise(stage, forwarding)) => {
                    if self.stages.len() < HELD_MAX {
                        self.stages.insert(stage, forwarding);
                    }
                }
                Ok(Command::Strike(stage)) => {
                    self.stages.remove(&stage);
                    self.dismiss(now, |role| matches!(role, Role::Speak(spot, _) if spot.stage == stage));
                }
                Ok(Command::Enter(stage, session, entrant)) => {
                    self.on_stage(stage, now, |stage| stage.join(now, session, entrant));
                }
                Ok(Command::Say(stage, session, Said { sequence, time, level, data })) => {
                    let heard = Heard { sequence, time, level, data: &data };
                    self.on_stage(stage, now, |stage| stage.hear(now, session, heard));
                }
                Ok(Command::Exit(stage, session)) => {
                    self.on_stage(stage, now, |stage| stage.leave(now, session));
                }
                Ok(Command::Begin(programme, clock)) => {
                    if self.fans.len() < HELD_MAX {
                        self.fans.insert(programme, Fan::new(clock, self.repeating));
                    }
                }
                Ok(Command::Packet(programme, packet)) => {
                    if let Some(fan) = self.fans.get_mut(&programme) {
                        fan.send(&packet, now, &mut self.outlet);
                    }
                }
                Ok(Command::Over(programme)) => {
                    self.dismiss(
                        now,
                        |role| matches!(role, Role::Listen(seat) if seat.programme == programme),
                    );
                    self.fans.remove(&programme);
                }
                Ok(Command::Stop) | Err(TryRecvError::Disconnected) => {
                    for key in self.peers.keys() {
                        self.part(key, Farewell::Stopped, now);
                    }
                    self.outlet.flush();
                    return false;
                }
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn restart(&mut self, session: SessionId, theirs: &Credentials) -> Option<Credentials> {
        let key = self.peers.of_session(session)?;
        let peer = self.peers.get_mut(key)?;
        let (ufrag, password) = peer.engine.restart(theirs.ufrag(), theirs.password());
        self.peers.rename(key, ufrag.clone());
        Credentials::new(&ufrag, &password).ok()
    }

    /// Tells a stage something, and sends what follows. One that is over is told nothing.
    fn on_stage(&mut self, id: StageId, now: Instant, tell: impl FnOnce(&mut dyn Forwarding)) {
        if let Some(stage) = self.stages.get_mut(&id) {
            tell(&mut **stage);
            self.forward(id, now);
        }
    }

    /// Lets everybody go whose programme or stage is over.
    fn dismiss(&mut self, now: Instant, is_over: impl Fn(&Role) -> bool) {
        for key in self.peers.keys() {
            if self.peers.get_mut(key).is_some_and(|peer| is_over(&peer.role)) {
                self.part(key, Farewell::Over, now);
            }
        }
    }
}
