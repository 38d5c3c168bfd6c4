//! Where a run's files are read.

use std::io;

use bytes::Bytes;
use media::RungId;
use packager::Msn;

/// The files of one run, as the origin wrote them.
pub trait Source {
    /// The init section of `rung`.
    fn init(&self, rung: RungId) -> io::Result<Bytes>;

    /// The whole segment `msn` of `rung`; [`io::ErrorKind::NotFound`] where there is none, which is silence.
    fn segment(&self, rung: RungId, msn: Msn) -> io::Result<Bytes>;
}
