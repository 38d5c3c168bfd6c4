//! What one listener, and one broadcast, make of requests and bytes.

use std::fmt::Write as _;
use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Response;
use media::{AccessUnit, AudioProfile, MediaDuration, Rung, RungId};
use origin::response::{self, Conditions, Keep};
use packager::playlist::{Kind, MediaPlaylist, Skip, multivariant, part_name};
use packager::{
    Grid, InitSection, Ladder, LatencyMode, Msn, Packager, PartIndex, Position, RunId, WallClock, Window,
};

/// A run of an hour: its window is full, and its numbers are as long as they mostly are.
const SLOT: u64 = 1_000;

/// Slots before it, so that nothing of the run's beginning is listed any more.
const LISTED: u64 = 20;

/// `AudioSpecificConfig` of AAC-LC at 48 kHz; its five bytes at most do not depend on the rung.
const AAC_CONFIG: [u8; 2] = [0x11, 0x90];

/// What one listener asks for in an hour, and what a whole broadcast asks the station and the store for.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// How close to the live edge.
    pub mode: LatencyMode,
    /// Playlist requests of one listener in an hour: one for each part, or for each segment where none are listed.
    pub playlists: f64,
    /// Media requests of one listener in an hour: parts, or segments.
    pub media: f64,
    /// Bytes of one playlist's answer: a Playlist Delta Update under gzip with its head, the mean over a slot.
    pub playlist_bytes: f64,
    /// Bytes of one media answer with its head, for the main rung.
    pub media_bytes: f64,
    /// Requests of somebody who begins to listen: multivariant, whole playlist, init section.
    pub join_requests: f64,
    /// Bytes of these, with their heads.
    pub join_bytes: f64,
    /// Requests that the station gets in an hour from an edge that asks once for each thing, all rungs together.
    pub origin_requests: f64,
    /// Bytes of their answers.
    pub origin_bytes: f64,
    /// Segments of all rungs in an hour: what is stored.
    pub segments: f64,
    /// Their bytes.
    pub stored_bytes: f64,
}

/// What one playlist or one piece of media weighs.
struct Weights {
    playlist: f64,
    media: f64,
}

impl Traffic {
    /// Measures what `profile` makes in `mode`.
    pub fn measure(profile: AudioProfile, mode: LatencyMode) -> Self {
        let ladder = Ladder::new(profile, mode);
        let kind = Kind::of(mode);
        let slots = 3_600.0 / seconds(Grid::SLOT);
        let updates = if kind.lists_parts(mode) { f64::from(ladder.grid().parts_per_slot()) } else { 1.0 };
        let parts = parts(profile, mode);
        let weigh = |rung: &Rung| Weights {
            playlist: mean_playlist(&ladder, rung.id, kind),
            media: media_bytes(&parts, rung.id, kind.lists_parts(mode)),
        };
        let main = weigh(&ladder.rungs()[RungId::Main as usize]);
        let (playlists, media) = (updates * slots, updates * slots);
        let listed: Vec<Weights> = ladder.listed().map(weigh).collect();
        let stored = RungId::ALL.map(|rung| body_bytes(&parts, rung)).iter().sum::<f64>();
        Self {
            mode,
            playlists,
            media,
            playlist_bytes: main.playlist,
            media_bytes: main.media,
            join_requests: 3.0,
            join_bytes: join_bytes(&ladder, kind),
            origin_requests: 2.0 * updates * slots * listed.len() as f64,
            origin_bytes: updates * slots * listed.iter().map(|rung| rung.playlist + rung.media).sum::<f64>(),
            segments: slots * ladder.rungs().len() as f64,
            stored_bytes: stored * slots,
        }
    }

    /// Bits a second that one listener takes, joins left out.
    pub fn listener_bits(&self) -> f64 {
        8.0 * (self.playlists * self.playlist_bytes + self.media * self.media_bytes) / 3_600.0
    }

    /// Bits a second that an edge takes from the station for one broadcast.
    pub fn origin_bits(&self) -> f64 {
        8.0 * self.origin_bytes / 3_600.0
    }
}

fn seconds(duration: MediaDuration) -> f64 {
    duration.ticks() as f64 / 48_000.0
}

/// One slot's parts, every rung, as the packager makes them from access units as large as the bit rate says.
fn parts(profile: AudioProfile, mode: LatencyMode) -> Vec<(Position, [Bytes; 3])> {
    let run = RunId::parse("00w6ge2h532ci").expect("a name of a run");
    let rungs = profile.rungs();
    let mut packager = Packager::new(run, 1, Grid::new(mode), &rungs, Msn(SLOT), false);
    for rung in &rungs {
        let frames = rung.unit_frames();
        let mut owed = 0_u64;
        for n in 0..Grid::SLOT.ticks() / frames {
            // The bits that a unit's whole bytes leave over go into the next.
            owed += u64::from(rung.bit_rate) * frames;
            let size = owed / (48_000 * 8);
            owed -= size * 48_000 * 8;
            let unit = AccessUnit {
                time: Msn(SLOT).start() + MediaDuration::from_ticks(n * frames),
                duration: MediaDuration::from_ticks(frames),
                data: Bytes::from(vec![0x5a; size as usize]),
            };
            packager.push(rung.id, unit).expect("units of one slot follow each other");
        }
    }
    let steps = std::iter::from_fn(|| packager.poll_output());
    let parts = steps.map(|step| {
        let bytes = RungId::ALL.map(|rung| step.rung(rung).expect("a step has every rung").clone());
        (step.position, bytes)
    });
    parts.collect()
}

/// Media of one rung in a slot, without heads.
fn body_bytes(parts: &[(Position, [Bytes; 3])], rung: RungId) -> f64 {
    parts.iter().map(|(_, bytes)| bytes[rung as usize].len()).sum::<usize>() as f64
}

/// One media answer, the mean of a slot.
fn media_bytes(parts: &[(Position, [Bytes; 3])], rung: RungId, in_parts: bool) -> f64 {
    let answer = |bytes: &Bytes, position| {
        wire(&response::media(bytes, &part_name(rung, position), &Conditions::default())) + bytes.len()
    };
    let of_parts: usize =
        parts.iter().map(|(position, bytes)| answer(&bytes[rung as usize], *position)).sum();
    if in_parts {
        return of_parts as f64 / parts.len() as f64;
    }
    let whole: Vec<u8> = parts.iter().flat_map(|(_, bytes)| bytes[rung as usize].to_vec()).collect();
    answer(&whole.into(), Position { msn: Msn(SLOT), part: PartIndex(0) }) as f64
}

/// The window before slot `SLOT`.
fn window(ladder: &Ladder) -> Window {
    let mut window = Window::open(*ladder, WallClock(1_795_248_930_120_000));
    let mut next = Position { msn: Msn(SLOT - LISTED), part: PartIndex(0) };
    while next.msn.0 < SLOT {
        window.apply(next, false).expect("positions follow each other");
        next = ladder.grid().after(next);
    }
    window
}

/// One playlist's answer, the mean of a slot's updates.
fn mean_playlist(ladder: &Ladder, rung: RungId, kind: Kind) -> f64 {
    let mut window = window(ladder);
    let mut next = Position { msn: Msn(SLOT), part: PartIndex(0) };
    let (mut bytes, mut updates) = (0, 0);
    while next.msn.0 == SLOT {
        window.apply(next, false).expect("positions follow each other");
        next = ladder.grid().after(next);
        if kind == Kind::Parts || next.msn.0 != SLOT {
            bytes += playlist_answer(&MediaPlaylist { rung, kind }.write(&window, Skip::Yes), Keep::Blocking);
            updates += 1;
        }
    }
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / f64::from(updates)
}

fn join_bytes(ladder: &Ladder, kind: Kind) -> f64 {
    let run = RunId::parse("00w6ge2h532ci").expect("a name of a run");
    let multivariant = playlist_answer(&multivariant::write(&run, ladder, kind), Keep::Newest);
    let main = RungId::Main;
    let whole =
        playlist_answer(&MediaPlaylist { rung: main, kind }.write(&window(ladder), Skip::No), Keep::Newest);
    let init = InitSection::new(&ladder.rungs()[main as usize], &AAC_CONFIG).bytes().clone();
    let init = init.len() + wire(&response::media(&init, run.as_str(), &Conditions::default()));
    (multivariant + whole + init) as f64
}

fn playlist_answer(text: &str, keep: Keep) -> usize {
    // As the origin packs it.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(5));
    let packed = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    let packed = packed.expect("writing to a Vec cannot fail");
    let length = packed.len();
    length + wire(&response::playlist(packed.into(), true, keep))
}

/// The head of an answer as HTTP/1.1 writes it. HTTP/2 and 3 write it shorter.
fn wire<B>(response: &Response<B>) -> usize {
    let mut head = String::new();
    // Writing to a String cannot fail.
    let _ = write!(head, "HTTP/1.1 {}\r\ndate: Sat, 21 Nov 2026 20:00:00 GMT\r\n\r\n", response.status());
    head.len()
        + response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(mode: LatencyMode) -> Traffic {
        Traffic::measure(AudioProfile::Standard, mode)
    }

    #[test]
    fn requests_follow_the_grid() {
        // 3,600 s are 937.5 slots.
        for (mode, updates) in
            [(LatencyMode::Ultra, 30.0), (LatencyMode::Low, 6.0), (LatencyMode::Standard, 1.0)]
        {
            let traffic = traffic(mode);
            assert_eq!((traffic.playlists, traffic.media), (937.5 * updates, 937.5 * updates), "{mode}");
            assert_eq!(traffic.segments, 937.5 * 3.0);
        }
        assert_eq!(traffic(LatencyMode::Low).origin_requests, 2.0 * 6.0 * 937.5 * 3.0);
        assert_eq!(
            traffic(LatencyMode::Ultra).origin_requests,
            2.0 * 30.0 * 937.5 * 2.0,
            "Opus is not listed"
        );
    }

    #[test]
    fn media_is_the_bit_rate_and_what_is_around_it() {
        for mode in LatencyMode::ALL {
            let traffic = traffic(mode);
            let media = 8.0 * traffic.media * traffic.media_bytes / 3_600.0;
            assert!(media > 96_000.0 && media < 96_000.0 * 1.6, "{mode}: {media} b/s");
            // Three rungs of 96, 48 and 64 kb/s are kept, with their boxes and without heads.
            let stored = 8.0 * traffic.stored_bytes / 3_600.0;
            assert!(stored > 208_000.0 && stored < 208_000.0 * 1.2, "{mode}: {stored} b/s");
        }
    }

    #[test]
    fn the_closer_to_the_edge_the_more_passes_the_wire() {
        let [ultra, low, standard] = LatencyMode::ALL.map(|mode| traffic(mode).listener_bits());
        assert!(ultra > low && low > standard, "{ultra} {low} {standard}");
    }
}
