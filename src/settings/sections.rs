//! The settings as the parts of the station read them: each owns a section.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use http::HeaderValue;
use media::AudioProfile;
use packager::LatencyMode;
use rustls::pki_types::DnsName;
use store::DatabaseUrl;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::auth::AuthSettings;
use super::error::SettingsError;
use super::notify::NotifySettings;
use super::objects::{CdnSettings, ObjectSettings};
use super::rtc::RtcSettings;
use super::table::Key;
use super::values::{self, Place, Values};
use super::webhooks::WebhookSettings;
use crate::auth::proxies::TrustedProxies;
use crate::live::GoLive;
use crate::logs::Redacted;
use crate::playback::Policy;
use crate::schedule::HostPatience;
use crate::signal::bus::RedisUrl;

/// Everything an operator may set, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The web.
    pub http: HttpSettings,
    /// Who may ask the API, and how often.
    pub api: ApiSettings,
    /// What the ports with TLS show; there whenever one of them is on, and only then.
    pub certificate: Option<Certificate>,
    /// Where publishers connect.
    pub rtmp: RtmpSettings,
    /// WebRTC, for those who speak and those who listen closely.
    pub rtc: RtcSettings,
    /// What listeners hear it by.
    pub hls: HlsSettings,
    /// What is kept.
    pub storage: StorageSettings,
    /// Where media lies for good.
    pub objects: ObjectSettings,
    /// What stands between the station and its listeners.
    pub cdn: CdnSettings,
    /// By what rooms hear those of other stations; without one, this station is alone.
    pub redis: Option<RedisUrl>,
    /// Who may be here.
    pub auth: AuthSettings,
    /// The broadcast `studio`.
    pub studio: StudioSettings,
    /// Put the broadcast `demo` on air?
    pub demo: bool,
    /// May broadcasts go on air?
    pub go_live: GoLive,
    /// Who is told of events, and asked about publishers.
    pub webhooks: WebhookSettings,
    /// By what people are told who are not here.
    pub notify: NotifySettings,
    /// How long a host is waited for, from the planned start: 10 s and a minute at the least, 12 h at the most.
    pub patience: HostPatience,
    /// What is logged, and how.
    pub log: LogSettings,
    /// How long connections may take to finish after SIGTERM; 1 s to 5 min.
    pub shutdown_grace: Duration,
}

/// Where the web listens and how much it bears.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpSettings {
    /// Without TLS; port 0 means a free one.
    pub listen: SocketAddr,
    /// With TLS.
    pub https_listen: Option<SocketAddr>,
    /// The origin that listeners reach us by, ending in `/`; without one, the request tells.
    pub public_url: Option<Url>,
    /// Who is believed about whom they speak for.
    pub trusted_proxies: TrustedProxies,
    /// Open connections, both ports together; at least 1.
    pub connections_max: usize,
    /// Requests that wait for a part to come; at least 1.
    pub held_requests_max: usize,
}

/// Who may ask the API, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiSettings {
    /// Origins whose pages may use it, as browsers write them; none but our own without one.
    pub cors_origins: Vec<HeaderValue>,
    /// Requests a second from one address; at least 1.
    pub rate_per_address: u32,
    /// Requests a second of one user or API key; at least 1.
    pub rate_per_user: u32,
}

/// What the ports with TLS show.
#[derive(Clone, Debug, PartialEq)]
pub enum Certificate {
    /// PEM files, read again when they change.
    Files {
        /// The chain, leaf first.
        cert: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// Fetched and renewed by ACME (RFC 8555).
    Acme(AcmeSettings),
}

/// How to get a certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct AcmeSettings {
    /// The names that it is for; at least one.
    pub domains: Vec<DnsName<'static>>,
    /// Whom the authority writes to; a bare e-mail address, without `mailto:`.
    pub contact: Option<Redacted<String>>,
    /// The authority's directory; `https`.
    pub directory_url: Url,
}

/// Where publishers connect and how many may.
#[derive(Clone, Debug, PartialEq)]
pub struct RtmpSettings {
    /// Without TLS; port 0 means a free one.
    pub listen: SocketAddr,
    /// With TLS.
    pub rtmps_listen: Option<SocketAddr>,
    /// Open connections, both ports together; at least 1.
    pub connections_max: usize,
    /// Of these, from one IP address; at least 1.
    pub connections_per_address_max: usize,
}

/// So many days; for ever where there are none.
fn kept(days: usize) -> Option<Duration> {
    (days > 0).then(|| Duration::from_secs(days as u64 * 86_400))
}

/// HLS on the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct HlsSettings {
    /// Is it served?
    pub enabled: bool,
    /// Whose needs a signed address or cookie.
    pub signed: Policy,
    /// What an edge shows that checks playback tokens itself; 16 to 256 bytes.
    pub edge: Option<Redacted<String>>,
    /// The edge's log, to be followed.
    pub edge_log: Option<PathBuf>,
}

/// What is kept, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct StorageSettings {
    /// The folder for segments, keys and certificates; may not exist yet.
    pub data_dir: PathBuf,
    /// How far back listeners may seek, and how long segments stay that no recording keeps; 2 min to a week.
    pub keep: Duration,
    /// How long recordings are kept; for ever where it is `None`.
    pub recordings: Option<Duration>,
    /// Where accounts and broadcasts are.
    pub database: DatabaseUrl,
}

/// How the broadcast `studio` is made.
#[derive(Clone, Debug, PartialEq)]
pub struct StudioSettings {
    /// How far its listeners stay behind.
    pub latency_mode: Seed<LatencyMode>,
    /// Which rungs it is encoded in.
    pub audio_profile: Seed<AudioProfile>,
    /// How long it stays on air without a publisher; up to a day.
    pub publisher_grace: Seed<Duration>,
}

/// What something begins with that people may change afterwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seed<T> {
    /// The value.
    pub value: T,
    /// Who chose it.
    pub by: SeededBy,
}

/// Who chose a [`Seed`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SeededBy {
    /// This program: it counts once, and what people change stays.
    Default,
    /// The operator: it counts at every start.
    Operator,
}

impl<T> Seed<T> {
    /// `value` of `key`, whoever chose it.
    fn of(values: &Values, key: Key, value: T) -> Self {
        let given = values.get(key).is_some_and(|value| value.place != Place::Default);
        Self { value, by: if given { SeededBy::Operator } else { SeededBy::Default } }
    }
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct LogSettings {
    /// Which events.
    pub filter: LogFilter,
    /// In which shape.
    pub format: LogFormat,
}

/// Directives that [`EnvFilter`] is known to take.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogFilter(String);

impl LogFilter {
    /// `None` where `text` is not a filter.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        (plain && EnvFilter::try_new(text).is_ok()).then(|| Self(text.to_owned()))
    }

    /// The filter itself.
    pub fn to_env_filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogFormat {
    /// Text, in colour on a terminal.
    Auto,
    /// Text without colour.
    Text,
    /// One JSON object a line.
    Json,
}

/// A word that is no log format.
#[derive(Debug, Eq, PartialEq)]
pub struct UnknownLogFormat;

impl fmt::Display for UnknownLogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("use auto, text or json")
    }
}

impl std::error::Error for UnknownLogFormat {}

impl FromStr for LogFormat {
    type Err = UnknownLogFormat;

    fn from_str(text: &str) -> Result<Self, UnknownLogFormat> {
        match text {
            "auto" => Ok(Self::Auto),
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(UnknownLogFormat),
        }
    }
}

impl Settings {
    /// Reads every value and holds them against each other.
    pub(super) fn from_values(values: &Values) -> Result<Self, SettingsError> {
        let http = HttpSettings {
            listen: values.required(Key::HttpListen, values::listen)?,
            https_listen: values.unless_off(Key::HttpsListen, values::listen)?,
            public_url: values.optional(Key::PublicUrl, values::site_url)?,
            trusted_proxies: values.optional(Key::TrustedProxies, TrustedProxies::parse)?.unwrap_or_default(),
            connections_max: values.count(Key::HttpConnectionsMax)?,
            held_requests_max: values.count(Key::HttpHeldRequestsMax)?,
        };
        let api = ApiSettings {
            cors_origins: values.optional(Key::CorsOrigin, values::origins)?.unwrap_or_default(),
            rate_per_address: values.number(Key::ApiRatePerAddress)?,
            rate_per_user: values.number(Key::ApiRatePerUser)?,
        };
        let rtmp = RtmpSettings {
            listen: values.required(Key::RtmpListen, values::listen)?,
            rtmps_listen: values.unless_off(Key::RtmpsListen, values::listen)?,
            connections_max: values.count(Key::RtmpConnectionsMax)?,
            connections_per_address_max: values.count(Key::RtmpConnectionsPerAddressMax)?,
        };
        let certificate = certificate(values, &http, &rtmp)?;
        let data_dir = values.required(Key::DataDir, values::path)?;
        Ok(Self {
            http,
            api,
            certificate,
            rtmp,
            rtc: RtcSettings::from_values(values)?,
            hls: HlsSettings {
                enabled: values.parsed(Key::HlsEnabled)?,
                signed: values.parsed(Key::SignedPlayback)?,
                edge: values.optional(Key::EdgeSecret, values::shared_secret)?.map(Redacted::new),
                edge_log: values.optional(Key::EdgeLog, values::path)?,
            },
            storage: StorageSettings {
                database: match values.optional(Key::DatabaseUrl, |text| text.parse().ok())? {
                    Some(url) => url,
                    None => DatabaseUrl::sqlite(&data_dir.join("onair.db")),
                },
                data_dir,
                keep: values.seconds(Key::KeepSeconds)?,
                recordings: kept(values.count(Key::RecordingRetention)?),
            },
            objects: ObjectSettings::from_values(values)?,
            cdn: CdnSettings::from_values(values)?,
            redis: values.optional(Key::RedisUrl, |text| text.parse().ok())?,
            auth: AuthSettings::from_values(values)?,
            studio: StudioSettings {
                latency_mode: Seed::of(
                    values,
                    Key::StudioLatencyMode,
                    values.parsed(Key::StudioLatencyMode)?,
                ),
                audio_profile: Seed::of(
                    values,
                    Key::StudioAudioProfile,
                    values.parsed(Key::StudioAudioProfile)?,
                ),
                publisher_grace: Seed::of(
                    values,
                    Key::PublisherGraceSeconds,
                    values.seconds(Key::PublisherGraceSeconds)?,
                ),
            },
            demo: values.parsed(Key::Demo)?,
            go_live: if values.parsed(Key::GoLive)? { GoLive::Allowed } else { GoLive::SwitchedOff },
            webhooks: WebhookSettings::from_values(values)?,
            notify: NotifySettings::from_values(values)?,
            patience: HostPatience {
                late: values.seconds(Key::ScheduleLateSeconds)?,
                missed: values.seconds(Key::ScheduleMissedSeconds)?,
            },
            log: LogSettings {
                filter: values.required(Key::LogFilter, LogFilter::parse)?,
                format: values.parsed(Key::LogFormat)?,
            },
            shutdown_grace: values.seconds(Key::ShutdownGraceSeconds)?,
        })
    }
}

fn certificate(
    values: &Values,
    http: &HttpSettings,
    rtmp: &RtmpSettings,
) -> Result<Option<Certificate>, SettingsError> {
    let cert = values.optional(Key::TlsCert, values::path)?;
    let key = values.optional(Key::TlsKey, values::path)?;
    let domains = values.optional(Key::AcmeDomain, values::domains)?;
    let contact = values.optional(Key::AcmeContact, values::email)?.map(Redacted::new);
    let directory_url = values.required(Key::AcmeDirectoryUrl, values::service_url)?;

    let files = match (cert, key) {
        (Some(cert), Some(key)) => Some((cert, key)),
        (Some(_), None) => return Err(alone(Key::TlsCert, env(Key::TlsKey))),
        (None, Some(_)) => return Err(alone(Key::TlsKey, env(Key::TlsCert))),
        (None, None) => None,
    };
    let port = [(Key::HttpsListen, http.https_listen), (Key::RtmpsListen, rtmp.rtmps_listen)]
        .into_iter()
        .find_map(|(key, listen)| listen.map(|_| key));
    match (files, domains, port) {
        (Some(_), Some(_), _) => {
            Err(SettingsError::Both { one: env(Key::TlsCert), other: env(Key::AcmeDomain) })
        }
        (Some(_), None, None) => Err(alone(Key::TlsCert, "ONAIR_HTTPS_LISTEN or ONAIR_RTMPS_LISTEN")),
        // The authority comes to the HTTPS port to see whose the domain is (RFC 8737).
        (None, Some(_), _) if http.https_listen.is_none() => {
            Err(alone(Key::AcmeDomain, env(Key::HttpsListen)))
        }
        (None, None, Some(key)) => Err(alone(key, "ONAIR_TLS_CERT and ONAIR_TLS_KEY, or ONAIR_ACME_DOMAIN")),
        (Some((cert, key)), None, Some(_)) => Ok(Some(Certificate::Files { cert, key })),
        (None, Some(domains), _) => {
            Ok(Some(Certificate::Acme(AcmeSettings { domains, contact, directory_url })))
        }
        (None, None, None) => Ok(None),
    }
}

pub(super) fn env(key: Key) -> &'static str {
    key.setting().env
}

pub(super) fn alone(key: Key, missing: &'static str) -> SettingsError {
    SettingsError::Alone { name: env(key), missing }
}
