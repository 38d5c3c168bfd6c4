//! Publishers as voices on the stage: whoever speaks there hears the host who publishes from an encoder.
//!
//! What comes by WHIP is Opus, and is forwarded as it comes. What comes by RTMP is decoded for the programme anyway;
//! its sound is taken from there, on the server's clock, and encoded once for the whole stage. All of it only
//! while somebody is on the stage.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use media::{AccessUnit, TrackInfo};
use rtc::{Said, StageDoor, StageVoice};
use tracing::warn;
use transcode::encode::VoiceEncoder;
use transcode::programme::{Programme, SourceId};

/// Frames of a tick.
const TICK_FRAMES: u64 = 960;

/// A longer hole in a publisher's time is its own pause; in a shorter one packets are missing.
const HOLE_MAX: Duration = Duration::from_millis(120);

/// The publishers of one run, as those on its stage hear them.
pub struct Publishers {
    door: StageDoor,
    voices: BTreeMap<SourceId, OnStage>,
}

struct OnStage {
    voice: StageVoice,
    sound: Sound,
}

/// Where the packets of a voice come from.
enum Sound {
    /// From the publisher; its newest number, its time, and how long that was.
    Forwarded { newest: Option<(u64, u64, u64)>, level: u8 },
    /// From here; how many there were.
    Encoded { encoder: Box<VoiceEncoder>, made: u64 },
    /// From nowhere: its encoder failed.
    Lost,
}

/// How a publisher's sound gets onto the stage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Passage {
    /// Its packets are forwarded.
    Forwarded,
    /// Its sound is encoded anew.
    Encoded,
}

impl Publishers {
    /// Nobody publishes yet.
    pub const fn new(door: StageDoor) -> Self {
        Self { door, voices: BTreeMap::new() }
    }

    /// Brings the voices up to who publishes now, and to whether anybody hears them.
    pub fn settle<'a>(
        &mut self,
        publishing: impl Iterator<Item = (SourceId, Passage, &'a Arc<str>)>,
        programme: &mut Programme,
    ) {
        if self.door.members() == 0 {
            for id in std::mem::take(&mut self.voices).into_keys() {
                // A source that has left needs no more.
                programme.set_tap(id, false).ok();
            }
            return;
        }
        let mut here = Vec::new();
        for (id, passage, person) in publishing {
            here.push(id);
            if programme.set_tap(id, true).is_err() {
                continue;
            }
            let door = &self.door;
            self.voices.entry(id).or_insert_with(|| OnStage {
                voice: door.enter(Some(person.clone())),
                sound: Sound::begin(id, passage),
            });
        }
        self.voices.retain(|id, _| here.contains(id));
    }

    /// Forwards a unit that a publisher sent, as far as it is on the stage.
    pub fn forward(&mut self, id: SourceId, track: &TrackInfo, unit: &AccessUnit) {
        let Some(OnStage { voice, sound: Sound::Forwarded { newest, level } }) = self.voices.get_mut(&id)
        else {
            return;
        };
        let time = ticks(unit.time.to_duration(track.timescale));
        let Some(length) = sfu::packet_length(&unit.data).map(ticks) else { return };
        let sequence = newest.map_or(0, |newest| next(newest, time));
        *newest = Some((sequence, time, length));
        voice.say(Said { sequence, time, level: Some(*level), data: unit.data.clone() });
    }

    /// Takes the newest tick of every publisher.
    pub fn take_tick(&mut self, programme: &Programme) {
        for (id, OnStage { voice, sound }) in &mut self.voices {
            let Some(tick) = programme.tapped(*id) else { continue };
            match sound {
                Sound::Forwarded { level, .. } => *level = level_of(tick),
                Sound::Encoded { encoder, made } => match encoder.encode(tick) {
                    Ok(data) => {
                        let (sequence, time) = (*made, *made * TICK_FRAMES);
                        *made += 1;
                        voice.say(Said { sequence, time, level: Some(level_of(tick)), data });
                    }
                    Err(cause) => {
                        warn!("{id} is not heard on the stage any more: {cause}");
                        *sound = Sound::Lost;
                    }
                },
                Sound::Lost => {}
            }
        }
    }
}

impl Sound {
    fn begin(id: SourceId, passage: Passage) -> Self {
        match passage {
            Passage::Forwarded => Self::Forwarded { newest: None, level: SILENT },
            Passage::Encoded => match VoiceEncoder::new() {
                Ok(encoder) => Self::Encoded { encoder: Box::new(encoder), made: 0 },
                Err(cause) => {
                    warn!("{id} is not heard on the stage: {cause}");
                    Self::Lost
                }
            },
        }
    }
}

/// The number of a packet at `time`, after the newest one: what is missing between keeps its numbers, so that
/// receivers know of it.
fn next((number, time, length): (u64, u64, u64), at: u64) -> u64 {
    let hole = at.saturating_sub(time + length);
    let missing = if hole > ticks(HOLE_MAX) { 0 } else { (hole + length / 2) / length };
    number + 1 + missing
}

/// At 48 kHz.
fn ticks(time: Duration) -> u64 {
    // Rounded: a publisher's instants are whole ticks, of which nanoseconds are a little short.
    ((time.as_nanos() * 48 + 500_000) / 1_000_000) as u64
}

/// The level of digital silence (RFC 6464).
const SILENT: u8 = 127;

/// How far the power of a tick is below full scale, as RFC 6464 says it.
fn level_of(tick: &[f32]) -> u8 {
    let power = tick.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / tick.len() as f64;
    (-10.0 * power.log10()).clamp(0.0, f64::from(SILENT)).round() as u8
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Instant;

    use bytes::Bytes;
    use media::{AudioProfile, Channels, Codec, MediaDuration, MediaTime, Pcm, Timescale};
    use rtc::{Config, Ear, Entrant, Farewell, Forward, Forwarding, Heard, Observer, Offer, Rtc, SessionId};
    use transcode::decode::Decoder;

    use super::*;

    const SPEAKER: &str = include_str!("../../rtc/tests/offers/chromium-stage.sdp");
    const HOST: SourceId = SourceId::new(1);

    #[derive(Debug)]
    enum Told {
        Came(Entrant),
        Said { sequence: u64, time: u64, level: u8, data: Bytes },
        Left,
    }

    /// Writes down what a stage is told.
    struct Notes(Sender<Told>);

    impl Forwarding for Notes {
        fn join(&mut self, _: Instant, _: SessionId, entrant: Entrant) {
            self.0.send(Told::Came(entrant)).unwrap();
        }

        fn leave(&mut self, _: Instant, _: SessionId) {
            self.0.send(Told::Left).unwrap();
        }

        fn hear(&mut self, _: Instant, _: SessionId, packet: Heard<'_>) {
            let Heard { sequence, time, level, data } = packet;
            let (level, data) = (level.unwrap(), Bytes::copy_from_slice(data));
            self.0.send(Told::Said { sequence, time, level, data }).unwrap();
        }

        fn poll_output(&mut self) -> Option<Forward> {
            None
        }
    }

    struct Deaf;

    impl Ear for Deaf {
        fn hear(&mut self, _: Instant, _: Heard<'_>) {}
        fn over(&mut self, _: Instant, _: Farewell) {}
    }

    /// A programme with one source, a stage, and what the stage is told.
    struct House {
        rtc: Rtc,
        threads: rtc::Threads,
        stage: rtc::Stage,
        told: Receiver<Told>,
        programme: Programme,
        publishers: Publishers,
        ticks: u32,
    }

    impl House {
        fn open() -> Self {
            let observer: Arc<dyn Observer> = Arc::new(());
            let config = Config {
                listen: ([127, 0, 0, 1], 0).into(),
                shards: 1,
                public: Vec::new(),
                repeating: rtc::Repeating::Auto,
                packets: rtc::PacketTime::Ms20,
                sessions_max: 10,
            };
            let (rtc, threads) = Rtc::open(&config, &observer).unwrap();
            let (notes, told) = channel();
            let stage = rtc.stage(Box::new(Notes(notes)));
            let mut programme = Programme::new(&AudioProfile::Voice.rungs(), MediaTime::default()).unwrap();
            programme.add_source(HOST);
            let publishers = Publishers::new(stage.door());
            Self { rtc, threads, stage, told, programme, publishers, ticks: 0 }
        }

        /// Somebody comes onto the stage.
        async fn come(&self) -> SessionId {
            let offer = Offer::parse(SPEAKER).unwrap();
            self.rtc.speak(offer, &self.stage.door(), None, Box::new(Deaf)).await.unwrap().session
        }

        /// One tick in which the host says 20 ms of 440 Hz, by what passage it may.
        fn tick(&mut self, passage: Passage) {
            let host: Arc<str> = "ann".into();
            self.publishers.settle([(HOST, passage, &host)].into_iter(), &mut self.programme);
            let now = Duration::from_millis(20) * self.ticks;
            let mut tone = Pcm::silence(48_000, Channels::Mono, 960);
            for (n, sample) in (u64::from(self.ticks) * 960..).zip(&mut tone.samples) {
                *sample = (n as f32 * 440.0 / 48_000.0 * std::f32::consts::TAU).sin() / 4.0;
            }
            self.programme.push_pcm(HOST, now, &tone).unwrap();
            self.programme.tick(now).unwrap();
            while self.programme.poll_output().is_some() {}
            self.publishers.take_tick(&self.programme);
            self.ticks += 1;
        }

        fn close(self) -> Vec<Told> {
            drop((self.publishers, self.stage));
            self.threads.stop();
            self.told.into_iter().collect()
        }
    }

    fn opus() -> TrackInfo {
        TrackInfo {
            codec: Codec::Opus,
            timescale: Timescale::PROGRAMME,
            sample_rate: 48_000,
            channels: Channels::Mono,
            config: Bytes::new(),
        }
    }

    #[tokio::test]
    async fn what_a_publisher_says_is_encoded_while_somebody_is_on_the_stage() {
        let mut house = House::open();
        (0..20).for_each(|_| house.tick(Passage::Encoded));
        assert!(house.programme.tapped(HOST).is_none(), "nobody is there: no work");
        let member = house.come().await;
        (0..100).for_each(|_| house.tick(Passage::Encoded));
        house.rtc.close(member);
        while house.stage.door().members() > 0 {
            tokio::task::yield_now().await;
        }
        house.tick(Passage::Encoded);
        assert!(house.programme.tapped(HOST).is_none() && house.publishers.voices.is_empty());

        let told = house.close();
        let publisher = Entrant { person: Some("ann".into()), part: rtc::Part::Publisher };
        assert!(matches!(&told[0], Told::Came(entrant) if *entrant == publisher), "{:?}", told[0]);
        assert!(matches!(told.last(), Some(Told::Left)));
        let mut decoder = Decoder::new(&opus()).unwrap();
        let mut heard = Vec::new();
        for (number, said) in (0..).zip(&told[1..101]) {
            let Told::Said { sequence, time, level, data } = said else { panic!("{said:?}") };
            assert_eq!((*sequence, *time), (number, number * 960));
            // A quarter of full scale is 12 dB below it, and a sine 3 dB more.
            assert_eq!(*level, 15);
            let unit = AccessUnit {
                time: MediaTime::from_ticks(*time),
                duration: MediaDuration::from_ticks(960),
                data: data.clone(),
            };
            heard.extend_from_slice(&decoder.decode(&unit).unwrap().samples);
        }
        let second = &heard[48_000..96_000];
        let turns = second.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        assert!((439..=441).contains(&turns), "{turns} Hz");
    }

    #[tokio::test]
    async fn what_comes_as_opus_is_forwarded_as_it_is() {
        let mut house = House::open();
        house.come().await;
        (0..20).for_each(|_| house.tick(Passage::Forwarded));
        // A packet of 20 ms is missing after the second one, and then there is a pause.
        let packet = Bytes::from_static(&[31 << 3, 1, 2, 3]);
        for time in [5_000, 5_960, 7_880, 107_880] {
            let (time, duration) = (MediaTime::from_ticks(time), MediaDuration::default());
            let unit = AccessUnit { time, duration, data: packet.clone() };
            house.publishers.forward(HOST, &opus(), &unit);
        }
        let told = house.close();
        let said = told.iter().filter_map(|told| match told {
            Told::Said { sequence, time, level, data } => Some((*sequence, *time, *level, data.clone())),
            _ => None,
        });
        let expected = [(0, 5_000), (1, 5_960), (3, 7_880), (4, 107_880)];
        assert!(said.eq(expected.map(|(sequence, time)| (sequence, time, 15, packet.clone()))), "{told:?}");
    }

    #[test]
    fn a_level_is_the_power_below_full_scale() {
        assert_eq!(level_of(&[0.0; 960]), 127);
        assert_eq!(level_of(&[1.0; 960]), 0);
        assert_eq!(level_of(&[2.0; 960]), 0, "louder than full scale is full scale");
        assert_eq!(level_of(&[0.1; 960]), 20);
    }

    #[test]
    fn what_is_missing_keeps_its_numbers_and_a_pause_has_none() {
        let newest = (7, 9_600, 960);
        assert_eq!(next(newest, 10_560), 8);
        assert_eq!(next(newest, 11_520), 9, "one is missing");
        assert_eq!(next(newest, 9_600 + 4 * 960), 11, "three are");
        assert_eq!(next(newest, 9_600 + 48_000), 8, "a pause of a second");
        assert_eq!(next(newest, 0), 8, "time that goes back");
    }
}
