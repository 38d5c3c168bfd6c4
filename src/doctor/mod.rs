//! `onair doctor`: looks at the machine, or at a live stream from outside, and says what to do.
//!
//! One line a check. What it knows about playlists it reads with a reader of its own, so that a mistake
//! shared with the writer would still show.

mod bucket;
pub mod machine;
mod mail;
pub mod playlist;
mod redis;
pub mod report;
mod rules;
pub mod stream;
mod udp;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use rustls::RootCertStore;
use url::Url;

pub use machine::{CertificateSource, Station};
pub use report::{Finding, Report, Verdict};

/// Checks the station's machine, or the stream at `url` where there is one, and writes a line a finding.
/// `roots` is whom to trust (usually [`crate::http::client::system_roots`]).
///
/// Status 1 when something fails; warnings do not.
///
/// # Errors
/// Only `out`'s own.
pub async fn run(
    station: &Station,
    url: Option<&Url>,
    roots: RootCertStore,
    out: &mut dyn Write,
) -> io::Result<ExitCode> {
    let report = match url {
        Some(url) => stream::examine(url, roots).await,
        None => machine::examine(station, roots).await,
    };
    write!(out, "{report}")?;
    Ok(if report.fails() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
