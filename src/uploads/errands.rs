//! What is to be done in the store when the recordings of a run change. Plain state.

use std::collections::BTreeMap;

use super::piece::RunName;

/// Something to be done for a run.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Errand {
    /// Its recordings' playlists are to be there, and no others.
    Lists,
    /// It is over: what no recording keeps is to go, too.
    Tidy,
}

impl Errand {
    pub(super) const ALL: [Self; 2] = [Self::Lists, Self::Tidy];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Lists => "lists",
            Self::Tidy => "tidy",
        }
    }
}

/// How far the errand of a run is.
#[derive(Clone, Copy, Debug)]
struct Asked {
    errand: Errand,
    /// How often it was asked for; what is asked for while it is done is done again.
    times: u64,
    under_way: Option<u64>,
    /// It was done as far as it can be before more of the run is stored.
    held: bool,
}

/// The errands of all runs.
#[derive(Debug, Default)]
pub(super) struct Errands(BTreeMap<RunName, Asked>);

impl Errands {
    /// One is asked for; the larger of two stands.
    pub(super) fn ask(&mut self, run: &RunName, errand: Errand) {
        let asked =
            self.0.entry(run.clone()).or_insert(Asked { errand, times: 0, under_way: None, held: false });
        asked.errand = asked.errand.max(errand);
        asked.times += 1;
        asked.held = false;
    }

    /// Whether one of a run waits to be taken up.
    pub(super) fn is_waiting(&self, run: &RunName) -> bool {
        self.0.get(run).is_some_and(|asked| asked.under_way.is_none() && !asked.held)
    }

    /// That of a run is taken up.
    pub(super) fn begin(&mut self, run: &RunName) {
        if let Some(asked) = self.0.get_mut(run) {
            asked.under_way = Some(asked.times);
        }
    }

    /// That of a run, which is being done.
    pub(super) fn of(&self, run: &RunName) -> Option<Errand> {
        self.0.get(run).map(|asked| asked.errand)
    }

    /// That of a run was done as `did`, and `whole` or not. What is left stays asked for; the answer is what was asked
    /// for where nothing is left.
    pub(super) fn done(&mut self, run: &RunName, did: Errand, whole: bool) -> Option<Errand> {
        let asked = self.0.get_mut(run)?;
        let newest = asked.under_way.take() == Some(asked.times);
        if newest && whole && did >= asked.errand {
            return self.0.remove(run).map(|asked| asked.errand);
        }
        asked.held = newest;
        None
    }

    /// More of a run is stored, or it is over.
    pub(super) fn go_on(&mut self, run: &RunName) {
        if let Some(asked) = self.0.get_mut(run) {
            asked.held = false;
            // What is being done now may have looked before.
            asked.times += u64::from(asked.under_way.is_some());
        }
    }

    /// Nothing is to be done for a broadcast any more.
    pub(super) fn forget(&mut self, broadcast: &str) {
        self.0.retain(|run, _| run.broadcast() != broadcast);
    }
}

#[cfg(test)]
mod tests {
    use packager::RunId;

    use super::*;

    #[test]
    fn what_is_asked_for_while_it_is_done_is_done_again() {
        let run = RunName::new("studio", &RunId::parse("r1").unwrap());
        let mut errands = Errands::default();
        errands.ask(&run, Errand::Lists);
        assert!(errands.is_waiting(&run));
        errands.begin(&run);
        assert!(!errands.is_waiting(&run));
        errands.ask(&run, Errand::Tidy);
        assert_eq!(errands.done(&run, Errand::Lists, true), None);
        assert!(errands.is_waiting(&run));
        errands.begin(&run);
        assert_eq!(errands.done(&run, Errand::Tidy, false), None, "something was not stored yet");
        assert!(!errands.is_waiting(&run), "until more is");
        errands.go_on(&run);
        assert!(errands.is_waiting(&run));
        errands.begin(&run);
        errands.go_on(&run);
        assert_eq!(errands.done(&run, Errand::Lists, true), None);
        assert!(errands.is_waiting(&run), "it went on meanwhile");
        errands.begin(&run);
        assert_eq!(errands.done(&run, Errand::Tidy, true), Some(Errand::Tidy));
        assert_eq!(errands.of(&run), None);
    }
}
