//! What a shelf holds after one step: immutable, shared by every request.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use media::RungId;
use packager::playlist::{Kind, MediaPlaylist, Skip};
use packager::{Msn, Position, Window};

/// One run as it stands after a step. Playlists are rendered when somebody first asks, once for
/// everybody.
#[derive(Debug)]
pub struct View {
    /// What playlists list.
    pub window: Window,
    segments: VecDeque<Arc<SegmentBytes>>,
    playlists: [[[Rendered; 3]; 3]; 3],
}

/// The bytes of one segment, of every rung.
#[derive(Clone, Debug)]
pub struct SegmentBytes {
    /// Its number.
    pub msn: Msn,
    rungs: [Vec<Bytes>; 3],
    whole: [OnceLock<Bytes>; 3],
}

impl SegmentBytes {
    /// A segment without parts yet.
    pub fn new(msn: Msn) -> Self {
        Self { msn, rungs: Default::default(), whole: Default::default() }
    }

    /// The same segment with one more part of `rung`.
    pub fn push(&mut self, rung: RungId, part: Bytes) {
        self.rungs[rung as usize].push(part);
    }

    /// One part.
    pub fn part(&self, rung: RungId, index: u16) -> Option<&Bytes> {
        self.rungs[rung as usize].get(usize::from(index))
    }

    /// Every part so far.
    pub fn parts(&self, rung: RungId) -> &[Bytes] {
        &self.rungs[rung as usize]
    }

    /// The concatenation of all parts.
    pub fn whole(&self, rung: RungId) -> &Bytes {
        self.whole[rung as usize].get_or_init(|| self.rungs[rung as usize].concat().into())
    }
}

/// One playlist as text, plain and gzip, each made once.
#[derive(Debug, Default)]
pub struct Rendered {
    plain: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

impl Rendered {
    /// The bytes, rendered by `write` where nobody asked before.
    pub fn get(&self, gzip: bool, write: impl FnOnce() -> String) -> &Bytes {
        let plain = self.plain.get_or_init(|| write().into());
        if gzip { self.gzip.get_or_init(|| compress(plain)) } else { plain }
    }
}

/// `plain` as gzip.
pub(crate) fn compress(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 3), Compression::new(5));
    let done = encoder.write_all(plain).and_then(|()| encoder.finish());
    done.expect("writing to a Vec cannot fail").into()
}

impl View {
    /// A view of `window` with the bytes of its newest segments.
    pub fn new(window: Window, segments: VecDeque<Arc<SegmentBytes>>) -> Self {
        Self { window, segments, playlists: Default::default() }
    }

    /// The bytes in memory, oldest first.
    pub fn segments(&self) -> &VecDeque<Arc<SegmentBytes>> {
        &self.segments
    }

    /// A playlist of this step.
    pub fn playlist(&self, rung: RungId, kind: Kind, skip: Skip, gzip: bool) -> Bytes {
        let rendered = &self.playlists[rung as usize][kind as usize][skip as usize];
        rendered.get(gzip, || MediaPlaylist { rung, kind }.write(&self.window, skip)).clone()
    }

    /// The segment in memory.
    pub fn segment(&self, msn: Msn) -> Option<&Arc<SegmentBytes>> {
        let first = self.segments.front()?.msn.0;
        // Slots may be missing (GAP), so a segment stands at its distance from the first or before it.
        let guess = usize::try_from(msn.0.checked_sub(first)?).ok()?.min(self.segments.len() - 1);
        self.segments.range(..=guess).rev().find(|segment| segment.msn == msn)
    }

    /// A part in memory.
    pub fn part(&self, rung: RungId, position: Position) -> Option<&Bytes> {
        self.segment(position.msn)?.part(rung, position.part.0)
    }

    /// Whether the segment is listed and whole.
    pub fn is_closed(&self, msn: Msn) -> bool {
        self.window.last_closed().is_some_and(|last| msn <= last)
    }
}
