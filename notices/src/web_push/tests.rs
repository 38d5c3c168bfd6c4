//! A push service and a browser, written from the RFCs: the one checks VAPID and keeps what comes, the other decrypts.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey as Verifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::time::Duration;

use super::*;
use crate::testing::{Answer, Received, Service, notice};

/// A browser's half of a subscription.
struct Browser {
    private: PrivateKey,
    auth: [u8; 16],
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

impl Browser {
    fn new() -> Self {
        Self { private: PrivateKey::generate(&ECDH_P256).unwrap(), auth: *b"sixteen bytes ok" }
    }

    fn public(&self) -> Vec<u8> {
        self.private.compute_public_key().unwrap().as_ref().to_vec()
    }

    fn subscription(&self, endpoint: &str) -> Subscription {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        Subscription::parse(endpoint, &encode(&self.public()), &encode(&self.auth)).unwrap()
    }

    /// RFC 8188, 2.1 and 2.2, with the keying of RFC 8291, 3.4.
    fn open(&self, body: &[u8]) -> Vec<u8> {
        let (salt, rest) = body.split_at(16);
        let (size, rest) = rest.split_at(4);
        let size = u32::from_be_bytes(size.try_into().unwrap()) as usize;
        let (sender, record) = rest[1..].split_at(rest[0] as usize);
        assert!(record.len() <= size, "one record");
        let expand = |salt: &[u8], secret: &[u8], info: &[&[u8]], length: usize| {
            let mut out = vec![0; length];
            let extracted = Salt::new(HKDF_SHA256, salt).extract(secret);
            extracted.expand(info, Bytes(length)).unwrap().fill(&mut out).unwrap();
            out
        };
        let secret = |ecdh: &[u8]| {
            let info: [&[u8]; 3] = [b"WebPush: info\0", &self.public(), sender];
            Ok(expand(&self.auth, ecdh, &info, 32))
        };
        let peer = UnparsedPublicKey::new(&ECDH_P256, sender);
        let secret = agree(&self.private, peer, (), secret).unwrap();
        let key = expand(salt, &secret, &[b"Content-Encoding: aes128gcm\0"], 16);
        let nonce = expand(salt, &secret, &[b"Content-Encoding: nonce\0"], 12);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let mut record = record.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(&nonce).unwrap();
        let plain = key.open_in_place(nonce, Aad::empty(), &mut record).unwrap();
        let end = plain.iter().rposition(|byte| *byte != 0).unwrap();
        assert_eq!(plain[end], 2, "the last record");
        plain[..end].to_vec()
    }
}

/// What the token of a request says, where its signature is good (RFC 8292, 2 and 3).
fn vapid(received: &Received) -> (Value, String) {
    let told = received.header("authorization").strip_prefix("vapid t=").unwrap();
    let (token, key) = told.split_once(", k=").unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let public = Verifier::new(&ECDSA_P256_SHA256_FIXED, decode(key));
    public.verify(signed.as_bytes(), &decode(signature)).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    assert_eq!((&header["typ"], &header["alg"]), (&"JWT".into(), &"ES256".into()));
    (serde_json::from_slice(&decode(claims)).unwrap(), key.to_owned())
}

fn channel(service: &Service) -> WebPush {
    WebPush::new(service.client(), VapidKeys::generate().unwrap(), "mailto:op@radio.example".to_owned())
}

#[tokio::test]
async fn a_browser_reads_what_it_is_sent_and_its_service_knows_who_sends() {
    let mut service = Service::open().await;
    let (channel, browser) = (channel(&service), Browser::new());
    let mut notice = notice();
    notice.topic = Some("broadcast-1".to_owned());
    notice.urgency = Urgency::High;
    service.answer(Answer::status(201));
    let sent = channel.send(&browser.subscription(&service.url("/push/1")), &notice).await;
    assert_eq!(sent, Outcome::Sent);

    let received = service.next().await;
    assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", "/push/1"));
    let headers = ["ttl", "urgency", "topic", "content-encoding"].map(|name| received.header(name));
    assert_eq!(headers, ["86400", "high", "broadcast-1", "aes128gcm"]);
    let told: Value = serde_json::from_slice(&browser.open(&received.body)).unwrap();
    let expected = json!({
        "id": notice.id.to_string(), "title": notice.title, "body": notice.body, "url": notice.link.as_str(),
        "tag": "broadcast-1",
    });
    assert_eq!(told, expected);
    let (claims, key) = vapid(&received);
    assert_eq!(key, channel.public_key());
    assert_eq!(claims["aud"], service.url("").trim_end_matches('/'));
    assert_eq!(claims["sub"], "mailto:op@radio.example");
    let good_for = claims["exp"].as_i64().unwrap() - Timestamp::now().as_second();
    assert!((1..=86_400).contains(&good_for), "{good_for}");
}

#[tokio::test]
async fn what_the_service_answers_is_understood() {
    let service = Service::open().await;
    let (channel, browser) = (channel(&service), Browser::new());
    let to = browser.subscription(&service.url("/push/1"));
    let later = |after: Option<u64>, status: &str| Outcome::Later {
        after: after.map(Duration::from_secs),
        why: format!("the push service answered {status}"),
    };
    let why = |status: &str| format!("the push service answered {status}");
    for (answer, expected) in [
        (Answer::status(410), Outcome::Gone { why: why("410 Gone") }),
        (Answer::status(404), Outcome::Gone { why: why("404 Not Found") }),
        (Answer::status(429).after("90"), later(Some(90), "429 Too Many Requests")),
        (Answer::status(503), later(None, "503 Service Unavailable")),
        (Answer::status(413), Outcome::Refused { why: why("413 Payload Too Large") }),
        (Answer::status(403), Outcome::Refused { why: why("403 Forbidden") }),
        (Answer::status(307), Outcome::Refused { why: why("307 Temporary Redirect") }),
    ] {
        service.answer(answer);
        assert_eq!(channel.send(&to, &notice()).await, expected);
    }
}

#[tokio::test]
async fn the_longest_notice_fits_and_no_two_are_sealed_alike() {
    let mut service = Service::open().await;
    let (channel, browser) = (channel(&service), Browser::new());
    let to = browser.subscription(&service.url("/push/1"));
    let link = format!("https://radio.example/{}", "a".repeat(770)).parse().unwrap();
    let longest = Notice::new(notice().id, &"\"".repeat(999), &"\\".repeat(9_999), link).unwrap();
    service.answer(Answer::status(201));
    let mut bodies = Vec::new();
    for _ in 0..2 {
        assert_eq!(channel.send(&to, &longest).await, Outcome::Sent);
        bodies.push(service.next().await.body);
    }
    assert!(bodies[0].len() <= 4096, "{} bytes", bodies[0].len());
    assert_ne!(bodies[0][..21 + 65], bodies[1][..21 + 65], "salt and key are used once");
    assert_eq!(browser.open(&bodies[0]), browser.open(&bodies[1]));
}

#[tokio::test]
async fn an_endpoint_inside_the_operators_network_is_not_connected_to() {
    let mut service = Service::open().await;
    let client = service.client_that_reaches(|address| !address.is_loopback());
    let keys = VapidKeys::generate().unwrap();
    let channel = WebPush::new(client, keys, "mailto:op@radio.example".to_owned());
    let browser = Browser::new();
    let port = service.port();
    let by_number = browser.subscription(&format!("https://127.0.0.1:{port}/push/1"));
    let gone = Outcome::Gone { why: "127.0.0.1 must not be reached".to_owned() };
    assert_eq!(channel.send(&by_number, &notice()).await, gone);
    let in_v6 = browser.subscription(&format!("https://[::1]:{port}/push/1"));
    assert!(matches!(channel.send(&in_v6, &notice()).await, Outcome::Gone { .. }));
    let by_name = browser.subscription(&service.url("/push/1"));
    let Outcome::Later { why, .. } = channel.send(&by_name, &notice()).await else {
        panic!("a name may change its mind")
    };
    assert!(why.contains("may be reached"), "{why}");
    assert!(service.is_quiet());
}
