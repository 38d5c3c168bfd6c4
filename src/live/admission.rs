//! Who may publish: a decision on plain facts.

use std::time::Duration;

use ingest::{Protocol, Refusal, StreamKey};

use super::card::{Card, Opening, Stage};
use super::entry::Scene;

/// A publisher that has delivered nothing for this long is a ghost: its own return takes its place.
pub(super) const GHOST: Duration = Duration::from_secs(2);

/// The same where whoever returns is known to be the same client, which is not twice: five packets that did not
/// come. One that lives and sends nothing for as long (DTX) loses its place to nobody else by it.
pub(super) const OWN_GHOST: Duration = Duration::from_millis(100);

/// Whether broadcasts may go on air; those that are stay there either way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GoLive {
    /// They may.
    Allowed,
    /// None may now.
    SwitchedOff,
}

/// What becomes of a publisher who is let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ruling {
    /// It is heard in the run there is.
    Join,
    /// It puts the broadcast on air.
    GoLive,
    /// It opens a preview that its host hears.
    Preview,
}

/// By which way somebody is heard. Each has places of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// As a host, with the stream key or what stands for it.
    Host,
    /// From the stage, where somebody with the right to has let them.
    Stage,
}

impl Way {
    /// The way of a protocol.
    pub(super) fn of(protocol: Protocol) -> Self {
        if protocol == Protocol::Stage { Self::Stage } else { Self::Host }
    }

    /// The places that a broadcast has.
    const fn places(self, card: &Card) -> usize {
        match self {
            Self::Host => card.publishers_max,
            Self::Stage => card.speakers_max,
        }
    }
}

/// What there is of the broadcast when somebody wants to publish.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    /// Where it is heard, if it is.
    pub(super) scene: Option<Scene>,
    /// How long each of those has been silent who came by the same way.
    pub(super) idle: &'a [Duration],
    /// Where it stands otherwise.
    pub(super) stage: Stage,
    /// The switch of the station.
    pub(super) go_live: GoLive,
}

/// Answers whoever shows `key`. The key comes first: without it nobody learns how the broadcast stands.
pub(super) fn judge(card: &Card, key: &StreamKey, way: Way, facts: Facts<'_>) -> Result<Ruling, Refusal> {
    if !card.opens_to(key) {
        return Err(Refusal::BadKey);
    }
    if facts.scene.is_some() {
        let alive = facts.idle.iter().filter(|idle| **idle < GHOST).count();
        return match (alive < way.places(card), way) {
            (true, _) => Ok(Ruling::Join),
            (false, Way::Host) if card.publishers_max == 1 => Err(Refusal::AlreadyPublishing),
            (false, _) => Err(Refusal::Full),
        };
    }
    if way == Way::Stage {
        // Nobody goes on air from the stage: it is its host who opens a broadcast.
        return Err(Refusal::NotLive);
    }
    match (card.opening, facts.stage) {
        (Opening::ByHand, Stage::Scheduled) => Ok(Ruling::Preview),
        (Opening::FirstPublish, Stage::Scheduled)
        | (Opening::EveryPublish, Stage::Scheduled | Stage::Ended)
            if facts.go_live == GoLive::Allowed =>
        {
            Ok(Ruling::GoLive)
        }
        _ => Err(Refusal::NotLive),
    }
}

/// The place of the ghost that makes room for a publisher who joins: none while there is room.
pub(super) fn makes_room(card: &Card, way: Way, idle: &[Duration]) -> Option<usize> {
    if idle.len() < way.places(card) {
        return None;
    }
    idle.iter().enumerate().max_by_key(|(_, idle)| **idle).map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::testing::card;

    const BRISK: Duration = Duration::from_millis(20);
    const LOST: Duration = Duration::from_secs(3);

    fn facts(scene: Option<Scene>, idle: &[Duration], stage: Stage) -> Facts<'_> {
        Facts { scene, idle, stage, go_live: GoLive::Allowed }
    }

    fn key(text: &str) -> StreamKey {
        StreamKey::parse(text).unwrap()
    }

    #[test]
    fn what_a_publisher_opens_is_settled_by_the_card_and_the_stage() {
        use Opening::{ByHand, EveryPublish, FirstPublish};
        use Stage::{Cancelled, Ended, Scheduled};
        let cases = [
            (FirstPublish, Scheduled, Ok(Ruling::GoLive)),
            (FirstPublish, Ended, Err(Refusal::NotLive)),
            (FirstPublish, Cancelled, Err(Refusal::NotLive)),
            (EveryPublish, Scheduled, Ok(Ruling::GoLive)),
            (EveryPublish, Ended, Ok(Ruling::GoLive)),
            (EveryPublish, Cancelled, Err(Refusal::NotLive)),
            (ByHand, Scheduled, Ok(Ruling::Preview)),
            (ByHand, Ended, Err(Refusal::NotLive)),
            (ByHand, Cancelled, Err(Refusal::NotLive)),
        ];
        for (opening, stage, ruling) in cases {
            let card = Card { opening, ..card("a") };
            assert_eq!(
                judge(&card, &key("key"), Way::Host, facts(None, &[], stage)),
                ruling,
                "{opening:?} {stage:?}"
            );
        }
    }

    #[test]
    fn a_wrong_key_learns_nothing_else() {
        for stage in [Stage::Scheduled, Stage::Ended, Stage::Cancelled] {
            let refused = judge(&card("a"), &key("wrong"), Way::Host, facts(None, &[], stage));
            assert_eq!(refused, Err(Refusal::BadKey));
        }
        let busy =
            judge(&card("a"), &key("wrong"), Way::Host, facts(Some(Scene::Live), &[BRISK], Stage::Scheduled));
        assert_eq!(busy, Err(Refusal::BadKey));
    }

    #[test]
    fn the_switch_keeps_broadcasts_off_air_and_disturbs_none_that_is_on() {
        let off = |scene| Facts { go_live: GoLive::SwitchedOff, ..facts(scene, &[], Stage::Scheduled) };
        assert_eq!(judge(&card("a"), &key("key"), Way::Host, off(None)), Err(Refusal::NotLive));
        assert_eq!(judge(&card("a"), &key("key"), Way::Host, off(Some(Scene::Live))), Ok(Ruling::Join));
        let by_hand = Card { opening: Opening::ByHand, ..card("a") };
        assert_eq!(
            judge(&by_hand, &key("key"), Way::Host, off(None)),
            Ok(Ruling::Preview),
            "nobody else hears it"
        );
    }

    #[test]
    fn a_place_is_free_when_its_publisher_is_a_ghost() {
        let on_air = |idle| {
            judge(&card("a"), &key("key"), Way::Host, facts(Some(Scene::Live), idle, Stage::Scheduled))
        };
        assert_eq!(on_air(&[]), Ok(Ruling::Join));
        assert_eq!(on_air(&[BRISK]), Err(Refusal::AlreadyPublishing));
        assert_eq!(on_air(&[LOST]), Ok(Ruling::Join));
        assert_eq!(makes_room(&card("a"), Way::Host, &[LOST]), Some(0));
        assert_eq!(makes_room(&card("a"), Way::Host, &[]), None);
    }

    #[test]
    fn many_publishers_share_a_broadcast_up_to_its_bound() {
        let trio = Card { publishers_max: 3, ..card("a") };
        let on_air =
            |idle| judge(&trio, &key("key"), Way::Host, facts(Some(Scene::Live), idle, Stage::Scheduled));
        assert_eq!(on_air(&[BRISK, BRISK]), Ok(Ruling::Join));
        assert_eq!(on_air(&[BRISK, BRISK, BRISK]), Err(Refusal::Full));
        assert_eq!(on_air(&[BRISK, LOST, BRISK]), Ok(Ruling::Join));
        assert_eq!(makes_room(&trio, Way::Host, &[BRISK, LOST, BRISK]), Some(1));
        assert_eq!(
            makes_room(&trio, Way::Host, &[LOST, BRISK]),
            None,
            "a ghost may stay while there is room"
        );
    }

    #[test]
    fn the_stage_has_places_of_its_own_and_puts_nothing_on_air() {
        let judged =
            |scene, idle| judge(&card("a"), &key("key"), Way::Stage, facts(scene, idle, Stage::Scheduled));
        assert_eq!(judged(None, &[]), Err(Refusal::NotLive));
        assert_eq!(judged(Some(Scene::Live), &[BRISK]), Ok(Ruling::Join));
        assert_eq!(judged(Some(Scene::Live), &[BRISK, BRISK]), Err(Refusal::Full));
        assert_eq!(judged(Some(Scene::Live), &[BRISK, LOST]), Ok(Ruling::Join));
        assert_eq!(makes_room(&card("a"), Way::Stage, &[BRISK, LOST]), Some(1));
    }
}
