//! ADTS: AAC frames that a radio can join anywhere (ISO 13818-7 6.2).

use bytes::Bytes;
use media::Channels;

/// Appends one raw AAC-LC frame at 48 kHz with its seven-byte header. Frames of 8,184 bytes and more have
/// no ADTS form and are left out; our encoders' stay below 1,000.
pub fn write(out: &mut Vec<u8>, channels: Channels, frame: &Bytes) {
    const LOW_COMPLEXITY: u8 = 1;
    const HZ_48000: u8 = 3;
    let length = frame.len() + 7;
    if length >= 1 << 13 {
        return;
    }
    let configuration = channels.count() as u8;
    out.extend_from_slice(&[
        0xff,
        0xf1,
        LOW_COMPLEXITY << 6 | HZ_48000 << 2 | configuration >> 2,
        configuration << 6 | (length >> 11) as u8,
        (length >> 3) as u8,
        (length << 5) as u8 | 0x1f,
        0xfc,
    ]);
    out.extend_from_slice(frame);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_the_length_and_the_channels() {
        let mut out = Vec::new();
        write(&mut out, Channels::Stereo, &Bytes::from(vec![7; 256]));
        assert_eq!(out[..7], [0xff, 0xf1, 0x4c, 0x80, 0x20, 0xff, 0xfc]);
        assert_eq!(out.len(), 263);
    }
}
