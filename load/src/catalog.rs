//! What all listeners of one rung know together: each playlist and each part once.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::fault::Fault;
use crate::playlist::{Listed, MediaPlaylist, Position};
use crate::response::Response;
use crate::target::resolve;

/// Distinct playlist bodies remembered. Listeners stand within a step or two of each other.
const LISTS: usize = 16;
/// Parts remembered. Ten minutes of the shortest ones.
const PIECES: usize = 4800;
/// Bytes of a playlist after gunzip.
const TEXT_MAX: u64 = 16 << 20;

/// What a listener fetches as media.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Diet {
    /// Parts, by blocking reload.
    Parts,
    /// Whole segments, by polling.
    Segments,
    /// Playlists by blocking reload, and no media: what a held request costs by itself.
    Playlists,
}

/// A part, or a segment for those who take no parts.
#[derive(Debug)]
pub struct Piece {
    /// Where it stands.
    pub position: Position,
    /// What to GET.
    pub path: String,
    /// Seconds.
    pub duration: f64,
    /// Wall clock of its last sample, seconds since 1970.
    pub end: Option<f64>,
    /// When the first listener saw it listed.
    pub seen: Instant,
    /// How long after its release a player at the hold-back needs its first sample.
    pub slack: Duration,
    /// Bytes, known once one listener has it.
    length: Cell<Option<u64>>,
}

impl Piece {
    /// Notes that it came with `length` bytes. All listeners must get as many, and never none.
    pub fn came(&self, length: u64) -> Result<(), Fault> {
        let known = self.length.replace(Some(length)).unwrap_or(length);
        if known == length && length > 0 { Ok(()) } else { Err(Fault::Length) }
    }
}

/// A playlist as its listeners use it.
#[derive(Debug)]
pub struct List {
    /// Its tags.
    pub tags: MediaPlaylist,
    /// What there is to fetch, oldest first.
    pub pieces: Vec<Rc<Piece>>,
    /// Where the next piece will stand.
    pub next: Position,
    /// The initialization section to GET.
    pub init: Option<String>,
    /// Seconds a player of this diet stands behind the edge.
    pub distance: f64,
}

/// The playlists and pieces of one rung.
#[derive(Debug)]
pub struct Catalog {
    diet: Diet,
    /// Path of the Media Playlist.
    base: String,
    lists: VecDeque<(Vec<u8>, Rc<List>)>,
    pieces: BTreeMap<Position, Rc<Piece>>,
}

impl Catalog {
    /// An empty catalog of the rung whose playlist is at `base`.
    pub fn new(diet: Diet, base: String) -> Self {
        Self { diet, base, lists: VecDeque::new(), pieces: BTreeMap::new() }
    }

    /// Path of the Media Playlist.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// `EXT-X-TARGETDURATION` of the newest playlist, seconds.
    pub fn target_duration(&self) -> Option<u64> {
        self.lists.front().map(|(_, list)| list.tags.target_duration)
    }

    /// The playlist in `response`, read only the first time these bytes come.
    /// Pieces that are new are taken to be released `now`.
    pub fn list(&mut self, response: &Response, now: Instant) -> Result<Rc<List>, Fault> {
        // Newest first: nearly every listener gets the bytes that came last.
        if let Some((_, list)) = self.lists.iter().find(|(body, _)| *body == response.body) {
            return Ok(Rc::clone(list));
        }
        let text = plain_text(response).map_err(|_| Fault::Playlist)?;
        let tags = MediaPlaylist::parse(text.as_deref().unwrap_or(&response.body));
        let list = Rc::new(self.shelve(tags.map_err(|_| Fault::Playlist)?, now));
        self.lists.push_front((response.body.clone(), Rc::clone(&list)));
        self.lists.truncate(LISTS);
        Ok(list)
    }

    fn shelve(&mut self, tags: MediaPlaylist, now: Instant) -> List {
        let parts = self.diet != Diet::Segments && tags.part_target.is_some();
        let listed = if parts { &tags.parts } else { &tags.segments };
        let distance = if parts { tags.distance() } else { tags.hold_back };
        let pieces = listed.iter().filter(|listed| !listed.gap);
        let pieces = pieces.map(|listed| self.piece(listed, distance, now)).collect();
        let next = if parts { tags.next } else { Position { part: 0, ..tags.next } };
        let init = tags.init.as_deref().map(|uri| resolve(&self.base, uri));
        List { tags, pieces, next, init, distance }
    }

    fn piece(&mut self, listed: &Listed, distance: f64, now: Instant) -> Rc<Piece> {
        let path = resolve(&self.base, &listed.uri);
        // A renamed piece is another piece: the strict reader of names is the probe, not the load.
        if let Some(piece) = self.pieces.get(&listed.position).filter(|piece| piece.path == path) {
            return Rc::clone(piece);
        }
        let Listed { position, duration, end, .. } = *listed;
        let slack = Duration::try_from_secs_f64(distance - duration).unwrap_or_default();
        let length = Cell::new(None);
        let piece = Rc::new(Piece { position, path, duration, end, seen: now, slack, length });
        self.pieces.insert(position, Rc::clone(&piece));
        while self.pieces.len() > PIECES {
            self.pieces.pop_first();
        }
        piece
    }
}

/// The body unpacked, where it is packed.
pub fn plain_text(response: &Response) -> std::io::Result<Option<Vec<u8>>> {
    if !response.gzip {
        return Ok(None);
    }
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&response.body[..]).take(TEXT_MAX).read_to_end(&mut text)?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const TEXT: &str = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PART-INF:PART-TARGET=0.64\n\
        #EXT-X-MAP:URI=\"low/init.mp4\"\n#EXTINF:3.84,\nlow/0.m4s\n\
        #EXT-X-PART:DURATION=0.64,URI=\"low/1.0.m4s\"\n";

    fn answer(body: &[u8]) -> Response {
        Response { status: 200, length: body.len() as u64, body: body.to_vec(), ..Response::default() }
    }

    fn catalog(diet: Diet) -> Catalog {
        Catalog::new(diet, "/live/demo/7/low.m3u8".into())
    }

    #[test]
    fn the_same_bytes_are_the_same_list() {
        let (mut catalog, now) = (catalog(Diet::Parts), Instant::now());
        let first = catalog.list(&answer(TEXT.as_bytes()), now).unwrap();
        let second = catalog.list(&answer(TEXT.as_bytes()), now).unwrap();
        assert!(Rc::ptr_eq(&first, &second));
        assert_eq!(first.init.as_deref(), Some("/live/demo/7/low/init.mp4"));
    }

    #[test]
    fn a_part_listed_twice_is_one_piece_with_one_release() {
        let (mut catalog, now) = (catalog(Diet::Parts), Instant::now());
        let first = catalog.list(&answer(TEXT.as_bytes()), now).unwrap();
        let longer = format!("{TEXT}#EXT-X-PART:DURATION=0.64,URI=\"low/1.1.m4s\"\n");
        let later = now + Duration::from_millis(640);
        let second = catalog.list(&answer(longer.as_bytes()), later).unwrap();
        assert!(Rc::ptr_eq(&first.pieces[0], &second.pieces[0]));
        assert_eq!((second.pieces[0].seen, second.pieces[1].seen), (now, later));
        assert_eq!(second.pieces[1].slack, Duration::from_secs_f64(12.0 - 0.64), "no PART-HOLD-BACK said");
    }

    #[test]
    fn a_gzipped_playlist_reads_like_a_plain_one() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(TEXT.as_bytes()).unwrap();
        let packed = packer.finish().unwrap();
        let (mut catalog, now) = (catalog(Diet::Parts), Instant::now());
        let list = catalog.list(&Response { gzip: true, ..answer(&packed) }, now).unwrap();
        assert_eq!(list.pieces[0].path, "/live/demo/7/low/1.0.m4s");
        let cut = Response { gzip: true, ..answer(&packed[..packed.len() / 2]) };
        assert!(matches!(catalog.list(&cut, now), Err(Fault::Playlist)));
    }

    #[test]
    fn those_who_take_no_parts_get_segments() {
        let list = catalog(Diet::Segments).list(&answer(TEXT.as_bytes()), Instant::now()).unwrap();
        assert_eq!(list.pieces[0].path, "/live/demo/7/low/0.m4s");
        assert_eq!((list.pieces.len(), list.next), (1, Position { msn: 1, part: 0 }));
        assert_eq!(list.distance, 12.0);
    }

    #[test]
    fn a_piece_has_one_length_and_is_never_empty() {
        let list = catalog(Diet::Parts).list(&answer(TEXT.as_bytes()), Instant::now()).unwrap();
        assert_eq!(list.pieces[0].came(400), Ok(()));
        assert_eq!(list.pieces[0].came(400), Ok(()));
        assert_eq!(list.pieces[0].came(399), Err(Fault::Length));
        let list = catalog(Diet::Parts).list(&answer(TEXT.as_bytes()), Instant::now()).unwrap();
        assert_eq!(list.pieces[0].came(0), Err(Fault::Length));
    }
}
