//! How often one may ask: a rate a key, in bounded memory.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

/// Keys that are remembered at the most; each takes about 50 bytes.
const KEYS_MAX: usize = 100_000;

/// How many checks go by between two looks at the memory.
const LOOK: u32 = 1024;

/// A rate for each key: so many at once, and one more whenever a period has passed.
///
/// Memory is bounded. Keys that have their whole allowance again are forgotten; should more than 100,000
/// be short of it at once, all start anew: a flood from everywhere is not to shut out everybody.
#[derive(Debug)]
pub struct Limiter<K: Hash + Eq + Clone, C: Clock + Clone = DefaultClock> {
    quota: Quota,
    clock: C,
    keys_max: usize,
    checks: AtomicU32,
    rates: ArcSwap<Rates<K, C>>,
}

type Rates<K, C> = RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// `burst` at once, and one more every `period`. Neither may be zero.
    pub fn new(burst: u32, period: Duration) -> Self {
        Self::with_clock(burst, period, KEYS_MAX, DefaultClock::default())
    }

    /// `rate` a second, at least 1, and twice as many at once.
    pub fn per_second(rate: u32) -> Self {
        let rate = rate.max(1);
        Self::new(rate.saturating_mul(2), Duration::from_secs(1) / rate)
    }
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Limiter<K, C> {
    fn with_clock(burst: u32, period: Duration, keys_max: usize, clock: C) -> Self {
        let burst = NonZeroU32::new(burst).expect("a rate lets something through");
        let quota = Quota::with_period(period).expect("a rate has a period").allow_burst(burst);
        let rates = ArcSwap::from(fresh(quota, &clock));
        Self { quota, clock, keys_max, checks: AtomicU32::new(0), rates }
    }

    /// Takes one from the allowance of `key`; where nothing is left, says how long to wait.
    pub fn check(&self, key: &K) -> Result<(), Duration> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % LOOK == LOOK - 1 {
            self.forget();
        }
        let refused = self.rates.load().check_key(key);
        refused.map_err(|until| until.wait_time_from(self.clock.now()))
    }

    fn forget(&self) {
        let rates = self.rates.load();
        if rates.len() <= self.keys_max {
            return;
        }
        rates.retain_recent();
        if rates.len() > self.keys_max {
            self.rates.store(fresh(self.quota, &self.clock));
        }
    }
}

fn fresh<K: Hash + Eq + Clone, C: Clock + Clone>(quota: Quota, clock: &C) -> Arc<Rates<K, C>> {
    Arc::new(RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()))
}

/// Whom an address stands for: an IPv4 address for itself, an IPv6 address for its /64, which one
/// household has all of.
pub fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limiter(keys_max: usize) -> (Limiter<u32, FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Limiter::with_clock(3, Duration::from_secs(10), keys_max, clock.clone()), clock)
    }

    #[test]
    fn each_key_has_an_allowance_that_comes_back() {
        let (limiter, clock) = limiter(10);
        for _ in 0..3 {
            assert_eq!(limiter.check(&1), Ok(()));
        }
        assert_eq!(limiter.check(&1), Err(Duration::from_secs(10)));
        assert_eq!(limiter.check(&2), Ok(()));
        clock.advance(Duration::from_secs(4));
        assert_eq!(limiter.check(&1), Err(Duration::from_secs(6)));
        clock.advance(Duration::from_secs(6));
        assert_eq!(limiter.check(&1), Ok(()));
        assert_eq!(limiter.check(&1), Err(Duration::from_secs(10)));
    }

    #[test]
    fn a_flood_of_keys_takes_no_more_memory_than_agreed() {
        let (limiter, _) = limiter(100);
        for key in 0..50_000 {
            assert_eq!(limiter.check(&key), Ok(()));
        }
        assert!(limiter.rates.load().len() <= 100 + LOOK as usize);
    }

    #[test]
    fn keys_with_a_whole_allowance_are_forgotten_and_others_are_not() {
        let (limiter, clock) = limiter(100);
        for key in 0..500 {
            assert_eq!(limiter.check(&key), Ok(()));
        }
        clock.advance(Duration::from_secs(20));
        for _ in 0..4 {
            limiter.check(&1000).ok();
        }
        limiter.forget();
        assert_eq!(limiter.rates.load().len(), 1);
        assert!(limiter.check(&1000).is_err());
    }

    #[test]
    fn a_household_is_one_address_of_ipv4_and_64_bits_of_ipv6() {
        let of = |text: &str| household(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::9"));
        assert_ne!(of("2001:db8:1:2::"), of("2001:db8:1:3::"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
