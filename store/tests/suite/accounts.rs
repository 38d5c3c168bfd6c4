//! Accounts, API keys, invitations and the audit log.

use room::Role;
use serde_json::json;
use store::{
    Actor, ApiKey, AuditEntry, AuditFilter, Invitation, Kept, Secret, Slice, StoreError, Subject, User,
    UserFilter, id,
};

use crate::made::{at, host, user};
use crate::on_both;

on_both! {
    async fn an_account_is_found_by_its_address_and_its_name(store: Store) {
        let ada = host(&store, "ada").await;
        for found in [
            store.users().load(&ada.id).await,
            store.users().load_by_email("ada@example.org").await,
            store.users().load_by_username("ada").await,
        ] {
            let found = found.unwrap().unwrap();
            assert_eq!((found.id, found.role, found.created_at), (ada.id.clone(), Role::Host, at(0)));
            assert_eq!(found.password_hash.unwrap().expose(), "$argon2id$…");
        }
        assert!(store.users().load_by_username("eve").await.unwrap().is_none());
    }

    async fn an_address_and_a_name_belong_to_one_account(store: Store) {
        host(&store, "ada").await;
        let mut second = user("eve");
        "ada@example.org".clone_into(&mut second.email);
        let taken = store.users().insert(&second).await.unwrap_err();
        assert!(matches!(&taken, StoreError::Conflict { field } if field == "email"), "{taken:?}");
        second = user("ada");
        "other@example.org".clone_into(&mut second.email);
        let taken = store.users().insert(&second).await.unwrap_err();
        assert!(matches!(&taken, StoreError::Conflict { field } if field == "username"), "{taken:?}");
    }

    async fn a_nul_is_kept_nowhere_and_found_nowhere(store: Store) {
        let mut eve = user("eve");
        "E\0ve".clone_into(&mut eve.display_name);
        assert!(matches!(store.users().insert(&eve).await, Err(StoreError::Nul)));
        assert!(matches!(store.users().load_by_username("e\0ve").await, Err(StoreError::Nul)));
    }

    async fn an_account_is_changed_and_found_by_its_new_words(store: Store) {
        let ada = host(&store, "ada").await;
        let changed = store.users().update(&ada.id, |user| {
            "Countess Lovelace".clone_into(&mut user.display_name);
            user.suspended_at = Some(at(5));
            user.role = Role::Listener;
        });
        assert_eq!(changed.await.unwrap().unwrap().role, Role::Listener);
        assert!(store.users().update("nobody", |_| ()).await.unwrap().is_none());

        let found = async |q: &str| {
            let filter = UserFilter { q: Some(q.to_owned()), ..UserFilter::default() };
            store.users().list(&filter, &Slice::first(10)).await.unwrap().total
        };
        assert_eq!(found("love").await, 1);
        assert_eq!(found("ADA count").await, 1);
        assert_eq!(found("ada eve").await, 0);
        assert_eq!(found(" ?! ").await, 0);
        assert_eq!(store.users().suspended(10).await.unwrap(), [ada.id]);
        assert_eq!(store.users().count(Role::Host).await.unwrap(), 0);
    }

    async fn of_two_admins_who_go_at_once_one_stays(store: Store) {
        let [ada, bob] = ["ada", "bob"].map(|name| User { role: Role::Admin, ..user(name) });
        for admin in [&ada, &bob] {
            store.users().insert(admin).await.unwrap();
        }
        let users = store.users();
        let go = |user: &mut User| user.role = Role::Host;
        let (one, other) = tokio::join!(
            users.update_keeping_an_admin(&ada.id, go),
            users.update_keeping_an_admin(&bob.id, go),
        );
        let outcomes = [one.unwrap(), other.unwrap()];
        let changed = outcomes.iter().filter(|kept| matches!(kept, Kept::Changed(_))).count();
        let refused = outcomes.iter().filter(|kept| matches!(kept, Kept::LastAdmin)).count();
        assert_eq!((changed, refused), (1, 1), "{outcomes:?}");
        assert_eq!(users.count(Role::Admin).await.unwrap(), 1);
        assert!(matches!(users.update_keeping_an_admin("nobody", go).await.unwrap(), Kept::Missing));
    }

    async fn accounts_are_listed_newest_first_page_by_page(store: Store) {
        for second in 0..5 {
            let mut made = user(&format!("user{second}"));
            made.created_at = at(second);
            made.role = if second == 3 { Role::Admin } else { Role::Host };
            store.users().insert(&made).await.unwrap();
        }
        let hosts = UserFilter { role: Some(Role::Host), suspended: Some(false), ..UserFilter::default() };
        let mut slice = Slice::first(3);
        let first = store.users().list(&hosts, &slice).await.unwrap();
        assert_eq!(first.total, 4);
        slice = slice.after(&first).unwrap();
        let second = store.users().list(&hosts, &slice).await.unwrap();
        let names: Vec<_> = first.items.iter().chain(&second.items).map(|user| &*user.username).collect();
        assert_eq!(names, ["user4", "user2", "user1", "user0"]);
        assert_eq!(slice.after(&second), None);
        slice.cursor = Some("nonsense".to_owned());
        assert!(matches!(store.users().list(&hosts, &slice).await, Err(StoreError::BadCursor)));
    }

    async fn a_key_is_revoked_once(store: Store) {
        let admin = host(&store, "ada").await;
        let key = ApiKey {
            id: "ak_1".to_owned(),
            secret_hash: Secret::new("hash"),
            name: "CI".to_owned(),
            role: Role::Admin,
            created_by: Some(admin.id),
            created_at: at(0),
            last_used_at: None,
            revoked_at: None,
        };
        store.api_keys().insert(&key).await.unwrap();
        assert!(matches!(store.api_keys().insert(&key).await, Err(StoreError::Conflict { field }) if field == "id"));
        store.api_keys().touch("ak_1", at(1)).await.unwrap();
        assert!(store.api_keys().revoke("ak_1", at(2)).await.unwrap());
        assert!(!store.api_keys().revoke("ak_1", at(3)).await.unwrap());
        let loaded = store.api_keys().load("ak_1").await.unwrap().unwrap();
        assert_eq!((loaded.last_used_at, loaded.revoked_at), (Some(at(1)), Some(at(2))));
        assert_eq!(store.api_keys().list(&Slice::first(10)).await.unwrap().total, 1);
    }

    async fn an_invitation_makes_one_account(store: Store) {
        let invitation = Invitation {
            id: id(),
            code_hash: Secret::new("code"),
            email: None,
            role: Role::Listener,
            created_by: None,
            created_at: at(0),
            expires_at: at(100),
            used_at: None,
            used_by: None,
            revoked_at: None,
        };
        store.invitations().insert(&invitation).await.unwrap();
        let found = store.invitations().load_by_hash(&Secret::new("code")).await.unwrap().unwrap();
        assert!(found.is_open(at(99)) && !found.is_open(at(100)));

        let invitations = store.invitations();
        assert!(!invitations.accept(&found.id, &user("late"), at(100)).await.unwrap());
        assert!(invitations.accept(&found.id, &user("ada"), at(1)).await.unwrap());
        assert!(!invitations.accept(&found.id, &user("eve"), at(2)).await.unwrap());
        for (name, exists) in [("ada", true), ("eve", false), ("late", false)] {
            assert_eq!(store.users().load_by_username(name).await.unwrap().is_some(), exists, "{name}");
        }
        assert!(!invitations.revoke(&found.id, at(3)).await.unwrap(), "it was used");
    }

    async fn the_audit_log_tells_who_did_what(store: Store) {
        let entry = |second, actor, action: &str| AuditEntry {
            id: id(),
            at: at(second),
            actor,
            action: action.to_owned(),
            subject: Some(Subject { kind: "broadcast".to_owned(), id: "b1".to_owned() }),
            address: Some("192.0.2.1".to_owned()),
            detail: json!({ "why": "test" }),
        };
        let ada = || Actor::User("ada".to_owned());
        let entries = [
            entry(1, ada(), "broadcast.started"),
            entry(2, Actor::System, "broadcast.ended"),
            entry(3, ada(), "broadcast.ended"),
        ];
        for entry in &entries {
            store.audit().insert(entry).await.unwrap();
        }
        let mut again = entries[0].clone();
        "changed".clone_into(&mut again.action);
        store.audit().insert(&again).await.unwrap();

        let list = async |filter: AuditFilter| {
            store.audit().list(&filter, &Slice::first(10)).await.unwrap().items
        };
        let [first, second, third] = entries;
        assert_eq!(list(AuditFilter::default()).await, [third.clone(), second.clone(), first.clone()]);
        let of_ada = AuditFilter { actor: Some("ada".to_owned()), ..AuditFilter::default() };
        assert_eq!(list(of_ada).await, [third.clone(), first]);
        let ended = AuditFilter {
            action: Some("broadcast.ended".to_owned()),
            subject: Some("b1".to_owned()),
            since: Some(at(2)),
            until: Some(at(3)),
            ..AuditFilter::default()
        };
        assert_eq!(list(ended).await, [second]);
    }
}
