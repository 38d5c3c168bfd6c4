//! What is to be done at some time: kept in the store, taken by one station at a time, tried again, and kept when it
//! is given up.
//!
//! A job has a kind ([`store::JobKind`]), a payload of that kind's shape and a key: of each kind and key there is one
//! job, so what is asked for twice is done once. Whoever can do a kind of job implements [`Work`], and the station
//! registers it with the [`Runner`]:
//!
//! ```no_run
//! # use onair::{jobs::{Outcome, Runner, Task, Work}, metrics::Metrics};
//! # use store::{JobKind, NewJob, Store, Timestamp};
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Greeting { to: String }
//!
//! struct Greeter;
//!
//! impl Work for Greeter {
//!     type Payload = Greeting;
//!     const KIND: JobKind = JobKind::Reminder;
//!
//!     async fn run(&self, tasks: Vec<Task<Greeting>>) -> Vec<Outcome> {
//!         tasks.iter().map(|task| { println!("hello {}", task.payload.to); Outcome::Done }).collect()
//!     }
//! }
//!
//! # async fn example(store: Store, metrics: &Metrics) -> Result<(), store::StoreError> {
//! let greeting = Greeting { to: "amy".into() };
//! store.jobs().insert(&[NewJob::new(JobKind::Reminder, "amy", &greeting, Timestamp::now())]).await?;
//! Runner::new(store, metrics).with(Greeter).run(Default::default()).await;
//! # Ok(())
//! # }
//! ```
//!
//! A job is done **at least once**: a station that dies between the work and its note leaves it to be done again.
//! Work that must not happen twice tells by [`Task::key`] whether it has happened.

pub mod backoff;
mod runner;
mod work;

pub use runner::{Clock, Runner};
pub use work::{Outcome, Task, Work};
