//! E-mail, by the relay that the operator has.

mod letter;
mod relay;
#[cfg(test)]
mod tests;

use std::time::Duration;

use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use rustls_pki_types::CertificateDer;

use crate::outcome::Outcome;

pub use letter::{BadAddress, Letter, Sender};
pub use relay::{BadRelay, Encryption, Relay};

/// How long one answer of the relay may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Connections to the relay at a time; relays of providers allow a handful.
const CONNECTIONS: u32 = 4;

/// How long a connection is kept that nobody uses. Relays close theirs after some minutes.
const IDLE: Duration = Duration::from_secs(30);

/// Sends e-mail. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Sender,
}

/// The relay cannot be prepared for.
#[derive(Debug, thiserror::Error)]
#[error("TLS for the mail relay: {0}")]
pub struct BadTls(#[from] lettre::transport::smtp::Error);

/// Whom a relay's certificate is believed by.
#[derive(Clone, Debug)]
pub enum Trust {
    /// The authorities of the machine.
    System,
    /// These and no others, DER.
    Only(Vec<CertificateDer<'static>>),
}

impl Email {
    /// Sends as `sender` by `relay`. Connects when the first letter goes.
    pub fn new(relay: &Relay, sender: Sender, trust: &Trust) -> Result<Self, BadTls> {
        let tls = match relay.encryption {
            Encryption::None => Tls::None,
            Encryption::StartTls => Tls::Required(parameters(&relay.host, trust)?),
            Encryption::Implicit => Tls::Wrapper(parameters(&relay.host, trust)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&relay.host)
            .port(relay.port)
            .tls(tls)
            .timeout(Some(PATIENCE))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE));
        if let Some((user, password)) = relay.credentials() {
            builder = builder.credentials(Credentials::new(user.to_owned(), password.to_owned()));
        }
        Ok(Self { transport: builder.build(), sender })
    }

    /// Does the relay answer, and does it let us in?
    pub async fn reach(&self) -> Result<(), String> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("the relay closed the connection".to_owned()),
            Err(error) => Err(chain(&error)),
        }
    }

    /// Sends `letter`.
    pub async fn send(&self, letter: &Letter<'_>) -> Outcome {
        let message = match letter.message(&self.sender) {
            Ok(message) => message,
            Err(BadAddress(why)) => return Outcome::gone(why),
        };
        match self.transport.send(message).await {
            Ok(_) => Outcome::Sent,
            Err(error) => judge(&error),
        }
    }
}

fn parameters(host: &str, trust: &Trust) -> Result<TlsParameters, BadTls> {
    let builder = TlsParameters::builder(host.to_owned());
    let builder = match trust {
        Trust::System => builder,
        Trust::Only(roots) => {
            let mut builder = builder.certificate_store(CertificateStore::None);
            for root in roots {
                builder = builder.add_root_certificate(Certificate::from_der(root.to_vec())?);
            }
            builder
        }
    };
    Ok(builder.build_rustls()?)
}

/// By the code of the answer (RFC 5321, 4.2): what is final for a mailbox, for a letter, or for nothing.
fn judge(error: &lettre::transport::smtp::Error) -> Outcome {
    let why = chain(error);
    match error.status().map(u16::from) {
        // No such mailbox, not here, not a name: the address bounces.
        Some(550 | 551 | 553 | 556) => Outcome::Gone { why },
        // We are not let in, which is for the operator to mend.
        Some(530 | 534 | 535 | 538) => Outcome::Later { after: None, why },
        Some(500..=599) => Outcome::Refused { why },
        _ => Outcome::Later { after: None, why },
    }
}

/// What went wrong, on one line; the answers of relays may have several.
fn chain(error: &lettre::transport::smtp::Error) -> String {
    let mut told = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_told = cause.to_string();
        if !told.contains(&cause_told) {
            told = format!("{told}: {cause_told}");
        }
        source = cause.source();
    }
    told.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}
