//! What can be told of an Opus packet without decoding it (RFC 6716 sections 3.1 and 4.2).

/// Configurations below this one have a SILK layer, the others are of the CELT layer alone.
const FIRST_CELT_ONLY: u8 = 16;
/// Configurations below this one are of the SILK layer alone, in frames of 10 to 60 ms; those between are
/// hybrid, in frames of 10 or 20 ms.
const FIRST_HYBRID: u8 = 12;

/// Frames at 48 kHz of 10 ms.
const TEN_MS: usize = 480;

/// The configuration number in a packet's first byte, 0..=31.
const fn configuration(toc: u8) -> u8 {
    toc >> 3
}

/// Whether the packet has no SILK layer.
pub(super) fn is_celt_only(packet: &[u8]) -> bool {
    packet.first().is_some_and(|toc| configuration(*toc) >= FIRST_CELT_ONLY)
}

/// Whether the packet holds no sound: a publisher that pauses (DTX) sends one such and then nothing for a while.
/// libopus makes one or two bytes of it.
pub(super) fn is_silent(packet: &[u8]) -> bool {
    packet.len() <= 2
}

/// How many frames at 48 kHz of what was sent before the packet it repeats at a lower rate (low bit-rate
/// redundancy, RFC 6716 section 4.2.4): the length of its own first Opus frame. `None` where it repeats
/// nothing, or is damaged.
pub(super) fn repeated_frames(packet: &[u8]) -> Option<usize> {
    let parsed = opus::packet::parse(packet).ok()?;
    let configuration = configuration(parsed.toc);
    let tens = match configuration {
        0..FIRST_HYBRID => [1, 2, 4, 6][usize::from(configuration % 4)],
        FIRST_HYBRID..FIRST_CELT_ONLY => [1, 2][usize::from(configuration % 2)],
        _ => return None,
    };
    // The first bits of the first frame: for each channel a voice flag per 20 ms, then the redundancy flag.
    let flags = *parsed.frames.first()?.first()?;
    let voice_flags = usize::max(1, tens / 2);
    let flag = |bit: usize| flags & (0x80 >> bit) != 0;
    let stereo = parsed.toc & 0b100 != 0;
    let repeats = flag(voice_flags) || (stereo && flag(2 * voice_flags + 1));
    repeats.then_some(tens * TEN_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet of one frame (code 0) of this configuration.
    fn packet(configuration: u8, stereo: bool, flags: u8) -> [u8; 3] {
        [(configuration << 3) | (u8::from(stereo) << 2), flags, 0x55]
    }

    #[test]
    fn the_redundancy_flag_follows_the_voice_flags_of_each_channel() {
        // Configuration, stereo, the bit that is looked at, frames that the packet then repeats.
        let table = [
            (0, false, 1, 480),
            (1, false, 1, 960),
            (5, false, 1, 960),
            (9, false, 1, 960),
            (10, false, 2, 1_920),
            (11, false, 3, 2_880),
            (12, false, 1, 480),
            (15, false, 1, 960),
            (9, true, 1, 960),
            (9, true, 3, 960),
            (10, true, 2, 1_920),
            (10, true, 5, 1_920),
            (11, true, 3, 2_880),
            (11, true, 7, 2_880),
        ];
        for (configuration, stereo, bit, frames) in table {
            let flag = 0x80 >> bit;
            let what = format!("configuration {configuration}, stereo {stereo}, bit {bit}");
            assert_eq!(repeated_frames(&packet(configuration, stereo, flag)), Some(frames), "{what}");
            let bits: &[usize] = match (stereo, configuration) {
                (false, _) => &[bit],
                (true, 10) => &[2, 5],
                (true, 11) => &[3, 7],
                (true, _) => &[1, 3],
            };
            let others = bits.iter().fold(0xff_u8, |flags, bit| flags & !(0x80 >> bit));
            assert_eq!(repeated_frames(&packet(configuration, stereo, others)), None, "{what}");
        }
    }

    #[test]
    fn the_celt_layer_repeats_nothing() {
        for configuration in 16..32 {
            assert_eq!(repeated_frames(&packet(configuration, false, 0xff)), None);
            assert!(is_celt_only(&packet(configuration, false, 0xff)));
        }
        assert!((0..16).all(|configuration| !is_celt_only(&packet(configuration, true, 0))));
    }

    #[test]
    fn what_is_empty_or_damaged_repeats_nothing() {
        // Nothing; a mere table of contents; two frames of equal length in an odd number of bytes.
        for damaged in [&[][..], &[9 << 3], &[(9 << 3) | 1, 0xff]] {
            assert_eq!(repeated_frames(damaged), None, "{damaged:02x?}");
        }
    }
}
