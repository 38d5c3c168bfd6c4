//! A recording as the API tells it.

use media::MediaTime;
use packager::WallClock;
use room::{Action, Role};
use serde::Serialize;
use store::{HostCard, RecordingKind, RecordingStatus};
use utoipa::ToSchema;

use super::access::Found;
use super::tracks::{self, Track};
use crate::api::Context;
use crate::api::time::rfc3339;
use crate::playback::gate::Grant;
use crate::recordings::{Timeline, heard_as, seconds};

/// A recording, or a clip of one, as the caller may see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recording {
    id: String,
    broadcast_id: String,
    broadcast_title: String,
    host: Host,
    kind: Kind,
    /// What a clip was made of, or a part was split from; null where it is neither, or that is gone.
    #[schema(required)]
    parent_id: Option<String>,
    title: String,
    status: Status,
    /// Whether whoever may hear the broadcast may hear it.
    published: bool,
    /// The run that it is of.
    run: String,
    /// When what was recorded began.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ended; null while it is being made.
    #[schema(format = DateTime, required)]
    ended_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// How long it plays; null while it is being made.
    #[schema(required, minimum = 0)]
    duration_seconds: Option<f64>,
    /// What it takes in its best quality, about; null where it is not known.
    #[schema(required, minimum = 0)]
    size_bytes: Option<i64>,
    /// How loud it is (EBU R128); null until that is known.
    #[schema(required)]
    loudness_lufs: Option<f64>,
    /// How far loud and quiet are apart in it, in LU (EBU Tech 3342); null until that is known, and where it is silent or
    /// shorter than 3 s.
    #[schema(required, minimum = 0)]
    loudness_range: Option<f64>,
    /// Where it is played, below the station's address; null while it is being made. Where the broadcast is not
    /// everybody's, it is signed here and good for less than a minute, and a cookie lets a page of this station go on.
    #[schema(required)]
    hls_url: Option<String>,
    /// The whole of it as a file, M4A (AAC).
    download_url: String,
    /// The same as Ogg Opus.
    opus_url: String,
    /// How loud it is along its length, to draw it.
    peaks_url: String,
    /// Its chapters, as podcast players read them.
    chapters_url: String,
    /// What was said and done in its room.
    replay_url: String,
    /// What was said in it; null where nobody attached that.
    #[schema(required)]
    transcript_url: Option<String>,
    /// The stretches of the programme that it is made of, in order; only where one recording is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pieces: Option<Vec<Piece>>,
    /// Its speakers, each by themselves, where they were kept so; only where one recording is asked for, by who hosts or
    /// moderates.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tracks: Option<Vec<Track>>,
    /// How it is cut; only where one recording is asked for, by who may cut it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cut: Option<Cut>,
}

/// Whose it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordingHost)]
struct Host {
    id: String,
    username: String,
    display_name: String,
    #[schema(required)]
    avatar_url: Option<String>,
}

/// Whether it was recorded, or is a range of what was.
#[derive(Clone, Copy, Debug, serde::Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RecordingKind)]
pub(super) enum Kind {
    Recording,
    Clip,
}

/// How far it is.
#[derive(Clone, Copy, Debug, serde::Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RecordingStatus)]
pub(super) enum Status {
    /// It is being made.
    Recording,
    /// It can be heard.
    Ready,
    /// There is no sound in it.
    Failed,
}

/// A stretch of the programme without a break.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordingPiece)]
struct Piece {
    /// Where it begins in the recording, in seconds.
    position: f64,
    /// What the programme's clock said there.
    #[schema(format = DateTime)]
    program_time: String,
    /// How long it is, in seconds.
    duration: f64,
}

/// What plays of what was recorded, in seconds from where that begins.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordingCut)]
#[expect(clippy::struct_field_names, reason = "the API calls them so")]
struct Cut {
    start_seconds: f64,
    end_seconds: f64,
    /// How long all that was recorded is.
    recorded_seconds: f64,
}

impl Kind {
    pub(super) const fn stored(self) -> RecordingKind {
        match self {
            Self::Recording => RecordingKind::Recording,
            Self::Clip => RecordingKind::Clip,
        }
    }
}

impl Status {
    pub(super) const fn stored(self) -> RecordingStatus {
        match self {
            Self::Recording => RecordingStatus::Recording,
            Self::Ready => RecordingStatus::Ready,
            Self::Failed => RecordingStatus::Failed,
        }
    }
}

impl Recording {
    /// As a list shows it.
    pub(super) fn of(row: store::Recording, broadcast_title: String, host: HostCard, role: Role) -> Self {
        let id = &row.id;
        let below = format!("/live/{}/", row.broadcast_id);
        let at = |what: &str| format!("/api/recordings/{id}/{what}");
        Self {
            hls_url: hls_url(&row, &below, role),
            download_url: at("download.m4a"),
            opus_url: at("download.opus"),
            peaks_url: at("peaks"),
            chapters_url: at("chapters.json"),
            replay_url: at("replay"),
            transcript_url: row.transcript_id.as_ref().map(|_| at("transcript")),
            broadcast_title,
            host: Host {
                id: host.id,
                username: host.username,
                display_name: host.display_name,
                avatar_url: host.avatar_url,
            },
            kind: match row.kind {
                RecordingKind::Recording => Kind::Recording,
                RecordingKind::Clip => Kind::Clip,
            },
            status: match row.status {
                RecordingStatus::Recording => Status::Recording,
                RecordingStatus::Ready => Status::Ready,
                RecordingStatus::Failed => Status::Failed,
            },
            parent_id: row.parent_id,
            title: row.title,
            published: row.published,
            run: row.run,
            started_at: rfc3339(row.started_at),
            ended_at: row.ended_at.map(rfc3339),
            created_at: rfc3339(row.created_at),
            updated_at: rfc3339(row.updated_at),
            duration_seconds: row.duration_ms.map(|duration| duration as f64 / 1e3),
            size_bytes: size(row.size_bytes, row.duration_ms, row.recorded_ms),
            loudness_lufs: row.loudness_milli.map(|loudness| loudness as f64 / 1e3),
            loudness_range: row.loudness_range_milli.map(|range| range as f64 / 1e3),
            pieces: None,
            tracks: None,
            cut: None,
            broadcast_id: row.broadcast_id,
            id: row.id,
        }
    }

    /// With everything that is told of one alone; `grant` signs where it is played.
    pub(super) async fn whole(found: Found, grant: Option<&Grant>, context: &Context) -> Self {
        let Found { recording: row, hosted, role } = found;
        let recorded = context.archive.recorded(&row).await;
        let plays = span(&row).map_or_else(Timeline::default, |(from, to)| recorded.within(from, to));
        let cut = span(&row).filter(|_| role.may(Action::RecordBroadcast)).map(|(from, to)| Cut {
            start_seconds: seconds(recorded.position_near(from)),
            end_seconds: seconds(recorded.within(MediaTime::default(), to).duration()),
            recorded_seconds: seconds(recorded.duration()),
        });
        let tracks =
            if tracks::may_hear(role) { Some(tracks::of(context, &row, &plays).await) } else { None };
        let pieces = plays.pieces().map(|(position, piece)| Piece {
            position: seconds(position),
            program_time: piece.wall.to_string(),
            duration: seconds(media::MediaDuration::from_ticks(piece.frames)),
        });
        let pieces = Some(pieces.collect());
        let signed = grant.map(Grant::prefix).and_then(|below| hls_url(&row, &below, role));
        let answer = Self::of(row, hosted.broadcast.title, hosted.host, role);
        Self { hls_url: signed.or(answer.hls_url), pieces, tracks, cut, ..answer }
    }
}

/// What plays, where it is no longer being made.
fn span(row: &store::Recording) -> Option<(MediaTime, MediaTime)> {
    Some((MediaTime::from_ticks(row.plays.from), MediaTime::from_ticks(row.plays.to?)))
}

/// Where it is played, below what its broadcast is played below. Its host alone is told the key of what is not
/// published.
fn hls_url(row: &store::Recording, below: &str, role: Role) -> Option<String> {
    let told = row.published || role.may(Action::RecordBroadcast);
    let name = heard_as(row).filter(|_| told && row.status == RecordingStatus::Ready)?;
    Some(format!("{below}{}/rec/{name}/index.m3u8", row.run))
}

/// What plays takes of what all that was recorded takes.
pub(in crate::api) fn size(whole: Option<i64>, plays: Option<i64>, recorded: Option<i64>) -> Option<i64> {
    match (whole?, plays, recorded) {
        (whole, Some(plays), Some(recorded)) if recorded > 0 => {
            i64::try_from(i128::from(whole) * i128::from(plays) / i128::from(recorded)).ok()
        }
        (whole, ..) => Some(whole),
    }
}

/// What the programme's clock said, as the API tells it.
pub(super) fn clock(at: store::Timestamp) -> WallClock {
    WallClock(u64::try_from(at.as_millis()).unwrap_or(0).saturating_mul(1_000))
}

/// The same, as the store keeps it: the next millisecond.
pub(super) fn stamp(at: WallClock) -> store::Timestamp {
    store::Timestamp::from_millis(i64::try_from(at.0.div_ceil(1_000)).unwrap_or(i64::MAX))
}
