//! Each speaker by themselves, from the hall to the disk.

use ::recording::speaker_track::Form;
use bytes::Bytes;
use ingest::Media;
use media::{AccessUnit, Channels, Codec, MediaDuration, MediaTime, Timescale, TrackInfo};
use packager::{Grid, RunId, Span};

use super::*;
use crate::recordings::speaker_tracks::{SpeakerTracks, Spoken};

fn with_tracks(id: &str) -> Card {
    Card { recorded: true, tracks: true, ..card(id) }
}

fn opus() -> TrackInfo {
    TrackInfo {
        codec: Codec::Opus,
        timescale: Timescale::PROGRAMME,
        sample_rate: 48_000,
        channels: Channels::Stereo,
        config: Bytes::new(),
    }
}

/// Says so many packets of 20 ms at once.
fn say(sink: &mut Sink, packets: u64) {
    sink.push(Instant::now(), Media::Track(opus()));
    for n in 0..packets {
        let unit = AccessUnit {
            time: MediaTime::from_ticks(n * 960),
            duration: MediaDuration::default(),
            data: Bytes::from_static(&[0xfc, 0xff, 0xfe]),
        };
        sink.push(Instant::now(), Media::Unit(unit));
    }
}

impl Open {
    /// The tracks of the only run, once this is true of them.
    async fn tracks(&self, id: &str, run: &RunId, are: impl Fn(&[Spoken]) -> bool) -> Vec<Spoken> {
        let tracks = SpeakerTracks::of(&self.folder.path().join("live"), id, run);
        loop {
            let spoken = tracks.list().unwrap();
            if are(&spoken) {
                return spoken;
            }
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_speaker_is_kept_by_themselves_while_it_is_recorded() {
    let open = Open::with([with_tracks("a")]);
    let run = open.handle.start(with_tracks("a")).await.unwrap().run;
    let mut host = open.publish("a", "key").await.unwrap();
    say(&mut host, 100);
    drop(host);
    let first = open.tracks("a", &run, |all| all.len() == 1 && all[0].length.is_some()).await.remove(0);
    assert_eq!((first.form, first.protocol.as_str()), (Form::Opus, Protocol::Rtmp.name()));
    assert_eq!(first.length.unwrap().ticks(), 96_000);
    let file =
        std::fs::read(open.folder.path().join("live/a").join(run.as_str()).join("tracks/1.opus")).unwrap();
    assert_eq!((file.len() as u64, &file[..4]), (first.bytes, &b"OggS"[..]));
    assert!(first.from >= Grid::FIRST.start(), "{first:?}");

    // Whoever comes again begins another one, later; the hall may not know yet that the first has left.
    let mut host = loop {
        if let Ok(host) = open.publish("a", "key").await {
            break host;
        }
    };
    say(&mut host, 50);
    let all = open.tracks("a", &run, |all| all.len() == 2 && all[1].bytes > 200).await;
    assert!(all[1].from > first.from && all[1].length.is_none(), "{all:?}");
    let shelf = open.handle.live("a").unwrap().shelf;
    shelf.watch().wait_for(|view| view.window.end_time() > all[1].from).await.unwrap();
    // What is not recorded is not kept so either.
    let note = open.handle.stop_recording("a").await.unwrap();
    let recorded = Span { from: note.from, to: note.to };
    say(&mut host, 1);
    open.tracks("a", &run, |all| all[1].length.is_some()).await;
    open.handle.end("a", EndReason::ByHost).await.unwrap();
    drop(host);
    let folder = open.close().await;
    let tracks = SpeakerTracks::of(&folder.path().join("live"), "a", &run);
    assert_eq!(tracks.within(recorded).unwrap().len(), 2);
}
