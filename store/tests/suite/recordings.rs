//! Recordings: what is told of them, what is made of them, who sees them, and what the stations are told.

use serde_json::{Map, Value, json};
use store::{
    Broadcast, Entry, Heard, Journal, Recording, RecordingFacts, RecordingFilter, RecordingKind,
    RecordingStatus, Recordings, RecordingsSeen, Secret, Slice, Span, Store, Transcript, TranscriptCard,
    Visibility, Webhook, id,
};

use crate::made::{at, broadcast, host};
use crate::on_both;

const ALL: Slice = Slice::first(10);

async fn made(store: &Store, username: &str, title: &str) -> Broadcast {
    let made = broadcast(&host(store, username).await, title);
    store.broadcasts().insert(&made).await.unwrap();
    made
}

/// A minute from the tenth second of a run on, as it opens.
fn opened(broadcast: &Broadcast, run: &str) -> RecordingFacts {
    RecordingFacts {
        id: id(),
        broadcast_id: broadcast.id.clone(),
        run: run.to_owned(),
        from_frames: 480_000,
        to_frames: None,
        started_at: at(10),
        ended_at: None,
        duration_ms: None,
        size_bytes: None,
    }
}

fn closed(opened: &RecordingFacts) -> RecordingFacts {
    RecordingFacts {
        to_frames: Some(3_360_000),
        ended_at: Some(at(70)),
        duration_ms: Some(60_000),
        size_bytes: Some(5_000_000_000),
        ..opened.clone()
    }
}

fn entry(facts: &RecordingFacts) -> Entry {
    let mut told = Map::new();
    told.insert("recording".to_owned(), json!({"id": facts.id}));
    Entry::Recording { facts: facts.clone(), event: "recording_ready".to_owned(), told }
}

/// Told of through the journal, as the data plane does.
async fn tell(store: &Store, facts: &[RecordingFacts]) {
    let folder = tempfile::tempdir().unwrap();
    let (journal, keeper) = Journal::open(&folder.path().join("journal"), store).unwrap();
    for facts in facts {
        journal.append(entry(facts)).unwrap();
    }
    keeper.finish().await;
}

pub(crate) async fn ready(store: &Store, broadcast: &Broadcast, run: &str) -> Recording {
    let facts = closed(&opened(broadcast, run));
    tell(store, std::slice::from_ref(&facts)).await;
    store.recordings().load(&facts.id).await.unwrap().unwrap()
}

async fn listed(store: &Store, filter: &RecordingFilter) -> Vec<String> {
    let page = store.recordings().list(filter, &ALL).await.unwrap();
    assert_eq!(page.total, page.items.len() as i64);
    page.items.into_iter().map(|item| item.recording.id).collect()
}

fn seen(seen: RecordingsSeen) -> RecordingFilter {
    RecordingFilter { seen, ..RecordingFilter::default() }
}

/// The runs that are to be told, in order.
async fn changed(store: &Store) -> Vec<(String, String)> {
    let runs = store.recorded_runs().after(None, 10).await.unwrap();
    runs.into_iter().map(|run| (run.broadcast_id, run.run)).collect()
}

on_both! {
    async fn what_is_told_of_a_recording_twice_is_known_once(store: Store) {
        let news = made(&store, "ada", "Evening news").await;
        let hook = Webhook {
            retired: None,
            id: id(),
            owner_id: Some(news.host_id.clone()),
            broadcast_id: None,
            url: "https://example.org/hook".to_owned(),
            secret: Secret::new("secret"),
            events: vec!["recording_ready".to_owned()],
            enabled: true,
            created_at: at(0),
            updated_at: at(0),
        };
        store.webhooks().insert(&hook).await.unwrap();
        let facts = opened(&news, "r1");
        tell(&store, std::slice::from_ref(&facts)).await;
        let recording = store.recordings().load(&facts.id).await.unwrap().unwrap();
        assert_eq!((recording.status, recording.title.as_str()), (RecordingStatus::Recording, "Evening news"));
        assert_eq!(recording.plays, Span { from: 480_000, to: None });
        assert!(store.deliveries().list(&hook.id, None, &ALL).await.unwrap().items.is_empty());

        tell(&store, &[closed(&facts), closed(&facts)]).await;
        let recording = store.recordings().load(&facts.id).await.unwrap().unwrap();
        assert_eq!(recording.status, RecordingStatus::Ready);
        assert_eq!(recording.plays, Span { from: 480_000, to: Some(3_360_000) });
        assert_eq!(recording.recorded, recording.plays);
        assert_eq!((recording.duration_ms, recording.recorded_ms), (Some(60_000), Some(60_000)));
        assert_eq!((recording.size_bytes, recording.ended_at), (Some(5_000_000_000), Some(at(70))));
        let told = store.deliveries().list(&hook.id, None, &ALL).await.unwrap().items;
        assert_eq!(told.len(), 1, "{told:?}");
        let body: Value = serde_json::from_str(&told[0].body).unwrap();
        let host = &news.host_id;
        let of = json!({"id": news.id, "title": "Evening news", "hostId": host});
        assert_eq!(body, json!({"recording": {"id": facts.id}, "broadcast": of}));

        // What was cut meanwhile stays cut.
        let cut = Recording { plays: Span { from: 500_000, to: Some(600_000) }, ..recording.clone() };
        assert!(store.recordings().replace(&recording, &cut, None).await.unwrap());
        tell(&store, &[facts.clone(), closed(&facts)]).await;
        let kept = store.recordings().load(&facts.id).await.unwrap().unwrap();
        assert_eq!((kept.plays, kept.status), (cut.plays, RecordingStatus::Ready));
    }

    async fn a_recording_without_sound_has_failed_and_is_no_news(store: Store) {
        let news = made(&store, "ada", "News").await;
        let facts = opened(&news, "r1");
        let empty = RecordingFacts { to_frames: Some(480_000), duration_ms: Some(0), ..closed(&facts) };
        tell(&store, &[facts.clone(), empty]).await;
        let recording = store.recordings().load(&facts.id).await.unwrap().unwrap();
        assert_eq!(recording.status, RecordingStatus::Failed);
        assert!(listed(&store, &RecordingFilter::default()).await.is_empty());
    }

    async fn what_is_told_of_a_broadcast_that_is_gone_is_left_out(store: Store) {
        let news = made(&store, "ada", "News").await;
        store.broadcasts().delete(&news.id).await.unwrap();
        let other = made(&store, "eve", "Other").await;
        let (gone, there) = (closed(&opened(&news, "r1")), closed(&opened(&other, "r1")));
        tell(&store, &[gone.clone(), there.clone()]).await;
        assert!(store.recordings().load(&gone.id).await.unwrap().is_none());
        assert!(store.recordings().load(&there.id).await.unwrap().is_some());
    }

    async fn a_run_has_several_recordings_and_clips_of_them(store: Store) {
        let news = made(&store, "ada", "News").await;
        let first = ready(&store, &news, "r1").await;
        let second = ready(&store, &news, "r1").await;
        let clip = Recording {
            id: id(),
            kind: RecordingKind::Clip,
            parent_id: Some(first.id.clone()),
            title: "The best of it".to_owned(),
            plays: Span { from: 500_000, to: Some(548_000) },
            recorded: Span { from: 500_000, to: Some(548_000) },
            ..first.clone()
        };
        assert!(store.recordings().insert(&clip).await.unwrap());
        let ids: Vec<_> = store.recordings().of_run(&news.id, "r1").await.unwrap();
        let ids: Vec<_> = ids.iter().map(|recording| recording.id.as_str()).collect();
        assert_eq!(ids, [first.id.as_str(), second.id.as_str(), clip.id.as_str()], "in the order of their sound");
        let clips = RecordingFilter { kind: Some(RecordingKind::Clip), ..RecordingFilter::default() };
        assert_eq!(listed(&store, &clips).await, std::slice::from_ref(&clip.id));

        assert!(store.recordings().delete(&first.id).await.unwrap());
        let clip = store.recordings().load(&clip.id).await.unwrap().unwrap();
        assert_eq!(clip.parent_id, None, "a clip outlives what it was made of");
    }

    async fn of_two_who_change_a_recording_at_once_one_is_told(store: Store) {
        let news = made(&store, "ada", "News").await;
        let before = ready(&store, &news, "r1").await;
        let renamed = Recording { title: "One".to_owned(), ..before.clone() };
        assert!(store.recordings().replace(&before, &renamed, None).await.unwrap());
        let second = Recording { id: id(), parent_id: Some(before.id.clone()), ..before.clone() };
        assert!(!store.recordings().replace(&before, &before, Some(&second)).await.unwrap());
        assert!(store.recordings().load(&second.id).await.unwrap().is_none(), "all of it or nothing");
        let now = store.recordings().load(&before.id).await.unwrap().unwrap();
        assert_eq!((now.title.as_str(), now.version), ("One", before.version + 1));
        assert!(store.recordings().replace(&now, &before, Some(&second)).await.unwrap());
        assert!(store.recordings().load(&second.id).await.unwrap().is_some());
    }

    async fn a_run_has_no_more_recordings_than_it_may(store: Store) {
        let news = made(&store, "ada", "News").await;
        let first = ready(&store, &news, "r1").await;
        for _ in 1..Recordings::OF_RUN_MAX {
            assert!(store.recordings().insert(&Recording { id: id(), ..first.clone() }).await.unwrap());
        }
        assert!(!store.recordings().insert(&Recording { id: id(), ..first.clone() }).await.unwrap());
        let split = Recording { id: id(), ..first.clone() };
        assert!(!store.recordings().replace(&first, &first, Some(&split)).await.unwrap());
        let elsewhere = Recording { id: id(), run: "r2".to_owned(), ..first.clone() };
        assert!(store.recordings().insert(&elsewhere).await.unwrap());
    }

    async fn a_recording_is_seen_by_whom_it_is_meant_for(store: Store) {
        let news = made(&store, "ada", "News").await;
        let recording = ready(&store, &news, "r1").await;
        let making = opened(&news, "r2");
        tell(&store, std::slice::from_ref(&making)).await;
        let (anyone, listener) = (seen(RecordingsSeen::ByAnyone), seen(RecordingsSeen::ByListener));
        let (own, other) = (seen(RecordingsSeen::By(news.host_id.clone())), seen(RecordingsSeen::By("eve".to_owned())));
        let admin = seen(RecordingsSeen::ByAdmin);
        let one = [recording.id.clone()];
        let mut both = [recording.id.clone(), making.id.clone()];
        both.sort_unstable_by(|a, b| b.cmp(a));
        for filter in [&anyone, &listener, &other] {
            assert_eq!(listed(&store, filter).await, one, "{filter:?}");
        }
        for filter in [&own, &admin] {
            assert_eq!(listed(&store, filter).await, both, "{filter:?}");
        }
        store.broadcasts().update(&news.id, |it| it.visibility = Visibility::Private).await.unwrap();
        for filter in [&anyone, &other] {
            assert!(listed(&store, filter).await.is_empty(), "{filter:?}");
        }
        assert_eq!(listed(&store, &listener).await, one);
        assert_eq!(listed(&store, &own).await, both);
        let withdrawn =
            Recording { published: false, preview_key: Some(Secret::new("key")), ..recording.clone() };
        assert!(store.recordings().replace(&recording, &withdrawn, None).await.unwrap());
        assert!(listed(&store, &listener).await.is_empty());
        assert_eq!(listed(&store, &admin).await, both);
        let kept = store.recordings().load(&recording.id).await.unwrap().unwrap();
        assert_eq!(kept.preview_key.unwrap().expose(), "key");
    }

    async fn recordings_are_found_by_host_by_broadcast_and_by_words(store: Store) {
        let news = made(&store, "ada", "Evening News").await;
        let jazz = made(&store, "eve", "Jazz").await;
        let (of_news, of_jazz) = (ready(&store, &news, "r1").await, ready(&store, &jazz, "r1").await);
        let renamed = Recording { title: "Élan vital".to_owned(), ..of_jazz.clone() };
        assert!(store.recordings().replace(&of_jazz, &renamed, None).await.unwrap());
        let by = |filter: RecordingFilter| { let store = &store; async move { listed(store, &filter).await } };
        let none = RecordingFilter::default;
        assert_eq!(by(RecordingFilter { host: Some(news.host_id.clone()), ..none() }).await, std::slice::from_ref(&of_news.id));
        assert_eq!(by(RecordingFilter { broadcast: Some(jazz.id.clone()), ..none() }).await, std::slice::from_ref(&of_jazz.id));
        let found = |q: &str| RecordingFilter { q: Some(q.to_owned()), ..none() };
        for (q, expected) in [("even", &of_news), ("ada news", &of_news), ("éLAN", &of_jazz), ("jazz vit", &of_jazz)] {
            assert_eq!(by(found(q)).await, std::slice::from_ref(&expected.id), "{q}");
        }
        for q in ["ital", "news jazz", "%", ""] {
            assert!(by(found(q)).await.is_empty(), "{q}");
        }
        let first = store.recordings().list(&none(), &Slice::first(1)).await.unwrap();
        let slice = Slice::first(1).after(&first).unwrap();
        let second = store.recordings().list(&none(), &slice).await.unwrap();
        assert_eq!((first.total, second.next_cursor), (2, None));
        assert_ne!(first.items[0].recording.id, second.items[0].recording.id);
    }

    async fn stations_are_told_of_every_run_that_changes_also_of_those_that_go(store: Store) {
        let (news, jazz) = (made(&store, "ada", "News").await, made(&store, "eve", "Jazz").await);
        let recording = ready(&store, &news, "r1").await;
        ready(&store, &jazz, "r1").await;
        let run = |broadcast: &Broadcast| (broadcast.id.clone(), "r1".to_owned());
        assert_eq!(changed(&store).await, [run(&news), run(&jazz)]);
        let last = store.recorded_runs().after(None, 10).await.unwrap().pop().unwrap();
        assert!(store.recorded_runs().after(Some(&last), 10).await.unwrap().is_empty());

        assert!(store.recordings().delete(&recording.id).await.unwrap());
        assert!(!store.recordings().delete(&recording.id).await.unwrap());
        let next = store.recorded_runs().after(Some(&last), 10).await.unwrap().pop().unwrap();
        assert_eq!((&next.broadcast_id, next.run.as_str()), (&news.id, "r1"));
        assert!(store.broadcasts().delete(&jazz.id).await.unwrap());
        assert_eq!(changed(&store).await, [run(&news), run(&jazz)]);
        let gone = store.recorded_runs().after(Some(&next), 10).await.unwrap().pop().unwrap();
        assert_eq!(gone.broadcast_id, jazz.id);

        assert_eq!(store.recorded_runs().forget(at(0)).await.unwrap(), 0, "not before everybody knows");
        ready(&store, &news, "r1").await;
        let later = store::Timestamp::now().plus(std::time::Duration::from_secs(60));
        assert_eq!(store.recorded_runs().forget(later).await.unwrap(), 1);
        assert_eq!(changed(&store).await, [run(&news)]);
    }

    async fn what_was_deleted_does_not_come_back_when_it_is_told_again(store: Store) {
        let news = made(&store, "ada", "News").await;
        let facts = closed(&opened(&news, "r1"));
        tell(&store, std::slice::from_ref(&facts)).await;
        assert!(store.recordings().delete(&facts.id).await.unwrap());
        // The station that made it has not heard of that yet, and starts anew.
        tell(&store, std::slice::from_ref(&facts)).await;
        assert!(store.recordings().load(&facts.id).await.unwrap().is_none());
        assert_eq!(store.recordings().gone_of_run(&news.id, "r1").await.unwrap(), std::slice::from_ref(&facts.id));
        assert!(store.recordings().gone_of_run(&news.id, "r2").await.unwrap().is_empty());
        let other = closed(&opened(&news, "r1"));
        tell(&store, std::slice::from_ref(&other)).await;
        assert!(store.recordings().load(&other.id).await.unwrap().is_some());
        assert_eq!(store.recordings().forget_gone(at(0)).await.unwrap(), 0);
        let later = store::Timestamp::now().plus(std::time::Duration::from_secs(60));
        assert_eq!(store.recordings().forget_gone(later).await.unwrap(), 1);
    }

    async fn those_that_were_cut_from_one_share_its_transcript(store: Store) {
        let news = made(&store, "ada", "News").await;
        let recording = ready(&store, &news, "r1").await;
        let words = |words: &str| Transcript {
            id: id(),
            timed: true,
            language: Some("de".to_owned()),
            words: words.to_owned(),
            created_at: at(80),
        };
        let (first, second) = (words("first"), words("second"));
        let transcripts = store.transcripts();
        assert!(!transcripts.attach("nothing", &first).await.unwrap());
        assert_eq!(transcripts.load(&first.id).await.unwrap(), None, "nothing has it");
        assert!(transcripts.attach(&recording.id, &first).await.unwrap());
        let stale = recording;
        let recording = store.recordings().load(&stale.id).await.unwrap().unwrap();
        assert_eq!(recording.transcript_id.as_ref(), Some(&first.id));
        assert!(!store.recordings().replace(&stale, &stale, None).await.unwrap(), "it has changed since");
        let clip = Recording { id: id(), kind: RecordingKind::Clip, ..recording.clone() };
        assert!(store.recordings().insert(&clip).await.unwrap());
        assert!(transcripts.attach(&recording.id, &second).await.unwrap());
        assert_eq!(transcripts.load(&first.id).await.unwrap(), Some(first.clone()), "the clip has it");
        let listed = store.recordings().list(&seen(RecordingsSeen::ByAnyone), &ALL).await.unwrap().items;
        let card = TranscriptCard { timed: true, language: Some("de".to_owned()) };
        assert_eq!(listed.iter().filter(|it| it.transcript.as_ref() == Some(&card)).count(), 2);
        assert!(store.recordings().delete(&clip.id).await.unwrap());
        assert_eq!(transcripts.is_timed(&first.id).await.unwrap(), None, "it went with the clip");
        assert!(transcripts.detach(&recording.id).await.unwrap());
        assert!(!transcripts.detach(&recording.id).await.unwrap());
        assert_eq!(transcripts.load(&second.id).await.unwrap(), None);

        assert!(transcripts.attach(&recording.id, &words("third")).await.unwrap());
        assert_eq!(transcripts.sweep(at(81)).await.unwrap(), 0);
        store.broadcasts().delete(&news.id).await.unwrap();
        assert_eq!(transcripts.sweep(at(80)).await.unwrap(), 0, "it is too new");
        assert_eq!(transcripts.sweep(at(81)).await.unwrap(), 1, "nobody has it any more");
    }

    async fn what_is_being_made_is_neither_deleted_nor_old(store: Store) {
        let news = made(&store, "ada", "News").await;
        let making = opened(&news, "r2");
        tell(&store, std::slice::from_ref(&making)).await;
        let recording = ready(&store, &news, "r1").await;
        assert!(!store.recordings().delete(&making.id).await.unwrap());
        let later = store::Timestamp::now().plus(std::time::Duration::from_secs(60));
        let old = store.recordings().older(later, 10).await.unwrap();
        assert_eq!(old.iter().map(|it| &it.id).collect::<Vec<_>>(), [&recording.id]);
        assert!(store.recordings().older(at(71), 10).await.unwrap().is_empty(), "it was made just now");
        let unmeasured = async |after: Option<&str>| {
            let found = store.recordings().unmeasured(after, 10).await.unwrap();
            found.into_iter().map(|it| it.id).collect::<Vec<_>>()
        };
        assert_eq!(unmeasured(None).await, std::slice::from_ref(&recording.id), "what is being made has time");
        assert!(unmeasured(Some(&recording.id)).await.is_empty());
        let heard = Heard { loudness_milli: -16_200, range_milli: Some(5_100) };
        let cut = Recording { plays: Span { from: 0, to: recording.plays.to }, ..recording.clone() };
        assert!(!store.recordings().analysed(&cut, heard, at(80)).await.unwrap(), "something else plays");
        assert!(store.recordings().analysed(&recording, heard, at(80)).await.unwrap());
        assert!(unmeasured(None).await.is_empty());
        let analysed = store.recordings().load(&recording.id).await.unwrap().unwrap();
        assert_eq!((analysed.loudness_milli, analysed.loudness_range_milli), (Some(-16_200), Some(5_100)));
        assert_eq!(analysed.analysed_at, Some(at(80)));
    }
}
