//! SRTP by the keys of one DTLS session: sealing for the fan-out, opening what listeners report.
//!
//! RFC 3711 with AES-CM and HMAC-SHA1-80, RFC 7714 with AES-GCM. What the engine sends itself it seals itself;
//! this is for streams whose packets are the same for everybody but for the key.

mod cm;
mod derive;
mod gcm;
mod sealer;

pub(crate) use cm::CmKeys;
pub(crate) use derive::{Label, derive};
pub(crate) use gcm::GcmKeys;
pub(crate) use sealer::{Opener, Sealer};

/// Bytes that sealing adds to an RTP packet, at most: a GCM tag.
pub(crate) const OVERHEAD: usize = 16;

/// Bytes that sealing adds to an RTCP packet, at most: a GCM tag and the index.
#[cfg(test)]
pub(crate) const RTCP_OVERHEAD: usize = 20;

/// How an SRTP session is protected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Profile {
    /// `AEAD_AES_256_GCM` (RFC 7714).
    Gcm256,
    /// `AEAD_AES_128_GCM` (RFC 7714).
    Gcm128,
    /// `AES128_CM_HMAC_SHA1_80` (RFC 3711): what every WebRTC client can.
    Cm128,
}

impl Profile {
    /// Its name among the DTLS-SRTP protection profiles.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gcm256 => "AEAD_AES_256_GCM",
            Self::Gcm128 => "AEAD_AES_128_GCM",
            Self::Cm128 => "AES128_CM_HMAC_SHA1_80",
        }
    }

    const fn key_len(self) -> usize {
        match self {
            Self::Gcm256 => 32,
            Self::Gcm128 | Self::Cm128 => 16,
        }
    }

    const fn salt_len(self) -> usize {
        match self {
            Self::Gcm256 | Self::Gcm128 => 12,
            Self::Cm128 => 14,
        }
    }
}

/// Which end of a DTLS session we were.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// We began the handshake.
    Client,
    /// The other one did.
    Server,
}

/// The master keys of one DTLS session. `Debug` prints no key.
#[derive(Clone)]
pub(crate) struct Keys {
    profile: Profile,
    material: Vec<u8>,
}

/// Keying material of another length than its profile has.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{got} bytes of keying material where {} takes {want}", profile.name())]
pub(crate) struct BadMaterial {
    profile: Profile,
    want: usize,
    got: usize,
}

impl Keys {
    /// The keys that a DTLS session exports (RFC 5764 section 4.2): client key, server key, client salt,
    /// server salt.
    pub(crate) fn new(profile: Profile, material: &[u8]) -> Result<Self, BadMaterial> {
        let want = 2 * (profile.key_len() + profile.salt_len());
        if material.len() != want {
            return Err(BadMaterial { profile, want, got: material.len() });
        }
        Ok(Self { profile, material: material.to_vec() })
    }

    /// How the session is protected.
    pub(crate) const fn profile(&self) -> Profile {
        self.profile
    }

    /// Master key and master salt of what `end` sends.
    fn of(&self, end: End) -> (&[u8], &[u8]) {
        let (key, salt) = (self.profile.key_len(), self.profile.salt_len());
        let (keys, salts) = self.material.split_at(2 * key);
        match end {
            End::Client => (&keys[..key], &salts[..salt]),
            End::Server => (&keys[key..], &salts[salt..]),
        }
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("profile", &self.profile).finish_non_exhaustive()
    }
}
