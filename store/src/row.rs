//! Columns read as types.

use room::Role;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::secret::Secret;
use crate::time::Timestamp;

/// Reads the columns of a row by their names.
pub(crate) trait Columns {
    fn text(&self, name: &str) -> Result<String, StoreError>;
    fn optional_text(&self, name: &str) -> Result<Option<String>, StoreError>;
    fn number(&self, name: &str) -> Result<i64, StoreError>;
    fn optional_number(&self, name: &str) -> Result<Option<i64>, StoreError>;

    fn time(&self, name: &str) -> Result<Timestamp, StoreError> {
        self.number(name).map(Timestamp::from_millis)
    }

    fn optional_time(&self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.optional_number(name)?.map(Timestamp::from_millis))
    }

    fn flag(&self, name: &str) -> Result<bool, StoreError> {
        self.number(name).map(|number| number != 0)
    }

    /// A number that is never negative and fits.
    fn count(&self, name: &str) -> Result<u32, StoreError> {
        self.number(name)?.try_into().map_err(|_| unreadable(name))
    }

    /// The same where there may be none.
    fn optional_count(&self, name: &str) -> Result<Option<u32>, StoreError> {
        self.optional_number(name)?.map(|number| number.try_into().map_err(|_| unreadable(name))).transpose()
    }

    fn secret(&self, name: &str) -> Result<Secret, StoreError> {
        self.text(name).map(Secret::new)
    }

    /// The role of an account.
    fn account_role(&self, name: &str) -> Result<Role, StoreError> {
        Role::of_account(&self.text(name)?).map_err(|_| unreadable(name))
    }

    /// A word that `parse` knows.
    fn word<T>(&self, name: &str, parse: fn(&str) -> Option<T>) -> Result<T, StoreError> {
        parse(&self.text(name)?).ok_or_else(|| unreadable(name))
    }

    /// A value that was written as JSON.
    fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(name)?).map_err(|_| unreadable(name))
    }
}

impl Columns for AnyRow {
    fn text(&self, name: &str) -> Result<String, StoreError> {
        Ok(self.try_get(name)?)
    }

    fn optional_text(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self.try_get(name)?)
    }

    fn number(&self, name: &str) -> Result<i64, StoreError> {
        Ok(self.try_get(name)?)
    }

    fn optional_number(&self, name: &str) -> Result<Option<i64>, StoreError> {
        Ok(self.try_get(name)?)
    }
}

/// Values of which only some are allowed, and something else stands there.
pub(crate) fn unreadable(name: &str) -> StoreError {
    StoreError::Unreadable(format!("the column {name} holds a value that is not known"))
}

/// As a list or an object is kept.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("values of ours have string keys and no failing serialisers")
}
