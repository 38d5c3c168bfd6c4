//! Why a publisher isn't let in, and why it is sent away.

/// Why a publish request is refused. Its text is written for the person at the encoder.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No broadcast has this name.
    #[error("There is no such broadcast. Check the stream key: it reads NAME?token=KEY.")]
    UnknownBroadcast,
    /// The key is missing or not this broadcast's.
    #[error("The stream key is wrong. Check the part after ?token=.")]
    BadKey,
    /// The broadcast has a living publisher.
    #[error("Someone is already publishing to this broadcast.")]
    AlreadyPublishing,
    /// The broadcast has as many publishers as it admits.
    #[error("This broadcast has as many publishers as it takes.")]
    Full,
    /// Whoever runs the station does not let this publisher in.
    #[error("The station does not let you publish. Ask whoever runs it.")]
    NotAdmitted,
    /// The broadcast is scheduled, ended or cancelled.
    #[error("This broadcast is not open for publishing now.")]
    NotLive,
    /// The server can't take another publisher now; trying again later makes sense.
    #[error("The server cannot take the stream now. Try again in a moment.")]
    Unavailable,
    /// The sound is coded in a way that we can't play.
    #[error("The sound cannot be used: {detail}.")]
    UnsupportedCodec {
        /// What was sent and what to send, in words.
        detail: String,
    },
}

/// Why an accepted publication is ended from our side. Its text is written for the person at the encoder.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseReason {
    /// The same key publishes from another connection.
    #[error("Another connection with the same stream key has taken over.")]
    TakenOver,
    /// The broadcast is over.
    #[error("The broadcast has ended.")]
    Ended,
    /// The broadcast has another stream key now.
    #[error("The stream key was changed. Publish with the new one.")]
    KeyChanged,
    /// The host or an administrator asks this publisher to leave.
    #[error("The host of the broadcast ended this connection.")]
    Disconnected,
    /// The server stops or restarts; coming back makes sense.
    #[error("The server is restarting. Please reconnect.")]
    ServerStopping,
    /// The sound is coded in a way that we can't play.
    #[error("The sound cannot be used: {detail}.")]
    UnsupportedTrack {
        /// What was sent and what to send, in words.
        detail: String,
    },
}
