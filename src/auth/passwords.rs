//! Passwords, hashed by argon2id and never kept.
//!
//! A hash takes tens of milliseconds of a core on purpose. A flood of sign-ins must not take them from the
//! sound: hashing has one or two threads of its own, at a low priority, before which only so many may wait.

use std::io;
use std::sync::Arc;
use std::thread;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{Mutex, mpsc, oneshot};
use tracing::warn;

use crate::logs::Redacted;

/// OWASP's second choice of parameters: 19 MiB, two passes, one lane.
fn argon2() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("the parameters are in argon2's range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Those who may wait to have a password hashed; at 30 ms each the last one waits for a second or two.
const WAITING: usize = 64;

/// How much less of a core a hashing thread gets where others want it: 10 is a tenth of an ordinary
/// thread's share.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Hashes passwords and compares them. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    jobs: mpsc::Sender<Job>,
    /// What an account that does not exist is compared with, so that it takes as long as one that does.
    nobody: Arc<str>,
}

/// A hash in PHC format, as the store keeps it.
pub type PasswordHash = Redacted<String>;

/// So many wait that one more would wait too long; try again in a few seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many people are signing in at once; try again in a few seconds")]
pub struct Busy;

enum Job {
    Hash(Redacted<String>, oneshot::Sender<PasswordHash>),
    Verify(Redacted<String>, PasswordHash, oneshot::Sender<bool>),
}

impl Passwords {
    /// Starts the threads, which end when the last clone is dropped. An error is the system's, that has no
    /// thread or no randomness left.
    pub fn start() -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..(cores / 2).clamp(1, 2) {
            let waiting = waiting.clone();
            thread::Builder::new().name("onair-password".into()).spawn(move || work(&waiting))?;
        }
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let nobody = hash(&format!("{random:x?}")).into_inner().into();
        Ok(Self { jobs, nobody })
    }

    /// The hash of a password, with a salt of its own.
    pub async fn hash(&self, password: &str) -> Result<PasswordHash, Busy> {
        let (answer, answered) = oneshot::channel();
        self.jobs.try_send(Job::Hash(Redacted::new(password.to_owned()), answer)).map_err(|_| Busy)?;
        answered.await.map_err(|_| Busy)
    }

    /// Is `password` the one that was hashed to `hash`? `None` where there is no such account: the answer is
    /// no, and takes as long.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, Busy> {
        let (answer, answered) = oneshot::channel();
        let against = Redacted::new(hash.unwrap_or(&self.nobody).to_owned());
        let job = Job::Verify(Redacted::new(password.to_owned()), against, answer);
        self.jobs.try_send(job).map_err(|_| Busy)?;
        let right = answered.await.map_err(|_| Busy)?;
        Ok(right && hash.is_some())
    }
}

fn work(waiting: &Mutex<mpsc::Receiver<Job>>) {
    lower_priority();
    loop {
        let job = waiting.blocking_lock().blocking_recv();
        // Whoever asked may have gone away; then nobody hears the answer.
        match job {
            Some(Job::Hash(_, answer)) if answer.is_closed() => {}
            Some(Job::Verify(_, _, answer)) if answer.is_closed() => {}
            Some(Job::Hash(password, answer)) => {
                answer.send(hash(password.expose())).ok();
            }
            Some(Job::Verify(password, hash, answer)) => {
                answer.send(verify(password.expose(), hash.expose())).ok();
            }
            None => return,
        }
    }
}

#[cfg(target_os = "linux")]
fn lower_priority() {
    // Linux keeps this value for each thread; "no process" is the calling thread.
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        warn!("passwords are hashed at the usual priority: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
const fn lower_priority() {}

fn hash(password: &str) -> PasswordHash {
    let hash = argon2().hash_password(password.as_bytes());
    Redacted::new(
        hash.expect("a password of any length is hashed, and the system has randomness").to_string(),
    )
}

fn verify(password: &str, hash: &str) -> bool {
    match argon2().verify_password(password.as_bytes(), hash) {
        Ok(()) => true,
        Err(argon2::password_hash::Error::PasswordInvalid) => false,
        Err(error) => {
            warn!("a password hash in the store cannot be read: {error}");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_by_its_hash() {
        let passwords = Passwords::start().unwrap();
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        assert_eq!(passwords.verify("correct horse", Some(hash.expose())).await, Ok(true));
        assert_eq!(passwords.verify("Correct horse", Some(hash.expose())).await, Ok(false));
        let again = passwords.hash("correct horse").await.unwrap();
        assert_ne!(again.expose(), hash.expose(), "each has a salt of its own");
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        let passwords = Passwords::start().unwrap();
        assert_eq!(passwords.verify("correct horse", None).await, Ok(false));
        assert_eq!(passwords.verify("correct horse", Some("not a hash")).await, Ok(false));
        let cost = |hash: &str| hash.rsplit_once('$').unwrap().0.rsplit_once('$').unwrap().0.to_owned();
        let hash = passwords.hash("correct horse").await.unwrap();
        assert_eq!(cost(&passwords.nobody), cost(hash.expose()), "it costs the same work");
    }

    #[tokio::test]
    async fn only_so_many_wait() {
        let (jobs, _nobody_works) = mpsc::channel(1);
        let passwords = Passwords { jobs, nobody: "".into() };
        let first = passwords.clone();
        let waits = tokio::spawn(async move { first.hash("one").await });
        while passwords.jobs.capacity() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(passwords.hash("two").await.map(drop), Err(Busy));
        waits.abort();
    }
}
