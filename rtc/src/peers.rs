//! The sessions of a shard, and by what they are found.

use std::collections::HashMap;
use std::net::SocketAddr;

use slab::Slab;

use crate::connections::ConnectionId;
use crate::peer::Peer;
use crate::session::SessionId;

/// The sessions of a shard.
#[derive(Default)]
pub(crate) struct Peers {
    held: Slab<Peer>,
    by_session: HashMap<SessionId, usize>,
    by_ufrag: HashMap<String, usize>,
    by_address: HashMap<SocketAddr, usize>,
    by_connection: HashMap<ConnectionId, usize>,
}

impl Peers {
    pub(crate) fn add(&mut self, peer: Peer) -> usize {
        let (session, ufrag) = (peer.session, peer.ufrag.clone());
        let key = self.held.insert(peer);
        self.by_session.insert(session, key);
        self.by_ufrag.insert(ufrag, key);
        key
    }

    /// Takes one out, with every way to find it.
    pub(crate) fn remove(&mut self, key: usize) -> Option<(Peer, Vec<ConnectionId>)> {
        let peer = self.held.try_remove(key)?;
        self.by_session.remove(&peer.session);
        self.by_ufrag.remove(&peer.ufrag);
        for address in &peer.addresses {
            if self.by_address.get(address) == Some(&key) {
                self.by_address.remove(address);
            }
        }
        let connections = self.by_connection.extract_if(|_, of| *of == key).map(|(id, _)| id).collect();
        Some((peer, connections))
    }

    pub(crate) fn get_mut(&mut self, key: usize) -> Option<&mut Peer> {
        self.held.get_mut(key)
    }

    pub(crate) fn of_session(&self, session: SessionId) -> Option<usize> {
        self.by_session.get(&session).copied()
    }

    pub(crate) fn of_ufrag(&self, ufrag: &str) -> Option<usize> {
        self.by_ufrag.get(ufrag).copied()
    }

    pub(crate) fn of_address(&self, address: SocketAddr) -> Option<usize> {
        self.by_address.get(&address).copied()
    }

    pub(crate) fn of_connection(&self, connection: ConnectionId) -> Option<usize> {
        self.by_connection.get(&connection).copied()
    }

    /// Finds the session by another name from now on.
    pub(crate) fn rename(&mut self, key: usize, ufrag: String) {
        let Some(peer) = self.held.get_mut(key) else { return };
        let old = std::mem::replace(&mut peer.ufrag, ufrag.clone());
        self.by_ufrag.remove(&old);
        self.by_ufrag.insert(ufrag, key);
    }

    /// What comes from this address is the session's from now on; the address has proven it.
    pub(crate) fn note_address(&mut self, key: usize, from: SocketAddr) {
        if let Some(peer) = self.held.get_mut(key)
            && peer.note_address(from)
        {
            self.by_address.insert(from, key);
        }
    }

    pub(crate) fn note_connection(&mut self, key: usize, connection: ConnectionId) {
        self.by_connection.insert(connection, key);
    }

    pub(crate) fn keys(&self) -> Vec<usize> {
        self.held.iter().map(|(key, _)| key).collect()
    }
}
