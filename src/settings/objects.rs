//! The settings of the object store, and of the CDN before it and before the station.

use std::path::PathBuf;

use cdn::{Access, Bucket};
use url::Url;

use super::error::SettingsError;
use super::sections::{alone, env};
use super::table::Key;
use super::values::{self, Values};
use crate::logs::Redacted;

/// Where media lies for good.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectSettings {
    /// The bucket; without one the data directory is all there is.
    pub bucket: Option<Bucket>,
    /// With which rights AWS is asked, or the bucket's server.
    pub access: Access,
    /// Bytes on local disk that may wait for the bucket; 100 MB to 10 TB.
    pub spool_max: u64,
}

/// What stands between the station and its listeners.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CdnSettings {
    /// Where listeners are sent; without one, to the station.
    pub url: Option<Url>,
    /// The id of the distribution, where the CDN is CloudFront.
    pub distribution: Option<String>,
    /// With what cookies for CloudFront are signed.
    pub signer: Option<SignerSettings>,
}

/// A key whose public half CloudFront has.
#[derive(Clone, Debug, PartialEq)]
pub struct SignerSettings {
    /// By what id CloudFront has it.
    pub key_pair_id: String,
    /// The private half.
    pub private_key: PrivateKey,
}

/// A private key, in a setting or in a file.
#[derive(Clone, Debug, PartialEq)]
pub enum PrivateKey {
    /// PEM.
    Pem(Redacted<String>),
    /// A file with PEM in it.
    File(PathBuf),
}

impl ObjectSettings {
    pub(super) fn from_values(values: &Values) -> Result<Self, SettingsError> {
        let name = values.optional(Key::S3Bucket, values::name)?;
        let endpoint = values.optional(Key::S3Endpoint, values::site_url)?;
        let region = values.optional(Key::S3Region, values::name)?;
        let id = values.optional(Key::S3AccessKeyId, values::name)?;
        let secret = values.optional(Key::S3SecretAccessKey, values::printable)?;
        let session_token = values.optional(Key::S3SessionToken, values::printable)?;
        if name.is_none() && endpoint.is_some() {
            return Err(alone(Key::S3Endpoint, env(Key::S3Bucket)));
        }
        let access = match (id, secret) {
            (Some(id), Some(secret)) => Access::Keys { id, secret, session_token },
            (Some(_), None) => return Err(alone(Key::S3AccessKeyId, env(Key::S3SecretAccessKey))),
            (None, Some(_)) => return Err(alone(Key::S3SecretAccessKey, env(Key::S3AccessKeyId))),
            (None, None) => Access::OfTheMachine,
        };
        // The SDK wants no slash at the end.
        let endpoint = endpoint.map(|url| url.as_str().trim_end_matches('/').to_owned());
        Ok(Self {
            bucket: name.map(|name| Bucket { name, endpoint, region }),
            access,
            spool_max: u64::from(values.number(Key::S3SpoolMegabytes)?) * 1_000_000,
        })
    }
}

impl CdnSettings {
    pub(super) fn from_values(values: &Values) -> Result<Self, SettingsError> {
        let url = values.optional(Key::CdnUrl, values::site_url)?;
        let key_pair_id = values.optional(Key::CloudfrontKeyPairId, values::name)?;
        let private_key = values.optional(Key::CloudfrontPrivateKey, private_key)?;
        let signer = match (key_pair_id, private_key) {
            (Some(key_pair_id), Some(private_key)) => Some(SignerSettings { key_pair_id, private_key }),
            (Some(_), None) => {
                return Err(alone(Key::CloudfrontKeyPairId, env(Key::CloudfrontPrivateKey)));
            }
            (None, Some(_)) => {
                return Err(alone(Key::CloudfrontPrivateKey, env(Key::CloudfrontKeyPairId)));
            }
            (None, None) => None,
        };
        if signer.is_some() && url.is_none() {
            return Err(alone(Key::CloudfrontKeyPairId, env(Key::CdnUrl)));
        }
        let distribution = values.optional(Key::CloudfrontDistribution, values::name)?;
        Ok(Self { url, distribution, signer })
    }
}

/// PEM, perhaps with `\n` for its line ends as files of settings have it, or the path of a file.
pub(super) fn private_key(text: &str) -> Option<PrivateKey> {
    if text.contains("-----BEGIN ") {
        return Some(PrivateKey::Pem(Redacted::new(text.replace("\\n", "\n"))));
    }
    values::path(text).map(PrivateKey::File)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_pem_or_a_file() {
        let PrivateKey::Pem(pem) =
            private_key(r"-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----").unwrap()
        else {
            panic!("it is PEM")
        };
        assert_eq!(pem.expose().lines().count(), 3);
        assert_eq!(private_key("cdn.pem"), Some(PrivateKey::File("cdn.pem".into())));
    }
}
