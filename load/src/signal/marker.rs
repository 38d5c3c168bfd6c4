//! What a message's text says of itself, so that it is known in whatever it comes back in.

use memchr::memmem::Finder;

/// A message of a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Marker {
    /// Who said it, counted from 0.
    pub sender: u16,
    /// Which message of the run it is, counted from 0.
    pub number: u32,
    /// When it was sent, in microseconds since the run began.
    pub sent: u64,
}

/// Writes the markers of one run, and finds them again. Those of other runs are passed over.
#[derive(Debug)]
pub struct Markers {
    prefix: String,
    finder: Finder<'static>,
}

/// The digits after the prefix: sender, number, time.
const DIGITS: usize = 4 + 8 + 12;

impl Markers {
    /// Of the run with this number, by chance.
    pub fn new(run: u32) -> Self {
        let prefix = format!("onair-load-{run:08x}-");
        let finder = Finder::new(prefix.as_bytes()).into_owned();
        Self { prefix, finder }
    }

    /// The text of a message; 44 characters that JSON leaves as they are.
    pub fn text(&self, marker: Marker) -> String {
        // 12 digits of microseconds are nine years.
        format!("{}{:04x}{:08x}{:012x}", self.prefix, marker.sender, marker.number, marker.sent)
    }

    /// The first marker in `bytes`, and what comes after it.
    pub fn find<'a>(&self, bytes: &'a [u8]) -> Option<(Marker, &'a [u8])> {
        let at = self.finder.find(bytes)? + self.prefix.len();
        let (digits, rest) = bytes[at..].split_at_checked(DIGITS)?;
        let sender = hex(&digits[..4])? as u16;
        let number = hex(&digits[4..12])? as u32;
        Some((Marker { sender, number, sent: hex(&digits[12..])? }, rest))
    }
}

fn hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | u64::from(char::from(*digit).to_digit(16)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_in_whatever_it_comes_back_in() {
        let markers = Markers::new(7);
        let marker = Marker { sender: 300, number: 70_000, sent: 5_000_000_000 };
        let text = markers.text(marker);
        assert_eq!(text.len(), 44);
        let event = format!(r#"{{"type":"chatMessage","message":{{"text":"{text}","author":{{}}}}}}"#);
        let (found, rest) = markers.find(event.as_bytes()).unwrap();
        assert_eq!((found, rest), (marker, &br#"","author":{}}}"#[..]));
        assert_eq!(markers.find(rest), None);
    }

    #[test]
    fn another_runs_markers_and_halves_of_one_are_none() {
        let text = Markers::new(8).text(Marker { sender: 1, number: 2, sent: 3 });
        assert_eq!(Markers::new(7).find(text.as_bytes()), None);
        assert_eq!(Markers::new(8).find(&text.as_bytes()[..43]), None);
        assert_eq!(Markers::new(8).find(text.replace('2', "x").as_bytes()), None);
    }
}
