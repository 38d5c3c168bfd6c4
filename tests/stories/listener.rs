//! A listener to one rung: follows its playlist by blocking reloads and fetches what it lists.

use super::ear;
use super::reader::{Part, Playlist, Segment};
use super::station::{Reply, Station, until};

/// A run as its multivariant names it.
pub(crate) struct Listener<'a> {
    station: &'a Station,
    /// `/live/{id}/{run}`.
    pub(crate) below: String,
}

impl<'a> Listener<'a> {
    /// Joins what is on air; waits until something is.
    pub(crate) fn join(station: &'a Station, id: &str) -> Self {
        Self::at(station, &format!("/live/{id}"))
    }

    /// The same of a broadcast whose multivariant lies below `folder`.
    pub(crate) fn at(station: &'a Station, folder: &str) -> Self {
        let index = until("the broadcast is on air", || {
            let reply = station.get(&format!("{folder}/index.m3u8"));
            (reply.status == 200).then(|| String::from_utf8(reply.body).unwrap())
        });
        let first = index.lines().find(|line| !line.starts_with('#')).unwrap();
        Self { station, below: format!("{folder}/{}", first.split_once('/').unwrap().0) }
    }

    /// The playlist `name` (`main`, `opus.standard`) as it stands.
    pub(crate) fn playlist(&self, name: &str) -> Playlist {
        self.reload(name, "")
    }

    fn reload(&self, name: &str, query: &str) -> Playlist {
        let text = self.station.text(&format!("{}/{name}.m3u8{query}", self.below));
        let list = Playlist::read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        list.holds_together().unwrap_or_else(|error| panic!("{error}\n{text}"));
        list
    }

    /// The playlist after `list`, once there is news.
    pub(crate) fn next(&self, name: &str, list: &Playlist) -> Playlist {
        let query = match &list.hint {
            Some(hint) => {
                let mut numbers = hint.split(['/', '.']).skip(1);
                format!("?_HLS_msn={}&_HLS_part={}", numbers.next().unwrap(), numbers.next().unwrap())
            }
            None => format!("?_HLS_msn={}", list.last_msn().unwrap() + 1),
        };
        let next = self.reload(name, &query);
        next.follows(list).unwrap();
        next
    }

    /// Follows the playlist, from as it stands now, until `seen` finds something; every step must follow
    /// from the one before.
    pub(crate) fn follow<T>(
        &self,
        name: &str,
        what: &str,
        mut seen: impl FnMut(&Playlist) -> Option<T>,
    ) -> T {
        let mut list = self.playlist(name);
        until(what, || {
            let found = seen(&list);
            if found.is_none() && !list.ended {
                list = self.next(name, &list);
            }
            found
        })
    }

    /// Follows until a new part sounds like `heard`, and answers with its date in milliseconds since the
    /// epoch, and the part.
    pub(crate) fn hear(&self, name: &str, what: &str, heard: impl Fn(&[f32]) -> bool) -> (u64, Part) {
        let mut last = None;
        self.follow(name, what, |list| {
            let segment = list.segments.iter().rev().find(|segment| !segment.parts.is_empty())?;
            let part = segment.parts.last()?;
            if last.as_ref() == Some(part) {
                return None;
            }
            last = Some(part.clone());
            let date = segment.date + (segment.parts.len() as u64 - 1) * part.duration / 100;
            heard(&self.sound(name, &[&part.uri])).then(|| (date, part.clone()))
        })
    }

    /// The first segment after `msn` that is whole.
    pub(crate) fn segment_after(&self, name: &str, msn: u64) -> Segment {
        self.follow(name, "a whole segment", |list| {
            list.segments.iter().find(|segment| segment.msn > msn && segment.uri.is_some()).cloned()
        })
    }

    /// Something that is listed.
    pub(crate) fn fetch(&self, uri: &str) -> Vec<u8> {
        let reply: Reply = self.station.get(&format!("{}/{uri}", self.below));
        assert_eq!(reply.status, 200, "{uri} is listed");
        reply.body
    }

    /// The sound of these parts or segments of one rung, one after the other.
    pub(crate) fn sound(&self, name: &str, uris: &[impl AsRef<str>]) -> Vec<f32> {
        let rung = name.split('.').next().unwrap();
        let mut media = self.fetch(&format!("{rung}/init.mp4"));
        for uri in uris {
            media.extend(self.fetch(uri.as_ref()));
        }
        ear::decode(&media)
    }
}

/// `baseMediaDecodeTime` of a part.
pub(crate) fn decode_time(part: &[u8]) -> u64 {
    let at = part.windows(4).position(|four| four == b"tfdt").unwrap();
    assert_eq!(part[at + 4], 1, "64 bits");
    u64::from_be_bytes(part[at + 8..at + 16].try_into().unwrap())
}
