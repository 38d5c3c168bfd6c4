//! The loop: one thread, one epoll, thousands of people in a room.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use memchr::memmem::Finder;
use mio::{Events, Poll};

use super::entrance::{Entrance, Passes};
use super::link::{End, Link, Scratch};
use super::marker::{Marker, Markers};
use super::report::Report;
use super::tally::{Place, Tally};
use crate::limits;
use crate::target::Target;
use crate::watched::Watched;

/// More than one machine's ports and memory carry is a mistake.
pub const CONNECTIONS_MAX: usize = 50_000;

/// A marker has four digits for its sender.
const SENDERS_MAX: usize = 65_536;

/// Messages of one run: a bit each for every receiver, so that ten thousand receivers of them take 1.2 GB.
const MESSAGES_MAX: u64 = 1_000_000;

/// How long the farewells of all take at the most. A server that does not answer them is not worth waiting for.
const FAREWELL: Duration = Duration::from_secs(30);

/// Passes that are got before they are used. A ticket is good for a minute.
const PASSES_AHEAD: usize = 64;

/// Kinds of errors that are told apart.
const REASONS_MAX: usize = 20;

/// A run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server: `http://HOST:PORT`.
    pub url: String,
    /// The broadcast whose room is entered.
    pub broadcast: String,
    /// What opens it.
    pub passes: Passes,
    /// How many enter; 1 to [`CONNECTIONS_MAX`].
    pub connections: usize,
    /// How many of them a second.
    pub joins_per_second: f64,
    /// How many of them send, in turn; at least 1, and no more than there are.
    pub senders: usize,
    /// Messages a second, of all senders together.
    pub messages_per_second: f64,
    /// How long messages are sent, after all are in. The server ends nothing by itself.
    pub duration: Duration,
    /// How long somebody may take to get in.
    pub join_timeout: Duration,
    /// How long nothing new has to come before what is missing is lost.
    pub patience: Duration,
    /// The server's process on this machine, where its memory and CPU are to be reported.
    pub watch: Option<u32>,
}

impl Options {
    fn messages(&self) -> anyhow::Result<u32> {
        let messages = (self.messages_per_second * self.duration.as_secs_f64()).round();
        if !(1.0..=MESSAGES_MAX as f64).contains(&messages) {
            bail!("{messages} messages: a run sends between 1 and {MESSAGES_MAX}");
        }
        Ok(messages as u32)
    }
}

/// Fills the room, has its senders send, and listens with everybody.
pub fn run(options: &Options) -> anyhow::Result<Report> {
    if !(1..=CONNECTIONS_MAX).contains(&options.connections) {
        bail!("{} connections: between 1 and {CONNECTIONS_MAX}", options.connections);
    }
    if !(1..=options.connections.min(SENDERS_MAX)).contains(&options.senders) {
        bail!("{} senders: between 1 and as many as there are connections", options.senders);
    }
    let mut crowd = Crowd::new(options)?;
    crowd.enter()?;
    crowd.talk()?;
    crowd.leave()?;
    Ok(crowd.report)
}

struct Crowd<'a> {
    options: &'a Options,
    target: Target,
    path: String,
    passes: Receiver<anyhow::Result<String>>,
    poll: Poll,
    events: Events,
    scratch: Scratch,
    links: Vec<Option<Link>>,
    markers: Markers,
    joined: Finder<'static>,
    error: Finder<'static>,
    tally: Tally,
    messages: u32,
    /// Markers count from here.
    began: Instant,
    /// The first message is sent here.
    talks: Option<Instant>,
    /// Something new was heard then.
    last: Instant,
    /// Ends are part of the run's own.
    leaving: bool,
    open: usize,
    /// Receivers that nothing more can come to.
    through: usize,
    server: Option<Watched>,
    cpu: f64,
    report: Report,
}

impl<'a> Crowd<'a> {
    fn new(options: &'a Options) -> anyhow::Result<Self> {
        let messages = options.messages()?;
        limits::allow(options.connections)?;
        let target = Target::parse(&options.url)?;
        let mut random = [0; 4];
        aws_lc_rs::rand::fill(&mut random).context("no randomness")?;
        let run = u32::from_le_bytes(random);
        let entrance = Entrance::new(&target, &options.broadcast, options.passes.clone(), run)?;
        let base = target.path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        let path = format!("{base}/ws/broadcasts/{}", options.broadcast);
        let now = Instant::now();
        Ok(Self {
            options,
            path,
            passes: passes(entrance, options.connections),
            poll: Poll::new()?,
            events: Events::with_capacity(4096),
            scratch: Scratch::new(),
            links: (0..options.connections).map(|_| None).collect(),
            markers: Markers::new(run),
            // What is written inside a text has its quotes escaped.
            joined: Finder::new(br#""type":"joined""#),
            error: Finder::new(br#""type":"error""#),
            tally: Tally::new(options.connections, messages, options.senders as u16),
            messages,
            began: now,
            talks: None,
            last: now,
            leaving: false,
            open: 0,
            through: 0,
            server: options.watch.map(Watched::new).transpose()?,
            cpu: 0.0,
            report: Report { wanted: options.connections, ..Report::default() },
            target,
        })
    }

    /// Lets everybody in, one after the other; returns when each is in or has failed.
    fn enter(&mut self) -> anyhow::Result<()> {
        let start = Instant::now();
        let mut next = 0;
        let mut oldest = 0;
        loop {
            let due = (start.elapsed().as_secs_f64() * self.options.joins_per_second) as usize + 1;
            while next < due.min(self.links.len()) {
                match self.passes.try_recv() {
                    Ok(pass) => self.open(next, &pass?),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => bail!("the thread that gets tickets has stopped"),
                }
                next += 1;
            }
            // They began in this order, so the first that waits has waited longest.
            while oldest < next {
                match &self.links[oldest] {
                    Some(link) if !link.has_joined && link.began.elapsed() > self.options.join_timeout => {
                        self.end(oldest, "no answer to join".to_owned());
                    }
                    Some(link) if !link.has_joined => break,
                    _ => {}
                }
                oldest += 1;
            }
            if oldest == self.links.len() {
                return Ok(());
            }
            self.turn(Duration::from_millis(1))?;
        }
    }

    fn open(&mut self, index: usize, pass: &str) {
        let to = (self.target.address, &*self.target.authority, &*self.path);
        match Link::open(index, to, pass, self.poll.registry()) {
            Ok(link) => {
                self.links[index] = Some(link);
                self.open += 1;
            }
            Err(error) => {
                count(&mut self.report.failures, End::Unreachable(error.kind().to_string()).to_string());
            }
        }
    }

    /// Sends every message when it is due, and listens until nothing more comes.
    fn talk(&mut self) -> anyhow::Result<()> {
        if let Some(server) = &mut self.server {
            server.start()?;
        }
        self.cpu = limits::cpu_seconds();
        let start = Instant::now();
        self.talks = Some(start);
        self.last = start;
        let mut next = 0;
        while next < self.messages {
            let due = start + Duration::from_secs_f64(f64::from(next) / self.options.messages_per_second);
            let now = Instant::now();
            if due > now {
                self.turn(due - now)?;
                continue;
            }
            self.send(next);
            next += 1;
            // However late, what comes is read in between.
            self.turn(Duration::ZERO)?;
        }
        self.last = Instant::now().max(self.last);
        while self.through < self.open && self.last.elapsed() < self.options.patience {
            self.turn(Duration::from_millis(10))?;
        }
        self.report.seconds = (self.last - start).as_secs_f64();
        self.report.generator_cpu = limits::cpu_seconds() - self.cpu;
        self.report.server = self.server.map(|server| server.usage()).transpose()?;
        Ok(())
    }

    fn send(&mut self, number: u32) {
        let sender = self.tally.sender(number);
        let Some(link) = &mut self.links[usize::from(sender)] else { return };
        let sent = self.began.elapsed().as_micros() as u64;
        let text = self.markers.text(Marker { sender, number, sent });
        // A marker needs no escapes.
        let message = format!(r#"{{"type":"chatMessage","message":"{text}"}}"#);
        self.report.sent += 1;
        if let Err(end) = link.say(&message) {
            self.end(usize::from(sender), end.to_string());
        }
    }

    /// Everybody says farewell. Whatever the server had sent before it answers that is still counted.
    fn leave(&mut self) -> anyhow::Result<()> {
        let there: Vec<usize> = (0..self.links.len()).filter(|index| self.links[*index].is_some()).collect();
        self.leaving = true;
        for index in 0..self.links.len() {
            if let Some(link) = &mut self.links[index]
                && link.say_farewell().is_err()
            {
                self.end(index, String::new());
            }
        }
        let start = Instant::now();
        while self.open > 0 && start.elapsed() < FAREWELL {
            self.turn(Duration::from_millis(10))?;
        }
        self.report.missing = there.into_iter().map(|index| self.tally.missing(index)).sum();
        Ok(())
    }

    /// Waits for events and handles them.
    fn turn(&mut self, most: Duration) -> anyhow::Result<()> {
        match self.poll.poll(&mut self.events, Some(most)) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            let index = event.token().0;
            let Some(mut link) = self.links[index].take() else { continue };
            let mut outcome = Ok(());
            if event.is_writable() {
                outcome = link.writable();
            }
            if outcome.is_ok() && (event.is_readable() || event.is_read_closed() || event.is_error()) {
                outcome = self.read(index, &mut link, event.is_read_closed());
            }
            self.links[index] = Some(link);
            if let Err(end) = outcome {
                self.end(index, end.to_string());
            }
        }
        self.events = events;
        Ok(())
    }

    fn read(&mut self, index: usize, link: &mut Link, to_the_end: bool) -> Result<(), End> {
        let now = Instant::now();
        let Self { scratch, markers, joined, error, tally, report, talks, began, last, through, .. } = self;
        link.readable(scratch, to_the_end, |link, text| {
            if talks.is_some() {
                report.frames += 1;
            }
            if !link.has_joined {
                if joined.find(text).is_some() {
                    link.has_joined = true;
                    report.joined += 1;
                    report.join.record(now - link.began);
                } else if error.find(text).is_some() {
                    refused(&mut report.errors, text);
                }
                // A snapshot may hold messages of long ago.
                return;
            }
            let mut rest = text;
            let mut has_marker = false;
            while let Some((marker, after)) = markers.find(rest) {
                (rest, has_marker) = (after, true);
                match tally.note(index, marker) {
                    Place::Again => report.doubled += 1,
                    Place::Unknown => {}
                    place => {
                        report.heard += 1;
                        report.reordered += u64::from(place == Place::Late);
                        report
                            .delay
                            .record((now - *began).saturating_sub(Duration::from_micros(marker.sent)));
                        *last = now;
                        *through += usize::from(tally.completes(index, marker.number));
                    }
                }
            }
            if !has_marker && error.find(text).is_some() {
                refused(&mut report.errors, text);
            }
        })
    }

    /// A connection is no more.
    fn end(&mut self, index: usize, why: String) {
        let Some(link) = self.links[index].take() else { return };
        self.open -= 1;
        if self.leaving {
            return;
        }
        if link.has_joined {
            count(&mut self.report.dropped, why);
            // It is waited for no more than those that are there.
            self.through -= usize::from(self.tally.is_through(index));
        } else {
            count(&mut self.report.failures, why);
        }
    }
}

/// Gets passes on a thread of its own, so that those who are in are read meanwhile.
fn passes(mut entrance: Entrance, count: usize) -> Receiver<anyhow::Result<String>> {
    let (give, passes) = sync_channel(PASSES_AHEAD);
    thread::spawn(move || {
        for index in 0..count {
            let pass = entrance.pass(index);
            let is_last = pass.is_err();
            // Nobody wants one any more when the run has ended.
            if give.send(pass).is_err() || is_last {
                return;
            }
        }
    });
    passes
}

fn refused(errors: &mut BTreeMap<String, u64>, text: &[u8]) {
    let event: serde_json::Value = serde_json::from_slice(text).unwrap_or_default();
    let reason = ["code", "reason", "detail", "message"].iter().find_map(|field| event[*field].as_str());
    count(errors, reason.unwrap_or("error").chars().filter(|char| !char.is_control()).take(200).collect());
}

fn count(reasons: &mut BTreeMap<String, u64>, reason: String) {
    let known = reasons.len() < REASONS_MAX || reasons.contains_key(&reason);
    *reasons.entry(if known { reason } else { "others".to_owned() }).or_default() += 1;
}
