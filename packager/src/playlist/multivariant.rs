//! Multivariant Playlists: the renditions of a run.

use std::fmt::Write;

use super::{Kind, playlist_name};
use crate::ladder::codecs;
use crate::{Ladder, RunId};

/// The Multivariant Playlist of a run, as it stands at `/live/{id}/index.m3u8` or `standard.m3u8`: its
/// URIs lead below `{run}/`. Constant for the run.
pub fn write(run: &RunId, ladder: &Ladder, kind: Kind) -> String {
    let mut out = String::from("#EXTM3U\n#EXT-X-VERSION:10\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    for rung in ladder.listed() {
        writeln!(
            out,
            "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{}\",NAME=\"{name}\",\
             STABLE-VARIANT-ID=\"{name}\"\n{run}/{}",
            ladder.bandwidth(rung),
            ladder.average_bandwidth(rung),
            codecs(*rung),
            playlist_name(rung.id, kind),
            name = rung.id,
        )
        .expect("a String always takes more");
    }
    out
}
