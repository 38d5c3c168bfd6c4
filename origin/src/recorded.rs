//! Requests for recordings: below `/live/{id}/{run}/rec/{recording}/`, and where the broadcast was heard on air.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use media::RungId;
use packager::playlist::{RecordingPlaylist, multivariant};
use packager::recording::{Piece, pieces};
use packager::{Grid, Msn, Window, fragment};

use crate::response::{self, Keep};
use crate::serve::{Served, accepts_gzip};
use crate::stats::Egress;
use crate::view::compress;
use crate::{Body, Origin, Recorded, Shelf};

impl Origin {
    /// A recording's Multivariant Playlist, or that of a rung.
    pub(crate) fn recording(
        self: &Arc<Self>,
        shelf: Arc<Shelf>,
        folder: &str,
        rung: Option<RungId>,
        headers: &HeaderMap,
    ) -> Served {
        let found = shelf.recordings().iter().find(|recorded| recorded.folder == folder).cloned();
        let Some(recorded) = found else { return self.not_found("no such recording").into() };
        let gzip = accepts_gzip(headers);
        let Some(rung) = rung else {
            let text = multivariant::of_recording("", shelf.ladder());
            return self.recording_playlist(&shelf, &recorded, text, gzip).into();
        };
        if !shelf.ladder().lists(rung) {
            return self.not_found("this broadcast does not list this rendition").into();
        }
        let origin = Arc::clone(self);
        Served::later(async move {
            let (read, played) = (Arc::clone(&shelf), recorded.clone());
            let written =
                tokio::task::spawn_blocking(move || read.recording_playlist(&played, rung, |_| false)).await;
            let written = written.unwrap_or_else(|stopping| Err(io::Error::other(stopping)));
            written.map_or_else(
                |error| {
                    tracing::error!(run = %shelf.run(), %error, "recording {} cannot be listed", recorded.id);
                    response::retry_later(StatusCode::SERVICE_UNAVAILABLE, "the recording cannot be read", 5)
                },
                |text| origin.recording_playlist(&shelf, &recorded, text, gzip),
            )
        })
    }

    fn recording_playlist(
        &self,
        shelf: &Shelf,
        recorded: &Recorded,
        text: String,
        gzip: bool,
    ) -> Response<Body> {
        let bytes: Bytes = if gzip { compress(text.as_bytes()) } else { text.into() };
        self.stats.add_egress(Egress::Playlist, bytes.len());
        let over = is_over(recorded, &shelf.view().window);
        response::playlist(bytes, gzip, if over { Keep::Recording } else { Keep::Newest })
    }
}

/// Whether everything that a recording plays can be listed.
fn is_over(recorded: &Recorded, window: &Window) -> bool {
    let complete = window.last_closed().map_or(Grid::FIRST, Msn::next).start();
    window.ended() || recorded.span.to.is_some_and(|to| to <= complete)
}

impl Shelf {
    /// Whether everything that a recording plays can be listed.
    pub fn is_over(&self, recorded: &Recorded) -> bool {
        is_over(recorded, &self.view().window)
    }

    /// What a recording plays, as far as it can be listed now.
    pub fn pieces(&self, recorded: &Recorded) -> Vec<Piece> {
        pieces(&self.view().window, recorded.span)
    }

    /// The playlist of one rung of a recording, with a gap for each segment that is `lost` where it will lie. Reads the
    /// segments that it plays only parts of; blocks.
    pub fn recording_playlist(
        &self,
        recorded: &Recorded,
        rung: RungId,
        lost: impl Fn(Msn) -> bool,
    ) -> io::Result<String> {
        let view = self.view();
        let window = &view.window;
        let (grid, anchor) = (window.ladder().grid(), window.anchor());
        let mut pieces = pieces(window, recorded.span);
        let mut bytes = Vec::new();
        for piece in &mut pieces {
            piece.gap = lost(piece.msn);
            if !piece.whole {
                bytes.push(range_of(self, rung, piece)?);
            }
        }
        let over = is_over(recorded, window);
        let playlist = RecordingPlaylist {
            pieces: &pieces,
            grid,
            anchor,
            from: recorded.span.from,
            over,
            uncut: recorded.is_uncut(),
            ranges: &if over { self.files().read_ranges()? } else { Vec::new() },
        };
        Ok(playlist.write(rung, "../../", &bytes))
    }
}

/// Where the parts of a piece lie in its segment's file.
fn range_of(shelf: &Shelf, rung: RungId, piece: &Piece) -> io::Result<Range<u64>> {
    let segment = shelf.files().read_segment(rung, piece.msn)?;
    let lengths: Vec<_> = fragment::split_parts(&segment).iter().map(|part| part.len() as u64).collect();
    let within = usize::from(piece.parts.start)..usize::from(piece.parts.end);
    let cut =
        io::Error::new(io::ErrorKind::InvalidData, format!("segment {} holds too few parts", piece.msn));
    let played = lengths.get(within.clone()).ok_or(cut)?;
    let start: u64 = lengths[..within.start].iter().sum();
    Ok(start..start + played.iter().sum::<u64>())
}
