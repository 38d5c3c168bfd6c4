//! AES-GCM (RFC 7714).

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::{Label, Profile, derive};

/// An authentication tag.
pub(crate) const TAG: usize = 16;

/// One direction's session keys.
pub(crate) struct GcmKeys {
    rtp: LessSafeKey,
    rtp_salt: [u8; 12],
    rtcp: LessSafeKey,
    rtcp_salt: [u8; 12],
}

impl GcmKeys {
    pub(crate) fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Self {
        let algorithm = if profile == Profile::Gcm256 { &AES_256_GCM } else { &AES_128_GCM };
        let cipher = |label| {
            let session = derive(key, salt, label, key.len());
            let session = UnboundKey::new(algorithm, &session[..key.len()]);
            LessSafeKey::new(session.expect("a key of the algorithm's length"))
        };
        let salt_of = |label| *derive(key, salt, label, 12).first_chunk().expect("twelve of 32 bytes");
        Self {
            rtp: cipher(Label::RtpCipher),
            rtp_salt: salt_of(Label::RtpSalt),
            rtcp: cipher(Label::RtcpCipher),
            rtcp_salt: salt_of(Label::RtcpSalt),
        }
    }

    /// Seals `packet[header..]` in place and writes the tag behind it; `packet` has room for both.
    pub(crate) fn seal_rtp(
        &self,
        packet: &mut [u8],
        header: usize,
        payload: usize,
        ssrc: u32,
        roc: u32,
    ) -> usize {
        let sequence = [packet[2], packet[3]];
        let mut nonce = self.rtp_salt;
        xor(&mut nonce[2..6], ssrc.to_be_bytes());
        xor(&mut nonce[6..10], roc.to_be_bytes());
        xor(&mut nonce[10..12], sequence);
        let (head, body) = packet.split_at_mut(header);
        seal(&self.rtp, nonce, head, body, payload);
        header + payload + TAG
    }

    /// Seals a compound packet of `length` bytes in place; writes tag and index behind it.
    pub(crate) fn seal_rtcp(&self, packet: &mut [u8], length: usize, ssrc: u32, index: u32) -> usize {
        let word = (index | 1 << 31).to_be_bytes();
        let mut associated = [0; 12];
        associated[..8].copy_from_slice(&packet[..8]);
        associated[8..].copy_from_slice(&word);
        seal(&self.rtcp, self.rtcp_nonce(ssrc, index), &associated, &mut packet[8..], length - 8);
        packet[length + TAG..][..4].copy_from_slice(&word);
        length + TAG + 4
    }

    /// Opens a compound packet in place: the length of what it says, or `None` for one that is not whole.
    pub(crate) fn open_rtcp(&self, packet: &mut [u8]) -> Option<usize> {
        let end = packet.len().checked_sub(4).filter(|end| *end >= 8 + TAG)?;
        let word: [u8; 4] = packet[end..].try_into().ok()?;
        let index = u32::from_be_bytes(word) & !(1 << 31);
        let ssrc = u32::from_be_bytes(packet[4..8].try_into().ok()?);
        if word[0] & 0x80 == 0 {
            return None;
        }
        let mut associated = [0; 12];
        associated[..8].copy_from_slice(&packet[..8]);
        associated[8..].copy_from_slice(&word);
        let nonce = Nonce::assume_unique_for_key(self.rtcp_nonce(ssrc, index));
        self.rtcp.open_in_place(nonce, Aad::from(associated), &mut packet[8..end]).ok()?;
        Some(end - TAG)
    }

    fn rtcp_nonce(&self, ssrc: u32, index: u32) -> [u8; 12] {
        let mut nonce = self.rtcp_salt;
        xor(&mut nonce[2..6], ssrc.to_be_bytes());
        xor(&mut nonce[8..12], index.to_be_bytes());
        nonce
    }
}

fn seal(key: &LessSafeKey, nonce: [u8; 12], associated: &[u8], body: &mut [u8], length: usize) {
    let (text, rest) = body.split_at_mut(length);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(associated), text);
    rest[..TAG].copy_from_slice(tag.expect("a packet is shorter than GCM's limit").as_ref());
}

fn xor<const N: usize>(into: &mut [u8], bytes: [u8; N]) {
    for (to, byte) in into.iter_mut().zip(bytes) {
        *to ^= byte;
    }
}
