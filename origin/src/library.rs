//! Runs that have ended: read from disk when somebody asks for them, kept in memory while they are asked for.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use packager::RunId;
use tokio::sync::Semaphore;

use crate::disk::{Found, RunDir};
use crate::{Attic, Origin, Shelf};

/// Ended runs in memory at a time: playlists of some 20 KB each; their segments stay on disk.
const LOADED: usize = 512;

/// Runs read from disk at a time. Whoever comes then waits for a moment.
const READERS: usize = 8;

/// Longest id in bytes. With letters, digits, `-` and `_` alone it names no other folder than its own.
const ID_MAX: usize = 64;

/// Where ended runs lie, and which of them are in memory.
#[derive(Debug)]
pub(crate) struct Library {
    media_dir: PathBuf,
    /// Oldest first.
    loaded: Mutex<VecDeque<(String, Arc<Shelf>)>>,
    readers: Semaphore,
    attic: Option<Arc<dyn Attic>>,
}

impl Library {
    pub(crate) fn new(media_dir: PathBuf, attic: Option<Arc<dyn Attic>>) -> Self {
        Self { media_dir, loaded: Mutex::default(), readers: Semaphore::new(READERS), attic }
    }
}

impl Origin {
    /// The shelf of a run: on air, or of what has ended and is kept on disk.
    pub async fn find(&self, id: &str, run: &RunId) -> Option<Arc<Shelf>> {
        if let Some(shelf) = self.shelf(id, run) {
            return Some(shelf);
        }
        self.load(id, Some(run.clone())).await;
        self.shelf(id, run)
    }

    /// Makes a run of `id` known where it has ended, the last one unless it is named; `false` where there is
    /// nothing to serve. The one that was loaded first goes when there are too many.
    pub(crate) async fn load(&self, id: &str, run: Option<RunId>) -> bool {
        let Some(library) = &self.library else { return false };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if id.is_empty() || id.len() > ID_MAX || !id.bytes().all(plain) {
            return false;
        }
        let Ok(_turn) = library.readers.acquire().await else { return false };
        let known = self.channel(id).is_some_and(|channel| match &run {
            None => channel.newest().is_some(),
            Some(run) => channel.run(run.as_str()).is_some(),
        });
        if known {
            return true;
        }
        let (root, broadcast, name) = (library.media_dir.clone(), id.to_owned(), run.clone());
        let attic = library.attic.clone();
        let read = tokio::task::spawn_blocking(move || {
            let look = || match &name {
                None => RunDir::find_ended(&root, &broadcast),
                Some(run) => RunDir::find_over(&root, &broadcast, run),
            };
            let found = match (look()?, &attic) {
                (None, Some(attic)) if attic.restore(&broadcast, name.as_ref())? => look()?,
                (found, _) => found,
            };
            Ok(found.map(|found| Found { dir: found.dir.behind(attic), ..found }))
        });
        let found = match read.await {
            Ok(Ok(Some(found))) => found,
            Ok(Ok(None)) | Err(_) => return false,
            Ok(Err::<_, io::Error>(error)) => {
                tracing::error!(broadcast.id = %id, %error, "what is kept of {id} cannot be read");
                return false;
            }
        };
        let (shelf, _) = Shelf::new(found);
        match run {
            None => self.channel_for(id).open_if_empty(shelf.clone()),
            Some(_) => self.channel_for(id).open_earlier(shelf.clone()),
        }
        let mut loaded = library.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.push_back((id.to_owned(), shelf));
        let surplus = if loaded.len() > LOADED { loaded.pop_front() } else { None };
        drop(loaded);
        if let Some((oldest, shelf)) = surplus {
            self.retire(&oldest, &shelf);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method, StatusCode};
    use media::AudioProfile;
    use packager::{InitSection, LatencyMode, RunId, WallClock};

    use super::*;
    use crate::disk::RunRecord;

    fn record(broadcast: &str, ended: bool) -> RunRecord {
        RunRecord {
            broadcast: broadcast.into(),
            run: RunId::parse("r1").unwrap(),
            anchor: WallClock(5_000_000),
            mode: LatencyMode::Low,
            profile: AudioProfile::Voice,
            fence: 1,
            discontinuities: Vec::new(),
            ended,
        }
    }

    async fn status(origin: &Arc<Origin>, path: &str) -> StatusCode {
        origin.serve(&Method::GET, path, None, &HeaderMap::new(), 0).await.status()
    }

    #[tokio::test]
    async fn the_end_of_a_broadcast_is_served_from_disk_and_an_open_run_is_not() {
        let root = tempfile::tempdir().unwrap();
        let inits = AudioProfile::Voice.rungs().map(|rung| InitSection::new(&rung, &[0x11, 0x88]));
        for (broadcast, ended) in [("over", true), ("open", false)] {
            RunDir::create(root.path(), record(broadcast, ended), &inits).unwrap();
        }
        let origin = Origin::with_library(1, root.path().to_owned());
        assert_eq!(status(&origin, "over/index.m3u8").await, StatusCode::OK);
        assert_eq!(status(&origin, "over/r1/main/init.mp4").await, StatusCode::OK);
        for path in ["open/index.m3u8", "nowhere/index.m3u8", "../index.m3u8", "./index.m3u8"] {
            assert_eq!(status(&origin, path).await, StatusCode::NOT_FOUND, "{path}");
        }
        let shelf = origin.channel("over").unwrap().newest().unwrap();
        origin.retire("over", &shelf);
        assert!(origin.channel("over").is_none());
        assert_eq!(status(&origin, "over/r1/main.m3u8").await, StatusCode::OK, "it is found again");
    }
}
