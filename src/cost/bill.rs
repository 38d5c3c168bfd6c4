//! An audience times what it makes times what that costs. Pure.

use packager::LatencyMode;
use serde::Serialize;

use super::{Prices, Traffic};

/// PUTs for a segment: itself, and a quarter of its playlist, which is written again for every fourth slot and less
/// often when it is long.
pub const PUTS_PER_SEGMENT: f64 = 1.25;

/// Who listens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Audience {
    /// HLS listeners at a time.
    pub listeners: f64,
    /// How long the broadcast lasts.
    pub hours: f64,
    /// How often each of them begins to listen, in all that time.
    pub joins: f64,
    /// PUTs for each segment: the segment itself, and playlists that are written again for it.
    pub puts_per_segment: f64,
    /// How long what was recorded is kept.
    pub kept_months: f64,
    /// Whether the edge's function and its web ACL look at every request.
    pub guarded: bool,
}

/// What it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bill {
    /// Requests of listeners.
    pub requests: f64,
    /// Bytes to listeners, heads included.
    pub bytes: f64,
    /// Requests that reach the station.
    pub origin_requests: f64,
    /// Bytes from the station to the edge.
    pub origin_bytes: f64,
    /// PUTs to the store.
    pub puts: f64,
    /// Bytes in the store afterwards.
    pub stored_bytes: f64,
    /// Megabits a second from the station to the edge.
    pub uplink_mbps: f64,
    /// Megabits a second from the edge to all listeners; from the station, where there is no edge.
    pub egress_mbps: f64,
    /// What the bytes to listeners cost, and so on; US dollars.
    pub dollars: Dollars,
}

/// A bill's lines, in US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dollars {
    /// Bytes to listeners.
    pub egress: f64,
    /// Requests of listeners.
    pub requests: f64,
    /// The function and the web ACL.
    pub guard: f64,
    /// What the edge asks the station for.
    pub origin: f64,
    /// PUTs and what is kept.
    pub storage: f64,
    /// All of it.
    pub total: f64,
}

impl Bill {
    /// What `audience` comes to.
    pub fn of(traffic: &Traffic, audience: &Audience, prices: &Prices) -> Self {
        let listened = audience.listeners * audience.hours;
        let joins = audience.listeners * audience.joins;
        let requests = listened * (traffic.playlists + traffic.media) + joins * traffic.join_requests;
        let bytes = listened
            * (traffic.playlists * traffic.playlist_bytes + traffic.media * traffic.media_bytes)
            + joins * traffic.join_bytes;
        let origin_requests = audience.hours * traffic.origin_requests;
        let origin_bytes = audience.hours * traffic.origin_bytes;
        let puts = audience.hours * traffic.segments * audience.puts_per_segment;
        let stored_bytes = audience.hours * traffic.stored_bytes;
        // Bot Control looks at few of them; the rules of the web ACL at all.
        let guard = if audience.guarded {
            (prices.function_million + prices.waf_million) * requests / 1e6
        } else {
            0.0
        };
        let mut dollars = Dollars {
            egress: prices.egress_gb * bytes / 1e9,
            requests: prices.requests_10k * requests / 1e4,
            guard,
            origin: prices.shield_10k * origin_requests / 1e4 + prices.origin_gb * origin_bytes / 1e9,
            storage: prices.put_1k * puts / 1e3
                + prices.storage_gb_month * audience.kept_months * stored_bytes / 1e9,
            total: 0.0,
        };
        dollars.total = dollars.egress + dollars.requests + dollars.guard + dollars.origin + dollars.storage;
        Self {
            requests,
            bytes,
            origin_requests,
            origin_bytes,
            puts,
            stored_bytes,
            uplink_mbps: traffic.origin_bits() / 1e6,
            egress_mbps: audience.listeners * traffic.listener_bits() / 1e6,
            dollars,
        }
    }

    /// The bill of each mode.
    pub fn all(traffic: &[Traffic], audience: &Audience, prices: &Prices) -> Vec<(LatencyMode, Self)> {
        traffic.iter().map(|of_mode| (of_mode.mode, Self::of(of_mode, audience, prices))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that can be multiplied in the head.
    fn traffic() -> Traffic {
        Traffic {
            mode: LatencyMode::Low,
            playlists: 100.0,
            media: 100.0,
            playlist_bytes: 1_000.0,
            media_bytes: 9_000.0,
            join_requests: 3.0,
            join_bytes: 5_000.0,
            origin_requests: 400.0,
            origin_bytes: 4_500_000.0,
            segments: 50.0,
            stored_bytes: 1e9,
        }
    }

    fn audience() -> Audience {
        Audience {
            listeners: 1_000.0,
            hours: 2.0,
            joins: 1.0,
            puts_per_segment: 2.0,
            kept_months: 3.0,
            guarded: true,
        }
    }

    const PRICES: Prices = Prices {
        egress_gb: 1.0,
        requests_10k: 1.0,
        shield_10k: 100.0,
        function_million: 1.0,
        waf_million: 9.0,
        origin_gb: 1_000.0,
        put_1k: 10.0,
        storage_gb_month: 0.5,
    };

    fn close(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-9 * expected.abs().max(1.0), "{got} is not {expected}");
    }

    #[test]
    fn a_bill_is_listened_hours_times_what_one_of_them_makes() {
        let bill = Bill::of(&traffic(), &audience(), &PRICES);
        close(bill.requests, 403_000.0);
        close(bill.bytes, 2_005_000_000.0);
        close(bill.puts, 200.0);
        close(bill.origin_requests, 800.0);
        close(bill.uplink_mbps, 0.01);
        close(bill.egress_mbps, 1_000.0 * 1_000_000.0 * 8.0 / 3_600.0 / 1e6);
        close(bill.dollars.egress, 2.005);
        close(bill.dollars.requests, 40.3);
        close(bill.dollars.guard, 4.03);
        close(bill.dollars.origin, 8.0 + 9.0);
        close(bill.dollars.storage, 2.0 + 3.0);
        close(bill.dollars.total, 2.005 + 40.3 + 4.03 + 17.0 + 5.0);
    }

    #[test]
    fn the_station_is_asked_as_much_by_one_listener_as_by_a_million() {
        let million = Audience { listeners: 1e6, ..audience() };
        let (few, many) =
            (Bill::of(&traffic(), &audience(), &PRICES), Bill::of(&traffic(), &million, &PRICES));
        close(few.origin_requests, many.origin_requests);
        close(few.uplink_mbps, many.uplink_mbps);
        close(many.requests, 1_000.0 * few.requests);
    }
}
