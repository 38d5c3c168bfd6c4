//! Many WebRTC listeners in one thread, and a publisher beside them: the loop between sockets and sessions.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use mio::{Events, Poll, Token, Waker};

use super::door::{Admission, Caller, Door, Refusal};
use super::doorman::{Doorman, Errand, Reply};
use super::link::{DATAGRAM, Link, Purpose};
use super::listener::{Listener, State};
use super::publisher::Publisher;
use super::reception::Counts;
use super::report::{JoinFault, Report, Spread};
use super::session::{Stack, Stage};
use super::tone::{Ear, Tone};
use super::{Options, Step};
use crate::limits;
use crate::report::Delays;
use crate::watched::Watched;

/// Sockets told of in one wait.
const BATCH: usize = 1024;
/// How often listeners are looked at that may have waited too long.
const SWEEP: Duration = Duration::from_millis(100);
/// Before a broadcast that is about to be on air is asked for again.
const AGAIN: Duration = Duration::from_millis(250);
/// How long leaving may take altogether.
const FAREWELL: Duration = Duration::from_secs(30);
/// Listeners that decode. One costs 0.2 % of a core; all hear the same.
const EARS: usize = 4;

const REPLIES: Token = Token(usize::MAX);
const PUBLISHER: Token = Token(usize::MAX - 1);

/// Everybody, and what they are heard with.
pub struct Crowd<'a> {
    options: &'a Options,
    stack: Stack,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    server: SocketAddr,
    doorman: Doorman,
    publisher: Option<Publisher>,
    listeners: Vec<Listener>,
    wakes: BinaryHeap<Reverse<(Instant, usize)>>,
    tally: Tally,
    watched: Option<Watched>,
}

/// What is counted in one step.
#[derive(Default)]
struct Tally {
    join: Delays,
    delay: Delays,
    round_trip: Delays,
    refusal: Option<String>,
}

impl<'a> Crowd<'a> {
    /// Opens the house: nobody listens yet, and the publisher is on air where there is one.
    ///
    /// # Errors
    /// What no listener can work around: an address, a limit of the system, a publisher that is refused.
    pub fn open(options: &'a Options) -> anyhow::Result<Self> {
        let door = Arc::new(Door::new(&options.url, "whep", &options.broadcast, options.token.clone())?);
        let poll = Poll::new().context("no epoll")?;
        let waker = Arc::new(Waker::new(poll.registry(), REPLIES).context("epoll takes no waker")?);
        // A loop that is gone needs no waking.
        let doorman = Doorman::new(&door, move || drop(waker.wake()))?;
        let mut crowd = Self {
            options,
            stack: Stack::new()?,
            poll,
            events: Events::with_capacity(BATCH),
            buffer: vec![0; DATAGRAM],
            server: door.address(),
            doorman,
            publisher: None,
            listeners: Vec::new(),
            wakes: BinaryHeap::new(),
            tally: Tally::default(),
            watched: options.watch.map(Watched::new).transpose()?,
        };
        if let Some(key) = &options.publish {
            let door = Door::new(&options.url, "whip", &options.broadcast, Some(key.clone()))?;
            crowd.go_on_air(door)?;
        }
        Ok(crowd)
    }

    fn go_on_air(&mut self, door: Door) -> anyhow::Result<()> {
        let now = Instant::now();
        let socket = (self.server, self.poll.registry(), PUBLISHER);
        let (link, offer) = Link::open(&self.stack, Purpose::Publish, socket, now)?;
        let mut caller = Caller::new(Arc::new(door));
        let Admission { answer, session } =
            caller.post(&offer).map_err(|refusal| anyhow::anyhow!("cannot publish: {refusal}"))?;
        let mut publisher = Publisher::new(link, (caller, session), Tone::new(self.options.tone)?);
        if !publisher.link.answer(answer, Instant::now()) {
            bail!("cannot publish: the answer is no SDP that the offer could be met with");
        }
        self.publisher = Some(publisher);
        self.arm(PUBLISHER.0, now);
        while self.publisher.as_ref().is_some_and(|publisher| publisher.sent == 0) {
            let waited = Instant::now();
            let stage = self.publisher.as_ref().map(|publisher| publisher.link.stage());
            if waited > now + self.options.patience || stage.is_some_and(|stage| stage > Stage::Connected) {
                bail!("cannot publish: no connection with the server's media port ({stage:?})");
            }
            self.turn(waited + SWEEP)?;
        }
        Ok(())
    }

    /// Lets listeners join until there are as many as the step wants, and holds them.
    ///
    /// # Errors
    /// What no listener can work around. What goes wrong for listeners is in the report.
    pub fn step(&mut self, step: Step) -> anyhow::Result<Report> {
        if !(1..=super::LISTENERS_MAX).contains(&step.listeners) {
            bail!("{} listeners: between 1 and {} can be run", step.listeners, super::LISTENERS_MAX);
        }
        limits::allow(step.listeners)?;
        self.tally = Tally::default();
        self.join(step.listeners)?;
        let joining = self.take_counts();
        let (start, cpu) = (Instant::now(), limits::cpu_seconds());
        if let Some(watched) = &mut self.watched {
            watched.start()?;
        }
        let end = start + step.hold;
        while Instant::now() < end && self.listeners.iter().any(|listener| listener.state == State::Hearing) {
            self.turn(end.min(Instant::now() + SWEEP))?;
        }
        let seconds = start.elapsed().as_secs_f64();
        let generator_cpu = limits::cpu_seconds() - cpu;
        let mut report = self.report(&joining);
        (report.seconds, report.generator_cpu) = (seconds, generator_cpu);
        report.server = self.watched.as_ref().map(Watched::usage).transpose()?;
        Ok(report)
    }

    fn join(&mut self, listeners: usize) -> anyhow::Result<()> {
        let (start, before) = (Instant::now(), self.listeners.len());
        let mut sweep = start;
        loop {
            let now = Instant::now();
            let due = start + Duration::from_secs_f64(self.admitted_since(before) / self.options.join_rate);
            let all = self.listeners.len() >= listeners;
            if !all && due <= now {
                self.admit(now)?;
                continue;
            }
            if now >= sweep {
                sweep = now + SWEEP;
                self.look_around(now);
                if all && !self.listeners.iter().any(Listener::is_pending) {
                    return Ok(());
                }
            }
            self.turn(if all { sweep } else { sweep.min(due) })?;
        }
    }

    fn admitted_since(&self, before: usize) -> f64 {
        (self.listeners.len() - before) as f64
    }

    fn admit(&mut self, now: Instant) -> anyhow::Result<()> {
        let index = self.listeners.len();
        let purpose = Purpose::Listen { red: self.options.red };
        let socket = (self.server, self.poll.registry(), Token(index));
        let (link, offer) = Link::open(&self.stack, purpose, socket, now)?;
        let ear = match self.options.listen_for {
            Some(frequency) if index < EARS => Some(Ear::new(frequency)?),
            _ => None,
        };
        self.doorman.send(Errand::Join { index, offer: offer.clone() });
        self.listeners.push(Listener::new(link, offer, ear, now));
        Ok(())
    }

    /// Gives up those who have waited too long, and asks again for those who came too early.
    fn look_around(&mut self, now: Instant) {
        for (index, listener) in self.listeners.iter_mut().enumerate() {
            if let State::Waiting(until) = listener.state
                && until <= now
            {
                (listener.state, listener.asked) = (State::Asking, now);
                self.doorman.send(Errand::Join { index, offer: listener.offer.clone() });
            } else if listener.is_pending()
                && now.saturating_duration_since(listener.asked) > self.options.patience
            {
                listener.state = State::Failed(listener.missing());
            }
        }
    }

    /// Waits for the network until `until` at the latest, and does what is due.
    fn turn(&mut self, until: Instant) -> anyhow::Result<()> {
        let now = Instant::now();
        if let Some(publisher) = &mut self.publisher {
            publisher.speak(now)?;
        }
        while let Some(Reverse((_, index))) = self.wakes.peek().filter(|Reverse((time, _))| *time <= now) {
            let index = *index;
            self.wakes.pop();
            self.wake(index, now);
        }
        let next = self.wakes.peek().map(|Reverse((time, _))| *time);
        let frame = self.publisher.as_ref().and_then(Publisher::due);
        let until = [next, frame].into_iter().flatten().fold(until, Instant::min);
        match self.poll.poll(&mut self.events, Some(until.saturating_duration_since(Instant::now()))) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                return Err(error).context("epoll failed");
            }
            _ => {}
        }
        // The events are read while everything else is written to: they go out and come back.
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            match event.token() {
                REPLIES => self.take_replies(),
                PUBLISHER => {
                    if let Some(publisher) = &mut self.publisher {
                        publisher.link.read(&mut self.buffer, |_, _| {});
                    }
                    self.arm(PUBLISHER.0, Instant::now());
                }
                Token(index) => self.read(index),
            }
        }
        self.events = events;
        Ok(())
    }

    fn read(&mut self, index: usize) {
        let tally = &mut self.tally;
        let Some(listener) = self.listeners.get_mut(index) else { return };
        let mut media_only = true;
        listener.read(&mut self.buffer, |heard| {
            if let Some(delay) = heard.delay {
                tally.delay.record(delay);
            }
            if let Some(joined) = heard.joined {
                tally.join.record(joined);
                media_only = false;
            }
        });
        if let Some(round_trip) = listener.link.round_trip() {
            tally.round_trip.record(round_trip);
            media_only = false;
        }
        if !media_only || listener.state != State::Hearing {
            self.arm(index, Instant::now());
        }
    }

    fn wake(&mut self, index: usize, now: Instant) {
        if index == PUBLISHER.0 {
            if let Some(publisher) = &mut self.publisher {
                publisher.link.wake(now);
            }
        } else if let Some(listener) = self.listeners.get_mut(index)
            && listener.link.wake(now)
        {
            listener.follow();
        }
        self.arm(index, now);
    }

    /// Puts the deadline of a link where the loop finds it.
    fn arm(&mut self, index: usize, now: Instant) {
        let link = if index == PUBLISHER.0 {
            self.publisher.as_mut().map(|publisher| &mut publisher.link)
        } else {
            self.listeners.get_mut(index).map(|listener| &mut listener.link)
        };
        if let Some(deadline) = link.and_then(|link| link.arm(now)) {
            self.wakes.push(Reverse((deadline, index)));
        }
    }

    fn take_replies(&mut self) {
        while let Some(reply) = self.doorman.reply() {
            if let Reply::Joined { index, outcome } = reply {
                self.asked(index, outcome);
            }
        }
    }

    fn asked(&mut self, index: usize, outcome: Result<Admission, Refusal>) {
        let now = Instant::now();
        let Some(listener) = self.listeners.get_mut(index) else { return };
        if listener.state != State::Asking {
            // Given up meanwhile; the session is left all the same.
            listener.session = outcome.ok().map(|admission| admission.session);
            return;
        }
        match outcome {
            Ok(Admission { answer, session }) => {
                listener.session = Some(session);
                listener.offer = String::new();
                listener.state = State::Joining;
                if !listener.link.answer(answer, now) {
                    listener.state = State::Failed(JoinFault::Answer);
                }
                self.arm(index, now);
            }
            // Between the publisher's first packet and the broadcast's first sound there is a moment.
            Err(Refusal::Status(404, _))
                if self.publisher.as_ref().is_some_and(|publisher| publisher.is_new(now)) =>
            {
                listener.state = State::Waiting(now + AGAIN);
            }
            Err(refusal) => {
                let fault = match &refusal {
                    Refusal::Unreachable => JoinFault::Unreachable,
                    Refusal::Status(status, _) => JoinFault::Refused(*status),
                    Refusal::Incomplete => JoinFault::Answer,
                };
                listener.state = State::Failed(fault);
                self.tally.refusal.get_or_insert_with(|| refusal.to_string());
            }
        }
    }

    /// What each listener counted since it was asked last.
    fn take_counts(&mut self) -> Vec<Counts> {
        self.listeners.iter_mut().map(|listener| listener.reception.take()).collect()
    }

    fn report(&mut self, joining: &[Counts]) -> Report {
        let (mut packets, mut held) = (Counts::default(), Counts::default());
        let mut faults: BTreeMap<JoinFault, u64> = BTreeMap::new();
        let (mut jitter, mut loss, mut tone) = (Vec::new(), Vec::new(), (0, 0));
        let mut report = Report { wanted: self.listeners.len(), ..Report::default() };
        for (listener, joining) in self.listeners.iter_mut().zip(joining) {
            match listener.state {
                State::Failed(fault) => *faults.entry(fault).or_default() += 1,
                State::Hearing => report.joined += 1,
                State::Dropped => (report.joined, report.dropped) = (report.joined + 1, report.dropped + 1),
                State::Ended => (report.joined, report.ended) = (report.joined + 1, report.ended + 1),
                State::Asking | State::Waiting(_) | State::Joining => {}
            }
            let mut counts = listener.reception.finish();
            held += counts;
            counts += *joining;
            if counts.expected() > 0 {
                loss.push(100.0 * counts.lost as f64 / counts.expected() as f64);
            }
            jitter.extend(listener.reception.jitter().map(|jitter| jitter.as_secs_f64() * 1000.0));
            packets += counts;
            if let Some(ear) = &mut listener.ear {
                let (heard, windows) = ear.take();
                tone = (tone.0 + heard, tone.1 + windows);
            }
        }
        report.tone = self.options.listen_for.map(|_| tone);
        report.join = self.tally.join.figures();
        report.delay = self.tally.delay.figures();
        report.round_trip = self.tally.round_trip.figures();
        report.refusal.clone_from(&self.tally.refusal);
        report.jitter_ms = Spread::of(jitter);
        report.loss_percent_each = Spread::of(loss);
        Report { packets, held, faults, ..report }
    }

    /// Everybody leaves. Says how many sessions the server did not let go.
    pub fn close(mut self) -> usize {
        let mut sessions: Vec<String> = Vec::new();
        for listener in &mut self.listeners {
            // The session of one whom the server sent away is gone.
            if listener.state != State::Ended {
                sessions.extend(listener.session.take());
            }
        }
        let mut left = sessions.len();
        for session in sessions {
            self.doorman.send(Errand::Leave { session });
        }
        let deadline = Instant::now() + FAREWELL;
        let mut held = 0;
        while left > 0 {
            match self.doorman.wait(deadline) {
                Some(Reply::Left(outcome)) => {
                    left -= 1;
                    held += usize::from(outcome.is_err());
                }
                Some(Reply::Joined { .. }) => {}
                None => return held + left,
            }
        }
        for listener in self.listeners {
            listener.link.close(self.poll.registry());
        }
        if let Some(publisher) = self.publisher {
            held += usize::from(publisher.close(self.poll.registry()).is_err());
        }
        held
    }
}
