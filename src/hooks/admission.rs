//! Admission hooks: another program is asked before a publisher is let in, and told when it has gone.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use url::Url;

use super::courier::{Courier, Letter, NotTaken};
use crate::http::reach::Reach;
use crate::logs::Redacted;

/// What the hook gets to answer. A publisher waits meanwhile, and its encoder gives up after some seconds.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Departures that wait to be told. Beyond them the receiver is not keeping up, and the newest is dropped.
const DEPARTURES: usize = 256;

/// What becomes of a publisher when the hook does not answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnFailure {
    /// It is turned away.
    Deny,
    /// It is let in.
    Allow,
}

/// A word that is none of these.
#[derive(Debug, thiserror::Error)]
#[error("use deny or allow")]
pub struct UnknownOnFailure;

impl FromStr for OnFailure {
    type Err = UnknownOnFailure;

    fn from_str(text: &str) -> Result<Self, UnknownOnFailure> {
        match text {
            "deny" => Ok(Self::Deny),
            "allow" => Ok(Self::Allow),
            _ => Err(UnknownOnFailure),
        }
    }
}

/// The answer to whether a publisher may come in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It may.
    Admitted,
    /// The hook said no.
    Denied,
    /// The hook said nothing, and who cannot be asked about is turned away.
    Unasked,
}

/// A publisher, as a hook is told of it. Its stream key is nobody else's business.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Publisher {
    /// To which broadcast.
    pub broadcast_id: String,
    /// The broadcast's name for people.
    pub title: String,
    /// Names this stay; the same when it has gone.
    pub session: String,
    /// `rtmp`, `rtmps` or `whip`.
    pub protocol: &'static str,
    /// Where it comes from.
    pub address: IpAddr,
    /// What the encoder calls itself.
    pub software: Option<String>,
    /// The account that publishes; not known of who shows a stream key.
    pub user_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    id: String,
    event: &'static str,
    created_at: String,
    publisher: &'a Publisher,
}

/// Where the hooks are.
#[derive(Clone, Debug)]
pub struct Hooks {
    /// Asked before a publisher is let in.
    pub on_publish: Option<Url>,
    /// Told when it has gone.
    pub on_unpublish: Option<Url>,
    /// What both are signed with.
    pub secret: Redacted<String>,
    /// What becomes of a publisher when `on_publish` does not answer.
    pub on_failure: OnFailure,
}

/// Asks and tells. Cheap to clone.
#[derive(Clone)]
pub struct Admission {
    asked: Option<Hook>,
    on_failure: OnFailure,
    departures: Option<mpsc::Sender<Publisher>>,
}

#[derive(Clone)]
struct Hook {
    courier: Courier,
    url: Url,
    secret: Redacted<String>,
}

impl Admission {
    /// Lets everybody in and tells nobody.
    pub const fn open() -> Self {
        Self { asked: None, on_failure: OnFailure::Deny, departures: None }
    }

    /// Asks and tells `hooks` by `courier`; the second half is a task that tells of departures.
    pub fn new(hooks: Hooks, courier: &Courier) -> (Self, Departures) {
        let hook = |url| Hook { courier: courier.clone(), url, secret: hooks.secret.clone() };
        let (departures, gone) = mpsc::channel(DEPARTURES);
        let told = hooks.on_unpublish.map(&hook);
        let admission = Self {
            asked: hooks.on_publish.map(&hook),
            on_failure: hooks.on_failure,
            departures: told.is_some().then_some(departures),
        };
        (admission, Departures { told, gone })
    }

    /// Whether `publisher` may come in; within [`PATIENCE`].
    pub async fn on_publish(&self, publisher: &Publisher) -> Verdict {
        let Some(hook) = &self.asked else { return Verdict::Admitted };
        let broadcast = &publisher.broadcast_id;
        match (hook.post("on_publish", publisher).await, self.on_failure) {
            (Ok(()), _) => Verdict::Admitted,
            (Err(NotTaken::Answered(status)), _) => {
                info!(broadcast.id = %broadcast, "on_publish turned a publisher of {broadcast} away with {status}");
                Verdict::Denied
            }
            (Err(cause), OnFailure::Allow) => {
                warn!(broadcast.id = %broadcast, "on_publish did not answer, the publisher is let in: {cause}");
                Verdict::Admitted
            }
            (Err(cause), OnFailure::Deny) => {
                warn!(broadcast.id = %broadcast, "on_publish did not answer, the publisher is turned away: {cause}");
                Verdict::Unasked
            }
        }
    }

    /// Whether anybody is asked: without a hook everybody is let in at once.
    pub const fn asks(&self) -> bool {
        self.asked.is_some()
    }

    /// Tells that `publisher` has gone; at once, and without waiting for anybody.
    pub fn on_unpublish(&self, publisher: &Publisher) {
        let Some(departures) = &self.departures else { return };
        if let Err(full) = departures.try_send(publisher.clone()) {
            let (mpsc::error::TrySendError::Full(gone) | mpsc::error::TrySendError::Closed(gone)) = full;
            warn!(broadcast.id = %gone.broadcast_id, "on_unpublish is not told of {}: too many wait", gone.session);
        }
    }
}

impl Hook {
    async fn post(&self, event: &'static str, publisher: &Publisher) -> Result<(), NotTaken> {
        let now = jiff::Timestamp::now();
        let id = uuid::Uuid::now_v7().to_string();
        let created_at = format!("{now:.3}");
        let wire = Wire { id: id.clone(), event, created_at, publisher };
        let body = serde_json::to_vec(&wire).expect("names and text are JSON");
        let letter = Letter {
            url: self.url.as_str(),
            // The operator named it, in the settings.
            reach: Reach::Anywhere,
            secrets: std::slice::from_ref(&self.secret),
            event,
            id: &id,
            body: Bytes::from(body),
        };
        self.courier.bring(letter, u64::try_from(now.as_second()).unwrap_or(0)).await
    }
}

/// Tells `on_unpublish` of departures, one after another.
pub struct Departures {
    told: Option<Hook>,
    gone: mpsc::Receiver<Publisher>,
}

impl Departures {
    /// Runs until `shutdown`; then those who have gone by then are told of within [`PATIENCE`].
    pub async fn run(mut self, shutdown: CancellationToken) {
        if shutdown.run_until_cancelled(self.tell()).await.is_some() {
            return;
        }
        self.gone.close();
        if timeout(PATIENCE, self.tell()).await.is_err() {
            warn!("on_unpublish was not told of the last publishers: the station stops");
        }
    }

    /// Tells until nobody can go any more.
    async fn tell(&mut self) {
        let Some(hook) = &self.told else { return };
        while let Some(publisher) = self.gone.recv().await {
            if let Err(cause) = hook.post("on_unpublish", &publisher).await {
                let id = &publisher.broadcast_id;
                warn!(broadcast.id = %id, "on_unpublish was not told that a publisher of {id} has gone: {cause}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::testing::{Manner, Receiver, hasty, nobody, patient};

    const SECRET: &str = "a shared secret";

    fn publisher() -> Publisher {
        Publisher {
            broadcast_id: "evening".to_owned(),
            title: "Evening".to_owned(),
            session: "a-stay".to_owned(),
            protocol: "rtmp",
            address: [192, 0, 2, 7].into(),
            software: Some("OBS".to_owned()),
            user_id: None,
        }
    }

    fn admission(asked: &str, on_failure: OnFailure, courier: &Courier) -> Admission {
        let on_publish = Some(Url::parse(asked).unwrap());
        let secret = Redacted::new(SECRET.to_owned());
        Admission::new(Hooks { on_publish, on_unpublish: None, secret, on_failure }, courier).0
    }

    #[tokio::test]
    async fn the_hook_decides_who_is_let_in() {
        let mut receiver = Receiver::open(Manner::Answers(204)).await;
        // What happens when nobody answers does not count when somebody does.
        for on_failure in [OnFailure::Deny, OnFailure::Allow] {
            let admission = admission(&receiver.url(), on_failure, &patient());
            receiver.behave(Manner::Answers(204));
            assert_eq!(admission.on_publish(&publisher()).await, Verdict::Admitted);
            for status in [403, 500, 302] {
                receiver.behave(Manner::Answers(status));
                assert_eq!(admission.on_publish(&publisher()).await, Verdict::Denied, "{status}");
            }
        }
        let asked = receiver.next().await;
        assert!(asked.is_signed(SECRET) && !asked.is_signed("another"));
        let json = asked.json();
        assert_eq!((&json["event"], asked.header("x-onair-event")), (&"on_publish".into(), "on_publish"));
        assert_eq!(json["id"], asked.header("x-onair-delivery"));
        let expected = serde_json::json!({
            "broadcastId": "evening", "title": "Evening", "session": "a-stay", "protocol": "rtmp",
            "address": "192.0.2.7", "software": "OBS", "userId": null,
        });
        assert_eq!(json["publisher"], expected);
    }

    #[tokio::test]
    async fn a_hook_that_does_not_answer_is_answered_for_by_the_setting() {
        let hanging = Receiver::open(Manner::Hangs).await;
        for url in [hanging.url(), nobody().await] {
            let denies = admission(&url, OnFailure::Deny, &hasty());
            assert_eq!(denies.on_publish(&publisher()).await, Verdict::Unasked, "{url}");
            let allows = admission(&url, OnFailure::Allow, &hasty());
            assert_eq!(allows.on_publish(&publisher()).await, Verdict::Admitted, "{url}");
        }
    }

    #[tokio::test]
    async fn without_a_hook_everybody_is_let_in() {
        assert_eq!(Admission::open().on_publish(&publisher()).await, Verdict::Admitted);
        assert!(!Admission::open().asks());
        Admission::open().on_unpublish(&publisher());
    }

    #[tokio::test]
    async fn departures_are_told_in_order_also_when_the_station_stops() {
        let mut receiver = Receiver::open(Manner::Answers(500)).await;
        let hooks = Hooks {
            on_publish: None,
            on_unpublish: Some(Url::parse(&receiver.url()).unwrap()),
            secret: Redacted::new(SECRET.to_owned()),
            on_failure: OnFailure::Deny,
        };
        let (admission, departures) = Admission::new(hooks, &patient());
        let shutdown = CancellationToken::new();
        for session in ["one", "two"] {
            admission.on_unpublish(&Publisher { session: session.to_owned(), ..publisher() });
        }
        shutdown.cancel();
        departures.run(shutdown).await;
        for session in ["one", "two"] {
            let received = receiver.next().await;
            assert!(received.is_signed(SECRET));
            let json = received.json();
            assert_eq!(
                (&json["event"], &json["publisher"]["session"]),
                (&"on_unpublish".into(), &session.into())
            );
        }
    }
}
