//! One interface for every kind of store.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::{Directory, Object, ObjectKey, S3, StoreError};

/// Where objects lie. Cheap to clone. Nothing here tries twice: whoever asks owns the retry.
#[derive(Clone, Debug)]
pub enum ObjectStore {
    /// A folder of this machine.
    Directory(Directory),
    /// A bucket of S3, or of what speaks like it.
    S3(S3),
}

impl ObjectStore {
    /// Largest object that is read, in bytes: a cover of 1,024 pixels without loss; a segment is a tenth of it.
    pub const READ_MAX: usize = 4 * 1024 * 1024;

    /// Stores an object, in the place of one of the same name. Whoever reads gets the old one or the new one.
    pub async fn put(&self, object: &Object) -> Result<(), StoreError> {
        match self {
            Self::Directory(directory) => directory.put(object).await,
            Self::S3(s3) => s3.put(object).await,
        }
    }

    /// The bytes of an object of at most [`READ_MAX`](Self::READ_MAX); `None` where there is none of this name.
    pub async fn get(&self, key: &ObjectKey) -> Result<Option<Bytes>, StoreError> {
        match self {
            Self::Directory(directory) => directory.get(key).await,
            Self::S3(s3) => s3.get(key).await,
        }
    }

    /// Deletes an object. One that is not there is deleted already.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        match self {
            Self::Directory(directory) => directory.delete(key).await,
            Self::S3(s3) => s3.delete(key).await,
        }
    }

    /// Deletes every object whose name begins with `folder` and a slash.
    pub async fn delete_below(&self, folder: &ObjectKey) -> Result<(), StoreError> {
        self.retain_below(folder, &BTreeSet::new()).await
    }

    /// The same, but for those in `keep`.
    pub async fn retain_below(
        &self,
        folder: &ObjectKey,
        keep: &BTreeSet<ObjectKey>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Directory(directory) => directory.retain_below(folder, keep).await,
            Self::S3(s3) => s3.retain_below(folder, keep).await,
        }
    }
}
