//! What every station on a database has to know of who is let in.

use std::collections::BTreeSet;

use room::Role;
use store::{AccessSubject, ApiKey, RefreshToken, Secret, Store, Timestamp, id};

use crate::made::{at, host};
use crate::on_both;

async fn changes(store: &Store) -> Vec<(AccessSubject, String)> {
    let changes = store.access_changes().after(0, 100).await.unwrap();
    assert!(changes.iter().map(|change| change.number).eq(1..=changes.len() as i64), "{changes:?}");
    changes.into_iter().map(|change| (change.subject, change.id)).collect()
}

on_both! {
    async fn what_changes_who_is_let_in_is_noted_and_nothing_else(store: Store) {
        let ada = host(&store, "ada").await;
        let users = store.users();
        users.update(&ada.id, |user| user.display_name = "Ada".into()).await.unwrap();
        users.update(&ada.id, |user| user.last_sign_in_at = Some(Timestamp::now())).await.unwrap();
        assert!(changes(&store).await.is_empty());

        let user = || (AccessSubject::User, ada.id.clone());
        users.update(&ada.id, |user| user.role = Role::Admin).await.unwrap();
        users.update(&ada.id, |user| user.password_hash = Some(Secret::new("new"))).await.unwrap();
        users.update_keeping_an_admin(&ada.id, |user| user.role = Role::Host).await.unwrap();
        assert_eq!(changes(&store).await, [user(), user()], "the last admin stayed one");
        users.update(&ada.id, |user| user.suspended_at = Some(at(1))).await.unwrap();
        assert_eq!(changes(&store).await.len(), 3);

        let token = RefreshToken {
            id: id(),
            family_id: "family".into(),
            user_id: ada.id.clone(),
            token_hash: Secret::new("one"),
            created_at: at(0),
            expires_at: at(100),
            used_at: None,
            revoked_at: None,
            signed_in_at: Some(at(0)),
            device: Some("a browser".into()),
        };
        store.refresh_tokens().insert(&token).await.unwrap();
        store.refresh_tokens().revoke_family("family", at(2)).await.unwrap();
        store.refresh_tokens().revoke_family("family", at(3)).await.unwrap();
        store.refresh_tokens().revoke_user(&ada.id, at(3)).await.unwrap();
        let key = ApiKey {
            id: "key".into(),
            secret_hash: Secret::new("hash"),
            name: "robot".into(),
            role: Role::Host,
            created_by: Some(ada.id.clone()),
            created_at: at(4),
            last_used_at: None,
            revoked_at: None,
        };
        store.api_keys().insert(&key).await.unwrap();
        store.api_keys().touch("key", at(5)).await.unwrap();
        assert!(store.api_keys().revoke("key", at(6)).await.unwrap());
        assert!(!store.api_keys().revoke("key", at(7)).await.unwrap());
        let key = || (AccessSubject::ApiKey, "key".to_owned());
        let session = (AccessSubject::Session, "family".to_owned());
        assert_eq!(changes(&store).await[3..], [session, key(), key()], "each once");
    }

    async fn changes_are_read_on_from_a_number_and_forgotten_by_age(store: Store) {
        for (number, second) in [(1, 10), (2, 20), (3, 30)] {
            let key = ApiKey {
                id: format!("key{number}"),
                secret_hash: Secret::new(format!("hash{number}")),
                name: "robot".into(),
                role: Role::Host,
                created_by: None,
                created_at: at(second),
                last_used_at: None,
                revoked_at: None,
            };
            store.api_keys().insert(&key).await.unwrap();
        }
        let changes = store.access_changes();
        let ids = async |after, limit| -> Vec<String> {
            changes.after(after, limit).await.unwrap().into_iter().map(|change| change.id).collect()
        };
        assert_eq!(ids(1, 10).await, ["key2", "key3"]);
        assert_eq!(ids(0, 2).await, ["key1", "key2"]);
        let last = async |second| changes.last_before(at(second)).await.unwrap();
        assert_eq!((last(10).await, last(11).await, last(99).await), (0, 1, 3));
        assert_eq!(changes.delete_before(at(30)).await.unwrap(), 2);
        assert_eq!((ids(0, 10).await, last(20).await), (vec!["key3".to_owned()], 0));
    }

    async fn who_reads_while_others_write_misses_nothing(store: Store) {
        let mut writers = Vec::new();
        for name in ["ada", "bob", "cai", "dan"] {
            let (store, user) = (store.clone(), host(&store, name).await);
            writers.push(tokio::spawn(async move {
                for role in [Role::Listener, Role::Host, Role::Listener] {
                    store.users().update(&user.id, |user| user.role = role).await.unwrap();
                }
            }));
        }
        let (mut seen, mut numbers) = (0, BTreeSet::new());
        while numbers.len() < 12 {
            for change in store.access_changes().after(seen, 100).await.unwrap() {
                assert_eq!(change.number, seen + 1);
                seen = change.number;
                numbers.insert(change.number);
            }
        }
        for writer in writers {
            writer.await.unwrap();
        }
    }
}
