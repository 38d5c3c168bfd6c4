//! The handle by which everything is asked.

use std::future::Future;
use std::sync::{Arc, Once};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow, install_default_drivers};
use sqlx::{Any, AnyConnection, AnyPool, Executor, Transaction};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::address::{Database, DatabaseUrl};
use crate::availability::Availability;
use crate::error::StoreError;
use crate::file;
use crate::listener_minutes::ListenerMinutes;
use crate::sql::Sql;
use crate::transcripts::Transcripts;
use crate::usage::Usages;
use crate::{
    AccessChanges, AllSeries, ApiKeys, Audit, Blocks, Broadcasts, CalendarFeeds, Chat, Covers, Deliveries,
    Devices, Follows, Invitations, Jobs, Members, NotificationSends, Notifications, PlanAudiences, Polls,
    Preferences, Reactions, RecordedRuns, Recordings, RefreshTokens, Reminders, Reports, Sessions, Users,
    Webhooks,
};

/// The database, for as long as it is held. Cheap to clone; every clone is the same.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    url: DatabaseUrl,
    pool: AnyPool,
    availability: Availability,
    /// SQLite has one writer at a time. In here they queue in order; in its own lock they would poll and starve.
    writer: Option<Semaphore>,
}

impl Store {
    /// Opens without connecting: the first call connects, and so does the first after the database was away. The files
    /// of SQLite become their owner's alone.
    ///
    /// Fails where the address has an option that the driver does not know.
    pub fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(install_default_drivers);
        let options: AnyConnectOptions = url.expose().parse()?;
        if let Some((path, make)) = url.file() {
            file::keep_private(&path, make);
        }
        let database = url.database();
        let setup = match database {
            Database::Sqlite => SQLITE_SETUP,
            Database::Postgres => POSTGRES_SETUP,
        };
        let pool = AnyPoolOptions::new()
            .max_connections(match database {
                Database::Sqlite => SQLITE_CONNECTIONS,
                Database::Postgres => POSTGRES_CONNECTIONS,
            })
            .acquire_timeout(ACQUIRE)
            // A file does not go stale; a server that was restarted leaves dead connections behind.
            .test_before_acquire(database == Database::Postgres)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    connection.execute(setup).await?;
                    Ok(())
                })
            })
            .connect_lazy_with(options);
        let writer = (database == Database::Sqlite).then(|| Semaphore::new(1));
        let inner = Inner { url: url.clone(), pool, availability: Availability::new(), writer };
        Ok(Self(Arc::new(inner)))
    }

    /// Which database it is.
    pub fn database(&self) -> Database {
        self.0.url.database()
    }

    /// Does the database answer?
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.bounded(async {
            sqlx::query("SELECT 1").execute(self.pool()).await?;
            Ok(())
        })
        .await
    }

    /// Lets go of every connection; calls that follow are refused as [`StoreError::Unavailable`].
    pub async fn close(&self) {
        self.0.pool.close().await;
    }

    /// Accounts.
    pub const fn users(&self) -> Users<'_> {
        Users(self)
    }

    /// Refresh tokens, rotated with every use.
    pub const fn refresh_tokens(&self) -> RefreshTokens<'_> {
        RefreshTokens(self)
    }

    /// Keys for servers.
    pub const fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys(self)
    }

    /// Invitations to register.
    pub const fn invitations(&self) -> Invitations<'_> {
        Invitations(self)
    }

    /// What is to be done, and when.
    pub const fn jobs(&self) -> Jobs<'_> {
        Jobs(self)
    }

    /// What every station has to know of who is let in.
    pub const fn access_changes(&self) -> AccessChanges<'_> {
        AccessChanges(self)
    }

    /// The audit log.
    pub const fn audit(&self) -> Audit<'_> {
        Audit(self)
    }

    /// Broadcasts.
    pub const fn broadcasts(&self) -> Broadcasts<'_> {
        Broadcasts(self)
    }

    /// Who is kept out of broadcasts.
    pub const fn blocks(&self) -> Blocks<'_> {
        Blocks(self)
    }

    /// What was said in rooms.
    pub const fn chat(&self) -> Chat<'_> {
        Chat(self)
    }

    /// What rooms were asked.
    pub const fn polls(&self) -> Polls<'_> {
        Polls(self)
    }

    /// Pictures of broadcasts.
    pub const fn covers(&self) -> Covers<'_> {
        Covers(self)
    }

    /// What webhooks were and are to be told.
    pub const fn deliveries(&self) -> Deliveries<'_> {
        Deliveries(self)
    }

    /// Who follows whom.
    pub const fn follows(&self) -> Follows<'_> {
        Follows(self)
    }

    /// Moderators, speakers and allow-lists of broadcasts.
    pub const fn members(&self) -> Members<'_> {
        Members(self)
    }

    /// What people are told.
    pub const fn notifications(&self) -> Notifications<'_> {
        Notifications(self)
    }

    /// By which ways what people are told goes out.
    pub const fn notification_sends(&self) -> NotificationSends<'_> {
        NotificationSends(self)
    }

    /// What people want to be told, and when.
    pub const fn notification_preferences(&self) -> Preferences<'_> {
        Preferences(self)
    }

    /// Where people can be reached when they are not here.
    pub const fn devices(&self) -> Devices<'_> {
        Devices(self)
    }

    /// Calendars at secret addresses.
    pub const fn calendar_feeds(&self) -> CalendarFeeds<'_> {
        CalendarFeeds(self)
    }

    /// Reactions, summed.
    pub const fn reactions(&self) -> Reactions<'_> {
        Reactions(self)
    }

    /// How many listened, minute by minute.
    pub const fn listener_minutes(&self) -> ListenerMinutes<'_> {
        ListenerMinutes(self)
    }

    /// How much was listened, over all broadcasts.
    pub const fn usage(&self) -> Usages<'_> {
        Usages(self)
    }

    /// What repeats.
    pub const fn all_series(&self) -> AllSeries<'_> {
        AllSeries(self)
    }

    /// Who waited for broadcasts whose plan was changed.
    pub const fn plan_audiences(&self) -> PlanAudiences<'_> {
        PlanAudiences(self)
    }

    /// Which runs have recordings.
    pub const fn recorded_runs(&self) -> RecordedRuns<'_> {
        RecordedRuns(self)
    }

    /// What remains of broadcasts.
    pub const fn recordings(&self) -> Recordings<'_> {
        Recordings(self)
    }

    /// What was said in them.
    pub const fn transcripts(&self) -> Transcripts<'_> {
        Transcripts(self)
    }

    /// Who wants to be told before a broadcast begins.
    pub const fn reminders(&self) -> Reminders<'_> {
        Reminders(self)
    }

    /// Reports of abuse.
    pub const fn reports(&self) -> Reports<'_> {
        Reports(self)
    }

    /// Who listened or spoke.
    pub const fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }

    /// Who is told what happens.
    pub const fn webhooks(&self) -> Webhooks<'_> {
        Webhooks(self)
    }

    pub(crate) fn url(&self) -> &DatabaseUrl {
        &self.0.url
    }

    pub(crate) fn pool(&self) -> &AnyPool {
        &self.0.pool
    }

    /// Runs `work` within [`CALL`], unless the database is known to be away.
    pub(crate) async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        if !self.0.availability.admits() {
            return Err(StoreError::Unavailable("it was away a moment ago".to_owned()));
        }
        let outcome = match timeout(CALL, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::Unavailable(format!("it took longer than {} s", CALL.as_secs()))),
        };
        self.0.availability.learn(matches!(&outcome, Err(error) if error.is_unavailable()));
        outcome
    }

    /// The first row of a statement that only reads.
    pub(crate) async fn read_one<T: Send>(
        &self,
        sql: &Sql,
        read: fn(&AnyRow) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.bounded(async { sql.one(&mut *self.0.pool.acquire().await?, read).await }).await
    }

    /// All rows of a statement that only reads.
    pub(crate) async fn read_all<T: Send>(
        &self,
        sql: &Sql,
        read: fn(&AnyRow) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.bounded(async { sql.all(&mut *self.0.pool.acquire().await?, read).await }).await
    }

    /// The one number of a statement that only reads.
    pub(crate) async fn read_count(&self, sql: &Sql) -> Result<i64, StoreError> {
        self.bounded(async { sql.count(&mut *self.0.pool.acquire().await?).await }).await
    }

    /// A statement that writes, in a transaction of its own; how many rows it touched.
    pub(crate) async fn write(&self, sql: &Sql) -> Result<u64, StoreError> {
        self.bounded(async {
            let _turn = self.turn().await?;
            sql.execute(&mut *self.0.pool.acquire().await?).await
        })
        .await
    }

    /// Begins a transaction that will write, and waits its turn where there is one writer at a time.
    /// Call it inside [`Store::bounded`].
    pub(crate) async fn begin(&self) -> Result<Writing<'_>, StoreError> {
        let turn = self.turn().await?;
        let transaction = match self.database() {
            // Taken at the start, the lock cannot be refused in the middle.
            Database::Sqlite => self.0.pool.begin_with("BEGIN IMMEDIATE").await?,
            Database::Postgres => self.0.pool.begin().await?,
        };
        Ok(Writing { transaction, _turn: turn })
    }

    async fn turn(&self) -> Result<Option<SemaphorePermit<'_>>, StoreError> {
        match &self.0.writer {
            Some(writer) => match writer.acquire().await {
                Ok(turn) => Ok(Some(turn)),
                Err(_) => Err(StoreError::Unavailable("it was closed".to_owned())),
            },
            None => Ok(None),
        }
    }
}

/// A transaction that writes. Dropped without [`Writing::commit`], it never happened.
pub(crate) struct Writing<'a> {
    transaction: Transaction<'static, Any>,
    _turn: Option<SemaphorePermit<'a>>,
}

impl Writing<'_> {
    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }
}

/// WAL lets readers go on while somebody writes. With `synchronous = NORMAL` a power cut may cost the last commits
/// and never the database; a killed process costs nothing.
const SQLITE_SETUP: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; \
    PRAGMA busy_timeout = 2000; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY";

/// The server gives up a little before we do, so that it does not work for nobody.
const POSTGRES_SETUP: &str = "SET statement_timeout = 4500; SET lock_timeout = 3000; \
    SET idle_in_transaction_session_timeout = 10000";

/// Readers at once, and the writer; each has a thread of its own.
const SQLITE_CONNECTIONS: u32 = 8;
/// A server of PostgreSQL's defaults lets in 100, and there may be several stations.
const POSTGRES_CONNECTIONS: u32 = 16;
/// How long a call waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(2);
/// How long a call takes at the most, everything included.
const CALL: Duration = Duration::from_secs(5);
