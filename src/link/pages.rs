//! Pages that tell what they show before their program runs: those who draw a card of a link run none.

use std::time::Duration;

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Method, Response, Uri};
use origin::Body;
use store::Store;
use tokio::time::timeout;
use tracing::debug;
use url::Url;

use super::head::told;
use super::{Card, Target};
use crate::auth::proxies::TrustedProxies;
use crate::http::server::{Peer, Scheme};
use crate::web::{self, Policies};

/// A page comes without its card rather than later than this.
const PATIENCE: Duration = Duration::from_millis(500);

/// Serves the web app.
pub struct Pages {
    policies: Policies,
    store: Store,
    proxies: TrustedProxies,
    public_url: Option<Url>,
}

impl Pages {
    /// With `policies`; cards come from `store`. `public_url` is the station's address where a setting tells it, else
    /// `proxies` are believed about the scheme by which it was reached.
    pub const fn new(
        policies: Policies,
        store: Store,
        proxies: TrustedProxies,
        public_url: Option<Url>,
    ) -> Self {
        Self { policies, store, proxies, public_url }
    }

    /// Any page or asset, without a card.
    pub fn plain(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response<Body> {
        web::serve(method, path, headers, &self.policies)
    }

    /// The page of `target`, with its card where there is one and the store tells it in time.
    pub async fn with_card(
        &self,
        peer: Peer,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        target: &Target,
    ) -> Response<Body> {
        let scheme = self.proxies.scheme(peer.address.ip(), peer.scheme, headers);
        let own = base(self.public_url.as_ref(), scheme, uri, headers);
        let own = own.and_then(|base| base.join(uri.path()).ok());
        let card = match timeout(PATIENCE, Card::load(&self.store, target)).await {
            Ok(Ok(card)) => card,
            Ok(Err(error)) => {
                debug!("a page has no card: {error}");
                None
            }
            Err(_) => None,
        };
        match own.zip(card) {
            Some((own, card)) => {
                web::serve_page(method, headers, &self.policies, |page| told(page, &card, &own))
            }
            None => self.plain(method, uri.path(), headers),
        }
    }
}

/// The station's address as whoever asks knows it; `None` where the header `Host` names none.
pub fn base(public_url: Option<&Url>, scheme: Scheme, uri: &Uri, headers: &HeaderMap) -> Option<Url> {
    if let Some(url) = public_url {
        return Some(url.clone());
    }
    let scheme = match scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = uri.authority().map(Authority::as_str).or(host);
    // Whatever a stranger calls us, it has to be an address and nothing more.
    let url = host.and_then(|host| Url::parse(&format!("{scheme}://{host}/")).ok());
    url.filter(|url| url.path() == "/" && url.query().is_none() && url.username().is_empty())
}
