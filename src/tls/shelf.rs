//! The certificate in force, swapped while connections are made.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::Certificate;

/// Holds the certificate in force, or none yet.
#[derive(Debug, Default)]
pub(super) struct Shelf(ArcSwapOption<Certificate>);

impl Shelf {
    /// Puts `certificate` in force for the handshakes that follow.
    pub(super) fn put(&self, certificate: Certificate) {
        self.0.store(Some(Arc::new(certificate)));
    }

    /// What is in force.
    pub(super) fn get(&self) -> Option<Arc<Certificate>> {
        self.0.load_full()
    }
}
