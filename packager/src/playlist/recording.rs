//! The Media Playlists of a recording: every segment from its beginning to its end (RFC 8216bis 4.4.3.5).

use std::ops::Range;

use media::{MediaTime, RungId, Timescale};

use super::media_playlist::{push, seconds};
use super::{init_name, segment_name};
use crate::recording::Piece;
use crate::{Grid, ToldRange, WallClock};

/// What a recording's playlists say, the same for every rung.
#[derive(Clone, Copy, Debug)]
pub struct RecordingPlaylist<'a> {
    /// What it plays, in order.
    pub pieces: &'a [Piece],
    /// How the run is cut.
    pub grid: Grid,
    /// The run's.
    pub anchor: WallClock,
    /// The sample that it begins with, in or before the first piece.
    pub from: MediaTime,
    /// Whether nothing will be added.
    pub over: bool,
    /// Whether it plays what was recorded from one end to the other. Such a playlist grew on air; one that was cut
    /// afterwards never did.
    pub uncut: bool,
    /// Date ranges of the run. Told at the end: a playlist that grows says nothing before what it has said.
    pub ranges: &'a [ToldRange],
}

impl RecordingPlaylist<'_> {
    /// The playlist of `rung`. `up` leads from it to the run. `bytes` are, for each piece that is not whole, where
    /// its parts lie in the segment's file, in order.
    pub fn write(&self, rung: RungId, up: &str, bytes: &[Range<u64>]) -> String {
        let mut out = String::with_capacity(300 + 110 * self.pieces.len());
        let kind = if self.uncut { "EVENT" } else { "VOD" };
        // EXT-X-GAP is of version 8.
        let version = if self.pieces.iter().any(|piece| piece.gap) { "8" } else { "7" };
        push(&mut out, &["#EXTM3U\n#EXT-X-VERSION:", version, "\n#EXT-X-TARGETDURATION:"]);
        push(
            &mut out,
            &[&Grid::TARGET_DURATION.to_string(), "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:"],
        );
        push(&mut out, &[kind, "\n"]);
        if let Some(first) = self.pieces.first()
            && self.from > first.start(self.grid)
        {
            let lead = self.from.ticks() - first.start(self.grid).ticks();
            let lead = lead as f64 / f64::from(Timescale::PROGRAMME.hz());
            push(&mut out, &["#EXT-X-START:TIME-OFFSET=", &format!("{lead:.6}"), ",PRECISE=YES\n"]);
        }
        push(&mut out, &["#EXT-X-MAP:URI=\"", up, &init_name(rung), "\"\n"]);
        let mut bytes = bytes.iter();
        for (place, piece) in self.pieces.iter().enumerate() {
            if piece.discontinuity {
                out.push_str("#EXT-X-DISCONTINUITY\n");
            }
            if place == 0 || piece.discontinuity {
                let date = self.anchor.at(piece.start(self.grid)).to_string();
                push(&mut out, &["#EXT-X-PROGRAM-DATE-TIME:", &date, "\n"]);
            }
            if piece.gap {
                out.push_str("#EXT-X-GAP\n");
            }
            push(&mut out, &["#EXTINF:", &seconds(piece.duration(self.grid)), ",\n"]);
            if !piece.whole
                && let Some(bytes) = bytes.next()
            {
                let (length, offset) = (bytes.end - bytes.start, bytes.start);
                push(&mut out, &["#EXT-X-BYTERANGE:", &length.to_string(), "@", &offset.to_string(), "\n"]);
            }
            push(&mut out, &[up, &segment_name(rung, piece.msn), "\n"]);
        }
        if self.over {
            self.tell_ranges(&mut out);
            out.push_str("#EXT-X-ENDLIST\n");
        }
        out
    }

    fn tell_ranges(&self, out: &mut String) {
        let Some((first, last)) = self.pieces.first().zip(self.pieces.last()) else { return };
        let (start, end) = (first.start(self.grid), last.end(self.grid));
        let within = |range: &&ToldRange| {
            range.range.start() < end && range.range.end().is_none_or(|over| over > start)
        };
        for ToldRange { range, .. } in self.ranges.iter().filter(within) {
            out.push_str(&range.opening_tag(self.anchor));
            out.push_str(&range.closing_tag(self.anchor).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DateRange, Detail, LatencyMode, Msn, RangeClass};

    fn piece(msn: u64, parts: Range<u16>, whole: bool, discontinuity: bool) -> Piece {
        Piece { msn: Msn(msn), parts, whole, discontinuity, gap: false }
    }

    fn speaker(start: u64, end: Option<u64>) -> ToldRange {
        let start = MediaTime::from_ticks(start);
        let range = DateRange::open(RangeClass::Speaker, "a", start, &[(Detail::Name, "Ann".into())]);
        let range = match end {
            Some(end) => range.closed(MediaTime::from_ticks(end)),
            None => range,
        };
        ToldRange { range, began: start, over: None }
    }

    #[test]
    fn a_recording_that_grows_only_grows() {
        let pieces = [piece(8, 0..6, true, false), piece(9, 0..2, true, false), piece(12, 0..6, true, true)];
        let grid = Grid::new(LatencyMode::Low);
        let ranges = [speaker(8 * 184_320, None)];
        let playlist = |count: usize, over| {
            let from = Msn(8).start();
            let pieces = &pieces[..count];
            let playlist = RecordingPlaylist {
                pieces,
                grid,
                anchor: WallClock(0),
                from,
                over,
                uncut: true,
                ranges: &ranges,
            };
            playlist.write(RungId::Main, "../../", &[])
        };
        assert!(playlist(2, false).starts_with(&playlist(1, false)));
        assert!(playlist(3, true).starts_with(&playlist(3, false)));
        let whole = playlist(3, true);
        assert!(whole.contains("#EXT-X-PLAYLIST-TYPE:EVENT\n"));
        assert!(whole.contains("#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:46.080Z\n"));
        assert!(whole.contains("#EXTINF:1.28000,\n../../main/9.m4s\n"));
        assert!(whole.contains("X-ORG-ONAIR-NAME=\"Ann\"\n#EXT-X-ENDLIST\n"));
        assert!(!whole.contains("EXT-X-START"));
    }

    #[test]
    fn what_cannot_be_fetched_is_a_gap() {
        let lost = Piece { gap: true, ..piece(9, 0..6, true, false) };
        let pieces = [piece(8, 0..6, true, false), lost, piece(10, 0..6, true, false)];
        let playlist = RecordingPlaylist {
            pieces: &pieces,
            grid: Grid::new(LatencyMode::Low),
            anchor: WallClock(0),
            from: Msn(8).start(),
            over: false,
            uncut: true,
            ranges: &[],
        };
        let text = playlist.write(RungId::Main, "../../", &[]);
        assert!(text.contains("#EXT-X-VERSION:8\n"));
        assert!(text.contains("8.m4s\n#EXT-X-GAP\n#EXTINF:3.84000,\n../../main/9.m4s\n#EXTINF:"), "{text}");
    }

    #[test]
    fn a_cut_names_the_bytes_of_its_parts_and_the_sample_it_begins_with() {
        let pieces =
            [piece(8, 2..6, false, false), piece(9, 0..6, true, false), piece(10, 0..1, false, false)];
        let grid = Grid::new(LatencyMode::Low);
        let ranges =
            [speaker(8 * 184_320, Some(8 * 184_320 + 61_440)), speaker(9 * 184_320, Some(10 * 184_320))];
        let from = MediaTime::from_ticks(8 * 184_320 + 2 * 30_720 + 4_800);
        let playlist = RecordingPlaylist {
            pieces: &pieces,
            grid,
            anchor: WallClock(0),
            from,
            over: true,
            uncut: false,
            ranges: &ranges,
        };
        let text = playlist.write(RungId::Low, "../../", &[100..700, 0..150]);
        assert!(text.contains("#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-START:TIME-OFFSET=0.100000,PRECISE=YES\n"));
        assert!(text.contains("#EXTINF:2.56000,\n#EXT-X-BYTERANGE:600@100\n../../low/8.m4s\n"));
        assert!(text.contains("#EXTINF:3.84000,\n../../low/9.m4s\n"));
        assert!(text.contains("#EXTINF:0.64000,\n#EXT-X-BYTERANGE:150@0\n../../low/10.m4s\n"));
        assert_eq!(text.matches("END-DATE").count(), 1, "who had left before is not told of");
    }
}
