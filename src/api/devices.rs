//! Where I can be reached when I am not here: browsers and telephones.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use notices::web_push::{BadSubscription, Subscription};
use notices::{apns, fcm};
use room::Action;
use serde::{Deserialize, Serialize};
use store::{Channel, Secret, Timestamp};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;
use super::body::Body;
use super::error::Problem;
use super::me::signed_in;
use super::params::Path;
use super::time::rfc3339;
use crate::auth::Caller;

/// Devices of one account; of more the oldest go, which are those that nobody uses any more.
const EACH_MAX: u32 = 20;

/// Characters of a name.
const NAME_MAX: usize = 80;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(list, register)).routes(routes!(remove))
}

/// How a device is reached.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DeviceChannel)]
enum Reached {
    /// A browser, by Web Push.
    WebPush,
    /// An Android device, by Firebase Cloud Messaging.
    Fcm,
    /// A device of Apple's, by APNs.
    Apns,
}

impl Reached {
    const fn channel(self) -> Channel {
        match self {
            Self::WebPush => Channel::WebPush,
            Self::Fcm => Channel::Fcm,
            Self::Apns => Channel::Apns,
        }
    }

    const fn of(channel: Channel) -> Option<Self> {
        match channel {
            Channel::WebPush => Some(Self::WebPush),
            Channel::Fcm => Some(Self::Fcm),
            Channel::Apns => Some(Self::Apns),
            Channel::Email => None,
        }
    }
}

/// A device to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeviceDraft {
    channel: Reached,
    /// Of a browser: what `PushSubscription.toJSON()` gives. Subscribe with `vapidPublicKey` of `GET /api/config`.
    subscription: Option<SubscriptionDraft>,
    /// Of a telephone: its token.
    #[schema(max_length = 4096)]
    token: Option<String>,
    /// As I know it.
    #[serde(default)]
    #[schema(max_length = 80)]
    name: String,
}

/// A browser's subscription.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SubscriptionDraft {
    #[schema(max_length = 2048)]
    endpoint: String,
    /// Browsers tell it; it is of no use here.
    #[serde(default, rename = "expirationTime")]
    #[schema(nullable)]
    _expiration_time: Option<f64>,
    keys: SubscriptionKeys,
}

/// The keys of a browser's subscription, in base64url.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubscriptionKeys {
    #[schema(max_length = 130)]
    p256dh: String,
    #[schema(max_length = 32)]
    auth: String,
}

/// A registered device.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Device {
    id: String,
    channel: Reached,
    name: String,
    /// When it was registered last.
    #[schema(format = DateTime)]
    created_at: String,
}

impl Device {
    fn of(device: store::Device) -> Option<Self> {
        Some(Self {
            channel: Reached::of(device.channel)?,
            id: device.id,
            name: device.name,
            created_at: rfc3339(device.created_at),
        })
    }
}

/// My devices.
#[derive(Serialize, ToSchema)]
struct Devices {
    /// The oldest first.
    items: Vec<Device>,
}

/// Where I can be reached.
#[utoipa::path(
    get,
    path = "/api/devices",
    operation_id = "listDevices",
    tag = "notifications",
    responses((status = 200, description = "My devices", body = Devices)),
    security(("bearer" = [])),
)]
async fn list(State(context): State<Context>, caller: Caller) -> Result<Json<Devices>, Problem> {
    caller.require(Action::KeepAccount)?;
    let devices = context.store.devices().of_user(&signed_in(&caller)?.id).await?;
    Ok(Json(Devices { items: devices.into_iter().filter_map(Device::of).collect() }))
}

/// Register a device.
///
/// One that is registered already, by whomever, is mine from now on. Of more than 20 the oldest go.
#[utoipa::path(
    post,
    path = "/api/devices",
    operation_id = "registerDevice",
    tag = "notifications",
    request_body = DeviceDraft,
    responses((status = 201, description = "The device", body = Device)),
    security(("bearer" = [])),
)]
async fn register(
    State(context): State<Context>,
    caller: Caller,
    Body(draft): Body<DeviceDraft>,
) -> Result<(StatusCode, Json<Device>), Problem> {
    caller.require(Action::KeepAccount)?;
    let user = &signed_in(&caller)?.id;
    let channel = draft.channel.channel();
    if !context.channels.has(channel) {
        return Err(Problem::invalid("channel", "is not one by which this station sends"));
    }
    if draft.name.chars().count() > NAME_MAX {
        return Err(Problem::invalid("name", format!("must have at most {NAME_MAX} characters")));
    }
    let (token, key, auth) = match draft.channel {
        Reached::WebPush => {
            let missing = || Problem::invalid("subscription", "is missing");
            let subscription = draft.subscription.ok_or_else(missing)?;
            check(&context, &subscription)?;
            let keys = subscription.keys;
            (subscription.endpoint, Some(keys.p256dh), Some(Secret::new(keys.auth)))
        }
        Reached::Fcm => (token(draft.token, fcm::TOKEN_MAX, u8::is_ascii_graphic)?, None, None),
        Reached::Apns => (token(draft.token, apns::TOKEN_MAX, u8::is_ascii_hexdigit)?, None, None),
    };
    let device = store::Device {
        id: store::Device::id_of(channel, &token),
        user_id: user.clone(),
        channel,
        token: Secret::new(token),
        key,
        auth,
        name: draft.name,
        created_at: Timestamp::now(),
    };
    context.store.devices().put(&device, EACH_MAX).await?;
    let device = Device::of(device).ok_or_else(Problem::internal)?;
    Ok((StatusCode::CREATED, Json(device)))
}

/// Is it a subscription, and does its endpoint lead to where the station sends?
fn check(context: &Context, draft: &SubscriptionDraft) -> Result<(), Problem> {
    let keys = &draft.keys;
    let subscription = Subscription::parse(&draft.endpoint, &keys.p256dh, &keys.auth).map_err(|bad| {
        let field = match bad {
            BadSubscription::Endpoint => "subscription.endpoint",
            BadSubscription::Key => "subscription.keys.p256dh",
            BadSubscription::Auth => "subscription.keys.auth",
        };
        Problem::invalid(field, format!("does not fit: {bad}"))
    })?;
    let host = url::Url::parse(subscription.endpoint()).ok();
    let host = host.as_ref().and_then(url::Url::host);
    if host.is_none_or(|host| !context.reach.may_allow(&host)) {
        return Err(Problem::invalid("subscription.endpoint", "must be an address of the public internet"));
    }
    Ok(())
}

fn token(token: Option<String>, most: usize, fits: fn(&u8) -> bool) -> Result<String, Problem> {
    let token = token.ok_or_else(|| Problem::invalid("token", "is missing"))?;
    if token.is_empty() || token.len() > most || !token.as_bytes().iter().all(fits) {
        return Err(Problem::invalid("token", "is none that such a device has"));
    }
    Ok(token)
}

/// Forget a device.
#[utoipa::path(
    delete,
    path = "/api/devices/{id}",
    operation_id = "removeDevice",
    tag = "notifications",
    params(("id" = String, Path, description = "The device's id", max_length = 64)),
    responses((status = 204, description = "It is not registered, whether it was or not")),
    security(("bearer" = [])),
)]
async fn remove(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.require(Action::KeepAccount)?;
    context.store.devices().delete(&signed_in(&caller)?.id, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
