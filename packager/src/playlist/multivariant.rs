//! Multivariant Playlists: the renditions of a run.

use std::fmt::Write;

use media::RungId;

use super::{Kind, playlist_name};
use crate::ladder::codecs;
use crate::{Ladder, RunId};

/// The Multivariant Playlist of a run, as it stands at `/live/{id}/index.m3u8` or `standard.m3u8`: its
/// URIs lead below `{run}/`. Constant for the run.
pub fn write(run: &RunId, ladder: &Ladder, kind: Kind) -> String {
    list(ladder, |rung| format!("{run}/{}", playlist_name(rung, kind)))
}

/// The Multivariant Playlist of a recording. `folder` leads to its Media Playlists: empty where it stands beside
/// them, or `{run}/rec/{id}/` at `/live/{id}/index.m3u8`, where the run was heard while it was on air.
pub fn of_recording(folder: &str, ladder: &Ladder) -> String {
    list(ladder, |rung| format!("{folder}{rung}.m3u8"))
}

fn list(ladder: &Ladder, uri: impl Fn(RungId) -> String) -> String {
    let mut out = String::from("#EXTM3U\n#EXT-X-VERSION:10\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    for rung in ladder.listed() {
        writeln!(
            out,
            "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{}\",NAME=\"{name}\",\
             STABLE-VARIANT-ID=\"{name}\"\n{}",
            ladder.bandwidth(rung),
            ladder.average_bandwidth(rung),
            codecs(*rung),
            uri(rung.id),
            name = rung.id,
        )
        .expect("a String always takes more");
    }
    out
}
