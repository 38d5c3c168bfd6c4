//! How much sound an Opus packet holds, told without decoding it.

use std::time::Duration;

/// The length of a packet's frames by its configuration, 0..=31 (RFC 6716 section 3.1, table 2), in units of
/// 2.5 ms.
const fn frame_quarters(configuration: u8) -> u32 {
    match configuration {
        0..12 => [4, 8, 16, 24][(configuration % 4) as usize],
        12..16 => [4, 8][(configuration % 2) as usize],
        _ => [1, 2, 4, 8][(configuration % 4) as usize],
    }
}

/// Quarters in 120 ms, the longest packet (RFC 6716 section 3.2.5).
const QUARTERS_MAX: u32 = 48;

/// How much sound an Opus packet holds: 2.5 to 120 ms. `None` where it is none: empty, cut short, or of too many
/// frames.
pub fn packet_length(packet: &[u8]) -> Option<Duration> {
    let toc = *packet.first()?;
    let frames = match toc & 0b11 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(*packet.get(1)? & 0x3f),
    };
    let quarters = frames * frame_quarters(toc >> 3);
    (1..=QUARTERS_MAX).contains(&quarters).then(|| Duration::from_micros(2_500) * quarters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(packet: &[u8]) -> Option<f64> {
        packet_length(packet).map(|length| length.as_secs_f64() * 1_000.0)
    }

    #[test]
    fn a_packet_is_as_long_as_its_table_of_contents_says() {
        // Configuration and what a frame of it lasts: SILK, hybrid, CELT.
        for (configuration, frame) in [
            (0, 10.0),
            (1, 20.0),
            (6, 40.0),
            (11, 60.0),
            (12, 10.0),
            (15, 20.0),
            (16, 2.5),
            (29, 5.0),
            (30, 10.0),
            (31, 20.0),
        ] {
            assert_eq!(millis(&[configuration << 3]), Some(frame), "configuration {configuration}");
            assert_eq!(millis(&[(configuration << 3) | 2, 0]), Some(2.0 * frame), "two frames");
        }
        assert_eq!(millis(&[(31 << 3) | 3, 6]), Some(120.0), "six frames");
        assert_eq!(millis(&[(31 << 3) | 3, 0xc0 | 2]), Some(40.0), "what stands beside the count");
    }

    #[test]
    fn what_is_no_packet_has_no_length() {
        for nothing in
            [&[][..], &[(31 << 3) | 3], &[(31 << 3) | 3, 0], &[(31 << 3) | 3, 7], &[(11 << 3) | 3, 3]]
        {
            assert_eq!(packet_length(nothing), None, "{nothing:02x?}");
        }
    }
}
