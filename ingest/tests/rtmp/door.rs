//! A door on a free port.

use std::net::SocketAddr;
use std::sync::Arc;

use ingest::rtmp::{Limits, Listener};
use ingest::{Media, Publication, PublishRequest};
use media::TrackInfo;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    pub(crate) requests: mpsc::Receiver<PublishRequest>,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
}

impl Door {
    pub(crate) async fn open(limits: Limits, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into(), limits, tls).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::channel(64);
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(listener.run(sender, shutdown.clone()));
        Self { address, requests, shutdown, running }
    }

    /// Lets in whoever asks next.
    pub(crate) async fn accept(&mut self) -> Publication {
        self.requests.recv().await.expect("somebody asks").accept()
    }

    /// Stops the door; every connection has ended then, without a panic.
    pub(crate) async fn close(self) {
        self.shutdown.cancel();
        self.running.await.unwrap();
    }
}

pub(crate) async fn track(publication: &mut Publication) -> TrackInfo {
    match publication.recv().await {
        Some(Media::Track(track)) => track,
        other => panic!("{other:?} instead of a track"),
    }
}

/// The times of the next units.
pub(crate) async fn times(publication: &mut Publication, count: usize) -> Vec<u64> {
    let mut times = Vec::new();
    while times.len() < count {
        match publication.recv().await {
            Some(Media::Unit(unit)) => times.push(unit.time.ticks()),
            other => panic!("{other:?} instead of a unit"),
        }
    }
    times
}
