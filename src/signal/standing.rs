//! What somebody is in the rooms that they are in, when their account or their membership changes.

use room::{Role, Tie};
use store::{MemberRole, Store, StoreError, User};

use super::Rooms;

/// What `user` is in a broadcast of `host`, who made them a `member` or nothing.
pub fn role_in(user: &User, host: &str, member: Option<MemberRole>) -> Role {
    let tie = match member {
        _ if user.id == host => Tie::Owner,
        Some(MemberRole::Moderator) => Tie::Moderator,
        Some(MemberRole::Speaker) => Tie::Speaker,
        Some(MemberRole::Listener) | None => Tie::Stranger,
    };
    user.role.within(tie)
}

/// An account is another than it was: who is suspended is put out of every room of this station, and everybody else is
/// there what they are now.
pub async fn follow_account(rooms: &Rooms, store: &Store, user: &User) -> Result<(), StoreError> {
    for broadcast in rooms.rooms_of(&user.id).await {
        if user.suspended_at.is_some() {
            rooms.put_out(&broadcast, &user.id);
            continue;
        }
        let Some(hosted) = store.broadcasts().load(&broadcast).await? else { continue };
        let member = store.members().load(&broadcast, &user.id).await?.map(|member| member.role);
        rooms.set_role(&broadcast, &user.id, role_in(user, &hosted.broadcast.host_id, member));
    }
    Ok(())
}
