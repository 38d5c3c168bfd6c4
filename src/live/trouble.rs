//! What goes wrong with a broadcast's sound, noticed by looking at its accounts every few seconds.

use std::time::{Duration, Instant};

/// How often the hall looks.
pub(super) const ROUND: Duration = Duration::from_secs(5);

/// A publisher that has been this quiet for this long has forgotten to plug something in.
const QUIET_LUFS: f64 = -60.0;
const QUIET_FOR: Duration = Duration::from_secs(30);

/// Underruns in one round that listeners hear as stammering; one or two pass for a hiccup.
const UNDERRUNS: u64 = 3;

/// The same trouble is told again only after this long.
const AGAIN: Duration = Duration::from_secs(60);

/// What is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// Somebody publishes, and nothing is heard.
    NoSound,
    /// A publisher's sound runs out again and again: its uplink is too slow or its machine too busy.
    Underruns,
    /// Segments cannot be written to disk.
    Disk,
}

impl Trouble {
    /// The trouble in one word, for records and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoSound => "no_sound",
            Self::Underruns => "underruns",
            Self::Disk => "disk",
        }
    }
}

/// What can be seen of a run at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Publishers there are.
    pub(super) publishers: usize,
    /// Momentary loudness; `None` is digital silence.
    pub(super) momentary_lufs: Option<f64>,
    /// Underruns of all present sources together.
    pub(super) underruns: u64,
    /// Parts that could not be written since the run opened.
    pub(super) disk_failures: u64,
}

/// Compares what is seen with what was seen before.
#[derive(Debug, Default)]
pub(super) struct Watch {
    quiet_since: Option<Instant>,
    underruns: u64,
    disk_failures: u64,
    told: [Option<Instant>; 3],
}

impl Watch {
    /// The troubles that have become worth telling at `now`.
    pub(super) fn look(&mut self, now: Instant, look: Look) -> Vec<Trouble> {
        let quiet = look.publishers > 0 && look.momentary_lufs.is_none_or(|loudness| loudness < QUIET_LUFS);
        let since = quiet.then(|| self.quiet_since.unwrap_or(now));
        self.quiet_since = since;
        // A source that left took its underruns along.
        let underruns = look.underruns.saturating_sub(std::mem::replace(&mut self.underruns, look.underruns));
        let failures = look.disk_failures - std::mem::replace(&mut self.disk_failures, look.disk_failures);
        let found = [
            (Trouble::NoSound, since.is_some_and(|since| now.saturating_duration_since(since) >= QUIET_FOR)),
            (Trouble::Underruns, underruns >= UNDERRUNS),
            (Trouble::Disk, failures > 0),
        ];
        let worth_telling = |&(trouble, there): &(Trouble, bool)| {
            let told = &mut self.told[trouble as usize];
            let tell = there && told.is_none_or(|told| now.saturating_duration_since(told) >= AGAIN);
            if tell {
                *told = Some(now);
            }
            tell
        };
        found.into_iter().filter(worth_telling).map(|(trouble, _)| trouble).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Look = Look { publishers: 1, momentary_lufs: Some(-18.0), underruns: 0, disk_failures: 0 };

    /// What is told in each round of five seconds.
    fn told(looks: impl IntoIterator<Item = Look>) -> Vec<(u32, Trouble)> {
        let (mut watch, start) = (Watch::default(), Instant::now());
        let rounds = (0..).zip(looks);
        rounds
            .flat_map(|(round, look)| {
                watch.look(start + ROUND * round, look).into_iter().map(move |trouble| (round, trouble))
            })
            .collect()
    }

    #[test]
    fn a_publisher_that_is_not_heard_for_half_a_minute_is_in_trouble() {
        let quiet = Look { momentary_lufs: None, ..WELL };
        assert_eq!(told([quiet; 10]), [(6, Trouble::NoSound)]);
        assert_eq!(
            told([quiet; 20]),
            [(6, Trouble::NoSound), (18, Trouble::NoSound)],
            "again a minute later"
        );
        let pauses = [quiet, quiet, quiet, quiet, quiet, WELL].repeat(3);
        assert_eq!(told(pauses), []);
        assert_eq!(told([Look { publishers: 0, ..quiet }; 10]), [], "nobody is there to be heard");
    }

    #[test]
    fn sound_that_runs_out_again_and_again_is_trouble_and_a_hiccup_is_none() {
        let with = |underruns| Look { underruns, ..WELL };
        assert_eq!(told([with(2), with(4), with(4)]), []);
        assert_eq!(told([with(2), with(5), with(0), with(1)]), [(1, Trouble::Underruns)]);
    }

    #[test]
    fn a_disk_that_fails_is_told_once_a_minute() {
        let failing = (0..14).map(|failures| Look { disk_failures: failures, ..WELL });
        assert_eq!(told(failing), [(1, Trouble::Disk), (13, Trouble::Disk)]);
    }
}
