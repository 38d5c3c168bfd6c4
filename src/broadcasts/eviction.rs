//! What is on air and may not be any more.

use crate::live::{Closed, EndReason, HallHandle};

/// Ends every broadcast of `host` that is heard.
pub async fn take_off_air(hall: &HallHandle, host: &str) -> Result<(), Closed> {
    for held in hall.broadcasts().iter().filter(|held| held.card.host == host) {
        hall.end(&held.card.id, EndReason::ByAdmin).await?;
    }
    Ok(())
}
