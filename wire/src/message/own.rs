//! What is told to one person wherever they are, over a socket of their own.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::Ref;

use crate::time::rfc3339;

/// What the server tells one person: one JSON object in one text frame, with `type`, `id` and `at`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[schema(as = OwnNotice)]
pub enum OwnNotice {
    /// The first message: the ticket was good.
    Joined {
        /// How much they have not read; counting stops at 1000.
        unread: i64,
    },
    /// They are told something.
    Notification {
        /// How much they have not read, with this.
        unread: i64,
        /// What they are told.
        #[schema(schema_with = notification)]
        notification: Box<RawValue>,
    },
    /// They have read something elsewhere, or were told more at once than was told here.
    Unread {
        /// How much they have not read.
        unread: i64,
    },
    /// Why the connection ends.
    Error {
        /// Why, for programs.
        code: &'static str,
        /// Why, for people.
        detail: String,
    },
}

/// A notification as the API tells it.
pub(super) fn notification() -> Ref {
    Ref::from_schema_name("Notification")
}

#[derive(Serialize)]
struct Sent<'a> {
    id: &'a str,
    at: String,
    #[serde(flatten)]
    notice: &'a OwnNotice,
}

/// A notice as the text of a frame, sent at `at` (microseconds since 1970).
pub fn own_notice(id: &str, at: u64, notice: &OwnNotice) -> String {
    // Strings, numbers and JSON: there is nothing in it that JSON could not say.
    serde_json::to_string(&Sent { id, at: rfc3339(at), notice }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_one_object_with_what_every_message_has() {
        let notification = RawValue::from_string(r#"{"title":"News"}"#.to_owned()).unwrap();
        let told = own_notice("7", 1_000_000, &OwnNotice::Notification { unread: 2, notification });
        let expected = concat!(
            r#"{"id":"7","at":"1970-01-01T00:00:01.000Z","type":"notification","unread":2,"#,
            r#""notification":{"title":"News"}}"#
        );
        assert_eq!(told, expected);
    }
}
