//! Web Push: to browsers, through the push service of whoever made the browser, without an account anywhere.
//!
//! RFC 8030 is the request, RFC 8291 the encryption by which only the browser reads it, RFC 8292 (VAPID) the signature
//! by which the push service knows who sends.

mod encryption;
mod subscription;
mod vapid;

use ::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use ::http::{Method, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::Full;
use jiff::Timestamp;
use serde_json::json;

use crate::http::Client;
use crate::notice::{Notice, Urgency};
use crate::outcome::{Outcome, retry_after};

pub use subscription::{BadSubscription, ENDPOINT_MAX, Subscription};
pub use vapid::{NoRandomness, VapidKeys};

/// Sends to browsers. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct WebPush {
    client: Client,
    keys: VapidKeys,
    subject: String,
}

impl WebPush {
    /// Signs with `keys`; `subject` is how whoever runs a push service reaches whoever runs this station, `mailto:` or
    /// `https:` (RFC 8292, 2.1).
    pub fn new(client: Client, keys: VapidKeys, subject: String) -> Self {
        Self { client, keys, subject }
    }

    /// The key that browsers subscribe with (`applicationServerKey`), in base64url.
    pub fn public_key(&self) -> &str {
        self.keys.public()
    }

    /// Sends `notice` to `to` as JSON: `id`, `title`, `body`, `url` and, where it has one, `tag`.
    pub async fn send(&self, to: &Subscription, notice: &Notice) -> Outcome {
        let mut told = json!({
            "id": notice.id.to_string(),
            "title": notice.title,
            "body": notice.body,
            "url": notice.link.as_str(),
        });
        if let Some(topic) = &notice.topic {
            told["tag"] = topic.as_str().into();
        }
        let now = Timestamp::now();
        let Ok(body) = encryption::seal(to, told.to_string().as_bytes()) else {
            return Outcome::later("the system gives no randomness");
        };
        let Some(authorization) = self.keys.authorization(&to.origin(), &self.subject, now) else {
            return Outcome::later("the system gives no randomness");
        };
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(to.endpoint())
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, "application/octet-stream")
            .header("ttl", notice.life.as_secs())
            .header("urgency", urgency(notice.urgency));
        if let Some(topic) = &notice.topic {
            request = request.header("topic", topic);
        }
        let request = match request.body(Full::new(Bytes::from(body))) {
            Ok(request) => request,
            Err(error) => return Outcome::refused(error.to_string()),
        };
        match self.client.ask(request).await {
            Ok(answer) => judge(&answer, now),
            // Whoever subscribed chose the address.
            Err(lost @ crate::http::Lost::Beyond(_)) => Outcome::gone(lost.to_string()),
            Err(lost) => Outcome::later(lost.to_string()),
        }
    }
}

const fn urgency(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::High => "high",
        Urgency::Normal => "normal",
    }
}

/// RFC 8030: 5 (201), 7.3 (404, and 410 of older services), 8.4 (429 and `Retry-After`).
fn judge(answer: &Response<Bytes>, now: Timestamp) -> Outcome {
    let status = answer.status();
    let why = format!("the push service answered {status}");
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Outcome::Gone { why },
        StatusCode::TOO_MANY_REQUESTS => Outcome::Later { after: retry_after(answer.headers(), now), why },
        status if status.is_success() => Outcome::Sent,
        status if status.is_server_error() => {
            Outcome::Later { after: retry_after(answer.headers(), now), why }
        }
        _ => Outcome::Refused { why },
    }
}

#[cfg(test)]
mod tests;
