//! The closed sets of label values: a series exists from the start, at zero, and no stranger can add one.

/// A closed set of label values; one value names one series.
pub trait Labels: Copy + std::fmt::Debug + Send + Sync + 'static {
    /// The labels' names.
    const KEYS: &'static [&'static str];
    /// All values, in the order of their series.
    const ALL: &'static [Self];
    /// Its place in [`Self::ALL`].
    fn index(self) -> usize;
    /// Its text for each of [`Self::KEYS`].
    fn values(self) -> &'static [&'static str];
}

macro_rules! labels {
    ($(#[$doc:meta])* $name:ident [$($key:literal),*] {
        $($(#[$variant_doc:meta])* $variant:ident => [$($value:literal),*],)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl Labels for $name {
            const KEYS: &'static [&'static str] = &[$($key),*];
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn index(self) -> usize {
                self as usize
            }

            fn values(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => &[$($value),*],)+
                }
            }
        }
    };
}

labels! {
    /// A metric of one series.
    NoLabel [] {
        /// That one.
        One => [],
    }
}

labels! {
    /// Who hears a broadcast.
    BroadcastState ["state"] {
        /// On air.
        Live => ["live"],
        /// Heard by their hosts alone.
        Preview => ["preview"],
    }
}

labels! {
    /// Why something was not stored.
    UploadFailure ["reason"] {
        /// No connection, or it broke.
        Unreachable => ["unreachable"],
        /// No answer in time.
        Slow => ["slow"],
        /// The store asks for fewer requests.
        Busy => ["busy"],
        /// The store has an error of its own.
        Broken => ["broken"],
        /// The store refuses the request.
        Refused => ["refused"],
        /// The local disk.
        Disk => ["disk"],
    }
}

labels! {
    /// How somebody listens.
    Listener ["transport"] {
        /// By HLS, with or without parts.
        Hls => ["hls"],
        /// By WebRTC.
        Webrtc => ["webrtc"],
        /// By the endless AAC stream.
        Aac => ["aac"],
        /// By the endless Ogg Opus stream.
        Opus => ["opus"],
    }
}

labels! {
    /// How somebody publishes.
    Publisher ["protocol"] {
        /// RTMP, in clear or over TLS.
        Rtmp => ["rtmp"],
        /// WHIP.
        Whip => ["whip"],
        /// WebRTC, from the stage.
        Stage => ["stage"],
    }
}

labels! {
    /// Why somebody could not publish, or could not listen.
    JoinFailure ["side", "reason"] {
        /// Publishing to a broadcast that does not exist.
        UnknownBroadcast => ["publish", "unknown_broadcast"],
        /// Publishing with a wrong or missing stream key.
        BadKey => ["publish", "bad_key"],
        /// Publishing where somebody else does.
        AlreadyPublishing => ["publish", "already_publishing"],
        /// Publishing to a broadcast that is scheduled, ended or cancelled.
        NotOpen => ["publish", "not_open"],
        /// Publishing sound that cannot be used.
        UnsupportedCodec => ["publish", "unsupported_codec"],
        /// Publishing when the station cannot take another.
        PublishUnavailable => ["publish", "unavailable"],
        /// A playback address that names nothing (404).
        NotFound => ["playback", "not_found"],
        /// A directive that does not parse, or a part without its segment (400).
        BadDirective => ["playback", "bad_directive"],
        /// A directive too far in the future (400).
        TooFar => ["playback", "too_far"],
        /// Held for three target durations in vain (503).
        HeldTooLong => ["playback", "held_too_long"],
        /// Listening when the station cannot hold another (503).
        PlaybackUnavailable => ["playback", "unavailable"],
    }
}

labels! {
    /// Which way a message goes between stations.
    Direction ["direction"] {
        /// To other stations.
        Out => ["out"],
        /// From another station.
        In => ["in"],
    }
}

labels! {
    /// Where a message between stations waits.
    Queue ["queue"] {
        /// For Redis.
        Outbox => ["outbox"],
        /// For a room.
        Inbox => ["inbox"],
    }
}

labels! {
    /// What a response is part of.
    PathClass ["path"] {
        /// A playlist, multivariant or media, whole or delta.
        Playlist => ["playlist"],
        /// A Partial Segment.
        Part => ["part"],
        /// A Media Segment.
        Segment => ["segment"],
        /// A Media Initialization Section.
        Init => ["init"],
        /// An endless stream.
        Stream => ["stream"],
        /// Sound, by WebRTC.
        Webrtc => ["webrtc"],
        /// The web front end.
        Page => ["page"],
        /// Everything else.
        Api => ["api"],
    }
}

labels! {
    /// Why a WebRTC session is over.
    SessionEnd ["reason"] {
        /// Its client closed it.
        Left => ["left"],
        /// Nothing was heard of its client any more.
        Lost => ["lost"],
        /// No check of its client arrived.
        NoIce => ["no_ice"],
        /// The DTLS handshake did not succeed.
        NoDtls => ["no_dtls"],
        /// What came could not be gone on with.
        Broken => ["broken"],
        /// The station let it go.
        Dismissed => ["dismissed"],
        /// What it listened to is over.
        Over => ["over"],
        /// The station stopped.
        Stopped => ["stopped"],
    }
}

labels! {
    /// Why something was not said beside the sound.
    AnnotationDropped ["reason"] {
        /// Too much waited for the programme.
        QueueFull => ["queue_full"],
        /// More happened at once than the parts of a second hold.
        Crowded => ["crowded"],
        /// A text that is too long, or none.
        Unfit => ["unfit"],
        /// As many date ranges were listed as may be.
        RangesFull => ["ranges_full"],
    }
}

labels! {
    /// The class of a status code.
    StatusClass ["class"] {
        /// 100 to 199.
        Informational => ["1xx"],
        /// 200 to 299.
        Success => ["2xx"],
        /// 300 to 399.
        Redirection => ["3xx"],
        /// 400 to 499.
        ClientError => ["4xx"],
        /// 500 and above.
        ServerError => ["5xx"],
    }
}

impl From<http::StatusCode> for StatusClass {
    fn from(status: http::StatusCode) -> Self {
        match status.as_u16() {
            0..=199 => Self::Informational,
            200..=299 => Self::Success,
            300..=399 => Self::Redirection,
            400..=499 => Self::ClientError,
            _ => Self::ServerError,
        }
    }
}

labels! {
    /// Why the station closed a connection.
    Dropped ["protocol", "reason"] {
        /// HTTP: as many as may be open were open.
        HttpOverLimit => ["http", "over_limit"],
        /// HTTP: the TLS handshake failed or took too long.
        HttpHandshake => ["http", "handshake"],
        /// HTTP: no whole request came in time.
        HttpSilent => ["http", "silent"],
        /// HTTP: unused, or its reader stopped.
        HttpIdle => ["http", "idle"],
        /// HTTP: a request was still in flight when the station's drain ended.
        HttpCut => ["http", "cut"],
        /// RTMP: as many as may be open, in all or from one address, were open.
        RtmpOverLimit => ["rtmp", "over_limit"],
        /// RTMP: the handshake was wrong or took too long.
        RtmpHandshake => ["rtmp", "handshake"],
        /// RTMP: nothing came for too long.
        RtmpIdle => ["rtmp", "idle"],
        /// RTMP: what came was not RTMP, or beyond its bounds.
        RtmpProtocol => ["rtmp", "protocol"],
        /// RTMP: the same key published from another connection.
        RtmpTakenOver => ["rtmp", "taken_over"],
    }
}
