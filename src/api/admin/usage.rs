//! How much was listened, and about what that costs.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use media::{AudioProfile, RungId};
use packager::LatencyMode;
use room::Action;
use serde::{Deserialize, Serialize};
use store::{Timestamp, Usage as Used};
use utoipa::ToSchema;

use crate::api::Context;
use crate::api::error::Problem;
use crate::api::params::Params;
use crate::auth::Caller;
use crate::cost::bill::Dollars;
use crate::cost::prices::AS_OF;
use crate::cost::{Audience, Bill, PUTS_PER_SEGMENT, Prices, Traffic};

/// How long somebody listens who is counted by HLS, in hours; for what beginning to listen costs.
const STAY_HOURS: f64 = 0.5;

/// Bits a second that the heads of WebRTC's packets add to one listener's sound: IPv4, UDP, RTP with its extensions and
/// the tag of SRTP, fifty times a second.
const HEADS: f64 = 8.0 * 50.0 * (20.0 + 8.0 + 12.0 + 8.0 + 16.0);

/// Which days.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Period {
    /// How many, today included; 30 where nothing is said.
    #[param(minimum = 1, maximum = 31)]
    days: Option<u32>,
}

/// How much was listened.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage {
    /// The oldest first, today last and not at its end.
    days: Vec<Day>,
    total: Sum,
    /// By which prices `dollars` is reckoned.
    prices: &'static str,
}

/// One day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UsageDay)]
struct Day {
    /// By UTC.
    #[schema(format = Date)]
    day: String,
    #[serde(flatten)]
    sum: Sum,
}

/// What came together. What belongs to broadcasts that were deleted is not in it.
#[derive(Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UsageSum)]
struct Sum {
    /// Broadcasts that were on air; in the total one counts on each of its days.
    broadcasts: i64,
    /// Minutes that they were on air.
    minutes: i64,
    /// Minutes of listeners by WebRTC.
    webrtc_minutes: i64,
    /// Minutes of listeners by HLS.
    hls_minutes: i64,
    /// Bytes that went to listeners by WebRTC, from the station; reckoned from the bit rate.
    webrtc_bytes: f64,
    /// Bytes that went to listeners by HLS; reckoned as `onair cost` does.
    hls_bytes: f64,
    /// About what HLS behind a CDN costs, as `onair cost` reckons; US dollars.
    dollars: f64,
}

impl Sum {
    fn add(&mut self, other: &Self) {
        self.broadcasts += other.broadcasts;
        self.minutes += other.minutes;
        self.webrtc_minutes += other.webrtc_minutes;
        self.hls_minutes += other.hls_minutes;
        self.webrtc_bytes += other.webrtc_bytes;
        self.hls_bytes += other.hls_bytes;
        self.dollars += other.dollars;
    }

    /// What one kind of broadcast came to.
    #[expect(clippy::cast_precision_loss, reason = "minutes of listeners stay far below 2^53")]
    fn of(used: &Used) -> Self {
        let mode: LatencyMode = used.latency_mode.parse().unwrap_or_default();
        let profile: AudioProfile = used.audio_profile.parse().unwrap_or_default();
        let hours = used.minutes as f64 / 60.0;
        let audience = Audience {
            listeners: used.hls as f64 / used.minutes.max(1) as f64,
            hours,
            joins: hours / STAY_HOURS,
            puts_per_segment: PUTS_PER_SEGMENT,
            kept_months: 1.0,
            guarded: true,
        };
        let bill = TRAFFIC.get(&(profile, mode)).map(|of| Bill::of(of, &audience, &Prices::default()));
        let (hls_bytes, Dollars { total, .. }) =
            bill.map_or((0.0, Dollars::default()), |bill| (bill.bytes, bill.dollars));
        let opus = f64::from(profile.rungs()[RungId::Opus as usize].bit_rate);
        Self {
            broadcasts: used.broadcasts,
            minutes: used.minutes,
            webrtc_minutes: used.webrtc,
            hls_minutes: used.hls,
            webrtc_bytes: used.webrtc as f64 * 60.0 * (opus + HEADS) / 8.0,
            hls_bytes,
            dollars: total,
        }
    }
}

/// What a listener of each kind of broadcast makes; measured once.
static TRAFFIC: LazyLock<HashMap<(AudioProfile, LatencyMode), Traffic>> = LazyLock::new(|| {
    let kinds =
        AudioProfile::ALL.into_iter().flat_map(|profile| LatencyMode::ALL.map(|mode| (profile, mode)));
    kinds.map(|(profile, mode)| ((profile, mode), Traffic::measure(profile, mode))).collect()
});

/// How much was listened, day by day, and about what that costs?
///
/// The numbers of listeners are those of each minute. Bytes and dollars are reckoned from them, not metered: the CDN's
/// invoice is what counts.
#[utoipa::path(
    get,
    path = "/api/admin/usage",
    operation_id = "getUsage",
    tag = "administration",
    params(Period),
    security(("bearer" = []), ("apiKey" = [])),
    responses((status = 200, description = "The days", body = Usage)),
)]
pub(super) async fn show(
    State(context): State<Context>,
    caller: Caller,
    Params(period): Params<Period>,
) -> Result<Json<Usage>, Problem> {
    caller.require(Action::ViewOverview)?;
    let wanted = period.days.unwrap_or(30);
    if !(1..=31).contains(&wanted) {
        return Err(Problem::invalid("days", "must be a number from 1 to 31"));
    }
    // The first question measures for all; it would hold up others for that long.
    tokio::task::spawn_blocking(|| LazyLock::force(&TRAFFIC)).await.map_err(|_| Problem::internal())?;
    let today = Zoned::now().with_time_zone(TimeZone::UTC).date();
    let mut days = Vec::new();
    for ago in (0..i64::from(wanted)).rev() {
        let day = today.saturating_sub(ago.days());
        let (from, to) = (midnight(day)?, midnight(day.saturating_add(1.day()))?);
        let mut sum = Sum::default();
        for used in &context.store.usage().between(from, to).await? {
            sum.add(&Sum::of(used));
        }
        days.push(Day { day: day.to_string(), sum });
    }
    let mut total = Sum::default();
    for day in &days {
        total.add(&day.sum);
    }
    Ok(Json(Usage { days, total, prices: AS_OF }))
}

fn midnight(day: Date) -> Result<Timestamp, Problem> {
    let start = day.to_zoned(TimeZone::UTC).map_err(|_| Problem::internal())?;
    Ok(Timestamp::from_millis(start.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests;
