//! One direction of one session.

use super::{CmKeys, End, GcmKeys, Keys, Profile};

enum Session {
    Gcm(GcmKeys),
    Cm(Box<CmKeys>),
}

impl Session {
    fn new(keys: &Keys, sender: End) -> Self {
        let (key, salt) = keys.of(sender);
        match keys.profile() {
            Profile::Cm128 => Self::Cm(Box::new(CmKeys::new(key, salt))),
            profile => Self::Gcm(GcmKeys::new(profile, key, salt)),
        }
    }
}

/// Seals what we send of one SSRC; nobody else may send of it.
pub(crate) struct Sealer {
    session: Session,
    ssrc: u32,
    /// Index of the next RTCP packet.
    rtcp: u32,
}

impl Sealer {
    pub(crate) fn new(keys: &Keys, we: End, ssrc: u32) -> Self {
        Self { session: Session::new(keys, we), ssrc, rtcp: 1 }
    }

    /// Seals the RTP packet of `header` and `payload` bytes that `packet` begins with; its length then.
    /// `packet` has room for [`OVERHEAD`](super::OVERHEAD) more. A sequence number and roll-over counter are used once.
    pub(crate) fn rtp(&self, packet: &mut [u8], header: usize, payload: usize, roc: u32) -> usize {
        match &self.session {
            Session::Gcm(keys) => keys.seal_rtp(packet, header, payload, self.ssrc, roc),
            Session::Cm(keys) => keys.seal_rtp(packet, header, payload, self.ssrc, roc),
        }
    }

    /// Seals the compound RTCP packet of `length` bytes that `packet` begins with; its length then.
    pub(crate) fn rtcp(&mut self, packet: &mut [u8], length: usize) -> usize {
        let index = self.rtcp;
        // 31 bits at one every five seconds last for 340 years.
        self.rtcp = (index + 1) & !(1 << 31);
        match &self.session {
            Session::Gcm(keys) => keys.seal_rtcp(packet, length, self.ssrc, index),
            Session::Cm(keys) => keys.seal_rtcp(packet, length, self.ssrc, index),
        }
    }
}

/// Opens the RTCP that the other end sends.
pub(crate) struct Opener {
    session: Session,
}

impl Opener {
    pub(crate) fn new(keys: &Keys, they: End) -> Self {
        Self { session: Session::new(keys, they) }
    }

    /// What a sealed compound packet says, opened in place; `None` for one that is not whole or not theirs.
    pub(crate) fn rtcp<'a>(&self, packet: &'a mut [u8]) -> Option<&'a [u8]> {
        let length = match &self.session {
            Session::Gcm(keys) => keys.open_rtcp(packet)?,
            Session::Cm(keys) => keys.open_rtcp(packet)?,
        };
        Some(&packet[..length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srtp::RTCP_OVERHEAD;

    fn keys(profile: Profile) -> Keys {
        let length = 2 * (profile.key_len() + profile.salt_len());
        Keys::new(profile, &(0..length as u8).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn rtcp_is_opened_by_the_other_end_alone() {
        for profile in [Profile::Gcm256, Profile::Gcm128, Profile::Cm128] {
            let keys = keys(profile);
            let mut sealer = Sealer::new(&keys, End::Server, 0x0102_0304);
            let report: Vec<u8> = [0x80, 201, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8].into();
            let mut packet = report.clone();
            packet.resize(12 + RTCP_OVERHEAD, 0);
            let length = sealer.rtcp(&mut packet, 12);
            packet.truncate(length);
            assert_ne!(packet[8..12], report[8..], "{profile:?}: what it says is hidden");

            let opener = Opener::new(&keys, End::Server);
            assert_eq!(opener.rtcp(&mut packet.clone()), Some(&report[..]), "{profile:?}");
            assert_eq!(Opener::new(&keys, End::Client).rtcp(&mut packet.clone()), None, "{profile:?}");
            for place in 0..packet.len() {
                let mut forged = packet.clone();
                forged[place] ^= 1;
                assert_eq!(opener.rtcp(&mut forged), None, "{profile:?}: byte {place}");
            }
            for short in 0..packet.len() {
                assert_eq!(opener.rtcp(&mut packet[..short].to_vec()), None, "{profile:?}: {short} bytes");
            }
        }
    }

    #[test]
    fn material_of_another_length_is_refused() {
        assert!(Keys::new(Profile::Gcm128, &[0; 55]).is_err());
        assert!(Keys::new(Profile::Gcm128, &[0; 56]).is_ok());
        assert!(Keys::new(Profile::Cm128, &[0; 60]).is_ok());
        assert!(Keys::new(Profile::Gcm256, &[0; 88]).is_ok());
    }
}
