//! A server that speaks as Google's documents say FCM and its sign-in do.

use aws_lc_rs::rsa;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};

use super::*;
use crate::testing::{Answer, Received, Service, notice};

const SEND: &str = "/v1/projects/radio/messages:send";

struct Google {
    service: Service,
    public: Vec<u8>,
    fcm: Fcm,
}

impl Google {
    async fn open() -> Self {
        let service = Service::open().await;
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let pair = rsa::KeyPair::from_pkcs8(&key.serialize_der()).unwrap();
        let public = aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref().to_vec();
        let account = Account {
            project: "radio".to_owned(),
            email: "sender@radio.iam.example".to_owned(),
            private_key: key.serialize_pem(),
        };
        let url = |path: &str| service.url(path).parse().unwrap();
        let hosts = Hosts { messages: url("/"), tokens: url("/token") };
        let fcm = Fcm::new(service.client(), &account, hosts).unwrap();
        Self { service, public, fcm }
    }

    /// Hands out tokens, and answers messages with `answer`.
    fn answers(&self, answer: Answer) {
        self.service.behave(move |path| match path {
            "/token" => token(3_600),
            SEND => answer.clone(),
            path => panic!("{path} is asked for"),
        });
    }

    /// What the sign-in claims, where its signature is good.
    fn claims(&self, received: &Received) -> Value {
        let form: Vec<_> = form_urlencoded::parse(&received.body).into_owned().collect();
        assert_eq!(form[0], ("grant_type".into(), "urn:ietf:params:oauth:grant-type:jwt-bearer".into()));
        assert_eq!(form[1].0, "assertion");
        let (signed, signature) = form[1].1.rsplit_once('.').unwrap();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public);
        public.verify(signed.as_bytes(), &decode(signature)).unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let header: Value = serde_json::from_slice(&decode(header)).unwrap();
        assert_eq!(header["alg"], "RS256");
        serde_json::from_slice(&decode(claims)).unwrap()
    }
}

fn token(expires_in: u64) -> Answer {
    let granted = json!({"access_token": "ya29.opaque", "expires_in": expires_in, "token_type": "Bearer"});
    Answer::status(200).json(&granted)
}

fn sent() -> Answer {
    Answer::status(200).json(&json!({"name": "projects/radio/messages/0:1"}))
}

/// An error in the shape of `google.rpc.Status`.
fn error(status: u16, code: &str) -> Answer {
    let detail = json!({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code});
    Answer::status(status).json(&json!({"error": {"code": status, "message": "…", "details": [detail]}}))
}

#[tokio::test]
async fn it_signs_in_once_and_sends() {
    let mut google = Google::open().await;
    google.answers(sent());
    let mut notice = notice();
    notice.topic = Some("broadcast-1".to_owned());
    notice.urgency = Urgency::High;
    assert_eq!(google.fcm.send("device-1", &notice).await, Outcome::Sent);
    assert_eq!(google.fcm.send("device-2", &notice).await, Outcome::Sent);

    let asked = google.service.next().await;
    assert_eq!(asked.path, "/token");
    let claims = google.claims(&asked);
    assert_eq!((&claims["iss"], &claims["scope"]), (&"sender@radio.iam.example".into(), &SCOPE.into()));
    assert_eq!(claims["aud"], google.service.url("/token"));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_600);
    for device in ["device-1", "device-2"] {
        let sent = google.service.next().await;
        assert_eq!((sent.path.as_str(), sent.header("authorization")), (SEND, "Bearer ya29.opaque"));
        let expected = json!({"message": {
            "token": device,
            "notification": {"title": "Ada is on air", "body": "Evening news"},
            "data": {"id": notice.id.to_string(), "url": "https://radio.example/listen/evening"},
            "android": {
                "ttl": "86400s", "priority": "HIGH", "collapse_key": "broadcast-1",
                "notification": {"tag": "broadcast-1"},
            },
        }});
        assert_eq!(sent.json(), expected);
    }
    assert_eq!(google.service.connections(), 1, "a connection is kept");
}

#[tokio::test]
async fn a_token_that_ends_or_is_refused_is_exchanged() {
    let mut google = Google::open().await;
    google.service.behave(|path| if path == "/token" { token(60) } else { sent() });
    for _ in 0..2 {
        assert_eq!(google.fcm.send("device", &notice()).await, Outcome::Sent);
        assert_eq!(google.service.next().await.path, "/token");
        assert_eq!(google.service.next().await.path, SEND);
    }
    google.answers(Answer::status(401));
    for _ in 0..2 {
        let Outcome::Later { .. } = google.fcm.send("device", &notice()).await else { panic!("it passes") };
        assert_eq!(google.service.next().await.path, "/token");
        assert_eq!(google.service.next().await.path, SEND);
    }
}

#[tokio::test]
async fn what_google_answers_is_understood() {
    let google = Google::open().await;
    let violation = json!({"error": {"details": [
        {"errorCode": "INVALID_ARGUMENT"}, {"fieldViolations": [{"field": "message.token"}]},
    ]}});
    let why = |told: &str| format!("FCM answered {told}");
    let later = |after: Option<u64>, told: &str| Outcome::Later {
        after: after.map(Duration::from_secs),
        why: why(told),
    };
    for (answer, expected) in [
        (error(404, "UNREGISTERED"), Outcome::Gone { why: why("404 Not Found: UNREGISTERED") }),
        (error(403, "SENDER_ID_MISMATCH"), Outcome::Gone { why: why("403 Forbidden: SENDER_ID_MISMATCH") }),
        (
            Answer::status(400).json(&violation),
            Outcome::Gone { why: why("400 Bad Request: INVALID_ARGUMENT") },
        ),
        (error(400, "INVALID_ARGUMENT"), Outcome::Refused { why: why("400 Bad Request: INVALID_ARGUMENT") }),
        (error(429, "QUOTA_EXCEEDED"), later(Some(60), "429 Too Many Requests: QUOTA_EXCEEDED")),
        (error(429, "QUOTA_EXCEEDED").after("7"), later(Some(7), "429 Too Many Requests: QUOTA_EXCEEDED")),
        (error(503, "UNAVAILABLE").after("30"), later(Some(30), "503 Service Unavailable: UNAVAILABLE")),
        (error(500, "INTERNAL"), later(None, "500 Internal Server Error: INTERNAL")),
        (error(400, "look\nhere"), Outcome::Refused { why: why("400 Bad Request") }),
        (Answer::status(502), later(None, "502 Bad Gateway")),
    ] {
        google.answers(answer);
        assert_eq!(google.fcm.send("device", &notice()).await, expected);
    }
}

#[tokio::test]
async fn an_account_that_google_does_not_know_costs_no_device() {
    let google = Google::open().await;
    google.service.answer(Answer::status(400).json(&json!({"error": "invalid_grant"})));
    let Outcome::Later { why, .. } = google.fcm.send("device", &notice()).await else { panic!("it waits") };
    assert_eq!(why, "Google hands out no token: 400 Bad Request");
    assert!(!format!("{:?}", google.fcm).contains("PRIVATE"));
}

#[test]
fn a_key_that_is_none_is_refused() {
    let account = |private_key: &str| Account {
        project: "radio".to_owned(),
        email: "a@b.example".to_owned(),
        private_key: private_key.to_owned(),
    };
    let client = || Client::new(rustls::RootCertStore::empty(), |_| true);
    let elliptic = KeyPair::generate().unwrap().serialize_pem();
    for wrong in ["", "not a key", elliptic.as_str()] {
        assert_eq!(Fcm::new(client(), &account(wrong), Hosts::default()).unwrap_err(), BadKey("RS256"));
    }
}
