//! The broadcasts that a station has without anybody making them: `studio`, and `demo` on request.

use anyhow::Context;
use ingest::StreamKey;
use room::Role;
use store::{Broadcast, Secret, Slice, Status, Store, StoreError, Timestamp, UserFilter, Visibility};

use super::draft;
use crate::settings::{SeededBy, StudioSettings};

/// The id of the broadcast that is there from the first start.
pub const STUDIO: &str = "studio";

/// The id of the broadcast that this program fills with sound of its own.
pub const DEMO: &str = "demo";

/// Whether the demo is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Demo {
    /// It is on air.
    Wanted,
    /// There is none.
    Unwanted,
}

/// Makes `studio` where it is missing, owned by an admin and opened by `key`; makes `demo`, or removes it.
///
/// A row begins as the settings say. After that it is the database that counts: what was changed by API stays, except
/// for what the operator set, which holds from every start on. Answers with the key of `studio`, which may have been
/// rotated.
pub async fn prepare(
    store: &Store,
    studio: &StudioSettings,
    key: &StreamKey,
    demo: Demo,
) -> anyhow::Result<StreamKey> {
    let broadcasts = store.broadcasts();
    let begin = |row: &mut Broadcast| write(row, studio, |_| true);
    let insist = |row: &mut Broadcast| write(row, studio, |by| by == SeededBy::Operator);
    let known = broadcasts.update(STUDIO, insist).await.context("reading the broadcast studio")?;
    let mut own = key.clone();
    if let Some(known) = known {
        own = StreamKey::parse(known.stream_key.expose()).context("reading the key of studio")?;
    } else {
        let mut row = row(STUDIO, "Studio", &admin(store).await?, key);
        begin(&mut row);
        insert(store, &row).await?;
    }
    match demo {
        Demo::Wanted => {
            let known = broadcasts.update(DEMO, insist).await.context("reading the broadcast demo")?;
            if known.is_none() {
                let own = crate::live::key_file::make()?;
                let mut row = row(DEMO, "Demo", &admin(store).await?, &own);
                begin(&mut row);
                insert(store, &row).await?;
            }
        }
        Demo::Unwanted => {
            let off = |row: &mut Broadcast| row.status = Status::Ended;
            if broadcasts.update(DEMO, off).await.context("looking for the broadcast demo")?.is_some() {
                broadcasts.delete(DEMO).await.context("removing the broadcast demo")?;
            }
        }
    }
    Ok(own)
}

/// Writes what the settings say of `studio` into a row, where it counts.
fn write(row: &mut Broadcast, studio: &StudioSettings, counts: impl Fn(SeededBy) -> bool) {
    let StudioSettings { latency_mode, audio_profile, publisher_grace } = studio;
    if counts(latency_mode.by) {
        latency_mode.value.name().clone_into(&mut row.latency_mode);
    }
    if counts(audio_profile.by) {
        audio_profile.value.name().clone_into(&mut row.audio_profile);
    }
    if counts(publisher_grace.by) {
        row.publisher_grace_seconds = u32::try_from(publisher_grace.value.as_secs()).unwrap_or(u32::MAX);
    }
}

/// Another station on the same database may have been faster.
async fn insert(store: &Store, row: &Broadcast) -> anyhow::Result<()> {
    match store.broadcasts().insert(row).await {
        Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(cause) => Err(cause).with_context(|| format!("making the broadcast {}", row.id)),
    }
}

async fn admin(store: &Store) -> anyhow::Result<String> {
    let filter = UserFilter { role: Some(Role::Admin), ..UserFilter::default() };
    let admins =
        store.users().list(&filter, &Slice::first(Slice::MOST)).await.context("looking for an admin")?;
    let eldest = admins.items.into_iter().min_by_key(|user| user.created_at);
    eldest.map(|user| user.id).context("there is no admin: make one with onair user create")
}

fn row(id: &str, title: &str, host: &str, key: &StreamKey) -> Broadcast {
    let now = Timestamp::now();
    Broadcast {
        id: id.to_owned(),
        room_name: id.to_owned(),
        host_id: host.to_owned(),
        title: title.to_owned(),
        visibility: Visibility::Public,
        stream_key: Secret::new(key.expose()),
        created_at: now,
        updated_at: now,
        ..draft::blank()
    }
}
