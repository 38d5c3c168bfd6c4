//! A broadcast as the API tells it.

use std::time::Instant;

use room::{Action, Role};
use serde::Serialize;
use store::{Hosted, Status as Stored, Timestamp};
use utoipa::ToSchema;

use crate::api::Context;
use crate::api::time::rfc3339;
use crate::broadcasts::builtin::DEMO;
use crate::broadcasts::card;
use crate::live::Scene;
use crate::webrtc::Door;

/// A broadcast as the caller may see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Broadcast {
    id: String,
    /// The name by which its room is found; unique.
    room_name: String,
    title: String,
    description: String,
    tags: Vec<String>,
    /// A picture, elsewhere or below the station's address.
    #[schema(required)]
    cover_url: Option<String>,
    /// `public`, `unlisted` or `private`.
    #[schema(example = "public")]
    visibility: &'static str,
    status: Status,
    host: Host,
    /// When it last went on air; null until then.
    #[schema(format = DateTime, required)]
    started_at: Option<String>,
    /// When it ended; null until then.
    #[schema(format = DateTime, required)]
    ended_at: Option<String>,
    /// How many listen.
    listener_count: usize,
    /// The most that listened at once.
    peak_listeners: u32,
    /// How far listeners stay behind the host: `ultra`, `low` or `standard`.
    #[schema(example = "low")]
    latency_mode: String,
    /// The sound it is made for: `voice`, `standard` or `music`.
    #[schema(example = "standard")]
    audio_profile: String,
    /// How long it stays on air without a publisher.
    publisher_grace_seconds: u32,
    /// When it is meant to begin.
    #[schema(format = DateTime, required)]
    scheduled_start_time: Option<String>,
    #[schema(required)]
    timezone: Option<String>,
    #[schema(required)]
    recurrence: Option<String>,
    /// The series that it is an occurrence of.
    #[schema(required)]
    series_id: Option<String>,
    /// When it would begin by the rule of its series, were it not moved.
    #[schema(format = DateTime, required)]
    occurrence_start_time: Option<String>,
    /// How long it is meant to last.
    #[schema(required)]
    duration_seconds: Option<u32>,
    /// Whether it goes on air at its planned start.
    start_on_time: bool,
    /// Whether it ends when it has lasted as long as it is meant to.
    end_on_time: bool,
    /// Seconds before the start.
    reminder_offsets: Vec<u32>,
    recording_enabled: bool,
    max_speakers: u32,
    single_publisher: bool,
    auto_start: bool,
    /// Whether noise around the voices of the stage is suppressed.
    noise_suppression: bool,
    /// Whether the programme's gain is ridden towards -16 LUFS.
    levelling: bool,
    /// Whether each speaker is kept by themselves, too, while it is recorded.
    record_tracks: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    playback: Playback,
    /// Where to publish; shown to the broadcast's owner and to admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    ingest: Option<Ingest>,
    /// Whether the caller follows its host; told of a single broadcast, to who is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    following: Option<bool>,
    /// What else its host has planned for that time; shown to whoever plans it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    overlaps: Vec<Overlap>,
    /// What is published before the start; shown to the broadcast's owner and to admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<Preview>,
}

/// Where a broadcast is in its life.
#[derive(Clone, Copy, Debug, serde::Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = BroadcastStatus)]
pub(super) enum Status {
    Scheduled,
    Live,
    Ended,
    Cancelled,
}

/// Whose a broadcast is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Host {
    id: String,
    username: String,
    display_name: String,
    #[schema(required)]
    avatar_url: Option<String>,
}

/// Where it can be heard: below the station's address, or at its CDN.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the API calls them so")]
struct Playback {
    /// Low-Latency HLS.
    #[schema(example = "/live/studio/index.m3u8")]
    hls_url: String,
    /// HLS without partial segments.
    #[schema(example = "/live/studio/standard.m3u8")]
    standard_hls_url: String,
    /// WHEP, for WebRTC; null where the station has none.
    #[schema(example = "/whep/studio", required)]
    whep_url: Option<String>,
}

/// Where and with what to publish.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Ingest {
    stream_key: String,
    /// What OBS calls «Server».
    #[schema(example = "rtmp://localhost:1935/live", required)]
    rtmp_url: Option<String>,
    /// What OBS calls «Stream Key».
    #[schema(example = "studio?token=…")]
    rtmp_stream_key: String,
    /// WHIP, for WebRTC, with the stream key as bearer token; null where the station has none.
    #[schema(example = "https://radio.example.org/whip/studio", required)]
    whip_url: Option<String>,
}

/// Where the host hears what is not yet on air.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Preview {
    /// HLS, good until the start or the end of the preview; whoever has this address hears it.
    hls_url: String,
}

impl Broadcast {
    /// `hosted` as somebody in `role` may see it, with what the hall knows better than the store.
    pub(super) fn of(hosted: Hosted, role: Role, context: &Context) -> Self {
        let Hosted { broadcast: row, host } = hosted;
        let open = card(&row).is_ok_and(|card| !context.gate.signs(card.audience));
        let id = row.id;
        let life = Life::of(&id, row.status, row.started_at, row.ended_at, context);
        let secrets = role.may(Action::SeeStreamKey) && id != DEMO;
        let ingest = secrets.then(|| Ingest {
            rtmp_url: context.addresses.rtmp.first().map(|url| url.as_str().to_owned()),
            rtmp_stream_key: format!("{id}?token={}", row.stream_key.expose()),
            stream_key: row.stream_key.expose().to_owned(),
            whip_url: context.whip_url(&id),
        });
        let previewed = context.hall.broadcast(&id).filter(|held| held.scene == Scene::Preview);
        let key = previewed.and_then(|held| held.preview_key).filter(|_| role.may(Action::HearPreview));
        // What is signed is opened here by a cookie of this station; elsewhere by what `…/playback` tells.
        let heard = |path: String| if open { context.delivery.address(&path) } else { path };
        let playback = Playback {
            hls_url: heard(format!("/live/{id}/index.m3u8")),
            standard_hls_url: heard(format!("/live/{id}/standard.m3u8")),
            whep_url: context.webrtc.is_some().then(|| Door::Whep.path(&id)),
        };
        let preview =
            key.map(|key| Preview { hls_url: format!("/preview/{}/{id}/index.m3u8", key.expose()) });
        Self {
            room_name: row.room_name,
            title: row.title,
            description: row.description,
            tags: row.tags,
            cover_url: row.cover_url,
            visibility: row.visibility.name(),
            status: life.status,
            host: Host {
                id: host.id,
                username: host.username,
                display_name: host.display_name,
                avatar_url: host.avatar_url,
            },
            started_at: life.started,
            ended_at: life.ended,
            listener_count: context.presence.listeners(&id, Instant::now()).total(),
            peak_listeners: row.peak_listeners,
            latency_mode: row.latency_mode,
            audio_profile: row.audio_profile,
            publisher_grace_seconds: row.publisher_grace_seconds,
            scheduled_start_time: row.scheduled_start.map(rfc3339),
            timezone: row.timezone,
            recurrence: row.recurrence,
            series_id: row.series_id,
            occurrence_start_time: row.occurrence_start.map(rfc3339),
            duration_seconds: row.duration_seconds,
            start_on_time: row.start_on_time,
            end_on_time: row.end_on_time,
            reminder_offsets: row.reminder_offsets,
            recording_enabled: row.recording_enabled,
            max_speakers: row.max_speakers,
            single_publisher: row.single_publisher,
            auto_start: row.auto_start,
            noise_suppression: row.noise_suppression,
            levelling: row.levelling,
            record_tracks: row.record_tracks,
            created_at: rfc3339(row.created_at),
            updated_at: rfc3339(row.updated_at),
            playback,
            ingest,
            following: None,
            overlaps: Vec::new(),
            preview,
            id,
        }
    }
}

/// A broadcast that is planned for the time of another.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Overlap {
    id: String,
    title: String,
    #[schema(format = DateTime, required)]
    scheduled_start_time: Option<String>,
}

impl Broadcast {
    /// The same, with whether the caller follows its host.
    pub(super) fn followed(self, following: Option<bool>) -> Self {
        Self { following, ..self }
    }

    /// The same, with what else its host has planned for that time.
    pub(super) fn beside(mut self, overlaps: Vec<store::Broadcast>) -> Self {
        let tell = |row: store::Broadcast| Overlap {
            id: row.id,
            title: row.title,
            scheduled_start_time: row.scheduled_start.map(rfc3339),
        };
        self.overlaps = overlaps.into_iter().map(tell).collect();
        self
    }
}

/// Where a broadcast is: the hall knows at once what the store learns a moment later.
struct Life {
    status: Status,
    started: Option<String>,
    ended: Option<String>,
}

impl Life {
    fn of(
        id: &str,
        stored: Stored,
        started: Option<Timestamp>,
        ended: Option<Timestamp>,
        context: &Context,
    ) -> Self {
        if let Some(live) = context.hall.live(id) {
            return Self { status: Status::Live, started: Some(live.started.to_string()), ended: None };
        }
        if let Some(over) = context.hall.ending(id) {
            let (started, ended) = (Some(over.started.to_string()), Some(over.ended.to_string()));
            return Self { status: Status::Ended, started, ended };
        }
        let status = match stored {
            Stored::Scheduled => Status::Scheduled,
            Stored::Live | Stored::Ended => Status::Ended,
            Stored::Cancelled => Status::Cancelled,
        };
        Self { status, started: started.map(rfc3339), ended: ended.map(rfc3339) }
    }
}
