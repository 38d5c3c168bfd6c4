//! Finding rows by words. Each row has its words in a table of terms; an index over them answers «begins with».
//!
//! Terms are bytes, since text sorts by the database's locale and a range of prefixes must not.

use sqlx::AnyConnection;

use crate::error::StoreError;
use crate::sql::Sql;

/// Whose words they are; a row's words can be replaced by their source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// The row itself.
    Own = 0,
    /// The host of a broadcast.
    Host = 1,
}

/// What is looked for: terms from `from` up to, and without, `to`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Sought {
    from: Vec<u8>,
    to: Vec<u8>,
}

impl Sought {
    /// Terms that begin with each word of `text`; at most [`SOUGHT_MAX`] words.
    pub(crate) fn words(text: &str) -> Vec<Self> {
        let mut words = words(text);
        words.truncate(SOUGHT_MAX);
        words
            .into_iter()
            .map(|word| Self { to: successor(word.as_bytes()), from: word.into_bytes() })
            .collect()
    }

    /// This tag and no longer one.
    pub(crate) fn tag(tag: &str) -> Self {
        let from = tag_term(tag).into_bytes();
        let mut to = from.clone();
        to.push(0);
        Self { from, to }
    }

    /// ` term >= $n AND term < $m`.
    pub(crate) fn push_range(&self, sql: &mut Sql) {
        sql.push(" term >= ").bytes(&self.from).push(" AND term < ").bytes(&self.to);
    }
}

/// The first string of bytes that no longer begins with `prefix`. UTF-8 has no byte 0xFF, so one can always be added.
fn successor(prefix: &[u8]) -> Vec<u8> {
    let mut next = prefix.to_owned();
    if let Some(last) = next.last_mut() {
        *last += 1;
    }
    next
}

/// The words of `text` in lower case: runs of letters and digits, cut at [`WORD_MAX`] characters, each once.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().flat_map(char::to_lowercase).take(WORD_MAX).collect())
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// A tag as a term; `#` begins no word.
pub(crate) fn tag_term(tag: &str) -> String {
    format!("#{}", tag.to_lowercase())
}

/// Makes `terms` all the terms that the row `subject` has from `source`.
pub(crate) async fn replace(
    connection: &mut AnyConnection,
    table: &'static str,
    subject: &str,
    source: Source,
    terms: &[String],
) -> Result<(), StoreError> {
    let mut old = Sql::new("DELETE FROM ");
    old.push(table).push(" WHERE subject_id = ").text(subject).push(" AND source = ").number(source as i64);
    old.execute(connection).await?;
    if terms.is_empty() {
        return Ok(());
    }
    let mut new = insertion(table);
    for (index, term) in terms.iter().take(TERMS_MAX).enumerate() {
        new.push(if index == 0 { "" } else { ", " });
        push_values(&mut new, subject, term, source);
    }
    new.execute(connection).await?;
    Ok(())
}

/// Begins an insert of terms.
pub(crate) fn insertion(table: &'static str) -> Sql {
    let mut sql = Sql::new("INSERT INTO ");
    sql.push(table).push(" (subject_id, term, source) VALUES ");
    sql
}

/// A term of a row.
pub(crate) fn push_values(sql: &mut Sql, subject: &str, term: &str, source: Source) {
    sql.push("(").text(subject).push(", ").bytes(term.as_bytes()).push(", ").number(source as i64).push(")");
}

/// Letters of a word that count.
const WORD_MAX: usize = 32;
/// Words of a question that count.
const SOUGHT_MAX: usize = 6;
/// Terms of one row and source: a title of 120 letters has 60 words, and there are ten tags with theirs.
pub(crate) const TERMS_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_case_runs_of_letters_and_digits() {
        assert_eq!(words("Jazz, jazz & RÉSUMÉ-2!"), ["2", "jazz", "résumé"]);
        assert_eq!(words("  — "), Vec::<String>::new());
        assert_eq!(words(&"x".repeat(99))[0].len(), 32);
    }

    #[test]
    fn a_prefix_ends_where_its_successor_begins() {
        let sought = &Sought::words("Jaz")[0];
        let begins = |term: &str| *sought.from <= *term.as_bytes() && *term.as_bytes() < *sought.to;
        assert!(begins("jaz") && begins("jazz") && begins("jazé") && begins("jaz\u{10FFFF}"));
        assert!(!begins("ja") && !begins("jb") && !begins("#jazz"));
        assert_eq!(Sought::words("a b c d e f g h").len(), 6);
    }

    #[test]
    fn a_tag_is_sought_whole() {
        let sought = Sought::tag("Jazz");
        assert_eq!((&*sought.from, &*sought.to), (&b"#jazz"[..], &b"#jazz\0"[..]));
    }
}
