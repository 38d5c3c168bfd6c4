//! What each speaker says by themselves, on its way to the disk: beside the programme, and never before it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use media::{AccessUnit, Codec, MediaTime, TrackInfo};
use origin::Shelf;
use recording::speaker_track::{Fit, Form, SpeakerTrack};
use sfu::packet_length;
use tracing::{error, warn};
use transcode::programme::SourceId;

use crate::metrics::Metrics;
use crate::metrics::labels::NoLabel;
use crate::recordings::speaker_tracks::{SpeakerTracks, Spoken};

/// Units that may wait for the disk: four seconds of ten speakers.
const WAITING: usize = 2_048;

/// The longest unit that is taken; with [`WAITING`] it bounds what waits. No encoder makes longer ones.
const UNIT_MAX: usize = 8 * 1_024;

/// Bytes of all tracks of one run: some seventy hours of a speaker.
const RUN_BYTES_MAX: u64 = 4 * 1_024 * 1_024 * 1_024;

/// Tracks of one run: a speaker who comes and goes makes one each time.
const RUN_TRACKS_MAX: u32 = 1_000;

/// Where the programme's thread leaves what speakers say. It never waits there: what does not fit is counted and lost.
pub struct Tap {
    notes: SyncSender<Note>,
    metrics: Metrics,
}

/// Who says something.
#[derive(Clone, Debug)]
pub struct Speaker {
    /// Which source of the programme.
    pub source: SourceId,
    /// The account that is heard.
    pub person: Arc<str>,
    /// By which door it comes.
    pub protocol: &'static str,
}

enum Note {
    Unit { speaker: Speaker, track: TrackInfo, at: MediaTime, unit: AccessUnit },
    Gone(SourceId),
}

impl Tap {
    /// A unit of `track` that is heard in the programme at `at`.
    pub fn hear(&self, speaker: Speaker, track: &TrackInfo, at: MediaTime, unit: &AccessUnit) {
        if unit.data.len() > UNIT_MAX {
            return self.lose();
        }
        self.note(Note::Unit { speaker, track: track.clone(), at, unit: unit.clone() });
    }

    /// A source is heard no more.
    pub fn leave(&self, source: SourceId) {
        self.note(Note::Gone(source));
    }

    fn note(&self, note: Note) {
        match self.notes.try_send(note) {
            // Its track ends with the run, if not with its next unit.
            Ok(()) | Err(TrySendError::Full(Note::Gone(_)) | TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(Note::Unit { .. })) => self.lose(),
        }
    }

    fn lose(&self) {
        self.metrics.track_units_dropped.add(NoLabel::One, 1);
    }
}

/// Writes the tracks of one run, while it is recorded.
pub struct Writer {
    notes: Receiver<Note>,
    broadcast: String,
    shelf: Arc<Shelf>,
    tracks: SpeakerTracks,
    open: BTreeMap<SourceId, Open>,
    /// The highest number of a track so far.
    number: u32,
    bytes: u64,
    /// It was said that no more is kept.
    full: bool,
}

/// A track that is being written.
struct Open {
    number: u32,
    track: TrackInfo,
    /// None where it cannot be written: nothing is tried again until another track comes.
    file: Option<(SpeakerTrack, File)>,
}

/// Both ends for a run that is served from `shelf`.
pub fn open(broadcast: &str, shelf: &Arc<Shelf>, metrics: &Metrics) -> io::Result<(Tap, Writer)> {
    let (sender, notes) = sync_channel(WAITING);
    let tracks = SpeakerTracks::beside(shelf.files());
    let (number, bytes) = tracks.taken()?;
    let writer = Writer {
        notes,
        broadcast: broadcast.to_owned(),
        shelf: shelf.clone(),
        tracks,
        open: BTreeMap::new(),
        number,
        bytes,
        full: false,
    };
    Ok((Tap { notes: sender, metrics: metrics.clone() }, writer))
}

impl Writer {
    /// Writes until the tap is gone.
    pub fn run(mut self) {
        while let Ok(note) = self.notes.recv() {
            match note {
                Note::Gone(source) => self.close(source),
                Note::Unit { speaker, track, at, unit } => {
                    if self.shelf.recordings().iter().all(origin::Recorded::is_closed) {
                        self.close_all();
                    } else {
                        self.write(&speaker, track, at, &unit);
                    }
                }
            }
        }
        self.close_all();
    }

    fn write(&mut self, speaker: &Speaker, track: TrackInfo, at: MediaTime, unit: &AccessUnit) {
        let source = speaker.source;
        if self.open.get(&source).is_some_and(|open| open.track != track) {
            self.close(source);
        }
        // Where it lies elsewhere than the file goes on, another begins with it.
        for _ in 0..2 {
            if !self.open.contains_key(&source) {
                let opened = self.begin(speaker, &track, at);
                self.open.insert(source, opened);
            }
            match self.push(source, unit) {
                Ok(Fit::Elsewhere) => self.close(source),
                Ok(Fit::Written | Fit::Damaged) => return,
                Err(cause) => {
                    error!(broadcast.id = %self.broadcast, "a speaker's track is not written on: {cause}");
                    self.close(source);
                    self.open.insert(source, Open { number: 0, track, file: None });
                    return;
                }
            }
        }
    }

    fn push(&mut self, source: SourceId, unit: &AccessUnit) -> io::Result<Fit> {
        let Some(Open { track, file: Some((spoken, file)), .. }) = self.open.get_mut(&source) else {
            return Ok(Fit::Damaged);
        };
        if self.bytes > RUN_BYTES_MAX {
            return Err(io::Error::other("the tracks of this run take as much as they may"));
        }
        let length = if track.codec == Codec::Opus { packet_length(&unit.data) } else { None };
        let mut bytes = Vec::new();
        let fit = spoken.push(unit.time.to_duration(track.timescale), length, &unit.data, &mut bytes);
        file.write_all(&bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(fit)
    }

    fn begin(&mut self, speaker: &Speaker, track: &TrackInfo, at: MediaTime) -> Open {
        let mut opened = Open { number: 0, track: track.clone(), file: None };
        if self.number >= RUN_TRACKS_MAX || self.bytes > RUN_BYTES_MAX {
            if !std::mem::replace(&mut self.full, true) {
                warn!(broadcast.id = %self.broadcast, "no more tracks of speakers are kept of this run");
            }
            return opened;
        }
        let Some((spoken, head)) = SpeakerTrack::open(track, self.number + 1) else {
            warn!(broadcast.id = %self.broadcast, "a speaker's {} has no file of its own", track.codec.name());
            return opened;
        };
        self.number += 1;
        opened.number = self.number;
        let note = Spoken {
            number: self.number,
            person: speaker.person.to_string(),
            protocol: speaker.protocol.to_owned(),
            form: Form::of(track.codec),
            from: at,
            length: None,
            bytes: 0,
        };
        let begun = self.tracks.begin(&note).and_then(|mut file| {
            file.write_all(&head)?;
            Ok(file)
        });
        match begun {
            Ok(file) => opened.file = Some((spoken, file)),
            Err(cause) => {
                error!(broadcast.id = %self.broadcast, "a speaker's track cannot be begun: {cause}");
            }
        }
        opened
    }

    fn close(&mut self, source: SourceId) {
        let Some(Open { number, file: Some((spoken, mut file)), .. }) = self.open.remove(&source) else {
            return;
        };
        let (length, mut bytes) = (spoken.length(), Vec::new());
        spoken.close(&mut bytes);
        self.bytes += bytes.len() as u64;
        if let Err(cause) = file.write_all(&bytes).and_then(|()| self.tracks.end(number, length)) {
            error!(broadcast.id = %self.broadcast, "the end of a speaker's track is not written: {cause}");
        }
    }

    fn close_all(&mut self) {
        while let Some((&source, _)) = self.open.first_key_value() {
            self.close(source);
        }
    }
}
