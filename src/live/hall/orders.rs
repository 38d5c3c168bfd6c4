//! What the control plane may ask of the hall.

use std::sync::Arc;
use std::time::Instant;

use ingest::CloseReason;
use tracing::{info, warn};

use super::{Hall, tell};
use crate::live::admission::GoLive;
use crate::live::card::Card;
use crate::live::drive::Command;
use crate::live::endings::Ending;
use crate::live::entry::Scene;
use crate::live::handle::{Order, StartError, Started, StillOnAir};
use crate::live::happening::{EndReason, Happening};
use crate::live::recordings;
use crate::live::run::OnAir;

impl Hall {
    /// Does what the control plane asks. Who asked and has gone away since needs no answer.
    pub(super) fn obey(&mut self, order: Order) {
        match order {
            Order::Start(card, answer) => drop(answer.send(self.start(card))),
            Order::End(id, why, answer) => drop(answer.send(self.end(&id, why))),
            Order::Update(card, answer) => {
                self.update(card);
                answer.send(()).ok();
            }
            Order::Disconnect(id, reason, answer) => drop(answer.send(self.disconnect(&id, &reason))),
            Order::Remove(id, answer) => drop(answer.send(self.remove(&id))),
            Order::Record(id, answer) => drop(answer.send(self.record(&id))),
            Order::StopRecording(id, answer) => drop(answer.send(self.stop_recording(&id))),
        }
    }

    fn start(&mut self, card: Card) -> Result<Started, StartError> {
        let (id, card) = (card.id.clone(), Arc::new(card));
        self.lookups.forget(&id);
        let preview = match self.entries.get(&id) {
            Some(entry) if entry.scene == Scene::Live => return Ok(started(&entry.run)),
            _ if self.premises.go_live == GoLive::SwitchedOff => return Err(StartError::SwitchedOff),
            Some(_) => self.entries.remove(&id),
            None => None,
        };
        if self.open(&card, Scene::Live).is_err() {
            // Who was in preview stays there.
            self.entries.extend(preview.map(|entry| (id, entry)));
            return Err(StartError::Failed);
        }
        let Some(entry) = self.entries.get_mut(&id) else { return Err(StartError::Failed) };
        let answer = started(&entry.run);
        if let Some(preview) = preview {
            for publisher in &preview.publishers {
                preview.run.tell(Command::HandOver(publisher.source, entry.run.ways_in()));
            }
            preview.run.tell(Command::End);
            entry.silent_since = if preview.publishers.is_empty() { entry.silent_since } else { None };
            entry.publishers = preview.publishers;
            let backstage = self.premises.backstage.clone();
            self.closing.spawn_blocking(move || {
                preview.run.join();
                backstage.clear(&id);
            });
        }
        Ok(answer)
    }

    fn update(&mut self, card: Card) {
        self.lookups.forget(&card.id);
        self.premises.ledger.amend(&card.id, card.audience);
        let Some(entry) = self.entries.get_mut(&card.id) else { return };
        let rotated = entry.card.origination != card.origination;
        let id = card.id.clone();
        if entry.card.treatment != card.treatment && !entry.run.tell(Command::Treat(card.treatment)) {
            warn!(broadcast.id = %id, "the programme of {id} does not listen, and its sound stays as it is");
        }
        entry.card = Arc::new(card);
        if rotated {
            self.disconnect(&id, &CloseReason::KeyChanged);
        }
    }

    fn disconnect(&mut self, id: &str, reason: &CloseReason) -> usize {
        let Some(entry) = self.entries.get_mut(id) else { return 0 };
        let publishers = std::mem::take(&mut entry.publishers);
        for publisher in &publishers {
            entry.let_go(publisher, reason.clone());
        }
        if !publishers.is_empty() {
            entry.silent_since = Some(Instant::now());
        }
        let card = entry.card.clone();
        self.part_with(&card, &publishers);
        publishers.len()
    }

    fn remove(&mut self, id: &str) -> Result<(), StillOnAir> {
        if self.entries.get(id).is_some_and(|entry| entry.scene == Scene::Live) {
            return Err(StillOnAir);
        }
        self.end(id, EndReason::ByHost);
        self.lookups.forget(id);
        Arc::make_mut(&mut self.endings).forget(id);
        self.premises.ledger.forget(id);
        let (house, id) = (self.premises.house.clone(), id.to_owned());
        let writing = self.finishing.remove(&id);
        self.closing.spawn_blocking(move || {
            if let Some(writing) = writing {
                // Nothing is ever sent; the other end goes when the last part is on disk.
                writing.iter().for_each(drop);
            }
            house.clear(&id);
        });
        Ok(())
    }

    /// Takes a broadcast off the air, or its preview down; `None` where it was not on air.
    pub(super) fn end(&mut self, id: &str, why: EndReason) -> Option<Ending> {
        let entry = self.entries.remove(id)?;
        self.part_with(&entry.card, &entry.publishers);
        let snapshot = entry.snapshot();
        // It finishes its part and closes its playlists on its own threads.
        entry.run.tell(Command::End);
        let run = entry.run;
        match entry.scene {
            Scene::Preview => {
                info!(broadcast.id = %id, "the preview of {id} is over");
                let backstage = self.premises.backstage.clone();
                let id = id.to_owned();
                self.closing.spawn_blocking(move || {
                    run.join();
                    backstage.clear(&id);
                });
                None
            }
            Scene::Live => {
                info!(broadcast.id = %id, "{id} has ended: {}", why.name());
                self.resting.add(id, run.shelf.clone(), Instant::now());
                let (done, writing) = std::sync::mpsc::channel();
                self.finishing.insert(id.to_owned(), writing);
                let (shelf, record) = (run.shelf.clone(), run.record.clone());
                let happenings = self.premises.happenings.clone();
                let uploads = self.premises.house.uploads.clone();
                self.closing.spawn_blocking(move || {
                    run.join();
                    if let Some(note) = recordings::close(&shelf, &record) {
                        recordings::list(uploads.as_ref(), &note);
                        tell(&happenings, Happening::Recording(note));
                    }
                    drop(done);
                });
                Some(self.note_end(&snapshot, why))
            }
        }
    }
}

fn started(run: &OnAir) -> Started {
    Started { run: run.run.clone(), at: run.started }
}
