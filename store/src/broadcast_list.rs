//! Lists of broadcasts: filters, search, pages.
//!
//! A list without words walks an index in the list's order. With words there are two ways: to walk the same index
//! and look each row's words up, or to gather the rows that have the rarest word and sort them. The first is fast
//! where matches are dense, the second where they are few; counting up to [`SEARCH_COUNTED`] tells which it is.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::broadcast::{Broadcast, COLUMNS, Status, Visibility};
use crate::error::StoreError;
use crate::handle::Store;
use crate::page::{Page, Position, Slice};
use crate::row::Columns;
use crate::search::Sought;
use crate::sql::Sql;
use crate::totals;
use crate::users::HostCard;

/// Which broadcasts are listed.
#[derive(Clone, Debug, Default)]
pub struct BroadcastFilter {
    /// Of this status.
    pub status: Option<Status>,
    /// Of the host with this id.
    pub host: Option<String>,
    /// With this tag, letter case aside.
    pub tag: Option<String>,
    /// With words, in title, tags or host's name, that begin with each of these.
    pub q: Option<String>,
    /// Seen by whom.
    pub seen: Seen,
}

/// Who looks at a list.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Seen {
    /// Anybody: what is public.
    #[default]
    ByAnyone,
    /// The user with this id: what is public, and what is theirs.
    By(String),
    /// Somebody who may see everything.
    ByAdmin,
}

/// A broadcast and whose it is.
#[derive(Clone, Debug)]
pub struct Hosted {
    /// The broadcast.
    pub broadcast: Broadcast,
    /// Its host.
    pub host: HostCard,
}

impl Hosted {
    pub(crate) fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let broadcast = Broadcast::read(row)?;
        let host = HostCard {
            id: broadcast.host_id.clone(),
            username: row.text("host_username")?,
            display_name: row.text("host_display_name")?,
            avatar_url: row.optional_text("host_avatar_url")?,
        };
        Ok(Self { broadcast, host })
    }
}

/// The most matches of a tag or a search that are counted. Where a list has more, its `total` is at least as many as
/// it says and no more than there are.
pub const SEARCH_COUNTED: i64 = 5000;

/// Broadcasts with their hosts; the caller goes on with ` AND …`.
pub(crate) fn select() -> Sql {
    let mut sql = Sql::new("SELECT ");
    // CROSS JOIN keeps SQLite's planner from beginning with the users.
    sql.push(COLUMNS).push(HOST).push(" FROM broadcasts b CROSS JOIN users u WHERE u.id = b.host_id");
    sql
}

const HOST: &str = ", u.username AS host_username, u.display_name AS host_display_name, \
    u.avatar_url AS host_avatar_url";

pub(crate) async fn list(
    store: &Store,
    filter: &BroadcastFilter,
    slice: &Slice,
) -> Result<Page<Hosted>, StoreError> {
    let position = slice.position()?;
    let Some(sought) = sought(filter) else { return Ok(Page::empty()) };
    store
        .bounded(async {
            let mut connection = store.pool().acquire().await?;
            let found = find(&mut connection, filter, &sought).await?;
            if found.total == 0 && found.exact {
                return Ok(Page::empty());
            }
            let rows = fetch(&found.legs, filter.status.is_some(), position.as_ref(), slice);
            let items = rows.all(&mut connection, Hosted::read).await?;
            let place = if filter.status.is_some() { by_rank } else { by_age };
            let total = found.total.max(items.len() as i64);
            Ok(Page::cut(items, slice, total, place))
        })
        .await
}

/// The terms that rows must have; `None` where the question has no word in it and nothing can match.
fn sought(filter: &BroadcastFilter) -> Option<Vec<Sought>> {
    let mut sought: Vec<_> = filter.tag.iter().map(|tag| Sought::tag(tag)).collect();
    if let Some(q) = &filter.q {
        let words = Sought::words(q);
        if words.is_empty() {
            return None;
        }
        sought.extend(words);
    }
    Some(sought)
}

/// What a list is made of.
struct Found {
    /// Conditions; no row fulfils two of them.
    legs: Vec<Leg>,
    total: i64,
    exact: bool,
}

/// Rows that fulfil a condition and have all of some terms.
struct Leg {
    condition: Sql,
    /// Looked up for each row.
    terms: Vec<Sought>,
    /// Whose rows are gathered; without it the list's index is walked.
    among: Option<(Sought, Gathered)>,
}

/// Which rows of a term are gathered.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Gathered {
    /// Every one.
    All,
    /// The first [`SEARCH_COUNTED`]: there are more of every term.
    First,
}

impl Leg {
    fn new(condition: Sql, sought: &[Sought], among: Option<(&Sought, Gathered)>) -> Self {
        // What is gathered has that term.
        let is_open = |term: &&Sought| among.is_none_or(|(known, _)| known != *term);
        let terms = sought.iter().filter(is_open).cloned().collect();
        Self { condition, terms, among: among.map(|(term, gathered)| (term.clone(), gathered)) }
    }
}

async fn find(
    connection: &mut AnyConnection,
    filter: &BroadcastFilter,
    sought: &[Sought],
) -> Result<Found, StoreError> {
    let mut rarest: Option<(i64, &Sought)> = None;
    for term in sought {
        let count = occurrences(connection, term).await?;
        if rarest.is_none_or(|(least, _)| count < least) {
            rarest = Some((count, term));
        }
    }
    let legs = conditions(filter);
    let Some((occurrences, rarest)) = rarest else {
        let total = total(connection, filter, &legs).await?;
        let legs = legs.into_iter().map(|condition| Leg::new(condition, &[], None)).collect();
        return Ok(Found { legs, total, exact: true });
    };

    // A host's own list is short enough to walk; of the others the totals tell.
    let walked = match filter.host {
        Some(_) => 0,
        None => totals::total(connection, visibility(filter), filter.status).await?,
    };
    let gathered = walked > SEARCH_COUNTED && occurrences <= SEARCH_COUNTED;
    let exact = walked <= SEARCH_COUNTED || gathered;
    let among = gathered.then_some((rarest, Gathered::All));
    let counted = if exact { among } else { Some((rarest, Gathered::First)) };
    let mut total = 0;
    for condition in &legs {
        total += count(&Leg::new(condition.clone(), sought, counted)).count(connection).await?;
    }
    let legs = legs.into_iter().map(|condition| Leg::new(condition, sought, among)).collect();
    Ok(Found { legs, total, exact })
}

/// How many rows have a term, counted a little beyond [`SEARCH_COUNTED`].
async fn occurrences(connection: &mut AnyConnection, term: &Sought) -> Result<i64, StoreError> {
    let mut sql = Sql::new("SELECT COUNT(*) FROM (SELECT 1 AS one FROM broadcast_terms WHERE");
    term.push_range(&mut sql);
    sql.push(" LIMIT ").number(SEARCH_COUNTED + 1).push(") counted");
    sql.count(connection).await
}

/// The visibility that all listed broadcasts have in common; a user's own few do not matter here.
fn visibility(filter: &BroadcastFilter) -> Option<Visibility> {
    match filter.seen {
        Seen::ByAdmin => None,
        Seen::ByAnyone | Seen::By(_) => Some(Visibility::Public),
    }
}

/// The filter without its words, as conditions that follow `WHERE …`; no row fulfils two of them.
fn conditions(filter: &BroadcastFilter) -> Vec<Sql> {
    let mut common = Sql::default();
    if let Some(status) = filter.status {
        common.push(" AND b.status = ").text(status.name());
    }
    if let Some(host) = &filter.host {
        common.push(" AND b.host_id = ").text(host);
    }
    let mut public = Sql::default();
    public.push(" AND b.visibility = ").text(Visibility::Public.name()).append(&common);
    match &filter.seen {
        Seen::ByAdmin => vec![common],
        Seen::ByAnyone => vec![public],
        Seen::By(user) if filter.host.as_ref() == Some(user) => vec![common],
        Seen::By(_) if filter.host.is_some() => vec![public],
        Seen::By(user) => {
            let mut own = Sql::default();
            own.push(" AND b.visibility <> ").text(Visibility::Public.name());
            own.push(" AND b.host_id = ").text(user).append(&common);
            vec![public, own]
        }
    }
}

/// How many rows a list without words has.
async fn total(
    connection: &mut AnyConnection,
    filter: &BroadcastFilter,
    legs: &[Sql],
) -> Result<i64, StoreError> {
    let mut total = 0;
    for (index, leg) in legs.iter().enumerate() {
        total += if index == 0 && filter.host.is_none() {
            totals::total(connection, visibility(filter), filter.status).await?
        } else {
            count(&Leg::new(leg.clone(), &[], None)).count(connection).await?
        };
    }
    Ok(total)
}

fn count(leg: &Leg) -> Sql {
    let mut sql = Sql::new("SELECT COUNT(*) FROM ");
    push_source(&mut sql, leg);
    sql
}

/// `broadcasts b WHERE …`, of all rows or of those that are gathered.
fn push_source(sql: &mut Sql, leg: &Leg) {
    let first = matches!(leg.among, Some((_, Gathered::First)));
    match &leg.among {
        None => {
            sql.push("broadcasts b WHERE 1 = 1");
        }
        Some((term, _)) => {
            sql.push("(SELECT DISTINCT subject_id FROM (SELECT subject_id FROM broadcast_terms WHERE");
            term.push_range(sql);
            if first {
                sql.push(" LIMIT ").number(SEARCH_COUNTED);
            }
            sql.push(") occurring WHERE 1 = 1");
            for term in leg.terms.iter().filter(|_| first) {
                // The limit changes nothing but PostgreSQL's way: without it all rows of a usual term may be read, to
                // join them.
                has_term(sql, "occurring.subject_id", term).push(" LIMIT 1 OFFSET 0)");
            }
            sql.push(") t CROSS JOIN broadcasts b WHERE b.id = t.subject_id");
        }
    }
    for term in leg.terms.iter().filter(|_| !first) {
        has_term(sql, "b.id", term).push(")");
    }
    sql.append(&leg.condition);
}

/// ` AND EXISTS (…` without the bracket that closes it.
fn has_term<'a>(sql: &'a mut Sql, id: &'static str, term: &Sought) -> &'a mut Sql {
    sql.push(" AND EXISTS (SELECT 1 FROM broadcast_terms o WHERE o.subject_id = ").push(id).push(" AND");
    term.push_range(sql);
    sql
}

/// The rows of a page. Each leg is cut to a page by itself, so that each walks an index in its order.
fn fetch(legs: &[Leg], ranked: bool, position: Option<&Position>, slice: &Slice) -> Sql {
    let (order, after) = if ranked {
        (" ORDER BY b.list_rank, b.id LIMIT ", " AND (b.list_rank, b.id) > (")
    } else {
        (" ORDER BY b.created_at DESC, b.id DESC LIMIT ", " AND (b.created_at, b.id) < (")
    };
    let mut ids = Sql::default();
    for (index, leg) in legs.iter().enumerate() {
        ids.push(if index == 0 { "" } else { " UNION ALL " });
        ids.push("SELECT id FROM (SELECT b.id AS id FROM ");
        push_source(&mut ids, leg);
        if let Some(position) = position {
            ids.push(after).number(position.rank).push(", ").text(&position.id).push(")");
        }
        ids.push(order).number(slice.fetched()).push(LEGS[index.min(LEGS.len() - 1)]);
    }
    let mut sql = select();
    sql.push(" AND b.id IN (").append(&ids).push(")").push(order).number(slice.fetched());
    sql
}

/// Closes a leg; PostgreSQL wants a name for each.
const LEGS: [&str; 2] = [") first", ") second"];

fn by_rank(item: &Hosted) -> Position {
    Position::new(item.broadcast.list_rank(), &item.broadcast.id)
}

fn by_age(item: &Hosted) -> Position {
    Position::new(item.broadcast.created_at.as_millis(), &item.broadcast.id)
}
