//! What goes out to whom, by a store and by services that are real.

use std::sync::Mutex;

use notices::email::Trust;
use serde_json::json;
use store::{Announcement, Database, NotificationPreferences};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::*;
use crate::api::testing::Desk;
use crate::auth::secrets::random as random_secret;
use crate::both::{Home, on_both};
use crate::jobs::{Outcome as Done, Task, Work as _};
use crate::notify::channels::Surroundings;
use crate::notify::{Announcer, Teller, ways};
use crate::settings::table::Key;
use crate::settings::{Layers, Settings};

fn send(kind: Kind, created: i64, attempts: u32) -> Send {
    Send {
        notification: store::Notification {
            id: store::id(),
            user_id: "bob".to_owned(),
            kind: kind.name().to_owned(),
            about: "live:1".to_owned(),
            payload: Told::of("b1", "News", "Ada", None).to_payload(),
            created_at: at(created),
            read_at: None,
        },
        channel: Channel::Fcm,
        device_id: "d1".to_owned(),
        attempts,
        due_at: at(created),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + second * 1_000)
}

fn later(after: Option<u64>) -> Outcome {
    Outcome::Later { after: after.map(Duration::from_secs), why: "busy".to_owned() }
}

#[test]
fn what_failed_waits_as_long_as_its_service_asks_and_no_longer_than_it_is_worth() {
    let outcome = |send: &Send, outcome, now| {
        let noted = noted(send, outcome, at(now), 0.0);
        (noted.status, noted.due_at)
    };
    let live = send(Kind::HostLive, 0, 0);
    assert_eq!(outcome(&live, later(None), 1), (SendStatus::Pending, at(6)));
    assert_eq!(outcome(&live, later(Some(90)), 1), (SendStatus::Pending, at(91)));
    assert_eq!(outcome(&live, later(Some(0)), 1), (SendStatus::Pending, at(2)));
    assert_eq!(outcome(&live, later(Some(3_600)), 1).0, SendStatus::Late);
    let third = send(Kind::HostLive, 0, 2);
    assert_eq!(outcome(&third, later(None), 40), (SendStatus::Pending, at(160)));
    assert_eq!(outcome(&live, Outcome::Sent, 1), (SendStatus::Sent, at(1)));
    let gone = Outcome::Gone { why: "410".to_owned() };
    assert_eq!(noted(&live, gone, at(1), 0.0).error.as_deref(), Some("410"));
}

/// A relay on this machine that keeps letters; it refuses whom it is told to.
struct Relay {
    port: u16,
    refused: Arc<Mutex<Option<&'static str>>>,
    letters: mpsc::UnboundedReceiver<String>,
    _serving: JoinSet<()>,
}

impl Relay {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let refused = Arc::new(Mutex::new(None));
        let (came, letters) = mpsc::unbounded_channel();
        let mut serving = JoinSet::new();
        let shared = refused.clone();
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(converse(stream, came.clone(), shared.clone()));
            }
        });
        Self { port, refused, letters, _serving: serving }
    }

    fn refuse(&self, answer: Option<&'static str>) {
        *self.refused.lock().unwrap() = answer;
    }

    async fn next(&mut self) -> String {
        let came = timeout(Duration::from_secs(60), self.letters.recv()).await;
        came.expect("a letter comes, also on a busy machine").unwrap()
    }

    fn is_quiet(&mut self) -> bool {
        self.letters.try_recv().is_err()
    }
}

/// SMTP (RFC 5321), as much of it as a letter needs.
async fn converse(
    stream: TcpStream,
    came: mpsc::UnboundedSender<String>,
    refused: Arc<Mutex<Option<&'static str>>>,
) {
    let mut stream = BufReader::new(stream);
    let mut answer = "220 localhost".to_owned();
    let mut letter = String::new();
    loop {
        let mut line = String::new();
        if stream.write_all(format!("{answer}\r\n").as_bytes()).await.is_err()
            || stream.read_line(&mut line).await.unwrap_or(0) == 0
        {
            return;
        }
        answer = match line.get(..4).unwrap_or_default() {
            "RCPT" => refused.lock().unwrap().map_or_else(|| "250 ok".to_owned(), str::to_owned),
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.unwrap();
                letter.clear();
                while !letter.ends_with("\r\n.\r\n") {
                    stream.read_line(&mut letter).await.unwrap();
                }
                // A test that has ended reads no more.
                let _ = came.send(letter.clone());
                "250 taken".to_owned()
            }
            _ => "250 ok".to_owned(),
        };
    }
}

/// A store, a relay, and what goes from the one to the other.
struct House {
    relay: Relay,
    store: Store,
    teller: Teller,
    sender: Sender,
    second: Arc<Mutex<i64>>,
    _home: Home,
}

impl House {
    async fn open(database: Database) -> Self {
        let home = Home::new(database);
        let relay = Relay::open().await;
        let folder = home.folder.path();
        let flags = vec![
            (Key::DataDir, folder.to_str().unwrap().to_owned()),
            (Key::SmtpUrl, format!("smtp://localhost:{}?tls=none", relay.port)),
            (Key::MailFrom, "Radio <radio@radio.example>".to_owned()),
        ];
        let layers = Layers { folder: folder.to_owned(), config: None, environment: Vec::new(), flags };
        let (settings, _) = Settings::load(&layers).unwrap();
        let around = Surroundings {
            roots: rustls::RootCertStore::empty(),
            trust: Trust::Only(Vec::new()),
            private_endpoints: false,
        };
        let channels = Channels::open(&settings, &around).unwrap();
        let store = home.store().await;
        let unsubscribe = Arc::new(Unsubscribe::new(&random_secret(32).unwrap()));
        let base = "https://radio.example/".parse().unwrap();
        let second = Arc::new(Mutex::new(0));
        let shown = second.clone();
        let clock: Clock = Arc::new(move || at(*shown.lock().unwrap()));
        let sender = Sender::new(store.clone(), channels.clone(), unsubscribe, base);
        let sender = sender.with_clock(clock, Duration::from_millis(1));
        let teller = Teller::new(store.clone(), channels);
        Self { relay, store, teller, sender, second, _home: home }
    }

    /// An account that is told everything by e-mail.
    async fn person(&self, name: &str, digest_at: Option<u32>) -> String {
        let user = User {
            id: store::id(),
            email: format!("{name}@people.example"),
            username: name.to_owned(),
            display_name: name.to_owned(),
            avatar_url: None,
            password_hash: None,
            role: room::Role::Listener,
            must_change_password: false,
            suspended_at: None,
            suspended_reason: None,
            last_sign_in_at: None,
            created_at: at(0),
            updated_at: at(0),
        };
        self.store.users().insert(&user).await.unwrap();
        let everything = Kind::ALL.map(|kind| (kind.name().to_owned(), vec!["email".to_owned()]));
        let wanted = NotificationPreferences {
            digest_at,
            channels: everything.into(),
            ..NotificationPreferences::default()
        };
        self.store.notification_preferences().put(&user.id, &wanted, at(0)).await.unwrap();
        user.id
    }

    async fn tell(&self, person: &str, kind: Kind, about: &str, title: &str) -> usize {
        let told = Told::of("b1", title, "Ada", Some(at(100_000)));
        let now = at(*self.second.lock().unwrap());
        self.teller.tell(&[person.to_owned()], kind, about, &told, now).await.unwrap().len()
    }

    /// Sends what is due at a second; how much that was.
    async fn send_at(&self, second: i64) -> usize {
        *self.second.lock().unwrap() = second;
        self.sender.send_due(&mut Some(at(second))).await.unwrap()
    }
}

async fn what_somebody_is_told_goes_out_once(database: Database) {
    let mut house = House::open(database).await;
    let bob = house.person("bob", None).await;
    assert_eq!(house.tell(&bob, Kind::HostLive, "b1/r1", "News").await, 1);
    assert_eq!(house.tell(&bob, Kind::HostLive, "b1/r1", "News").await, 0, "he was told of it");
    assert_eq!(house.send_at(1).await, 1);
    let letter = house.relay.next().await;
    for part in [
        "To: bob@people.example\r\n",
        "Subject: Ada is on air\r\n",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        "List-Unsubscribe: <https://radio.example/unsubscribe/hostLive.",
        "https://radio.example/listen/b1",
    ] {
        assert!(letter.contains(part), "{part} is not in\n{letter}");
    }
    assert_eq!(house.send_at(2).await, 0);
    assert!(house.relay.is_quiet());
}

async fn what_a_relay_puts_off_is_sent_later_and_what_comes_back_is_counted(database: Database) {
    let mut house = House::open(database).await;
    let bob = house.person("bob", None).await;
    house.tell(&bob, Kind::Moved, "b1/1", "News").await;
    house.relay.refuse(Some("450 4.2.0 come again"));
    let counts = house.sender.counts.clone();
    let count = |status| counts.sent.get(Sent { channel: Channel::Email, status });
    assert_eq!(house.send_at(1).await, 1);
    assert_eq!(house.send_at(2).await, 0, "it waits");
    house.relay.refuse(None);
    *house.second.lock().unwrap() = 100;
    house.sender.book().await.unwrap();
    assert_eq!(counts.due.get(Channel::Email), 1);
    let overdue = counts.oldest.get(Channel::Email);
    assert!(
        (90..=96).contains(&overdue),
        "{overdue} s: it was to be tried again some seconds after the first second"
    );
    assert_eq!(house.send_at(100).await, 1);
    house.sender.book().await.unwrap();
    assert_eq!((counts.due.get(Channel::Email), counts.oldest.get(Channel::Email)), (0, 0));
    assert_eq!((count(SendStatus::Pending), count(SendStatus::Sent)), (1, 1));
    assert!(house.relay.next().await.contains("Subject: News has another hour"));
    house.relay.refuse(Some("550 5.1.1 no such user"));
    for n in 0..ways::BOUNCES_MAX {
        assert_eq!(house.tell(&bob, Kind::Moved, &format!("b1/b{n}"), "News").await, 1);
        assert_eq!(house.send_at(101 + i64::from(n)).await, 1);
    }
    assert_eq!(count(SendStatus::Gone), u64::from(ways::BOUNCES_MAX));
    let wanted = house.store.notification_preferences().load(&bob).await.unwrap();
    assert_eq!(wanted.bounces, ways::BOUNCES_MAX);
    house.tell(&bob, Kind::Moved, "b1/last", "News").await;
    assert_eq!(house.send_at(200).await, 0, "nobody reads it");
    assert!(house.relay.is_quiet());
}

async fn a_digest_is_one_letter(database: Database) {
    let mut house = House::open(database).await;
    // 1,700,000,000 is 22:13:20, and the digest goes at 22:15.
    let bob = house.person("bob", Some(22 * 60 + 15)).await;
    for n in 1..=3 {
        house.tell(&bob, Kind::Moved, &format!("b1/{n}"), &format!("News {n}")).await;
    }
    house.tell(&bob, Kind::HostLive, "b1/r1", "Now").await;
    assert_eq!(house.send_at(1).await, 1, "what is about now does not wait");
    assert!(house.relay.next().await.contains("Subject: Ada is on air"));
    assert_eq!(house.send_at(99).await, 0);
    assert_eq!(house.send_at(100).await, 3);
    let letter = house.relay.next().await;
    assert!(letter.contains("Subject: 3 notifications\r\n"), "{letter}");
    for n in 1..=3 {
        assert!(letter.replace("=\r\n", "").contains(&format!("News {n} has another hour")), "{letter}");
    }
    assert!(house.relay.is_quiet());
}

async fn all_who_follow_a_host_are_told_that_they_are_on_air(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (ada, bob, eve) = (desk.person("ada").await, desk.person("bob").await, desk.person("eve").await);
    desk.ask(bob.asks("PUT", format!("/api/users/{}/follow", ada.id))).await.must_be(204);
    let news = desk.broadcast(&ada, json!({"title": "News"})).await;
    let hidden = desk.broadcast(&ada, json!({"title": "Ours", "visibility": "unlisted"})).await;
    let teller = Teller::new(desk.store.clone(), desk.channels.clone());
    let announcer = Announcer::new(desk.store.clone(), teller);
    for (id, second) in [(&news, 1), (&hidden, 2), (&news, 1)] {
        let at = Timestamp::now().minus(Duration::from_secs(second));
        let announcement = Announcement::new(Kind::HostLive.name(), format!("{id}/r1"), id, at);
        let task = Task { key: id.clone(), payload: announcement, due_at: at, attempt: 1 };
        assert_eq!(announcer.run(vec![task]).await, [Done::Done]);
    }
    let told = desk.ask(bob.asks("GET", "/api/notifications")).await.must_be(200);
    let titles: Vec<_> = told["items"].as_array().unwrap().iter().map(|it| &it["title"]).collect();
    assert_eq!(titles, ["ada is on air"]);
    for other in [&ada, &eve] {
        let told = desk.ask(other.asks("GET", "/api/notifications")).await.must_be(200);
        assert_eq!(told["total"], 0);
    }
}

on_both! {
    what_somebody_is_told_goes_out_once
    what_a_relay_puts_off_is_sent_later_and_what_comes_back_is_counted
    a_digest_is_one_letter
    all_who_follow_a_host_are_told_that_they_are_on_air
}
