//! Media Playlists: one rung of a run, as it is listed now.

use std::fmt::Write;

use media::{MediaDuration, RungId, Timescale};

use super::{Kind, SKIP_UNTIL, init_name, part_name, playlist_name};
use crate::window::{Segment, Window};
use crate::{Grid, Kept, LatencyMode, Msn};

/// Whether a client asked for a Playlist Delta Update (`_HLS_skip`).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Skip {
    /// Everything.
    No,
    /// Segments that are newer than the skip boundary, and every date range (`YES`).
    Yes,
    /// What is newer than the skip boundary, date ranges too (`v2`).
    Ranges,
}

/// Writes the playlists of one rung.
///
/// Tags that must not change in a run (target durations, hold-backs, version, map) are written from the
/// ladder alone; all that moves comes from the [`Window`].
#[derive(Clone, Copy, Debug)]
pub struct MediaPlaylist {
    /// Whose playlist.
    pub rung: RungId,
    /// With or without parts, and how far back.
    pub kind: Kind,
}

impl MediaPlaylist {
    /// The playlist of `window`. With [`Skip::Yes`] a Playlist Delta Update where something can be
    /// skipped; an ended run is always whole (RFC 8216bis 6.2.5.1).
    pub fn write(&self, window: &Window, skip: Skip) -> String {
        let mode = window.ladder().grid().mode();
        let mut out = String::with_capacity(match mode {
            LatencyMode::Ultra => 14_000,
            LatencyMode::Low | LatencyMode::Standard => 6_000,
        });
        let (first, discontinuities) = match self.kind {
            Kind::Dvr => window.dvr_start(),
            Kind::Parts | Kind::Whole => (window.media_sequence(), window.discontinuity_sequence()),
        };
        self.head(&mut out, window, first, discontinuities);
        let older = usize::try_from(window.media_sequence().0 - first.0).unwrap_or(usize::MAX);
        let skipped = match skip {
            Skip::Yes | Skip::Ranges if !window.ended() => match self.skippable(window) {
                0 => 0,
                skippable => older + skippable,
            },
            Skip::Yes | Skip::Ranges | Skip::No => 0,
        };
        if skipped == 0 {
            push(&mut out, &["#EXT-X-MAP:URI=\"", &init_name(self.rung), "\"\n"]);
        } else {
            push(&mut out, &["#EXT-X-SKIP:SKIPPED-SEGMENTS=", &skipped.to_string()]);
            if skip == Skip::Ranges {
                out.push_str(",RECENTLY-REMOVED-DATERANGES=\"");
                for (place, id) in window.removed_ranges().enumerate() {
                    push(&mut out, &[if place == 0 { "" } else { "\t" }, id]);
                }
                out.push('"');
            }
            out.push('\n');
        }
        window.range_tags(skipped > 0 && skip == Skip::Ranges).for_each(|tag| out.push_str(tag));
        if skipped == 0 && older > 0 {
            self.older(&mut out, window, first);
        }
        for segment in window.segments().skip(skipped.saturating_sub(older)) {
            self.segment(&mut out, window, segment);
        }
        if window.ended() {
            out.push_str("#EXT-X-ENDLIST\n");
        } else {
            self.tail(&mut out, window);
        }
        out
    }

    /// Segments from the front that a delta update leaves out.
    fn skippable(self, window: &Window) -> usize {
        // The boundary counts from the end of this playlist, which without parts ends with the last
        // closed segment.
        let unlisted = if self.lists_parts(window) {
            0
        } else {
            window.segments().next_back().filter(|s| !s.closed).map_or(0, |open| window.frames(open))
        };
        window.skippable(SKIP_UNTIL * 48_000 + unlisted)
    }

    const fn lists_parts(self, window: &Window) -> bool {
        self.kind.lists_parts(window.ladder().grid().mode())
    }

    fn head(self, out: &mut String, window: &Window, first: Msn, discontinuities: u64) {
        let part = window.ladder().grid().part();
        push(out, &["#EXTM3U\n#EXT-X-VERSION:10\n#EXT-X-TARGETDURATION:"]);
        push(out, &[&Grid::TARGET_DURATION.to_string()]);
        push(out, &["\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL="]);
        push(out, &[&SKIP_UNTIL.to_string(), ".0,CAN-SKIP-DATERANGES=YES"]);
        if self.lists_parts(window) {
            let hold_back = MediaDuration::from_ticks(3 * part.ticks());
            push(out, &[",PART-HOLD-BACK=", &seconds(hold_back)]);
        }
        push(out, &[",HOLD-BACK=", &(3 * Grid::TARGET_DURATION).to_string(), ".0\n"]);
        if self.lists_parts(window) {
            push(out, &["#EXT-X-PART-INF:PART-TARGET=", &seconds(part), "\n"]);
        }
        push(out, &["#EXT-X-MEDIA-SEQUENCE:", &first.to_string()]);
        push(out, &["\n#EXT-X-DISCONTINUITY-SEQUENCE:", &discontinuities.to_string(), "\n"]);
    }

    /// What stands before the live window: every slot from `first` on, those without sound as GAP.
    fn older(self, out: &mut String, window: &Window, first: Msn) {
        let mut kept = window.archive().since(first).peekable();
        let mut msn = first;
        while msn < window.media_sequence() {
            let here = kept.next_if(|kept| kept.msn == msn);
            let Kept { parts, discontinuity, .. } =
                here.unwrap_or(Kept { msn, parts: 0, discontinuity: false });
            let date = window.anchor().at(msn.start()).to_string();
            self.segment(out, window, &Segment { msn, parts, closed: true, discontinuity, date });
            msn = msn.next();
        }
    }

    fn segment(self, out: &mut String, window: &Window, segment: &Segment) {
        if !self.lists_parts(window) && !segment.closed {
            return;
        }
        if segment.discontinuity {
            out.push_str("#EXT-X-DISCONTINUITY\n");
        }
        push(out, &["#EXT-X-PROGRAM-DATE-TIME:", &segment.date, "\n"]);
        if self.lists_parts(window) && window.lists_parts(segment) {
            let msn = segment.msn.to_string();
            let duration = seconds(window.ladder().grid().part());
            for part in 0..segment.parts {
                push(out, &["#EXT-X-PART:DURATION=", &duration, ",URI=\"", self.rung.name(), "/", &msn, "."]);
                number(out, part);
                out.push_str(".m4s\",INDEPENDENT=YES\n");
            }
        }
        if segment.closed {
            if segment.is_gap() {
                out.push_str("#EXT-X-GAP\n");
            }
            let duration = seconds(MediaDuration::from_ticks(window.frames(segment)));
            push(out, &["#EXTINF:", &duration, ",\n", self.rung.name(), "/"]);
            push(out, &[&segment.msn.to_string(), ".m4s\n"]);
        }
    }

    /// The preload hint and the rendition reports.
    fn tail(self, out: &mut String, window: &Window) {
        if self.lists_parts(window)
            && let Some(hint) = window.hint()
        {
            push(out, &["#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"", &part_name(self.rung, hint), "\"\n"]);
        }
        for other in window.ladder().listed().filter(|rung| rung.id != self.rung) {
            let name = playlist_name(other.id, self.kind);
            match (self.lists_parts(window), window.last()) {
                (true, Some(last)) => {
                    let (msn, part) = (last.msn.to_string(), last.part.to_string());
                    push(out, &["#EXT-X-RENDITION-REPORT:URI=\"", &name, "\",LAST-MSN=", &msn]);
                    push(out, &[",LAST-PART=", &part, "\n"]);
                }
                (true, None) | (false, _) => {
                    if let Some(msn) = window.last_closed() {
                        let msn = msn.to_string();
                        push(out, &["#EXT-X-RENDITION-REPORT:URI=\"", &name, "\",LAST-MSN=", &msn, "\n"]);
                    }
                }
            }
        }
    }
}

pub(super) fn push(out: &mut String, pieces: &[&str]) {
    for piece in pieces {
        out.push_str(piece);
    }
}

fn number(out: &mut String, value: u16) {
    write!(out, "{value}").expect("a String always takes more");
}

/// Seconds with five decimals, rounded up: a part's DURATION and PART-TARGET are the same text, and the
/// sum never falls short of the media.
pub(super) fn seconds(length: MediaDuration) -> String {
    let hz = u64::from(Timescale::PROGRAMME.hz());
    let scaled = (length.ticks() * 100_000).div_ceil(hz);
    format!("{}.{:05}", scaled / 100_000, scaled % 100_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p07_durations_come_from_sample_counts() {
        assert_eq!(seconds(MediaDuration::from_ticks(30_720)), "0.64000");
        assert_eq!(seconds(MediaDuration::from_ticks(6_144)), "0.12800");
        assert_eq!(seconds(Grid::SLOT), "3.84000");
    }
}
