//! A bucket of S3, or of a server that speaks like it.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::error::{BuildError, DisplayErrorContext, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{self, Delete, ObjectIdentifier};
use aws_types::SdkConfig;
use bytes::{Bytes, BytesMut};

use crate::{Object, ObjectKey, ObjectStore, StoreError};

/// How long a store is waited for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Patience {
    /// For a connection to stand.
    pub connect: Duration,
    /// For the whole of a request.
    pub request: Duration,
}

impl Default for Patience {
    /// 3 s and 10 s. A segment is under 100 kB: a store that takes longer for it falls behind the sound.
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), request: Duration::from_secs(10) }
    }
}

/// Where S3 is taken to be when nobody says and a server of one's own is asked: it only goes into signatures.
const ANY_REGION: &str = "us-east-1";

/// Which bucket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// The address of a server that is not Amazon's, `http` or `https`; buckets are then named in the path.
    pub endpoint: Option<String>,
    /// Its region; without one, what the machine's configuration says.
    pub region: Option<String>,
}

/// With which rights a store is asked.
#[derive(Clone, Eq, PartialEq)]
pub enum Access {
    /// Those of the machine: environment, profile, container or instance role.
    OfTheMachine,
    /// These keys.
    Keys {
        /// The id, which may be shown.
        id: String,
        /// The secret.
        secret: String,
        /// Of keys that last for a while alone.
        session_token: Option<String>,
    },
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfTheMachine => f.write_str("OfTheMachine"),
            Self::Keys { id, .. } => write!(f, "Keys({id})"),
        }
    }
}

impl Access {
    /// What the clients of AWS are made with. `region` falls back to what the machine's configuration says.
    pub(crate) async fn config(&self, region: Option<String>, patience: Patience) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(patience.connect)
            .operation_attempt_timeout(patience.request);
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            // The spool owns the retry.
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts.build());
        if let Some(region) = region {
            loader = loader.region(Region::new(region));
        }
        if let Self::Keys { id, secret, session_token } = self {
            let keys = Credentials::new(id, secret, session_token.clone(), None, "settings");
            loader = loader.credentials_provider(keys);
        }
        loader.load().await
    }
}

/// A bucket. Cheap to clone.
#[derive(Clone, Debug)]
pub struct S3 {
    client: Client,
    bucket: String,
    patience: Patience,
}

impl S3 {
    /// Asks nobody yet: whether the bucket is there shows with the first object.
    pub async fn open(bucket: &Bucket, access: &Access, patience: Patience) -> Self {
        let own = bucket.endpoint.is_some();
        let region = bucket.region.clone().or_else(|| own.then(|| ANY_REGION.to_owned()));
        let mut config = aws_sdk_s3::config::Builder::from(&access.config(region, patience).await)
            .force_path_style(own)
            // Many servers that speak like S3 know no checksums behind the body. TLS guards the way.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        if let Some(endpoint) = &bucket.endpoint {
            config = config.endpoint_url(endpoint);
        }
        Self { client: Client::from_conf(config.build()), bucket: bucket.name.clone(), patience }
    }

    pub(crate) async fn put(&self, object: &Object) -> Result<(), StoreError> {
        let request = self.client.put_object().bucket(&self.bucket).key(object.key.as_str());
        let request = request
            .content_type(object.content_type())
            .cache_control(object.caching.cache_control())
            .body(ByteStream::from(object.bytes.clone()));
        request.send().await.map_err(|error| self.refused(&error))?;
        Ok(())
    }

    pub(crate) async fn get(&self, key: &ObjectKey) -> Result<Option<Bytes>, StoreError> {
        let request = self.client.get_object().bucket(&self.bucket).key(key.as_str());
        match request.send().await {
            Ok(found) => read(found).await.map(Some),
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => Ok(None),
            Err(error) => Err(self.refused(&error)),
        }
    }

    /// The media type and the `Cache-Control` under which an object is served; `None` where there is none of this
    /// name.
    pub async fn head(
        &self,
        key: &ObjectKey,
    ) -> Result<Option<(Option<String>, Option<String>)>, StoreError> {
        let request = self.client.head_object().bucket(&self.bucket).key(key.as_str());
        match request.send().await {
            Ok(found) => Ok(Some((found.content_type, found.cache_control))),
            Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => Ok(None),
            Err(error) => Err(self.refused(&error)),
        }
    }

    pub(crate) async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        let request = self.client.delete_object().bucket(&self.bucket).key(key.as_str());
        request.send().await.map_err(|error| self.refused(&error))?;
        Ok(())
    }

    /// A thousand at a time, as S3 lists them.
    pub(crate) async fn retain_below(
        &self,
        folder: &ObjectKey,
        keep: &BTreeSet<ObjectKey>,
    ) -> Result<(), StoreError> {
        let prefix = format!("{folder}/");
        let mut next = None;
        loop {
            let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(&prefix);
            let listed =
                request.set_continuation_token(next).send().await.map_err(|error| self.refused(&error))?;
            let keys = listed.contents().iter().filter_map(types::Object::key);
            self.delete_all(keys.filter(|key| !keep.contains(*key))).await?;
            next = listed.next_continuation_token().map(str::to_owned);
            if next.is_none() {
                return Ok(());
            }
        }
    }

    async fn delete_all(&self, keys: impl Iterator<Item = &str>) -> Result<(), StoreError> {
        let request = |error: BuildError| StoreError::Request(error.to_string());
        let named = keys.map(|key| ObjectIdentifier::builder().key(key).build());
        let named: Vec<_> = named.collect::<Result<_, _>>().map_err(request)?;
        if named.is_empty() {
            return Ok(());
        }
        let delete = Delete::builder().quiet(true).set_objects(Some(named)).build().map_err(request)?;
        let deleted = self.client.delete_objects().bucket(&self.bucket).delete(delete).send().await;
        match deleted.map_err(|error| self.refused(&error))?.errors().first() {
            None => Ok(()),
            Some(error) => {
                let message = error.message().or(error.code()).unwrap_or("an object stays").to_owned();
                Err(StoreError::Answered { status: 403, message })
            }
        }
    }

    /// What an error of the SDK is to us. Its words name no secret: credentials are never part of them.
    fn refused<E>(&self, error: &SdkError<E, HttpResponse>) -> StoreError
    where
        E: Error + Send + Sync + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let words = DisplayErrorContext(error).to_string();
        match (error, status) {
            (SdkError::TimeoutError(_), _) => StoreError::Slow(self.patience.request),
            (SdkError::DispatchFailure(failure), _) if failure.is_timeout() => {
                StoreError::Slow(self.patience.connect)
            }
            (SdkError::ConstructionFailure(_), _) => StoreError::Request(words),
            // It is also what the SDK says where the machine has no credentials.
            (SdkError::DispatchFailure(_), _) if is_of_credentials(error) => StoreError::Request(words),
            (_, Some(status)) => StoreError::Answered { status, message: words },
            _ => StoreError::Unreachable(words),
        }
    }
}

/// The whole body, up to its bound.
async fn read(found: GetObjectOutput) -> Result<Bytes, StoreError> {
    let mut body = found.body;
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| StoreError::Unreachable(error.to_string()))?;
        if bytes.len() + chunk.len() > ObjectStore::READ_MAX {
            return Err(StoreError::TooLong(ObjectStore::READ_MAX));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Whether credentials are what an error is about.
fn is_of_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<CredentialsError>() {
            return true;
        }
        next = error.source();
    }
    false
}
