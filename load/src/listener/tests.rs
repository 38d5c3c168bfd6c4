use std::fmt::Write as _;

use super::*;
use crate::catalog::Catalog;
use crate::response::Response;

const TAGS: &str = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PART-INF:PART-TARGET=0.64\n\
    #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24,PART-HOLD-BACK=1.92\n\
    #EXT-X-MAP:URI=\"init.mp4\"\n";

/// A broadcast of segments of six parts of 0.64 s, and one listener to it.
struct Story {
    catalog: Catalog,
    listener: Listener,
    now: Instant,
}

impl Story {
    fn of(diet: Diet) -> Self {
        let catalog = Catalog::new(diet, "/low.m3u8".into());
        Self { catalog, listener: Listener::new(diet), now: Instant::now() }
    }

    fn list(&mut self, text: &str) -> Rc<List> {
        let response = Response { status: 200, body: text.into(), ..Response::default() };
        self.catalog.list(&response, self.now).unwrap()
    }

    /// The playlist when `parts` parts have been released, the first of them `first`.
    fn at(&mut self, first: u64, parts: u64) -> Rc<List> {
        let text = playlist(first, parts);
        self.list(&text)
    }

    fn joined_at(&mut self, parts: u64) {
        assert!(matches!(self.listener.job(Lane::Only, self.now), Some(Job::Multivariant)));
        self.listener.joined();
        assert!(matches!(self.listener.job(Lane::Only, self.now), Some(Job::Playlist { ask: None, .. })));
        let list = self.at(0, parts);
        self.listener.listed(&list, None, self.now).unwrap();
    }

    /// Everything fetched until a held reload: the media, then what is asked for.
    fn fetches(&mut self) -> (Vec<String>, Option<Position>) {
        let mut paths = Vec::new();
        loop {
            match self.listener.job(Lane::Only, self.now) {
                Some(Job::Init(list)) => paths.extend(list.init.clone()),
                Some(Job::Media { piece, awaited }) => {
                    paths.push(format!("{}{}", piece.path, if awaited { " awaited" } else { "" }));
                }
                Some(Job::Playlist { ask, .. }) => return (paths, ask),
                Some(Job::Multivariant) => panic!("joined twice"),
                None => return (paths, None),
            }
        }
    }
}

fn playlist(first: u64, parts: u64) -> String {
    let mut text = format!("{TAGS}#EXT-X-MEDIA-SEQUENCE:{}\n", first / 6);
    for part in first..parts {
        let (msn, index) = (part / 6, part % 6);
        writeln!(text, "#EXT-X-PART:DURATION=0.64,URI=\"{msn}.{index}.m4s\"").unwrap();
        if index == 5 {
            writeln!(text, "#EXTINF:3.84,\n{msn}.m4s").unwrap();
        }
    }
    text
}

fn at(msn: u64, part: u64) -> Position {
    Position { msn, part }
}

#[test]
fn a_listener_joins_a_hold_back_behind_the_edge_and_then_waits_for_the_next_part() {
    let mut story = Story::of(Diet::Parts);
    story.joined_at(10);
    let (paths, ask) = story.fetches();
    assert_eq!(paths, ["/init.mp4", "/1.1.m4s", "/1.2.m4s", "/1.3.m4s"]);
    assert_eq!(ask, Some(at(1, 4)));
}

#[test]
fn each_part_is_fetched_exactly_once() {
    let mut story = Story::of(Diet::Parts);
    story.joined_at(3);
    let (_, mut ask) = story.fetches();
    let mut heard = Vec::new();
    for parts in 4..=20 {
        let list = story.at(0, parts);
        assert_eq!(story.listener.listed(&list, ask, story.now), Ok(()));
        let (paths, next) = story.fetches();
        heard.extend(paths);
        ask = next;
    }
    let all: Vec<_> = (3..20).map(|part| format!("/{}.{}.m4s awaited", part / 6, part % 6)).collect();
    assert_eq!(heard, all);
    assert_eq!(ask, Some(at(3, 2)));
}

#[test]
fn a_listener_that_slept_a_step_fetches_both_parts() {
    let mut story = Story::of(Diet::Parts);
    story.joined_at(6);
    let (_, ask) = story.fetches();
    assert_eq!(ask, Some(at(1, 0)));
    let list = story.at(0, 8);
    assert_eq!(story.listener.listed(&list, ask, story.now), Ok(()));
    assert_eq!(story.fetches().0, ["/1.0.m4s awaited", "/1.1.m4s awaited"]);
}

#[test]
fn a_reload_that_brings_nothing_is_early_and_is_not_hammered() {
    let mut story = Story::of(Diet::Parts);
    story.joined_at(6);
    let (_, ask) = story.fetches();
    let list = story.at(0, 6);
    assert_eq!(story.listener.listed(&list, ask, story.now), Err(Fault::Early));
    assert_eq!(story.fetches(), (vec![], None));
    assert_eq!(story.listener.wakes_at(), Some(story.now + REST));
}

#[test]
fn a_part_that_was_never_listed_is_missed() {
    let mut story = Story::of(Diet::Parts);
    story.joined_at(6);
    let (_, ask) = story.fetches();
    let list = story.at(12, 14);
    assert_eq!(story.listener.listed(&list, ask, story.now), Err(Fault::Missed));
    assert_eq!(story.fetches(), (vec!["/2.0.m4s awaited".into(), "/2.1.m4s awaited".into()], Some(at(2, 2))));
}

#[test]
fn a_segment_that_closes_short_is_not_a_missed_part() {
    let mut story = Story::of(Diet::Parts);
    story.joined_at(9);
    let (_, ask) = story.fetches();
    assert_eq!(ask, Some(at(1, 3)));
    let text = format!("{}#EXTINF:1.92,\n1.m4s\n#EXT-X-PART:DURATION=0.64,URI=\"2.0.m4s\"\n", playlist(0, 9));
    let list = story.list(&text);
    assert_eq!(story.listener.listed(&list, ask, story.now), Ok(()));
    assert_eq!(story.fetches(), (vec!["/2.0.m4s awaited".into()], Some(at(2, 1))));
}

#[test]
fn on_two_connections_the_reload_is_held_while_media_comes() {
    let mut story = Story::of(Diet::Parts);
    story.joined_at(6);
    let now = story.now;
    assert!(matches!(story.listener.job(Lane::Playlists, now), Some(Job::Playlist { ask: Some(_), .. })));
    assert!(story.listener.job(Lane::Playlists, now).is_none());
    assert!(matches!(story.listener.job(Lane::Media, now), Some(Job::Init(_))));
    assert!(matches!(story.listener.job(Lane::Media, now), Some(Job::Media { .. })));
}

#[test]
fn the_end_is_the_end() {
    let mut story = Story::of(Diet::Parts);
    story.joined_at(6);
    let (_, ask) = story.fetches();
    let text = format!("{}#EXT-X-ENDLIST\n", playlist(0, 7));
    let list = story.list(&text);
    assert_eq!(story.listener.listed(&list, ask, story.now), Ok(()));
    assert!(!story.listener.is_done(), "the last part is still to be fetched");
    assert_eq!(story.fetches(), (vec!["/1.0.m4s awaited".into()], None));
    assert!(story.listener.is_done());
}

#[test]
fn a_failed_reload_is_tried_again_after_a_rest_and_without_directives() {
    let mut story = Story::of(Diet::Parts);
    story.joined_at(6);
    let (_, ask) = story.fetches();
    story.listener.failed(&Job::Playlist { ask, skip: true }, story.now);
    assert_eq!(story.fetches(), (vec![], None));
    story.now += REST;
    assert!(matches!(
        story.listener.job(Lane::Only, story.now),
        Some(Job::Playlist { ask: None, skip: false })
    ));
}

#[test]
fn one_who_only_reloads_fetches_no_media() {
    let mut story = Story::of(Diet::Playlists);
    story.joined_at(6);
    let (paths, ask) = story.fetches();
    assert_eq!((paths, ask), (vec![], Some(at(1, 0))));
    let list = story.at(0, 7);
    assert_eq!(story.listener.listed(&list, ask, story.now), Ok(()));
    assert_eq!(story.fetches(), (vec![], Some(at(1, 1))));
}

#[test]
fn without_parts_the_playlist_is_polled() {
    let mut story = Story::of(Diet::Segments);
    story.joined_at(36);
    let (paths, ask) = story.fetches();
    assert_eq!(paths, ["/init.mp4", "/2.m4s", "/3.m4s", "/4.m4s", "/5.m4s"]);
    assert_eq!(ask, None);
    assert_eq!(story.listener.wakes_at(), Some(story.now + Duration::from_secs(4)));
    story.now += Duration::from_secs(4);
    assert_eq!(story.fetches(), (vec![], None), "asked, and nothing more until the answer");
    let list = story.at(0, 36);
    assert_eq!(story.listener.listed(&list, None, story.now), Ok(()));
    assert_eq!(story.listener.wakes_at(), Some(story.now + Duration::from_secs(2)), "nothing new: half");
    let list = story.at(0, 42);
    assert_eq!(story.listener.listed(&list, None, story.now), Ok(()));
    assert_eq!(story.fetches().0, ["/6.m4s awaited"]);
}
