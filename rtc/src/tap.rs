//! Reads along when a DTLS session exports its keys.
//!
//! The engine keeps them to itself, and the fan-out seals with them. Its cryptography is exchangeable, so ours
//! is the usual one with an ear on it. The engine takes one provider for all sessions; what tells them apart is
//! that a session makes its DTLS instance while it is built, on the thread that builds it.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Instant;

use str0m::config::{CryptoProvider, DtlsCert, DtlsVersion};
use str0m::crypto::CryptoError;
use str0m::crypto::dtls::{
    DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion, SrtpProfile,
};

use crate::srtp::{Keys, Profile};

/// The engine's usual cryptography, with a tap on the keys.
pub(crate) static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let usual = str0m::crypto::from_feature_flags();
    // Once a process, since the engine asks for one that lives for ever.
    let tap: &'static Tap = Box::leak(Box::new(Tap(usual.dtls_provider)));
    Arc::new(CryptoProvider { dtls_provider: tap, ..usual })
});

thread_local! {
    /// Where the keys of the session go that this thread builds.
    static BUILDING: RefCell<Option<Tapped>> = const { RefCell::new(None) };
}

/// The keys of one session, once its handshake is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tapped(Arc<Mutex<Option<Keys>>>);

impl Tapped {
    /// Builds a session whose keys come here.
    pub(crate) fn while_building<T>(&self, build: impl FnOnce() -> T) -> T {
        BUILDING.with(|building| building.replace(Some(self.clone())));
        let built = build();
        BUILDING.with(|building| building.replace(None));
        built
    }

    /// Takes the keys: `None` before the handshake is over, and after they were taken.
    pub(crate) fn take(&self) -> Option<Keys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, keys: Keys) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys);
    }
}

#[derive(Debug)]
struct Tap(&'static dyn DtlsProvider);

impl DtlsProvider for Tap {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        self.0.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let inner = self.0.new_dtls(cert, now, version, mtu)?;
        let tapped = BUILDING.with(RefCell::take).unwrap_or_default();
        Ok(Box::new(Instance { inner, tapped }))
    }

    fn is_test(&self) -> bool {
        self.0.is_test()
    }
}

struct Instance {
    inner: Box<dyn DtlsInstance>,
    tapped: Tapped,
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").finish_non_exhaustive()
    }
}

impl DtlsInstance for Instance {
    fn set_active(&mut self, active: bool) {
        self.inner.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.inner.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.inner.poll_output(buf);
        if let DtlsOutput::KeyingMaterial(material, profile) = &output
            && let Some(profile) = known(*profile)
            && let Ok(keys) = Keys::new(profile, material)
        {
            self.tapped.put(keys);
        }
        output
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.inner.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.inner.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.inner.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.inner.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.inner.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.inner.close()
    }
}

fn known(profile: SrtpProfile) -> Option<Profile> {
    match profile {
        SrtpProfile::AEAD_AES_256_GCM => Some(Profile::Gcm256),
        SrtpProfile::AEAD_AES_128_GCM => Some(Profile::Gcm128),
        SrtpProfile::AES128_CM_SHA1_80 => Some(Profile::Cm128),
        _ => None,
    }
}
