//! News of an ICE session after its offer: `application/trickle-ice-sdpfrag` (RFC 8840).

use std::fmt::Write;

use crate::credentials::{BadCredentials, Credentials};
use crate::description::{BadLine, Description};

/// Longest fragment in bytes: two hundred candidates with their sections.
pub const FRAGMENT_MAX: usize = 64 * 1024;

/// Sections of one fragment; it names those of the offer.
const SECTIONS_MAX: usize = 16;

/// Candidates of one fragment.
const CANDIDATES_MAX: usize = 200;

/// Candidates, and credentials where ICE begins anew.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fragment {
    credentials: Option<Credentials>,
    mid: String,
    candidates: Vec<String>,
    is_complete: bool,
    is_lite: bool,
}

/// Why a fragment cannot be used. Its text is written for whoever wrote the client.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FragmentError {
    /// It is longer than [`FRAGMENT_MAX`].
    #[error("the fragment has {0} bytes; it may have {FRAGMENT_MAX}")]
    TooLong(usize),
    /// It is no fragment at all.
    #[error("line {0} is none of an SDP fragment (RFC 8840, 9)")]
    NotSdp(usize),
    /// It has more sections than the offer may have.
    #[error("the fragment has {0} m= sections; it may have {SECTIONS_MAX}")]
    TooManySections(usize),
    /// It has more candidates than anybody needs.
    #[error("the fragment has {0} candidates; it may have {CANDIDATES_MAX}, and needs none")]
    TooManyCandidates(usize),
    /// Its credentials are none.
    #[error("{0} (RFC 8839)")]
    Credentials(#[from] BadCredentials),
}

impl From<BadLine> for FragmentError {
    fn from(BadLine(number): BadLine) -> Self {
        Self::NotSdp(number)
    }
}

impl Fragment {
    /// What an ICE-lite endpoint tells when ICE begins anew: its new credentials and all its `candidates`, each
    /// as it follows `a=candidate:`. `mid` is the section that all others share their transport with.
    pub fn restarted(credentials: Credentials, mid: &str, candidates: Vec<String>) -> Self {
        Self {
            credentials: Some(credentials),
            mid: mid.to_owned(),
            candidates,
            is_complete: true,
            is_lite: true,
        }
    }

    /// Reads a client's fragment.
    pub fn parse(text: &str) -> Result<Self, FragmentError> {
        if text.len() > FRAGMENT_MAX {
            return Err(FragmentError::TooLong(text.len()));
        }
        let description = Description::cut(text)?;
        if description.media.len() > SECTIONS_MAX {
            return Err(FragmentError::TooManySections(description.media.len()));
        }
        let all = || description.sections().flat_map(|section| section.values("candidate"));
        let candidates = all().count();
        if candidates > CANDIDATES_MAX {
            return Err(FragmentError::TooManyCandidates(candidates));
        }
        let credentials = match Credentials::of_sections(description.sections()) {
            Ok(credentials) => Some(credentials),
            // Candidates alone belong to the session there is.
            Err(BadCredentials::Missing) => None,
            Err(bad) => return Err(bad.into()),
        };
        let mid = description.media.iter().find_map(|section| section.value("mid"));
        Ok(Self {
            credentials,
            mid: mid.unwrap_or_default().to_owned(),
            candidates: all().map(str::to_owned).collect(),
            is_complete: description.sections().any(|section| section.has("end-of-candidates")),
            is_lite: description.session.has("ice-lite"),
        })
    }

    /// The fragment as it is sent.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let mut line = |arguments: std::fmt::Arguments<'_>| {
            text.write_fmt(arguments).expect("writing into a String cannot fail");
            text.push_str("\r\n");
        };
        if self.is_lite {
            line(format_args!("a=ice-lite"));
        }
        if let Some(credentials) = &self.credentials {
            line(format_args!("a=ice-ufrag:{}", credentials.ufrag()));
            line(format_args!("a=ice-pwd:{}", credentials.password()));
        }
        line(format_args!("m=audio 9 UDP/TLS/RTP/SAVPF 0"));
        line(format_args!("a=mid:{}", self.mid));
        for candidate in &self.candidates {
            line(format_args!("a=candidate:{candidate}"));
        }
        if self.is_complete {
            line(format_args!("a=end-of-candidates"));
        }
        text
    }

    /// The credentials, which say what ICE session the fragment is of.
    pub const fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The section that it is about; empty where it names none.
    pub fn mid(&self) -> &str {
        &self.mid
    }

    /// Its candidates, each as it follows `a=candidate:`.
    pub fn candidates(&self) -> &[String] {
        &self.candidates
    }

    /// Whether no more candidates will come.
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 8840, 9.
    const EXAMPLE: &str = "a=ice-pwd:asd88fgpdd777uzjYhagZg\r\na=ice-ufrag:8hhY\r\n\
        m=audio 9 RTP/AVP 0\r\na=mid:1\r\n\
        a=candidate:1 1 UDP 2130706431 10.0.1.1 8998 typ host\r\n\
        a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 10.0.1.1 rport 8998\r\n\
        a=end-of-candidates\r\n\
        m=audio 9 RTP/AVP 0\r\na=mid:2\r\na=end-of-candidates\r\n";

    #[test]
    fn the_example_of_the_rfc_is_read() {
        let fragment = Fragment::parse(EXAMPLE).unwrap();
        assert_eq!(fragment.credentials().unwrap().ufrag(), "8hhY");
        assert_eq!((fragment.mid(), fragment.candidates().len(), fragment.is_complete()), ("1", 2, true));
    }

    #[test]
    fn what_is_told_of_a_restart_is_read_as_it_was_written() {
        let credentials = Credentials::new("ysXw", "vw5LmwG4y/e6dPP/zAP9Gp5k").unwrap();
        let candidate = "1 1 UDP 2130706431 198.51.100.1 8189 typ host".to_owned();
        let fragment = Fragment::restarted(credentials, "0", vec![candidate]);
        let text = fragment.encode();
        assert_eq!(Fragment::parse(&text).unwrap(), fragment);
        assert!(
            text.starts_with("a=ice-lite\r\na=ice-ufrag:ysXw\r\n")
                && text.ends_with("a=end-of-candidates\r\n")
        );
    }

    #[test]
    fn credentials_stand_in_a_section_too_or_nowhere() {
        let inside =
            "m=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:0\na=ice-ufrag:8hhY\na=ice-pwd:asd88fgpdd777uzjYhagZg\n";
        assert_eq!(Fragment::parse(inside).unwrap().credentials().unwrap().ufrag(), "8hhY");
        assert_eq!(Fragment::parse("a=end-of-candidates\n").unwrap().credentials(), None);
    }

    #[test]
    fn what_is_no_fragment_is_refused() {
        let many = "a=candidate:1\n".repeat(CANDIDATES_MAX + 1);
        let sections = "m=audio 9 UDP/TLS/RTP/SAVPF 0\n".repeat(SECTIONS_MAX + 1);
        let long = format!("a={}", "x".repeat(FRAGMENT_MAX));
        for (text, expected) in [
            ("", FragmentError::NotSdp(1)),
            ("{\"candidate\": 1}", FragmentError::NotSdp(1)),
            ("a=mid:0\nnonsense", FragmentError::NotSdp(2)),
            ("a=ice-ufrag:8hhY\n", FragmentError::Credentials(BadCredentials::Password)),
            (
                "a=ice-ufrag:8\na=ice-pwd:asd88fgpdd777uzjYhagZg",
                FragmentError::Credentials(BadCredentials::Ufrag),
            ),
            (&many, FragmentError::TooManyCandidates(CANDIDATES_MAX + 1)),
            (&sections, FragmentError::TooManySections(SECTIONS_MAX + 1)),
            (&long, FragmentError::TooLong(FRAGMENT_MAX + 2)),
        ] {
            assert_eq!(Fragment::parse(text), Err(expected), "{text:.40}");
        }
    }
}
