//! The playlists of what is stored of a run: they grow while it is on air, and end with it.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use cdn::{Caching, Listing, Object};
use media::MediaTime;
use origin::{RunDir, RunRecord};
use packager::playlist::{RecordingPlaylist, multivariant};
use packager::recording::Piece;
use packager::{Grid, Msn};

use super::piece::RunName;

/// One stretch of a run, as it is to be listed.
#[derive(Clone, Debug)]
pub(super) struct HeardLists {
    pub(super) record: Arc<RunRecord>,
    pub(super) listing: Listing,
    /// Its slots, with how many parts they hold; none where a slot was lost.
    pub(super) slots: Vec<(Msn, Option<u16>)>,
    /// Slots on which the encoders were started anew.
    pub(super) discontinuities: BTreeSet<Msn>,
}

impl HeardLists {
    /// Its Media Playlists.
    pub(super) fn media(&self, run: &RunName) -> io::Result<Vec<Object>> {
        let (ladder, pieces) = (self.record.ladder(), self.pieces());
        let from = pieces.first().map_or(MediaTime::default(), |first| first.start(ladder.grid()));
        let playlist = RecordingPlaylist {
            pieces: &pieces,
            grid: ladder.grid(),
            anchor: self.record.anchor,
            from,
            over: self.listing.over,
            uncut: true,
            ranges: &[],
        };
        let caching = if self.listing.over { Caching::Ended } else { Caching::Growing };
        let folder = self.folder();
        let list =
            |rung| list(run, &format!("{folder}/{rung}.m3u8"), playlist.write(rung, "../../", &[]), caching);
        ladder.listed().map(|rung| list(rung.id)).collect()
    }

    /// The Multivariant Playlists that lead to them, where they do not yet: beside them, and at the broadcast's
    /// address unless a newer run is there.
    pub(super) fn indexes(&self, run: &RunName, media_dir: &Path) -> io::Result<Vec<Object>> {
        if !self.listing.new {
            return Ok(Vec::new());
        }
        let (ladder, folder) = (self.record.ladder(), self.folder());
        let beside = multivariant::of_recording("", &ladder);
        let mut indexes = vec![list(run, &format!("{folder}/index.m3u8"), beside, Caching::Ended)?];
        if is_newest(run, media_dir)? {
            let text = multivariant::of_recording(&format!("{}/{folder}/", run.run()), &ladder);
            indexes.push(address(run, text)?);
        }
        Ok(indexes)
    }

    fn folder(&self) -> String {
        format!("heard/{}", self.listing.first)
    }

    fn pieces(&self) -> Vec<Piece> {
        let grid = self.record.ladder().grid();
        let full = grid.parts_per_slot();
        let mut pieces: Vec<Piece> = Vec::with_capacity(self.slots.len());
        for &(msn, parts) in &self.slots {
            let (gap, parts) = (parts.is_none(), parts.map_or(full, |parts| parts.min(full)));
            if parts == 0 {
                continue;
            }
            let mut piece = Piece { msn, parts: 0..parts, whole: true, discontinuity: false, gap };
            piece.discontinuity = pieces.last().is_some_and(|before| self.breaks(grid, before, &piece));
            pieces.push(piece);
        }
        pieces
    }

    fn breaks(&self, grid: Grid, before: &Piece, piece: &Piece) -> bool {
        let anew = self.discontinuities.range(before.msn.next()..=piece.msn).next().is_some();
        anew || before.end(grid) != piece.start(grid)
    }
}

/// Whether no newer run of its broadcast lies here.
pub(super) fn is_newest(run: &RunName, media_dir: &Path) -> io::Result<bool> {
    Ok(RunDir::runs(media_dir, run.broadcast())?.last().is_none_or(|newest| newest <= run.run()))
}

/// A playlist of a run.
pub(super) fn list(run: &RunName, name: &str, text: String, caching: Caching) -> io::Result<Object> {
    let key = run
        .key(name)
        .ok_or_else(|| io::Error::other(format!("{name} of {run:?} is no name of an object")))?;
    Ok(Object { key, bytes: Bytes::from(text), caching })
}

/// The playlist at the address of a run's broadcast.
pub(super) fn address(run: &RunName, text: String) -> io::Result<Object> {
    let key = run.address().ok_or_else(|| io::Error::other(format!("{run:?} is no name of an object")))?;
    Ok(Object { key, bytes: Bytes::from(text), caching: Caching::Growing })
}
