//! What waits, what is under way, and how far each run is. Plain state: told facts, asked what follows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cdn::{Bounds, Failure, Heard, Item, Keep, Listing, Notes, Output, Progress, Spool, Ticket, Told};
use origin::RunRecord;
use packager::Msn;

use super::errands::{Errand, Errands};
use super::heard_lists::HeardLists;
use super::owed::Debt;
use super::piece::{Piece, RunName};
use super::run_files::SlotFiles;

/// The notes of a run. Written to by whoever has stored something; the desk holds them and never locks them.
pub(super) type SharedNotes = Arc<Mutex<Notes>>;

#[derive(Debug)]
struct Run {
    record: Arc<RunRecord>,
    discontinuities: BTreeSet<Msn>,
    notes: SharedNotes,
    inits: bool,
    progress: Progress,
    heard: Heard,
    /// Its playlists wait to be stored, or are being stored as this.
    listing: Option<Option<Listing>>,
    ended: bool,
    /// What becomes of its files when all of it is stored.
    files: Files,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Order {
    /// Bring this, and say how it went. What is of a run is noted there.
    Bring(Ticket, Piece, Option<SharedNotes>),
    /// A slot is given up; note it.
    GiveUp(RunName, Msn, SharedNotes),
    /// A run is over and stored. Note it, or remove its files.
    Finish(RunName, SharedNotes, Files),
}

/// What becomes of the files of a run that is stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Files {
    /// They stay.
    Stay,
    /// They are removed.
    Go,
}

/// The desk.
#[derive(Debug)]
pub(super) struct Desk {
    spool: Spool<Piece>,
    runs: BTreeMap<RunName, Run>,
    flying: BTreeMap<Ticket, Piece>,
    /// Broadcasts to be deleted from the store, when nothing of them is under way any more.
    removals: Vec<String>,
    /// Runs that are over and stored.
    finished: Vec<(RunName, SharedNotes, Files)>,
    errands: Errands,
}

impl Desk {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            spool: Spool::new(bounds),
            runs: BTreeMap::new(),
            flying: BTreeMap::new(),
            removals: Vec::new(),
            finished: Vec::new(),
            errands: Errands::default(),
        }
    }

    /// A run is taken up: `told` knows its `slots`, and which of them are stored.
    pub(super) fn open(
        &mut self,
        run: &RunName,
        record: &RunRecord,
        (notes, told): (Notes, Told),
        slots: &BTreeMap<Msn, SlotFiles>,
        now: Instant,
    ) {
        let Told { inits, mut progress, .. } = told;
        self.spool.forget(|piece| piece.run() == Some(run) && !matches!(piece, Piece::Recordings(_)));
        if !inits {
            self.spool.push(Item {
                what: Piece::Inits(run.clone()),
                bytes: 0,
                keep: Keep::Always,
                since: now,
            });
        }
        for msn in progress.pending() {
            let files = slots.get(&msn).copied().unwrap_or_default();
            let since = now.checked_sub(files.age).unwrap_or(now);
            self.push_slot(run, msn, files.bytes, since);
        }
        let opened = Run {
            record: Arc::new(record.clone()),
            discontinuities: record.discontinuities.iter().copied().collect(),
            notes: Arc::new(Mutex::new(notes)),
            inits,
            heard: Heard::resume(&mut progress),
            progress,
            listing: None,
            ended: false,
            files: Files::Stay,
        };
        self.runs.insert(run.clone(), opened);
        self.look_at(run);
    }

    /// The encoders of a run were started anew on a slot.
    pub(super) fn began_anew(&mut self, run: &RunName, msn: Msn) {
        if let Some(found) = self.runs.get_mut(run) {
            found.discontinuities.insert(msn);
        }
    }

    /// What is to be listed of a run now, and no less when that is stored.
    pub(super) fn list(&mut self, run: &RunName) -> Option<HeardLists> {
        let found = self.runs.get_mut(run)?;
        let listing = found.heard.listing(&found.progress, found.ended)?;
        found.listing = Some(Some(listing));
        Some(HeardLists {
            record: found.record.clone(),
            listing,
            slots: found.progress.settled(listing.first..=listing.through).collect(),
            discontinuities: found.discontinuities.clone(),
        })
    }

    /// Something is asked for what the recordings of a run have in the store.
    pub(super) fn ask(&mut self, run: &RunName, errand: Errand) {
        self.errands.ask(run, errand);
        self.look_at_errand(run);
    }

    /// What is to be done now for the recordings of a run, and how far the run is stored where that is going on.
    pub(super) fn errand(&self, run: &RunName) -> Option<(Errand, Option<Progress>)> {
        let errand = self.errands.of(run)?;
        let progress = self.runs.get(run).map(|found| found.progress.clone());
        // What is still stored is tidied up when all of it is.
        Some((if progress.is_some() { Errand::Lists } else { errand }, progress))
    }

    /// That was done. The answer is what was asked for, where nothing of it is left to do.
    pub(super) fn ran(&mut self, run: &RunName, did: Errand, whole: bool) -> Option<Errand> {
        self.errands.done(run, did, whole)
    }

    /// A slot of a run is whole on disk.
    pub(super) fn filled(&mut self, run: &RunName, msn: Msn, bytes: u64) {
        if self.runs.get_mut(run).is_some_and(|found| found.progress.filled(msn)) {
            self.push_slot(run, msn, bytes, Instant::now());
        }
    }

    /// No slot of a run is filled any more.
    pub(super) fn ended(&mut self, run: &RunName) {
        if let Some(found) = self.runs.get_mut(run) {
            found.ended = true;
        }
        self.look_at(run);
    }

    /// Something is owed that belongs to no run.
    pub(super) fn owe(&mut self, debt: Debt, now: Instant) {
        match debt {
            Debt::File(key) => {
                let what = Piece::File(key);
                self.spool.push(Item { what, bytes: 0, keep: Keep::Always, since: now });
            }
            Debt::Removal(broadcast) => self.forget(&broadcast, now),
            Debt::Errand(run, errand) => self.ask(&run, errand),
        }
    }

    /// Nothing of a broadcast is stored any more, and what was is to be deleted: behind what is under way.
    pub(super) fn forget(&mut self, broadcast: &str, now: Instant) {
        self.spool.forget(|piece| piece.is_of(broadcast));
        self.runs.retain(|run, _| run.broadcast() != broadcast);
        self.errands.forget(broadcast);
        self.removals.push(broadcast.to_owned());
        self.release_removals(now);
    }

    /// What is to be done at `now`; ask until there is nothing.
    pub(super) fn poll(&mut self, now: Instant) -> Option<Order> {
        if let Some((run, notes, files)) = self.finished.pop() {
            return Some(Order::Finish(run, notes, files));
        }
        loop {
            match self.spool.poll_output(now)? {
                Output::Put(ticket, piece) => {
                    let notes = piece.run().and_then(|run| self.runs.get(run)).map(|run| run.notes.clone());
                    self.flying.insert(ticket, piece.clone());
                    return Some(Order::Bring(ticket, piece, notes));
                }
                Output::Lost(Piece::Slot(run, msn)) => {
                    if let Some(notes) = self.lose(&run, msn) {
                        return Some(Order::GiveUp(run, msn, notes));
                    }
                }
                // Nothing else may be given up.
                Output::Lost(_) => {}
            }
        }
    }

    /// A piece is stored; a slot with so many parts.
    pub(super) fn stored(&mut self, ticket: Ticket, parts: u16, now: Instant) {
        self.flying.remove(&ticket);
        if let Some(piece) = self.spool.stored(ticket) {
            match &piece {
                Piece::Inits(run) => {
                    if let Some(found) = self.runs.get_mut(run) {
                        found.inits = true;
                    }
                }
                Piece::Slot(run, msn) => {
                    if let Some(found) = self.runs.get_mut(run) {
                        found.progress.stored(*msn, parts);
                    }
                    self.errands.go_on(run);
                }
                Piece::Heard(run) => {
                    if let Some(found) = self.runs.get_mut(run)
                        && let Some(Some(listing)) = found.listing.take()
                    {
                        found.heard.stored(listing, &mut found.progress);
                    }
                }
                Piece::Recordings(_) | Piece::File(_) | Piece::Removal(_) => {}
            }
            if let Some(run) = piece.run() {
                self.look_at(run);
            }
        }
        self.release_removals(now);
    }

    /// The files of a piece are not there: it can never be stored. What is to be noted of it.
    pub(super) fn missing(&mut self, ticket: Ticket, now: Instant) -> Option<Order> {
        self.flying.remove(&ticket);
        let piece = self.spool.missing(ticket);
        self.release_removals(now);
        let Piece::Slot(run, msn) = piece? else { return None };
        self.lose(&run, msn).map(|notes| Order::GiveUp(run, msn, notes))
    }

    /// A piece was not stored. Returns how long nothing goes out.
    pub(super) fn failed(&mut self, ticket: Ticket, failure: Failure, now: Instant, dice: f64) -> Duration {
        self.flying.remove(&ticket);
        let wait = self.spool.failed(ticket, failure, now, dice);
        self.release_removals(now);
        wait
    }

    /// When to ask again, where nothing else happens before.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.spool.poll_timeout()
    }

    /// Is a run known?
    pub(super) fn knows(&self, run: &RunName) -> bool {
        self.runs.contains_key(run)
    }

    /// The first slot of a run that is not settled.
    pub(super) fn first_pending(&self, run: &RunName) -> Option<Msn> {
        self.runs.get(run)?.progress.first_pending()
    }

    /// Has the files of a run removed when all of it is stored; `false` where that is so already.
    pub(super) fn remove_when_stored(&mut self, run: &RunName) -> bool {
        self.runs.get_mut(run).map(|found| found.files = Files::Go).is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.spool.is_empty() && self.finished.is_empty() && self.flying.is_empty()
    }

    pub(super) fn waiting(&self) -> usize {
        self.spool.len()
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.spool.bytes()
    }

    pub(super) fn oldest(&self) -> Option<Instant> {
        self.spool.oldest()
    }

    fn push_slot(&mut self, run: &RunName, msn: Msn, bytes: u64, since: Instant) {
        self.spool.push(Item { what: Piece::Slot(run.clone(), msn), bytes, keep: Keep::WhileRoom, since });
    }

    fn lose(&mut self, run: &RunName, msn: Msn) -> Option<SharedNotes> {
        let found = self.runs.get_mut(run)?;
        found.progress.lost(msn);
        self.errands.go_on(run);
        let notes = found.notes.clone();
        self.look_at(run);
        Some(notes)
    }

    /// Lists what is due of a run, and lets go of one that is over, stored and listed.
    fn look_at(&mut self, run: &RunName) {
        let Some(found) = self.runs.get_mut(run) else { return self.look_at_errand(run) };
        if found.inits && found.listing.is_none() && found.heard.is_due(&found.progress, found.ended) {
            found.listing = Some(None);
            let what = Piece::Heard(run.clone());
            self.spool.push(Item { what, bytes: 0, keep: Keep::Always, since: Instant::now() });
        }
        let done =
            found.ended && found.inits && found.listing.is_none() && found.progress.first_pending().is_none();
        if done && let Some(found) = self.runs.remove(run) {
            self.finished.push((run.clone(), found.notes, found.files));
            self.errands.go_on(run);
        }
        self.look_at_errand(run);
    }

    /// Does for the recordings of a run what is asked for, unless something of the run is under way: then afterwards.
    fn look_at_errand(&mut self, run: &RunName) {
        let settled = self.runs.get(run).is_none_or(|found| found.progress.first_pending().is_none());
        if settled && self.errands.is_waiting(run) {
            self.errands.begin(run);
            let what = Piece::Recordings(run.clone());
            self.spool.push(Item { what, bytes: 0, keep: Keep::Always, since: Instant::now() });
        }
    }

    fn release_removals(&mut self, now: Instant) {
        let (flying, spool) = (&self.flying, &mut self.spool);
        self.removals.retain(|broadcast| {
            let busy = flying.values().any(|piece| piece.is_of(broadcast));
            if !busy {
                let what = Piece::Removal(broadcast.clone());
                spool.push(Item { what, bytes: 0, keep: Keep::Always, since: now });
            }
            busy
        });
    }
}
