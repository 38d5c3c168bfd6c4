//! A broadcast on air in this process: a run on disk, its shelf, and requests to its origin.

#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, reason = "a helper of tests: what fails here fails the test")]

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body_util::BodyExt;
use media::{AudioProfile, RungId};
use origin::disk::Found;
use origin::{Body, Origin, RunDir, RunRecord, Shelf};
use packager::{
    Annotations, Grid, GridStep, InitSection, LatencyMode, Msn, PartIndex, Position, RunId, RungPart,
    WallClock, Window,
};

/// Its name in URLs.
pub(crate) const BELOW: &str = "studio/0run";

/// More requests than any test holds, but those that test the limit.
const HELD_MAX: u64 = 8;

pub(crate) struct Air {
    pub(crate) origin: Arc<Origin>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) grid: Grid,
    /// The next part.
    pub(crate) next: Position,
    /// What goes with it beside the sound.
    pub(crate) annotations: Annotations,
    dir: RunDir,
    folder: tempfile::TempDir,
    fence: u64,
    /// Encoders start anew with the next part.
    fresh_encoders: bool,
}

/// A reply, read to its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }
}

/// How far DVR reaches back.
const DVR_SLOTS: u64 = 1_000;

/// Access units of one part.
const UNITS: usize = 3;

/// What one access unit holds: where it belongs.
pub(crate) fn unit(rung: RungId, position: Position, index: usize) -> String {
    format!("{rung} {} {} {index}", position.msn, position.part)
}

/// The bytes of one part: a `moof` with no more than tells its access units apart, and a `mdat`.
pub(crate) fn part_bytes(rung: RungId, position: Position) -> Bytes {
    let units = [0, 1, 2].map(|index| unit(rung, position, index));
    let trun = 20 + 4 * UNITS as u32;
    let mut bytes = BytesMut::new();
    let mut open = |length: u32, name: &[u8]| {
        bytes.put_u32(length);
        bytes.put_slice(name);
    };
    open(8 + 8 + 8 + 8 + 8 + trun, b"moof");
    open(8, b"mfhd");
    open(8 + 8 + 8 + trun, b"traf");
    open(8, b"tfhd");
    open(8, b"tfdt");
    open(trun, b"trun");
    bytes.put_u32(0);
    bytes.put_u32(UNITS as u32);
    bytes.put_u32(0);
    for unit in &units {
        bytes.put_u32(unit.len() as u32);
    }
    let sound = units.concat();
    bytes.put_u32(8 + sound.len() as u32);
    bytes.put_slice(b"mdat");
    bytes.put_slice(sound.as_bytes());
    bytes.freeze()
}

impl Air {
    /// A run that has just opened.
    pub(crate) fn open(mode: LatencyMode) -> Self {
        Self::named(mode, "0run")
    }

    /// The same, in a run of that name.
    pub(crate) fn named(mode: LatencyMode, run: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let record = RunRecord {
            broadcast: "studio".into(),
            run: RunId::parse(run).unwrap(),
            anchor: WallClock(1_795_248_930_120_000),
            mode,
            profile: AudioProfile::Standard,
            fence: 0,
            discontinuities: Vec::new(),
            ended: false,
        };
        let inits = record.profile.rungs().map(|rung| InitSection::new(&rung, &[0x11, 0x90]));
        let window = Window::open(record.ladder(), record.anchor).with_dvr(DVR_SLOTS);
        let dir = RunDir::create(folder.path(), record, &inits).unwrap();
        let (shelf, dir) = Shelf::new(Found { dir, window, inits, recordings: Vec::new() });
        let origin = Origin::new(HELD_MAX);
        origin.channel_for("studio").open(shelf.clone());
        let next = Position { msn: Grid::FIRST, part: PartIndex(0) };
        Self {
            origin,
            shelf,
            grid: Grid::new(mode),
            next,
            annotations: Annotations::default(),
            dir,
            folder,
            fence: 1,
            fresh_encoders: false,
        }
    }

    /// The same, with whole slots behind it and a few parts of the next.
    pub(crate) fn with(mode: LatencyMode, slots: u64, parts: u16) -> Self {
        let mut air = Self::open(mode);
        air.release(slots as usize * usize::from(air.grid.parts_per_slot()) + usize::from(parts));
        air
    }

    /// Where broadcasts lie.
    pub(crate) fn root(&self) -> std::path::PathBuf {
        self.folder.path().to_owned()
    }

    /// Where its files lie.
    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join(BELOW)
    }

    /// Lists the next `parts` parts.
    pub(crate) fn release(&mut self, parts: usize) {
        for _ in 0..parts {
            let step = self.step();
            self.dir.append(&step).unwrap();
            self.shelf.apply(&step).unwrap();
            self.next = self.grid.after(self.next);
            self.fresh_encoders = false;
        }
    }

    fn step(&mut self) -> GridStep {
        let (boxes, ranges) = self.annotations.take(self.grid, self.next);
        let part = |rung| Bytes::from([boxes.as_slice(), &part_bytes(rung, self.next)].concat());
        GridStep {
            run: self.shelf.run().clone(),
            fence: self.fence,
            position: self.next,
            discontinuity: self.fresh_encoders,
            ranges,
            rungs: RungId::ALL.map(|rung| RungPart { rung, bytes: part(rung) }).into(),
        }
    }

    /// Encoders start anew, `slots` slots after the next that is free.
    pub(crate) fn interrupt(&mut self, slots: u64) {
        let Some(last) = self.shelf.view().window.last() else { return };
        self.next = Position { msn: Msn(last.msn.0 + 1 + slots), part: PartIndex(0) };
        self.fresh_encoders = true;
    }

    /// The process dies; another finds the run on disk and goes on `slots` slots later.
    pub(crate) fn restart(&mut self, slots: u64) {
        let run = self.shelf.run().clone();
        let found = RunDir::find(self.folder.path(), "studio", &run).unwrap();
        let end = found.window.last().map_or(Grid::FIRST.start(), |last| self.grid.end(last));
        self.annotations = Annotations::resume(found.window.ranges(), end);
        let window = found.window.clone().with_dvr(DVR_SLOTS);
        (self.shelf, self.dir) = Shelf::new(Found { window, ..found });
        self.fence += 1;
        self.dir.set_fence(self.fence).unwrap();
        self.origin = Origin::new(HELD_MAX);
        self.origin.channel_for("studio").open(self.shelf.clone());
        self.interrupt(slots);
    }

    /// The broadcast is over.
    pub(crate) fn end(&mut self) {
        self.shelf.end();
        self.dir.mark_ended().unwrap();
    }

    /// One request for what lies below the run; `path` may have a query.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, &format!("{BELOW}/{path}"), &[]).await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
        ask(&self.origin, method, path, headers).await
    }
}

/// One request for what lies below `/live/`.
pub(crate) async fn ask(origin: &Arc<Origin>, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect();
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let response: Response<Body> = origin.serve(&method, path, query, &headers, 7).await;
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Reply { status: head.status, headers: head.headers, body }
}
