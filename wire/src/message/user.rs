//! Somebody, as others see them.

use room::Person;
use serde::Serialize;
use utoipa::ToSchema;

/// Somebody in a room, as others see them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RoomUser)]
pub struct User {
    /// Their account, or a name that was made up for a guest.
    pub id: String,
    /// What they are called here.
    pub name: String,
    /// `host`, `moderator`, `speaker`, `listener`, `guest` or `admin`.
    #[schema(example = "listener")]
    pub role: &'static str,
}

impl From<&Person> for User {
    fn from(person: &Person) -> Self {
        Self { id: person.id.to_string(), name: person.name.to_string(), role: person.role.room_name() }
    }
}
