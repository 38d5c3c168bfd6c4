//! AES in counter mode with HMAC-SHA1-80 (RFC 3711).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

use super::derive::keystream;
use super::{Label, derive};

/// An authentication tag.
const TAG: usize = 10;

/// One direction's session keys.
pub(crate) struct CmKeys {
    rtp: Session,
    rtcp: Session,
}

struct Session {
    cipher: [u8; 16],
    auth: hmac::Key,
    salt: [u8; 14],
}

impl Session {
    fn new(key: &[u8], salt: &[u8], [cipher, auth, salting]: [Label; 3]) -> Self {
        let auth = derive(key, salt, auth, 20);
        Self {
            cipher: *derive(key, salt, cipher, 16).first_chunk().expect("16 of 32 bytes"),
            auth: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &auth[..20]),
            salt: *derive(key, salt, salting, 14).first_chunk().expect("14 of 32 bytes"),
        }
    }

    /// Encrypts or decrypts; the same in counter mode.
    fn cipher(&self, data: &mut [u8], ssrc: u32, index: u64) {
        // RFC 3711 section 4.1.1: (salt << 16) xor (SSRC << 64) xor (index << 16).
        let mut counter = [0; 16];
        counter[..14].copy_from_slice(&self.salt);
        let block = (u128::from(ssrc) << 64 | u128::from(index) << 16).to_be_bytes();
        for (to, byte) in counter.iter_mut().zip(block) {
            *to ^= byte;
        }
        keystream(&self.cipher, counter, data);
    }

    fn tag(&self, parts: [&[u8]; 2]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.auth);
        for part in parts {
            context.update(part);
        }
        context.sign()
    }
}

impl CmKeys {
    pub(crate) fn new(key: &[u8], salt: &[u8]) -> Self {
        Self {
            rtp: Session::new(key, salt, [Label::RtpCipher, Label::RtpAuth, Label::RtpSalt]),
            rtcp: Session::new(key, salt, [Label::RtcpCipher, Label::RtcpAuth, Label::RtcpSalt]),
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
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        let end = header + payload;
        self.rtp.cipher(&mut packet[header..end], ssrc, u64::from(roc) << 16 | u64::from(sequence));
        let tag = self.rtp.tag([&packet[..end], &roc.to_be_bytes()]);
        packet[end..][..TAG].copy_from_slice(&tag.as_ref()[..TAG]);
        end + TAG
    }

    /// Seals a compound packet of `length` bytes in place; writes index and tag behind it.
    pub(crate) fn seal_rtcp(&self, packet: &mut [u8], length: usize, ssrc: u32, index: u32) -> usize {
        self.rtcp.cipher(&mut packet[8..length], ssrc, index.into());
        packet[length..][..4].copy_from_slice(&(index | 1 << 31).to_be_bytes());
        let tag = self.rtcp.tag([&packet[..length + 4], &[]]);
        packet[length + 4..][..TAG].copy_from_slice(&tag.as_ref()[..TAG]);
        length + 4 + TAG
    }

    /// Opens a compound packet in place: the length of what it says, or `None` for one that is not whole.
    pub(crate) fn open_rtcp(&self, packet: &mut [u8]) -> Option<usize> {
        let signed = packet.len().checked_sub(TAG)?;
        let end = signed.checked_sub(4).filter(|end| *end >= 8)?;
        let tag = self.rtcp.tag([&packet[..signed], &[]]);
        verify_slices_are_equal(&tag.as_ref()[..TAG], &packet[signed..]).ok()?;
        let word = u32::from_be_bytes(packet[end..signed].try_into().ok()?);
        let ssrc = u32::from_be_bytes(packet[4..8].try_into().ok()?);
        if word & 1 << 31 != 0 {
            self.rtcp.cipher(&mut packet[8..end], ssrc, (word & !(1 << 31)).into());
        }
        Some(end)
    }
}
