//! Who listened or spoke, when, by which transport.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::list::Listing;
use crate::page::{Page, Position, Slice};
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// Somebody's presence in a broadcast, from joining to leaving.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// A UUIDv7.
    pub id: String,
    /// The broadcast.
    pub broadcast_id: String,
    /// The user; nobody where it is a guest.
    pub user_id: Option<String>,
    /// As what: `listener`, `speaker`, `owner`, …
    pub role: String,
    /// By what: `hls`, `webrtc`, `rtmp`, …
    pub transport: String,
    /// From when.
    pub joined_at: Timestamp,
    /// Until when; still there where it is not known.
    pub left_at: Option<Timestamp>,
}

/// The sessions of one broadcast, taken together.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stays {
    /// How many there were.
    pub sessions: i64,
    /// How long they lasted on average that are over, in milliseconds; none where none is.
    pub average_ms: Option<i64>,
}

/// Sessions in the store.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'a>(pub(crate) &'a Store);

impl Sessions<'_> {
    /// The session with this id.
    pub async fn load(self, id: &str) -> Result<Option<Session>, StoreError> {
        let mut sql = LISTING.select();
        sql.push(" AND id = ").text(id);
        self.0.read_one(&sql, read).await
    }

    /// Those of a broadcast, latest joined first.
    pub async fn list(self, broadcast_id: &str, slice: &Slice) -> Result<Page<Session>, StoreError> {
        let mut of = Sql::new(" AND broadcast_id = ");
        of.text(broadcast_id);
        LISTING.newest(self.0, &of, slice).await
    }

    /// How many there were in a broadcast and how long they lasted that are over.
    pub async fn summary(self, broadcast_id: &str) -> Result<Stays, StoreError> {
        let mut sql = Sql::new(
            "SELECT COUNT(*) AS sessions, CAST(AVG(left_at - joined_at) AS BIGINT) AS average_ms \
             FROM sessions WHERE broadcast_id = ",
        );
        sql.text(broadcast_id);
        let read = |row: &AnyRow| {
            Ok(Stays { sessions: row.number("sessions")?, average_ms: row.optional_number("average_ms")? })
        };
        Ok(self.0.read_one(&sql, read).await?.unwrap_or_default())
    }

    /// Those of a user, latest joined first.
    pub async fn list_of_user(self, user_id: &str, slice: &Slice) -> Result<Page<Session>, StoreError> {
        let mut of = Sql::new(" AND user_id = ");
        of.text(user_id);
        LISTING.newest(self.0, &of, slice).await
    }
}

/// Begins an insert of rows.
pub(crate) fn insertion() -> Sql {
    let mut sql = Sql::new("INSERT INTO sessions (");
    sql.push(COLUMNS).push(") VALUES ");
    sql
}

/// The values of [`COLUMNS`], in their order.
pub(crate) fn push_values(sql: &mut Sql, session: &Session) {
    sql.push("(").text(&session.id).push(", ").text(&session.broadcast_id);
    sql.push(", ").optional_text(session.user_id.as_deref()).push(", ").text(&session.role);
    sql.push(", ").text(&session.transport).push(", ").time(session.joined_at);
    sql.push(", ").optional_time(session.left_at).push(")");
}

/// Keeps a session; one that is there already stays as it is. A user who is gone is forgotten with it, and so is the
/// session of a broadcast that is gone.
pub(crate) async fn join(connection: &mut AnyConnection, session: &Session) -> Result<(), StoreError> {
    let mut sql = Sql::new("INSERT INTO sessions (");
    sql.push(COLUMNS).push(") SELECT CAST(").text(&session.id).push(" AS TEXT), b.id, u.id, CAST(");
    sql.text(&session.role).push(" AS TEXT), CAST(").text(&session.transport).push(" AS TEXT), CAST(");
    sql.time(session.joined_at).push(" AS BIGINT), CAST(").optional_time(session.left_at);
    sql.push(" AS BIGINT) FROM broadcasts b LEFT JOIN users u ON u.id = ");
    sql.optional_text(session.user_id.as_deref()).push(" WHERE b.id = ").text(&session.broadcast_id);
    sql.push(" ON CONFLICT (id) DO NOTHING");
    sql.execute(connection).await?;
    Ok(())
}

/// Notes that all sessions of a broadcast that are not over are.
pub(crate) async fn leave_all(
    connection: &mut AnyConnection,
    broadcast_id: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut sql = Sql::new("UPDATE sessions SET left_at = ");
    sql.time(at).push(" WHERE left_at IS NULL AND broadcast_id = ").text(broadcast_id);
    sql.execute(connection).await?;
    Ok(())
}

/// Notes that a session is over; one that is over already stays as it is.
pub(crate) async fn leave(connection: &mut AnyConnection, id: &str, at: Timestamp) -> Result<(), StoreError> {
    let mut sql = Sql::new("UPDATE sessions SET left_at = ");
    sql.time(at).push(" WHERE left_at IS NULL AND id = ").text(id);
    sql.execute(connection).await?;
    Ok(())
}

const COLUMNS: &str = "id, broadcast_id, user_id, role, transport, joined_at, left_at";

const LISTING: Listing<Session> = Listing {
    columns: COLUMNS,
    table: "sessions",
    time: "joined_at",
    id: "id",
    read,
    position: |session| Position::new(session.joined_at.as_millis(), &session.id),
};

fn read(row: &AnyRow) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.text("id")?,
        broadcast_id: row.text("broadcast_id")?,
        user_id: row.optional_text("user_id")?,
        role: row.text("role")?,
        transport: row.text("transport")?,
        joined_at: row.time("joined_at")?,
        left_at: row.optional_time("left_at")?,
    })
}
