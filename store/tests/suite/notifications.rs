//! What people are told, by which ways it goes out, and what they want.

use std::collections::BTreeMap;

use store::{
    Announcement, Broadcast, Channel, Device, Entry, Follow, JobKind, Journal, Lease, Notification,
    NotificationPreferences, Outgoing, Planners, Secret, SendOutcome, SendStatus, Slice, Status, StoreError,
    User, Visibility, id,
};

use crate::made::{at, broadcast, host};
use crate::on_both;

fn told(user: &User, about: &str, second: i64) -> Notification {
    Notification {
        id: id(),
        user_id: user.id.clone(),
        kind: "host_live".to_owned(),
        about: about.to_owned(),
        payload: "{}".to_owned(),
        created_at: at(second),
        read_at: None,
    }
}

fn by(channel: Channel, second: i64) -> Outgoing {
    Outgoing { channel, device_id: String::new(), due_at: at(second) }
}

const fn lease(station: &str, second: i64) -> Lease<'_> {
    Lease { station, now: at(second), until: at(second + 60) }
}

fn device(user: &User, token: &str, second: i64) -> Device {
    Device {
        id: Device::id_of(Channel::Fcm, token),
        user_id: user.id.clone(),
        channel: Channel::Fcm,
        token: Secret::new(token),
        key: None,
        auth: None,
        name: String::new(),
        created_at: at(second),
    }
}

const fn outcome(status: SendStatus, second: i64, due: i64) -> SendOutcome {
    SendOutcome { status, error: None, at: at(second), due_at: at(due) }
}

on_both! {
    async fn nobody_is_told_twice_of_the_same(store: Store) {
        let (ada, bob) = (host(&store, "ada").await, host(&store, "bob").await);
        let gone = User { id: id(), ..ada.clone() };
        let first = told(&ada, "live:r1", 1);
        let ways = vec![by(Channel::Email, 1), by(Channel::WebPush, 1)];
        let new = store.notifications().tell(vec![(first.clone(), ways.clone())]).await.unwrap();
        assert_eq!(new, [first]);
        let again = [told(&ada, "live:r1", 2), told(&gone, "live:r1", 2), told(&bob, "live:r1", 2)];
        let again = again.map(|it| (it, ways.clone())).to_vec();
        let new = store.notifications().tell(again).await.unwrap();
        assert_eq!(new.iter().map(|it| it.user_id.as_str()).collect::<Vec<_>>(), [bob.id.as_str()]);
        let all = store.notification_sends().claim(&lease("a", 5), 10).await.unwrap();
        assert_eq!(all.len(), 4, "two ways to each of the two");
    }

    async fn what_was_read_is_not_counted(store: Store) {
        let (ada, bob) = (host(&store, "ada").await, host(&store, "bob").await);
        let three: Vec<_> = (1..=3).map(|n| told(&ada, &format!("live:{n}"), n)).collect();
        let notifications = store.notifications();
        notifications.tell(three.iter().map(|it| (it.clone(), Vec::new())).collect()).await.unwrap();
        notifications.tell(vec![(told(&bob, "live:1", 1), Vec::new())]).await.unwrap();
        assert_eq!(notifications.unread(&ada.id).await.unwrap(), 3);
        assert!(!notifications.mark_read(&bob.id, &three[0].id, at(9)).await.unwrap(), "it is not his");
        assert!(notifications.mark_read(&ada.id, &three[0].id, at(9)).await.unwrap());
        assert!(notifications.mark_read(&ada.id, &three[0].id, at(10)).await.unwrap());
        let read = notifications.load(&three[0].id).await.unwrap().unwrap();
        assert_eq!(read.read_at, Some(at(9)));
        assert_eq!(notifications.unread(&ada.id).await.unwrap(), 2);
        let page = notifications.list(&ada.id, true, &Slice::first(1)).await.unwrap();
        assert_eq!((page.items[0].about.as_str(), page.total), ("live:3", 2));
        let next = Slice::first(1).after(&page).unwrap();
        assert_eq!(notifications.list(&ada.id, true, &next).await.unwrap().items[0].about, "live:2");
        assert_eq!(notifications.mark_all_read(&ada.id, at(2), at(11)).await.unwrap(), 1);
        assert_eq!(notifications.unread(&ada.id).await.unwrap(), 1);
        assert_eq!(notifications.unread(&bob.id).await.unwrap(), 1);
        assert_eq!(notifications.delete_before(at(3), 10).await.unwrap(), 3);
        assert_eq!(notifications.list(&ada.id, false, &Slice::first(5)).await.unwrap().total, 1);
    }

    async fn of_two_stations_one_sends(store: Store) {
        let ada = host(&store, "ada").await;
        let ways = vec![by(Channel::Email, 1), by(Channel::WebPush, 100)];
        let notification = told(&ada, "live:1", 1);
        store.notifications().tell(vec![(notification.clone(), ways)]).await.unwrap();
        let sends = store.notification_sends();
        assert!(sends.claim(&lease("a", 0), 10).await.unwrap().is_empty(), "nothing is due");
        let mine = sends.claim(&lease("a", 5), 10).await.unwrap();
        assert_eq!(mine.iter().map(|it| it.channel).collect::<Vec<_>>(), [Channel::Email]);
        assert!(sends.claim(&lease("b", 6), 10).await.unwrap().is_empty(), "it is a's");
        let send = &mine[0];
        // It failed; until it is due again nobody has it.
        assert!(sends.note(send, "a", &outcome(SendStatus::Pending, 6, 20)).await.unwrap());
        assert!(sends.claim(&lease("b", 19), 10).await.unwrap().is_empty());
        let theirs = sends.claim(&lease("b", 20), 10).await.unwrap();
        assert_eq!(theirs[0].attempts, 1);
        assert!(!sends.note(send, "a", &outcome(SendStatus::Refused, 21, 21)).await.unwrap(), "it is b's");
        // Whoever sent it, it is sent.
        assert!(sends.note(send, "a", &outcome(SendStatus::Sent, 22, 22)).await.unwrap());
        assert!(!sends.note(&theirs[0], "b", &outcome(SendStatus::Sent, 23, 23)).await.unwrap());
        let statuses = sends.statuses(&notification.id).await.unwrap();
        let expected = [(Channel::Email, SendStatus::Sent), (Channel::WebPush, SendStatus::Pending)];
        assert_eq!(statuses, expected);
        // A station that died lets go when its time is over, and one that stops at once.
        assert_eq!(sends.claim(&lease("a", 100), 10).await.unwrap().len(), 1);
        assert!(sends.claim(&lease("b", 159), 10).await.unwrap().is_empty());
        assert_eq!(sends.claim(&lease("b", 160), 10).await.unwrap().len(), 1);
        assert_eq!(sends.release("b").await.unwrap(), 1);
        assert_eq!(sends.claim(&lease("a", 161), 10).await.unwrap().len(), 1);
    }

    async fn a_digest_gathers_what_waits_for_somebody(store: Store) {
        let (ada, bob) = (host(&store, "ada").await, host(&store, "bob").await);
        for (user, second) in [(&ada, 1), (&ada, 50), (&ada, 200), (&bob, 2)] {
            let it = told(user, &format!("live:{second}"), second);
            let ways = vec![by(Channel::Email, second), by(Channel::WebPush, 1_000)];
            store.notifications().tell(vec![(it, ways)]).await.unwrap();
        }
        let sends = store.notification_sends();
        let gathered = sends.claim_of_user(&ada.id, Channel::Email, at(100), &lease("a", 3), 10).await.unwrap();
        let gathered: Vec<_> = gathered.iter().map(|it| it.notification.about.as_str()).collect();
        assert_eq!(gathered, ["live:1", "live:50"]);
        let left = sends.claim(&lease("b", 3), 10).await.unwrap();
        assert_eq!(left.iter().map(|it| it.notification.user_id.as_str()).collect::<Vec<_>>(), [bob.id.as_str()]);
    }

    async fn a_device_is_somebodys_and_there_are_only_so_many(store: Store) {
        let (ada, bob) = (host(&store, "ada").await, host(&store, "bob").await);
        let devices = store.devices();
        for n in 1..=4 {
            devices.put(&device(&ada, &format!("t{n}"), n), 3).await.unwrap();
        }
        let tokens = async |user: &User| -> Vec<String> {
            let all = devices.of_user(&user.id).await.unwrap();
            all.iter().map(|it| it.token.expose().to_owned()).collect()
        };
        assert_eq!(tokens(&ada).await, ["t2", "t3", "t4"]);
        // Registered again it is the newest; by somebody else it is theirs.
        devices.put(&device(&ada, "t2", 9), 3).await.unwrap();
        devices.put(&device(&bob, "t3", 9), 3).await.unwrap();
        assert_eq!((tokens(&ada).await, tokens(&bob).await), (vec!["t4".into(), "t2".into()], vec!["t3".into()]));
        let both = devices.of_users(&[ada.id.clone(), bob.id.clone()]).await.unwrap();
        assert_eq!(both.len(), 3);
        let t4 = Device::id_of(Channel::Fcm, "t4");
        assert!(!devices.delete(&bob.id, &t4).await.unwrap(), "it is not his");
        assert!(devices.delete(&ada.id, &t4).await.unwrap());
        assert!(devices.load(&t4).await.unwrap().is_none());
        let nobody = User { id: id(), ..ada };
        assert!(matches!(devices.put(&device(&nobody, "t9", 1), 3).await, Err(StoreError::Dangling)));
    }

    async fn what_somebody_wants_is_kept_and_letters_that_come_back_are_counted(store: Store) {
        let (ada, bob) = (host(&store, "ada").await, host(&store, "bob").await);
        let preferences = store.notification_preferences();
        assert_eq!(preferences.load(&ada.id).await.unwrap(), NotificationPreferences::default());
        assert_eq!(preferences.bounced(&ada.id, true, at(1)).await.unwrap(), 1);
        let wanted = NotificationPreferences {
            timezone: Some("Europe/Berlin".to_owned()),
            quiet: Some((1_320, 420)),
            digest_at: Some(480),
            channels: BTreeMap::from([("host_live".to_owned(), vec!["web_push".to_owned()])]),
            bounces: 0,
        };
        preferences.put(&ada.id, &wanted, at(2)).await.unwrap();
        let kept = NotificationPreferences { bounces: 1, ..wanted };
        assert_eq!(preferences.load(&ada.id).await.unwrap(), kept);
        let of = preferences.of_users(&[ada.id.clone(), bob.id.clone()]).await.unwrap();
        assert_eq!(of, BTreeMap::from([(ada.id.clone(), kept)]));
        assert_eq!(preferences.bounced(&ada.id, true, at(3)).await.unwrap(), 2);
        assert_eq!(preferences.bounced(&ada.id, false, at(4)).await.unwrap(), 0);
        assert_eq!(preferences.load(&ada.id).await.unwrap().timezone.as_deref(), Some("Europe/Berlin"));
    }

    async fn what_is_planned_comes_in_the_order_of_the_hours(store: Store) {
        let (ada, bob, eve) =
            (host(&store, "ada").await, host(&store, "bob").await, host(&store, "eve").await);
        let plan = async |host: &User, title: &str, second: Option<i64>, edit: fn(&mut Broadcast)| {
            let mut planned = broadcast(host, title);
            planned.scheduled_start = second.map(at);
            edit(&mut planned);
            store.broadcasts().insert(&planned).await.unwrap();
        };
        plan(&ada, "later", Some(300), |_| {}).await;
        plan(&ada, "off", Some(200), |it| it.status = Status::Cancelled).await;
        plan(&ada, "past", Some(50), |_| {}).await;
        plan(&ada, "ours", Some(210), |it| it.visibility = Visibility::Unlisted).await;
        plan(&ada, "some day", None, |_| {}).await;
        plan(&bob, "his", Some(250), |_| {}).await;
        plan(&eve, "hers", Some(260), |_| {}).await;
        store.users().update(&eve.id, |it| it.suspended_at = Some(at(0))).await.unwrap();
        for followed in [&ada, &eve] {
            let follow = Follow {
                follower_id: bob.id.clone(),
                followed_id: followed.id.clone(),
                created_at: at(0),
                notify: true,
            };
            store.follows().put(&follow).await.unwrap();
        }
        let titles = async |planners: Planners, limit: u32| -> Vec<String> {
            let planned = store.broadcasts().planned(&planners, at(100), limit).await.unwrap();
            planned.into_iter().map(|it| it.broadcast.title).collect()
        };
        assert_eq!(titles(Planners::All, 9).await, ["his", "later"]);
        assert_eq!(titles(Planners::All, 1).await, ["his"]);
        assert_eq!(titles(Planners::Host(ada.id.clone()), 9).await, ["off", "later"]);
        assert_eq!(titles(Planners::FollowedBy(bob.id.clone()), 9).await, ["off", "later"]);
        assert!(titles(Planners::FollowedBy(ada.id), 9).await.is_empty());
    }

    async fn a_broadcast_that_goes_on_air_is_announced_once_a_run(store: Store) {
        let ada = host(&store, "ada").await;
        let news = broadcast(&ada, "News");
        store.broadcasts().insert(&news).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (journal, keeper) = Journal::open(&folder.path().join("journal.jsonl"), &store).unwrap();
        let live = async |run: &str, second: i64| {
            let (broadcast_id, run) = (news.id.clone(), run.to_owned());
            journal.append_synced(Entry::BroadcastLive { broadcast_id, run, at: at(second) }).await.unwrap();
            journal.applied().await;
        };
        live("r1", 1).await;
        let jobs = store.jobs();
        let claim = async |batch| {
            let claimed = jobs.claim(JobKind::Announcement, batch, at(10), at(20), 10).await.unwrap();
            claimed.into_iter().map(|job| (job.payload, job.due_at)).collect::<Vec<_>>()
        };
        let announcement = Announcement::new("hostLive", format!("{}/r1", news.id), &news.id, at(1));
        assert_eq!(claim("one").await, [(serde_json::to_string(&announcement).unwrap(), at(1))]);
        live("r1", 2).await;
        assert!(claim("two").await.is_empty(), "it went on after a restart");
        live("r2", 3).await;
        assert_eq!(claim("three").await.len(), 1);
        let next = Announcement { cursor: Some("c".to_owned()), ..announcement.clone() };
        assert_eq!(jobs.insert(&[announcement.job(), next.job(), next.job()]).await.unwrap(), 1);
        keeper.finish().await;
    }

    async fn a_calendar_has_one_secret_address_at_a_time(store: Store) {
        let ada = host(&store, "ada").await;
        let feeds = store.calendar_feeds();
        let (one, two) = (Secret::new("one"), Secret::new("two"));
        feeds.put(&ada.id, &one, at(1)).await.unwrap();
        assert_eq!(feeds.user_of(&one).await.unwrap().as_deref(), Some(ada.id.as_str()));
        feeds.put(&ada.id, &two, at(2)).await.unwrap();
        assert_eq!(feeds.user_of(&one).await.unwrap(), None);
        assert_eq!(feeds.since(&ada.id).await.unwrap(), Some(at(2)));
        assert!(feeds.delete(&ada.id).await.unwrap());
        assert!(!feeds.delete(&ada.id).await.unwrap());
        assert_eq!((feeds.user_of(&two).await.unwrap(), feeds.since(&ada.id).await.unwrap()), (None, None));
    }
}
