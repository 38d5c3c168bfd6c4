//! Values as text, each with the place it came from; turned into types once.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use http::HeaderValue;
use rustls::pki_types::DnsName;
use url::Url;

use super::error::SettingsError;
use super::table::{Key, Kind, Preset, Secrecy, TABLE};
use crate::logs::REDACTED;

/// The values in force: the built-in defaults, covered layer by layer.
#[derive(Clone, Debug)]
pub struct Values {
    set: BTreeMap<Key, Value>,
    unused: Vec<Unused>,
}

/// A name of another product's settings that is known and means nothing here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unused {
    /// The name.
    pub name: &'static str,
    /// Why it means nothing.
    pub why: &'static str,
}

/// One value and where it came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Value {
    /// As it was written.
    pub text: String,
    /// The name under which it was given: `http.listen`, `SERVER_PORT`, `--http`.
    pub name: String,
    /// Where it was given.
    pub place: Place,
}

impl Value {
    /// Where it came from, with the name where that is not the setting's usual one: `flag --http`,
    /// `environment SERVER_PORT`, `default`.
    pub fn origin(&self) -> String {
        let usual = match self.place {
            Place::Default | Place::File(_) => true,
            Place::DotEnv | Place::Environment => self.name.starts_with("ONAIR_"),
            Place::Flag => false,
        };
        if usual { self.place.to_string() } else { format!("{} {}", self.place, self.name) }
    }
}

/// Where a value came from, weakest first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// Built in.
    Default,
    /// This configuration file.
    File(PathBuf),
    /// `.env`.
    DotEnv,
    /// The environment.
    Environment,
    /// The command line.
    Flag,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::DotEnv => f.write_str(".env"),
            Self::Environment => f.write_str("environment"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

impl Values {
    /// The built-in defaults.
    pub(super) fn defaults() -> Self {
        let values = TABLE.iter().filter_map(|row| match row.default {
            Preset::Is(text) => {
                Some((row.key, Value { text: text.into(), name: row.env.into(), place: Place::Default }))
            }
            Preset::Unset(_) => None,
        });
        Self { set: values.collect(), unused: Vec::new() }
    }

    /// Notes a name that was given and is not used.
    pub(super) fn note_unused(&mut self, unused: Unused) {
        if !self.unused.contains(&unused) {
            self.unused.push(unused);
        }
    }

    /// Names that were given and are not used; whoever gave them should know.
    pub fn unused(&self) -> &[Unused] {
        &self.unused
    }

    /// `value` covers what `key` had.
    pub(super) fn cover(&mut self, key: Key, value: Value) {
        self.set.insert(key, value);
    }

    /// The value of `key`, where it has one.
    pub fn get(&self, key: Key) -> Option<&Value> {
        self.set.get(&key)
    }

    /// As `parse` reads it; `None` where it is not set.
    pub(super) fn optional<T>(
        &self,
        key: Key,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, SettingsError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match parse(&value.text) {
            Some(parsed) => Ok(Some(parsed)),
            None => Err(refuse(key, value)),
        }
    }

    /// The same; `off` is as good as not set.
    pub(super) fn unless_off<T>(
        &self,
        key: Key,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, SettingsError> {
        match self.get(key) {
            Some(value) if value.text == "off" => Ok(None),
            _ => self.optional(key, parse),
        }
    }

    /// As `parse` reads it, of a setting that has a default.
    pub(super) fn required<T>(
        &self,
        key: Key,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, SettingsError> {
        Ok(self.optional(key, parse)?.expect("the setting has a default; a test loads them all"))
    }

    /// As its type parses it, of a setting that has a default.
    pub(super) fn parsed<T: FromStr>(&self, key: Key) -> Result<T, SettingsError> {
        self.required(key, |text| text.parse().ok())
    }

    /// Of a [`Kind::Count`].
    pub(super) fn number(&self, key: Key) -> Result<u32, SettingsError> {
        self.required(key, |text| number(key, text))
    }

    /// The same, of things in memory.
    pub(super) fn count(&self, key: Key) -> Result<usize, SettingsError> {
        self.number(key).map(|number| number as usize)
    }

    /// Of a [`Kind::Seconds`].
    pub(super) fn seconds(&self, key: Key) -> Result<Duration, SettingsError> {
        self.required(key, |text| number(key, text)).map(|seconds| Duration::from_secs(seconds.into()))
    }
}

fn refuse(key: Key, value: &Value) -> SettingsError {
    let setting = key.setting();
    SettingsError::BadValue {
        name: value.name.clone(),
        value: match setting.secrecy {
            Secrecy::Open => format!("{:?}", value.text),
            Secrecy::Secret => REDACTED.to_owned(),
        },
        place: value.place.to_string(),
        allowed: setting.kind.allowed(),
    }
}

fn number(key: Key, text: &str) -> Option<u32> {
    let (Kind::Count(least, most) | Kind::Seconds(least, most)) = key.setting().kind else { return None };
    text.parse().ok().filter(|number| (least..=most).contains(number))
}

/// `ADDRESS:PORT`; `:PORT` and `PORT` listen on every IPv4 address.
pub(super) fn listen(text: &str) -> Option<SocketAddr> {
    if let Some(port) = text.strip_prefix("localhost:") {
        return Some((Ipv4Addr::LOCALHOST, port.parse().ok()?).into());
    }
    let port = text.strip_prefix(':').unwrap_or(text);
    match port.parse::<u16>() {
        Ok(port) => Some((Ipv4Addr::UNSPECIFIED, port).into()),
        Err(_) => text.parse().ok(),
    }
}

/// A path; the file need not be there.
pub(super) fn path(text: &str) -> Option<PathBuf> {
    (!text.is_empty() && !text.contains('\0')).then(|| PathBuf::from(text))
}

/// An origin: a web address without user, path, query or fragment.
pub(super) fn site_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    (matches!(url.scheme(), "http" | "https") && bare && anonymous(&url)).then_some(url)
}

/// One to [`ORIGINS_MAX`] origins separated by commas, each as a browser's `Origin` header writes it.
pub(super) fn origins(text: &str) -> Option<Vec<HeaderValue>> {
    let origin = |url: Url| HeaderValue::try_from(url.origin().ascii_serialization()).ok();
    let origins: Option<Vec<_>> = text.split(',').map(|one| site_url(one.trim()).and_then(origin)).collect();
    origins.filter(|origins| origins.len() <= ORIGINS_MAX)
}

/// An `https` address.
pub(super) fn service_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (url.scheme() == "https" && anonymous(&url)).then_some(url)
}

/// An `http` or `https` address that something is posted to.
pub(super) fn hook_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && anonymous(&url)).then_some(url)
}

/// A secret shared with another program, long enough not to be guessed.
pub(super) fn shared_secret(text: &str) -> Option<String> {
    ((16..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()))
        .then(|| text.to_owned())
}

/// A name that another system gives to something: a bucket, a region, a distribution, the id of a key.
pub(super) fn name(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    ((1..=128).contains(&text.len()) && text.bytes().all(plain)).then(|| text.to_owned())
}

/// What another system made, to be given back to it as it is.
pub(super) fn printable(text: &str) -> Option<String> {
    ((1..=4096).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()))
        .then(|| text.to_owned())
}

fn anonymous(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none()
}

/// One to [`DOMAINS_MAX`] domain names, separated by commas.
pub(super) fn domains(text: &str) -> Option<Vec<DnsName<'static>>> {
    let names: Option<Vec<_>> =
        text.split(',').map(|name| DnsName::try_from(name.trim().to_owned()).ok()).collect();
    names.filter(|names| names.len() <= DOMAINS_MAX)
}

/// An e-mail address, as far as one can tell without writing to it.
pub(super) fn email(text: &str) -> Option<String> {
    let (user, host) = text.split_once('@')?;
    let host = DnsName::try_from(host).ok()?;
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '@' | ',' | '?' | '<' | '>');
    (!user.is_empty() && user.chars().all(plain)).then(|| format!("{user}@{}", host.as_ref()))
}

/// Each request with an `Origin` is held against every one of them.
const ORIGINS_MAX: usize = 100;

/// The most names that Let's Encrypt puts into one certificate.
const DOMAINS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_listens_on_every_address() {
        let everywhere = Some(SocketAddr::from(([0, 0, 0, 0], 4000)));
        assert_eq!(listen("4000"), everywhere);
        assert_eq!(listen(":4000"), everywhere);
        assert_eq!(listen("0.0.0.0:4000"), everywhere);
        assert_eq!(listen("localhost:4000"), Some(SocketAddr::from(([127, 0, 0, 1], 4000))));
        assert_eq!(listen("[::1]:4000"), "[::1]:4000".parse().ok());
        for wrong in ["", ":", "70000", ":70000", "host", "1.2.3.4", "-1"] {
            assert_eq!(listen(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_public_url_is_an_origin_without_secrets() {
        assert_eq!(site_url("https://radio.example").unwrap().as_str(), "https://radio.example/");
        for wrong in ["radio.example", "ftp://a", "https://a/b", "https://a/?q", "https://u:p@a", "https://"]
        {
            assert_eq!(site_url(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        let written = origins("https://radio.example/, HTTP://LOCALHOST:5173,https://a.example:443").unwrap();
        assert_eq!(written, ["https://radio.example", "http://localhost:5173", "https://a.example"]);
        for wrong in ["", "*", "null", "radio.example", "https://a.example,", "https://a.example/path"] {
            assert_eq!(origins(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn domains_are_names_and_never_addresses() {
        assert_eq!(domains("a.example, b.example").unwrap().len(), 2);
        for wrong in ["", "a.example,", "127.0.0.1", "http://a.example", "a b"] {
            assert_eq!(domains(wrong), None, "{wrong:?}");
        }
        assert_eq!(domains(&vec!["a.example"; 101].join(",")), None);
    }

    #[test]
    fn an_email_address_has_a_user_and_a_domain() {
        assert_eq!(email("me@radio.example").as_deref(), Some("me@radio.example"));
        for wrong in ["me", "@radio.example", "me@", "a@b@c", "mailto:me", "a,b@c"] {
            assert_eq!(email(wrong), None, "{wrong:?}");
        }
    }
}
