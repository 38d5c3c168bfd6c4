//! What a room was asked, and what it answered.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::{Columns, json};
use crate::sql::Sql;
use crate::time::Timestamp;

/// A poll.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Poll {
    /// Its name in its room.
    pub id: String,
    /// Where it was asked.
    pub broadcast_id: String,
    /// What.
    pub question: String,
    /// What could be answered, in order.
    pub answers: Vec<PollAnswer>,
    /// Since when.
    pub opened_at: Timestamp,
    /// The moment of the programme in which it was opened.
    pub program_time: Option<Timestamp>,
    /// Until when; none while it is open.
    pub closed_at: Option<Timestamp>,
}

/// One answer.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct PollAnswer {
    /// As it was offered.
    pub text: String,
    /// How many gave it.
    pub votes: u32,
}

/// Polls in the store.
#[derive(Clone, Copy, Debug)]
pub struct Polls<'a>(pub(crate) &'a Store);

impl Polls<'_> {
    /// Those of a broadcast, latest first.
    pub async fn list(self, broadcast_id: &str, slice: &Slice) -> Result<Page<Poll>, StoreError> {
        let mut of = Sql::new(" AND broadcast_id = ");
        of.text(broadcast_id);
        LISTING.newest(self.0, &of, slice).await
    }
}

/// How a poll stands; one that is there gets the new answers and the new end. None that is closed opens again.
pub(crate) fn put(poll: &Poll) -> Sql {
    let mut sql = Sql::new("INSERT INTO polls (");
    sql.push(COLUMNS).push(") VALUES (").text(&poll.id).push(", ").text(&poll.broadcast_id);
    sql.push(", ").text(&poll.question).push(", ").text(json(&poll.answers));
    sql.push(", ").time(poll.opened_at).push(", ").optional_time(poll.program_time);
    sql.push(", ").optional_time(poll.closed_at).push(") ON CONFLICT (id) DO UPDATE SET ");
    sql.push("answers = excluded.answers, closed_at = excluded.closed_at WHERE polls.closed_at IS NULL");
    sql
}

const COLUMNS: &str = "id, broadcast_id, question, answers, opened_at, program_time, closed_at";

const LISTING: Listing<Poll> = Listing {
    columns: COLUMNS,
    table: "polls",
    time: "opened_at",
    id: "id",
    read,
    position: |poll| Position::new(poll.opened_at.as_millis(), &poll.id),
};

fn read(row: &AnyRow) -> Result<Poll, StoreError> {
    Ok(Poll {
        id: row.text("id")?,
        broadcast_id: row.text("broadcast_id")?,
        question: row.text("question")?,
        answers: row.json("answers")?,
        opened_at: row.time("opened_at")?,
        program_time: row.optional_time("program_time")?,
        closed_at: row.optional_time("closed_at")?,
    })
}
