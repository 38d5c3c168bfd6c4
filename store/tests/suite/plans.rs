//! What follows from dates: jobs of a broadcast's plan, reminders, and series.

use std::time::Duration;

use store::{
    Broadcast, Follow, Job, JobKind, JobState, Pattern, Revision, Series, Slice, Status, Store, Timestamp,
    User, id,
};

use crate::made::{broadcast, host};
use crate::on_both;

/// A date that lies ahead, whatever the clock says.
fn ahead(seconds: u64) -> Timestamp {
    Timestamp::now().plus(Duration::from_secs(1_000_000 + seconds))
}

/// A broadcast of Ada's that begins then.
async fn planned(store: &Store, start: Timestamp, offsets: &[u32]) -> (User, Broadcast) {
    let ada = host(store, "ada").await;
    let row = Broadcast {
        scheduled_start: Some(start),
        reminder_offsets: offsets.to_vec(),
        start_on_time: true,
        ..broadcast(&ada, "News")
    };
    store.broadcasts().insert(&row).await.unwrap();
    (ada, row)
}

/// What waits to be done, soonest first, but for what people are told.
async fn waiting(store: &Store) -> Vec<Job> {
    let page = store.jobs().list(Some(JobState::Waiting), None, &Slice::first(100)).await.unwrap();
    page.items.into_iter().rev().filter(|job| job.kind != JobKind::Announcement).collect()
}

/// The same as kinds and seconds from a start.
async fn plan(store: &Store, start: Timestamp) -> Vec<(JobKind, i64)> {
    let seconds = |at: Timestamp| (at.as_millis() - start.as_millis()) / 1_000;
    let mut plan: Vec<_> = waiting(store).await.iter().map(|job| (job.kind, seconds(job.due_at))).collect();
    plan.sort_by_key(|(kind, due)| (*due, kind.name()));
    plan
}

async fn change(store: &Store, id: &str, edit: impl FnOnce(&mut Broadcast) + Send) {
    store.broadcasts().update(id, edit).await.unwrap().unwrap();
}

fn series_of(row: &Broadcast, first: &str) -> Series {
    Series {
        id: id(),
        host_id: row.host_id.clone(),
        continues: None,
        rule: "FREQ=WEEKLY".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
        first_start: first.to_owned(),
        exceptions: Vec::new(),
        pattern: Pattern::of(row),
        created_at: Timestamp::now(),
        updated_at: Timestamp::now(),
    }
}

on_both! {
    async fn the_plan_of_a_broadcast_follows_its_dates(store: Store) {
        use JobKind::{Late, Missed, Reminders, Start};
        let start = ahead(0);
        let (_, row) = planned(&store, start, &[3_600, 60]).await;
        let whole = [(Reminders, -3_600), (Reminders, -60), (Late, 0), (Missed, 0), (Start, 0)];
        assert_eq!(plan(&store, start).await, whole);
        let moved = ahead(86_400);
        change(&store, &row.id, |row| row.scheduled_start = Some(moved)).await;
        assert_eq!(plan(&store, moved).await, whole, "all of it was moved, and nothing is left of the old date");
        change(&store, &row.id, |row| {
            row.start_on_time = false;
            row.reminder_offsets = vec![60];
        })
        .await;
        assert_eq!(plan(&store, moved).await, [(Reminders, -60), (Late, 0), (Missed, 0)]);
        let before = waiting(&store).await;
        change(&store, &row.id, |row| "Late news".clone_into(&mut row.title)).await;
        assert_eq!(waiting(&store).await, before, "what does not touch the dates leaves the plan alone");
        change(&store, &row.id, |row| row.status = Status::Cancelled).await;
        assert_eq!(waiting(&store).await, []);
        change(&store, &row.id, |row| row.status = Status::Scheduled).await;
        assert_eq!(waiting(&store).await.len(), 3);
        assert!(store.broadcasts().delete(&row.id).await.unwrap());
        assert_eq!(waiting(&store).await, []);
    }

    async fn what_is_on_air_is_planned_to_end(store: Store) {
        let start = ahead(0);
        let (_, row) = planned(&store, start, &[60]).await;
        let begin = |row: &mut Broadcast| {
            row.status = Status::Live;
            row.run = Some("r1".to_owned());
            row.started_at = Some(start);
            row.duration_seconds = Some(600);
        };
        change(&store, &row.id, begin).await;
        assert_eq!(plan(&store, start).await, [(JobKind::Late, 0)], "it opened by itself; is anybody there?");
        change(&store, &row.id, |row| row.end_on_time = true).await;
        assert_eq!(plan(&store, start).await, [(JobKind::Late, 0), (JobKind::End, 600)]);
        change(&store, &row.id, |row| row.duration_seconds = Some(900)).await;
        assert_eq!(plan(&store, start).await, [(JobKind::Late, 0), (JobKind::End, 900)]);
        change(&store, &row.id, |row| row.status = Status::Ended).await;
        assert_eq!(waiting(&store).await, []);
    }

    async fn reminders_of_listeners_follow_a_moved_broadcast(store: Store) {
        let start = ahead(0);
        let (_, row) = planned(&store, start, &[]).await;
        let eve = host(&store, "eve").await;
        let reminders = store.reminders();
        let put = async |offsets: &[u32]| -> Vec<(u32, i64)> {
            let theirs = reminders.put(&row.id, &eve.id, offsets, Timestamp::now()).await.unwrap().unwrap();
            theirs.iter().map(|it| (it.offset_seconds, it.due_at.as_millis())).collect()
        };
        let start = start.as_millis();
        assert_eq!(put(&[600, 60]).await, [(600, start - 600_000), (60, start - 60_000)]);
        assert_eq!(put(&[300]).await, [(300, start - 300_000)], "these and no others");
        let rounds = async || waiting(&store).await.iter().filter(|job| job.kind == JobKind::Reminders).count();
        assert_eq!(rounds().await, 1);
        change(&store, &row.id, |row| row.scheduled_start = Some(Timestamp::from_millis(start + 5_000))).await;
        assert_eq!(reminders.of(&row.id, &eve.id).await.unwrap()[0].due_at.as_millis(), start - 295_000);
        assert_eq!(rounds().await, 1);
        assert_eq!(reminders.who_asked(&row.id, 300, "", 10).await.unwrap(), std::slice::from_ref(&eve.id));
        assert_eq!(reminders.who_asked(&row.id, 300, &eve.id, 10).await.unwrap(), [""; 0]);
        let now = Timestamp::now();
        assert_eq!(reminders.mark_sent(&row.id, 300, std::slice::from_ref(&eve.id), now).await.unwrap(), 1);
        assert_eq!(reminders.mark_sent(&row.id, 300, std::slice::from_ref(&eve.id), now).await.unwrap(), 0);
        assert_eq!(reminders.who_asked(&row.id, 300, "", 10).await.unwrap(), [""; 0]);
        assert_eq!(reminders.list(&eve.id, &Slice::first(5)).await.unwrap().total, 1);
        assert_eq!(reminders.delete(&row.id, &eve.id).await.unwrap(), 1);
        change(&store, &row.id, |row| row.scheduled_start = None).await;
        assert_eq!(reminders.put(&row.id, &eve.id, &[60], now).await.unwrap(), None, "it has no date");
    }

    async fn followers_are_reminded_who_did_not_choose_for_themselves(store: Store) {
        let (ada, row) = planned(&store, ahead(0), &[60]).await;
        let mut followers = Vec::new();
        for (second, name) in ["eve", "bob", "kim", "sue", "tom", "zoe"].into_iter().enumerate() {
            let user = host(&store, name).await;
            let created_at = Timestamp::from_millis(second as i64 / 2);
            let notify = name != "tom";
            let (follower_id, followed_id) = (user.id.clone(), ada.id.clone());
            let follow = Follow { follower_id, followed_id, created_at, notify };
            store.follows().put(&follow).await.unwrap();
            followers.push(user.id);
        }
        store.reminders().put(&row.id, &followers[1], &[600], Timestamp::now()).await.unwrap().unwrap();
        let block = store::Block {
            broadcast_id: row.id.clone(),
            user_id: followers[2].clone(),
            blocked_by: None,
            reason: None,
            created_at: Timestamp::now(),
        };
        store.blocks().put(&block).await.unwrap();
        let none = store.reminders().put(&row.id, &followers[5], &[], Timestamp::now()).await.unwrap();
        assert_eq!(none, Some(Vec::new()));
        assert!(store.reminders().refused(&row.id, &followers[5]).await.unwrap());
        let mut found = Vec::new();
        let mut last = None;
        loop {
            let page = store.reminders().who_follow(&row.id, &ada.id, last.as_ref(), 1).await.unwrap();
            let Some(follow) = page.into_iter().next() else { break };
            found.push(follow.follower_id.clone());
            last = Some(follow);
        }
        assert_eq!(found, [followers[0].clone(), followers[3].clone()]);
        store.reminders().delete(&row.id, &followers[5]).await.unwrap();
        let again = store.reminders().who_follow(&row.id, &ada.id, None, 9).await.unwrap();
        assert_eq!(again.len(), 3, "she is reminded as others are");
    }

    async fn a_series_and_its_occurrences_change_together(store: Store) {
        let ada = host(&store, "ada").await;
        let mut one = Broadcast { scheduled_start: Some(ahead(0)), ..broadcast(&ada, "News") };
        let series = series_of(&one, "2027-03-28T20:00:00");
        let mut two = Broadcast { scheduled_start: Some(ahead(600)), ..broadcast(&ada, "News") };
        for row in [&mut one, &mut two] {
            row.series_id = Some(series.id.clone());
            row.occurrence_start = row.scheduled_start;
        }
        let made = vec![one.clone(), two.clone()];
        let revision = Revision { series: vec![series.clone()], made, changed: Vec::new() };
        store.all_series().insert(&revision).await.unwrap();
        assert_eq!(store.all_series().load(&series.id).await.unwrap().as_ref(), Some(&series));
        let extension = waiting(&store).await.into_iter().find(|job| job.kind == JobKind::Occurrences).unwrap();
        assert_eq!(extension.key, series.id);
        let twice = Revision { made: vec![Broadcast { id: id(), room_name: id(), ..one.clone() }], ..Revision::default() };
        store.all_series().insert(&twice).await.unwrap_err();

        // Each takes the place of the other.
        let swap = |mut series: Series, mut known: Vec<Broadcast>| {
            assert_eq!(known.iter().map(|row| &row.id).collect::<Vec<_>>(), [&one.id, &two.id]);
            let (first, second) = (known[0].occurrence_start, known[1].occurrence_start);
            known[0].occurrence_start = second;
            known[1].occurrence_start = first;
            "FREQ=DAILY".clone_into(&mut series.rule);
            Ok::<_, ()>(Revision { series: vec![series], changed: known, made: Vec::new() })
        };
        let from = one.occurrence_start.unwrap();
        store.all_series().revise(&series.id, from, swap).await.unwrap().unwrap().unwrap();
        let now = store.all_series().occurrences(&series.id, from, 10).await.unwrap();
        assert_eq!(now.iter().map(|row| &row.id).collect::<Vec<_>>(), [&two.id, &one.id]);
        assert_eq!(store.all_series().load(&series.id).await.unwrap().unwrap().rule, "FREQ=DAILY");
        let refused = store.all_series().revise(&series.id, from, |_, _| Err("no")).await.unwrap();
        assert_eq!(refused.unwrap().unwrap_err(), "no");
        assert!(store.all_series().revise("none", from, |_, _| Err("no")).await.unwrap().is_none());
    }

    async fn what_a_host_has_planned_is_found_by_its_time(store: Store) {
        let (ada, row) = planned(&store, ahead(0), &[]).await;
        let between = async |from: u64, until: u64| {
            let found = store.broadcasts().planned_between(&ada.id, ahead(from), ahead(until)).await.unwrap();
            found.into_iter().map(|row| row.id).collect::<Vec<_>>()
        };
        let earlier = Timestamp::now().plus(Duration::from_secs(900_000));
        let found = store.broadcasts().planned_between(&ada.id, earlier, ahead(100)).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(between(50, 100).await, [""; 0]);
        change(&store, &row.id, |row| row.status = Status::Cancelled).await;
        assert!(store.broadcasts().planned_between(&ada.id, earlier, ahead(100)).await.unwrap().is_empty());
    }
}
