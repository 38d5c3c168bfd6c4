//! `docs/COST.md`, made from the model.

use std::fmt::Write as _;

use media::AudioProfile;
use packager::LatencyMode;

use super::prices::{AS_OF, PRICES};
use super::report::rows;
use super::{Audience, Bill, PUTS_PER_SEGMENT, Prices, Traffic};

const HEAD: &str = "# What an audience costs

Made by `UPDATE_DOCS=1 cargo test -p onair --test edge`; do not edit it.

`onair cost --listeners N --hours H` answers for other audiences, other prices (`--price-…`), other profiles
(`--profile`), one mode (`--mode`), and as JSON (`--json`). It needs no station and no network.

## What one listener makes in an hour

Each listener asks for a playlist and for a part at every step of the grid, or for a playlist and a segment where no
parts are listed. Sizes are measured: the packager makes the parts and playlists of a run that has been on air for an
hour, playlists are Playlist Delta Updates under gzip, and the heads of the answers are the origin's as HTTP/1.1 writes
them (HTTP/2 and 3 write them shorter). The listener hears the rung `main`. Requests' own bytes, TLS and TCP are not in
it.

";

const BETWEEN: &str = "
Between the station and an edge that asks once for each thing, a broadcast makes, whatever the audience:

";

const MONEY: &str = "
## Money

";

const ASSUMED: &str = "
What is assumed besides: everybody stays to the end and joins once; a segment is a PUT and a quarter, itself and
its playlist, which is written again for every fourth slot (and less often after an hour); what was recorded is kept for
a month; the function and the web ACL look at every request. The web ACL's monthly fee, Bot Control, logs, DNS and the
machine itself are not in it. Large audiences pay less a GB than the first price step, and a contract less than that.

";

/// The whole document.
pub fn markdown() -> String {
    let mut text = HEAD.to_owned();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "| profile, mode | requests | playlist, bytes | media, bytes | kb/s | of them sound |"
    );
    let _ = writeln!(text, "| --- | ---: | ---: | ---: | ---: | ---: |");
    for (profile, traffic) in measured() {
        let sound = profile.rungs()[0].bit_rate;
        let _ = writeln!(
            text,
            "| {profile}, {} | {:.0} | {:.0} | {:.0} | {:.1} | {:.0} |",
            traffic.mode,
            traffic.playlists + traffic.media,
            traffic.playlist_bytes,
            traffic.media_bytes,
            traffic.listener_bits() / 1e3,
            f64::from(sound) / 1e3,
        );
    }
    text.push_str(BETWEEN);
    let _ = writeln!(text, "| profile, mode | requests an hour | requests a second | Mb/s |");
    let _ = writeln!(text, "| --- | ---: | ---: | ---: |");
    for (profile, traffic) in measured() {
        let _ = writeln!(
            text,
            "| {profile}, {} | {:.0} | {:.2} | {:.3} |",
            traffic.mode,
            traffic.origin_requests,
            traffic.origin_requests / 3_600.0,
            traffic.origin_bits() / 1e6,
        );
    }
    text.push_str(MONEY);
    let _ = writeln!(text, "Prices are assumptions: {AS_OF}. Each is a flag:\n");
    let _ = writeln!(text, "| flag | $ | for |\n| --- | ---: | --- |");
    for price in &PRICES {
        let _ = writeln!(text, "| `--{}` | {} | {} |", price.flag, price.default, price.help);
    }
    text.push_str(ASSUMED);
    let traffic = LatencyMode::ALL.map(|mode| Traffic::measure(AudioProfile::Standard, mode));
    for listeners in [1_000.0, 10_000.0, 100_000.0] {
        let audience = Audience {
            listeners,
            hours: 1.0,
            joins: 1.0,
            puts_per_segment: PUTS_PER_SEGMENT,
            kept_months: 1.0,
            guarded: true,
        };
        let _ = writeln!(text, "### {listeners} listeners for an hour, profile `standard`\n");
        let mut table = String::new();
        rows(&mut table, &Bill::all(&traffic, &audience, &Prices::default()), |cells| {
            format!("| {} |", cells.join(" | ").trim_start())
        });
        // Below the head stands the line that aligns the columns.
        let (head, rest) = table.split_once('\n').unwrap_or_default();
        let _ = writeln!(text, "{head}\n| --- | ---: | ---: | ---: |\n{rest}");
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn measured() -> impl Iterator<Item = (AudioProfile, Traffic)> {
    let profiles = AudioProfile::ALL;
    profiles
        .into_iter()
        .flat_map(|profile| LatencyMode::ALL.map(|mode| (profile, Traffic::measure(profile, mode))))
}
