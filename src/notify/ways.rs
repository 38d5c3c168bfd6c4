//! By which ways something goes out to somebody, and when: their preferences, their quiet hours, their digest.

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use store::{Channel, Device, NotificationPreferences, Outgoing};
use utoipa::ToSchema;

use super::kind::Kind;

/// A way as people choose among them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = NotificationWay)]
pub enum Way {
    /// To the account's address.
    Email,
    /// To every device that is registered.
    Push,
}

impl Way {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Email, Self::Push];

    /// Its name on the wire and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Push => "push",
        }
    }
}

/// Letters in a row that came back, after which none is sent any more until the person says what they want anew.
pub const BOUNCES_MAX: u32 = 3;

/// The ways that somebody has chosen for `kind`, or the usual ones.
pub fn chosen(kind: Kind, wanted: &NotificationPreferences) -> Vec<Way> {
    match wanted.channels.get(kind.name()) {
        Some(names) => Way::ALL.into_iter().filter(|way| names.iter().any(|it| it == way.name())).collect(),
        None => kind.usual().to_vec(),
    }
}

/// The zone by whose clock somebody lives.
pub fn zone(wanted: &NotificationPreferences) -> TimeZone {
    let named = wanted.timezone.as_deref().and_then(|name| TimeZone::get(name).ok());
    named.unwrap_or(TimeZone::UTC)
}

/// By which ways a notification of `kind` that is made at `now` goes out to somebody who has these `devices`, and when.
/// What would come too late to be worth anything does not go at all.
pub fn ways(
    kind: Kind,
    wanted: &NotificationPreferences,
    devices: &[Device],
    mail: Mail,
    now: store::Timestamp,
) -> Vec<Outgoing> {
    let chosen = chosen(kind, wanted);
    let awake = release(wanted, now);
    let last = now.plus(kind.life());
    let mut ways = Vec::new();
    if mail == Mail::Sent && chosen.contains(&Way::Email) && wanted.bounces < BOUNCES_MAX {
        let due_at = match wanted.digest_at.filter(|_| !kind.is_urgent()) {
            Some(minute) => next(minute, &zone(wanted), now).unwrap_or(awake),
            None => awake,
        };
        ways.push(Outgoing { channel: Channel::Email, device_id: String::new(), due_at });
    }
    if chosen.contains(&Way::Push) {
        ways.extend(devices.iter().map(|device| Outgoing {
            channel: device.channel,
            device_id: device.id.clone(),
            due_at: awake,
        }));
    }
    ways.retain(|way| way.due_at <= last);
    ways
}

/// Does the station send e-mail?
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mail {
    /// It has a relay.
    Sent,
    /// It has none.
    Unsent,
}

/// When something may go out that is made at `now`: at once, or when the quiet hours are over.
fn release(wanted: &NotificationPreferences, now: store::Timestamp) -> store::Timestamp {
    let Some((from, until)) = wanted.quiet else { return now };
    let zone = zone(wanted);
    let Some(minute) = minute_of(&zone, now) else { return now };
    let quiet = if from < until {
        (from..until).contains(&minute)
    } else {
        from != until && (minute >= from || minute < until)
    };
    if quiet { next(until, &zone, now).unwrap_or(now) } else { now }
}

fn minute_of(zone: &TimeZone, at: store::Timestamp) -> Option<u32> {
    let local = Timestamp::from_millisecond(at.as_millis()).ok()?.to_zoned(zone.clone());
    u32::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).ok()
}

/// The next instant after `now` at which the clocks of `zone` show this minute of the day. Where they skip it, the one
/// that follows.
fn next(minute: u32, zone: &TimeZone, now: store::Timestamp) -> Option<store::Timestamp> {
    let local = Timestamp::from_millisecond(now.as_millis()).ok()?.to_zoned(zone.clone());
    let time = Time::new(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0).ok()?;
    (0..3).find_map(|days| {
        let date = local.date().checked_add(i64::from(days).days()).ok()?;
        let at = date.to_datetime(time).to_zoned(zone.clone()).ok()?.timestamp();
        (at.as_millisecond() > now.as_millis()).then(|| store::Timestamp::from_millis(at.as_millisecond()))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use store::Secret;

    use super::*;

    fn at(text: &str) -> store::Timestamp {
        store::Timestamp::from_millis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    fn device() -> Device {
        Device {
            id: "d1".to_owned(),
            user_id: "bob".to_owned(),
            channel: Channel::Fcm,
            token: Secret::new("t"),
            key: None,
            auth: None,
            name: String::new(),
            created_at: at("2026-01-01T00:00:00Z"),
        }
    }

    /// Ten in the evening to seven in the morning in Berlin.
    fn berlin() -> NotificationPreferences {
        NotificationPreferences {
            timezone: Some("Europe/Berlin".to_owned()),
            quiet: Some((22 * 60, 7 * 60)),
            ..NotificationPreferences::default()
        }
    }

    fn told(kind: Kind, wanted: &NotificationPreferences, now: &str) -> Vec<(Channel, store::Timestamp)> {
        let ways = ways(kind, wanted, &[device()], Mail::Sent, at(now));
        ways.into_iter().map(|way| (way.channel, way.due_at)).collect()
    }

    #[test]
    fn who_did_not_say_gets_the_usual() {
        let wanted = NotificationPreferences::default();
        let now = "2026-11-24T12:00:00Z";
        assert_eq!(told(Kind::HostLive, &wanted, now), [(Channel::Fcm, at(now))]);
        assert_eq!(told(Kind::Moved, &wanted, now), [(Channel::Email, at(now)), (Channel::Fcm, at(now))]);
        assert!(ways(Kind::Moved, &wanted, &[], Mail::Unsent, at(now)).is_empty());
    }

    #[test]
    fn who_said_gets_what_they_said() {
        let channels = BTreeMap::from([
            ("hostLive".to_owned(), vec!["email".to_owned()]),
            ("moved".to_owned(), Vec::new()),
        ]);
        let wanted = NotificationPreferences { channels, ..NotificationPreferences::default() };
        let now = "2026-11-24T12:00:00Z";
        assert_eq!(told(Kind::HostLive, &wanted, now), [(Channel::Email, at(now))]);
        assert!(told(Kind::Moved, &wanted, now).is_empty());
        let bouncing = NotificationPreferences { bounces: BOUNCES_MAX, ..wanted };
        assert!(told(Kind::HostLive, &bouncing, now).is_empty(), "nobody reads it");
    }

    #[test]
    fn quiet_hours_are_waited_for_by_the_clock_of_the_reader() {
        let wanted = berlin();
        let morning = |due: &str| vec![(Channel::Email, at(due)), (Channel::Fcm, at(due))];
        // 23:30, 00:30 and 07:00 in Berlin; before ten it is not quiet.
        for (now, due) in [
            ("2026-11-24T22:30:00Z", "2026-11-25T06:00:00Z"),
            ("2026-11-24T23:30:00Z", "2026-11-25T06:00:00Z"),
            ("2026-11-25T06:00:00Z", "2026-11-25T06:00:00Z"),
            ("2026-11-24T20:59:00Z", "2026-11-24T20:59:00Z"),
            // The night in which clocks go forward is an hour shorter.
            ("2027-03-27T22:30:00Z", "2027-03-28T05:00:00Z"),
        ] {
            assert_eq!(told(Kind::Moved, &wanted, now), morning(due), "{now}");
        }
    }

    #[test]
    fn what_would_come_too_late_does_not_go() {
        assert!(told(Kind::HostLive, &berlin(), "2026-11-24T22:30:00Z").is_empty());
        let early = told(Kind::HostLive, &berlin(), "2026-11-25T05:30:00Z");
        assert_eq!(early, [(Channel::Fcm, at("2026-11-25T06:00:00Z"))], "half an hour is not too late");
    }

    #[test]
    fn a_digest_gathers_letters_that_are_not_about_now() {
        let wanted = NotificationPreferences { digest_at: Some(8 * 60), quiet: None, ..berlin() };
        let now = "2026-11-24T12:00:00Z";
        let gathered = told(Kind::Moved, &wanted, now);
        assert_eq!(gathered, [(Channel::Email, at("2026-11-25T07:00:00Z")), (Channel::Fcm, at(now))]);
        assert_eq!(told(Kind::Reminder, &wanted, now), [(Channel::Email, at(now)), (Channel::Fcm, at(now))]);
    }

    #[test]
    fn a_minute_that_clocks_skip_is_the_next_one_that_they_show() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let skipped = next(2 * 60 + 30, &berlin, at("2027-03-28T00:00:00Z"));
        assert_eq!(skipped, Some(at("2027-03-28T01:30:00Z")), "03:30 in summer time");
    }
}
