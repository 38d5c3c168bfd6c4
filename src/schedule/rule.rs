//! A recurrence rule (RFC 5545, 3.3.10), read once, and the starts that follow from it.
//!
//! A rule is about the clock on a wall: it gives days and times of day, and only then is it asked which instants these
//! are in a zone. So an hour that the clocks skip or repeat moves one start and no other.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Longest rule, in bytes.
pub const LENGTH_MAX: usize = 500;
/// Largest `INTERVAL`: beyond it a rule of days is one of years.
const INTERVAL_MAX: u32 = 1_000;
/// Largest `COUNT`: every day of 27 years.
const COUNT_MAX: u32 = 10_000;
/// Most starts on one day.
const TIMES_MAX: usize = 24;
/// Years after the first start in which starts are looked for.
const YEARS_MAX: i16 = 100;

/// How something repeats.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    frequency: Frequency,
    interval: u32,
    end: End,
    months: Vec<i16>,
    weeks: Vec<i16>,
    year_days: Vec<i16>,
    month_days: Vec<i16>,
    /// With the number of the weekday in its month or year, where there is one.
    weekdays: Vec<(Option<i16>, Weekday)>,
    hours: Vec<i16>,
    minutes: Vec<i16>,
    seconds: Vec<i16>,
    places: Vec<i16>,
    week_start: Weekday,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Never,
    Count(u32),
    /// With this day.
    Day(Date),
    /// By the clock on the wall.
    Wall(DateTime),
    At(Timestamp),
}

/// Why a text is no rule that a broadcast can follow.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct BadRule(String);

/// Whether a number fits.
type Fits = fn(i16) -> bool;

/// The parts that are lists of numbers, each with what fits into it.
const LISTS: [(&str, Fits, &str); 8] = [
    ("BYMONTH", |n| (1..=12).contains(&n), "1 to 12"),
    ("BYWEEKNO", |n| n != 0 && n.abs() <= 53, "1 to 53 or -1 to -53"),
    ("BYYEARDAY", |n| n != 0 && n.abs() <= 366, "1 to 366 or -1 to -366"),
    ("BYMONTHDAY", |n| n != 0 && n.abs() <= 31, "1 to 31 or -1 to -31"),
    ("BYHOUR", |n| (0..=23).contains(&n), "0 to 23"),
    ("BYMINUTE", |n| (0..=59).contains(&n), "0 to 59"),
    ("BYSECOND", |n| (0..=59).contains(&n), "0 to 59"),
    ("BYSETPOS", |n| n != 0 && n.abs() <= 366, "1 to 366 or -1 to -366"),
];

impl FromStr for Rule {
    type Err = BadRule;

    fn from_str(text: &str) -> Result<Self, BadRule> {
        let bad = |why: String| Err(BadRule(why));
        if text.len() > LENGTH_MAX {
            return bad(format!("must have at most {LENGTH_MAX} characters"));
        }
        let mut frequency = None;
        let mut rule = Self::of(Frequency::Daily);
        let mut seen = BTreeSet::new();
        for part in text.split(';') {
            let Some((name, value)) = part.split_once('=') else {
                return bad("must be an RFC 5545 rule such as FREQ=WEEKLY;BYDAY=MO".to_owned());
            };
            if !seen.insert(name) {
                return bad(format!("has {} twice", shown(name)));
            }
            match name {
                "FREQ" => frequency = Some(self::frequency(value)?),
                "INTERVAL" => rule.interval = number(name, value, INTERVAL_MAX)?,
                "COUNT" => rule.end = End::Count(number(name, value, COUNT_MAX)?),
                "UNTIL" => rule.end = until(value)?,
                "WKST" => rule.week_start = weekday(value)?,
                "BYDAY" => {
                    rule.weekdays = value.split(',').map(numbered_weekday).collect::<Result<_, _>>()?;
                }
                name => {
                    let list = rule.list(name)?;
                    let Some((_, fits, range)) = LISTS.iter().find(|(known, ..)| *known == name) else {
                        return bad(format!("has {}, which no rule has", shown(name)));
                    };
                    for number in value.split(',') {
                        let number = number.parse().ok().filter(|number| fits(*number));
                        list.push(number.ok_or_else(|| BadRule(format!("has {name} that is not {range}")))?);
                    }
                    list.sort_unstable();
                    list.dedup();
                }
            }
        }
        rule.frequency = frequency.ok_or_else(|| BadRule("has no FREQ".to_owned()))?;
        rule.check(&seen)?;
        Ok(rule)
    }
}

impl Rule {
    const fn of(frequency: Frequency) -> Self {
        Self {
            frequency,
            interval: 1,
            end: End::Never,
            months: Vec::new(),
            weeks: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
            places: Vec::new(),
            week_start: Weekday::Monday,
        }
    }

    fn list(&mut self, name: &str) -> Result<&mut Vec<i16>, BadRule> {
        Ok(match name {
            "BYMONTH" => &mut self.months,
            "BYWEEKNO" => &mut self.weeks,
            "BYYEARDAY" => &mut self.year_days,
            "BYMONTHDAY" => &mut self.month_days,
            "BYHOUR" => &mut self.hours,
            "BYMINUTE" => &mut self.minutes,
            "BYSECOND" => &mut self.seconds,
            "BYSETPOS" => &mut self.places,
            _ => return Err(BadRule(format!("has {}, which no rule has", shown(name)))),
        })
    }

    /// What RFC 5545 forbids beside each other, and what no broadcast needs.
    fn check(&self, seen: &BTreeSet<&str>) -> Result<(), BadRule> {
        use Frequency::{Daily, Monthly, Weekly, Yearly};
        let has = |name: &str| seen.contains(name);
        let numbered = self.weekdays.iter().any(|(number, _)| number.is_some());
        let by = seen.iter().any(|name| name.starts_with("BY") && *name != "BYSETPOS");
        let times = self.hours.len().max(1) * self.minutes.len().max(1) * self.seconds.len().max(1);
        let faults = [
            (has("COUNT") && has("UNTIL"), "has both COUNT and UNTIL"),
            (has("BYWEEKNO") && self.frequency != Yearly, "has BYWEEKNO without FREQ=YEARLY"),
            (has("BYYEARDAY") && self.frequency != Yearly, "has BYYEARDAY without FREQ=YEARLY"),
            (has("BYMONTHDAY") && self.frequency == Weekly, "has BYMONTHDAY with FREQ=WEEKLY"),
            (
                numbered && matches!(self.frequency, Daily | Weekly),
                "has a numbered BYDAY without FREQ=MONTHLY or YEARLY",
            ),
            (numbered && has("BYWEEKNO"), "has a numbered BYDAY with BYWEEKNO"),
            (has("BYSETPOS") && !by, "has BYSETPOS with nothing to choose from"),
            (times > TIMES_MAX, "has more than 24 starts on one day"),
            (
                self.frequency == Monthly
                    && self.weekdays.iter().any(|(n, _)| n.is_some_and(|n| n.abs() > 5)),
                "has a BYDAY that no month has",
            ),
        ];
        match faults.into_iter().find(|(is, _)| *is) {
            Some((_, why)) => Err(BadRule(why.to_owned())),
            None => Ok(()),
        }
    }

    /// The starts of what first starts at `first` by the clock of `zone`, in order, from the first on. They end with
    /// the rule, or a hundred years later.
    ///
    /// A time of day that the clocks skip is taken by the offset before, one that they repeat is the first of both
    /// (RFC 5545, 3.3.5).
    pub fn starts<'a>(&'a self, first: DateTime, zone: &'a TimeZone) -> impl Iterator<Item = Timestamp> + 'a {
        let (mut left, mut over) =
            (if let End::Count(count) = self.end { count as usize } else { usize::MAX }, false);
        let period = move |mut walls: Vec<DateTime>| {
            if over || left == 0 {
                return None;
            }
            walls.truncate(left);
            left -= walls.len();
            let mut starts = Vec::with_capacity(walls.len());
            for wall in walls {
                match zone.to_ambiguous_timestamp(wall).compatible() {
                    Ok(start) if !self.is_over(wall, start) => starts.push(start),
                    _ => {
                        over = true;
                        break;
                    }
                }
            }
            // What the clocks skip may fall onto, or behind, what they do not.
            starts.sort_unstable();
            starts.dedup();
            Some(starts)
        };
        self.walls(first).map_while(period).flatten()
    }

    /// Whether it has ended before this start.
    fn is_over(&self, wall: DateTime, start: Timestamp) -> bool {
        match self.end {
            End::Never | End::Count(_) => false,
            End::Day(day) => wall.date() > day,
            End::Wall(last) => wall > last,
            End::At(last) => start > last,
        }
    }

    /// The starts of each period by the clock on the wall, from the first on and without an end.
    fn walls(&self, first: DateTime) -> impl Iterator<Item = Vec<DateTime>> + '_ {
        let times = self.times(first.time());
        (0..)
            .map_while(move |step| self.period(first.date(), step))
            .take_while(move |days| days[0].year() <= first.year().saturating_add(YEARS_MAX))
            .map(move |days| {
                let mut walls = self.chosen(first, &days, &times);
                walls.retain(|wall| *wall >= first);
                walls
            })
    }

    /// The days of a period: the one of `first`, and from there one after the other.
    fn period(&self, first: Date, step: i64) -> Option<Vec<Date>> {
        let steps = step.checked_mul(i64::from(self.interval))?;
        let (start, days) = match self.frequency {
            Frequency::Daily => (later(first, steps)?, 1),
            Frequency::Weekly => {
                let into = i64::from(first.weekday().since(self.week_start));
                (later(first, steps.checked_mul(7)?.checked_sub(into)?)?, 7)
            }
            Frequency::Monthly => {
                let months = i64::from(first.year()) * 12 + i64::from(first.month()) - 1 + steps;
                let (year, month) =
                    (i16::try_from(months.div_euclid(12)).ok()?, months.rem_euclid(12) as i8 + 1);
                let start = Date::new(year, month, 1).ok()?;
                (start, i64::from(start.days_in_month()))
            }
            Frequency::Yearly => {
                let year = i16::try_from(i64::from(first.year()).checked_add(steps)?).ok()?;
                let start = Date::new(year, 1, 1).ok()?;
                (start, i64::from(start.days_in_year()))
            }
        };
        (0..days).map(|day| later(start, day)).collect()
    }

    /// Which times of the days of a period are chosen.
    fn chosen(&self, first: DateTime, days: &[Date], times: &[Time]) -> Vec<DateTime> {
        let days = days.iter().filter(|day| self.takes(first.date(), **day));
        let all: Vec<_> = days.flat_map(|day| times.iter().map(|time| day.to_datetime(*time))).collect();
        if self.places.is_empty() {
            return all;
        }
        let place = |&place: &i16| {
            let back = usize::from(place.unsigned_abs());
            let index = if place > 0 { back.checked_sub(1)? } else { all.len().checked_sub(back)? };
            all.get(index).copied()
        };
        let chosen: BTreeSet<_> = self.places.iter().filter_map(place).collect();
        chosen.into_iter().collect()
    }

    /// Whether it takes this day. What the rule leaves open is as on the first day.
    fn takes(&self, first: Date, day: Date) -> bool {
        let open = self.year_days.is_empty() && self.month_days.is_empty() && self.weekdays.is_empty();
        let as_first = match self.frequency {
            _ if !open => true,
            Frequency::Daily => true,
            Frequency::Yearly if !self.weeks.is_empty() => day.weekday() == first.weekday(),
            Frequency::Weekly => day.weekday() == first.weekday(),
            Frequency::Monthly => day.day() == first.day(),
            Frequency::Yearly => {
                day.day() == first.day() && (!self.months.is_empty() || day.month() == first.month())
            }
        };
        let from_ends = |list: &[i16], at: i16, of: i16| {
            list.is_empty() || list.contains(&at) || list.contains(&(at - of - 1))
        };
        as_first
            && (self.months.is_empty() || self.months.contains(&day.month().into()))
            && from_ends(&self.month_days, day.day().into(), day.days_in_month().into())
            && from_ends(&self.year_days, day.day_of_year(), day.days_in_year())
            && self.takes_week(day)
            && (self.weekdays.is_empty() || self.weekdays.iter().any(|of| self.takes_weekday(*of, day)))
    }

    fn takes_weekday(&self, (number, weekday): (Option<i16>, Weekday), day: Date) -> bool {
        if day.weekday() != weekday {
            return false;
        }
        let Some(number) = number else { return true };
        let (at, of) = if self.frequency == Frequency::Monthly || !self.months.is_empty() {
            (day.day().into(), i16::from(day.days_in_month()))
        } else {
            (day.day_of_year(), day.days_in_year())
        };
        number == (at - 1) / 7 + 1 || number == -((of - at) / 7 + 1)
    }

    /// The first week of a year is the first that has four of its days.
    fn takes_week(&self, day: Date) -> bool {
        if self.weeks.is_empty() {
            return true;
        }
        // The day of its week that says to which year the week belongs, and which number it has.
        let into = i64::from(day.weekday().since(self.week_start));
        let Some(middle) = later(day, 3 - into) else { return false };
        let week = (middle.day_of_year() - 1) / 7 + 1;
        let last = (middle.days_in_year() - middle.day_of_year()) / 7;
        self.weeks.contains(&week) || self.weeks.contains(&(-last - 1))
    }

    /// The times of day; what the rule leaves open is as at the first.
    fn times(&self, first: Time) -> Vec<Time> {
        let or = |list: &[i16], first: i8| if list.is_empty() { vec![first.into()] } else { list.to_vec() };
        let (minutes, seconds) = (or(&self.minutes, first.minute()), or(&self.seconds, first.second()));
        let mut times = Vec::new();
        for hour in or(&self.hours, first.hour()) {
            for minute in &minutes {
                for second in &seconds {
                    times.extend(Time::new(hour as i8, *minute as i8, *second as i8, 0).ok());
                }
            }
        }
        times
    }
}

/// So many days later.
fn later(day: Date, days: i64) -> Option<Date> {
    day.checked_add(Span::new().try_days(days).ok()?).ok()
}

fn frequency(text: &str) -> Result<Frequency, BadRule> {
    Ok(match text {
        "DAILY" => Frequency::Daily,
        "WEEKLY" => Frequency::Weekly,
        "MONTHLY" => Frequency::Monthly,
        "YEARLY" => Frequency::Yearly,
        _ => return Err(BadRule("has a FREQ that is not DAILY, WEEKLY, MONTHLY or YEARLY".to_owned())),
    })
}

fn number(name: &str, text: &str, most: u32) -> Result<u32, BadRule> {
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| BadRule(format!("has {name} that is not 1 to {most}")))
}

fn weekday(text: &str) -> Result<Weekday, BadRule> {
    Ok(match text {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return Err(BadRule(format!("has {} where a day such as MO belongs", shown(text)))),
    })
}

/// `MO`, `1MO`, `-2FR`.
fn numbered_weekday(text: &str) -> Result<(Option<i16>, Weekday), BadRule> {
    let bad = || BadRule(format!("has {} where a day such as MO or -1FR belongs", shown(text)));
    let at = text.len().checked_sub(2).ok_or_else(bad)?;
    let (number, day) = text.split_at_checked(at).ok_or_else(bad)?;
    let number = match number {
        "" => None,
        number => Some(number.parse().ok().filter(|n: &i16| *n != 0 && n.abs() <= 53).ok_or_else(bad)?),
    };
    Ok((number, weekday(day)?))
}

/// `20271231`, `20271231T200000` or `20271231T200000Z`.
fn until(text: &str) -> Result<End, BadRule> {
    let bad = || BadRule("has UNTIL that is not a date such as 20271231 or 20271231T200000Z".to_owned());
    let (wall, utc) = text.strip_suffix('Z').map_or((text, false), |wall| (wall, true));
    let plain = wall.bytes().all(|byte| byte.is_ascii_digit() || byte == b'T');
    match (wall.len(), utc) {
        _ if !plain => Err(bad()),
        (8, false) => wall.parse().map(End::Day).map_err(|_| bad()),
        (15, _) => {
            let wall: DateTime = wall.parse().map_err(|_| bad())?;
            if !utc {
                return Ok(End::Wall(wall));
            }
            TimeZone::UTC.to_timestamp(wall).map(End::At).map_err(|_| bad())
        }
        _ => Err(bad()),
    }
}

/// A name that somebody made up, no longer than it has to be.
fn shown(name: &str) -> String {
    name.chars().take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The starts until a number of them, as UTC.
    fn starts(rule: &str, first: &str, zone: &str, most: usize) -> Vec<String> {
        let (rule, zone): (Rule, _) = (rule.parse().unwrap(), TimeZone::get(zone).unwrap());
        rule.starts(first.parse().unwrap(), &zone).take(most).map(|at| at.to_string()).collect()
    }

    #[test]
    fn a_start_stays_at_its_hour_when_the_clocks_change() {
        // Forward on 14 March 2027, back on 7 November.
        let spring = starts("FREQ=WEEKLY", "2027-03-07T20:00:00", "America/New_York", 2);
        assert_eq!(spring, ["2027-03-08T01:00:00Z", "2027-03-15T00:00:00Z"]);
        let autumn = starts("FREQ=WEEKLY", "2027-10-31T20:00:00", "America/New_York", 2);
        assert_eq!(autumn, ["2027-11-01T00:00:00Z", "2027-11-08T01:00:00Z"]);
        // Half an hour, and in the other half of the year.
        let half = starts("FREQ=WEEKLY", "2027-03-28T09:00:00", "Australia/Lord_Howe", 2);
        assert_eq!(half, ["2027-03-27T22:00:00Z", "2027-04-03T22:30:00Z"]);
        // Summer time came back in 2023, and begins on a Friday.
        let cairo = starts("FREQ=DAILY", "2027-04-29T19:00:00", "Africa/Cairo", 2);
        assert_eq!(cairo, ["2027-04-29T17:00:00Z", "2027-04-30T16:00:00Z"]);
    }

    #[test]
    fn an_hour_that_is_skipped_is_taken_by_the_offset_before_and_one_that_comes_twice_is_the_first() {
        let skipped = starts("FREQ=DAILY", "2027-03-13T02:30:00", "America/New_York", 3);
        assert_eq!(skipped, ["2027-03-13T07:30:00Z", "2027-03-14T07:30:00Z", "2027-03-15T06:30:00Z"]);
        let twice = starts("FREQ=DAILY", "2027-11-06T01:30:00", "America/New_York", 3);
        assert_eq!(twice, ["2027-11-06T05:30:00Z", "2027-11-07T05:30:00Z", "2027-11-08T06:30:00Z"]);
        // Midnight itself does not exist there on the last Friday of April.
        let midnight = starts("FREQ=DAILY", "2027-04-29T00:00:00", "Africa/Cairo", 3);
        assert_eq!(midnight, ["2027-04-28T22:00:00Z", "2027-04-29T22:00:00Z", "2027-04-30T21:00:00Z"]);
    }

    #[test]
    fn a_zone_that_changed_its_rules_is_followed() {
        // The last summer time of São Paulo ended in February 2019.
        let summer = starts("FREQ=YEARLY", "2018-12-01T12:00:00", "America/Sao_Paulo", 2);
        assert_eq!(summer, ["2018-12-01T14:00:00Z", "2019-12-01T15:00:00Z"]);
        // Istanbul has stayed on summer time since 2016.
        let winter = starts("FREQ=YEARLY", "2015-12-01T12:00:00", "Europe/Istanbul", 2);
        assert_eq!(winter, ["2015-12-01T10:00:00Z", "2016-12-01T09:00:00Z"]);
    }

    #[test]
    fn the_examples_of_the_specification_give_its_dates() {
        let dates = |rule: &str, most| -> Vec<String> {
            let all = starts(rule, "1997-09-02T09:00:00", "America/New_York", most);
            all.iter().map(|at| at[..10].to_owned()).collect()
        };
        assert_eq!(dates("FREQ=DAILY;COUNT=10", 99).len(), 10);
        assert_eq!(dates("FREQ=DAILY;UNTIL=19971224T000000Z", 999).len(), 113);
        let fortnights = dates("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", 99);
        assert_eq!(fortnights[..4], ["1997-09-02", "1997-09-04", "1997-09-16", "1997-09-18"]);
        let fridays = dates("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", 3);
        assert_eq!(fridays, ["1998-02-13", "1998-03-13", "1998-11-13"]);
        let last_workday = dates("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", 3);
        assert_eq!(last_workday, ["1997-09-30", "1997-10-31", "1997-11-28"]);
        let thanksgiving = dates("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", 2);
        assert_eq!(thanksgiving, ["1997-11-27", "1998-11-26"]);
        assert_eq!(dates("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", 3), ["1998-05-11", "1999-05-17", "2000-05-15"]);
        assert_eq!(dates("FREQ=YEARLY;BYDAY=20MO", 2), ["1998-05-18", "1999-05-17"]);
        assert_eq!(dates("FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=2", 2), ["2000-02-29", "2004-02-29"]);
    }

    #[test]
    fn a_rule_ends_with_its_last_day() {
        let until = |end: &str| {
            starts(&format!("FREQ=DAILY;UNTIL={end}"), "2027-01-01T20:00:00", "Europe/Berlin", 99)
        };
        assert_eq!(until("20270103").len(), 3);
        assert_eq!(until("20270103T200000").len(), 3);
        assert_eq!(until("20270103T195959").len(), 2);
        assert_eq!(until("20270103T190000Z").len(), 3);
        assert_eq!(until("20270103T185959Z").len(), 2);
    }

    #[test]
    fn a_rule_that_never_comes_true_ends() {
        assert_eq!(starts("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2027-01-01T20:00:00", "UTC", 9), [""; 0]);
        assert_eq!(
            starts("FREQ=DAILY;INTERVAL=1000;BYMONTHDAY=31;BYMONTH=4", "2027-01-01T20:00:00", "UTC", 9),
            [""; 0]
        );
    }

    #[test]
    fn what_is_no_rule_is_told_why() {
        for (text, why) in [
            ("", "must be an RFC 5545 rule"),
            ("every monday", "must be an RFC 5545 rule"),
            ("BYDAY=MO", "has no FREQ"),
            ("FREQ=SECONDLY", "has a FREQ that is not"),
            ("FREQ=DAILY;FREQ=DAILY", "has FREQ twice"),
            ("FREQ=DAILY;X-A=1", "has X-A, which no rule has"),
            ("FREQ=DAILY;INTERVAL=0", "has INTERVAL that is not 1 to 1000"),
            ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "has both COUNT and UNTIL"),
            ("FREQ=DAILY;UNTIL=2027-01-01", "has UNTIL that is not"),
            ("FREQ=DAILY;UNTIL=20271301", "has UNTIL that is not"),
            ("FREQ=WEEKLY;BYDAY=1MO", "has a numbered BYDAY"),
            ("FREQ=WEEKLY;BYDAY=é", "has é where a day"),
            ("FREQ=MONTHLY;BYDAY=0MO", "has 0MO where a day"),
            ("FREQ=MONTHLY;BYDAY=6MO", "has a BYDAY that no month has"),
            ("FREQ=WEEKLY;BYMONTHDAY=1", "has BYMONTHDAY with FREQ=WEEKLY"),
            ("FREQ=MONTHLY;BYWEEKNO=1", "has BYWEEKNO without"),
            ("FREQ=DAILY;BYSETPOS=1", "has BYSETPOS with nothing"),
            ("FREQ=DAILY;BYHOUR=25", "has BYHOUR that is not 0 to 23"),
            ("FREQ=DAILY;BYMINUTE=0,1,2,3,4;BYSECOND=0,1,2,3,4", "has more than 24 starts"),
        ] {
            let told = text.parse::<Rule>().unwrap_err().to_string();
            assert!(told.starts_with(why), "{text}: {told}");
        }
        let long = format!("FREQ=DAILY;BYHOUR={}", "1,".repeat(300));
        assert!(long.parse::<Rule>().is_err());
    }
}
