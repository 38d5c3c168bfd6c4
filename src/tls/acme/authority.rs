//! One order, from the account to the PEM text, in the authority's terms.

use std::{pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use instant_acme::{
    Account, AuthorizationStatus, BodyWrapper, BytesResponse, ChallengeType, Error, HttpClient, Identifier,
    NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};

use super::{Acme, AcmeError, proof};
use crate::http::Client;

/// How often and how long an order is asked about: from 250 ms, twice as long each time, to a minute.
const POLL: RetryPolicy = RetryPolicy::new().timeout(Duration::from_mins(1));

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let Ok(body) = body.collect().await;
            let request = Request::from_parts(head, Full::new(body.to_bytes()));
            let response = client.fetch(request).await.map_err(|error| Error::Other(Box::new(error)))?;
            Ok(BytesResponse::from(response.map(Full::new)))
        })
    }
}

impl Acme {
    /// Goes through one order and returns the key and the chain in PEM.
    pub(super) async fn order(&self) -> Result<String, AcmeError> {
        let account = self.account().await?;
        let names: Vec<Identifier> = self.settings.domains.iter().cloned().map(Identifier::Dns).collect();
        let mut order = match account.new_order(&NewOrder::new(&names)).await {
            Err(error) if is_unknown_account(&error) => {
                // An authority may forget accounts; the next try makes a new one.
                self.cache.forget_account().await?;
                return Err(error.into());
            }
            order => order?,
        };
        self.prove(&mut order).await?;
        match order.poll_ready(&POLL).await {
            Ok(OrderStatus::Ready) => {}
            Ok(_) | Err(Error::Api(_)) => return Err(refusal(&mut order).await),
            Err(error) => return Err(error.into()),
        }
        let key = order.finalize().await?;
        let chain = order.poll_certificate(&POLL).await?;
        Ok(format!("{key}\n{chain}"))
    }

    /// Puts a proof in place for each name that is not yet validated, and says that it is there.
    async fn prove(&self, order: &mut Order) -> Result<(), AcmeError> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            let name = authorization.identifier().to_string();
            match authorization.status {
                AuthorizationStatus::Valid => continue,
                AuthorizationStatus::Pending => {}
                status => return Err(AcmeError::Validation(format!("{name}: its state is {status:?}"))),
            }
            let mut challenge = authorization
                .challenge(ChallengeType::TlsAlpn01)
                .ok_or_else(|| AcmeError::Challenge(name.clone()))?;
            let proof = proof(&name, challenge.key_authorization().digest().as_ref())?;
            self.proofs().insert(name, Arc::new(proof));
            challenge.set_ready().await?;
        }
        Ok(())
    }

    async fn account(&self) -> Result<Account, AcmeError> {
        let builder = || Account::builder_with_http(Box::new(self.client.clone()));
        if let Some(credentials) = self.cache.account().await? {
            return Ok(builder().from_credentials(credentials).await?);
        }
        let contact: Vec<&str> = self.settings.contact.as_deref().into_iter().collect();
        let account =
            NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let (account, credentials) =
            builder().create(&account, self.settings.directory.clone(), None).await?;
        self.cache.keep_account(&credentials).await?;
        Ok(account)
    }
}

/// What the authority says of the names it could not validate.
async fn refusal(order: &mut Order) -> AcmeError {
    let mut said = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = match authorization {
            Ok(authorization) => authorization,
            Err(error) => return error.into(),
        };
        if let Err(error) = authorization.refresh().await {
            return error.into();
        }
        for problem in authorization.challenges.iter().filter_map(|challenge| challenge.error.as_ref()) {
            said.push(format!("{}: {problem}", authorization.identifier()));
        }
    }
    AcmeError::Validation(if said.is_empty() {
        "the order, and does not say why".into()
    } else {
        said.join("; ")
    })
}

fn is_unknown_account(error: &Error) -> bool {
    matches!(error, Error::Api(problem)
        if problem.r#type.as_deref() == Some("urn:ietf:params:acme:error:accountDoesNotExist"))
}
