//! Rows as tests want them: everything in order, and what matters set by the test.

use room::Role;
use store::{Broadcast, Secret, Status, Store, Timestamp, User, Visibility, id};

/// So many seconds into the test's own time.
pub(crate) const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1000)
}

pub(crate) fn user(username: &str) -> User {
    User {
        id: id(),
        email: format!("{username}@example.org"),
        username: username.to_owned(),
        display_name: username.to_owned(),
        avatar_url: None,
        password_hash: Some(Secret::new("$argon2id$…")),
        role: Role::Host,
        must_change_password: false,
        suspended_at: None,
        suspended_reason: None,
        last_sign_in_at: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(crate) async fn host(store: &Store, username: &str) -> User {
    let user = user(username);
    store.users().insert(&user).await.unwrap();
    user
}

pub(crate) fn broadcast(host: &User, title: &str) -> Broadcast {
    let id = id();
    Broadcast {
        room_name: id.clone(),
        id,
        host_id: host.id.clone(),
        title: title.to_owned(),
        description: String::new(),
        tags: Vec::new(),
        cover_url: None,
        visibility: Visibility::Public,
        latency_mode: "low".to_owned(),
        audio_profile: "standard".to_owned(),
        publisher_grace_seconds: 300,
        scheduled_start: None,
        timezone: None,
        recurrence: None,
        series_id: None,
        occurrence_start: None,
        duration_seconds: None,
        start_on_time: false,
        end_on_time: false,
        reminder_offsets: Vec::new(),
        recording_enabled: true,
        max_speakers: 8,
        single_publisher: true,
        auto_start: true,
        noise_suppression: false,
        levelling: false,
        record_tracks: false,
        status: Status::Scheduled,
        stream_key: Secret::new("abcdefgh"),
        run: None,
        started_at: None,
        ended_at: None,
        peak_listeners: 0,
        created_at: at(0),
        updated_at: at(0),
    }
}
