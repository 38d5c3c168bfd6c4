//! An account as others see it.

use serde::Serialize;
use store::{HostCard, Store, StoreError};
use utoipa::ToSchema;

/// An account as others see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Person {
    id: String,
    username: String,
    display_name: String,
    #[schema(required)]
    avatar_url: Option<String>,
}

impl Person {
    /// The account with this id; one that was deleted a moment ago is nothing but its id.
    pub(super) async fn load(store: &Store, id: String) -> Result<Self, StoreError> {
        let card = store.users().load(&id).await?.as_ref().map(HostCard::from);
        let (username, display_name, avatar_url) = match card {
            Some(card) => (card.username, card.display_name, card.avatar_url),
            None => (String::new(), String::new(), None),
        };
        Ok(Self { id, username, display_name, avatar_url })
    }
}
