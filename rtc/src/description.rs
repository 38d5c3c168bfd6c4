//! A session description cut into its sections (RFC 8866), as far as an offer or a fragment needs it.

/// A description or a piece of one, borrowed from its text.
#[derive(Debug)]
pub(crate) struct Description<'a> {
    /// What stands before the first `m=` line.
    pub(crate) session: Section<'a>,
    /// One for each `m=` line.
    pub(crate) media: Vec<Section<'a>>,
}

/// The lines of one section.
#[derive(Debug, Default)]
pub(crate) struct Section<'a> {
    /// What follows `m=`; nothing for the session's own section.
    heading: &'a str,
    /// The `a=` lines: a name, and what follows its colon.
    attributes: Vec<(&'a str, &'a str)>,
}

/// A line that is no `x=…`, counted from 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct BadLine(pub(crate) usize);

impl<'a> Description<'a> {
    /// Cuts `text`; lines end with CR LF, or with LF alone as some clients write them. The caller bounds the
    /// length.
    pub(crate) fn cut(text: &'a str) -> Result<Self, BadLine> {
        let mut session = Section::default();
        let mut media: Vec<Section<'a>> = Vec::new();
        for (number, line) in lines(text.trim_end_matches(['\r', '\n'])).enumerate() {
            let (letter, value) = split(line).ok_or(BadLine(number + 1))?;
            match letter {
                'm' => media.push(Section { heading: value, attributes: Vec::new() }),
                'a' => {
                    let section = media.last_mut().unwrap_or(&mut session);
                    section.attributes.push(value.split_once(':').unwrap_or((value, "")));
                }
                _ => {}
            }
        }
        Ok(Self { session, media })
    }

    /// Every section, the session's own first.
    pub(crate) fn sections(&self) -> impl Iterator<Item = &Section<'a>> {
        std::iter::once(&self.session).chain(&self.media)
    }

    /// The `mid`s of the group of sections that share one transport (RFC 9143); `None` where there is no such
    /// group.
    pub(crate) fn bundle(&self) -> Option<impl Iterator<Item = &'a str>> {
        let groups = self.session.values("group");
        groups.filter_map(|group| group.strip_prefix("BUNDLE")).map(str::split_ascii_whitespace).next()
    }

    /// The section with this `mid`.
    pub(crate) fn by_mid(&self, mid: &str) -> Option<&Section<'a>> {
        self.media.iter().find(|section| section.value("mid") == Some(mid))
    }
}

impl<'a> Section<'a> {
    /// `audio`, `video`, `application`, …
    pub(crate) fn kind(&self) -> &'a str {
        self.heading.split(' ').next().unwrap_or_default()
    }

    /// Whether anything is to flow: port 0 says no, unless another section of the bundle lends its port
    /// (RFC 9143, 7.2.1).
    pub(crate) fn is_active(&self) -> bool {
        let port = self.heading.split(' ').nth(1).unwrap_or_default();
        port != "0" || self.has("bundle-only")
    }

    /// `UDP/TLS/RTP/SAVPF`, …
    pub(crate) fn protocol(&self) -> &'a str {
        self.heading.split(' ').nth(2).unwrap_or_default()
    }

    /// Payload types.
    pub(crate) fn formats(&self) -> impl Iterator<Item = &'a str> {
        self.heading.split(' ').skip(3)
    }

    /// Whether an attribute is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|(own, _)| *own == name)
    }

    /// The first value of an attribute.
    pub(crate) fn value(&self, name: &str) -> Option<&'a str> {
        self.values(name).next()
    }

    /// Every value of an attribute.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.attributes.iter().filter(move |(own, _)| *own == name).map(|(_, value)| *value)
    }

    /// Attributes in the order in which they stand.
    pub(crate) fn names(&self) -> impl DoubleEndedIterator<Item = &'a str> {
        self.attributes.iter().map(|(name, _)| *name)
    }
}

/// The lines of `text` without their ends.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line))
}

fn split(line: &str) -> Option<(char, &str)> {
    let (letter, value) = line.split_once('=')?;
    let [letter @ b'a'..=b'z'] = letter.as_bytes() else { return None };
    let plain = value.chars().all(|c| !c.is_control() || c == '\t');
    plain.then_some((char::from(*letter), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_belong_to_the_section_they_stand_in() {
        let text = "v=0\r\na=ice-lite\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=mid:0\r\n\
                    m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n";
        let description = Description::cut(text).unwrap();
        assert!(description.session.has("ice-lite") && !description.media[0].has("ice-lite"));
        assert_eq!(description.media[0].kind(), "audio");
        assert_eq!(description.media[0].protocol(), "UDP/TLS/RTP/SAVPF");
        assert!(description.media[0].formats().eq(["111", "63"]));
        assert!(description.bundle().unwrap().eq(["0", "1"]));
        assert!(description.media[0].is_active() && !description.media[1].is_active());
        assert_eq!(description.by_mid("1").unwrap().kind(), "video");
    }

    #[test]
    fn a_section_that_borrows_its_port_is_active() {
        let description = Description::cut("m=audio 0 UDP/TLS/RTP/SAVPF 111\na=bundle-only\n").unwrap();
        assert!(description.media[0].is_active());
    }

    #[test]
    fn what_is_no_line_is_told_by_its_number() {
        for (text, number) in [
            ("", 1),
            ("hello", 1),
            ("v=0\n\ns=-", 2),
            ("v=0\na", 2),
            ("v=0\nA=b", 2),
            ("v=0\nab=c", 2),
            ("v=0\na=\0", 2),
            ("v=0\na=b\rc", 2),
        ] {
            assert_eq!(Description::cut(text).unwrap_err(), BadLine(number), "{text:?}");
        }
    }
}
