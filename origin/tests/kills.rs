//! A process that dies at any moment loses the part that it was writing, and nothing else.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod air;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use air::part_bytes;
use bytes::Bytes;
use http::{Method, StatusCode};
use media::{AudioProfile, MediaTime, RungId};
use origin::{Origin, Recorded, RunDir, RunRecord, Shelf};
use packager::recording::pieces_so_far;
use packager::{
    DateRange, Grid, GridStep, InitSection, LatencyMode, Msn, PartIndex, Position, RangeClass, RunId,
    RungPart, Span, WallClock, fragment,
};

/// How often it dies.
const DEATHS: u64 = 200;

/// Where the process that dies writes.
const FOLDER: &str = "ONAIR_TEST_FOLDER";

fn run() -> RunId {
    RunId::parse("0run").unwrap()
}

fn create(root: &Path) {
    let record = RunRecord {
        broadcast: "studio".into(),
        run: run(),
        anchor: WallClock(1_795_248_930_120_000),
        mode: LatencyMode::Low,
        profile: AudioProfile::Standard,
        fence: 0,
        discontinuities: Vec::new(),
        ended: false,
    };
    let inits = record.profile.rungs().map(|rung| InitSection::new(&rung, &[0x11, 0x90]));
    let dir = RunDir::create(root, record, &inits).unwrap();
    dir.files().write_recordings(&[Recorded::open("a".into(), MediaTime::default())]).unwrap();
}

/// The process that dies: goes on with the run where it was left, and says of each part when it is listed.
#[test]
#[ignore = "started by the test below, as a process of its own"]
fn writer() {
    let root = PathBuf::from(std::env::var_os(FOLDER).expect("the other test says where"));
    let found = RunDir::find(&root, "studio", &run()).unwrap();
    let (shelf, mut dir) = Shelf::new(found);
    let grid = shelf.ladder().grid();
    let last = shelf.view().window.last();
    let mut position = last.map_or(Position { msn: Grid::FIRST, part: PartIndex(0) }, |last| Position {
        msn: last.msn.next(),
        part: PartIndex(0),
    });
    let (first, speaker) = (position, position.msn.to_string());
    loop {
        let start = grid.start(position);
        let range = DateRange::open(RangeClass::Speaker, &speaker, start, &[]);
        let step = GridStep {
            run: run(),
            fence: 0,
            position,
            discontinuity: position == first && last.is_some(),
            ranges: if position == first { vec![range] } else { Vec::new() },
            rungs: RungId::ALL.map(|rung| RungPart { rung, bytes: part_bytes(rung, position) }).into(),
        };
        dir.append(&step).unwrap();
        shelf.apply(&step).unwrap();
        writeln!(stdout(), "listed {} {}", position.msn, position.part).unwrap();
        position = grid.after(position);
    }
}

/// Lets it write until it has listed `parts` parts, and kills it. Answers with all that it said.
fn live_and_die(root: &Path, parts: u64) -> Vec<Position> {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer", "--ignored", "--nocapture"])
        .env(FOLDER, root)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut listed = Vec::new();
    let mut hear = |lines: &mut dyn Iterator<Item = String>, most: usize| {
        for line in lines {
            let mut words = line.strip_prefix("listed ").into_iter().flat_map(|rest| rest.split(' '));
            let numbers = words
                .next()
                .and_then(|msn| msn.parse().ok())
                .zip(words.next().and_then(|part| part.parse().ok()));
            let Some((msn, part)) = numbers else { continue };
            listed.push(Position { msn: Msn(msn), part: PartIndex(part) });
            if listed.len() >= most {
                break;
            }
        }
    };
    hear(&mut lines, parts as usize + 1);
    writer.kill().unwrap();
    writer.wait().unwrap();
    hear(&mut lines, usize::MAX);
    listed
}

#[tokio::test]
async fn two_hundred_deaths_cost_a_part_each_at_most_and_the_recording_plays() {
    let folder = tempfile::tempdir().unwrap();
    create(folder.path());
    let mut listed: BTreeSet<Position> = BTreeSet::new();
    let (mut beyond, mut random) = (0, 88_172_645_463_325_252_u64);
    for death in 0..DEATHS {
        // Marsaglia's xorshift: the moments differ, and are the same in every run.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        listed.extend(live_and_die(folder.path(), random % 40));
        let found = RunDir::find(folder.path(), "studio", &run()).unwrap();
        let whole = Span { from: MediaTime::default(), to: None };
        let kept: BTreeSet<Position> = pieces_so_far(&found.window, whole)
            .into_iter()
            .flat_map(|piece| piece.parts.map(move |part| Position { msn: piece.msn, part: PartIndex(part) }))
            .collect();
        assert!(
            kept.is_superset(&listed),
            "death {death} cost {:?}",
            listed.difference(&kept).collect::<Vec<_>>()
        );
        let unsaid = kept.difference(&listed).count();
        assert!(
            unsaid <= beyond + 1,
            "death {death}: what was kept and never listed is the part being written"
        );
        beyond = unsaid;
        for rung in RungId::ALL {
            let Some(last) = found.window.last() else { continue };
            let segment = found.dir.files().read_segment(rung, last.msn).unwrap();
            let parts = fragment::split_parts(&segment);
            assert_eq!(parts.len(), usize::from(last.part.0) + 1, "nothing half written is left");
            assert_eq!(parts.iter().map(Bytes::len).sum::<usize>(), segment.len());
        }
    }
    let mut found = RunDir::find(folder.path(), "studio", &run()).unwrap();
    assert!(found.window.discontinuity_sequence() > 0);
    found.dir.mark_ended().unwrap();
    let origin = Origin::with_library(8, folder.path().to_owned());
    for rung in ["main", "low", "opus"] {
        let list = air::ask(&origin, Method::GET, &format!("studio/0run/rec/a/{rung}.m3u8"), &[]).await;
        let text = list.text();
        assert!(text.ends_with("#EXT-X-ENDLIST\n"));
        let mut length = 0.0;
        for line in text.lines() {
            if let Some(duration) = line.strip_prefix("#EXTINF:") {
                length += duration.trim_end_matches(',').parse::<f64>().unwrap();
            } else if let Some(name) = line.strip_prefix("../../") {
                let reply = air::ask(&origin, Method::GET, &format!("studio/0run/{name}"), &[]).await;
                assert_eq!(reply.status, StatusCode::OK, "{name}");
                assert!(!fragment::split_parts(&reply.body).is_empty());
            }
        }
        assert!((length - (listed.len() + beyond) as f64 * 0.64).abs() < 0.01, "{length}");
    }
}
