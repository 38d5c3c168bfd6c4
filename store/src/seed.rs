//! Sample data: many accounts, broadcasts and sessions, the same every time.

use std::collections::HashMap;
use std::mem;
use std::ops::Range;
use std::time::Duration;

use room::Role;
use serde_json::json;
use sqlx::Connection;
use uuid::Builder;

use crate::audit::{self, Actor, AuditEntry, Subject};
use crate::broadcast::{Broadcast, Status, Visibility};
use crate::broadcasts;
use crate::error::StoreError;
use crate::handle::Store;
use crate::recording::{Recording, RecordingFacts};
use crate::recordings;
use crate::search::{self, Source};
use crate::secret::Secret;
use crate::sessions::{self, Session};
use crate::sql::Sql;
use crate::time::Timestamp;
use crate::totals;
use crate::users::{self, User};

/// How much to make. Half of the broadcasts that ended have a recording, and for every ten sessions there is an entry
/// in the audit log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sample {
    /// Accounts; nobody can sign in by them. At least 1.
    pub users: u32,
    /// Broadcasts; the first account has one in a hundred of them, the others share the rest.
    pub broadcasts: u32,
    /// Sessions; one in ten is in the first broadcast. None where there is no broadcast.
    pub sessions: u32,
}

impl Store {
    /// Fills the database with sample data. `Conflict` where it has some already.
    pub async fn seed(&self, sample: &Sample) -> Result<(), StoreError> {
        let mut chance = Chance(0x0A1A);
        let users: Vec<User> = (0..sample.users.max(1)).map(|n| user(n, &mut chance)).collect();
        for chunk in users.chunks(ROWS) {
            self.seed_users(chunk).await?;
        }
        let hosts: HashMap<_, _> =
            users.iter().map(|user| (&*user.id, search::words(&users::host_words(user)))).collect();
        let mut held = Vec::new();
        for numbers in chunks(sample.broadcasts) {
            let broadcasts: Vec<_> = numbers.map(|n| broadcast(n, &users, &mut chance)).collect();
            self.seed_broadcasts(&broadcasts, &hosts).await?;
            held.extend(
                broadcasts
                    .into_iter()
                    .map(|it| Held { began: it.started_at.unwrap_or(it.created_at), id: it.id }),
            );
        }
        if !held.is_empty() {
            for numbers in chunks(sample.sessions) {
                let sessions: Vec<_> = numbers.map(|n| session(n, &held, &users, &mut chance)).collect();
                self.seed_sessions(&sessions).await?;
            }
        }
        // Planners go by what they know of the rows. It may take longer than a call of the pool may.
        let mut connection = self.connect().await?;
        Sql::new("ANALYZE").execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    async fn seed_users(&self, users: &[User]) -> Result<(), StoreError> {
        let mut rows = Bulk::new(users::insertion());
        let mut terms = Bulk::new(search::insertion("user_terms"));
        for user in users {
            rows.add(|sql| users::push_values(sql, user));
            terms.add_terms(&user.id, Source::Own, &users::terms(user));
        }
        self.seed_rows([rows, terms]).await
    }

    async fn seed_broadcasts(
        &self,
        broadcasts: &[Broadcast],
        hosts: &HashMap<&str, Vec<String>>,
    ) -> Result<(), StoreError> {
        let mut rows = Bulk::new(broadcasts::insertion());
        let mut terms = Bulk::new(search::insertion("broadcast_terms"));
        let mut recorded = Bulk::new(recordings::insertion());
        let mut counts = [[0_i64; Status::ALL.len()]; Visibility::ALL.len()];
        for (index, broadcast) in broadcasts.iter().enumerate() {
            rows.add(|sql| broadcast.push_values(sql));
            terms.add_terms(&broadcast.id, Source::Own, &broadcast.terms());
            terms.add_terms(&broadcast.id, Source::Host, &hosts[&*broadcast.host_id]);
            counts[broadcast.visibility as usize][broadcast.status as usize] += 1;
            if broadcast.status == Status::Ended && index % 2 == 0 {
                recorded.add(|sql| recording(broadcast).push_values(sql));
            }
        }
        self.seed_rows([rows, terms, recorded]).await?;
        let mut writing = self.begin().await?;
        for visibility in Visibility::ALL {
            for status in Status::ALL {
                let by = counts[*visibility as usize][*status as usize];
                totals::add(writing.connection(), *visibility, *status, by).await?;
            }
        }
        writing.commit().await
    }

    async fn seed_sessions(&self, sessions: &[Session]) -> Result<(), StoreError> {
        let mut rows = Bulk::new(sessions::insertion());
        let mut log = Bulk::new(audit::insertion());
        for (index, session) in sessions.iter().enumerate() {
            rows.add(|sql| sessions::push_values(sql, session));
            if index % 10 == 0 {
                log.add(|sql| audit::push_values(sql, &entry(session)));
            }
        }
        self.seed_rows([rows, log]).await
    }

    async fn seed_rows(&self, tables: impl IntoIterator<Item = Bulk> + Send) -> Result<(), StoreError> {
        let statements: Vec<_> = tables.into_iter().flat_map(Bulk::statements).collect();
        let mut writing = self.begin().await?;
        for statement in statements {
            statement.execute(writing.connection()).await?;
        }
        writing.commit().await
    }
}

/// Many rows for one table, [`ROWS_EACH`] a statement: SQLite looks a value up among all others of its statement, so
/// that a statement of thousands takes seconds to prepare. Nearly all have the same text and are prepared once.
struct Bulk {
    begin: Sql,
    full: Vec<Sql>,
    filling: Sql,
    rows: usize,
}

impl Bulk {
    fn new(begin: Sql) -> Self {
        Self { filling: begin.clone(), begin, full: Vec::new(), rows: 0 }
    }

    fn add(&mut self, push_values: impl FnOnce(&mut Sql)) {
        if self.rows > 0 {
            self.filling.push(", ");
        }
        push_values(&mut self.filling);
        self.rows += 1;
        if self.rows == ROWS_EACH {
            self.full.push(mem::replace(&mut self.filling, self.begin.clone()));
            self.rows = 0;
        }
    }

    fn add_terms(&mut self, subject: &str, source: Source, terms: &[String]) {
        for term in terms.iter().take(search::TERMS_MAX) {
            self.add(|sql| search::push_values(sql, subject, term, source));
        }
    }

    fn statements(self) -> impl Iterator<Item = Sql> {
        self.full.into_iter().chain((self.rows > 0).then_some(self.filling))
    }
}

/// A broadcast that had listeners.
struct Held {
    id: String,
    began: Timestamp,
}

/// The numbers below `count`, some hundred at a time.
fn chunks(count: u32) -> impl Iterator<Item = Range<u32>> {
    (0..count).step_by(ROWS).map(move |first| first..(first + ROWS as u32).min(count))
}

/// Numbers as if by chance, the same every time (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// One of `words`, the first ones far more often, as people use words.
    fn word(&mut self, words: &'static [&'static str]) -> &'static str {
        let unit = self.next() as f64 / u64::MAX as f64;
        words[((unit * unit * unit * words.len() as f64) as usize).min(words.len() - 1)]
    }

    /// A UUIDv7 of this instant.
    fn id(&mut self, at: Timestamp) -> String {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        Builder::from_unix_timestamp_millis(at.as_millis() as u64, &bytes).into_uuid().to_string()
    }
}

fn user(number: u32, chance: &mut Chance) -> User {
    let made = BEGIN.plus(Duration::from_secs(u64::from(number)));
    let name = format!("{} {}", chance.word(&FIRST), chance.word(&LAST));
    User {
        id: chance.id(made),
        email: format!("sample{number}@example.org"),
        username: format!("sample{number}"),
        display_name: name,
        avatar_url: None,
        password_hash: None,
        role: if number.is_multiple_of(4) { Role::Host } else { Role::Listener },
        must_change_password: false,
        suspended_at: (number % 500 == 499).then_some(made),
        suspended_reason: (number % 500 == 499).then(|| "sample".to_owned()),
        last_sign_in_at: None,
        created_at: made,
        updated_at: made,
    }
}

fn broadcast(number: u32, users: &[User], chance: &mut Chance) -> Broadcast {
    let made = BEGIN.plus(Duration::from_secs(u64::from(number) * 150));
    let host = if number.is_multiple_of(100) { 0 } else { chance.below(users.len()) };
    let status = match number % 400 {
        7 => Status::Live,
        8..=27 => Status::Scheduled,
        28..=31 => Status::Cancelled,
        _ => Status::Ended,
    };
    let visibility = match chance.below(100) {
        0..90 => Visibility::Public,
        90..97 => Visibility::Unlisted,
        _ => Visibility::Private,
    };
    let title = (0..3 + chance.below(3)).map(|_| chance.word(&WORDS)).collect::<Vec<_>>().join(" ");
    let on_air = matches!(status, Status::Live | Status::Ended);
    let started = made.plus(Duration::from_secs(60));
    let planned = made.plus(Duration::from_secs(86_400 * (1 + chance.below(30) as u64)));
    Broadcast {
        id: chance.id(made),
        room_name: format!("sample-{number}"),
        host_id: users[host].id.clone(),
        title,
        description: "A broadcast that never was.".to_owned(),
        tags: (0..chance.below(5)).map(|_| chance.word(&TAGS).to_owned()).collect(),
        cover_url: None,
        visibility,
        latency_mode: "low".to_owned(),
        audio_profile: "standard".to_owned(),
        publisher_grace_seconds: 300,
        scheduled_start: (status == Status::Scheduled && !number.is_multiple_of(3)).then_some(planned),
        timezone: None,
        recurrence: None,
        series_id: None,
        occurrence_start: None,
        duration_seconds: None,
        start_on_time: false,
        end_on_time: false,
        reminder_offsets: Vec::new(),
        recording_enabled: true,
        max_speakers: 8,
        single_publisher: true,
        auto_start: true,
        noise_suppression: false,
        levelling: false,
        record_tracks: false,
        status,
        stream_key: Secret::new(format!("{:016x}{:016x}", chance.next(), chance.next())),
        run: on_air.then(|| format!("sample{number}")),
        started_at: on_air.then_some(started),
        ended_at: (status == Status::Ended).then(|| started.plus(LENGTH)),
        peak_listeners: if on_air { chance.below(500) as u32 } else { 0 },
        created_at: made,
        updated_at: made,
    }
}

fn recording(broadcast: &Broadcast) -> Recording {
    let started_at = broadcast.started_at.unwrap_or(broadcast.created_at);
    let length = LENGTH.as_millis() as u64;
    let facts = RecordingFacts {
        id: broadcast.id.clone(),
        broadcast_id: broadcast.id.clone(),
        run: broadcast.run.clone().unwrap_or_default(),
        from_frames: 0,
        to_frames: Some(length * 48),
        started_at,
        ended_at: broadcast.ended_at,
        duration_ms: Some(length as i64),
        size_bytes: Some(43_200_000),
    };
    Recording::of(&facts, broadcast.title.clone(), started_at)
}

fn session(number: u32, held: &[Held], users: &[User], chance: &mut Chance) -> Session {
    let broadcast = &held[if number.is_multiple_of(10) { 0 } else { chance.below(held.len()) }];
    let joined_at = broadcast.began.plus(Duration::from_millis(chance.below(3_000_000) as u64));
    let user = chance.below(users.len() * 2);
    Session {
        id: chance.id(joined_at),
        broadcast_id: broadcast.id.clone(),
        user_id: users.get(user).map(|user| user.id.clone()),
        role: "listener".to_owned(),
        transport: if number.is_multiple_of(3) { "webrtc" } else { "hls" }.to_owned(),
        joined_at,
        left_at: Some(joined_at.plus(Duration::from_secs(chance.below(600) as u64))),
    }
}

fn entry(session: &Session) -> AuditEntry {
    AuditEntry {
        id: session.id.clone(),
        at: session.joined_at,
        actor: session.user_id.clone().map_or(Actor::Anonymous, Actor::User),
        action: "token.issued".to_owned(),
        subject: Some(Subject { kind: "broadcast".to_owned(), id: session.broadcast_id.clone() }),
        address: Some("192.0.2.1".to_owned()),
        detail: json!({}),
    }
}

/// Rows of one transaction, their terms aside.
const ROWS: usize = 500;
/// Rows of one statement.
const ROWS_EACH: usize = 20;
/// The year 2025.
const BEGIN: Timestamp = Timestamp::from_millis(1_735_689_600_000);
/// How long broadcasts last.
const LENGTH: Duration = Duration::from_secs(3600);

#[rustfmt::skip]
const FIRST: [&str; 24] = [
    "Anna", "Ben", "Clara", "David", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kemal", "Lena", "Mia",
    "Noah", "Olga", "Pablo", "Quinn", "Rosa", "Samir", "Tove", "Uma", "Victor", "Wanda", "Yusuf",
];
#[rustfmt::skip]
const LAST: [&str; 24] = [
    "Adler", "Berg", "Costa", "Dahl", "Engel", "Fischer", "Garcia", "Haas", "Ivanov", "Jansen", "Kaya", "Lopez",
    "Moreau", "Novak", "Okafor", "Petrov", "Quist", "Rossi", "Silva", "Tanaka", "Usman", "Vogel", "Weber", "Zhou",
];
#[rustfmt::skip]
const TAGS: [&str; 40] = [
    "music", "talk", "news", "jazz", "live", "sport", "science", "history", "comedy", "books", "film", "politics",
    "rock", "classical", "electronic", "folk", "health", "travel", "food", "games", "art", "design", "startups",
    "economics", "law", "climate", "space", "math", "poetry", "theatre", "opera", "blues", "ambient", "techno",
    "gardening", "cycling", "chess", "language", "parenting", "local",
];
#[rustfmt::skip]
const WORDS: [&str; 96] = [
    "the", "morning", "evening", "show", "live", "night", "with", "talk", "music", "hour", "radio", "weekly",
    "session", "news", "jazz", "late", "club", "stories", "sunday", "friday", "open", "deep", "city", "world",
    "sound", "voices", "studio", "garage", "history", "science", "table", "round", "question", "answers", "books",
    "reading", "kitchen", "garden", "football", "review", "match", "report", "concert", "choir", "piano", "guitar",
    "drums", "vinyl", "records", "classics", "fresh", "new", "old", "golden", "silver", "blue", "red", "green",
    "north", "south", "east", "west", "harbour", "river", "mountain", "forest", "ocean", "island", "bridge",
    "market", "station", "train", "coffee", "tea", "bread", "wine", "winter", "summer", "spring", "autumn", "rain",
    "snow", "storm", "light", "shadow", "mirror", "window", "door", "road", "journey", "letters", "postcards",
    "archive", "memory", "future", "signal",
];
