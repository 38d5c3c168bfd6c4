//! Who is heard on the stage of a broadcast that this station puts on air.

use std::future::pending;
use std::sync::Arc;

use room::PersonId;
use tokio::sync::watch;

/// Where a stage tells whose voices are heard: accounts, each once.
pub(crate) type Heard = watch::Receiver<Vec<Arc<str>>>;

/// A stage that is listened to; or none.
#[derive(Debug, Default)]
pub(super) struct Voices(Option<Heard>);

impl Voices {
    /// From now on this one; of the one before nothing more is told.
    pub(super) fn follow(&mut self, heard: Option<Heard>) {
        let same = match (&self.0, &heard) {
            (Some(known), Some(heard)) => known.same_channel(heard),
            (None, None) => true,
            _ => false,
        };
        if !same {
            self.0 = heard;
            if let Some(heard) = &mut self.0 {
                heard.mark_changed();
            }
        }
    }

    /// Who is heard from now on; nobody, where the stage is closed. Waits until that is another answer than before.
    pub(super) async fn next(&mut self) -> Vec<PersonId> {
        let Some(heard) = &mut self.0 else { return pending().await };
        if heard.changed().await.is_err() {
            self.0 = None;
            return Vec::new();
        }
        let heard = heard.borrow_and_update();
        heard.iter().filter_map(|person| PersonId::parse(person).ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_tells_who_is_heard_on_the_stage_that_is_open() {
        let (first, heard) = watch::channel(vec![Arc::from("amy")]);
        let mut voices = Voices::default();
        voices.follow(Some(heard.clone()));
        let told = |people: Vec<PersonId>| people.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(told(voices.next().await), ["amy"]);
        voices.follow(Some(heard));
        first.send_replace(vec![Arc::from("amy"), Arc::from("rory")]);
        assert_eq!(told(voices.next().await), ["amy", "rory"], "it is told once");

        let (second, heard) = watch::channel(vec![Arc::from("ann")]);
        voices.follow(Some(heard));
        assert_eq!(told(voices.next().await), ["ann"], "another run has another stage");
        drop((first, second));
        assert!(voices.next().await.is_empty(), "nobody is heard on a stage that is closed");
    }
}
