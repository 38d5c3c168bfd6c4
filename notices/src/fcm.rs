//! Firebase Cloud Messaging, HTTP v1: to Android devices, through Google.
//!
//! What is asked and answered: <https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages>; how the
//! sender signs in: RFC 7523 with a service account.

use std::fmt;
use std::time::Duration;

use ::http::header::{AUTHORIZATION, CONTENT_TYPE};
use ::http::{Method, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::Full;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use crate::http::Client;
use crate::jws::{BadKey, Signer};
use crate::notice::{Notice, Urgency};
use crate::outcome::{Outcome, retry_after};

/// Bytes of a registration token; Google's have under two hundred and may grow.
pub const TOKEN_MAX: usize = 4096;

/// What a sign-in is for.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

/// A token this close to its end is exchanged for the next.
const MARGIN: Duration = Duration::from_mins(1);

/// When to try again after a 429 that does not say; Google asks for a minute.
const QUOTA: Duration = Duration::from_mins(1);

/// Who sends, as the file of a service account tells.
#[derive(Clone)]
pub struct Account {
    /// `project_id`.
    pub project: String,
    /// `client_email`.
    pub email: String,
    /// `private_key`, PEM.
    pub private_key: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("project", &self.project).finish_non_exhaustive()
    }
}

/// Where FCM is; a proxy of one's own may stand before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hosts {
    /// Where messages are sent: `https://fcm.googleapis.com/`.
    pub messages: Url,
    /// Where tokens are handed out: `https://oauth2.googleapis.com/token`.
    pub tokens: Url,
}

impl Default for Hosts {
    fn default() -> Self {
        let url = |text: &str| Url::parse(text).expect("these are addresses");
        Self {
            messages: url("https://fcm.googleapis.com/"),
            tokens: url("https://oauth2.googleapis.com/token"),
        }
    }
}

/// Sends to Android devices.
pub struct Fcm {
    client: Client,
    address: Url,
    tokens: Url,
    email: String,
    signer: Signer,
    /// The token in use. Held while the next one is fetched, so that it is fetched once.
    token: Mutex<Option<AccessToken>>,
}

struct AccessToken {
    text: String,
    until: Timestamp,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

impl fmt::Debug for Fcm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fcm").field("address", &self.address.as_str()).finish_non_exhaustive()
    }
}

impl Fcm {
    /// Sends as `account`.
    ///
    /// # Errors
    /// Where its key is no RSA key.
    pub fn new(client: Client, account: &Account, hosts: Hosts) -> Result<Self, BadKey> {
        let signer = Signer::rs256_pem(&account.private_key)?;
        let mut address = hosts.messages;
        if let Ok(mut path) = address.path_segments_mut() {
            path.pop_if_empty().extend(["v1", "projects", account.project.as_str(), "messages:send"]);
        }
        let (tokens, email) = (hosts.tokens, account.email.clone());
        Ok(Self { client, address, tokens, email, signer, token: Mutex::new(None) })
    }

    /// Sends `notice` to the device with this registration token.
    pub async fn send(&self, device: &str, notice: &Notice) -> Outcome {
        let now = Timestamp::now();
        let bearer = match self.bearer(now).await {
            Ok(bearer) => bearer,
            Err(outcome) => return outcome,
        };
        let body = message(device, notice).to_string();
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.address.as_str())
            .header(AUTHORIZATION, format!("Bearer {bearer}"))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)));
        let request = match request {
            Ok(request) => request,
            Err(error) => return Outcome::refused(error.to_string()),
        };
        match self.client.ask(request).await {
            Ok(answer) => {
                if answer.status() == StatusCode::UNAUTHORIZED {
                    self.forget(&bearer).await;
                }
                judge(&answer, now)
            }
            Err(lost) => Outcome::later(lost.to_string()),
        }
    }

    /// The token in use, or the next one.
    async fn bearer(&self, now: Timestamp) -> Result<String, Outcome> {
        let mut token = self.token.lock().await;
        if let Some(token) = token.as_ref().filter(|token| token.until > now) {
            return Ok(token.text.clone());
        }
        let claims = json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.tokens.as_str(),
            "iat": now.as_second(),
            "exp": now.as_second() + 3_600,
        });
        let assertion = self.signer.token(None, &claims);
        let assertion = assertion.ok_or_else(|| Outcome::later("the system gives no randomness"))?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &assertion)
            .finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.tokens.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form)))
            .map_err(|error| Outcome::refused(error.to_string()))?;
        let answer = self.client.ask(request).await.map_err(|lost| Outcome::later(lost.to_string()))?;
        if !answer.status().is_success() {
            // The account is at fault and not the device, so what is to be told waits for the operator.
            return Err(Outcome::Later {
                after: retry_after(answer.headers(), now),
                why: format!("Google hands out no token: {}", answer.status()),
            });
        }
        let granted: Granted = serde_json::from_slice(answer.body())
            .map_err(|_| Outcome::later("Google hands out no token: its answer cannot be read"))?;
        let life = Duration::from_secs(granted.expires_in.min(86_400)).saturating_sub(MARGIN);
        let until = now.as_second().saturating_add(life.as_secs() as i64);
        let until = Timestamp::from_second(until).unwrap_or(Timestamp::MAX);
        *token = Some(AccessToken { text: granted.access_token.clone(), until });
        Ok(granted.access_token)
    }

    /// Does not use this token again.
    async fn forget(&self, used: &str) {
        let mut token = self.token.lock().await;
        if token.as_ref().is_some_and(|token| token.text == used) {
            *token = None;
        }
    }
}

fn message(device: &str, notice: &Notice) -> Value {
    let priority = match notice.urgency {
        Urgency::High => "HIGH",
        Urgency::Normal => "NORMAL",
    };
    let mut android = json!({"ttl": format!("{}s", notice.life.as_secs()), "priority": priority});
    if let Some(topic) = &notice.topic {
        android["collapse_key"] = topic.as_str().into();
        android["notification"] = json!({"tag": topic});
    }
    json!({"message": {
        "token": device,
        "notification": {"title": notice.title, "body": notice.body},
        "data": {"id": notice.id.to_string(), "url": notice.link.as_str()},
        "android": android,
    }})
}

/// By the error's own code, which says more than the status.
fn judge(answer: &Response<Bytes>, now: Timestamp) -> Outcome {
    let status = answer.status();
    if status.is_success() {
        return Outcome::Sent;
    }
    let told: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let details = || told["error"]["details"].as_array().into_iter().flatten();
    let code = details().find_map(|detail| detail["errorCode"].as_str()).unwrap_or_default();
    // Its words go into a log.
    let plain = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let why = if plain { format!("FCM answered {status}: {code}") } else { format!("FCM answered {status}") };
    let after = retry_after(answer.headers(), now);
    let of_the_token = || {
        let mut violations = details().filter_map(|detail| detail["fieldViolations"].as_array()).flatten();
        violations.any(|violation| violation["field"] == "message.token")
    };
    match code {
        "UNREGISTERED" | "SENDER_ID_MISMATCH" => Outcome::Gone { why },
        "INVALID_ARGUMENT" if of_the_token() => Outcome::Gone { why },
        "QUOTA_EXCEEDED" => Outcome::Later { after: after.or(Some(QUOTA)), why },
        "UNAVAILABLE" | "INTERNAL" => Outcome::Later { after, why },
        _ if status == StatusCode::TOO_MANY_REQUESTS => Outcome::Later { after: after.or(Some(QUOTA)), why },
        // What we showed has become void; the next attempt signs in again.
        _ if status == StatusCode::UNAUTHORIZED || status.is_server_error() => Outcome::Later { after, why },
        _ => Outcome::Refused { why },
    }
}

#[cfg(test)]
mod tests;
