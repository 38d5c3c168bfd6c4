//! By which ways I am told what, and when.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use jiff::tz::TimeZone;
use room::Action;
use serde::{Deserialize, Serialize};
use store::{NotificationPreferences, Timestamp};
use utoipa::ToSchema;

use crate::api::Context;
use crate::api::body::Body;
use crate::api::error::{Faults, Problem};
use crate::api::me::signed_in;
use crate::auth::Caller;
use crate::notify::Kind;
use crate::notify::ways::{Way, chosen};

/// What I want.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Preferences {
    /// The IANA time zone that I live by; UTC where it is null.
    #[schema(required, max_length = 64, example = "Europe/Berlin")]
    timezone: Option<String>,
    /// When nothing goes out; null for never.
    #[schema(required)]
    quiet_hours: Option<QuietHours>,
    /// When e-mail that is not about this moment goes out as one letter a day, `HH:MM`; null for at once.
    #[schema(required, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "08:00")]
    digest_at: Option<String>,
    /// By which ways I am told of each kind; what is not named goes by the usual ones. The list of notifications has
    /// everything.
    channels: BTreeMap<Kind, Vec<Way>>,
}

/// A stretch of the day, over midnight where it ends before it begins.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct QuietHours {
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "22:00")]
    from: String,
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "07:00")]
    until: String,
}

impl Preferences {
    fn of(wanted: &NotificationPreferences) -> Self {
        Self {
            timezone: wanted.timezone.clone(),
            quiet_hours: wanted
                .quiet
                .map(|(from, until)| QuietHours { from: clock(from), until: clock(until) }),
            digest_at: wanted.digest_at.map(clock),
            channels: Kind::ALL.into_iter().map(|kind| (kind, chosen(kind, wanted))).collect(),
        }
    }

    fn check(self) -> Result<NotificationPreferences, Problem> {
        let mut faults = Faults::default();
        let known =
            self.timezone.as_deref().is_none_or(|name| name.len() <= 64 && TimeZone::get(name).is_ok());
        faults.check(known, "timezone", "must be a time zone of the IANA database, such as Europe/Berlin");
        let mut minute_of = |field: &str, text: &str| {
            let minute = minute(text);
            faults.check(minute.is_some(), field, "must be a time of day, HH:MM");
            minute.unwrap_or(0)
        };
        let quiet = self.quiet_hours.as_ref().map(|quiet| {
            (minute_of("quietHours.from", &quiet.from), minute_of("quietHours.until", &quiet.until))
        });
        let digest_at = self.digest_at.as_deref().map(|at| minute_of("digestAt", at));
        faults.finish()?;
        let names = |ways: Vec<Way>| ways.into_iter().map(|way| way.name().to_owned()).collect();
        let channels = self.channels.into_iter().map(|(kind, ways)| (kind.name().to_owned(), names(ways)));
        Ok(NotificationPreferences {
            timezone: self.timezone,
            quiet,
            digest_at,
            channels: channels.collect(),
            bounces: 0,
        })
    }
}

/// `08:00` of a minute of the day.
fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
}

/// The minute of the day that `HH:MM` names.
fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse())
    };
    let (hour, minute): (u32, u32) = (two(hour)?.ok()?, two(minute)?.ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// What I want to be told.
#[utoipa::path(
    get,
    path = "/api/notifications/preferences",
    operation_id = "getNotificationPreferences",
    tag = "notifications",
    responses((status = 200, description = "What I want", body = Preferences)),
    security(("bearer" = [])),
)]
pub(super) async fn show(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<Preferences>, Problem> {
    caller.require(Action::KeepAccount)?;
    let user = &signed_in(&caller)?.id;
    let wanted = context.store.notification_preferences().load(user).await?;
    Ok(Json(Preferences::of(&wanted)))
}

/// Say what I want to be told.
///
/// E-mail that had stopped because letters came back begins again.
#[utoipa::path(
    put,
    path = "/api/notifications/preferences",
    operation_id = "setNotificationPreferences",
    tag = "notifications",
    request_body = Preferences,
    responses((status = 200, description = "What I want from now on", body = Preferences)),
    security(("bearer" = [])),
)]
pub(super) async fn change(
    State(context): State<Context>,
    caller: Caller,
    Body(preferences): Body<Preferences>,
) -> Result<Json<Preferences>, Problem> {
    caller.require(Action::KeepAccount)?;
    let user = &signed_in(&caller)?.id;
    let wanted = preferences.check()?;
    let now = Timestamp::now();
    context.store.notification_preferences().put(user, &wanted, now).await?;
    context.store.notification_preferences().bounced(user, false, now).await?;
    Ok(Json(Preferences::of(&wanted)))
}
