//! What is said beside the sound of a broadcast, from the hall to what is listed.

use std::io::Write;
use std::process::{Command as Process, Stdio};

use media::{MediaTime, RungId, Timescale};
use origin::view::View;
use packager::{DateRange, Detail, Position, RangeClass, WallClock};

use super::*;
use crate::live::annotation::Annotation;
use crate::metrics::labels::AnnotationDropped;

/// A moment that is listed: its part, its presentation time, and the value of its tag.
struct Told {
    position: Position,
    time: MediaTime,
    text: String,
}

/// Every moment that is listed in a rung.
fn told(view: &View, rung: RungId) -> Vec<Told> {
    let mut all = Vec::new();
    for segment in view.segments() {
        for (index, part) in segment.parts(rung).iter().enumerate() {
            let mut rest = &part[..];
            while &rest[4..8] == b"emsg" {
                let (event, more) = rest.split_at(u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize);
                let time = MediaTime::from_ticks(u64::from_be_bytes(event[16..24].try_into().unwrap()));
                let value = event.windows(6).position(|bytes| bytes == b"onair\0").unwrap() + 6;
                let position = Position { msn: segment.msn, part: packager::PartIndex(index as u16) };
                all.push(Told { position, time, text: String::from_utf8(event[value..].to_vec()).unwrap() });
                rest = more;
            }
        }
    }
    all
}

/// Civil time of the run's slot 0, from what is listed.
fn anchor(view: &View) -> WallClock {
    let end = view.window.ladder().grid().end(view.window.last().unwrap());
    view.window.edge().unwrap().minus(end.to_duration(Timescale::PROGRAMME))
}

/// The frames that ffmpeg finds in some media; whatever it complains of fails the test.
fn decoded_frames(media: &[u8]) -> usize {
    let mut ffmpeg = Process::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "warning", "-i", "pipe:0", "-ac", "1", "-f", "f32le", "pipe:1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, media) = (ffmpeg.stdin.take().unwrap(), media.to_vec());
    let feeding = std::thread::spawn(move || stdin.write_all(&media));
    let output = ffmpeg.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{complaints}");
    output.stdout.len() / 4
}

async fn programme_time(handle: &HallHandle) -> WallClock {
    loop {
        if let Some(now) = handle.programme_time("a") {
            return now;
        }
        tokio::task::yield_now().await;
    }
}

fn moment(text: &str, at: Option<WallClock>) -> Annotation {
    Annotation::Moment { text: text.into(), at }
}

#[tokio::test]
async fn m01_a_moment_comes_with_the_sound_of_its_instant_in_every_rung() {
    let open = Open::with([card("a")]);
    open.handle.annotate("a", moment("nobody hears it", None));
    open.handle.start(card("a")).await.unwrap();
    let shelf = open.handle.live("a").unwrap().shelf;
    let before = programme_time(&open.handle).await;
    open.handle.annotate("a", moment("now", None));
    let soon = before.plus(Duration::from_millis(350));
    open.handle.annotate("a", moment("soon", Some(soon)));
    let mut watch = shelf.watch();
    let view = watch.wait_for(|view| told(view, RungId::Main).len() == 2).await.unwrap().clone();
    let after = open.handle.programme_time("a").unwrap();
    let (grid, anchor) = (view.window.ladder().grid(), anchor(&view));
    for rung in RungId::ALL {
        let [now, later] = told(&view, rung).try_into().ok().expect("two moments in each rung");
        assert_eq!((now.text.as_str(), later.text.as_str()), ("now", "soon"));
        assert!((before..after).contains(&anchor.at(now.time)), "{rung}");
        // To the frame: a frame is longer than the microseconds that dates are counted in.
        assert!(soon.since(anchor.at(later.time)) < Duration::from_micros(21), "{rung}");
        for told in [now, later] {
            assert!((grid.start(told.position)..grid.end(told.position)).contains(&told.time), "{rung}");
        }
        let parts: Vec<_> = view.segments().iter().flat_map(|segment| segment.parts(rung)).cloned().collect();
        let media = [shelf.init(rung).as_ref(), &parts.concat()].concat();
        let frames = decoded_frames(&media);
        let expected = parts.iter().map(|part| packager::fragment::units(part).len()).sum::<usize>()
            * shelf.ladder().rungs()[rung as usize].unit_frames() as usize;
        assert_eq!(frames, expected, "{rung}: all sound is there");
    }
    open.close().await;
}

#[tokio::test]
async fn m02_a_range_is_listed_until_it_is_over_and_a_restart_takes_speakers_off_the_stage() {
    let open = Open::with([card("a")]);
    open.handle.start(card("a")).await.unwrap();
    for class in [RangeClass::Speaker, RangeClass::Pin] {
        let details = vec![(Detail::Name, "Ann".to_owned())];
        open.handle.annotate("a", Annotation::RangeOpened { class, key: "x".into(), details, at: None });
    }
    let mut watch = open.handle.live("a").unwrap().shelf.watch();
    watch.wait_for(|view| view.window.ranges().count() == 2).await.unwrap();
    let folder = open.close().await;

    let (premises, _requests, _happened) = premises(folder.path(), Arc::new(Books::of([card("a")])));
    let (mut hall, handle) = Hall::new(premises);
    hall.begin(vec![card("a")]).unwrap();
    let shelf = handle.live("a").unwrap().shelf;
    let over = |view: &View| -> Vec<RangeClass> {
        view.window.ranges().filter(|range| range.end().is_some()).map(DateRange::class).collect()
    };
    assert_eq!((shelf.view().window.ranges().count(), over(&shelf.view()).len()), (2, 0));
    let mut watch = shelf.watch();
    watch.wait_for(|view| over(view) == [RangeClass::Speaker]).await.unwrap();
    handle.annotate("a", Annotation::RangeClosed { class: RangeClass::Pin, key: "x".into(), at: None });
    watch.wait_for(|view| over(view) == [RangeClass::Speaker, RangeClass::Pin]).await.unwrap();
    hall.stop().await;
}

#[tokio::test]
async fn what_has_no_room_is_left_out_and_counted() {
    let metrics = Metrics::new();
    let told = metrics.clone();
    let open = Open::changed([card("a")], |premises| premises.house.metrics = told);
    open.handle.start(card("a")).await.unwrap();
    programme_time(&open.handle).await;
    let dropped = |reason: AnnotationDropped| {
        let name = crate::metrics::labels::Labels::values(reason)[0];
        let line = format!("onair_annotations_dropped_total{{reason=\"{name}\"}} ");
        let text = metrics.render(&[]);
        text.lines().find_map(|found| found.strip_prefix(&line)).unwrap().parse::<u64>().unwrap()
    };
    open.handle.annotate("a", moment(&"x".repeat(5_000), None));
    for n in 0..40 {
        open.handle.annotate("a", moment(&"x".repeat(1_000), None));
        let key = format!("{n}");
        let class = RangeClass::Speaker;
        open.handle.annotate("a", Annotation::RangeOpened { class, key, details: Vec::new(), at: None });
    }
    while dropped(AnnotationDropped::RangesFull) < 8 {
        tokio::task::yield_now().await;
    }
    assert_eq!(dropped(AnnotationDropped::Unfit), 1);
    assert!(dropped(AnnotationDropped::Crowded) > 0);
    open.close().await;
}
