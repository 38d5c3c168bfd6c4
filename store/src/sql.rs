//! Statements that are put together from parts: constants of this crate, and values, which are always bound.

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row};

use crate::error::StoreError;
use crate::time::Timestamp;

/// A statement under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sql(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(&'static str),
    Value(Value),
}

#[derive(Clone, Debug)]
enum Value {
    Number(Option<i64>),
    Text(Option<String>),
    Bytes(Vec<u8>),
}

impl Sql {
    pub(crate) fn new(text: &'static str) -> Self {
        Self(vec![Part::Text(text)])
    }

    /// Goes on with this text.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.0.push(Part::Text(text));
        self
    }

    /// Goes on with the parts of `other`.
    pub(crate) fn append(&mut self, other: &Self) -> &mut Self {
        self.0.extend_from_slice(&other.0);
        self
    }

    pub(crate) fn number(&mut self, value: i64) -> &mut Self {
        self.optional_number(Some(value))
    }

    pub(crate) fn optional_number(&mut self, value: Option<i64>) -> &mut Self {
        self.value(Value::Number(value))
    }

    pub(crate) fn flag(&mut self, value: bool) -> &mut Self {
        self.number(value.into())
    }

    pub(crate) fn time(&mut self, value: Timestamp) -> &mut Self {
        self.number(value.as_millis())
    }

    pub(crate) fn optional_time(&mut self, value: Option<Timestamp>) -> &mut Self {
        self.optional_number(value.map(Timestamp::as_millis))
    }

    pub(crate) fn text(&mut self, value: impl Into<String>) -> &mut Self {
        self.value(Value::Text(Some(value.into())))
    }

    pub(crate) fn optional_text(&mut self, value: Option<&str>) -> &mut Self {
        self.value(Value::Text(value.map(str::to_owned)))
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.value(Value::Bytes(value.to_owned()))
    }

    fn value(&mut self, value: Value) -> &mut Self {
        self.0.push(Part::Value(value));
        self
    }

    /// The text with `$1`, `$2`, … where values stand.
    fn render(&self) -> String {
        let mut text = String::new();
        let mut values = 0;
        for part in &self.0 {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Value(_) => {
                    values += 1;
                    text.push('$');
                    text.push_str(&values.to_string());
                }
            }
        }
        text
    }

    fn query(&self) -> Result<Query<'_, Any, AnyArguments>, StoreError> {
        // Every text is a constant of this crate; the type of `Part::Text` sees to that.
        let mut query = sqlx::query(AssertSqlSafe(self.render()));
        for part in &self.0 {
            query = match part {
                Part::Text(_) => query,
                Part::Value(Value::Number(number)) => query.bind(*number),
                Part::Value(Value::Text(Some(text))) if text.contains('\0') => return Err(StoreError::Nul),
                Part::Value(Value::Text(text)) => query.bind(text.as_deref()),
                Part::Value(Value::Bytes(bytes)) => query.bind(bytes.as_slice()),
            };
        }
        Ok(query)
    }

    /// All its rows, each read by `read`.
    pub(crate) async fn all<T>(
        &self,
        connection: &mut AnyConnection,
        read: fn(&AnyRow) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.query()?.fetch_all(connection).await?;
        rows.iter().map(read).collect()
    }

    /// Its row, where it has one; the first where it has several.
    pub(crate) async fn one<T>(
        &self,
        connection: &mut AnyConnection,
        read: fn(&AnyRow) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        // To the end: what is left unread would keep SQLite's read lock.
        let rows = self.query()?.fetch_all(connection).await?;
        rows.first().map(read).transpose()
    }

    /// Its one number.
    pub(crate) async fn count(&self, connection: &mut AnyConnection) -> Result<i64, StoreError> {
        Ok(self.query()?.fetch_one(connection).await?.try_get(0)?)
    }

    /// Does it; how many rows it touched.
    pub(crate) async fn execute(&self, connection: &mut AnyConnection) -> Result<u64, StoreError> {
        Ok(self.query()?.execute(connection).await?.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_in_the_order_in_which_they_stand() {
        let mut part = Sql::new(" AND b = ");
        part.number(2).push(" AND c = ").text("3");
        let mut whole = Sql::new("a = ");
        whole.number(1).append(&part).push(" AND d = ").bytes(b"4");
        assert_eq!(whole.render(), "a = $1 AND b = $2 AND c = $3 AND d = $4");
    }
}
