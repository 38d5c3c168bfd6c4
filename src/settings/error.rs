//! What can be wrong with settings.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Settings that cannot be used; one line that names what is wrong and what is allowed. Exit status 2.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A file that was asked for, or is there, cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not TOML, or not lines of `NAME=value`.
    #[error("{}, line {line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The first line that does not parse, counted from 1.
        line: usize,
        /// What the parser says, on one line.
        message: String,
    },
    /// No setting has this name.
    #[error("{name} in {place} is not a setting{}", suggestion(hint.as_deref()))]
    Unknown {
        /// The name as it was given.
        name: String,
        /// Where it was given.
        place: String,
        /// The nearest name that is a setting.
        hint: Option<String>,
    },
    /// A setting has a value that it does not take.
    #[error("{name} cannot be {value} ({place}); use {allowed}")]
    BadValue {
        /// The name under which the value was given.
        name: String,
        /// The value in quotes; hidden where it is a secret.
        value: String,
        /// Where it was given.
        place: String,
        /// Which values it takes.
        allowed: String,
    },
    /// A setting that means nothing without another.
    #[error("{name} needs {missing}")]
    Alone {
        /// The setting that is there.
        name: &'static str,
        /// The setting, or settings, that it needs.
        missing: &'static str,
    },
    /// Two settings that exclude each other.
    #[error("{one} and {other} are both set; use one of them")]
    Both {
        /// The one.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
}

fn suggestion(hint: Option<&str>) -> impl fmt::Display {
    match hint {
        Some(name) => format!("; did you mean {name}?"),
        None => "; `onair --help` lists them all".to_owned(),
    }
}
