//! What is planned, for calendars.

use crate::broadcast::{Status, Visibility};
use crate::broadcast_list::{self, Hosted};
use crate::broadcasts::Broadcasts;
use crate::error::StoreError;
use crate::time::Timestamp;

/// Whose plans.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Planners {
    /// Everybody's.
    All,
    /// Those of the host with this id.
    Host(String),
    /// Those of the hosts whom the user with this id follows.
    FollowedBy(String),
}

impl Broadcasts<'_> {
    /// Public broadcasts that were or are to begin at `since` or later, the first first; at most `limit`. Of one host, or
    /// of followed ones, also what was cancelled, so that calendars learn of it; of everybody what is still to come.
    /// Nothing of a host who is suspended.
    pub async fn planned(
        self,
        planners: &Planners,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Hosted>, StoreError> {
        let mut sql = broadcast_list::select();
        sql.push(" AND u.suspended_at IS NULL AND b.visibility = ").text(Visibility::Public.name());
        sql.push(" AND b.scheduled_start >= ").time(since);
        match planners {
            // Among those of this status the rank of what has a date is that date.
            Planners::All => {
                sql.push(" AND b.list_rank >= ").time(since);
                sql.push(" AND b.status = ").text(Status::Scheduled.name());
                sql.push(" ORDER BY b.list_rank, b.id LIMIT ")
            }
            Planners::Host(host) => {
                sql.push(" AND b.host_id = ").text(host);
                sql.push(" ORDER BY b.scheduled_start, b.id LIMIT ")
            }
            Planners::FollowedBy(follower) => {
                sql.push(" AND b.host_id IN (SELECT f.followed_id FROM follows f WHERE f.follower_id = ");
                sql.text(follower).push(") ORDER BY b.scheduled_start, b.id LIMIT ")
            }
        };
        sql.number(limit.into());
        self.0.read_all(&sql, Hosted::read).await
    }
}
