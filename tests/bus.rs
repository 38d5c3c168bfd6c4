//! Rooms of several stations hear each other by a real Redis, also when it goes away and comes back.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "redis/mod.rs"]
mod redis;

use std::time::Duration;

use bytes::Bytes;
use onair::metrics::Metrics;
use onair::signal::bus::{Bus, Received, Subscription};
use redis::Redis;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A station that has nothing but its bus.
struct Station {
    bus: Bus,
    metrics: Metrics,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Station {
    fn at(redis: &Redis) -> Self {
        let (metrics, tasks, shutdown) = (Metrics::new(), TaskTracker::new(), CancellationToken::new());
        let bus = Bus::redis(&redis.url().parse().unwrap(), &metrics, &tasks, &shutdown);
        Self { bus, metrics, tasks, shutdown }
    }

    /// Comes into a room; returns when it hears.
    async fn enter(&self, room: &str) -> Room {
        let mut room = Room(self.bus.subscribe(room));
        assert_eq!(room.next().await, Received::Gap);
        room
    }

    fn say(&self, room: &str, number: u32) {
        self.bus.publish(room, Bytes::from(number.to_string()));
    }

    /// Waits until a line of the metrics says so.
    async fn reports(&self, line: &str) {
        let holds = async {
            while !self.metrics.render(&[]).lines().any(|said| said == line) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let message = || format!("no {line}:\n{}", self.metrics.render(&[]));
        timeout(PATIENCE, holds).await.unwrap_or_else(|_| panic!("{}", message()));
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.close();
        timeout(PATIENCE, self.tasks.wait()).await.unwrap();
    }
}

struct Room(Subscription);

impl Room {
    async fn next(&mut self) -> Received {
        timeout(PATIENCE, self.0.next()).await.expect("something is heard").expect("the bus runs")
    }

    /// The next number that is heard; gaps are passed over.
    async fn number(&mut self) -> u32 {
        loop {
            if let Received::Envelope(envelope) = self.next().await {
                return str::from_utf8(&envelope.payload).unwrap().parse().unwrap();
            }
        }
    }

    async fn numbers(&mut self, count: usize) -> Vec<u32> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            numbers.push(self.number().await);
        }
        numbers
    }
}

/// Far longer than anything here takes: who waits this long waits for ever.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn stations_hear_each_other_in_order_and_not_themselves() {
    let redis = Redis::start_new();
    let (one, other) = (Station::at(&redis), Station::at(&redis));
    let (mut here, mut there) = (one.enter("a").await, other.enter("a").await);
    for number in 0..1_000 {
        one.say("a", number);
        one.say("b", 5_000 + number);
    }
    assert_eq!(there.numbers(1_000).await, (0..1_000).collect::<Vec<_>>());
    // Of what it said itself nothing came before this.
    other.say("a", 7);
    let Received::Envelope(envelope) = here.next().await else { panic!("a gap") };
    assert_eq!((envelope.node, &envelope.payload[..]), (other.bus.node(), &b"7"[..]));
    one.reports("onair_bus_messages_total{direction=\"in\"} 1").await;
    one.reports("onair_bus_messages_total{direction=\"out\"} 2000").await;
    other.reports("onair_bus_gaps_total 0").await;
    for station in [one, other] {
        station.stop().await;
    }
}

#[tokio::test]
async fn a_thousand_rooms_take_two_connections_and_each_ends_with_its_subscription() {
    let redis = Redis::start_new();
    let (one, other) = (Station::at(&redis), Station::at(&redis));
    let mut rooms = Vec::new();
    for room in 0..1_000 {
        rooms.push(Room(one.bus.subscribe(&format!("room-{room}"))));
    }
    for room in &mut rooms {
        assert_eq!(room.next().await, Received::Gap);
    }
    for room in 0..1_000 {
        other.say(&format!("room-{room}"), room);
    }
    for (number, room) in rooms.iter_mut().enumerate() {
        assert_eq!(room.number().await, number as u32);
    }
    assert_eq!(redis.clients(), 4);
    assert!(redis.ask("TTL onair:room:room-7").trim_start_matches(':').parse::<u32>().unwrap() > 3_500);

    let mut last = rooms.pop().unwrap();
    drop(rooms);
    other.say("room-3", 1);
    other.say("room-999", 2);
    assert_eq!(last.number().await, 2);
    one.reports("onair_bus_messages_total{direction=\"in\"} 1001").await;
    for station in [one, other] {
        station.stop().await;
    }
}

#[tokio::test]
async fn what_is_said_while_redis_is_away_arrives_once_when_it_is_back() {
    let redis = Redis::start_new();
    let (one, other) = (Station::at(&redis), Station::at(&redis));
    let (mut here, mut there) = (one.enter("a").await, other.enter("a").await);
    one.say("a", 0);
    other.say("a", 100);
    assert_eq!((there.number().await, here.number().await), (0, 100));
    for station in [&one, &other] {
        station.reports("onair_bus_connected 1").await;
        // Taken and forgotten: not to be said again.
        station.reports("onair_bus_messages_total{direction=\"out\"} 1").await;
    }

    redis.stop();
    for station in [&one, &other] {
        station.reports("onair_bus_connected 0").await;
    }
    for number in 1..=500 {
        one.say("a", number);
        other.say("a", 100 + number);
    }
    redis.start();
    assert_eq!(there.numbers(500).await, (1..=500).collect::<Vec<_>>());
    assert_eq!(here.numbers(500).await, (101..=600).collect::<Vec<_>>());
    one.say("a", 501);
    assert_eq!(there.number().await, 501);
    one.reports("onair_bus_connected 1").await;
    one.reports("onair_bus_messages_dropped_total{queue=\"outbox\"} 0").await;
    for station in [one, other] {
        station.stop().await;
    }
}

#[tokio::test]
async fn a_reader_whose_connection_breaks_reads_on_where_it_was() {
    let redis = Redis::start_new();
    let (one, other) = (Station::at(&redis), Station::at(&redis));
    let mut there = other.enter("a").await;
    for round in 0..5 {
        for number in 0..200 {
            if number == 100 {
                // Both stations lose both connections, in the middle of what is said.
                assert_eq!(redis.ask("CLIENT KILL TYPE normal SKIPME yes").get(..1), Some(":"));
            }
            one.say("a", 200 * round + number);
        }
        assert_eq!(there.numbers(200).await, (200 * round..200 * (round + 1)).collect::<Vec<_>>());
    }
    other.reports("onair_bus_gaps_total 0").await;
    for station in [one, other] {
        station.stop().await;
    }
}

#[tokio::test]
async fn what_the_outbox_cannot_hold_shows_as_a_gap() {
    let redis = Redis::start_new();
    let (one, other) = (Station::at(&redis), Station::at(&redis));
    // The one that speaks is in the room too, as stations are.
    let (_here, mut there) = (one.enter("a").await, other.enter("a").await);
    one.say("a", 1);
    assert_eq!(there.number().await, 1);
    one.reports("onair_bus_messages_total{direction=\"out\"} 1").await;

    redis.stop();
    other.reports("onair_bus_connected 0").await;
    for number in 2..=10_500 {
        one.say("a", number);
    }
    one.reports("onair_bus_messages_dropped_total{queue=\"outbox\"} 499").await;
    redis.start();
    let mut gaps = 0;
    let first = loop {
        match there.next().await {
            Received::Gap => gaps += 1,
            Received::Envelope(envelope) => break envelope,
        }
    };
    assert!(gaps > 0);
    let first: u32 = str::from_utf8(&first.payload).unwrap().parse().unwrap();
    assert!(first > 500, "{first}");
    for station in [one, other] {
        station.stop().await;
    }
}

#[tokio::test]
async fn what_is_said_last_is_sent_and_a_bus_that_stopped_says_nothing_more() {
    let redis = Redis::start_new();
    let (one, other) = (Station::at(&redis), Station::at(&redis));
    let mut there = other.enter("a").await;
    let mut here = one.enter("a").await;
    for number in 0..300 {
        one.say("a", number);
    }
    one.stop().await;
    assert_eq!(there.numbers(300).await, (0..300).collect::<Vec<_>>());
    assert_eq!(here.0.next().await, None);
    other.stop().await;
}
