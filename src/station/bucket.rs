//! The bucket, where one is set: what waits for it, and who brings it.

use std::io;
use std::sync::Arc;

use cdn::{Invalidation, ObjectStore, Patience, S3};
use origin::Origin;

use crate::http::client::{Client, system_roots};
use crate::metrics::Metrics;
use crate::settings::{ObjectSettings, Settings};
use crate::uploads::{Courier, Uploads};

/// A bucket.
pub(super) struct Bucket {
    /// What is to be stored there.
    pub(super) uploads: Uploads,
    /// Who brings it.
    pub(super) courier: Courier,
}

/// The store that the settings name; `None` where the data directory is all there is. Asks nobody yet.
pub(super) async fn store(objects: &ObjectSettings) -> Option<ObjectStore> {
    let bucket = objects.bucket.as_ref()?;
    Some(ObjectStore::S3(S3::open(bucket, &objects.access, Patience::default()).await))
}

impl Bucket {
    /// That of `store`, as the settings have it, with what `origin` serves. Asks nobody yet.
    pub(super) async fn open(
        settings: &Settings,
        store: ObjectStore,
        origin: Arc<Origin>,
        metrics: &Metrics,
    ) -> io::Result<Self> {
        let objects = &settings.objects;
        let data_dir = &settings.storage.data_dir;
        let uploads = Uploads::open(data_dir, &data_dir.join("live"), origin, objects.spool_max)?;
        let invalidation = match &settings.cdn.distribution {
            Some(distribution) => Some((
                Invalidation::open(distribution, &objects.access, None).await,
                Client::new(system_roots()),
            )),
            None => None,
        };
        Ok(Self { uploads, courier: Courier { store, invalidation, counts: metrics.uploads.clone() } })
    }
}
