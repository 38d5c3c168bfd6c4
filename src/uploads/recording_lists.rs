//! What the store has of a run for its recordings: their playlists, and once the run is over the segments that they
//! keep.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use cdn::{Caching, Object, ObjectKey, Progress};
use media::RungId;
use origin::{Recorded, Shelf};
use packager::playlist::{init_name, multivariant, segment_name};
use tracing::warn;

use super::attic::PAPERS;
use super::errands::Errand;
use super::heard_lists::{address, is_newest, list};
use super::piece::RunName;

/// What is to be there.
#[derive(Debug, Default)]
pub(super) struct RecordingLists {
    /// Media Playlists.
    pub(super) media: Vec<Object>,
    /// What leads to them.
    pub(super) indexes: Vec<Object>,
    /// Below this name nothing stays but what is in `keep`.
    pub(super) below: Option<ObjectKey>,
    pub(super) keep: BTreeSet<ObjectKey>,
    /// What is at the broadcast's address goes.
    pub(super) silent: Option<ObjectKey>,
    /// Whether nothing was left out, since it is not stored yet.
    pub(super) whole: bool,
}

impl RecordingLists {
    /// What is to be there of `run` after `errand`, where `progress` is stored of it. Reads the segments that playlists
    /// name parts of; blocks.
    pub(super) fn write(
        run: &RunName,
        errand: Errand,
        shelf: &Shelf,
        progress: &Progress,
        media_dir: &Path,
    ) -> io::Result<Self> {
        let mut lists = Self { whole: true, ..Self::default() };
        let recordings = shelf.recordings();
        for recorded in recordings.iter().filter(|recorded| recorded.is_published() && recorded.is_closed()) {
            if let Err(cause) = lists.list(run, shelf, recorded, progress) {
                warn!(broadcast.id = %run.broadcast(), "recording {} is not listed in the store: {cause}", recorded.id);
            }
        }
        if shelf.view().window.ended() && is_newest(run, media_dir)? {
            lists.announce(run, errand, shelf)?;
        }
        lists.below = match errand {
            Errand::Lists => run.key("rec"),
            Errand::Tidy => {
                lists.keep_media(run, shelf, &recordings)?;
                lists.keep_papers(run, &recordings, media_dir)?;
                run.below()
            }
        };
        Ok(lists)
    }

    /// What is to be there of a run that is not here any more: nothing, where it is `gone` for good.
    pub(super) fn of_nothing(run: &RunName, errand: Errand, gone: bool) -> Self {
        let below = if errand == Errand::Tidy { run.below() } else { None };
        Self { below, whole: gone, ..Self::default() }
    }

    /// A recording is listed when all of it is settled: its playlists say that it is over.
    fn list(
        &mut self,
        run: &RunName,
        shelf: &Shelf,
        recorded: &Recorded,
        progress: &Progress,
    ) -> io::Result<()> {
        let folder = format!("rec/{}", recorded.folder);
        let (ladder, last) = (shelf.ladder(), shelf.pieces(recorded).last().map(|piece| piece.msn));
        let stored = progress.through().is_some_and(|through| last.is_some_and(|last| last <= through));
        if last.is_some() && (!stored || !shelf.is_over(recorded)) {
            self.whole = false;
        }
        let names = ladder.listed().map(|rung| rung.id.name()).chain(["index"]);
        self.keep.extend(names.filter_map(|name| run.key(&format!("{folder}/{name}.m3u8"))));
        let mut objects = Vec::new();
        if stored && shelf.is_over(recorded) {
            for rung in ladder.listed() {
                let text = shelf.recording_playlist(recorded, rung.id, |msn| progress.is_lost(msn))?;
                objects.push(list(run, &format!("{folder}/{}.m3u8", rung.id), text, Caching::Ended)?);
            }
            let index = multivariant::of_recording("", ladder);
            self.indexes.push(list(run, &format!("{folder}/index.m3u8"), index, Caching::Ended)?);
        }
        self.media.append(&mut objects);
        Ok(())
    }

    /// The address of a broadcast that is over plays what is played there by the station.
    fn announce(&mut self, run: &RunName, errand: Errand, shelf: &Shelf) -> io::Result<()> {
        let replay = shelf.replay().map(|recorded| run.key(&format!("rec/{}/index.m3u8", recorded.folder)));
        match replay {
            Some(index) if self.indexes.iter().any(|listed| Some(&listed.key) == index.as_ref()) => {
                let folder = shelf.replay().map(|recorded| recorded.folder).unwrap_or_default();
                let text =
                    multivariant::of_recording(&format!("{}/rec/{folder}/", run.run()), shelf.ladder());
                self.indexes.push(address(run, text)?);
            }
            // What was on air may be heard to its end until the run is tidied up.
            None if errand == Errand::Tidy => self.silent = run.address(),
            Some(_) | None => {}
        }
        Ok(())
    }

    /// With what a station can bring the run back whose disk has lost it.
    fn keep_papers(&mut self, run: &RunName, recordings: &[Recorded], media_dir: &Path) -> io::Result<()> {
        for name in if recordings.is_empty() { &[][..] } else { &PAPERS[..] } {
            let bytes = match fs::read(run.folder(media_dir).join(name)) {
                Ok(bytes) => bytes.into(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let key =
                run.key(name).ok_or_else(|| io::Error::other(format!("{run:?} is no name of an object")))?;
            self.keep.insert(key.clone());
            self.media.push(Object { key, bytes, caching: Caching::Ended });
        }
        Ok(())
    }

    fn keep_media(&mut self, run: &RunName, shelf: &Shelf, recordings: &[Recorded]) -> io::Result<()> {
        if recordings.is_empty() {
            return Ok(());
        }
        let named = |name: String| {
            run.key(&name).ok_or_else(|| io::Error::other(format!("{name} is no name of an object")))
        };
        for rung in RungId::ALL {
            self.keep.insert(named(init_name(rung))?);
            for kept in
                shelf.view().window.whole().filter(|kept| recordings.iter().any(|it| it.keeps(kept.msn)))
            {
                self.keep.insert(named(segment_name(rung, kept.msn))?);
            }
        }
        Ok(())
    }
}
