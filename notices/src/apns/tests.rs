//! A server that speaks as Apple's documents say APNs does.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PublicKeyData};

use super::*;
use crate::testing::{Answer, Received, Service, notice};

const DEVICE: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";

struct Apple {
    service: Service,
    public: Vec<u8>,
    apns: Apns,
}

impl Apple {
    async fn open() -> Self {
        let service = Service::open().await;
        let key = KeyPair::generate().unwrap();
        let account = Account {
            team: "DEF123GHIJ".to_owned(),
            key_id: "ABC123DEFG".to_owned(),
            private_key: key.serialize_pem(),
            topic: "example.radio".to_owned(),
        };
        let host = service.url("/").parse().unwrap();
        let apns = Apns::new(service.client(), account, host).unwrap();
        Self { service, public: key.der_bytes().to_vec(), apns }
    }

    /// What our token says, where its signature is good.
    fn claims(&self, received: &Received) -> (Value, Value) {
        let token = received.header("authorization").strip_prefix("bearer ").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.public);
        public.verify(signed.as_bytes(), &decode(signature)).unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let json = |part: &str| serde_json::from_slice(&decode(part)).unwrap();
        (json(header), json(claims))
    }
}

fn refusal(status: u16, reason: &str) -> Answer {
    Answer::status(status).json(&json!({"reason": reason}))
}

#[tokio::test]
async fn it_sends_by_http_2_with_a_token_that_is_shown_again() {
    let mut apple = Apple::open().await;
    apple.service.answer(Answer::status(200));
    let mut notice = notice();
    notice.topic = Some("broadcast-1".to_owned());
    notice.urgency = Urgency::High;
    let before = Timestamp::now().as_second();
    for _ in 0..2 {
        assert_eq!(apple.apns.send(DEVICE, &notice).await, Outcome::Sent);
    }
    let (first, second) = (apple.service.next().await, apple.service.next().await);
    assert_eq!(
        (first.version, first.path.as_str()),
        (Version::HTTP_2, format!("/3/device/{DEVICE}").as_str())
    );
    let names = ["apns-id", "apns-topic", "apns-push-type", "apns-priority", "apns-collapse-id"];
    let id = notice.id.to_string();
    assert_eq!(names.map(|name| first.header(name)), [&id, "example.radio", "alert", "10", "broadcast-1"]);
    let until: i64 = first.header("apns-expiration").parse().unwrap();
    assert!((before + 86_400..before + 86_500).contains(&until), "{until}");
    let expected = json!({
        "aps": {"alert": {"title": "Ada is on air", "body": "Evening news"}, "sound": "default"},
        "id": id,
        "url": "https://radio.example/listen/evening",
    });
    assert_eq!(first.json(), expected);
    let (header, claims) = apple.claims(&first);
    assert_eq!((&header["alg"], &header["kid"]), (&"ES256".into(), &"ABC123DEFG".into()));
    assert_eq!(claims["iss"], "DEF123GHIJ");
    assert!(claims["iat"].as_i64().unwrap() >= before);
    assert_eq!(first.header("authorization"), second.header("authorization"));
    assert_eq!(apple.service.connections(), 1, "a connection is kept");
}

#[tokio::test]
async fn what_apple_answers_is_understood() {
    let apple = Apple::open().await;
    let why = |told: &str| format!("APNs answered {told}");
    let later = |after: Option<u64>, told: &str| Outcome::Later {
        after: after.map(Duration::from_secs),
        why: why(told),
    };
    for (answer, expected) in [
        (refusal(410, "Unregistered"), Outcome::Gone { why: why("410 Gone: Unregistered") }),
        (refusal(400, "BadDeviceToken"), Outcome::Gone { why: why("400 Bad Request: BadDeviceToken") }),
        (
            refusal(400, "DeviceTokenNotForTopic"),
            Outcome::Gone { why: why("400 Bad Request: DeviceTokenNotForTopic") },
        ),
        (
            refusal(413, "PayloadTooLarge"),
            Outcome::Refused { why: why("413 Payload Too Large: PayloadTooLarge") },
        ),
        (refusal(400, "BadTopic"), Outcome::Refused { why: why("400 Bad Request: BadTopic") }),
        (
            refusal(429, "TooManyRequests").after("20"),
            later(Some(20), "429 Too Many Requests: TooManyRequests"),
        ),
        (refusal(503, "Shutdown"), later(None, "503 Service Unavailable: Shutdown")),
        (refusal(403, "InvalidProviderToken"), later(None, "403 Forbidden: InvalidProviderToken")),
        (refusal(400, "no\nword"), Outcome::Refused { why: why("400 Bad Request") }),
    ] {
        apple.service.answer(answer);
        assert_eq!(apple.apns.send(DEVICE, &notice()).await, expected);
    }
}

#[tokio::test]
async fn a_token_of_ours_that_apple_calls_old_is_made_anew() {
    let mut apple = Apple::open().await;
    let mut shown = Vec::new();
    for answer in [refusal(403, "ExpiredProviderToken"), Answer::status(200)] {
        apple.service.answer(answer);
        apple.apns.send(DEVICE, &notice()).await;
        shown.push(apple.service.next().await.header("authorization").to_owned());
    }
    // ECDSA has randomness in it, so that two tokens differ even in one second.
    assert_ne!(shown[0], shown[1]);
}

#[tokio::test]
async fn what_is_no_token_never_leaves() {
    let mut apple = Apple::open().await;
    for wrong in ["", "../../x", &"a".repeat(TOKEN_MAX + 1)] {
        let gone = Outcome::Gone { why: "it is no device token".to_owned() };
        assert_eq!(apple.apns.send(wrong, &notice()).await, gone);
    }
    assert!(apple.service.is_quiet());
}
