//! Broadcasts that repeat, and plans that are in each other's way.

use std::time::Duration;

use serde::Deserialize;
use store::{Broadcast as Row, Revision, Status as Stored, Timestamp};

use crate::api::Context;
use crate::api::error::Problem;
use crate::broadcasts::card;
use crate::broadcasts::draft::{Changes, DURATION};
use crate::live::key_file;
use crate::schedule::series::{self, Fault, Reach};

/// How long a broadcast is taken to last that does not say so, where plans are compared.
const USUAL: Duration = Duration::from_hours(1);

/// For which occurrences of a series something is meant.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Scope)]
pub(super) enum Scope {
    /// This one alone.
    #[default]
    This,
    /// This one, and those that follow.
    Following,
    /// All that have not begun.
    All,
}

/// See [`Scope`].
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Scoped {
    /// Which occurrences of a series are meant; this one alone where nothing is said.
    #[param(inline)]
    scope: Option<Scope>,
}

impl Scoped {
    /// What goes beyond this one occurrence; `None` where nothing does, or where it is none of a series.
    pub(super) fn reach(&self, row: &Row) -> Option<Reach> {
        row.series_id.as_ref()?;
        match self.scope.unwrap_or_default() {
            Scope::This => None,
            Scope::Following => Some(Reach::Following),
            Scope::All => Some(Reach::All),
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::invalid(fault.field, fault.detail)
    }
}

fn key() -> Option<ingest::StreamKey> {
    key_file::make().ok()
}

/// What is made where `first` repeats: a series, and its next occurrences.
pub(super) fn begin(first: &mut Row) -> Result<Revision, Problem> {
    Ok(series::begin(first, Timestamp::now(), &mut key)?)
}

/// Refuses what concerns a whole series where one occurrence is meant.
pub(super) fn check_alone(row: &Row, changes: &Changes) -> Result<(), Problem> {
    let theirs = [("recurrence", changes.recurrence.is_some()), ("timezone", changes.timezone.is_some())];
    match theirs.into_iter().find(|(_, said)| *said && row.series_id.is_some()) {
        Some((field, _)) => {
            Err(Problem::invalid(field, "is the series'; change it with ?scope=following or ?scope=all"))
        }
        None => Ok(()),
    }
}

/// Changes an occurrence and others with it.
pub(super) async fn change(
    context: &Context,
    row: &Row,
    reach: Reach,
    changes: &Changes,
) -> Result<(), Problem> {
    let Some(id) = &row.series_id else { return Ok(()) };
    if row.status != Stored::Scheduled {
        return Err(Problem::conflict("this occurrence has begun; change a later one, or this one alone"));
    }
    let now = Timestamp::now();
    let from = series::first_changed(row, reach, now);
    let (target, changes) = (row.clone(), changes.clone());
    let edit = move |series, known| series::change(series, known, &target, reach, &changes, now, &mut key);
    revise(context, id, from, edit).await.map(drop)
}

/// Ends a series before `row`, and calls off what was planned from there on; answers with what that was.
pub(super) async fn end(context: &Context, row: &Row, reach: Reach) -> Result<Vec<Row>, Problem> {
    let Some(id) = &row.series_id else { return Ok(Vec::new()) };
    let now = Timestamp::now();
    let from = series::first_changed(row, reach, now);
    let edit = move |series, known| Ok(series::end(series, known, from, now));
    Ok(revise(context, id, from, edit).await?.changed)
}

/// Has a series do without the start of an occurrence that is deleted.
pub(super) async fn leave_out(context: &Context, row: &Row) -> Result<(), Problem> {
    let (Some(id), Some(start)) = (&row.series_id, row.occurrence_start) else { return Ok(()) };
    let edit = move |mut series: store::Series, _: Vec<Row>| {
        series::leave_out(&mut series, start, Timestamp::now());
        Ok(Revision { series: vec![series], ..Revision::default() })
    };
    revise(context, id, start, edit).await.map(drop)
}

async fn revise(
    context: &Context,
    id: &str,
    from: Timestamp,
    edit: impl FnOnce(store::Series, Vec<Row>) -> Result<Revision, Fault> + Send,
) -> Result<Revision, Problem> {
    let revised = context.store.all_series().revise(id, from, edit).await?;
    let revision = revised.ok_or_else(|| Problem::not_found("the series of this broadcast is gone"))??;
    for row in &revision.changed {
        let card = card(row).map_err(|_| Problem::internal())?;
        context.hall.update(card).await?;
    }
    Ok(revision)
}

/// What else the host of `row` has planned for its time.
pub(super) async fn overlaps(context: &Context, row: &Row) -> Result<Vec<Row>, Problem> {
    let Some((from, until)) = span(row).filter(|_| row.status == Stored::Scheduled) else {
        return Ok(Vec::new());
    };
    let longest = Duration::from_secs((*DURATION.end()).into());
    let near = context.store.broadcasts().planned_between(&row.host_id, from.minus(longest), until).await?;
    let over = |other: &Row| other.id != row.id && span(other).is_some_and(|(_, end)| end > from);
    Ok(near.into_iter().filter(over).collect())
}

fn span(row: &Row) -> Option<(Timestamp, Timestamp)> {
    let start = row.scheduled_start?;
    let length = row.duration_seconds.map_or(USUAL, |seconds| Duration::from_secs(seconds.into()));
    Some((start, start.plus(length)))
}
