//! The Apple Push Notification service: to iPhones, iPads and Macs, through Apple.
//!
//! What is asked and answered: «Sending notification requests to APNs» and «Handling notification responses from APNs»
//! in Apple's documentation. HTTP/2 alone, over connections that are kept.

use std::fmt;
use std::time::Duration;

use ::http::header::AUTHORIZATION;
use ::http::{Method, Request, Response, StatusCode, Version};
use bytes::Bytes;
use http_body_util::Full;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use crate::http::Client;
use crate::jws::{BadKey, Signer};
use crate::notice::{Notice, Urgency};
use crate::outcome::{Outcome, retry_after};

/// Hexadecimal digits of a device token; Apple's have 64 and may grow.
pub const TOKEN_MAX: usize = 200;

/// How long one token of ours is shown: Apple refuses a new one within 20 minutes and an old one after an hour.
const LIFE: Duration = Duration::from_mins(40);

/// Who sends.
#[derive(Clone)]
pub struct Account {
    /// The team's id, ten characters.
    pub team: String,
    /// The key's id, ten characters.
    pub key_id: String,
    /// The key, PEM as Apple hands it out (`.p8`).
    pub private_key: String,
    /// The app's bundle id.
    pub topic: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("team", &self.team)
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

/// Where APNs is: `https://api.push.apple.com/`.
pub fn host() -> Url {
    Url::parse("https://api.push.apple.com/").expect("it is an address")
}

/// Sends to Apple's devices.
pub struct Apns {
    client: Client,
    host: Url,
    account: Account,
    signer: Signer,
    /// The token in use, and since when.
    token: Mutex<Option<(String, Timestamp)>>,
}

impl fmt::Debug for Apns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Apns").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Apns {
    /// Sends as `account` by way of `host`.
    ///
    /// # Errors
    /// Where its key is none on P-256.
    pub fn new(client: Client, account: Account, host: Url) -> Result<Self, BadKey> {
        let signer = Signer::es256_pem(&account.private_key)?;
        Ok(Self { client, host, account, signer, token: Mutex::new(None) })
    }

    /// Sends `notice` to the device with this token, hexadecimal.
    pub async fn send(&self, device: &str, notice: &Notice) -> Outcome {
        if device.is_empty()
            || device.len() > TOKEN_MAX
            || !device.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            return Outcome::gone("it is no device token");
        }
        let now = Timestamp::now();
        let Some(token) = self.token(now).await else {
            return Outcome::later("the system gives no randomness");
        };
        let Ok(address) = self.host.join(&format!("/3/device/{device}")) else {
            return Outcome::refused("the host of APNs is no address");
        };
        let priority = match notice.urgency {
            Urgency::High => "10",
            Urgency::Normal => "5",
        };
        let mut request = Request::builder()
            .method(Method::POST)
            .version(Version::HTTP_2)
            .uri(address.as_str())
            .header(AUTHORIZATION, format!("bearer {token}"))
            .header("apns-id", notice.id.to_string())
            .header("apns-topic", &self.account.topic)
            .header("apns-push-type", "alert")
            .header("apns-priority", priority)
            .header("apns-expiration", now.as_second() + notice.life.as_secs() as i64);
        if let Some(topic) = &notice.topic {
            request = request.header("apns-collapse-id", topic);
        }
        let request = match request.body(Full::new(Bytes::from(payload(notice).to_string()))) {
            Ok(request) => request,
            Err(error) => return Outcome::refused(error.to_string()),
        };
        match self.client.ask(request).await {
            Ok(answer) => {
                let reason = reason(&answer);
                if matches!(reason.as_str(), "ExpiredProviderToken" | "InvalidProviderToken") {
                    self.forget(&token).await;
                }
                judge(&answer, &reason, now)
            }
            Err(lost) => Outcome::later(lost.to_string()),
        }
    }

    async fn token(&self, now: Timestamp) -> Option<String> {
        let mut token = self.token.lock().await;
        if let Some((text, since)) = token.as_ref()
            && now.duration_since(*since).as_secs() < LIFE.as_secs() as i64
        {
            return Some(text.clone());
        }
        let claims = json!({"iss": self.account.team, "iat": now.as_second()});
        let text = self.signer.token(Some(&self.account.key_id), &claims)?;
        *token = Some((text.clone(), now));
        Some(text)
    }

    async fn forget(&self, used: &str) {
        let mut token = self.token.lock().await;
        if token.as_ref().is_some_and(|(text, _)| text == used) {
            *token = None;
        }
    }
}

fn payload(notice: &Notice) -> Value {
    json!({
        "aps": {"alert": {"title": notice.title, "body": notice.body}, "sound": "default"},
        "id": notice.id.to_string(),
        "url": notice.link.as_str(),
    })
}

/// The reason that stands in an answer, where it is a word.
fn reason(answer: &Response<Bytes>) -> String {
    let told: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let reason = told["reason"].as_str().unwrap_or_default();
    let plain = reason.len() <= 64 && reason.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain { reason.to_owned() } else { String::new() }
}

fn judge(answer: &Response<Bytes>, reason: &str, now: Timestamp) -> Outcome {
    let status = answer.status();
    if status.is_success() {
        return Outcome::Sent;
    }
    let why = match reason {
        "" => format!("APNs answered {status}"),
        reason => format!("APNs answered {status}: {reason}"),
    };
    let after = retry_after(answer.headers(), now);
    match (status, reason) {
        (StatusCode::GONE, _) | (_, "BadDeviceToken" | "DeviceTokenNotForTopic") => Outcome::Gone { why },
        // The operator's account is at fault, and what is to be told waits for them.
        (StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS, _) => Outcome::Later { after, why },
        _ if status.is_server_error() => Outcome::Later { after, why },
        _ => Outcome::Refused { why },
    }
}

#[cfg(test)]
mod tests;
