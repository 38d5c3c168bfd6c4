//! A folder as a store.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::{Object, ObjectKey, ObjectStore, StoreError};

/// Objects as files below a folder, under the same names. Media types and caching are whoever's serves them.
#[derive(Clone, Debug)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// Below `root`, which may not exist yet.
    pub const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn path(&self, key: &ObjectKey) -> PathBuf {
        self.root.join(key.as_str())
    }

    pub(crate) async fn put(&self, object: &Object) -> Result<(), StoreError> {
        let path = self.path(&object.key);
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        // Written beside and moved into place: nobody reads half an object. `~` is in no key.
        let mut beside = path.clone().into_os_string();
        beside.push("~");
        tokio::fs::write(&beside, &object.bytes).await?;
        Ok(tokio::fs::rename(beside, path).await?)
    }

    pub(crate) async fn get(&self, key: &ObjectKey) -> Result<Option<Bytes>, StoreError> {
        let path = self.path(key);
        let length = match tokio::fs::metadata(&path).await {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if length > ObjectStore::READ_MAX as u64 {
            return Err(StoreError::TooLong(ObjectStore::READ_MAX));
        }
        Ok(Some(tokio::fs::read(path).await?.into()))
    }

    pub(crate) async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        gone(tokio::fs::remove_file(self.path(key)).await)
    }

    pub(crate) async fn retain_below(
        &self,
        folder: &ObjectKey,
        keep: &BTreeSet<ObjectKey>,
    ) -> Result<(), StoreError> {
        if keep.is_empty() {
            return gone(tokio::fs::remove_dir_all(self.path(folder)).await);
        }
        let keep: BTreeSet<PathBuf> = keep.iter().map(|key| self.path(key)).collect();
        let folder = self.path(folder);
        let retained = tokio::task::spawn_blocking(move || gone(retain(&folder, &keep))).await;
        retained.map_err(io::Error::other)?
    }
}

/// Folders stay, though they may be empty: they are no objects.
fn retain(folder: &Path, keep: &BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            retain(&path, keep)?;
        } else if !keep.contains(&path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// What is not there is deleted already.
fn gone(removed: io::Result<()>) -> Result<(), StoreError> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => Ok(removed?),
    }
}
