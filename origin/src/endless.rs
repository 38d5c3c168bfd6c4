//! Endless streams for radios and simple players: ADTS with AAC, Ogg with Opus.
//!
//! They are cut from the same steps as everything else. A listener's place is a position on the shelf, so
//! one that reads too slowly costs one small queue, and is moved to the live edge when what it wants has
//! left memory.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use media::{Channels, RungId};
use packager::{Grid, Msn, PartIndex, Position, fragment};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::stats::Egress;
use crate::view::View;
use crate::{Body, Origin, Shelf, adts, ogg};

/// Sound given at once to whoever joins, so that a player's buffer fills and it starts: about 2 s.
const BURST_FRAMES: u64 = 2 * 48_000;

/// Steps that wait for one listener's socket. Beyond it the listener's place stands still.
const QUEUE: usize = 4;

/// A listener that takes nothing for this long is gone.
const STALLED: Duration = Duration::from_secs(30);

/// Opens an endless stream of `rung` of a live run.
pub fn open(origin: &Arc<Origin>, shelf: Arc<Shelf>, rung: RungId, serial: u32) -> Body {
    let (chunks, body) = mpsc::channel(QUEUE);
    let origin = Arc::clone(origin);
    tokio::spawn(async move {
        let gauge = origin.stats.endless_gauge(rung == RungId::Opus);
        gauge.fetch_add(1, Ordering::Relaxed);
        feed(&origin, &shelf, rung, serial, &chunks).await;
        gauge.fetch_sub(1, Ordering::Relaxed);
    });
    Body::Stream(body)
}

/// Sends step after step until the run ends, the listener goes, or this process stops.
async fn feed(origin: &Origin, shelf: &Shelf, rung: RungId, serial: u32, chunks: &mpsc::Sender<Bytes>) {
    let channels = shelf.ladder().rungs()[rung as usize].channels;
    let mut framing = Framing::open(rung, channels, serial);
    let mut watch = shelf.watch();
    let mut next = None;
    loop {
        let view = watch.borrow_and_update().clone();
        let mut out = framing.head();
        next = collect(&view, rung, next, &mut framing, &mut out);
        if !out.is_empty() {
            let bytes = Bytes::from(out);
            let length = bytes.len();
            match timeout(STALLED, chunks.send(bytes)).await {
                Ok(Ok(())) => origin.stats.add_egress(Egress::Stream, length),
                Ok(Err(_)) | Err(_) => return,
            }
        }
        if view.window.ended() {
            return;
        }
        tokio::select! {
            changed = watch.changed() => if changed.is_err() { return },
            () = chunks.closed() => return,
            () = origin.drain.cancelled() => return,
        }
    }
}

/// Appends what is in memory from `next` on, and says what comes after it.
fn collect(
    view: &View,
    rung: RungId,
    next: Option<Position>,
    framing: &mut Framing,
    out: &mut Vec<u8>,
) -> Option<Position> {
    let last = view.window.last()?;
    let grid = view.window.ladder().grid();
    let from = match next {
        Some(next) if view.segments().front().is_some_and(|oldest| oldest.msn <= next.msn) => next,
        _ => start(grid, last),
    };
    for segment in view.segments().iter().filter(|segment| segment.msn >= from.msn) {
        let skip = if segment.msn == from.msn { usize::from(from.part.0) } else { 0 };
        for part in segment.parts(rung).iter().skip(skip) {
            framing.write(out, &fragment::units(part));
        }
    }
    Some(Position { msn: last.msn, part: PartIndex(last.part.0 + 1) })
}

/// Where a listener who joins now begins.
fn start(grid: Grid, last: Position) -> Position {
    let steps = BURST_FRAMES.div_ceil(grid.part().ticks()).max(1);
    let first = (grid.ordinal(last) + 1).saturating_sub(steps);
    let per_slot = u64::from(grid.parts_per_slot());
    Position { msn: Msn(first / per_slot), part: PartIndex((first % per_slot) as u16) }
}

enum Framing {
    Adts(Channels),
    Ogg { pages: ogg::Pages, head: Vec<u8> },
}

impl Framing {
    fn open(rung: RungId, channels: Channels, serial: u32) -> Self {
        if rung == RungId::Opus {
            let (pages, head) = ogg::Pages::open(serial, channels);
            Self::Ogg { pages, head }
        } else {
            Self::Adts(channels)
        }
    }

    /// What goes before the first frame; nothing the second time.
    fn head(&mut self) -> Vec<u8> {
        match self {
            Self::Adts(_) => Vec::new(),
            Self::Ogg { head, .. } => std::mem::take(head),
        }
    }

    fn write(&mut self, out: &mut Vec<u8>, units: &[Bytes]) {
        match self {
            Self::Adts(channels) => units.iter().for_each(|unit| adts::write(out, *channels, unit)),
            Self::Ogg { pages, .. } => pages.write(out, units),
        }
    }
}
