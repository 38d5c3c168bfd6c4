//! What belongs to broadcasts and their rooms: members, blocks, chat, reactions, follows, reports, covers.

use store::{
    Block, Broadcast, ChatMessage, Cover, Follow, Member, MemberRole, ReactionSum, Report, ReportFilter,
    ReportState, Review, Slice, Store, StoreError, User, id,
};

use crate::made::{at, broadcast, host};
use crate::on_both;

const ALL: Slice = Slice::first(10);

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
        author_role: "listener".to_owned(),
        message: words.to_owned(),
        reply_to: None,
        sent_at: at(second),
        program_time: Some(at(second - 2)),
        pinned_at: None,
        deleted_at: None,
        deleted_by: None,
    }
}

on_both! {
    async fn a_member_becomes_something_else_and_a_stranger(store: Store) {
        let (ada, eve, made) = room(&store).await;
        let mut member = Member {
            broadcast_id: made.id.clone(),
            user_id: eve.id.clone(),
            role: MemberRole::Listener,
            added_by: Some(ada.id),
            added_at: at(1),
        };
        let members = store.members();
        members.put(&member).await.unwrap();
        member.role = MemberRole::Moderator;
        members.put(&member).await.unwrap();
        assert_eq!(members.load(&made.id, &eve.id).await.unwrap(), Some(member.clone()));
        assert_eq!(members.list(&made.id, &ALL).await.unwrap().items, [member.clone()]);
        assert!(members.delete(&made.id, &eve.id).await.unwrap());
        assert!(!members.delete(&made.id, &eve.id).await.unwrap());
        "nobody".clone_into(&mut member.user_id);
        assert!(matches!(members.put(&member).await, Err(StoreError::Dangling)));
    }

    async fn a_block_is_there_until_it_is_lifted(store: Store) {
        let (ada, eve, made) = room(&store).await;
        let block = Block {
            broadcast_id: made.id.clone(),
            user_id: eve.id.clone(),
            blocked_by: Some(ada.id),
            reason: Some("noise".to_owned()),
            created_at: at(1),
        };
        let blocks = store.blocks();
        blocks.put(&block).await.unwrap();
        assert_eq!(blocks.load(&made.id, &eve.id).await.unwrap(), Some(block.clone()));
        assert_eq!(blocks.list(&made.id, &ALL).await.unwrap().items, [block]);
        assert_eq!(blocks.all(10).await.unwrap(), [(made.id.clone(), eve.id.clone())]);
        assert!(blocks.delete(&made.id, &eve.id).await.unwrap());
        assert_eq!(blocks.load(&made.id, &eve.id).await.unwrap(), None);
    }

    async fn a_message_is_pinned_and_deleted(store: Store) {
        let (ada, eve, made) = room(&store).await;
        let chat = store.chat();
        let (first, second) = (message(&made, &eve, 1, "hello"), message(&made, &eve, 2, "rude"));
        for said in [&first, &second, &first] {
            chat.insert(said).await.unwrap();
        }
        assert_eq!(chat.list(&made.id, &ALL).await.unwrap().items, [second.clone(), first.clone()]);
        assert!(chat.pin(&first.id, Some(at(3))).await.unwrap());
        assert!(chat.delete(&second.id, Some(&ada.id), at(4)).await.unwrap());
        assert!(!chat.delete(&second.id, None, at(5)).await.unwrap());
        assert!(!chat.pin(&second.id, Some(at(5))).await.unwrap());
        let left = chat.list(&made.id, &ALL).await.unwrap();
        assert_eq!((left.total, left.items[0].pinned_at), (1, Some(at(3))));
        let gone = chat.load(&second.id).await.unwrap().unwrap();
        assert_eq!((gone.message.as_str(), gone.deleted_by), ("", Some(ada.id)));
    }

    async fn reactions_are_summed_by_interval(store: Store) {
        let (_, _, made) = room(&store).await;
        let sum = |second, emoji: &str, amount| ReactionSum {
            broadcast_id: made.id.clone(),
            interval_start: at(second),
            emoji: emoji.to_owned(),
            amount,
        };
        for added in [sum(0, "👏", 2), sum(0, "👏", 3), sum(0, "❤", 1), sum(10, "👏", 4), sum(20, "👏", 9)] {
            store.reactions().add(&added).await.unwrap();
        }
        let mut sums = store.reactions().list(&made.id, at(0), at(20), 10).await.unwrap();
        sums.sort_by_key(|sum| (sum.interval_start, sum.amount));
        assert_eq!(sums, [sum(0, "❤", 1), sum(0, "👏", 5), sum(10, "👏", 4)]);
    }

    async fn somebody_is_followed_once(store: Store) {
        let (ada, eve, _) = room(&store).await;
        let follow = Follow {
            follower_id: eve.id.clone(),
            followed_id: ada.id.clone(),
            created_at: at(1),
            notify: true,
        };
        let follows = store.follows();
        follows.put(&follow).await.unwrap();
        follows.put(&Follow { created_at: at(2), ..follow.clone() }).await.unwrap();
        assert_eq!(follows.followers(&ada.id, &ALL).await.unwrap().items, std::slice::from_ref(&follow));
        assert_eq!(follows.followed_by(&eve.id, &ALL).await.unwrap().items, std::slice::from_ref(&follow));
        assert_eq!(follows.followed_by(&ada.id, &ALL).await.unwrap().total, 0);
        assert_eq!(follows.told(&ada.id, "b1", &ALL).await.unwrap().items, std::slice::from_ref(&follow));
        assert!(follows.set_notify(&eve.id, &ada.id, false).await.unwrap());
        follows.put(&follow).await.unwrap();
        assert!(!follows.load(&eve.id, &ada.id).await.unwrap().unwrap().notify, "she goes on as she chose");
        assert_eq!(follows.told(&ada.id, "b1", &ALL).await.unwrap().total, 0);
        assert!(!follows.set_notify(&ada.id, &eve.id, true).await.unwrap());
        assert!(follows.delete(&eve.id, &ada.id).await.unwrap());
        assert!(!follows.delete(&eve.id, &ada.id).await.unwrap());
    }

    async fn what_was_said_comes_in_the_order_of_the_moments_it_belongs_to(store: Store) {
        let (ada, _, made) = room(&store).await;
        // Who hears the programme late answers a moment that is long gone.
        let late = ChatMessage { program_time: Some(at(10)), ..message(&made, &ada, 40, "late") };
        let early = message(&made, &ada, 20, "early");
        let written = ChatMessage { program_time: None, ..message(&made, &ada, 25, "written") };
        let deleted = message(&made, &ada, 21, "deleted");
        for said in [&early, &late, &written, &deleted] {
            store.chat().insert(said).await.unwrap();
        }
        store.chat().delete(&deleted.id, None, at(50)).await.unwrap();
        let heard = async |since, until, slice: &Slice| {
            let page = store.chat().heard(&made.id, at(since), at(until), slice).await.unwrap();
            (page.items.into_iter().map(|it| it.message).collect::<Vec<_>>(), page.next_cursor)
        };
        assert_eq!(heard(0, 99, &ALL).await.0, ["late", "early", "written"]);
        assert_eq!(heard(18, 25, &ALL).await.0, ["early"]);
        let (first, cursor) = heard(10, 99, &Slice::first(1)).await;
        assert_eq!(first, ["late"]);
        assert_eq!(heard(10, 99, &Slice { limit: 2, cursor }).await, (vec!["early".to_owned(), "written".to_owned()], None));
    }

    async fn a_report_waits_until_it_is_reviewed(store: Store) {
        let (ada, eve, made) = room(&store).await;
        let report = |second, reporter_id| Report {
            id: id(),
            broadcast_id: made.id.clone(),
            reporter_id,
            reason: "spam".to_owned(),
            detail: String::new(),
            state: ReportState::Open,
            reviewer_id: None,
            reviewed_at: None,
            note: None,
            created_at: at(second),
        };
        let (first, second) = (report(1, Some(eve.id.clone())), report(2, None));
        for made in [&second, &first] {
            store.reports().insert(made).await.unwrap();
        }
        let open = ReportFilter { state: Some(ReportState::Open), ..ReportFilter::default() };
        assert_eq!(store.reports().list(&open, &ALL).await.unwrap().items, [first.clone(), second.clone()]);
        let review = Review {
            state: ReportState::Dismissed,
            reviewer_id: Some(ada.id.clone()),
            at: at(5),
            note: Some("heard it".to_owned()),
        };
        let reviewed = store.reports().review(&first.id, &review).await.unwrap().unwrap();
        assert_eq!((reviewed.state, reviewed.reviewed_at), (ReportState::Dismissed, Some(at(5))));
        assert_eq!(store.reports().list(&open, &ALL).await.unwrap().items, [second]);
        assert_eq!(store.reports().review("none", &review).await.unwrap(), None);
        assert_eq!(store.reports().list(&ReportFilter::default(), &ALL).await.unwrap().total, 2);
    }

    async fn a_cover_takes_the_place_of_the_one_before(store: Store) {
        let (_, _, made) = room(&store).await;
        let mut cover = Cover {
            broadcast_id: made.id.clone(),
            file: "a.webp".to_owned(),
            media_type: "image/webp".to_owned(),
            width: 1024,
            height: 512,
            size_bytes: 40_000,
            created_at: at(1),
        };
        store.covers().put(&cover).await.unwrap();
        "b.webp".clone_into(&mut cover.file);
        store.covers().put(&cover).await.unwrap();
        assert_eq!(store.covers().load(&made.id).await.unwrap(), Some(cover));
        assert!(store.covers().delete(&made.id).await.unwrap());
        assert!(!store.covers().delete(&made.id).await.unwrap());
    }
}
