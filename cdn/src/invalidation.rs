//! Telling CloudFront to forget what it keeps.

use std::time::SystemTime;

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_types::SdkConfig;
use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;

use crate::ObjectKey;
use crate::s3::{Access, Patience};

/// Where CloudFront takes its orders; it has one region.
const ENDPOINT: &str = "https://cloudfront.amazonaws.com";
const REGION: &str = "us-east-1";

/// Why a request could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidationError {
    /// No credentials, or they could not be fetched now.
    #[error("there are no credentials for CloudFront: {0}")]
    Credentials(String),
    /// What is set makes no request.
    #[error("no request to CloudFront can be made: {0}")]
    Request(String),
}

/// A distribution of CloudFront, to be told when names stand for nothing any more. Media under a name never changes,
/// so it is told of what is deleted alone.
///
/// One call of a service does not pay for that service's SDK: the request is made here, signed by the SDK's own
/// signer, and sent by the caller.
#[derive(Clone, Debug)]
pub struct Invalidation {
    config: SdkConfig,
    endpoint: String,
    distribution: String,
}

impl Invalidation {
    /// For the distribution of this id, which is letters and digits. `endpoint` is where another server than
    /// Amazon's stands, without a slash at its end.
    pub async fn open(distribution: &str, access: &Access, endpoint: Option<&str>) -> Self {
        Self {
            config: access.config(Some(REGION.to_owned()), Patience::default()).await,
            endpoint: endpoint.unwrap_or(ENDPOINT).to_owned(),
            distribution: distribution.to_owned(),
        }
    }

    /// The request that makes it forget everything below `folder` (`CreateInvalidation`); 201 is its answer.
    /// `reference` names the wish: repeated, it is the same one and costs nothing more. It is taken as a word of
    /// [`ObjectKey`]. The signature is good for five minutes from `now`.
    pub async fn request(
        &self,
        folder: &ObjectKey,
        reference: &ObjectKey,
        now: SystemTime,
    ) -> Result<Request<Bytes>, InvalidationError> {
        let none = || InvalidationError::Credentials("none are set".to_owned());
        let provider = self.config.credentials_provider().ok_or_else(none)?;
        let credentials = provider.provide_credentials().await;
        let identity = credentials.map_err(|error| InvalidationError::Credentials(error.to_string()))?.into();
        let body = body(folder, reference);
        let uri = format!("{}/2020-05-31/distribution/{}/invalidation", self.endpoint, self.distribution);
        let mut request = Request::post(&uri)
            .header(CONTENT_TYPE, "application/xml")
            .body(body.clone())
            .map_err(|error| InvalidationError::Request(error.to_string()))?;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name("cloudfront")
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| InvalidationError::Request(error.to_string()))?
            .into();
        let headers = [(CONTENT_TYPE.as_str(), "application/xml")].into_iter();
        let signed = SignableRequest::new("POST", uri, headers, SignableBody::Bytes(&body))
            .and_then(|request| sign(request, &params))
            .map_err(|error| InvalidationError::Request(error.to_string()))?;
        signed.into_parts().0.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}

/// Keys have no character that XML would have to escape.
fn body(folder: &ObjectKey, reference: &ObjectKey) -> Bytes {
    format!(
        "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\
         <Paths><Quantity>1</Quantity><Items><Path>/{folder}/*</Path></Items></Paths>\
         <CallerReference>{reference}</CallerReference></InvalidationBatch>"
    )
    .into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_request_names_what_to_forget_and_is_signed_for_cloudfront() {
        let access =
            Access::Keys { id: "AKIDEXAMPLE".into(), secret: "wJalrXUtnFEMI".into(), session_token: None };
        let invalidation = Invalidation::open("EDFDVBD6EXAMPLE", &access, None).await;
        let key = |name| ObjectKey::parse(name).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let request = invalidation.request(&key("live/studio"), &key("r1"), now).await.unwrap();
        assert_eq!(
            request.uri(),
            "https://cloudfront.amazonaws.com/2020-05-31/distribution/EDFDVBD6EXAMPLE/invalidation"
        );
        let signature = request.headers()["authorization"].to_str().unwrap();
        let scope = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261118/us-east-1/cloudfront/aws4_request";
        assert!(signature.starts_with(scope), "{signature}");
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        assert!(body.contains("<Path>/live/studio/*</Path>") && body.contains(">r1<"), "{body}");
        assert!(!format!("{invalidation:?}").contains("wJalr"));
    }
}
