//! One accepted incoming stream, whatever the protocol.

use std::future::pending;
use std::sync::Arc;
use std::time::Instant;

use media::TrackInfo;
use tokio::sync::{Notify, mpsc, watch};

use crate::{Activity, CloseReason, Media};

/// Access units on their way to the station: 10 s of 20 ms units. A station that is further behind than that
/// is better served by a gap.
const MAX_QUEUED: usize = 512;
/// Bytes of those units: 10 s at 800 kb/s, more than anybody sends.
const MAX_QUEUED_BYTES: usize = 1_024 * 1_024;

/// One accepted incoming stream. Dropping it sends the publisher away with [`CloseReason::Ended`].
#[derive(Debug)]
pub struct Publication {
    media: mpsc::Receiver<Media>,
    handle: PublicationHandle,
    steps: Option<Steps>,
}

/// Tells a door that its station has come for what there was.
type Steps = Arc<Notify>;

/// What a station says to a door.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Word {
    /// It has come for what was handed on; only to a door that reads in step.
    Asked,
    /// The publication is over, and why.
    Closed(CloseReason),
}

/// When a door reads on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reading {
    /// As soon as there is something to read.
    AtOnce,
    /// When the station has come for what was read before.
    InStep,
}

/// Nothing was received.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RecvError {
    /// Nothing yet.
    #[error("nothing has come yet")]
    Empty,
    /// The publisher is gone, and everything it sent was received.
    #[error("the publisher is gone")]
    Closed,
}

impl Publication {
    /// The next track or unit, at once; for a thread outside the async runtime.
    pub fn try_recv(&mut self) -> Result<Media, RecvError> {
        match self.media.try_recv() {
            Ok(media) => Ok(self.taken(media)),
            Err(mpsc::error::TryRecvError::Empty) => {
                self.ask();
                Err(RecvError::Empty)
            }
            Err(mpsc::error::TryRecvError::Disconnected) => Err(RecvError::Closed),
        }
    }

    /// Waits for the next track or unit; `None` once the publisher is gone and everything was received.
    pub async fn recv(&mut self) -> Option<Media> {
        self.ask();
        let media = self.media.recv().await?;
        Some(self.taken(media))
    }

    fn ask(&self) {
        if let Some(steps) = &self.steps {
            steps.notify_one();
        }
    }

    /// What it has delivered.
    pub fn activity(&self) -> Activity {
        self.handle.activity.clone()
    }

    /// A handle with which others watch and end it.
    pub fn handle(&self) -> PublicationHandle {
        self.handle.clone()
    }

    /// Tells the publisher why and ends the connection. What came before is gone with it.
    pub fn close(self, reason: CloseReason) {
        self.handle.close(reason);
    }

    fn taken(&self, media: Media) -> Media {
        if let Media::Unit(unit) = &media {
            self.handle.activity.unit_taken(unit.data.len());
        }
        media
    }
}

impl Drop for Publication {
    fn drop(&mut self) {
        self.handle.close(CloseReason::Ended);
    }
}

/// Watches and ends a [`Publication`] that somebody else receives from.
#[derive(Clone, Debug)]
pub struct PublicationHandle {
    activity: Activity,
    close: watch::Sender<Option<CloseReason>>,
}

impl PublicationHandle {
    /// What the publication has delivered.
    pub fn activity(&self) -> Activity {
        self.activity.clone()
    }

    /// Tells the publisher why and ends the connection; the receiver then sees it closed. The first reason
    /// counts.
    pub fn close(&self, reason: CloseReason) {
        self.close.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                *current = Some(reason);
            }
            first
        });
    }
}

/// The door's end of a publication; dropping it closes the other.
#[derive(Debug)]
pub struct Sink {
    media: mpsc::Sender<Media>,
    activity: Activity,
    /// A track that found the queue full. It goes before the next unit.
    late_track: Option<TrackInfo>,
    close: watch::Receiver<Option<CloseReason>>,
    steps: Option<Steps>,
}

impl Sink {
    /// Both ends of a publication that was asked for at `opened`.
    pub(crate) fn open(opened: Instant, reading: Reading) -> (Self, Publication) {
        let (sender, receiver) = mpsc::channel(MAX_QUEUED);
        let (close_sender, close_receiver) = watch::channel(None);
        let activity = Activity::new(opened);
        let handle = PublicationHandle { activity: activity.clone(), close: close_sender };
        let steps = (reading == Reading::InStep).then(Steps::default);
        let publication = Publication { media: receiver, handle, steps: steps.clone() };
        (Self { media: sender, activity, late_track: None, close: close_receiver, steps }, publication)
    }

    /// Hands on what came at `now`. When the station is 10 s behind, new units are dropped and counted; a
    /// track waits.
    pub fn push(&mut self, now: Instant, media: Media) {
        match media {
            Media::Track(track) => {
                self.late_track = Some(track);
                self.send_track();
            }
            Media::Unit(unit) => {
                let size = unit.data.len();
                self.activity.unit_came(now, size);
                if !self.send_track() || self.activity.queued() + size > MAX_QUEUED_BYTES {
                    return self.activity.unit_dropped();
                }
                self.activity.unit_queued(size);
                if self.media.try_send(Media::Unit(unit)).is_err() {
                    self.activity.unit_taken(size);
                    self.activity.unit_dropped();
                }
            }
        }
    }

    /// Waits until the station ends the publication, and says why it did.
    pub async fn closed(&mut self) -> CloseReason {
        loop {
            if let Word::Closed(reason) = self.word().await {
                return reason;
            }
        }
    }

    /// The same from somewhere else than where the sink is.
    pub fn closing(&self) -> Closing {
        Closing(self.close.clone())
    }

    /// Whether its door reads on only when the station has come.
    pub(crate) fn is_in_step(&self) -> bool {
        self.steps.is_some()
    }

    /// Waits for a word of the station.
    pub(crate) async fn word(&mut self) -> Word {
        let asked = async {
            match &self.steps {
                Some(steps) => steps.notified().await,
                None => pending().await,
            }
        };
        tokio::select! {
            closed = self.close.wait_for(Option::is_some) => {
                Word::Closed(closed.ok().and_then(|reason| reason.clone()).unwrap_or(CloseReason::Ended))
            }
            () = asked => Word::Asked,
        }
    }

    /// True when no track waits any longer.
    fn send_track(&mut self) -> bool {
        let Some(track) = self.late_track.take() else { return true };
        match self.media.try_send(Media::Track(track)) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(Media::Track(track))) => {
                self.late_track = Some(track);
                false
            }
            Err(_) => false,
        }
    }
}

/// Waits for the end of a publication whose [`Sink`] somebody else has.
#[derive(Clone, Debug)]
pub struct Closing(watch::Receiver<Option<CloseReason>>);

impl Closing {
    /// Waits until the station ends the publication, and says why it did.
    pub async fn wait(mut self) -> CloseReason {
        let closed = self.0.wait_for(Option::is_some).await;
        closed.ok().and_then(|reason| reason.clone()).unwrap_or(CloseReason::Ended)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use media::{AccessUnit, Channels, Codec, MediaDuration, MediaTime, Timescale};
    use tokio::time::timeout;

    use super::*;

    fn track(sample_rate: u32) -> Media {
        Media::Track(TrackInfo {
            codec: Codec::Opus,
            timescale: Timescale::MILLIS,
            sample_rate,
            channels: Channels::Stereo,
            config: Bytes::new(),
        })
    }

    fn unit(time: u64, size: usize) -> Media {
        let time = MediaTime::from_ticks(time);
        Media::Unit(AccessUnit { time, duration: MediaDuration::default(), data: vec![0; size].into() })
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "some instant to count from")]
    fn a_full_queue_drops_the_newest_units_and_keeps_a_new_track() {
        let opened = Instant::now();
        let (mut sink, mut publication) = Sink::open(opened, Reading::AtOnce);
        sink.push(opened, track(48_000));
        for time in 0..MAX_QUEUED as u64 + 9 {
            sink.push(opened, unit(time, 100));
        }
        sink.push(opened, track(24_000));
        sink.push(opened, unit(8_000, 100));
        assert_eq!(publication.activity().dropped(), 11);
        assert_eq!(publication.try_recv(), Ok(track(48_000)));
        assert_eq!(publication.try_recv(), Ok(unit(0, 100)));
        sink.push(opened, unit(9_000, 100));
        while publication.try_recv() != Ok(track(24_000)) {}
        assert_eq!(publication.try_recv(), Ok(unit(9_000, 100)));
        assert_eq!(publication.try_recv(), Err(RecvError::Empty));
        assert_eq!(publication.activity().queued(), 0);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "some instant to count from")]
    fn a_queue_is_bounded_in_bytes_too() {
        let opened = Instant::now();
        let (mut sink, publication) = Sink::open(opened, Reading::AtOnce);
        for time in 0..100 {
            sink.push(opened, unit(time, 16_384));
        }
        assert_eq!(publication.activity().queued(), MAX_QUEUED_BYTES);
        assert_eq!(publication.activity().dropped(), 36);
        assert_eq!(publication.activity().units(), 100);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "some instant to count from")]
    fn idleness_counts_from_the_last_unit() {
        let opened = Instant::now();
        let (mut sink, publication) = Sink::open(opened, Reading::AtOnce);
        let activity = publication.activity();
        let after = |seconds| opened + Duration::from_secs(seconds);
        assert_eq!(activity.idle_for(after(3)), Duration::from_secs(3));
        sink.push(after(3), track(48_000));
        assert_eq!(activity.idle_for(after(3)), Duration::from_secs(3));
        sink.push(after(4), unit(0, 1));
        assert_eq!(activity.idle_for(after(6)), Duration::from_secs(2));
        assert_eq!(activity.idle_for(opened), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    #[expect(clippy::disallowed_methods, reason = "some instant to count from")]
    async fn a_door_that_reads_in_step_is_asked_each_time_there_is_no_more() {
        let (mut sink, mut publication) = Sink::open(Instant::now(), Reading::InStep);
        let patience = Duration::from_secs(1);
        for round in 0..3 {
            assert!(timeout(patience, sink.word()).await.is_err());
            sink.push(Instant::now(), unit(round, 1));
            assert_eq!(publication.try_recv(), Ok(unit(round, 1)));
            assert!(timeout(patience, sink.word()).await.is_err(), "there might be more");
            assert_eq!(publication.try_recv(), Err(RecvError::Empty));
            assert!(timeout(patience, sink.word()).await.is_ok());
        }
        assert!(timeout(patience, publication.recv()).await.is_err());
        assert!(timeout(patience, sink.word()).await.is_ok(), "who waits asks");
        let (mut sink, mut publication) = Sink::open(Instant::now(), Reading::AtOnce);
        assert_eq!(publication.try_recv(), Err(RecvError::Empty));
        assert!(!sink.is_in_step() && timeout(patience, sink.word()).await.is_err());
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "some instant to count from")]
    async fn the_first_reason_for_an_end_counts() {
        let (mut sink, publication) = Sink::open(Instant::now(), Reading::AtOnce);
        publication.handle().close(CloseReason::TakenOver);
        publication.close(CloseReason::ServerStopping);
        assert_eq!(sink.word().await, Word::Closed(CloseReason::TakenOver));

        let (mut sink, publication) = Sink::open(Instant::now(), Reading::AtOnce);
        drop(publication);
        assert_eq!(sink.word().await, Word::Closed(CloseReason::Ended));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "some instant to count from")]
    fn what_came_is_received_before_the_end_is() {
        let (mut sink, mut publication) = Sink::open(Instant::now(), Reading::AtOnce);
        sink.push(Instant::now(), unit(0, 1));
        drop(sink);
        assert_eq!(publication.try_recv(), Ok(unit(0, 1)));
        assert_eq!(publication.try_recv(), Err(RecvError::Closed));
    }
}
