//! Series and their occurrences: which there are, and what becomes of them when somebody changes one, all, or one and
//! those that follow. Told the time, and asked; the store does it.

use std::collections::BTreeSet;
use std::time::Duration;

use ingest::StreamKey;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use store::{Broadcast, Pattern, Revision, Secret, Series, Status, Timestamp};

use super::rule::Rule;
use crate::broadcasts::draft::{self, Changes};

/// How far ahead occurrences are made.
pub const AHEAD: Duration = Duration::from_hours(8 * 7 * 24);

/// How many there are ahead at the most; and there is always one, however far ahead.
pub const AHEAD_MAX: usize = 20;

/// Most starts that a series leaves out.
const EXCEPTIONS_MAX: usize = 500;

/// Which occurrences a change is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// One, and all after it.
    Following,
    /// All that have not begun.
    All,
}

/// Why a change is not made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{field} {detail}")]
pub struct Fault {
    /// The field that does not fit.
    pub field: &'static str,
    /// Why, as a sentence that begins with the field.
    pub detail: String,
}

impl Fault {
    fn new(field: &'static str, detail: impl Into<String>) -> Self {
        Self { field, detail: detail.into() }
    }
}

/// By which clocks something repeats, from when on, and how.
struct Dates {
    rule: Rule,
    zone: TimeZone,
    first: DateTime,
}

impl Dates {
    fn of(series: &Series) -> Result<Self, Fault> {
        let rule = series.rule.parse().map_err(|bad| Fault::new("recurrence", format!("{bad}")))?;
        let zone = zone(&series.timezone)?;
        let first = series.first_start.parse();
        let first = first.map_err(|_| Fault::new("scheduledStartTime", "of the series cannot be read"))?;
        Ok(Self { rule, zone, first })
    }

    fn starts(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.rule.starts(self.first, &self.zone).map(stamp)
    }
}

/// A series whose first occurrence is `first`, with what else is to be made of it now. `first` has a date, a time zone and a
/// rule.
pub fn begin(
    first: &mut Broadcast,
    now: Timestamp,
    key: &mut dyn FnMut() -> Option<StreamKey>,
) -> Result<Revision, Fault> {
    let missing = |field| Fault::new(field, "is missing, where a broadcast repeats");
    let start = first.scheduled_start.ok_or_else(|| missing("scheduledStartTime"))?;
    let timezone = first.timezone.clone().ok_or_else(|| missing("timezone"))?;
    // A rule knows no parts of a second.
    let start = Timestamp::from_millis(start.as_millis().div_euclid(1_000) * 1_000);
    first.scheduled_start = Some(start);
    let rule = first.recurrence.clone().ok_or_else(|| missing("recurrence"))?;
    let series = Series {
        id: store::id(),
        host_id: first.host_id.clone(),
        continues: None,
        rule,
        first_start: wall(start, &zone(&timezone)?).to_string(),
        timezone,
        exceptions: Vec::new(),
        pattern: Pattern::of(first),
        created_at: now,
        updated_at: now,
    };
    if Dates::of(&series)?.starts().next() != Some(start) {
        return Err(Fault::new("recurrence", "must give scheduledStartTime itself as its first start"));
    }
    first.series_id = Some(series.id.clone());
    first.occurrence_start = Some(start);
    let made = lacking(&series, &BTreeSet::from([start]), now, key)?;
    Ok(Revision { series: vec![series], changed: Vec::new(), made })
}

/// The occurrences that are to be made of a series now; `known` are those from `now` on.
pub fn extend(
    series: &Series,
    known: &[Broadcast],
    now: Timestamp,
    key: &mut dyn FnMut() -> Option<StreamKey>,
) -> Result<Vec<Broadcast>, Fault> {
    lacking(series, &known.iter().filter_map(|row| row.occurrence_start).collect(), now, key)
}

/// Leaves the start of an occurrence out that is deleted.
pub fn leave_out(series: &mut Series, start: Timestamp, now: Timestamp) {
    series.exceptions.push(start);
    series.exceptions.sort_unstable();
    series.exceptions.dedup();
    // The oldest are those that no occurrence is made for any more.
    let surplus = series.exceptions.len().saturating_sub(EXCEPTIONS_MAX);
    series.exceptions.drain(..surplus);
    series.updated_at = now;
}

/// What becomes of a series that ends before `from`. Of `known`, which are the occurrences from there on, those that have not
/// begun are called off.
pub fn end(series: Series, known: Vec<Broadcast>, from: Timestamp, now: Timestamp) -> Revision {
    let rule = cut(&series.rule, from);
    let changed = upcoming(known).map(|row| Broadcast { status: Status::Cancelled, ..row }).collect();
    Revision { series: vec![Series { rule, updated_at: now, ..series }], changed, made: Vec::new() }
}

/// What becomes of a series and of its occurrences when `target`, one of them, is changed for others as well; `known` are
/// those from [`first_changed`] on. The changes were checked.
pub fn change(
    series: Series,
    known: Vec<Broadcast>,
    target: &Broadcast,
    reach: Reach,
    changes: &Changes,
    now: Timestamp,
    key: &mut dyn FnMut() -> Option<StreamKey>,
) -> Result<Revision, Fault> {
    let dates = Dates::of(&series)?;
    let from = first_changed(target, reach, now);
    let planned = target.occurrence_start.unwrap_or(now);
    let common = changes.without_dates();
    let mut sample = draft::blank();
    series.pattern.apply(&mut sample);
    common.clone().apply(&mut sample);
    let pattern = Pattern::of(&sample);
    let mut rows: Vec<_> = upcoming(known).collect();
    for row in &mut rows {
        common.clone().apply(row);
    }
    let head = rows.first().and_then(|row| row.occurrence_start).unwrap_or(planned);
    let passed = dates.starts().take_while(|start| *start < head).count();
    let rule = match &changes.recurrence {
        Some(Some(rule)) => rule.clone(),
        // It ends here; what was planned beyond is called off.
        Some(None) => {
            let mut ended = end(series, rows, planned.plus(Duration::from_secs(1)), now);
            for row in &mut ended.changed {
                let is_target = row.id == target.id || row.occurrence_start < target.occurrence_start;
                row.status = if is_target { Status::Scheduled } else { Status::Cancelled };
            }
            ended.series.iter_mut().for_each(|series| series.pattern = pattern.clone());
            return Ok(ended);
        }
        None => counted_from(&series.rule, passed),
    };
    let moves = changes.has_dates();
    if !moves && reach == Reach::All {
        let series = Series { pattern, updated_at: now, ..series };
        return Ok(Revision { series: vec![series], changed: rows, made: Vec::new() });
    }
    let timezone = match &changes.timezone {
        Some(Some(timezone)) => timezone.clone(),
        _ => series.timezone.clone(),
    };
    let new_zone = zone(&timezone)?;
    let was = wall(planned, &dates.zone);
    let becomes = match changes.scheduled_start_time {
        Some(Some(start)) => wall(Timestamp::from_millis(start.as_second() * 1_000), &new_zone),
        _ => was,
    };
    // The first that is changed is moved by as much as the one that was looked at.
    let unmovable = || Fault::new("scheduledStartTime", "cannot be moved by that much");
    let shift = was.until(becomes).map_err(|_| unmovable())?;
    let first = wall(head, &dates.zone).checked_add(shift).map_err(|_| unmovable())?;
    let mut exceptions = series.exceptions.clone();
    exceptions.retain(|start| moves == (*start < from));
    let mut successor = Series {
        rule,
        timezone,
        first_start: first.to_string(),
        exceptions,
        pattern,
        updated_at: now,
        ..series.clone()
    };
    let mut revision = Revision::default();
    if reach == Reach::Following {
        successor.id = store::id();
        successor.continues = Some(series.id.clone());
        successor.created_at = now;
        let mut left = series.exceptions.clone();
        left.retain(|start| *start < from);
        revision.series.push(Series {
            rule: cut(&series.rule, from),
            exceptions: left,
            updated_at: now,
            ..series
        });
    }
    let starts = ahead(&successor, now)?;
    if moves && starts.first().copied() != Some(stamp_of(first, &new_zone)?) {
        return Err(Fault::new("recurrence", "must give scheduledStartTime itself as its first start"));
    }
    let mut taken = BTreeSet::new();
    let mut free = starts.iter();
    for row in &mut rows {
        row.series_id = Some(successor.id.clone());
        row.recurrence = Some(successor.rule.clone());
        row.timezone = Some(successor.timezone.clone());
        if !moves {
            taken.extend(row.occurrence_start);
            continue;
        }
        // Each keeps its place in the row, its address and who waits for it.
        let start = free.next().copied();
        if start.is_none() {
            row.status = Status::Cancelled;
        } else {
            row.scheduled_start = start;
        }
        row.occurrence_start = start;
        taken.extend(start);
    }
    revision.made = lacking(&successor, &taken, now, key)?;
    revision.changed = rows;
    // The one before first: the other refers to it.
    revision.series.push(successor);
    Ok(revision)
}

/// From which start on occurrences are changed.
pub fn first_changed(target: &Broadcast, reach: Reach, now: Timestamp) -> Timestamp {
    let own = target.occurrence_start.unwrap_or(now);
    match reach {
        Reach::Following => own,
        Reach::All => own.min(now),
    }
}

fn upcoming(known: Vec<Broadcast>) -> impl Iterator<Item = Broadcast> {
    known.into_iter().filter(|row| row.status == Status::Scheduled)
}

/// The starts that a series is to have ahead.
fn ahead(series: &Series, now: Timestamp) -> Result<Vec<Timestamp>, Fault> {
    let dates = Dates::of(series)?;
    let horizon = now.plus(AHEAD);
    let coming = dates.starts().filter(|start| *start >= now && !series.exceptions.contains(start));
    let near = |(place, start): &(usize, Timestamp)| *place == 0 || *start <= horizon;
    Ok(coming.take(AHEAD_MAX).enumerate().take_while(near).map(|(_, start)| start).collect())
}

/// The occurrences that a series lacks, where `taken` are there.
fn lacking(
    series: &Series,
    taken: &BTreeSet<Timestamp>,
    now: Timestamp,
    key: &mut dyn FnMut() -> Option<StreamKey>,
) -> Result<Vec<Broadcast>, Fault> {
    let lacking = ahead(series, now)?.into_iter().filter(|start| !taken.contains(start));
    let made = lacking.map(|start| Some(occurrence(series, start, now, &key()?)));
    made.collect::<Option<Vec<_>>>()
        .ok_or_else(|| Fault::new("recurrence", "cannot be followed now; try again"))
}

fn occurrence(series: &Series, start: Timestamp, now: Timestamp, key: &StreamKey) -> Broadcast {
    let id = store::id();
    let mut row = Broadcast {
        room_name: draft::room_name(&series.pattern.title, &id),
        id,
        host_id: series.host_id.clone(),
        stream_key: Secret::new(key.expose()),
        scheduled_start: Some(start),
        occurrence_start: Some(start),
        series_id: Some(series.id.clone()),
        timezone: Some(series.timezone.clone()),
        recurrence: Some(series.rule.clone()),
        created_at: now,
        updated_at: now,
        ..draft::blank()
    };
    series.pattern.apply(&mut row);
    row
}

/// A rule that gives nothing from `from` on.
fn cut(rule: &str, from: Timestamp) -> String {
    let last = jiff::Timestamp::from_millisecond(from.as_millis() - 1_000).unwrap_or_default();
    let last = last.strftime("%Y%m%dT%H%M%SZ");
    let kept = rule.split(';').filter(|part| !part.starts_with("UNTIL=") && !part.starts_with("COUNT="));
    format!("{};UNTIL={last}", kept.collect::<Vec<_>>().join(";"))
}

/// The same rule for what is left of it when it has given `passed` starts.
fn counted_from(rule: &str, passed: usize) -> String {
    let part = |part: &str| match part.strip_prefix("COUNT=").and_then(|count| count.parse::<usize>().ok()) {
        Some(count) => format!("COUNT={}", count.saturating_sub(passed).max(1)),
        None => part.to_owned(),
    };
    rule.split(';').map(part).collect::<Vec<_>>().join(";")
}

fn zone(name: &str) -> Result<TimeZone, Fault> {
    let unknown = |_| Fault::new("timezone", "must be the name of an IANA time zone such as Europe/Berlin");
    TimeZone::get(name).map_err(unknown)
}

/// What the clock on the wall shows.
fn wall(at: Timestamp, zone: &TimeZone) -> DateTime {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    zone.to_datetime(at)
}

fn stamp_of(wall: DateTime, zone: &TimeZone) -> Result<Timestamp, Fault> {
    let at = zone.to_ambiguous_timestamp(wall).compatible();
    at.map(stamp).map_err(|_| Fault::new("scheduledStartTime", "cannot be moved by that much"))
}

fn stamp(at: jiff::Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_millisecond())
}

#[cfg(test)]
mod tests;
