//! Broadcasts: making, changing, listing, finding.

use store::{Broadcast, BroadcastFilter, Seen, Slice, Status, Store, StoreError, Visibility};

use crate::made::{at, broadcast, host};
use crate::on_both;

/// The titles of a list, and its total.
async fn titles(store: &Store, filter: &BroadcastFilter) -> (Vec<String>, i64) {
    let mut slice = Slice::first(2);
    let mut titles = Vec::new();
    loop {
        let page = store.broadcasts().list(filter, &slice).await.unwrap();
        assert!(page.items.len() <= 2);
        titles.extend(page.items.iter().map(|item| item.broadcast.title.clone()));
        match slice.after(&page) {
            Some(next) => slice = next,
            None => return (titles, page.total),
        }
    }
}

fn search(q: &str) -> BroadcastFilter {
    BroadcastFilter { q: Some(q.to_owned()), ..BroadcastFilter::default() }
}

async fn insert(store: &Store, broadcast: &Broadcast) {
    store.broadcasts().insert(broadcast).await.unwrap();
}

on_both! {
    async fn a_broadcast_comes_back_as_it_went_in(store: Store) {
        let ada = host(&store, "ada").await;
        let mut made = broadcast(&ada, "Évening “Jazz” 🎷");
        made.tags = vec!["jazz".to_owned(), "live music".to_owned()];
        made.reminder_offsets = vec![600, 60];
        made.scheduled_start = Some(at(50));
        made.timezone = Some("Europe/Copenhagen".to_owned());
        insert(&store, &made).await;

        let loaded = store.broadcasts().load(&made.id).await.unwrap().unwrap();
        assert_eq!(format!("{:?}", loaded.broadcast), format!("{made:?}"));
        assert_eq!(loaded.broadcast.stream_key.expose(), "abcdefgh");
        assert_eq!(loaded.host.username, "ada");
        let by_name = store.broadcasts().load_by_room_name(&made.room_name).await.unwrap().unwrap();
        assert_eq!(by_name.broadcast.id, made.id);
        assert!(!format!("{loaded:?}").contains("abcdefgh"));
    }

    async fn a_room_has_one_name_and_a_host(store: Store) {
        let ada = host(&store, "ada").await;
        let made = broadcast(&ada, "One");
        insert(&store, &made).await;
        let mut second = broadcast(&ada, "Two");
        second.room_name = made.room_name;
        let taken = store.broadcasts().insert(&second).await.unwrap_err();
        assert!(matches!(&taken, StoreError::Conflict { field } if field == "room_name"), "{taken:?}");
        second = broadcast(&ada, "Three");
        "nobody".clone_into(&mut second.host_id);
        assert!(matches!(store.broadcasts().insert(&second).await, Err(StoreError::Dangling)));
        let (_, total) = titles(&store, &BroadcastFilter::default()).await;
        assert_eq!(total, 1, "what was refused is not counted");
    }

    async fn each_status_has_its_order(store: Store) {
        let ada = host(&store, "ada").await;
        for (title, status, second) in [
            ("live early", Status::Live, 1),
            ("live late", Status::Live, 2),
            ("live latest", Status::Live, 3),
            ("ended early", Status::Ended, 4),
            ("ended late", Status::Ended, 5),
        ] {
            let mut made = broadcast(&ada, title);
            made.status = status;
            made.created_at = at(second);
            made.started_at = Some(at(second));
            made.ended_at = (status == Status::Ended).then(|| at(second));
            insert(&store, &made).await;
        }
        for (title, start, second) in
            [("tomorrow", Some(2000), 6), ("today", Some(1000), 7), ("some day", None, 8), ("new idea", None, 9)]
        {
            let mut made = broadcast(&ada, title);
            made.scheduled_start = start.map(at);
            made.created_at = at(second);
            insert(&store, &made).await;
        }
        let of = async |status| {
            let filter = BroadcastFilter { status, ..BroadcastFilter::default() };
            let (titles, total) = titles(&store, &filter).await;
            assert_eq!(titles.len() as i64, total);
            titles
        };
        assert_eq!(of(Some(Status::Live)).await, ["live latest", "live late", "live early"]);
        assert_eq!(of(Some(Status::Ended)).await, ["ended late", "ended early"]);
        assert_eq!(of(Some(Status::Scheduled)).await, ["today", "tomorrow", "new idea", "some day"]);
        assert_eq!(of(Some(Status::Cancelled)).await, Vec::<String>::new());
        assert_eq!(of(None).await[..3], ["new idea", "some day", "today"]);
    }

    async fn who_looks_sees_what_is_public_and_their_own(store: Store) {
        let (ada, eve) = (host(&store, "ada").await, host(&store, "eve").await);
        for (second, (host, title, visibility)) in [
            (&ada, "ada public", Visibility::Public),
            (&ada, "ada private", Visibility::Private),
            (&ada, "ada unlisted", Visibility::Unlisted),
            (&eve, "eve public", Visibility::Public),
            (&eve, "eve private", Visibility::Private),
        ]
        .into_iter()
        .enumerate()
        {
            let mut made = broadcast(host, title);
            made.visibility = visibility;
            made.created_at = at(second as i64);
            insert(&store, &made).await;
        }
        let seen = async |seen, host: Option<&str>| {
            let filter = BroadcastFilter { seen, host: host.map(str::to_owned), ..BroadcastFilter::default() };
            let (titles, total) = titles(&store, &filter).await;
            assert_eq!(titles.len() as i64, total);
            titles
        };
        let by_ada = || Seen::By(ada.id.clone());
        assert_eq!(seen(Seen::ByAnyone, None).await, ["eve public", "ada public"]);
        assert_eq!(seen(by_ada(), None).await, ["eve public", "ada unlisted", "ada private", "ada public"]);
        assert_eq!(seen(by_ada(), Some(&ada.id)).await, ["ada unlisted", "ada private", "ada public"]);
        assert_eq!(seen(by_ada(), Some(&eve.id)).await, ["eve public"]);
        assert_eq!(seen(Seen::ByAnyone, Some(&ada.id)).await, ["ada public"]);
        assert_eq!(seen(Seen::ByAdmin, None).await.len(), 5);
        assert_eq!(seen(Seen::ByAdmin, Some(&eve.id)).await, ["eve private", "eve public"]);
    }

    async fn words_are_found_in_title_tags_and_host(store: Store) {
        let mut ada = host(&store, "ada").await;
        let mut jazz = broadcast(&ada, "Evening Jazz");
        jazz.tags = vec!["Saxophone".to_owned(), "night".to_owned()];
        insert(&store, &jazz).await;
        insert(&store, &broadcast(&ada, "Morning news")).await;

        for (q, expected) in
            [("jaz", 1), ("EVE JAZZ", 1), ("saxo", 1), ("ada", 2), ("ada news", 1), ("azz", 0), ("jazz news", 0), ("…", 0)]
        {
            assert_eq!(titles(&store, &search(q)).await.1, expected, "{q}");
        }
        let tagged = |tag: &str| BroadcastFilter { tag: Some(tag.to_owned()), ..BroadcastFilter::default() };
        assert_eq!(titles(&store, &tagged("saxophone")).await.0, ["Evening Jazz"]);
        assert_eq!(titles(&store, &tagged("saxo")).await.1, 0, "a tag is whole");

        ada = store.users().update(&ada.id, |user| "Lovelace".clone_into(&mut user.display_name)).await.unwrap().unwrap();
        assert_eq!(titles(&store, &search("lovelace jazz")).await.1, 1);
        store.broadcasts().update(&jazz.id, |broadcast| "Swing".clone_into(&mut broadcast.title)).await.unwrap();
        assert_eq!(titles(&store, &search("jazz")).await.1, 0);
        assert_eq!(titles(&store, &search("swing lovelace ada")).await.0, ["Swing"]);
        store.broadcasts().delete(&jazz.id).await.unwrap();
        assert_eq!(titles(&store, &search("swing")).await.1, 0);
        assert_eq!(ada.username, "ada");
    }

    async fn totals_follow_every_change(store: Store) {
        let ada = host(&store, "ada").await;
        let made = broadcast(&ada, "One");
        insert(&store, &made).await;
        let total = async |status, seen| {
            let filter = BroadcastFilter { status: Some(status), seen, ..BroadcastFilter::default() };
            titles(&store, &filter).await.1
        };
        assert_eq!(total(Status::Scheduled, Seen::ByAnyone).await, 1);
        store.broadcasts().update(&made.id, |it| it.status = Status::Live).await.unwrap();
        assert_eq!(total(Status::Scheduled, Seen::ByAnyone).await, 0);
        assert_eq!(total(Status::Live, Seen::ByAnyone).await, 1);
        assert!(!store.broadcasts().delete(&made.id).await.unwrap(), "it is on air");
        store.broadcasts().update(&made.id, |it| it.visibility = Visibility::Private).await.unwrap();
        assert_eq!(total(Status::Live, Seen::ByAnyone).await, 0);
        assert_eq!(total(Status::Live, Seen::ByAdmin).await, 1);
        store.broadcasts().update(&made.id, |it| it.status = Status::Ended).await.unwrap();
        assert!(store.broadcasts().delete(&made.id).await.unwrap());
        assert_eq!(total(Status::Ended, Seen::ByAdmin).await, 0);
        assert!(store.broadcasts().load(&made.id).await.unwrap().is_none());
    }

    async fn changes_at_once_are_all_kept(store: Store) {
        let ada = host(&store, "ada").await;
        let made = broadcast(&ada, "One");
        insert(&store, &made).await;
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (store, id) = (store.clone(), made.id.clone());
                tokio::spawn(async move { store.broadcasts().update(&id, |it| it.peak_listeners += 1).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        let kept = store.broadcasts().load(&made.id).await.unwrap().unwrap();
        assert_eq!(kept.broadcast.peak_listeners, 8);
    }
}
