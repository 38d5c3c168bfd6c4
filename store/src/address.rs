//! Where the database is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

use crate::file;

/// Which database it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Database {
    /// A file of this machine; embedded, nothing to install.
    Sqlite,
    /// A server.
    Postgres,
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// The address of a database, password included: `sqlite:…` or `postgres://…`. Its `Debug` shows neither user nor
/// password.
#[derive(Clone, Eq, PartialEq)]
pub struct DatabaseUrl {
    database: Database,
    url: Url,
}

/// An address that is none of a database.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("use sqlite:FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
pub struct BadDatabaseUrl;

impl DatabaseUrl {
    /// A SQLite database in this file, which is made where it is missing.
    pub fn sqlite(file: &Path) -> Self {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let mut text = String::from("sqlite://");
        for byte in file.as_os_str().as_encoded_bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'_' | b'-' | b'.' => {
                    text.push(char::from(*byte));
                }
                _ => text.extend(["%", &format!("{byte:02X}")]),
            }
        }
        text.push_str("?mode=rwc");
        let url = Url::parse(&text).expect("every other byte is escaped");
        Self { database: Database::Sqlite, url }
    }

    /// A PostgreSQL server by its parts, none of them escaped.
    pub fn postgres(
        host: &str,
        port: u16,
        name: &str,
        user: &str,
        password: Option<&str>,
    ) -> Result<Self, BadDatabaseUrl> {
        let mut url = Url::parse("postgres://localhost").expect("it is one");
        url.set_host(Some(host)).map_err(|_| BadDatabaseUrl)?;
        url.set_port(Some(port)).map_err(|()| BadDatabaseUrl)?;
        url.set_username(user).map_err(|()| BadDatabaseUrl)?;
        url.set_password(password).map_err(|()| BadDatabaseUrl)?;
        url.path_segments_mut().map_err(|()| BadDatabaseUrl)?.push(name);
        Ok(Self { database: Database::Postgres, url })
    }

    /// Which database it is.
    pub const fn database(&self) -> Database {
        self.database
    }

    /// The file of a SQLite database, and whether it is made where it is missing.
    pub(crate) fn file(&self) -> Option<(PathBuf, bool)> {
        let made = self.url.query_pairs().any(|(name, value)| name == "mode" && value == "rwc");
        (self.database == Database::Sqlite).then(|| (file::unescape(self.url.path()), made))
    }

    /// The address with its password, for the one who connects.
    pub fn expose(&self) -> &str {
        self.url.as_str()
    }
}

impl FromStr for DatabaseUrl {
    type Err = BadDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, BadDatabaseUrl> {
        if let Some(rest) = text.strip_prefix("sqlite:") {
            let file = rest.strip_prefix("//").unwrap_or(rest);
            if file.is_empty() || file.starts_with('?') || file.contains([':', '\0']) {
                return Err(BadDatabaseUrl);
            }
            let made = if file.contains('?') { String::new() } else { "?mode=rwc".to_owned() };
            let url = Url::parse(&format!("sqlite:{file}{made}")).map_err(|_| BadDatabaseUrl)?;
            return Ok(Self { database: Database::Sqlite, url });
        }
        let url = Url::parse(text).map_err(|_| BadDatabaseUrl)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") || url.cannot_be_a_base() {
            return Err(BadDatabaseUrl);
        }
        Ok(Self { database: Database::Postgres, url })
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.database {
            Database::Sqlite => write!(f, "sqlite:{}", self.url.path()),
            Database::Postgres => write!(
                f,
                "postgres://[redacted]@{}{}",
                self.url.host_str().unwrap_or_default(),
                self.url.path()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_no_password() {
        let url: DatabaseUrl = "postgres://me:open-sesame@db.example/onair".parse().unwrap();
        assert_eq!(format!("{url:?}"), "postgres://[redacted]@db.example/onair");
        assert_eq!(url.expose(), "postgres://me:open-sesame@db.example/onair");
    }

    #[test]
    fn an_address_is_put_together_from_its_parts() {
        let url = DatabaseUrl::postgres("db.example", 5433, "on air", "m@e", Some("a/b?c#d")).unwrap();
        assert_eq!(url.expose(), "postgres://m%40e:a%2Fb%3Fc%23d@db.example:5433/on%20air");
        assert!(DatabaseUrl::postgres("", 1, "a", "b", None).is_err());
        assert!(DatabaseUrl::postgres("a b", 1, "a", "b", None).is_err());
    }

    #[test]
    fn a_file_is_made_where_it_is_missing() {
        let url = DatabaseUrl::sqlite("/var/lib/on air?/o#.db".as_ref());
        assert_eq!(url.expose(), "sqlite:///var/lib/on%20air%3F/o%23.db?mode=rwc");
        let url: DatabaseUrl = "sqlite:here.db".parse().unwrap();
        assert_eq!(url.expose(), "sqlite:here.db?mode=rwc");
        let url: DatabaseUrl = "sqlite:///there.db?mode=rw".parse().unwrap();
        assert_eq!(url.expose(), "sqlite:/there.db?mode=rw");
    }

    #[test]
    fn what_is_no_database_is_refused() {
        for wrong in ["", "onair.db", "mysql://a/b", "sqlite:", "sqlite::memory:", "postgres:x", "http://a"] {
            assert!(wrong.parse::<DatabaseUrl>().is_err(), "{wrong:?}");
        }
    }
}
