//! Many HLS listeners in one thread: the loop between the sockets and [`Listener`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::catalog::{Catalog, Diet, plain_text};
use crate::connection::Event;
use crate::fault::Fault;
use crate::limits;
use crate::listener::{Job, Lane, Listener};
use crate::playlist::{Position, parse_multivariant};
use crate::pool::Pool;
use crate::report::{LastByte, Report};
use crate::response::{Keep, Response};
use crate::target::{Target, resolve};
use crate::watched::Watched;

/// Listeners of one process. Two connections each is what 20,000 open files hold.
pub const LISTENERS_MAX: usize = 100_000;
/// Between the last join and the first measurement, where there is a ramp.
const SETTLE: Duration = Duration::from_secs(2);
/// How often requests without an answer are looked for, and the longest sleep.
const SWEEP: Duration = Duration::from_secs(1);
/// The server's clock is another one when a part seems released this far from its own end, seconds.
const SAME_CLOCK: f64 = 10.0;

/// Who listens to what.
#[derive(Clone, Debug)]
pub struct Options {
    /// The Multivariant Playlist, `http://…`.
    pub url: String,
    /// How many listeners; 1 to [`LISTENERS_MAX`].
    pub listeners: usize,
    /// Measured after all have joined.
    pub duration: Duration,
    /// Joins are spread evenly over this.
    pub ramp: Duration,
    /// Parts by blocking reload, or segments by polling.
    pub diet: Diet,
    /// The variant to hear; the first where none is named.
    pub rung: Option<String>,
    /// A process of this machine whose CPU and memory are reported as the server's.
    pub watch: Option<u32>,
    /// Media on a connection of its own beside the held reload, as browsers do.
    pub two_connections: bool,
}

/// Runs the listeners until the time is over or all of them heard the end.
///
/// # Errors
/// Only for what no listener can work around: the address, the open-file limit, epoll, the watched process.
/// What goes wrong for listeners is in the report.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    if !(1..=LISTENERS_MAX).contains(&options.listeners) {
        bail!("{} listeners: between 1 and {LISTENERS_MAX} can be run", options.listeners);
    }
    let mut crowd = Crowd::new(options)?;
    crowd.run()?;
    Ok(crowd.report)
}

struct Crowd<'a> {
    options: &'a Options,
    target: Target,
    lanes: &'static [Lane],
    pool: Pool<Job>,
    listeners: Vec<Listener>,
    done: Vec<bool>,
    catalog: Option<Catalog>,
    /// The bytes that the catalog's rung was found in.
    multivariant: Vec<u8>,
    wakes: BinaryHeap<Reverse<(Instant, usize)>>,
    request: Vec<u8>,
    /// Seconds since 1970 at `start`.
    wall: f64,
    start: Instant,
    measure_from: Instant,
    report: Report,
}

impl<'a> Crowd<'a> {
    fn new(options: &'a Options) -> anyhow::Result<Self> {
        let target = Target::parse(&options.url)?;
        let lanes: &[Lane] =
            if options.two_connections { &[Lane::Playlists, Lane::Media] } else { &[Lane::Only] };
        let pool = Pool::new(options.listeners * lanes.len(), target.address)?;
        let start = Instant::now();
        Ok(Self {
            options,
            lanes,
            pool,
            listeners: (0..options.listeners).map(|_| Listener::new(options.diet)).collect(),
            done: vec![false; options.listeners],
            catalog: None,
            multivariant: Vec::new(),
            wakes: BinaryHeap::new(),
            request: Vec::new(),
            wall: limits::wall_seconds()?,
            start,
            measure_from: start + options.ramp + SETTLE.min(options.ramp),
            report: Report::of(lanes.len()),
            target,
        })
    }

    fn run(&mut self) -> anyhow::Result<()> {
        let end = self.measure_from + self.options.duration;
        let mut server = self.options.watch.map(Watched::new).transpose()?;
        let mut sweep = self.start + SWEEP;
        let mut measured: Option<(Instant, f64)> = None;
        loop {
            let now = Instant::now();
            if now >= end || self.report.ended == self.options.listeners {
                break;
            }
            if measured.is_none() && now >= self.measure_from {
                measured = Some((now, limits::cpu_seconds()));
                server.as_mut().map(Watched::start).transpose()?;
            }
            self.admit(now);
            while self.wakes.peek().is_some_and(|Reverse((time, _))| *time <= now) {
                if let Some(Reverse((_, index))) = self.wakes.pop() {
                    self.serve(index, now);
                }
            }
            if now >= sweep {
                sweep = now + SWEEP;
                self.give_up_overdue(now);
            }
            let wake = self.wakes.peek().map_or(sweep, |Reverse((time, _))| *time);
            let wake = self.next_join().map_or(wake, |join| wake.min(join)).min(sweep).min(end);
            self.pool.wait(wake.saturating_duration_since(now))?;
            while let Some((index, event)) = self.pool.next() {
                self.take(index, event, Instant::now());
            }
        }
        self.report.server = server.map(|server| server.usage()).transpose()?;
        self.report.reconnects = self.pool.reopened();
        if let Some((from, cpu)) = measured {
            self.report.seconds = from.elapsed().as_secs_f64();
            self.report.generator_cpu = limits::cpu_seconds() - cpu;
        }
        Ok(())
    }

    /// When the next listener joins.
    fn next_join(&self) -> Option<Instant> {
        let (joined, all) = (self.report.listeners, self.options.listeners);
        (joined < all).then(|| self.start + self.options.ramp.mul_f64(joined as f64 / all as f64))
    }

    fn admit(&mut self, now: Instant) {
        while self.next_join().is_some_and(|join| join <= now) {
            let index = self.report.listeners;
            self.report.listeners += 1;
            self.serve(index, now);
        }
    }

    fn give_up_overdue(&mut self, now: Instant) {
        // A server answers a held request within three target durations, if only by 503.
        let target = self.catalog.as_ref().and_then(Catalog::target_duration).unwrap_or(4).min(60);
        if let Some(limit) = now.checked_sub(Duration::from_secs(3 * target + 5)) {
            for (index, event) in self.pool.overdue(limit) {
                self.take(index, event, now);
            }
        }
    }

    fn take(&mut self, connection: usize, event: Event<Job>, now: Instant) {
        let index = connection / self.lanes.len();
        let outcome = match event {
            Event::Nothing => return,
            Event::Broken(fault) => Err(fault),
            Event::Failed(job, fault) => {
                self.listeners[index].failed(&job, now);
                Err(fault)
            }
            Event::Answer(job, response) => {
                self.report.requests += 1;
                self.report.bytes += response.length;
                let answered = self.answered(index, &job, &response, now);
                if answered.is_err_and(Fault::is_failure_of_request) {
                    self.listeners[index].failed(&job, now);
                }
                answered
            }
        };
        if let Err(fault) = outcome {
            self.report.fault(fault);
        }
        self.serve(index, now);
    }

    fn answered(&mut self, index: usize, job: &Job, response: &Response, now: Instant) -> Result<(), Fault> {
        if response.status != 200 {
            return Err(Fault::Status(response.status));
        }
        match job {
            Job::Multivariant => {
                self.choose_rung(response)?;
                self.listeners[index].joined();
                Ok(())
            }
            Job::Playlist { ask, .. } => {
                let catalog = self.catalog.as_mut().ok_or(Fault::NoRung)?;
                let list = catalog.list(response, now)?;
                if let Some(ask) = *ask {
                    let at = list.pieces.partition_point(|piece| piece.position < ask);
                    if let Some(piece) = list.pieces.get(at) {
                        self.released(piece.seen, piece.end, now);
                        let measuring = now >= self.measure_from;
                        let grid = self.since_grid(piece.end, now);
                        record(&mut self.report.playlists, measuring, now - piece.seen, grid);
                    }
                }
                self.listeners[index].listed(&list, *ask, now)
            }
            Job::Init(_) => {
                if response.length > 0 {
                    Ok(())
                } else {
                    Err(Fault::Length)
                }
            }
            Job::Media { piece, awaited } => {
                piece.came(response.length)?;
                if *awaited {
                    let delay = now - piece.seen;
                    self.report.stalls += u64::from(delay > piece.slack);
                    let (measuring, grid) = (now >= self.measure_from, self.since_grid(piece.end, now));
                    record(&mut self.report.media, measuring, delay, grid);
                }
                Ok(())
            }
        }
    }

    /// A held reload was answered: the first one for a part tells when it was released.
    fn released(&mut self, seen: Instant, end: Option<f64>, now: Instant) {
        let Some(end) = end.filter(|_| seen == now) else { return };
        let delay = self.wall_at(now) - end;
        if delay.abs() > SAME_CLOCK {
            return;
        }
        let least = self.report.release_delay.map_or(delay, |least| least.min(delay));
        self.report.release_delay = Some(least);
        if now >= self.measure_from {
            self.report.steps.record(Duration::try_from_secs_f64(delay - least).unwrap_or_default());
        }
    }

    /// Time since the grid instant of a part that ends at `end`.
    fn since_grid(&self, end: Option<f64>, now: Instant) -> Option<Duration> {
        let release = end? + self.report.release_delay?;
        Some(Duration::try_from_secs_f64(self.wall_at(now) - release).unwrap_or_default())
    }

    fn wall_at(&self, now: Instant) -> f64 {
        self.wall + (now - self.start).as_secs_f64()
    }

    fn choose_rung(&mut self, response: &Response) -> Result<(), Fault> {
        if self.catalog.is_some() && response.body == self.multivariant {
            return Ok(());
        }
        let text = plain_text(response).map_err(|_| Fault::Playlist)?;
        let variants = parse_multivariant(text.as_deref().unwrap_or(&response.body));
        let variants = variants.map_err(|_| Fault::Playlist)?;
        let rung = self.options.rung.as_deref();
        let chosen = variants.iter().find(|variant| rung.is_none_or(|name| variant.is_called(name)));
        let base = resolve(&self.target.path, &chosen.ok_or(Fault::NoRung)?.uri);
        match &self.catalog {
            // Another run has begun: those who hear the old one are not mixed with new ones.
            Some(catalog) if catalog.base() != base => return Err(Fault::NoRung),
            Some(_) => {}
            None => self.catalog = Some(Catalog::new(self.options.diet, base)),
        }
        self.multivariant.clone_from(&response.body);
        Ok(())
    }

    /// Lets listener `index` fetch what it wants on the connections that are idle.
    fn serve(&mut self, index: usize, now: Instant) {
        let lanes = self.lanes;
        for (at, lane) in lanes.iter().enumerate() {
            let connection = index * lanes.len() + at;
            while self.pool.is_idle(connection) {
                let Some(job) = self.listeners[index].job(*lane, now) else { break };
                let keep = self.write_request(&job);
                if let Err((job, fault)) = self.pool.ask(connection, (job, &self.request, keep), now) {
                    self.report.fault(fault);
                    self.listeners[index].failed(&job, now);
                }
            }
        }
        if let Some(time) = self.listeners[index].wakes_at().filter(|time| *time > now) {
            self.wakes.push(Reverse((time, index)));
        }
        let first = index * lanes.len();
        if self.listeners[index].is_done()
            && !self.done[index]
            && (first..first + lanes.len()).all(|connection| self.pool.is_idle(connection))
        {
            self.done[index] = true;
            self.report.ended += 1;
        }
    }

    fn write_request(&mut self, job: &Job) -> Keep {
        self.request.clear();
        self.request.extend_from_slice(b"GET ");
        let keep = match job {
            Job::Multivariant => {
                self.request.extend_from_slice(self.target.path.as_bytes());
                Keep::Body
            }
            Job::Playlist { ask, skip } => {
                let base = self.catalog.as_ref().map_or("/", Catalog::base);
                self.request.extend_from_slice(base.as_bytes());
                if let Some(Position { msn, part }) = ask {
                    let skip = if *skip { "&_HLS_skip=YES" } else { "" };
                    // Writing to a Vec cannot fail.
                    let _ = write!(self.request, "?_HLS_msn={msn}&_HLS_part={part}{skip}");
                }
                Keep::Body
            }
            Job::Init(list) => {
                let path = list.init.as_deref().unwrap_or("/");
                self.request.extend_from_slice(path.as_bytes());
                Keep::Length
            }
            Job::Media { piece, .. } => {
                self.request.extend_from_slice(piece.path.as_bytes());
                Keep::Length
            }
        };
        self.request.extend_from_slice(b" HTTP/1.1\r\nHost: ");
        self.request.extend_from_slice(self.target.authority.as_bytes());
        self.request.extend_from_slice(match keep {
            Keep::Body | Keep::Any => {
                b"\r\nUser-Agent: onair-load\r\nAccept-Encoding: gzip\r\n\r\n".as_slice()
            }
            Keep::Length => b"\r\nUser-Agent: onair-load\r\n\r\n",
        });
        keep
    }
}

fn record(into: &mut LastByte, measuring: bool, since_first: Duration, since_grid: Option<Duration>) {
    if measuring {
        into.since_first.record(since_first);
        if let Some(delay) = since_grid {
            into.since_grid.record(delay);
        }
    }
}
