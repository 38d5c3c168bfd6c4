//! What always holds of places, whoever comes, waits and goes.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::prelude::*;
use sfu::{Places, Standing};

#[derive(Clone, Copy, Debug)]
enum Event {
    Reserve(u8, Standing),
    Take(u8, Standing),
    Leave(u8),
    Wait(u8, Standing),
    Limit(usize),
    Nothing,
}

fn event() -> impl Strategy<Value = Event> {
    let who = 0_u8..40;
    let standing = prop_oneof![4 => Just(Standing::Ordinary), 1 => Just(Standing::Privileged)];
    prop_oneof![
        3 => (who.clone(), standing.clone()).prop_map(|(id, standing)| Event::Reserve(id, standing)),
        3 => (who.clone(), standing.clone()).prop_map(|(id, standing)| Event::Take(id, standing)),
        2 => who.clone().prop_map(Event::Leave),
        3 => (who, standing).prop_map(|(id, standing)| Event::Wait(id, standing)),
        1 => (0_usize..12).prop_map(Event::Limit),
        1 => Just(Event::Nothing),
    ]
}

proptest! {
    #[test]
    fn places_are_never_overdrawn_never_idle_and_promises_never_outlive_their_time(
        first in 0_usize..12, events in prop::collection::vec((event(), 0_u64..6_000), 0..200)
    ) {
        let mut places = Places::new(first);
        let mut limit = first;
        let mut now = Duration::ZERO;
        for (event, later) in events {
            now += Duration::from_millis(later);
            let before = places.held();
            let bound = |standing, limit: usize| match standing {
                Standing::Ordinary => limit,
                Standing::Privileged => limit + limit.div_ceil(5),
            };
            match event {
                Event::Reserve(id, standing) => match places.reserve(id, standing, now) {
                    Ok(until) => prop_assert!(until > now && until <= now + Duration::from_secs(15)),
                    Err(_) => prop_assert!(places.held() >= bound(standing, limit)),
                },
                Event::Take(id, standing) => if places.take(id, standing, now).is_err() {
                    prop_assert!(places.held() >= bound(standing, limit));
                },
                Event::Leave(id) => places.leave(id, now),
                Event::Wait(id, standing) => places.wait(id, standing, now).unwrap(),
                Event::Limit(to) => {
                    limit = to;
                    places.set_limit(to, now);
                }
                Event::Nothing => places.handle_timeout(now),
            }
            // Nobody gets in beyond the privileged's bound, though who is in stays when the limit falls.
            prop_assert!(places.held() <= before.max(bound(Standing::Privileged, limit)));
            prop_assert!(places.taken() <= places.held());
            prop_assert!(places.waiting() == 0 || places.held() >= limit, "a place is free while some wait");
            prop_assert!(places.poll_timeout().is_none_or(|at| at > now && at <= now + Duration::from_secs(15)));
            while let Some(offered) = places.poll_output() {
                prop_assert!(offered.until <= now + Duration::from_secs(15));
            }
        }
    }

    #[test]
    fn who_waits_is_served_in_order(count in 1_u32..60, leaving in prop::collection::vec(any::<prop::sample::Index>(), 60)) {
        let mut places = Places::new(20);
        let now = Duration::ZERO;
        (0..20).for_each(|id| places.take(id, Standing::Ordinary, now).unwrap());
        (100..100 + count).for_each(|id| places.wait(id, Standing::Ordinary, now).unwrap());
        let mut inside: Vec<u32> = (0..20).collect();
        let mut served = Vec::new();
        for index in leaving {
            places.leave(inside.swap_remove(index.index(inside.len())), now);
            match places.poll_output() {
                Some(offered) => {
                    places.take(offered.id, Standing::Ordinary, now).unwrap();
                    served.push(offered.id);
                    inside.push(offered.id);
                }
                None => break,
            }
        }
        prop_assert_eq!(served, (100..100 + count).collect::<Vec<_>>());
    }
}
