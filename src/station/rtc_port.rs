//! The WebRTC port of the station.

use std::sync::Arc;

use rtc::{Config, Observer, OpenError, PacketTime, Repeating, Rtc, Threads};

use crate::port::BindError;
use crate::settings::table::Key;
use crate::settings::{Red, RtcSettings};

/// Sessions that the port takes at once, of every kind: some 80 KB each.
const SESSIONS_MAX: usize = 10_000;

/// Opens the port that the settings name; none where WebRTC is switched off.
pub(crate) fn open(
    settings: &RtcSettings,
    observer: &Arc<dyn Observer>,
) -> anyhow::Result<Option<(Rtc, Threads)>> {
    let Some(listen) = settings.listen else { return Ok(None) };
    let config = Config {
        listen,
        shards: settings.shards,
        public: settings.public_ips.clone(),
        repeating: match settings.red {
            Red::Auto => Repeating::Auto,
            Red::Always => Repeating::Always,
            Red::Off => Repeating::Off,
        },
        packets: if settings.packet_ms == 40 { PacketTime::Ms40 } else { PacketTime::Ms20 },
        sessions_max: SESSIONS_MAX,
    };
    match Rtc::open(&config, observer) {
        Ok(opened) => Ok(Some(opened)),
        Err(OpenError::Bind(refused)) => {
            Err(BindError::new(Key::RtcListen, refused.address, refused.cause).into())
        }
        Err(other) => Err(other.into()),
    }
}
