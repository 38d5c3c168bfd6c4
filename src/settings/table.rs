//! Every setting, once: the flags, `.env.example`, the README's table, `--print-config` and the
//! messages about bad values are all made from [`TABLE`].

/// One thing an operator may set, in `onair.toml`, `.env`, the environment or by a flag.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Which one.
    pub key: Key,
    /// `section.name` in `onair.toml`; rows of one section stand together in [`TABLE`].
    pub toml: &'static str,
    /// Its name in the environment and in `.env`; begins with `ONAIR_`.
    pub env: &'static str,
    /// Its flag, without the two dashes.
    pub flag: &'static str,
    /// Names of other products' settings that are read as this one, in the environment and `.env`.
    pub aliases: &'static [&'static str],
    /// What holds when nobody sets it.
    pub default: Preset,
    /// Which values it takes.
    pub kind: Kind,
    /// May its value be shown?
    pub secrecy: Secrecy,
    /// What it does, as one sentence without its full stop.
    pub help: &'static str,
}

/// What a setting is when nobody sets it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Preset {
    /// This value.
    Is(&'static str),
    /// No value; the words say what happens then.
    Unset(&'static str),
}

/// Whether a value may be shown in `--print-config` and in messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Secrecy {
    /// Anyone may read it.
    Open,
    /// A password, a key or a person's address.
    Secret,
}

/// Which values a setting takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// An address and port to listen on.
    Listen,
    /// The same, or `off`.
    ListenOrOff,
    /// `true` or `false`; the bare flag means `true`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number in this range, both ends included.
    Count(u32, u32),
    /// A whole number of seconds in this range, both ends included.
    Seconds(u32, u32),
    /// A file.
    File,
    /// A folder.
    Folder,
    /// `http` or `https`, a host and perhaps a port.
    SiteUrl,
    /// An `https` address of a service.
    ServiceUrl,
    /// Web addresses of sites, separated by commas.
    Origins,
    /// The address of a SQLite or PostgreSQL database.
    DatabaseUrl,
    /// The address of a Redis server.
    RedisUrl,
    /// An `http` or `https` address to post to.
    HookUrl,
    /// A secret shared with another program.
    SharedSecret,
    /// Domain names, separated by commas.
    Domains,
    /// One e-mail address.
    Email,
    /// What signs: long, by chance, and no example out of a document.
    SigningSecret,
    /// A password for a person.
    Password,
    /// The public half of an API key.
    ApiKey,
    /// IP addresses and networks, separated by commas.
    Networks,
    /// Directives of `tracing_subscriber::EnvFilter`.
    LogFilter,
    /// An address and UDP port for WebRTC, an address alone, or `off`.
    RtcListen,
    /// IP addresses, separated by commas.
    Addresses,
    /// TURN servers (RFC 7065), separated by commas.
    TurnUrls,
    /// STUN servers (RFC 7064), separated by commas.
    StunUrls,
}

impl Kind {
    /// Names the value in `--help`, in capitals.
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Listen | Self::ListenOrOff | Self::RtcListen => "ADDRESS:PORT",
            Self::Switch => "true|false",
            Self::Choice(_) => "WORD",
            Self::Count(..) => "NUMBER",
            Self::Seconds(..) => "SECONDS",
            Self::File => "FILE",
            Self::Folder => "FOLDER",
            Self::SiteUrl | Self::ServiceUrl | Self::DatabaseUrl | Self::RedisUrl | Self::HookUrl => "URL",
            Self::Origins => "URL[,URL]",
            Self::Domains => "DOMAIN[,DOMAIN]",
            Self::Email => "EMAIL",
            Self::SigningSecret | Self::SharedSecret => "SECRET",
            Self::Password => "PASSWORD",
            Self::ApiKey => "KEY",
            Self::Networks => "NETWORK[,NETWORK]",
            Self::LogFilter => "FILTER",
            Self::Addresses => "ADDRESS[,ADDRESS]",
            Self::TurnUrls | Self::StunUrls => "URI[,URI]",
        }
    }

    /// The values it takes, in words that follow «use».
    pub fn allowed(self) -> String {
        match self {
            Self::Listen => "an address and a port such as 0.0.0.0:8080, [::]:8080 or :8080".to_owned(),
            Self::ListenOrOff => {
                "an address and a port such as 0.0.0.0:8443, [::]:8443 or :8443, or off".to_owned()
            }
            Self::Switch => "true or false".to_owned(),
            Self::Choice(words) => match words {
                [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
                _ => words.join(", "),
            },
            Self::Count(least, most) => format!("a whole number from {least} to {most}"),
            Self::Seconds(least, most) => format!("whole seconds from {least} to {most}"),
            Self::File => "the path of a file".to_owned(),
            Self::Folder => "the path of a folder".to_owned(),
            Self::SiteUrl => "http:// or https:// with a host and nothing after it".to_owned(),
            Self::ServiceUrl => "an https:// address".to_owned(),
            Self::Origins => "sites separated by commas, such as https://radio.example.org".to_owned(),
            Self::DatabaseUrl => "sqlite:FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE".to_owned(),
            Self::RedisUrl => "redis://:PASSWORD@HOST:PORT/DATABASE, or rediss:// for TLS".to_owned(),
            Self::HookUrl => "an http:// or https:// address without a user or a password".to_owned(),
            Self::SharedSecret => "16 to 256 printable characters without spaces".to_owned(),
            Self::Domains => "domain names separated by commas, such as radio.example.org".to_owned(),
            Self::Email => "one e-mail address".to_owned(),
            Self::SigningSecret => {
                "at least 32 characters by chance, no example out of a document; `openssl rand -base64 32` \
                 prints some"
                    .to_owned()
            }
            Self::Password => {
                "10 to 128 characters that nobody guesses, no example out of a document".to_owned()
            }
            Self::ApiKey => "4 to 64 letters and digits, no example out of a document".to_owned(),
            Self::Networks => "IP addresses and networks separated by commas, such as 10.0.0.0/8".to_owned(),
            Self::LogFilter => "a filter such as info or info,onair=debug".to_owned(),
            Self::RtcListen => {
                "an address and a port such as 0.0.0.0:8189 or :8189, an address alone for port 8189, or off"
                    .to_owned()
            }
            Self::Addresses => "IP addresses separated by commas, such as 203.0.113.7".to_owned(),
            Self::TurnUrls => {
                "turn: and turns: addresses separated by commas, such as turn:turn.example.org:3478?transport=udp"
                    .to_owned()
            }
            Self::StunUrls => {
                "stun: and stuns: addresses separated by commas, such as stun:stun.example.org:3478".to_owned()
            }
        }
    }
}

/// Names a row of [`TABLE`].
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(missing_docs, reason = "each is described by its row's `help`")]
pub enum Key {
    HttpListen,
    HttpConnectionsMax,
    HttpHeldRequestsMax,
    PublicUrl,
    TrustedProxies,
    CorsOrigin,
    ApiRatePerAddress,
    ApiRatePerUser,
    HttpsListen,
    TlsCert,
    TlsKey,
    AcmeDomain,
    AcmeContact,
    AcmeDirectoryUrl,
    RtmpListen,
    RtmpConnectionsMax,
    RtmpConnectionsPerAddressMax,
    RtmpsListen,
    RtcListen,
    RtcPublicIp,
    WebrtcListenersMax,
    RtcShards,
    RtcRed,
    StunUrls,
    TurnUrls,
    TurnSecret,
    HlsEnabled,
    SignedPlayback,
    EdgeSecret,
    EdgeLog,
    DataDir,
    KeepSeconds,
    RecordingRetention,
    DatabaseUrl,
    RedisUrl,
    JwtSecret,
    JwtRefreshSecret,
    Registration,
    RegistrationRole,
    AdminEmail,
    AdminPassword,
    ApiKey,
    ApiSecret,
    StudioLatencyMode,
    StudioAudioProfile,
    PublisherGraceSeconds,
    Demo,
    GoLive,
    WebhookUrl,
    WebhookSecret,
    WebhookPrivateTargets,
    OnPublishUrl,
    OnPublishFail,
    OnUnpublishUrl,
    LogFilter,
    LogFormat,
    ShutdownGraceSeconds,
}

impl Key {
    /// Its row.
    pub fn setting(self) -> &'static Setting {
        TABLE.iter().find(|row| row.key == self).expect("every key has a row; a test holds it")
    }
}

/// Every setting, in the order in which people read them.
pub const TABLE: &[Setting] = &[
    Setting {
        key: Key::HttpListen,
        toml: "http.listen",
        env: "ONAIR_HTTP_LISTEN",
        flag: "http",
        aliases: &["SERVER_PORT"],
        default: Preset::Is("0.0.0.0:8080"),
        kind: Kind::Listen,
        secrecy: Secrecy::Open,
        help: "Where the web listens; port 0 takes a free one",
    },
    Setting {
        key: Key::HttpConnectionsMax,
        toml: "http.connections_max",
        env: "ONAIR_HTTP_CONNECTIONS_MAX",
        flag: "http-connections-max",
        aliases: &[],
        default: Preset::Is("20000"),
        kind: Kind::Count(1, 1_000_000),
        secrecy: Secrecy::Open,
        help: "Open HTTP and HTTPS connections; one more is closed at once",
    },
    Setting {
        key: Key::HttpHeldRequestsMax,
        toml: "http.held_requests_max",
        env: "ONAIR_HTTP_HELD_REQUESTS_MAX",
        flag: "http-held-requests-max",
        aliases: &[],
        default: Preset::Is("20000"),
        kind: Kind::Count(1, 1_000_000),
        secrecy: Secrecy::Open,
        help: "Requests held for a part that is yet to come; one more is answered 503",
    },
    Setting {
        key: Key::PublicUrl,
        toml: "http.public_url",
        env: "ONAIR_PUBLIC_URL",
        flag: "public-url",
        aliases: &[],
        default: Preset::Unset("from the request"),
        kind: Kind::SiteUrl,
        secrecy: Secrecy::Open,
        help: "Where listeners reach the station, where a proxy or a CDN stands before it",
    },
    Setting {
        key: Key::TrustedProxies,
        toml: "http.trusted_proxies",
        env: "ONAIR_TRUSTED_PROXIES",
        flag: "trusted-proxies",
        aliases: &[],
        default: Preset::Unset("nobody is believed"),
        kind: Kind::Networks,
        secrecy: Secrecy::Open,
        help: "Proxies whose X-Forwarded-For, X-Forwarded-Proto and X-User-ID are believed",
    },
    Setting {
        key: Key::CorsOrigin,
        toml: "api.cors_origin",
        env: "ONAIR_CORS_ORIGIN",
        flag: "cors-origin",
        aliases: &["CORS_ORIGIN"],
        default: Preset::Unset("only pages that the station serves itself"),
        kind: Kind::Origins,
        secrecy: Secrecy::Open,
        help: "Other sites whose pages may use the API in their users' name; media is open to all anyway",
    },
    Setting {
        key: Key::ApiRatePerAddress,
        toml: "api.rate_per_address",
        env: "ONAIR_API_RATE_PER_ADDRESS",
        flag: "api-rate-per-address",
        aliases: &[],
        default: Preset::Is("300"),
        kind: Kind::Count(1, 1_000_000),
        secrecy: Secrecy::Open,
        help: "API requests a second from one address (IPv6: one /64), twice as many at once; many listeners may share one",
    },
    Setting {
        key: Key::ApiRatePerUser,
        toml: "api.rate_per_user",
        env: "ONAIR_API_RATE_PER_USER",
        flag: "api-rate-per-user",
        aliases: &[],
        default: Preset::Is("50"),
        kind: Kind::Count(1, 1_000_000),
        secrecy: Secrecy::Open,
        help: "API requests a second of one user or API key, twice as many at once",
    },
    Setting {
        key: Key::HttpsListen,
        toml: "https.listen",
        env: "ONAIR_HTTPS_LISTEN",
        flag: "https",
        aliases: &[],
        default: Preset::Is("off"),
        kind: Kind::ListenOrOff,
        secrecy: Secrecy::Open,
        help: "Where the web listens with TLS; needs a certificate or an ACME domain",
    },
    Setting {
        key: Key::TlsCert,
        toml: "tls.cert",
        env: "ONAIR_TLS_CERT",
        flag: "tls-cert",
        aliases: &[],
        default: Preset::Unset("none"),
        kind: Kind::File,
        secrecy: Secrecy::Open,
        help: "Certificate chain in PEM, for HTTPS and RTMPS; read again when it changes",
    },
    Setting {
        key: Key::TlsKey,
        toml: "tls.key",
        env: "ONAIR_TLS_KEY",
        flag: "tls-key",
        aliases: &[],
        default: Preset::Unset("none"),
        kind: Kind::File,
        secrecy: Secrecy::Open,
        help: "The certificate's private key in PEM",
    },
    Setting {
        key: Key::AcmeDomain,
        toml: "acme.domain",
        env: "ONAIR_ACME_DOMAIN",
        flag: "acme-domain",
        aliases: &[],
        default: Preset::Unset("none"),
        kind: Kind::Domains,
        secrecy: Secrecy::Open,
        help: "Domains to fetch and renew a certificate for; the HTTPS port must be reachable as 443",
    },
    Setting {
        key: Key::AcmeContact,
        toml: "acme.contact",
        env: "ONAIR_ACME_CONTACT",
        flag: "acme-contact",
        aliases: &[],
        default: Preset::Unset("none"),
        kind: Kind::Email,
        secrecy: Secrecy::Secret,
        help: "Whom the certificate authority writes to",
    },
    Setting {
        key: Key::AcmeDirectoryUrl,
        toml: "acme.directory_url",
        env: "ONAIR_ACME_DIRECTORY_URL",
        flag: "acme-directory-url",
        aliases: &[],
        default: Preset::Is("https://acme-v02.api.letsencrypt.org/directory"),
        kind: Kind::ServiceUrl,
        secrecy: Secrecy::Open,
        help: "The certificate authority's directory",
    },
    Setting {
        key: Key::RtmpListen,
        toml: "rtmp.listen",
        env: "ONAIR_RTMP_LISTEN",
        flag: "rtmp",
        aliases: &[],
        default: Preset::Is("0.0.0.0:1935"),
        kind: Kind::Listen,
        secrecy: Secrecy::Open,
        help: "Where publishers connect by RTMP; port 0 takes a free one",
    },
    Setting {
        key: Key::RtmpConnectionsMax,
        toml: "rtmp.connections_max",
        env: "ONAIR_RTMP_CONNECTIONS_MAX",
        flag: "rtmp-connections-max",
        aliases: &[],
        default: Preset::Is("500"),
        kind: Kind::Count(1, 100_000),
        secrecy: Secrecy::Open,
        help: "Open RTMP and RTMPS connections; one more is closed at once",
    },
    Setting {
        key: Key::RtmpConnectionsPerAddressMax,
        toml: "rtmp.connections_per_address_max",
        env: "ONAIR_RTMP_CONNECTIONS_PER_ADDRESS_MAX",
        flag: "rtmp-connections-per-address-max",
        aliases: &[],
        default: Preset::Is("20"),
        kind: Kind::Count(1, 100_000),
        secrecy: Secrecy::Open,
        help: "The same from one IP address",
    },
    Setting {
        key: Key::RtmpsListen,
        toml: "rtmps.listen",
        env: "ONAIR_RTMPS_LISTEN",
        flag: "rtmps",
        aliases: &[],
        default: Preset::Is("off"),
        kind: Kind::ListenOrOff,
        secrecy: Secrecy::Open,
        help: "Where publishers connect by RTMP with TLS; needs a certificate or an ACME domain",
    },
    Setting {
        key: Key::RtcListen,
        toml: "rtc.listen",
        env: "ONAIR_RTC_LISTEN",
        flag: "rtc",
        aliases: &["MEDIASOUP_LISTEN_IP"],
        default: Preset::Is("0.0.0.0:8189"),
        kind: Kind::RtcListen,
        secrecy: Secrecy::Open,
        help: "Where WebRTC listens, on UDP; each further shard takes the next port, and port 0 free ones",
    },
    Setting {
        key: Key::RtcPublicIp,
        toml: "rtc.public_ip",
        env: "ONAIR_RTC_PUBLIC_IP",
        flag: "rtc-public-ip",
        aliases: &["MEDIASOUP_ANNOUNCED_IP", "SRS_PUBLIC_IP", "SRS_SERVER_IP"],
        default: Preset::Unset("the addresses of this machine"),
        kind: Kind::Addresses,
        secrecy: Secrecy::Open,
        help: "The addresses by which WebRTC clients reach the station, where it is behind a NAT",
    },
    Setting {
        key: Key::WebrtcListenersMax,
        toml: "rtc.listeners_max",
        env: "ONAIR_WEBRTC_LISTENERS_MAX",
        flag: "webrtc-listeners-max",
        aliases: &["CDN_SWITCH_THRESHOLD"],
        default: Preset::Is("100"),
        kind: Kind::Count(0, 100_000),
        secrecy: Secrecy::Open,
        help: "Listeners of one broadcast who hear it by WebRTC; the rest hear HLS",
    },
    Setting {
        key: Key::RtcShards,
        toml: "rtc.shards",
        env: "ONAIR_RTC_SHARDS",
        flag: "rtc-shards",
        aliases: &[],
        default: Preset::Is("1"),
        kind: Kind::Count(1, 64),
        secrecy: Secrecy::Open,
        help: "Threads that send to WebRTC clients, each on a port of its own; more than one where a core is busy with it",
    },
    Setting {
        key: Key::RtcRed,
        toml: "rtc.red",
        env: "ONAIR_RTC_RED",
        flag: "rtc-red",
        aliases: &[],
        default: Preset::Is("auto"),
        kind: Kind::Choice(&["auto", "always", "off"]),
        secrecy: Secrecy::Open,
        help: "Whether packets to WebRTC listeners repeat the ones before (RFC 2198): to those who lose some, to all who can read it, or to nobody",
    },
    Setting {
        key: Key::StunUrls,
        toml: "rtc.stun_urls",
        env: "ONAIR_STUN_URLS",
        flag: "stun-urls",
        aliases: &[],
        default: Preset::Unset("none, and none is needed"),
        kind: Kind::StunUrls,
        secrecy: Secrecy::Open,
        help: "STUN servers that WebRTC clients are told of",
    },
    Setting {
        key: Key::TurnUrls,
        toml: "rtc.turn_urls",
        env: "ONAIR_TURN_URLS",
        flag: "turn-urls",
        aliases: &[],
        default: Preset::Unset("none"),
        kind: Kind::TurnUrls,
        secrecy: Secrecy::Open,
        help: "TURN servers for WebRTC clients whose network lets no UDP through to us; needs the secret",
    },
    Setting {
        key: Key::TurnSecret,
        toml: "rtc.turn_secret",
        env: "ONAIR_TURN_SECRET",
        flag: "turn-secret",
        aliases: &["TURN_SECRET"],
        default: Preset::Unset("none"),
        kind: Kind::SharedSecret,
        secrecy: Secrecy::Secret,
        help: "What passwords for these servers are made with: coturn's static-auth-secret",
    },
    Setting {
        key: Key::HlsEnabled,
        toml: "hls.enabled",
        env: "ONAIR_HLS_ENABLED",
        flag: "hls-enabled",
        aliases: &["HLS_ENABLED"],
        default: Preset::Is("true"),
        kind: Kind::Switch,
        secrecy: Secrecy::Open,
        help: "Serve HLS to listeners",
    },
    Setting {
        key: Key::SignedPlayback,
        toml: "hls.signed_playback",
        env: "ONAIR_SIGNED_PLAYBACK",
        flag: "signed-playback",
        aliases: &[],
        default: Preset::Is("private"),
        kind: Kind::Choice(&["private", "always", "off"]),
        secrecy: Secrecy::Open,
        help: "Whose HLS needs a signed address or cookie: that of private broadcasts, every broadcast's, or nobody's; only signed HLS can be taken back from a listener",
    },
    Setting {
        key: Key::EdgeSecret,
        toml: "hls.edge_secret",
        env: "ONAIR_EDGE_SECRET",
        flag: "edge-secret",
        aliases: &[],
        default: Preset::Unset("no edge is believed"),
        kind: Kind::SharedSecret,
        secrecy: Secrecy::Secret,
        help: "What a CDN or cache shows that checks playback tokens itself, in the header X-OnAir-Edge; docs/CDN.md",
    },
    Setting {
        key: Key::EdgeLog,
        toml: "hls.edge_log",
        env: "ONAIR_EDGE_LOG",
        flag: "edge-log",
        aliases: &[],
        default: Preset::Unset("none; the edge's listeners are counted by their heartbeats alone"),
        kind: Kind::File,
        secrecy: Secrecy::Open,
        help: "The log that an edge on this machine writes, followed for an estimate of how many it serves; docs/CDN.md",
    },
    Setting {
        key: Key::DataDir,
        toml: "storage.data_dir",
        env: "ONAIR_DATA_DIR",
        flag: "data-dir",
        aliases: &[],
        default: Preset::Is("./data"),
        kind: Kind::Folder,
        secrecy: Secrecy::Open,
        help: "Where segments, keys and certificates are kept; made when it is missing",
    },
    Setting {
        key: Key::KeepSeconds,
        toml: "storage.keep_seconds",
        env: "ONAIR_KEEP_SECONDS",
        flag: "keep-seconds",
        aliases: &[],
        default: Preset::Is("7200"),
        kind: Kind::Seconds(120, 604_800),
        secrecy: Secrecy::Open,
        help: "How far back listeners may seek while a broadcast is on air (`dvr.m3u8`); segments that no recording \
               keeps stay on disk that long",
    },
    Setting {
        key: Key::RecordingRetention,
        toml: "storage.recording_retention",
        env: "ONAIR_RECORDING_RETENTION",
        flag: "recording-retention",
        aliases: &[],
        default: Preset::Is("0"),
        kind: Kind::Count(0, 36_500),
        secrecy: Secrecy::Open,
        help: "How many days recordings are kept; 0 is for ever",
    },
    Setting {
        key: Key::DatabaseUrl,
        toml: "database.url",
        env: "ONAIR_DATABASE_URL",
        flag: "database-url",
        aliases: &["DATABASE_URL", "DB_HOST"],
        default: Preset::Unset("SQLite in `onair.db` in the data directory"),
        kind: Kind::DatabaseUrl,
        secrecy: Secrecy::Secret,
        help: "Where accounts and broadcasts are kept; `DB_HOST` is put together with `DB_PORT`, `DB_NAME`, \
               `DB_USER` and `DB_PASSWORD`, and `?sslmode=verify-full` asks for TLS",
    },
    Setting {
        key: Key::RedisUrl,
        toml: "redis.url",
        env: "ONAIR_REDIS_URL",
        flag: "redis-url",
        aliases: &["REDIS_URL", "REDIS_HOST"],
        default: Preset::Unset("none; this station is alone"),
        kind: Kind::RedisUrl,
        secrecy: Secrecy::Secret,
        help: "By what the rooms of several stations hear each other; `REDIS_HOST` is put together with `REDIS_PORT` and \
               `REDIS_PASSWORD`",
    },
    Setting {
        key: Key::JwtSecret,
        toml: "auth.jwt_secret",
        env: "ONAIR_JWT_SECRET",
        flag: "jwt-secret",
        aliases: &["JWT_SECRET"],
        default: Preset::Unset("made once, kept in the data directory"),
        kind: Kind::SigningSecret,
        secrecy: Secrecy::Secret,
        help: "Signs access tokens and room tokens; who changes it signs everybody out for a moment",
    },
    Setting {
        key: Key::JwtRefreshSecret,
        toml: "auth.jwt_refresh_secret",
        env: "ONAIR_JWT_REFRESH_SECRET",
        flag: "jwt-refresh-secret",
        aliases: &["JWT_REFRESH_SECRET"],
        default: Preset::Unset("made once, kept in the data directory"),
        kind: Kind::SigningSecret,
        secrecy: Secrecy::Secret,
        help: "Makes refresh tokens, so that a copy of the database holds none; who changes it signs everybody out",
    },
    Setting {
        key: Key::Registration,
        toml: "auth.registration",
        env: "ONAIR_REGISTRATION",
        flag: "registration",
        aliases: &[],
        default: Preset::Is("open"),
        kind: Kind::Choice(&["open", "invitation", "closed"]),
        secrecy: Secrecy::Open,
        help: "Who may make an account: everybody, who has an invitation, or nobody",
    },
    Setting {
        key: Key::RegistrationRole,
        toml: "auth.registration_role",
        env: "ONAIR_REGISTRATION_ROLE",
        flag: "registration-role",
        aliases: &[],
        default: Preset::Is("host"),
        kind: Kind::Choice(&["host", "listener"]),
        secrecy: Secrecy::Open,
        help: "What a new account is; a host may make broadcasts",
    },
    Setting {
        key: Key::AdminEmail,
        toml: "auth.admin_email",
        env: "ONAIR_ADMIN_EMAIL",
        flag: "admin-email",
        aliases: &[],
        default: Preset::Unset("admin@localhost"),
        kind: Kind::Email,
        secrecy: Secrecy::Secret,
        help: "By which the admin signs in whom the first start makes",
    },
    Setting {
        key: Key::AdminPassword,
        toml: "auth.admin_password",
        env: "ONAIR_ADMIN_PASSWORD",
        flag: "admin-password",
        aliases: &[],
        default: Preset::Unset("made by chance, printed once, to be changed at the first sign-in"),
        kind: Kind::Password,
        secrecy: Secrecy::Secret,
        help: "The password of that admin",
    },
    Setting {
        key: Key::ApiKey,
        toml: "auth.api_key",
        env: "ONAIR_API_KEY",
        flag: "api-key",
        aliases: &["LIVEKIT_API_KEY"],
        default: Preset::Unset("none"),
        kind: Kind::ApiKey,
        secrecy: Secrecy::Open,
        help: "A first API key for servers, with the rights of an admin",
    },
    Setting {
        key: Key::ApiSecret,
        toml: "auth.api_secret",
        env: "ONAIR_API_SECRET",
        flag: "api-secret",
        aliases: &["LIVEKIT_API_SECRET"],
        default: Preset::Unset("none"),
        kind: Kind::SigningSecret,
        secrecy: Secrecy::Secret,
        help: "The secret of that key",
    },
    Setting {
        key: Key::StudioLatencyMode,
        toml: "studio.latency_mode",
        env: "ONAIR_STUDIO_LATENCY_MODE",
        flag: "studio-latency-mode",
        aliases: &[],
        default: Preset::Is("low"),
        kind: Kind::Choice(&["ultra", "low", "standard"]),
        secrecy: Secrecy::Open,
        help: "How far listeners of the broadcast `studio` stay behind its host; holds from its next run. Where it is set \
               here, every start sets it; otherwise what was changed by API stays",
    },
    Setting {
        key: Key::StudioAudioProfile,
        toml: "studio.audio_profile",
        env: "ONAIR_STUDIO_AUDIO_PROFILE",
        flag: "studio-audio-profile",
        aliases: &[],
        default: Preset::Is("standard"),
        kind: Kind::Choice(&["voice", "standard", "music"]),
        secrecy: Secrecy::Open,
        help: "The sound `studio` is made for; holds from its next run. Where it is set here, every start sets it; \
               otherwise what was changed by API stays",
    },
    Setting {
        key: Key::PublisherGraceSeconds,
        toml: "studio.publisher_grace_seconds",
        env: "ONAIR_PUBLISHER_GRACE_SECONDS",
        flag: "publisher-grace-seconds",
        aliases: &[],
        default: Preset::Is("300"),
        kind: Kind::Seconds(0, 86_400),
        secrecy: Secrecy::Open,
        help: "How long `studio` stays on air without a publisher before it ends. Where it is set here, every start sets \
               it; otherwise what was changed by API stays",
    },
    Setting {
        key: Key::Demo,
        toml: "demo.enabled",
        env: "ONAIR_DEMO",
        flag: "demo",
        aliases: &[],
        default: Preset::Is("false"),
        kind: Kind::Switch,
        secrecy: Secrecy::Open,
        help: "Put the broadcast `demo` on air, with sound of its own",
    },
    Setting {
        key: Key::GoLive,
        toml: "broadcasts.go_live",
        env: "ONAIR_GO_LIVE",
        flag: "go-live",
        aliases: &["FEATURE_GO_LIVE"],
        default: Preset::Is("true"),
        kind: Kind::Switch,
        secrecy: Secrecy::Open,
        help: "Let broadcasts go on air; where they may not, those that are on air stay there",
    },
    Setting {
        key: Key::WebhookUrl,
        toml: "webhooks.url",
        env: "ONAIR_WEBHOOK_URL",
        flag: "webhook-url",
        aliases: &[],
        default: Preset::Unset("none"),
        kind: Kind::HookUrl,
        secrecy: Secrecy::Open,
        help: "A first webhook: where every event of the station is posted",
    },
    Setting {
        key: Key::WebhookSecret,
        toml: "webhooks.secret",
        env: "ONAIR_WEBHOOK_SECRET",
        flag: "webhook-secret",
        aliases: &[],
        default: Preset::Unset("none"),
        kind: Kind::SharedSecret,
        secrecy: Secrecy::Secret,
        help: "What that webhook's requests and the admission hooks' are signed with",
    },
    Setting {
        key: Key::WebhookPrivateTargets,
        toml: "webhooks.private_targets",
        env: "ONAIR_WEBHOOK_PRIVATE_TARGETS",
        flag: "webhook-private-targets",
        aliases: &[],
        default: Preset::Is("false"),
        kind: Kind::Switch,
        secrecy: Secrecy::Open,
        help: "Let webhooks made by API reach loopback, private and link-local addresses; those of the settings may anyway",
    },
    Setting {
        key: Key::OnPublishUrl,
        toml: "webhooks.on_publish_url",
        env: "ONAIR_ON_PUBLISH_URL",
        flag: "on-publish-url",
        aliases: &[],
        default: Preset::Unset("none"),
        kind: Kind::HookUrl,
        secrecy: Secrecy::Open,
        help: "Asked before a publisher is let in; an answer other than 2xx turns it away",
    },
    Setting {
        key: Key::OnPublishFail,
        toml: "webhooks.on_publish_fail",
        env: "ONAIR_ON_PUBLISH_FAIL",
        flag: "on-publish-fail",
        aliases: &[],
        default: Preset::Is("deny"),
        kind: Kind::Choice(&["deny", "allow"]),
        secrecy: Secrecy::Open,
        help: "What becomes of a publisher when that hook does not answer within 2 s",
    },
    Setting {
        key: Key::OnUnpublishUrl,
        toml: "webhooks.on_unpublish_url",
        env: "ONAIR_ON_UNPUBLISH_URL",
        flag: "on-unpublish-url",
        aliases: &[],
        default: Preset::Unset("none"),
        kind: Kind::HookUrl,
        secrecy: Secrecy::Open,
        help: "Told when a publisher has gone",
    },
    Setting {
        key: Key::LogFilter,
        toml: "log.filter",
        env: "ONAIR_LOG",
        flag: "log",
        aliases: &["RUST_LOG"],
        default: Preset::Is("info"),
        kind: Kind::LogFilter,
        secrecy: Secrecy::Open,
        help: "Which events are logged",
    },
    Setting {
        key: Key::LogFormat,
        toml: "log.format",
        env: "ONAIR_LOG_FORMAT",
        flag: "log-format",
        aliases: &[],
        default: Preset::Is("auto"),
        kind: Kind::Choice(&["auto", "text", "json"]),
        secrecy: Secrecy::Open,
        help: "`auto` is text, in colour on a terminal; `text` is plain; `json` is one object a line",
    },
    Setting {
        key: Key::ShutdownGraceSeconds,
        toml: "shutdown.grace_seconds",
        env: "ONAIR_SHUTDOWN_GRACE_SECONDS",
        flag: "shutdown-grace-seconds",
        aliases: &[],
        default: Preset::Is("10"),
        kind: Kind::Seconds(1, 300),
        secrecy: Secrecy::Open,
        help: "How long connections may take to finish when the station is told to stop",
    },
];
