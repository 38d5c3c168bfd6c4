//! The RTMP status that tells a publisher why it is refused or sent away.

use crate::{CloseReason, Refusal};

/// The code that OBS and librtmp know as "someone has the name, or the key is wrong".
const BAD_NAME: &str = "NetStream.Publish.BadName";
/// The code for what is no matter of the name.
const FAILED: &str = "NetStream.Failed";

/// The status code for a refusal.
pub(super) fn refusal_code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownBroadcast
        | Refusal::BadKey
        | Refusal::AlreadyPublishing
        | Refusal::Full
        | Refusal::NotAdmitted
        | Refusal::NotLive => BAD_NAME,
        Refusal::Unavailable | Refusal::UnsupportedCodec { .. } => FAILED,
    }
}

/// The status code for an end.
pub(super) fn close_code(reason: &CloseReason) -> &'static str {
    match reason {
        CloseReason::TakenOver | CloseReason::KeyChanged => BAD_NAME,
        CloseReason::Ended | CloseReason::Disconnected => "NetStream.Unpublish.Success",
        CloseReason::ServerStopping => "NetConnection.Connect.AppShutdown",
        CloseReason::UnsupportedTrack { .. } => FAILED,
    }
}
