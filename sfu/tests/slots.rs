//! What always holds of slots, whoever comes, goes and speaks.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use sfu::{Listener, SlotChange, Slots, Voice};

#[derive(Clone, Debug)]
enum Event {
    Enter(u64, Option<u64>),
    Leave(u64),
    Rank(Vec<u64>),
}

fn event() -> impl Strategy<Value = Event> {
    let ranking = Just((0..7).collect::<Vec<u64>>()).prop_shuffle();
    prop_oneof![
        1 => (0_u64..4, prop::option::of(0_u64..7)).prop_map(|(listener, own)| Event::Enter(listener, own)),
        1 => (0_u64..4).prop_map(Event::Leave),
        6 => (ranking, 0_usize..8).prop_map(|(mut ranking, len)| {
            ranking.truncate(len);
            Event::Rank(ranking)
        }),
    ]
}

proptest! {
    #[test]
    fn the_foremost_are_heard_nobody_hears_themselves_and_nobody_moves(
        count in 0_usize..5, events in prop::collection::vec(event(), 0..80)
    ) {
        let mut slots = Slots::new();
        let mut ranking: Vec<Voice> = Vec::new();
        let mut listeners: BTreeMap<u64, Option<Voice>> = BTreeMap::new();
        // What the changes say is in the slots.
        let mut told: BTreeMap<u64, Vec<Option<Voice>>> = BTreeMap::new();
        for event in events {
            match event {
                Event::Enter(listener, own) => {
                    let own = own.map(Voice::new);
                    listeners.insert(listener, own);
                    told.insert(listener, vec![None; count]);
                    slots.enter(Listener::new(listener), own, count);
                }
                Event::Leave(listener) => {
                    listeners.remove(&listener);
                    told.remove(&listener);
                    slots.leave(Listener::new(listener));
                }
                Event::Rank(voices) => {
                    ranking = voices.into_iter().map(Voice::new).collect();
                    slots.rank(&ranking);
                }
            }
            let before = told.clone();
            while let Some(change) = slots.poll_output() {
                let (listener, slot, held) = match change {
                    SlotChange::Assigned { listener, slot, voice } => (listener, slot, Some(voice)),
                    SlotChange::Freed { listener, slot } => (listener, slot, None),
                };
                let number = *listeners.keys().find(|known| Listener::new(**known) == listener).unwrap();
                let told = &mut told.get_mut(&number).unwrap()[slot];
                prop_assert_ne!(*told, held, "a change changes something");
                *told = held;
            }
            for (listener, own) in &listeners {
                let heard = slots.of(Listener::new(*listener)).unwrap();
                prop_assert_eq!(heard, &told[listener][..], "the changes tell all");
                let mut voices: Vec<_> = heard.iter().flatten().copied().collect();
                prop_assert!(voices.iter().all(|voice| ranking.contains(voice) && Some(*voice) != *own));
                let foremost: Vec<_> =
                    ranking.iter().copied().filter(|voice| Some(*voice) != *own).take(count).collect();
                prop_assert!(foremost.iter().all(|voice| voices.contains(voice)));
                // Whoever is among the foremost before and after stands where they stood.
                for (slot, held) in before[listener].iter().enumerate() {
                    if held.is_some_and(|voice| foremost.contains(&voice)) {
                        prop_assert_eq!(heard[slot], *held);
                    }
                }
                voices.sort_unstable();
                voices.dedup();
                prop_assert_eq!(voices.len(), heard.iter().flatten().count(), "nobody twice");
            }
        }
    }
}
