//! The ways that the operator has, at work.

use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use notices::apns::{self, Apns};
use notices::email::{Email, Letter, Trust};
use notices::fcm::{self, Fcm};
use notices::http::Client;
use notices::web_push::{Subscription, VapidKeys, WebPush};
use notices::{Notice, Outcome};
use rustls::RootCertStore;
use store::{Channel, Device};
use url::Url;

use super::ways::Mail;
use crate::http::reach::is_public;
use crate::private_file;
use crate::settings::{NotifySettings, PrivateKey, Settings};

/// The file of the key pair that browsers subscribe with, in the data directory.
const VAPID_FILE: &str = "vapid.key";

/// Every way that the operator has. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Channels {
    email: Option<Email>,
    web_push: Arc<WebPush>,
    fcm: Option<Arc<Fcm>>,
    apns: Option<Arc<Apns>>,
}

/// Whom the channels trust, and where browsers' push services may be.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Whose certificates are believed of push services.
    pub roots: RootCertStore,
    /// Whose are of the mail relay.
    pub trust: Trust,
    /// May endpoints of browsers be in the operator's own network?
    pub private_endpoints: bool,
}

impl Channels {
    /// Prepares what the settings name; makes the key pair for browsers at the first start. Connects nowhere.
    pub fn open(settings: &Settings, around: &Surroundings) -> anyhow::Result<Self> {
        let wanted = &settings.notify;
        let email =
            wanted.mail.as_ref().map(|mail| Email::new(&mail.relay, mail.from.clone(), &around.trust));
        let keys = vapid(&settings.storage.data_dir)?;
        let subject = contact(wanted, settings.http.public_url.as_ref());
        let anywhere = Client::new(around.roots.clone(), |_| true);
        // Whoever subscribes chooses the address.
        let guarded = if around.private_endpoints {
            anywhere.clone()
        } else {
            Client::new(around.roots.clone(), is_public)
        };
        let fcm = wanted.fcm.as_ref().map(|fcm| {
            let account = fcm::Account {
                project: fcm.project.clone(),
                email: fcm.email.clone(),
                private_key: pem(&fcm.private_key)?,
            };
            Fcm::new(anywhere.clone(), &account, fcm.hosts.clone()).context("the private key of FCM")
        });
        let apns = wanted.apns.as_ref().map(|apns| {
            let account = apns::Account {
                team: apns.team.clone(),
                key_id: apns.key_id.clone(),
                private_key: pem(&apns.private_key)?,
                topic: apns.topic.clone(),
            };
            Apns::new(anywhere.clone(), account, apns.host.clone()).context("the private key of APNs")
        });
        Ok(Self {
            email: email.transpose()?,
            web_push: Arc::new(WebPush::new(guarded, keys, subject)),
            fcm: fcm.transpose()?.map(Arc::new),
            apns: apns.transpose()?.map(Arc::new),
        })
    }

    /// The key that browsers subscribe with.
    pub fn public_key(&self) -> &str {
        self.web_push.public_key()
    }

    /// Is this way to be had?
    pub const fn has(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => self.email.is_some(),
            Channel::WebPush => true,
            Channel::Fcm => self.fcm.is_some(),
            Channel::Apns => self.apns.is_some(),
        }
    }

    /// Is there a mail relay?
    pub const fn mail(&self) -> Mail {
        if self.email.is_some() { Mail::Sent } else { Mail::Unsent }
    }

    /// Does the mail relay answer? `None` where there is none.
    pub async fn reach_relay(&self) -> Option<Result<(), String>> {
        match &self.email {
            Some(email) => Some(email.reach().await),
            None => None,
        }
    }

    /// Sends a letter.
    pub async fn write(&self, letter: &Letter<'_>) -> Outcome {
        match &self.email {
            Some(email) => email.send(letter).await,
            None => unavailable(),
        }
    }

    /// Sends to a device.
    pub async fn push(&self, device: &Device, notice: &Notice) -> Outcome {
        let token = device.token.expose();
        match device.channel {
            Channel::WebPush => {
                let key = device.key.as_deref().unwrap_or_default();
                let auth = device.auth.as_ref().map(store::Secret::expose).unwrap_or_default();
                match Subscription::parse(token, key, auth) {
                    Ok(subscription) => self.web_push.send(&subscription, notice).await,
                    Err(bad) => Outcome::Gone { why: bad.to_string() },
                }
            }
            Channel::Fcm => match &self.fcm {
                Some(fcm) => fcm.send(token, notice).await,
                None => unavailable(),
            },
            Channel::Apns => match &self.apns {
                Some(apns) => apns.send(token, notice).await,
                None => unavailable(),
            },
            Channel::Email => Outcome::Refused { why: "e-mail goes to no device".to_owned() },
        }
    }
}

/// The operator took the way away after something was to go by it.
fn unavailable() -> Outcome {
    Outcome::Refused { why: "the station does not have this way any more".to_owned() }
}

/// The key pair in the data directory; made where there is none.
fn vapid(data_dir: &Path) -> anyhow::Result<VapidKeys> {
    let path = data_dir.join(VAPID_FILE);
    match private_file::read(&path) {
        Ok(line) => VapidKeys::parse(&line)
            .with_context(|| format!("reading {}; delete it to have another pair made", path.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let keys = VapidKeys::generate()?;
            private_file::make(&path, &keys.encode())
                .with_context(|| format!("making {}", path.display()))?;
            Ok(keys)
        }
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

/// How whoever runs a push service reaches whoever runs this station.
fn contact(wanted: &NotifySettings, public_url: Option<&Url>) -> String {
    let public = public_url.filter(|url| url.scheme() == "https").map(Url::to_string);
    let sender = wanted.mail.as_ref().map(|mail| format!("mailto:{}", mail.from.address()));
    let given = wanted.contact.clone().or(public).or(sender);
    // Most push services ask for something and read it when something is wrong.
    given.unwrap_or_else(|| "mailto:onair@localhost.localdomain".to_owned())
}

fn pem(key: &PrivateKey) -> anyhow::Result<String> {
    match key {
        PrivateKey::Pem(pem) => Ok(pem.expose().clone()),
        PrivateKey::File(path) => {
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
        }
    }
}
