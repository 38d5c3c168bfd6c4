//! What a room has written down while it goes on.

use store::{
    Block, Broadcast, ChatMessage, Entry, Journal, ListenerMinute, Poll, PollAnswer, ReactionSum, Slice,
    Store, User, id,
};

use crate::made::{at, broadcast, host};
use crate::on_both;

async fn room(store: &Store) -> (User, User, Broadcast) {
    let (ada, eve) = (host(store, "ada").await, host(store, "eve").await);
    let made = broadcast(&ada, "One");
    store.broadcasts().insert(&made).await.unwrap();
    (ada, eve, made)
}

fn message(broadcast: &Broadcast, by: &User, second: i64, words: &str) -> ChatMessage {
    ChatMessage {
        id: id(),
        broadcast_id: broadcast.id.clone(),
        user_id: Some(by.id.clone()),
        author_name: by.display_name.clone(),
        author_role: "moderator".to_owned(),
        message: words.to_owned(),
        reply_to: Some("m1".to_owned()),
        sent_at: at(second),
        program_time: None,
        pinned_at: None,
        deleted_at: None,
        deleted_by: None,
    }
}

on_both! {
    async fn a_minute_keeps_the_most_of_each_and_stations_add_up(store: Store) {
        let (_, _, made) = room(&store).await;
        let folder = tempfile::tempdir().unwrap();
        let (journal, keeper) = Journal::open(&folder.path().join("journal"), &store).unwrap();
        let minute = |station: &str, hls: u32| Entry::Listeners(ListenerMinute {
            broadcast_id: made.id.clone(),
            minute: at(60),
            station: station.to_owned(),
            webrtc: 1,
            hls,
            people: 2,
            joins: 3,
            joins_failed: 1,
        });
        for entry in [minute("a", 5), minute("a", 3), minute("b", 10)] {
            journal.append(entry).unwrap();
        }
        keeper.finish().await;
        let minutes = store.listener_minutes().list(&made.id, at(0), 10).await.unwrap();
        assert_eq!((minutes.len(), minutes[0].webrtc, minutes[0].hls, minutes[0].people), (1, 2, 15, 4));
        assert_eq!((minutes[0].joins, minutes[0].joins_failed), (6, 2));
        assert!(store.listener_minutes().list(&made.id, at(61), 10).await.unwrap().is_empty());
    }

    async fn minutes_of_all_broadcasts_are_added_up_by_kind(store: Store) {
        let (host, _, low) = room(&store).await;
        let music = |title| Broadcast { audio_profile: "music".to_owned(), ..broadcast(&host, title) };
        let (one, two) = (music("One"), music("Two"));
        for made in [&one, &two] {
            store.broadcasts().insert(made).await.unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let (journal, keeper) = Journal::open(&folder.path().join("journal"), &store).unwrap();
        let heard = [(&low, 60, "a", 1, 5), (&low, 60, "b", 0, 7), (&low, 120, "a", 2, 0), (&low, 600, "a", 9, 9)];
        let heard = heard.into_iter().chain([(&one, 60, "a", 0, 3), (&two, 60, "a", 1, 0)]);
        for (of, second, station, webrtc, hls) in heard {
            let minute = ListenerMinute {
                broadcast_id: of.id.clone(),
                minute: at(second),
                station: station.to_owned(),
                webrtc,
                hls,
                people: 0,
                joins: 0,
                joins_failed: 0,
            };
            journal.append(Entry::Listeners(minute)).unwrap();
        }
        keeper.finish().await;
        let usage = store.usage().between(at(0), at(600)).await.unwrap();
        let told: Vec<_> = usage
            .iter()
            .map(|kind| (&*kind.audio_profile, kind.broadcasts, kind.minutes, kind.webrtc, kind.hls))
            .collect();
        assert_eq!(told, [("music", 2, 2, 1, 3), ("standard", 1, 2, 3, 12)]);
        assert!(store.usage().between(at(601), at(900)).await.unwrap().is_empty());
    }

    async fn what_is_said_in_a_room_is_kept_by_the_journal(store: Store) {
        let (_, eve, made) = room(&store).await;
        let folder = tempfile::tempdir().unwrap();
        let (journal, keeper) = Journal::open(&folder.path().join("journal"), &store).unwrap();
        let said = message(&made, &eve, 1, "salaam");
        let stranger = ChatMessage { user_id: Some("no-account".into()), ..message(&made, &eve, 2, "hello") };
        let gone = message(&made, &eve, 3, "rude");
        let block = |user: &str| Entry::Blocked(Block {
            broadcast_id: made.id.clone(),
            user_id: user.to_owned(),
            blocked_by: None,
            reason: None,
            created_at: at(5),
        });
        let poll = |yes, closed_at| Poll {
            id: "p1".to_owned(),
            broadcast_id: made.id.clone(),
            question: "Tea?".to_owned(),
            answers: vec![PollAnswer { text: "yes".to_owned(), votes: yes }],
            opened_at: at(1),
            program_time: None,
            closed_at,
        };
        let sum = ReactionSum {
            broadcast_id: made.id.clone(),
            interval_start: at(0),
            emoji: "👍".to_owned(),
            amount: 3,
        };
        for entry in [
            Entry::ChatSaid(said.clone()),
            Entry::ChatSaid(said.clone()),
            Entry::ChatSaid(stranger),
            Entry::ChatSaid(gone.clone()),
            Entry::ChatPinned { message_id: said.id.clone(), at: Some(at(4)) },
            Entry::ChatDeleted { message_id: gone.id, by: Some("no-account".into()), at: at(4) },
            Entry::Reacted(sum.clone()),
            Entry::Poll(poll(0, None)),
            Entry::Poll(poll(4, Some(at(3)))),
            Entry::Poll(poll(0, None)),
            Entry::Reacted(sum.clone()),
            block(&eve.id),
            block("no-account"),
        ] {
            journal.append(entry).unwrap();
        }
        keeper.finish().await;
        let kept = store.chat().list(&made.id, &Slice::first(10)).await.unwrap().items;
        let words: Vec<_> = kept.iter().map(|one| (&*one.message, one.user_id.as_deref())).collect();
        assert_eq!(words, [("hello", None), ("salaam", Some(&*eve.id))]);
        assert_eq!(kept[1].pinned_at, Some(at(4)));
        let sums = store.reactions().list(&made.id, at(0), at(9), 10).await.unwrap();
        assert_eq!(sums, [ReactionSum { amount: 6, ..sum }]);
        assert_eq!(store.polls().list(&made.id, &Slice::first(10)).await.unwrap().items, [poll(4, Some(at(3)))]);
        assert_eq!(store.blocks().list(&made.id, &Slice::first(10)).await.unwrap().items.len(), 1);
    }

    async fn stays_are_counted_and_those_that_are_over_averaged(store: Store) {
        let (_, _, made) = room(&store).await;
        assert_eq!(store.sessions().summary(&made.id).await.unwrap(), store::Stays::default());
        let folder = tempfile::tempdir().unwrap();
        let (journal, keeper) = Journal::open(&folder.path().join("journal"), &store).unwrap();
        for (session, left) in [("a", Some(11)), ("b", Some(21)), ("c", None)] {
            let joined = Entry::SessionJoined {
                session_id: session.to_owned(),
                broadcast_id: made.id.clone(),
                user_id: None,
                role: "listener".to_owned(),
                transport: "hls".to_owned(),
                at: at(1),
            };
            journal.append(joined).unwrap();
            if let Some(left) = left {
                journal.append(Entry::SessionLeft { session_id: session.to_owned(), at: at(left) }).unwrap();
            }
        }
        keeper.finish().await;
        let stays = store.sessions().summary(&made.id).await.unwrap();
        assert_eq!(stays, store::Stays { sessions: 3, average_ms: Some(15_000) });
    }
}
