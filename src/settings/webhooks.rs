//! The settings of webhooks and admission hooks.

use url::Url;

use super::error::SettingsError;
use super::sections::{alone, env};
use super::table::Key;
use super::values::{self, Values};
use crate::hooks::admission::OnFailure;
use crate::http::reach::Reach;
use crate::logs::Redacted;

/// Who is told of events, and asked about publishers.
#[derive(Clone, Debug, PartialEq)]
pub struct WebhookSettings {
    /// Where every event is posted.
    pub url: Option<Url>,
    /// What requests to the addresses here are signed with; there whenever one of them is.
    pub secret: Option<Redacted<String>>,
    /// May webhooks made by API reach loopback, private and link-local addresses?
    pub private_targets: bool,
    /// Asked before a publisher is let in.
    pub on_publish: Option<Url>,
    /// What becomes of a publisher when it cannot be asked.
    pub on_publish_fail: OnFailure,
    /// Told when a publisher has gone.
    pub on_unpublish: Option<Url>,
}

impl WebhookSettings {
    /// Which machines the webhooks reach that people made.
    pub const fn reach(&self) -> Reach {
        if self.private_targets { Reach::Anywhere } else { Reach::Public }
    }

    pub(super) fn from_values(values: &Values) -> Result<Self, SettingsError> {
        let webhooks = Self {
            url: values.optional(Key::WebhookUrl, values::hook_url)?,
            secret: values.optional(Key::WebhookSecret, values::shared_secret)?.map(Redacted::new),
            private_targets: values.parsed(Key::WebhookPrivateTargets)?,
            on_publish: values.optional(Key::OnPublishUrl, values::hook_url)?,
            on_publish_fail: values.parsed(Key::OnPublishFail)?,
            on_unpublish: values.optional(Key::OnUnpublishUrl, values::hook_url)?,
        };
        let addresses = [
            (Key::WebhookUrl, &webhooks.url),
            (Key::OnPublishUrl, &webhooks.on_publish),
            (Key::OnUnpublishUrl, &webhooks.on_unpublish),
        ];
        let signed = addresses.into_iter().find(|(_, url)| url.is_some()).map(|(key, _)| key);
        match signed {
            Some(key) if webhooks.secret.is_none() => Err(alone(key, env(Key::WebhookSecret))),
            _ => Ok(webhooks),
        }
    }
}
