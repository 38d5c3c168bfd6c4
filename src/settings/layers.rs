//! The layers that settings come from, and how one covers another:
//! built-in default < configuration file < `.env` < environment < flags.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::database_parts::DatabaseParts;
use super::error::SettingsError;
use super::redis_parts::RedisParts;
use super::smtp_parts::SmtpParts;
use super::table::{Key, Setting, TABLE};
use super::values::{Place, Unused, Value, Values};

/// Everything that an operator may have said, as it lies before us.
#[derive(Clone, Debug)]
pub struct Layers {
    /// Where `onair.toml` and `.env` are looked for.
    pub folder: PathBuf,
    /// The configuration file that was asked for; must be there. Without one, `onair.toml` in the folder
    /// is read where it exists.
    pub config: Option<PathBuf>,
    /// Names and values of the environment, those of other programs among them.
    pub environment: Vec<(OsString, OsString)>,
    /// What was given by flags.
    pub flags: Vec<(Key, String)>,
}

impl Layers {
    /// The working directory, this process's environment, and these flags.
    pub fn of_process(config: Option<PathBuf>, flags: Vec<(Key, String)>) -> Self {
        Self { folder: PathBuf::from("."), config, environment: std::env::vars_os().collect(), flags }
    }

    /// The strongest value of every setting.
    pub(super) fn merge(&self) -> Result<Values, SettingsError> {
        let mut values = Values::defaults();
        cover_with_file(&mut values, self)?;
        let mut parts = Parts::default();
        cover_with_dot_env(&mut values, &mut parts, &self.folder.join(".env"))?;
        cover_with_environment(&mut values, &mut parts, &self.environment)?;
        for (key, text) in &self.flags {
            let name = format!("--{}", key.setting().flag);
            values.cover(*key, Value { text: text.clone(), name, place: Place::Flag });
        }
        Ok(values)
    }
}

/// Addresses that may be given in parts.
#[derive(Default)]
struct Parts {
    database: DatabaseParts,
    redis: RedisParts,
    smtp: SmtpParts,
}

impl Parts {
    /// Is this the name of a part of any?
    fn has(name: &str) -> bool {
        DatabaseParts::has(name) || RedisParts::has(name) || SmtpParts::has(name)
    }
}

fn cover_with_file(values: &mut Values, layers: &Layers) -> Result<(), SettingsError> {
    let Some((path, text)) = config_file(layers)? else { return Ok(()) };
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| SettingsError::Syntax {
        path: path.clone(),
        line: line_at(&text, error.span().map_or(0, |span| span.start)),
        message: error.message().replace('\n', " "),
    })?;
    let mut leaves = Vec::new();
    flatten("", &table, &mut leaves);
    for (name, value) in leaves {
        let Some(row) = TABLE.iter().find(|row| row.toml == name) else {
            let hint = nearest(&name, TABLE.iter().map(|row| row.toml));
            return Err(SettingsError::Unknown { name, place: path.display().to_string(), hint });
        };
        let place = Place::File(path.clone());
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(_) | toml::Value::Boolean(_) => value.to_string(),
            _ => {
                return Err(SettingsError::BadValue {
                    name,
                    value: format!("{} in TOML", value.type_str()),
                    place: place.to_string(),
                    allowed: row.kind.allowed(),
                });
            }
        };
        values.cover(row.key, Value { text, name, place });
    }
    Ok(())
}

/// The configuration file's path and text; `None` where nobody asked for one and none is there.
fn config_file(layers: &Layers) -> Result<Option<(PathBuf, String)>, SettingsError> {
    if let Some(path) = &layers.config {
        return match fs::read_to_string(path) {
            Ok(text) => Ok(Some((path.clone(), text))),
            Err(source) => Err(SettingsError::Unreadable { path: path.clone(), source }),
        };
    }
    let path = layers.folder.join("onair.toml");
    Ok(read_if_there(&path)?.map(|text| (path, text)))
}

/// Every value under `table` that is not itself a table with something in it, by its dotted name.
fn flatten<'a>(prefix: &str, table: &'a toml::Table, leaves: &mut Vec<(String, &'a toml::Value)>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            // A section whose lines are all commented out sets nothing.
            toml::Value::Table(inner) if inner.is_empty() && is_section(&name) => {}
            toml::Value::Table(inner) if !inner.is_empty() => flatten(&name, inner, leaves),
            _ => leaves.push((name, value)),
        }
    }
}

fn is_section(name: &str) -> bool {
    TABLE.iter().any(|row| row.toml.split_once('.').is_some_and(|(section, _)| section == name))
}

fn line_at(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

fn cover_with_dot_env(values: &mut Values, parts: &mut Parts, path: &Path) -> Result<(), SettingsError> {
    let Some(text) = read_if_there(path)? else { return Ok(()) };
    let mut pairs = Vec::new();
    for pair in dotenvy::from_read_iter(text.as_bytes()) {
        pairs.push(pair.map_err(|error| dot_env_syntax(path, &text, &error))?);
    }
    cover_with_names(values, parts, pairs, &Place::DotEnv)
}

fn dot_env_syntax(path: &Path, text: &str, error: &dotenvy::Error) -> SettingsError {
    let line = match error {
        dotenvy::Error::LineParse(wrong, _) => text.lines().position(|line| line.trim() == wrong.trim()),
        _ => None,
    };
    SettingsError::Syntax {
        path: path.to_owned(),
        line: line.unwrap_or(0) + 1,
        message: "write one NAME=value a line, in quotes where the value has spaces".to_owned(),
    }
}

fn cover_with_environment(
    values: &mut Values,
    parts: &mut Parts,
    environment: &[(OsString, OsString)],
) -> Result<(), SettingsError> {
    let mut pairs = Vec::new();
    for (name, value) in environment {
        // A name that is not Unicode is none of ours.
        let Some(name) = name.to_str() else { continue };
        let ours = name.starts_with(PREFIX) || by_name(name).is_some() || Parts::has(name);
        if !ours && unused(name).is_none() {
            continue;
        }
        let Some(value) = value.to_str() else {
            return Err(SettingsError::BadValue {
                name: name.to_owned(),
                value: "bytes that are not UTF-8".to_owned(),
                place: Place::Environment.to_string(),
                allowed: by_name(name).map_or_else(|| "UTF-8".to_owned(), |row| row.kind.allowed()),
            });
        };
        pairs.push((name.to_owned(), value.to_owned()));
    }
    cover_with_names(values, parts, pairs, &Place::Environment)
}

/// Variables that are not empty; an empty one is as good as none, as Compose files and shells have it.
fn cover_with_names(
    values: &mut Values,
    parts: &mut Parts,
    pairs: Vec<(String, String)>,
    place: &Place,
) -> Result<(), SettingsError> {
    // First, so that a whole address in the same layer is stronger.
    let (of_database, whole): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|(name, _)| DatabaseParts::has(name));
    if let Some(value) = parts.database.add(of_database, place)? {
        values.cover(Key::DatabaseUrl, value);
    }
    let (of_redis, whole): (Vec<_>, Vec<_>) = whole.into_iter().partition(|(name, _)| RedisParts::has(name));
    if let Some(value) = parts.redis.add(of_redis, place)? {
        values.cover(Key::RedisUrl, value);
    }
    let (of_smtp, whole): (Vec<_>, Vec<_>) = whole.into_iter().partition(|(name, _)| SmtpParts::has(name));
    if let Some(value) = parts.smtp.add(of_smtp, place)? {
        values.cover(Key::SmtpUrl, value);
    }
    // Within one layer our own name is stronger than an alias, whichever comes first.
    let (own, others): (Vec<_>, Vec<_>) = whole.into_iter().partition(|(name, _)| name.starts_with(PREFIX));
    for (name, text) in others.into_iter().chain(own) {
        match by_name(&name) {
            Some(_) if text.is_empty() => {}
            Some(row) => values.cover(row.key, Value { text, name, place: place.clone() }),
            None if name.starts_with(PREFIX) => {
                let hint = nearest(&name, TABLE.iter().map(|row| row.env));
                return Err(SettingsError::Unknown { name, place: place.to_string(), hint });
            }
            None => {
                if let Some(unused) = unused(&name).filter(|_| !text.is_empty()) {
                    values.note_unused(unused);
                }
            }
        }
    }
    Ok(())
}

/// Names that a station of another product may leave behind in a file and that have no meaning here.
const UNUSED: [Unused; 2] = [
    Unused { name: "MEDIASOUP_MIN_PORT", why: "one UDP port serves every WebRTC client: ONAIR_RTC_LISTEN" },
    Unused { name: "MEDIASOUP_MAX_PORT", why: "one UDP port serves every WebRTC client: ONAIR_RTC_LISTEN" },
];

fn unused(name: &str) -> Option<Unused> {
    UNUSED.into_iter().find(|unused| unused.name == name)
}

fn by_name(name: &str) -> Option<&'static Setting> {
    TABLE.iter().find(|row| row.env == name || row.aliases.contains(&name))
}

fn read_if_there(path: &Path) -> Result<Option<String>, SettingsError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SettingsError::Unreadable { path: path.to_owned(), source }),
    }
}

/// The name most like `given`, where one is like it at all.
fn nearest(given: &str, names: impl Iterator<Item = &'static str>) -> Option<String> {
    names
        .map(|name| (strsim::jaro_winkler(given, name), name))
        .filter(|(likeness, _)| *likeness > LIKE)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name.to_owned())
}

/// Names of ours in the environment.
const PREFIX: &str = "ONAIR_";

/// Names that share only `ONAIR_` come to about 0.8; a slip of a finger stays above 0.95.
const LIKE: f64 = 0.9;
