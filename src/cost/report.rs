//! A bill for people, and for programs.

use std::fmt::Write as _;

use media::AudioProfile;
use packager::LatencyMode;
use serde_json::{Value, json};

use super::prices::{AS_OF, PRICES};
use super::{Audience, Bill, Prices, Traffic};

/// What a line needs free beside what it carries: for players that catch up after a hiccup, and for one of two lines.
pub const HEADROOM: [f64; 2] = [1.4, 2.0];

/// What `onair cost` is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Who listens.
    pub audience: Audience,
    /// Which modes; at least one.
    pub modes: Vec<LatencyMode>,
    /// Which sound.
    pub profile: AudioProfile,
    /// What things cost.
    pub prices: Prices,
}

impl Question {
    fn bills(&self) -> (Vec<Traffic>, Vec<(LatencyMode, Bill)>) {
        let traffic: Vec<_> = self.modes.iter().map(|mode| Traffic::measure(self.profile, *mode)).collect();
        let bills = Bill::all(&traffic, &self.audience, &self.prices);
        (traffic, bills)
    }

    /// A table for a terminal.
    pub fn table(&self) -> String {
        let Audience { listeners, hours, .. } = self.audience;
        let mut text = format!("{listeners} listeners for {hours} h, profile {}\n\n", self.profile);
        let (_, bills) = self.bills();
        rows(&mut text, &bills, |cells| {
            let (name, values) = cells.split_first().expect("a row has a name");
            let values: Vec<_> = values.iter().map(|value| format!("{value:>16}")).collect();
            format!("{name:<34}{}", values.concat())
        });
        let _ = write!(text, "\nPrices are assumptions ({AS_OF}); flags replace them:\n");
        for price in &PRICES {
            let _ = writeln!(text, "  --{:<26}{:>8}  {}", price.flag, price.of(self.prices), price.help);
        }
        text
    }

    /// The same for a program.
    pub fn json(&self) -> Value {
        let (traffic, bills) = self.bills();
        let modes = bills.iter().zip(&traffic).map(|((mode, bill), traffic)| {
            json!({
                "mode": mode.name(),
                "bill": bill,
                "uplinkMbpsWithHeadroom": HEADROOM.map(|times| times * bill.uplink_mbps),
                "egressMbpsWithHeadroom": HEADROOM.map(|times| times * bill.egress_mbps),
                "listenerHour": {
                    "playlists": traffic.playlists,
                    "media": traffic.media,
                    "playlistBytes": traffic.playlist_bytes,
                    "mediaBytes": traffic.media_bytes,
                    "bitsPerSecond": traffic.listener_bits(),
                },
            })
        });
        json!({
            "listeners": self.audience.listeners,
            "hours": self.audience.hours,
            "profile": self.profile.name(),
            "pricesAsOf": AS_OF,
            "prices": self.prices,
            "modes": modes.collect::<Vec<_>>(),
        })
    }
}

/// The rows of the table of `bills`, each written by `line`.
pub(super) fn rows(text: &mut String, bills: &[(LatencyMode, Bill)], line: impl Fn(&[String]) -> String) {
    let mut row = |name: String, value: &dyn Fn(&Bill) -> String| {
        let mut cells = vec![name];
        cells.extend(bills.iter().map(|(_, bill)| value(bill)));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", line(&cells));
    };
    let names: Vec<String> = bills.iter().map(|(mode, _)| mode.name().to_owned()).collect();
    let mut at = names.iter();
    // The head is a row whose values do not depend on the bill.
    let head = std::cell::RefCell::new(&mut at);
    row(String::new(), &|_| head.borrow_mut().next().cloned().unwrap_or_default());
    row("requests of listeners".into(), &|bill| thousands(bill.requests));
    row("GB to listeners".into(), &|bill| format!("{:.2}", bill.bytes / 1e9));
    row("requests to the station".into(), &|bill| thousands(bill.origin_requests));
    row("PUTs".into(), &|bill| thousands(bill.puts));
    row("GB kept".into(), &|bill| format!("{:.3}", bill.stored_bytes / 1e9));
    row("uplink, station to edge, Mb/s".into(), &|bill| format!("{:.3}", bill.uplink_mbps));
    let [less, more] = HEADROOM;
    row(format!("  with {less} to {more:.0} × headroom"), &|bill| {
        format!("{:.2} to {:.2}", less * bill.uplink_mbps, more * bill.uplink_mbps)
    });
    row("egress, edge to listeners, Mb/s".into(), &|bill| format!("{:.1}", bill.egress_mbps));
    row(format!("  with {less} to {more:.0} × headroom"), &|bill| {
        format!("{:.0} to {:.0}", less * bill.egress_mbps, more * bill.egress_mbps)
    });
    row("$ bytes to listeners".into(), &|bill| format!("{:.2}", bill.dollars.egress));
    row("$ requests".into(), &|bill| format!("{:.2}", bill.dollars.requests));
    row("$ function and web ACL".into(), &|bill| format!("{:.2}", bill.dollars.guard));
    row("$ shield, station's egress".into(), &|bill| format!("{:.2}", bill.dollars.origin));
    row("$ store".into(), &|bill| format!("{:.2}", bill.dollars.storage));
    row("$ in all".into(), &|bill| format!("{:.2}", bill.dollars.total));
}

/// A whole number with commas.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::PUTS_PER_SEGMENT;
    use super::*;

    fn question() -> Question {
        let audience = Audience {
            listeners: 500.0,
            hours: 1.0,
            joins: 1.0,
            puts_per_segment: PUTS_PER_SEGMENT,
            kept_months: 1.0,
            guarded: true,
        };
        let (modes, profile) = (LatencyMode::ALL.to_vec(), AudioProfile::Standard);
        Question { audience, modes, profile, prices: Prices::default() }
    }

    #[test]
    fn a_table_has_a_column_a_mode_and_names_every_assumption() {
        let table = question().table();
        let head = table.lines().nth(2).unwrap();
        assert_eq!(head.split_whitespace().collect::<Vec<_>>(), ["ultra", "low", "standard"]);
        assert!(table.lines().any(|line| line.starts_with("$ in all")), "{table}");
        for price in &PRICES {
            let assumed = price.of(Prices::default()).to_string();
            let told = table.lines().find(|line| line.contains(price.flag)).unwrap();
            assert!(told.contains(&assumed) && told.contains(price.help), "{told}");
        }
    }

    #[test]
    fn json_tells_what_the_table_tells() {
        let json = question().json();
        assert_eq!(json["modes"].as_array().unwrap().len(), 3);
        assert_eq!(json["modes"][1]["mode"], "low");
        let uplink = json["modes"][1]["bill"]["uplinkMbps"].as_f64().unwrap();
        let most = json["modes"][1]["uplinkMbpsWithHeadroom"][1].as_f64().unwrap();
        assert!((most - 2.0 * uplink).abs() < 1e-9 && uplink > 0.2);
        let one = Question { modes: vec![LatencyMode::Low], ..question() };
        assert_eq!(one.json()["modes"][0], json["modes"][1]);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0.0, 999.0, 1_000.0, 1_234_567.4].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
