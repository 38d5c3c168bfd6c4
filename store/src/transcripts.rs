//! What was said in recordings, as their hosts attach it.
//!
//! A transcript never changes; another one takes its place. Recordings that were cut from one share theirs: its times are
//! those of the run.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::handle::Store;
use crate::row::Columns;
use crate::sql::Sql;
use crate::time::Timestamp;

/// A transcript.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transcript {
    /// A UUIDv7.
    pub id: String,
    /// Whether there are times in it: `words` is WebVTT then, in times of the run. Else it is text.
    pub timed: bool,
    /// A BCP 47 language tag, where somebody said it.
    pub language: Option<String>,
    /// What is said.
    pub words: String,
    /// When it was attached.
    pub created_at: Timestamp,
}

/// Transcripts in the store.
#[derive(Clone, Copy, Debug)]
pub struct Transcripts<'a>(pub(crate) &'a Store);

impl Transcripts<'_> {
    /// The transcript with this id.
    pub async fn load(self, id: &str) -> Result<Option<Transcript>, StoreError> {
        let mut sql = Sql::new("SELECT id, timed, language, words, created_at FROM transcripts WHERE id = ");
        sql.text(id);
        self.0.read_one(&sql, read).await
    }

    /// Whether there are times in the one with this id; `None` where there is none.
    pub async fn is_timed(self, id: &str) -> Result<Option<bool>, StoreError> {
        let mut sql = Sql::new("SELECT timed FROM transcripts WHERE id = ");
        sql.text(id);
        self.0.read_one(&sql, |row| row.flag("timed")).await
    }

    /// Gives a recording this transcript, in place of the one that it had; `false` where there is no such recording.
    pub async fn attach(self, recording: &str, transcript: &Transcript) -> Result<bool, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let connection = writing.connection();
                let mut sql =
                    Sql::new("INSERT INTO transcripts (id, timed, language, words, created_at) VALUES (");
                sql.text(&transcript.id).push(", ").flag(transcript.timed);
                sql.push(", ").optional_text(transcript.language.as_deref());
                sql.push(", ").text(&transcript.words).push(", ").time(transcript.created_at).push(")");
                sql.execute(connection).await?;
                if !change(connection, recording, Some(&transcript.id)).await? {
                    return Ok(false);
                }
                writing.commit().await?;
                Ok(true)
            })
            .await
    }

    /// Takes a recording's away; `false` where it had none. Others that share it keep it.
    pub async fn detach(self, recording: &str) -> Result<bool, StoreError> {
        self.0
            .bounded(async {
                let mut writing = self.0.begin().await?;
                let connection = writing.connection();
                if of(connection, recording).await?.is_none() {
                    return Ok(false);
                }
                change(connection, recording, None).await?;
                writing.commit().await?;
                Ok(true)
            })
            .await
    }

    /// Forgets those made before `before` that no recording has any more, since their broadcasts went; how many there
    /// were.
    pub async fn sweep(self, before: Timestamp) -> Result<u64, StoreError> {
        let mut sql = Sql::new("DELETE FROM transcripts WHERE created_at < ");
        sql.time(before).push(UNUSED);
        self.0.write(&sql).await
    }
}

/// Forgets it unless a recording has it.
pub(crate) async fn forget_unused(connection: &mut AnyConnection, id: &str) -> Result<(), StoreError> {
    let mut sql = Sql::new("DELETE FROM transcripts WHERE id = ");
    sql.text(id).push(UNUSED).execute(connection).await.map(|_| ())
}

async fn of(connection: &mut AnyConnection, recording: &str) -> Result<Option<String>, StoreError> {
    let mut sql = Sql::new("SELECT transcript_id FROM recordings WHERE id = ");
    let read = |row: &AnyRow| row.optional_text("transcript_id");
    Ok(sql.text(recording).one(connection, read).await?.flatten())
}

/// The version goes on, so that a cut that was begun before does not bring the old one back.
async fn change(
    connection: &mut AnyConnection,
    recording: &str,
    transcript: Option<&str>,
) -> Result<bool, StoreError> {
    let before = of(connection, recording).await?;
    let mut sql = Sql::new("UPDATE recordings SET transcript_id = ");
    sql.optional_text(transcript).push(", updated_at = ").time(Timestamp::now());
    sql.push(", version = version + 1 WHERE id = ").text(recording);
    if sql.execute(connection).await? == 0 {
        return Ok(false);
    }
    if let Some(before) = before {
        forget_unused(connection, &before).await?;
    }
    Ok(true)
}

const UNUSED: &str = " AND NOT EXISTS (SELECT 1 FROM recordings r WHERE r.transcript_id = transcripts.id)";

fn read(row: &AnyRow) -> Result<Transcript, StoreError> {
    Ok(Transcript {
        id: row.text("id")?,
        timed: row.flag("timed")?,
        language: row.optional_text("language")?,
        words: row.text("words")?,
        created_at: row.time("created_at")?,
    })
}
