//! What things cost; each price is an assumption that a flag replaces.

use serde::Serialize;

/// Where and when the prices below were list prices.
pub const AS_OF: &str = "list prices of Amazon Web Services in Frankfurt (eu-central-1) and of CloudFront's edges in \
                         Europe, in US dollars without tax, first price step, no free tier, as they were known in 2025";

/// Prices in US dollars.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prices {
    /// A gigabyte (10^9 bytes) from the edge to listeners.
    pub egress_gb: f64,
    /// 10,000 HTTPS requests of listeners.
    pub requests_10k: f64,
    /// 10,000 requests through Origin Shield.
    pub shield_10k: f64,
    /// A million runs of the edge's function.
    pub function_million: f64,
    /// A million requests that the web ACL looks at.
    pub waf_million: f64,
    /// A gigabyte from the station to the edge; nothing from inside the same cloud.
    pub origin_gb: f64,
    /// A thousand PUTs.
    pub put_1k: f64,
    /// A gigabyte kept for a month.
    pub storage_gb_month: f64,
}

/// One price: its flag, what it is for, and where it stands.
pub struct Price {
    /// The flag of `onair cost`, without the two dashes.
    pub flag: &'static str,
    /// What is assumed; US dollars.
    pub default: &'static str,
    /// What it is the price of.
    pub help: &'static str,
    set: fn(&mut Prices) -> &mut f64,
}

impl Price {
    /// Replaces it in `prices`.
    pub fn set(&self, prices: &mut Prices, dollars: f64) {
        *(self.set)(prices) = dollars;
    }

    /// What it is in `prices`.
    pub fn of(&self, mut prices: Prices) -> f64 {
        *(self.set)(&mut prices)
    }
}

/// Every price, in the order in which people read them.
pub const PRICES: [Price; 8] = [
    Price {
        flag: "price-egress-gb",
        default: "0.085",
        help: "A GB from the edge to listeners",
        set: |p| &mut p.egress_gb,
    },
    Price {
        flag: "price-requests-10k",
        default: "0.012",
        help: "10,000 HTTPS requests of listeners",
        set: |p| &mut p.requests_10k,
    },
    Price {
        flag: "price-shield-10k",
        default: "0.009",
        help: "10,000 requests through Origin Shield",
        set: |p| &mut p.shield_10k,
    },
    Price {
        flag: "price-function-million",
        default: "0.10",
        help: "A million runs of the edge's function",
        set: |p| &mut p.function_million,
    },
    Price {
        flag: "price-waf-million",
        default: "0.60",
        help: "A million requests that the web ACL looks at",
        set: |p| &mut p.waf_million,
    },
    Price {
        flag: "price-origin-gb",
        default: "0",
        help: "A GB from the station to the edge",
        set: |p| &mut p.origin_gb,
    },
    Price { flag: "price-put-1k", default: "0.0054", help: "1,000 PUTs", set: |p| &mut p.put_1k },
    Price {
        flag: "price-storage-gb-month",
        default: "0.0245",
        help: "A GB kept for a month",
        set: |p| &mut p.storage_gb_month,
    },
];

impl Default for Prices {
    fn default() -> Self {
        let mut prices = Self {
            egress_gb: 0.0,
            requests_10k: 0.0,
            shield_10k: 0.0,
            function_million: 0.0,
            waf_million: 0.0,
            origin_gb: 0.0,
            put_1k: 0.0,
            storage_gb_month: 0.0,
        };
        for price in &PRICES {
            price.set(&mut prices, price.default.parse().expect("a price is a number"));
        }
        prices
    }
}

/// A price on the command line: US dollars, not below zero.
///
/// # Errors
/// What to write instead, for what is no such number.
pub fn dollars(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|dollars| dollars.is_finite() && *dollars >= 0.0);
    number.ok_or_else(|| "use US dollars such as 0.085".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_has_a_place_of_its_own() {
        let mut prices = Prices::default();
        for (number, price) in (1_u32..).zip(&PRICES) {
            price.set(&mut prices, f64::from(number));
        }
        for (number, price) in (1_u32..).zip(&PRICES) {
            assert_eq!(price.of(prices), f64::from(number), "{}", price.flag);
        }
    }

    #[test]
    fn a_price_is_a_number_that_is_not_below_zero() {
        assert_eq!(dollars("0.085"), Ok(0.085));
        for wrong in ["-1", "inf", "NaN", "", "1 USD"] {
            assert!(dollars(wrong).is_err(), "{wrong}");
        }
    }
}
