//! How long each list takes with 200,000 broadcasts and 1,000,000 sessions, on both databases.
//!
//! `make bench-store` runs it. The addresses of a SQLite and a PostgreSQL database may follow its name; they are
//! seeded once and measured again and again. It fails where one of a hundred of any list takes longer than 50 ms at its 95th.

use std::error::Error;
use std::future::Future;
use std::io::Write as _;
use std::time::{Duration, Instant};

use store::{
    AuditFilter, BroadcastFilter, DatabaseUrl, RecordingFilter, RecordingStatus, Sample, Seen, Slice, Status,
    Store, StoreError, UserFilter,
};

#[path = "../../tests/postgres/mod.rs"]
mod postgres;

const SAMPLE: Sample = Sample { users: 20_000, broadcasts: 200_000, sessions: 1_000_000 };
const ROUNDS: usize = 200;
const ALLOWED: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let (sqlite, postgres) = if let [sqlite, postgres] = &asked[..] {
        (measure(&sqlite.parse()?).await?, measure(&postgres.parse()?).await?)
    } else {
        let folder = tempfile::tempdir()?;
        let sqlite = DatabaseUrl::sqlite(&folder.path().join("onair.db"));
        let server = postgres::Postgres::start_new();
        let postgres = server.database().parse()?;
        (measure(&sqlite).await?, measure(&postgres).await?)
    };

    let mut told = String::from(
        "| list | total | SQLite p50 | p95 | PostgreSQL p50 | p95 |\n| --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut slowest = Duration::ZERO;
    for (one, other) in sqlite.iter().zip(&postgres) {
        assert_eq!(one.list, other.list);
        let [p50, p95, q50, q95] =
            [one.p50, one.p95, other.p50, other.p95].map(|it| format!("{:.1} ms", it.as_secs_f64() * 1e3));
        told.extend([format!("| {} | {} | {p50} | {p95} | {q50} | {q95} |\n", one.list, one.total)]);
        slowest = slowest.max(one.p95).max(other.p95);
    }
    std::io::stdout().write_all(told.as_bytes())?;
    if slowest > ALLOWED {
        return Err(format!("the slowest p95 is {slowest:?}, allowed are {ALLOWED:?}").into());
    }
    Ok(())
}

/// What one list took.
struct Measured {
    list: &'static str,
    total: i64,
    p50: Duration,
    p95: Duration,
}

async fn measure(url: &DatabaseUrl) -> Result<Vec<Measured>, StoreError> {
    let store = Store::open(url)?;
    store.migrate_up().await?;
    let began = Instant::now();
    match store.seed(&SAMPLE).await {
        Ok(()) => eprintln!("{}: seeded in {:.0} s", store.database(), began.elapsed().as_secs_f64()),
        // It was measured before.
        Err(StoreError::Conflict { .. }) => {}
        Err(error) => return Err(error),
    }

    let page = Slice::first(20);
    let newest = store.broadcasts().list(&filter(), &page).await?;
    // The first account has more broadcasts than any other, and the first broadcast more sessions.
    let heavy = store.users().load_by_username("sample0").await?.map(|user| user.id).unwrap_or_default();
    let usual = newest.items[0].host.id.clone();
    let of_heavy = BroadcastFilter { host: Some(heavy.clone()), ..filter() };
    let oldest = oldest(&store, &of_heavy).await?;
    let deep = deep(&store, &BroadcastFilter { status: Some(Status::Ended), ..filter() }).await?;

    let mut lists = Vec::new();
    let broadcasts: Vec<(&'static str, BroadcastFilter, Slice)> = vec![
        ("all, newest first", filter(), page.clone()),
        ("on air", BroadcastFilter { status: Some(Status::Live), ..filter() }, page.clone()),
        ("planned", BroadcastFilter { status: Some(Status::Scheduled), ..filter() }, page.clone()),
        ("ended", BroadcastFilter { status: Some(Status::Ended), ..filter() }, page.clone()),
        ("ended, page 500", BroadcastFilter { status: Some(Status::Ended), ..filter() }, deep),
        ("seen by a host", BroadcastFilter { seen: Seen::By(heavy.clone()), ..filter() }, page.clone()),
        ("seen by an admin", BroadcastFilter { seen: Seen::ByAdmin, ..filter() }, page.clone()),
        ("of a host", BroadcastFilter { host: Some(usual), ..filter() }, page.clone()),
        ("of a host of 2,000", of_heavy, page.clone()),
        (
            "a host's own 2,000, ended",
            BroadcastFilter {
                host: Some(heavy.clone()),
                status: Some(Status::Ended),
                seen: Seen::By(heavy.clone()),
                ..filter()
            },
            page.clone(),
        ),
        ("a usual tag", tagged("music", None), page.clone()),
        ("a rare tag", tagged("local", None), page.clone()),
        ("a usual tag, on air", tagged("music", Some(Status::Live)), page.clone()),
        ("a usual word", searched("morning"), page.clone()),
        ("a rare word", searched("signal"), page.clone()),
        ("one letter", searched("m"), page.clone()),
        ("two usual words", searched("morning show"), page.clone()),
        ("a usual and a rare word", searched("morning signal"), page.clone()),
        ("two rare words", searched("memory signal"), page.clone()),
        ("a host's name", searched("anna adler"), page.clone()),
        ("no match", searched("zebra"), page.clone()),
        (
            "a word, on air",
            BroadcastFilter { status: Some(Status::Live), ..searched("morning") },
            page.clone(),
        ),
        ("a word, ended", BroadcastFilter { status: Some(Status::Ended), ..searched("night") }, page.clone()),
    ];
    for (list, filter, slice) in &broadcasts {
        let ask = async || Ok(store.broadcasts().list(filter, slice).await?.total);
        lists.push(time(list, ask).await?);
    }
    let ask = async || Ok(store.sessions().list(&oldest, &page).await?.total);
    lists.push(time("sessions of a broadcast of 100,000", ask).await?);
    let ask = async || Ok(store.sessions().list_of_user(&heavy, &page).await?.total);
    lists.push(time("sessions of a user", ask).await?);
    let public = RecordingFilter { status: Some(RecordingStatus::Ready), ..RecordingFilter::default() };
    let ask = async || Ok(store.recordings().list(&public, &page).await?.total);
    lists.push(time("public recordings", ask).await?);
    let ask = async || Ok(store.audit().list(&AuditFilter::default(), &page).await?.total);
    lists.push(time("audit log", ask).await?);
    let of_user = AuditFilter { actor: Some(heavy), ..AuditFilter::default() };
    let ask = async || Ok(store.audit().list(&of_user, &page).await?.total);
    lists.push(time("audit log of a user", ask).await?);
    let ask = async || Ok(store.users().list(&UserFilter::default(), &page).await?.total);
    lists.push(time("accounts", ask).await?);
    let q = UserFilter { q: Some("anna".to_owned()), ..UserFilter::default() };
    let ask = async || Ok(store.users().list(&q, &page).await?.total);
    lists.push(time("accounts by a word", ask).await?);
    store.close().await;
    Ok(lists)
}

fn filter() -> BroadcastFilter {
    BroadcastFilter::default()
}

fn tagged(tag: &str, status: Option<Status>) -> BroadcastFilter {
    BroadcastFilter { tag: Some(tag.to_owned()), status, ..filter() }
}

fn searched(q: &str) -> BroadcastFilter {
    BroadcastFilter { q: Some(q.to_owned()), ..filter() }
}

/// The last broadcast of a list.
async fn oldest(store: &Store, filter: &BroadcastFilter) -> Result<String, StoreError> {
    let mut slice = Slice::first(Slice::MOST);
    loop {
        let page = store.broadcasts().list(filter, &slice).await?;
        match slice.after(&page) {
            Some(next) => slice = next,
            None => return Ok(page.items.last().map(|item| item.broadcast.id.clone()).unwrap_or_default()),
        }
    }
}

/// The 500th page of 20.
async fn deep(store: &Store, filter: &BroadcastFilter) -> Result<Slice, StoreError> {
    let mut slice = Slice::first(Slice::MOST);
    for _ in 0..50 {
        let page = store.broadcasts().list(filter, &slice).await?;
        slice = slice.after(&page).unwrap_or(slice);
    }
    Ok(Slice { limit: 20, ..slice })
}

async fn time<F: Future<Output = Result<i64, StoreError>>>(
    list: &'static str,
    ask: impl Fn() -> F,
) -> Result<Measured, StoreError> {
    let total = ask().await?;
    let mut took = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        ask().await?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    Ok(Measured { list, total, p50: took[ROUNDS / 2], p95: took[ROUNDS * 95 / 100] })
}
