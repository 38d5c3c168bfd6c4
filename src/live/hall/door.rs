//! Who is let in to publish.

use std::sync::Arc;
use std::time::Instant;

use ingest::{CloseReason, PublishRequest, Refusal};
use tracing::{info, warn};

use super::Hall;
use crate::hooks::admission::{Publisher as Stay, Verdict};
use crate::live::admission::{Facts, Ruling, Way, judge, makes_room};
use crate::live::card::{Card, Stage};
use crate::live::clock::wall_clock;
use crate::live::consents::{Consent, stay};
use crate::live::drive::{Command, let_in};
use crate::live::entry::{Publisher, Scene};
use crate::live::feed::Feed;
use crate::live::happening::Happening;
use crate::live::lookups::Landing;

impl Hall {
    /// Answers one publish request, or has its broadcast looked up first.
    pub(super) fn admit(&mut self, request: PublishRequest) {
        let id = &request.broadcast;
        let known = match self.entries.get(id) {
            Some(entry) => Some(Some(entry.card.clone())),
            None => self.lookups.known(id, Instant::now()),
        };
        match known {
            Some(Some(card)) => self.decide(&card, request),
            Some(None) => self.refuse(request, Refusal::UnknownBroadcast),
            None => {
                if let Err(request) = self.lookups.ask(request) {
                    self.refuse(request, Refusal::Unavailable);
                }
            }
        }
    }

    /// Answers those who waited for a look-up.
    pub(super) fn settle(&mut self, landing: Landing) {
        for request in landing.waiting {
            // It may have gone on air meanwhile, and its card may have been changed then.
            let card = self.entries.get(&request.broadcast).map(|entry| Ok(Some(entry.card.clone())));
            match card.unwrap_or_else(|| landing.found.clone()) {
                Ok(Some(card)) => self.decide(&card, request),
                Ok(None) => self.refuse(request, Refusal::UnknownBroadcast),
                Err(away) => {
                    warn!(broadcast.id = %request.broadcast, "{:?} is not looked up: {away}", request.broadcast);
                    self.refuse(request, Refusal::Unavailable);
                }
            }
        }
    }

    fn refuse(&self, request: PublishRequest, refusal: Refusal) {
        info!(
            broadcast.id = %request.broadcast, ingest.protocol = request.protocol.name(),
            "a publisher was turned away from {:?}: {refusal}", request.broadcast
        );
        self.ears.count(&refusal);
        request.reject(refusal);
    }

    /// Nobody is accepted before every reason to refuse has been looked at, and nobody is asked about whom we
    /// would refuse ourselves.
    fn decide(&mut self, card: &Arc<Card>, request: PublishRequest) {
        let ruling = match self.rule(card, &request) {
            Ok(ruling) => ruling,
            Err(refusal) => return self.refuse(request, refusal),
        };
        if self.consents.are_needed() {
            if let Err(request) = self.consents.ask(card, request) {
                self.refuse(request, Refusal::Unavailable);
            }
            return;
        }
        let stay = Arc::new(stay(card, &request));
        match self.make_way(card, ruling) {
            Ok(()) => self.accept(request, &stay),
            Err(refusal) => self.refuse(request, refusal),
        }
    }

    /// Lets a publisher in who was asked about, unless something has changed meanwhile.
    pub(super) fn welcome(&mut self, consent: Consent) {
        let Consent { card, request, publisher, verdict } = consent;
        match verdict {
            Verdict::Admitted => {}
            Verdict::Denied => return self.refuse(request, Refusal::NotAdmitted),
            Verdict::Unasked => return self.refuse(request, Refusal::Unavailable),
        }
        let held = self.entries.get(&card.id).map(|entry| entry.card.clone());
        let known = held.or_else(|| self.lookups.known(&card.id, Instant::now()).flatten());
        let Some(card) = known else {
            // Its card was changed, or is no longer fresh: all of it again.
            self.consents.tell_gone(&publisher);
            return self.admit(request);
        };
        let opened = self.rule(&card, &request).and_then(|ruling| self.make_way(&card, ruling));
        match opened {
            Ok(()) => self.accept(request, &publisher),
            Err(refusal) => {
                self.consents.tell_gone(&publisher);
                self.refuse(request, refusal);
            }
        }
    }

    fn rule(&self, card: &Arc<Card>, request: &PublishRequest) -> Result<Ruling, Refusal> {
        let entry = self.entries.get(&card.id);
        let way = Way::of(request.protocol);
        let idle = entry.map(|entry| entry.idle(way, Instant::now(), request)).unwrap_or_default();
        let stage = if self.endings.of(&card.id).is_some() { Stage::Ended } else { card.stage };
        let facts = Facts {
            scene: entry.map(|entry| entry.scene),
            idle: &idle,
            stage,
            go_live: self.premises.go_live,
        };
        judge(card, &request.key, way, facts)
    }

    /// Opens what a publisher is let in to.
    fn make_way(&mut self, card: &Arc<Card>, ruling: Ruling) -> Result<(), Refusal> {
        let opened = match ruling {
            Ruling::Join => Ok(()),
            Ruling::GoLive => self.open(card, Scene::Live),
            Ruling::Preview => self.open(card, Scene::Preview),
        };
        opened.map_err(|_| Refusal::Unavailable)
    }

    fn accept(&mut self, request: PublishRequest, stay: &Arc<Stay>) {
        let source = self.source();
        let (protocol, way) = (request.protocol.name(), Way::of(request.protocol));
        let Some(entry) = self.entries.get_mut(&request.broadcast) else { return };
        let (id, card) = (entry.card.id.clone(), entry.card.clone());
        let ghost = makes_room(&entry.card, way, &entry.idle(way, Instant::now(), &request));
        let ghost = ghost.and_then(|place| entry.make_room(way, place));
        if let Some(ghost) = &ghost {
            info!(broadcast.id = %id, "the publisher of {id} takes its own place over");
            entry.let_go(ghost, CloseReason::TakenOver);
        }
        let software = request.software.clone();
        let person = request.account.as_deref().unwrap_or(&card.host).into();
        let publication = let_in(request, entry.run.record.mode);
        let handle = publication.handle();
        let session = stay.session.clone();
        let since = wall_clock();
        let heard = entry.run.tell(Command::Add(source, Feed::of(publication, protocol, software, person)));
        if heard {
            info!(broadcast.id = %id, ingest.protocol = protocol, "host connected to {id}");
            let (session, stay) = (session.clone(), stay.clone());
            entry.publishers.push(Publisher {
                source,
                session,
                protocol,
                way,
                since,
                publication: handle,
                stay,
            });
            entry.silent_since = None;
        }
        if let Some(ghost) = ghost {
            self.part_with(&card, &[ghost]);
        }
        if heard {
            let user = stay.user_id.clone();
            self.tell(Happening::PublisherJoined { card, session, protocol, user, at: since });
        } else {
            self.consents.tell_gone(stay);
            // Its own farewell is on its way, and revives it; the publisher comes back.
            warn!(broadcast.id = %id, "the programme of {id} does not listen");
        }
    }
}
