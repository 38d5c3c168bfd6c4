//! The settings of the ways to people who are not here: e-mail and push.

use notices::email::{Relay, Sender};
use notices::fcm::Hosts;
use url::Url;

use super::error::SettingsError;
use super::objects::{PrivateKey, private_key};
use super::sections::{alone, env};
use super::table::Key;
use super::values::{self, Values};

/// By what people are told who are not here.
#[derive(Clone, Debug, PartialEq)]
pub struct NotifySettings {
    /// E-mail.
    pub mail: Option<MailSettings>,
    /// Where push services reach whoever runs the station: `mailto:` or `https:`.
    pub contact: Option<String>,
    /// Android devices.
    pub fcm: Option<FcmSettings>,
    /// Apple's devices.
    pub apns: Option<ApnsSettings>,
}

/// How e-mail is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct MailSettings {
    /// What takes it.
    pub relay: Relay,
    /// Who writes it.
    pub from: Sender,
}

/// By what account Android devices are reached.
#[derive(Clone, Debug, PartialEq)]
pub struct FcmSettings {
    /// The Firebase project.
    pub project: String,
    /// The service account.
    pub email: String,
    /// Its key.
    pub private_key: PrivateKey,
    /// Where Google is.
    pub hosts: Hosts,
}

/// By what account Apple's devices are reached.
#[derive(Clone, Debug, PartialEq)]
pub struct ApnsSettings {
    /// The team's id.
    pub team: String,
    /// The key's id.
    pub key_id: String,
    /// The key.
    pub private_key: PrivateKey,
    /// The app's bundle id.
    pub topic: String,
    /// Where Apple is.
    pub host: Url,
}

impl NotifySettings {
    pub(super) fn from_values(values: &Values) -> Result<Self, SettingsError> {
        let relay = values.optional(Key::SmtpUrl, |text| Relay::parse(text).ok())?;
        let from = values.optional(Key::MailFrom, |text| Sender::parse(text).ok())?;
        let mail = match (relay, from) {
            (Some(relay), Some(from)) => Some(MailSettings { relay, from }),
            (Some(_), None) => return Err(alone(Key::SmtpUrl, env(Key::MailFrom))),
            // Who only says who writes, says nothing yet.
            (None, _) => None,
        };
        Ok(Self {
            mail,
            contact: values.optional(Key::VapidSubject, contact)?,
            fcm: fcm(values)?,
            apns: apns(values)?,
        })
    }
}

/// All of an account or nothing of it.
fn fcm(values: &Values) -> Result<Option<FcmSettings>, SettingsError> {
    let project = values.optional(Key::FcmProjectId, values::name)?;
    let email = values.optional(Key::FcmClientEmail, values::email)?;
    let key = values.optional(Key::FcmPrivateKey, private_key)?;
    let hosts = Hosts {
        messages: values.required(Key::FcmUrl, values::service_url)?,
        tokens: values.required(Key::FcmTokenUrl, values::service_url)?,
    };
    match (project, email, key) {
        (Some(project), Some(email), Some(private_key)) => {
            Ok(Some(FcmSettings { project, email, private_key, hosts }))
        }
        (None, None, None) => Ok(None),
        (Some(_), None, _) => Err(alone(Key::FcmProjectId, env(Key::FcmClientEmail))),
        (Some(_), Some(_), None) => Err(alone(Key::FcmProjectId, env(Key::FcmPrivateKey))),
        (None, Some(_), _) => Err(alone(Key::FcmClientEmail, env(Key::FcmProjectId))),
        (None, None, Some(_)) => Err(alone(Key::FcmPrivateKey, env(Key::FcmProjectId))),
    }
}

fn apns(values: &Values) -> Result<Option<ApnsSettings>, SettingsError> {
    let team = values.optional(Key::ApnsTeamId, values::name)?;
    let key_id = values.optional(Key::ApnsKeyId, values::name)?;
    let key = values.optional(Key::ApnsPrivateKey, private_key)?;
    let topic = values.optional(Key::ApnsTopic, values::name)?;
    let host = values.required(Key::ApnsUrl, values::service_url)?;
    let parts = [
        (Key::ApnsTeamId, team.is_some()),
        (Key::ApnsKeyId, key_id.is_some()),
        (Key::ApnsPrivateKey, key.is_some()),
        (Key::ApnsTopic, topic.is_some()),
    ];
    if let (Some(team), Some(key_id), Some(private_key), Some(topic)) = (team, key_id, key, topic) {
        return Ok(Some(ApnsSettings { team, key_id, private_key, topic, host }));
    }
    let given = parts.iter().find(|(_, given)| *given).map(|(key, _)| *key);
    let missing = parts.iter().find(|(_, given)| !*given).map(|(key, _)| *key);
    match given.zip(missing) {
        Some((given, missing)) => Err(alone(given, env(missing))),
        None => Ok(None),
    }
}

fn contact(text: &str) -> Option<String> {
    if let Some(address) = text.strip_prefix("mailto:") {
        return values::email(address).map(|address| format!("mailto:{address}"));
    }
    values::service_url(text).map(|url| url.to_string())
}
