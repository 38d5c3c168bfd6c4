//! Refresh tokens: once each, and never two for one.

use std::time::Duration;

use store::{RefreshToken, Rotation, Secret, Store, Successor, id};

use crate::made::{at, host};
use crate::on_both;

async fn first(store: &Store) -> RefreshToken {
    let ada = host(store, "ada").await;
    let token = RefreshToken {
        id: id(),
        family_id: id(),
        user_id: ada.id,
        token_hash: Secret::new("one"),
        created_at: at(0),
        expires_at: at(100),
        used_at: None,
        revoked_at: None,
        signed_in_at: Some(at(0)),
        device: Some("a browser".into()),
    };
    store.refresh_tokens().insert(&token).await.unwrap();
    token
}

fn next(hash: &str) -> Successor {
    Successor { id: id(), token_hash: Secret::new(hash), expires_at: at(200) }
}

on_both! {
    async fn a_token_is_good_once(store: Store) {
        let token = first(&store).await;
        let tokens = store.refresh_tokens();
        let one = Secret::new("one");
        let Rotation::Rotated(second) = tokens.rotate(&one, &next("two"), at(1)).await.unwrap() else { panic!() };
        assert_eq!((second.family_id, second.user_id), (token.family_id.clone(), token.user_id));
        let Rotation::Reused(old) = tokens.rotate(&one, &next("three"), at(2)).await.unwrap() else { panic!() };
        assert_eq!(old.used_at, Some(at(1)));
        assert!(tokens.load_by_hash(&Secret::new("three")).await.unwrap().is_none());

        assert_eq!(tokens.revoke_family(&token.family_id, at(3)).await.unwrap(), 2);
        let two = Secret::new("two");
        assert!(matches!(tokens.rotate(&two, &next("four"), at(4)).await.unwrap(), Rotation::Revoked(_)));
        assert!(matches!(tokens.rotate(&Secret::new("?"), &next("five"), at(4)).await.unwrap(), Rotation::Unknown));
    }

    async fn what_a_family_began_on_goes_with_it(store: Store) {
        let token = first(&store).await;
        let tokens = store.refresh_tokens();
        tokens.rotate(&Secret::new("one"), &next("two"), at(7)).await.unwrap();
        let open = |now| tokens.list_open(&token.user_id, now, 10);
        let [last] = &open(at(8)).await.unwrap()[..] else { panic!("one family is one sign-in") };
        assert_eq!((last.created_at, last.signed_in_at), (at(7), Some(at(0))));
        assert_eq!(last.device.as_deref(), Some("a browser"));
        assert!(open(at(200)).await.unwrap().is_empty(), "it has expired");
        let other = host(&store, "bob").await;
        assert!(tokens.list_open(&other.id, at(8), 10).await.unwrap().is_empty());
        assert_eq!(tokens.revoke_family_of(&other.id, &token.family_id, at(9)).await.unwrap(), 0);
        assert_eq!(tokens.revoke_family_of(&token.user_id, &token.family_id, at(9)).await.unwrap(), 2);
        assert!(open(at(10)).await.unwrap().is_empty(), "it is over");
    }

    async fn an_old_token_is_expired_and_then_forgotten(store: Store) {
        let token = first(&store).await;
        let tokens = store.refresh_tokens();
        let one = Secret::new("one");
        assert!(matches!(tokens.rotate(&one, &next("two"), at(100)).await.unwrap(), Rotation::Expired(_)));
        let day = Duration::from_secs(86_400);
        assert_eq!(tokens.delete_expired(at(101), day).await.unwrap(), 0);
        assert_eq!(tokens.delete_expired(at(86_501), day).await.unwrap(), 1);
        assert_eq!(tokens.revoke_user(&token.user_id, at(9)).await.unwrap(), 0);
    }

    async fn of_two_who_show_one_token_one_is_served(store: Store) {
        first(&store).await;
        let one = Secret::new("one");
        let (two, three) = (next("two"), next("three"));
        let (left, right) = tokio::join!(
            store.refresh_tokens().rotate(&one, &two, at(1)),
            store.refresh_tokens().rotate(&one, &three, at(1)),
        );
        let served = [left.unwrap(), right.unwrap()].map(|outcome| matches!(outcome, Rotation::Rotated(_)));
        assert!(served[0] != served[1]);
    }
}
