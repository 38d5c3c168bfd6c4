//! Lists come in pages; a cursor says where the next one begins.

use crate::error::StoreError;

/// Which part of a list is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slice {
    /// At most so many items; 1 to [`Slice::MOST`], anything else is brought into that range.
    pub limit: u32,
    /// The `next_cursor` of the page before; `None` for the first page.
    pub cursor: Option<String>,
}

impl Slice {
    /// The most items a page has.
    pub const MOST: u32 = 200;

    /// The first `limit` items.
    pub const fn first(limit: u32) -> Self {
        Self { limit, cursor: None }
    }

    /// What follows on `page`, in pages as large; `None` where nothing does.
    pub fn after<T>(&self, page: &Page<T>) -> Option<Self> {
        Some(Self { limit: self.limit, cursor: Some(page.next_cursor.clone()?) })
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit.clamp(1, Self::MOST) as usize
    }

    /// Rows to fetch: one more than the page has tells whether there is a next page.
    pub(crate) fn fetched(&self) -> i64 {
        self.limit() as i64 + 1
    }

    pub(crate) fn position(&self) -> Result<Option<Position>, StoreError> {
        self.cursor.as_deref().map(|text| Position::parse(text).ok_or(StoreError::BadCursor)).transpose()
    }
}

/// Some items of a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Page<T> {
    /// In the list's order.
    pub items: Vec<T>,
    /// Asks for the items after these; `None` on the last page. Opaque, letters that need no escaping in a URL.
    pub next_cursor: Option<String>,
    /// How many items the whole list has. Counting stops at [`Page::COUNTED`]; lists of broadcasts have rules of
    /// their own.
    pub total: i64,
}

impl<T> Page<T> {
    /// The most items that are counted: counting a million rows takes longer than reading twenty of them.
    pub const COUNTED: i64 = 10_000;

    /// Of rows fetched as [`Slice::fetched`] says; `position` tells where an item stands.
    pub(crate) fn cut(mut items: Vec<T>, slice: &Slice, total: i64, position: fn(&T) -> Position) -> Self {
        let more = items.len() > slice.limit();
        items.truncate(slice.limit());
        let next_cursor = items.last().filter(|_| more).map(|item| position(item).to_string());
        Self { items, next_cursor, total }
    }

    /// The same page of other items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        let items = self.items.into_iter().map(f).collect();
        Page { items, next_cursor: self.next_cursor, total: self.total }
    }

    pub(crate) const fn empty() -> Self {
        Self { items: Vec::new(), next_cursor: None, total: 0 }
    }
}

/// A place in a list that is sorted by a number, and by id where the number is the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Position {
    pub(crate) rank: i64,
    pub(crate) id: String,
}

impl Position {
    pub(crate) fn new(rank: i64, id: &str) -> Self {
        Self { rank, id: id.to_owned() }
    }

    fn parse(text: &str) -> Option<Self> {
        let (rank, id) = text.split_once('~')?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let fits = !id.is_empty() && id.len() <= ID_MAX && id.chars().all(plain);
        Some(Self { rank: rank.parse().ok()?, id: fits.then(|| id.to_owned())? })
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}~{}", self.rank, self.id)
    }
}

/// Longer than any id.
const ID_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nonsense_is_not() {
        let position = Position::new(-5, "0199-ab_c");
        assert_eq!(Position::parse(&position.to_string()), Some(position));
        for wrong in ["", "1", "1~", "x~a", "1~a b", "1~é", &format!("1~{}", "a".repeat(65))] {
            assert_eq!(Position::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn one_row_too_many_is_the_next_page() {
        let at = |n: &i64| Position::new(*n, "a");
        let page = Page::cut(vec![1, 2, 3], &Slice::first(2), 9, at);
        assert_eq!((page.items, page.next_cursor.as_deref()), (vec![1, 2], Some("2~a")));
        assert_eq!(Page::cut(vec![1, 2], &Slice::first(2), 9, at).next_cursor, None);
    }
}
