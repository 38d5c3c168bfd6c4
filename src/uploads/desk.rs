//! What waits, what is under way, and how far each run is. Plain state: told facts, asked what follows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cdn::{Bounds, Failure, Item, Keep, Notes, Output, Progress, Spool, Ticket, Told};
use packager::Msn;

use super::owed::Debt;
use super::piece::{Piece, RunName};
use super::run_files::SlotFiles;

/// The notes of a run. Written to by whoever has stored something; the desk holds them and never locks them.
pub(super) type SharedNotes = Arc<Mutex<Notes>>;

#[derive(Debug)]
struct Run {
    notes: SharedNotes,
    inits: bool,
    progress: Progress,
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
}

impl Desk {
    pub(super) const fn new(bounds: Bounds) -> Self {
        Self {
            spool: Spool::new(bounds),
            runs: BTreeMap::new(),
            flying: BTreeMap::new(),
            removals: Vec::new(),
            finished: Vec::new(),
        }
    }

    /// A run is taken up: `told` knows its `slots`, and which of them are stored.
    pub(super) fn open(
        &mut self,
        run: &RunName,
        notes: Notes,
        told: Told,
        slots: &BTreeMap<Msn, SlotFiles>,
        now: Instant,
    ) {
        let Told { inits, progress, .. } = told;
        self.spool.forget(|piece| piece.run() == Some(run));
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
        let notes = Arc::new(Mutex::new(notes));
        self.runs.insert(run.clone(), Run { notes, inits, progress, ended: false, files: Files::Stay });
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
        }
    }

    /// Nothing of a broadcast is stored any more, and what was is to be deleted: behind what is under way.
    pub(super) fn forget(&mut self, broadcast: &str, now: Instant) {
        self.spool.forget(|piece| piece.is_of(broadcast));
        self.runs.retain(|run, _| run.broadcast() != broadcast);
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

    /// A piece is stored.
    pub(super) fn stored(&mut self, ticket: Ticket, now: Instant) {
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
                        found.progress.stored(*msn);
                    }
                }
                Piece::File(_) | Piece::Removal(_) => {}
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
        let notes = found.notes.clone();
        self.look_at(run);
        Some(notes)
    }

    /// Lets go of a run that is over and stored.
    fn look_at(&mut self, run: &RunName) {
        let done = |run: &Run| run.ended && run.inits && run.progress.first_pending().is_none();
        if self.runs.get(run).is_some_and(done)
            && let Some(found) = self.runs.remove(run)
        {
            self.finished.push((run.clone(), found.notes, found.files));
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
