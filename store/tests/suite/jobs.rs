//! Jobs: taken by one at a time, tried again, and kept when they are given up.

use std::collections::BTreeSet;

use serde_json::json;
use store::{Job, JobKind, JobState, NewJob, Outcome, Slice, Store};

use crate::made::at;
use crate::on_both;

const KIND: JobKind = JobKind::Reminder;

fn job(key: &str, second: i64) -> NewJob {
    NewJob::new(KIND, key, &json!({"of": key}), at(second))
}

/// What a batch takes at a second; its lease lasts a minute.
async fn claim(store: &Store, batch: &str, second: i64, limit: u32) -> Vec<Job> {
    store.jobs().claim(KIND, batch, at(second), at(second + 60), limit).await.unwrap()
}

fn keys(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.key.as_str()).collect()
}

async fn settle(store: &Store, batch: &str, job: &Job, outcome: Outcome, second: i64) -> u64 {
    store.jobs().settle(batch, &[(job.id.clone(), outcome)], at(second)).await.unwrap()
}

on_both! {
    async fn a_job_is_one_by_its_key_and_taken_when_it_is_due(store: Store) {
        let jobs = store.jobs();
        assert_eq!(jobs.insert(&[job("b", 20), job("a", 10), job("a", 15)]).await.unwrap(), 2);
        assert_eq!(jobs.insert(&[job("a", 5), job("c", 30)]).await.unwrap(), 1, "it stays as it was");
        assert_eq!(jobs.next(KIND).await.unwrap(), Some(at(10)));
        assert_eq!(jobs.next(JobKind::Reminders).await.unwrap(), None);
        assert_eq!(claim(&store, "1", 9, 10).await, []);
        let taken = claim(&store, "1", 20, 10).await;
        assert_eq!(keys(&taken), ["a", "b"]);
        assert_eq!((taken[0].attempts, taken[0].payload.as_str()), (1, r#"{"of":"a"}"#));
        assert_eq!(claim(&store, "2", 20, 10).await, [], "they are taken");
        assert_eq!(settle(&store, "1", &taken[0], Outcome::Done, 21).await, 1);
        let done = jobs.load(&taken[0].id).await.unwrap().unwrap();
        assert_eq!((done.state, done.ended_at), (JobState::Done, Some(at(21))));
        assert_eq!(jobs.insert(&[job("a", 40)]).await.unwrap(), 0, "what was done is not done again");
    }

    async fn what_a_dead_station_had_taken_another_one_gets_and_the_dead_one_notes_nothing(store: Store) {
        store.jobs().insert(&[job("a", 0)]).await.unwrap();
        let first = claim(&store, "dead", 0, 1).await.remove(0);
        assert_eq!(claim(&store, "other", 59, 1).await, []);
        let second = claim(&store, "other", 60, 1).await.remove(0);
        assert_eq!((&second.id, second.attempts), (&first.id, 2));
        assert_eq!(settle(&store, "dead", &first, Outcome::Failed("late".into()), 61).await, 0);
        assert_eq!(settle(&store, "other", &second, Outcome::Done, 62).await, 1);
        assert_eq!(settle(&store, "other", &second, Outcome::Failed("twice".into()), 63).await, 0);
        assert_eq!(store.jobs().load(&first.id).await.unwrap().unwrap().state, JobState::Done);
    }

    async fn a_job_is_tried_later_again_and_given_up(store: Store) {
        let jobs = store.jobs();
        jobs.insert(&[job("a", 0)]).await.unwrap();
        let taken = claim(&store, "1", 0, 1).await.remove(0);
        let later = Outcome::Later { at: at(30), error: "é".repeat(400) };
        settle(&store, "1", &taken, later, 1).await;
        assert_eq!(claim(&store, "2", 29, 1).await, []);
        let taken = claim(&store, "2", 30, 1).await.remove(0);
        assert_eq!((taken.attempts, taken.last_error.as_deref()), (2, Some("é".repeat(250).as_str())));
        settle(&store, "2", &taken, Outcome::Again(at(100)), 31).await;
        let taken = claim(&store, "3", 100, 1).await.remove(0);
        assert_eq!((taken.attempts, taken.due_at, taken.last_error.as_deref()), (1, at(100), None));
        settle(&store, "3", &taken, Outcome::Failed("no".into()), 101).await;
        assert_eq!(jobs.next(KIND).await.unwrap(), None);
        let failed = jobs.list(Some(JobState::Failed), Some(KIND), &Slice::first(5)).await.unwrap();
        assert_eq!((failed.total, failed.items[0].last_error.as_deref()), (1, Some("no")));
        let again = jobs.retry(&taken.id, at(200)).await.unwrap().unwrap();
        assert_eq!((again.state, again.attempts, again.ended_at), (JobState::Waiting, 0, None));
        assert_eq!(keys(&claim(&store, "4", 200, 1).await), ["a"]);
        assert_eq!(jobs.retry("none", at(200)).await.unwrap(), None);
    }

    async fn what_is_released_was_never_tried(store: Store) {
        store.jobs().insert(&[job("a", 0), job("b", 0)]).await.unwrap();
        let taken = claim(&store, "1", 0, 2).await;
        settle(&store, "1", &taken[0], Outcome::Done, 1).await;
        assert_eq!(store.jobs().release("1", at(2)).await.unwrap(), 1);
        let again = claim(&store, "2", 2, 2).await;
        assert_eq!((keys(&again), again[0].attempts), (vec![taken[1].key.as_str()], 1));
    }

    async fn many_who_take_at_once_never_take_the_same(store: Store) {
        let all: Vec<_> = (0..1_200).map(|number| job(&number.to_string(), 0)).collect();
        assert_eq!(store.jobs().insert(&all).await.unwrap(), 1_200);
        let takers: Vec<_> = (0..4)
            .map(|taker| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut taken = Vec::new();
                    loop {
                        let batch = store::id();
                        let some = claim(&store, &batch, 1, 70).await;
                        let done: Vec<_> = some.iter().map(|job| (job.id.clone(), Outcome::Done)).collect();
                        let settled = store.jobs().settle(&batch, &done, at(2)).await.unwrap();
                        assert_eq!(settled, some.len() as u64, "taker {taker}");
                        taken.extend(some.into_iter().map(|job| job.key));
                        // One who finds nothing may only have found what others were about to take.
                        if store.jobs().next(KIND).await.unwrap().is_none() {
                            return taken;
                        }
                    }
                })
            })
            .collect();
        let mut taken = Vec::new();
        for taker in takers {
            taken.extend(taker.await.unwrap());
        }
        assert_eq!(taken.len(), 1_200);
        assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), 1_200);
    }

    async fn it_is_known_how_jobs_stand_and_old_ones_are_forgotten(store: Store) {
        let jobs = store.jobs();
        jobs.insert(&[job("a", 0), job("b", 5), job("c", 9), job("d", 99)]).await.unwrap();
        let taken = claim(&store, "1", 5, 2).await;
        settle(&store, "1", &taken[0], Outcome::Done, 6).await;
        settle(&store, "1", &taken[1], Outcome::Failed("no".into()), 7).await;
        let standing = jobs.standing(at(10)).await.unwrap();
        let of = |kind| *standing.iter().find(|standing| standing.kind == kind).unwrap();
        let found = of(KIND);
        assert_eq!((found.due, found.oldest, found.failed), (1, Some(at(9)), 1));
        assert_eq!((of(JobKind::Reminders).due, of(JobKind::Reminders).oldest), (0, None));
        assert_eq!(jobs.delete_before(at(6), at(7)).await.unwrap(), 0);
        assert_eq!(jobs.delete_before(at(7), at(7)).await.unwrap(), 1, "what was done");
        assert_eq!(jobs.delete_before(at(7), at(8)).await.unwrap(), 1, "what was given up");
        assert_eq!(jobs.list(None, None, &Slice::first(5)).await.unwrap().total, 2);
    }
}
