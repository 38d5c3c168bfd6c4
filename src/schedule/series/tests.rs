use serde_json::json;

use super::*;

/// Monday, 4 January 2027, at noon in Berlin.
const NOW: &str = "2027-01-04T11:00:00Z";

fn at(text: &str) -> Timestamp {
    stamp(text.parse().unwrap())
}

fn changes(json: serde_json::Value) -> Changes {
    serde_json::from_value(json).unwrap()
}

fn key() -> Option<StreamKey> {
    StreamKey::parse("abcdefgh").ok()
}

/// A series in Berlin, with what was made of it at once.
fn series(rule: &str, start: &str) -> (Series, Vec<Broadcast>) {
    let mut first = Broadcast {
        id: "first".into(),
        host_id: "amy".into(),
        title: "News".into(),
        scheduled_start: Some(at(start)),
        timezone: Some("Europe/Berlin".into()),
        recurrence: Some(rule.into()),
        ..draft::blank()
    };
    let revision = begin(&mut first, at(NOW), &mut key).unwrap();
    let rows = std::iter::once(first).chain(revision.made).collect();
    (revision.series.into_iter().next().unwrap(), rows)
}

fn weekly() -> (Series, Vec<Broadcast>) {
    series("FREQ=WEEKLY", "2027-01-04T19:00:00Z")
}

/// When they begin, with a cross where they are called off.
fn starts(rows: &[Broadcast]) -> Vec<String> {
    let tell = |row: &Broadcast| {
        let at = jiff::Timestamp::from_millisecond(row.scheduled_start.unwrap().as_millis()).unwrap();
        format!("{}{}", &at.to_string()[5..16], if row.status == Status::Cancelled { " x" } else { "" })
    };
    rows.iter().map(tell).collect()
}

/// What becomes of `rows` when the one at `place` is changed, all in order.
fn changed(
    (series, rows): (Series, Vec<Broadcast>),
    place: usize,
    reach: Reach,
    json: serde_json::Value,
) -> (Vec<Series>, Vec<Broadcast>) {
    let from = first_changed(&rows[place], reach, at(NOW));
    let known = rows.iter().filter(|row| row.occurrence_start >= Some(from)).cloned().collect();
    let revision = change(series, known, &rows[place], reach, &changes(json), at(NOW), &mut key).unwrap();
    (revision.series, revision.changed.into_iter().chain(revision.made).collect())
}

#[test]
fn a_series_is_made_eight_weeks_ahead_and_never_more_than_twenty() {
    let (_, rows) = weekly();
    let expected = ["01-04T19:00", "01-11T19:00", "01-18T19:00", "01-25T19:00", "02-01T19:00", "02-08T19:00"];
    assert_eq!(starts(&rows[..6]), expected);
    assert_eq!(rows.len(), 8);
    assert_eq!(series("FREQ=DAILY", "2027-01-04T19:00:00Z").1.len(), AHEAD_MAX);
    let (yearly, rows) = series("FREQ=YEARLY", "2027-01-04T11:00:01Z");
    assert_eq!(rows.len(), 1);
    let next = extend(&yearly, &[], at("2027-01-05T00:00:00Z"), &mut key).unwrap();
    assert_eq!(next.len(), 1, "there is always a next one");
    let ids: BTreeSet<_> = rows.iter().map(|row| &row.room_name).collect();
    assert_eq!(ids.len(), rows.len());
}

#[test]
fn what_is_there_is_not_made_again_and_what_is_left_out_is_not_made() {
    let (mut series, rows) = weekly();
    assert!(extend(&series, &rows, at(NOW), &mut key).unwrap().is_empty());
    leave_out(&mut series, at("2027-01-11T19:00:00Z"), at(NOW));
    let made = extend(&series, &rows[..1], at(NOW), &mut key).unwrap();
    assert_eq!(starts(&made[..2]), ["01-18T19:00", "01-25T19:00"]);
    let later = extend(&series, &rows, at("2027-01-12T00:00:00Z"), &mut key).unwrap();
    assert_eq!(starts(&later), ["03-01T19:00", "03-08T19:00"]);
}

#[test]
fn a_series_begins_with_a_start_of_its_rule() {
    let mut first = Broadcast {
        scheduled_start: Some(at("2027-01-04T19:00:00.500Z")),
        timezone: Some("Europe/Berlin".into()),
        recurrence: Some("FREQ=WEEKLY;BYDAY=TU".into()),
        ..draft::blank()
    };
    assert_eq!(begin(&mut first, at(NOW), &mut key).unwrap_err().field, "recurrence");
    first.recurrence = Some("FREQ=WEEKLY;BYDAY=MO".into());
    begin(&mut first, at(NOW), &mut key).unwrap();
    assert_eq!(first.occurrence_start, Some(at("2027-01-04T19:00:00Z")));
    first.timezone = None;
    assert_eq!(begin(&mut first, at(NOW), &mut key).unwrap_err().field, "timezone");
}

#[test]
fn a_title_is_changed_for_all_or_for_what_follows() {
    let (all, rows) = changed(weekly(), 3, Reach::All, json!({"title": "Late news"}));
    assert_eq!((all.len(), all[0].pattern.title.as_str(), rows.len()), (1, "Late news", 8));
    assert!(rows.iter().all(|row| row.title == "Late news"));

    let (split, rows) = changed(weekly(), 3, Reach::Following, json!({"title": "Late news"}));
    let [before, after] = &split[..] else { panic!("{split:?}") };
    assert_eq!(
        (before.rule.as_str(), before.pattern.title.as_str()),
        ("FREQ=WEEKLY;UNTIL=20270125T185959Z", "News")
    );
    assert_eq!((after.rule.as_str(), after.pattern.title.as_str()), ("FREQ=WEEKLY", "Late news"));
    assert_eq!(
        (after.continues.as_ref(), after.first_start.as_str()),
        (Some(&before.id), "2027-01-25T20:00:00")
    );
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row.series_id.as_ref() == Some(&after.id)));
    assert_eq!(starts(&rows)[..2], ["01-25T19:00", "02-01T19:00"], "nothing was moved");
    assert!(extend(before, &[], at(NOW), &mut key).unwrap().len() == 3, "it ends before");
}

#[test]
fn occurrences_that_are_moved_keep_their_addresses() {
    let before = weekly();
    let ids: Vec<_> = before.1.iter().map(|row| row.id.clone()).collect();
    let (series, rows) =
        changed(before, 2, Reach::Following, json!({"scheduledStartTime": "2027-01-19T18:00:00Z"}));
    assert_eq!(starts(&rows)[..3], ["01-19T18:00", "01-26T18:00", "02-02T18:00"]);
    assert_eq!(rows.iter().map(|row| row.id.clone()).take(6).collect::<Vec<_>>(), ids[2..]);
    assert_eq!(series[1].first_start, "2027-01-19T19:00:00");
    assert!(rows.iter().all(|row| row.scheduled_start == row.occurrence_start));
}

#[test]
fn all_are_moved_by_as_much_as_the_one_that_was_looked_at() {
    let (series, rows) =
        changed(weekly(), 2, Reach::All, json!({"scheduledStartTime": "2027-01-18T20:30:00Z"}));
    assert_eq!((series.len(), starts(&rows)[0].as_str()), (1, "01-04T20:30"));
}

#[test]
fn another_rule_takes_what_there_is_and_calls_off_the_rest() {
    let json = json!({"recurrence": "FREQ=WEEKLY;INTERVAL=2"});
    let (_, rows) = changed(weekly(), 0, Reach::All, json);
    let kept: Vec<_> = rows.iter().filter(|row| row.status == Status::Scheduled).cloned().collect();
    assert_eq!(starts(&kept), ["01-04T19:00", "01-18T19:00", "02-01T19:00", "02-15T19:00"]);
    let off = rows.iter().filter(|row| row.status == Status::Cancelled && row.occurrence_start.is_none());
    assert_eq!(off.count(), 4);
}

#[test]
fn another_zone_keeps_the_hour_on_the_wall() {
    let (series, rows) = changed(weekly(), 0, Reach::All, json!({"timezone": "America/New_York"}));
    assert_eq!((series[0].timezone.as_str(), starts(&rows)[0].as_str()), ("America/New_York", "01-05T01:00"));
}

#[test]
fn what_is_counted_goes_on_counting() {
    let counted = || series("FREQ=WEEKLY;COUNT=5", "2027-01-04T19:00:00Z");
    assert_eq!(counted().1.len(), 5);
    let (split, rows) = changed(counted(), 3, Reach::Following, json!({"title": "Last ones"}));
    assert_eq!((split[1].rule.as_str(), rows.len()), ("FREQ=WEEKLY;COUNT=2", 2));
}

#[test]
fn a_series_ends_and_what_was_planned_is_called_off() {
    let (series, rows) = weekly();
    let revision = end(series, rows[3..].to_vec(), rows[3].occurrence_start.unwrap(), at(NOW));
    assert!(revision.changed.iter().all(|row| row.status == Status::Cancelled));
    assert_eq!(extend(&revision.series[0], &rows[..3], at(NOW), &mut key).unwrap().len(), 0);

    let (ended, rows) = changed(weekly(), 2, Reach::Following, json!({"recurrence": null}));
    assert_eq!(
        starts(&rows)[..2],
        ["01-18T19:00", "01-25T19:00 x"],
        "it ends with the one that was looked at"
    );
    assert_eq!(ended[0].rule, "FREQ=WEEKLY;UNTIL=20270118T190000Z");
}

#[test]
fn a_start_that_the_rule_does_not_give_is_refused() {
    let (monday, rows) = series("FREQ=WEEKLY;BYDAY=MO", "2027-01-04T19:00:00Z");
    let tuesday = changes(json!({"scheduledStartTime": "2027-01-05T19:00:00Z"}));
    let told = change(monday, rows.clone(), &rows[0], Reach::All, &tuesday, at(NOW), &mut key).unwrap_err();
    assert_eq!(told.field, "recurrence");
}
