//! Which voice each listener has in which slot.

use std::collections::{BTreeMap, VecDeque};

use crate::{Listener, Voice};

/// A listener's slot has another voice, or none any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SlotChange {
    /// From here on the slot carries this voice, whatever it carried before.
    Assigned {
        /// Whose slot.
        listener: Listener,
        /// Which one, from 0.
        slot: usize,
        /// Who is heard in it.
        voice: Voice,
    },
    /// The slot carries nobody.
    Freed {
        /// Whose slot.
        listener: Listener,
        /// Which one, from 0.
        slot: usize,
    },
}

#[derive(Debug)]
struct Slate {
    /// Their own voice, which they never hear.
    own: Option<Voice>,
    /// Voices that are theirs as well.
    also: Vec<Voice>,
    slots: Vec<Option<Voice>>,
}

/// The slots of everybody who hears a stage: as many for each as were negotiated once.
///
/// The foremost voices have one. A voice stays in its slot as long as it is among them, and longer while nobody
/// else needs the slot; then it goes to the newcomer whose place is the rearmost. After every call,
/// [`poll_output`](Self::poll_output) is drained.
#[derive(Debug, Default)]
pub struct Slots {
    listeners: BTreeMap<Listener, Slate>,
    ranking: Vec<Voice>,
    outputs: VecDeque<SlotChange>,
}

impl Slots {
    /// What a listener has unless it asked for less: more people than that at once nobody can follow.
    pub const USUAL: usize = 8;

    /// Nobody hears the stage so far.
    pub const fn new() -> Self {
        Self { listeners: BTreeMap::new(), ranking: Vec::new(), outputs: VecDeque::new() }
    }

    /// Somebody hears the stage in `count` slots, and is `own` on it if they speak too. One of the same name
    /// begins anew.
    pub fn enter(&mut self, listener: Listener, own: Option<Voice>, count: usize) {
        let mut slate = Slate { own, also: Vec::new(), slots: vec![None; count] };
        fill(listener, &mut slate, &self.ranking, &mut self.outputs);
        self.listeners.insert(listener, slate);
    }

    /// A voice is this listener's too, by whatever other way it came: they do not hear it, until it leaves.
    pub fn disown(&mut self, listener: Listener, voice: Voice) {
        let Some(slate) = self.listeners.get_mut(&listener) else { return };
        slate.also.push(voice);
        for slot in 0..slate.slots.len() {
            if slate.slots[slot] == Some(voice) {
                slate.slots[slot] = None;
                self.outputs.push_back(SlotChange::Freed { listener, slot });
            }
        }
        fill(listener, slate, &self.ranking, &mut self.outputs);
    }

    /// Somebody hears the stage no more.
    pub fn leave(&mut self, listener: Listener) {
        self.listeners.remove(&listener);
    }

    /// The voices that are there now, the foremost first; who is missing has left the stage.
    pub fn rank(&mut self, ranking: &[Voice]) {
        self.ranking.clear();
        self.ranking.extend_from_slice(ranking);
        for (listener, slate) in &mut self.listeners {
            slate.also.retain(|voice| ranking.contains(voice));
            fill(*listener, slate, &self.ranking, &mut self.outputs);
        }
    }

    /// Whom a listener has in their slots.
    pub fn of(&self, listener: Listener) -> Option<&[Option<Voice>]> {
        self.listeners.get(&listener).map(|slate| slate.slots.as_slice())
    }

    /// The next change.
    pub fn poll_output(&mut self) -> Option<SlotChange> {
        self.outputs.pop_front()
    }
}

/// Brings one listener's slots up to a ranking.
fn fill(listener: Listener, slate: &mut Slate, ranking: &[Voice], outputs: &mut VecDeque<SlotChange>) {
    let Slate { own, also, slots } = slate;
    let place = |voice: Voice| ranking.iter().position(|known| *known == voice).unwrap_or(usize::MAX);
    let foremost: Vec<Voice> = ranking
        .iter()
        .copied()
        .filter(|voice| Some(*voice) != *own && !also.contains(voice))
        .take(slots.len())
        .collect();
    let newcomers = foremost.iter().copied().filter(|voice| !slots.contains(&Some(*voice)));

    for voice in newcomers.collect::<Vec<_>>() {
        // The emptiest slot: nobody's, then that of who has left, then of who is last in the ranking.
        let rearmost = slots.iter().enumerate().max_by_key(|(slot, held)| {
            let emptiness = held.map_or((true, 0), |held| (false, place(held)));
            (emptiness, std::cmp::Reverse(*slot))
        });
        let Some((slot, _)) = rearmost else { return };
        slots[slot] = Some(voice);
        outputs.push_back(SlotChange::Assigned { listener, slot, voice });
    }
    for (slot, held) in slots.iter_mut().enumerate() {
        if held.is_some_and(|voice| place(voice) == usize::MAX) {
            *held = None;
            outputs.push_back(SlotChange::Freed { listener, slot });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Listener = Listener::new(1);

    fn voices<const N: usize>(numbers: [u64; N]) -> [Voice; N] {
        numbers.map(Voice::new)
    }

    fn changes(slots: &mut Slots) -> Vec<SlotChange> {
        std::iter::from_fn(|| slots.poll_output()).collect()
    }

    fn heard(slots: &Slots, listener: Listener) -> Vec<Option<u64>> {
        slots.of(listener).unwrap().iter().map(|held| held.map(|voice| voice.0)).collect()
    }

    #[test]
    fn everybody_but_oneself_has_a_slot_while_there_are_enough() {
        let mut slots = Slots::new();
        slots.enter(ANN, Some(Voice::new(1)), 3);
        slots.rank(&voices([1, 2, 3]));
        assert_eq!(heard(&slots, ANN), [Some(2), Some(3), None]);
        let assigned = |slot, voice| SlotChange::Assigned { listener: ANN, slot, voice: Voice::new(voice) };
        assert_eq!(changes(&mut slots), [assigned(0, 2), assigned(1, 3)]);
        slots.rank(&voices([3, 1, 4, 2]));
        assert_eq!(changes(&mut slots), [assigned(2, 4)]);
    }

    #[test]
    fn whoever_is_rearmost_makes_room_and_the_others_stay_where_they_are() {
        let mut slots = Slots::new();
        slots.enter(ANN, None, 3);
        slots.rank(&voices([1, 2, 3, 4, 5]));
        changes(&mut slots);
        // Among the foremost three in another order: nothing changes.
        slots.rank(&voices([3, 1, 2, 5, 4]));
        assert_eq!(changes(&mut slots), []);
        // 4 comes to the front, and 2 is last of those who have a slot.
        slots.rank(&voices([4, 3, 1, 2, 5]));
        assert_eq!(
            changes(&mut slots),
            [SlotChange::Assigned { listener: ANN, slot: 1, voice: Voice::new(4) }]
        );
        assert_eq!(heard(&slots, ANN), [Some(1), Some(4), Some(3)]);
    }

    #[test]
    fn who_leaves_the_stage_leaves_the_slots() {
        let mut slots = Slots::new();
        slots.enter(ANN, None, 2);
        slots.rank(&voices([1, 2, 3]));
        changes(&mut slots);
        slots.rank(&voices([2, 3]));
        assert_eq!(
            changes(&mut slots),
            [SlotChange::Assigned { listener: ANN, slot: 0, voice: Voice::new(3) }]
        );
        slots.rank(&voices([3]));
        assert_eq!(changes(&mut slots), [SlotChange::Freed { listener: ANN, slot: 1 }]);
        slots.rank(&[]);
        assert_eq!(changes(&mut slots), [SlotChange::Freed { listener: ANN, slot: 0 }]);
    }

    #[test]
    fn a_voice_that_is_ones_own_by_another_way_is_not_heard() {
        let mut slots = Slots::new();
        slots.rank(&voices([1, 2, 3]));
        slots.enter(ANN, Some(Voice::new(1)), 1);
        assert_eq!(heard(&slots, ANN), [Some(2)]);
        slots.disown(ANN, Voice::new(2));
        assert_eq!(heard(&slots, ANN), [Some(3)]);
        slots.rank(&voices([2, 1]));
        assert_eq!(heard(&slots, ANN), [None]);
        // 2 has left; another of that name is somebody else.
        slots.rank(&voices([1]));
        slots.rank(&voices([1, 2]));
        assert_eq!(heard(&slots, ANN), [Some(2)]);
    }

    #[test]
    fn who_comes_later_finds_the_slots_filled() {
        let mut slots = Slots::new();
        slots.rank(&voices([1, 2, 3]));
        slots.enter(ANN, Some(Voice::new(2)), 2);
        assert_eq!(heard(&slots, ANN), [Some(1), Some(3)]);
        assert_eq!(changes(&mut slots).len(), 2);
        slots.leave(ANN);
        slots.rank(&voices([9]));
        assert_eq!((changes(&mut slots), slots.of(ANN)), (vec![], None));
    }
}
