//! What can go wrong between us and the database.

use std::time::Duration;

use sqlx::error::{DatabaseError, ErrorKind};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database is away, too busy or starting up. Nothing is known about a write that was under way. Try
    /// again after [`StoreError::RETRY_AFTER`].
    #[error("the database is away: {0}")]
    Unavailable(String),
    /// Another row has this value already, which must be unique; the caller chooses another.
    #[error("this {field} is taken")]
    Conflict {
        /// The column: `email`, `username`, `room_name`, …
        field: String,
    },
    /// It refers to something that is not there, such as a user who was deleted meanwhile.
    #[error("it refers to something that does not exist")]
    Dangling,
    /// A cursor that no list of ours gave out; start again at the first page.
    #[error("this cursor is none of ours; ask for the first page")]
    BadCursor,
    /// A text with the character NUL, which PostgreSQL cannot keep and nobody means; the caller takes it out.
    #[error("a text must not contain the character NUL")]
    Nul,
    /// A row holds something that cannot be read: another version of the program wrote it, or somebody by hand.
    #[error("a row cannot be read: {0}")]
    Unreadable(String),
    /// The schema is not the one that this program was built for.
    #[error("{0}")]
    Schema(String),
    /// The database refused, and trying again will not help.
    #[error("the database refused: {0}")]
    Refused(#[source] sqlx::Error),
}

impl StoreError {
    /// When to try again what was [`StoreError::Unavailable`].
    pub const RETRY_AFTER: Duration = Duration::from_secs(2);

    /// Is the database away?
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match error {
            E::Database(error) => of_database(error),
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::BeginFailed => {
                Self::Unavailable(error.to_string())
            }
            // What sqlx says of a server that closes the connection in the middle of a message.
            E::Protocol(_) => Self::Unavailable(error.to_string()),
            E::ColumnDecode { .. } | E::ColumnNotFound(_) | E::Decode(_) | E::TypeNotFound { .. } => {
                Self::Unreadable(error.to_string())
            }
            error => Self::Refused(error),
        }
    }
}

fn of_database(error: Box<dyn DatabaseError>) -> StoreError {
    let code = error.code().unwrap_or_default().into_owned();
    match error.kind() {
        ErrorKind::UniqueViolation => StoreError::Conflict { field: field(&*error) },
        ErrorKind::ForeignKeyViolation => StoreError::Dangling,
        _ if passes(&code) => StoreError::Unavailable(error.to_string()),
        _ => StoreError::Refused(sqlx::Error::Database(error)),
    }
}

/// Is this a condition that goes away by itself? An SQLSTATE has five characters, a code of SQLite fewer.
fn passes(code: &str) -> bool {
    if code.len() == 5 {
        return match code {
            // The standby of a failover, a lock or a statement that took too long, too many connections.
            "25006" | "53300" | "55P03" | "57014" | "57P01" | "57P02" | "57P03" | "57P05" | "40001"
            | "40P01" => true,
            _ => code.starts_with("08") || code.starts_with("58"),
        };
    }
    // The low byte is the primary code: busy, locked, I/O, full, cannot open.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14))
}

/// The column whose value is taken. PostgreSQL names the index, which is called `table__column`; SQLite names the
/// columns, the telling one last.
fn field(error: &dyn DatabaseError) -> String {
    let told = match error.constraint() {
        Some(index) => index.rsplit_once("__").map_or("id", |(_, column)| column),
        None => error.message().rsplit_once('.').map_or("id", |(_, column)| column),
    };
    told.to_owned()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_condition_that_passes_is_told_from_one_that_stays() {
        for code in ["57P01", "57P03", "08006", "53300", "5", "517", "14", "10", "522"] {
            assert!(passes(code), "{code}");
        }
        for code in ["23505", "42P01", "28P01", "3D000", "1", "19", "2067", ""] {
            assert!(!passes(code), "{code}");
        }
    }

    #[test]
    fn a_database_that_cannot_be_reached_is_away() {
        let refused = sqlx::Error::Io(io::ErrorKind::ConnectionRefused.into());
        assert!(StoreError::from(refused).is_unavailable());
        assert!(StoreError::from(sqlx::Error::PoolTimedOut).is_unavailable());
        assert!(!StoreError::from(sqlx::Error::RowNotFound).is_unavailable());
    }
}
