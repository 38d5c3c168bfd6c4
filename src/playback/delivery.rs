//! Where listeners are sent for HLS: to the station, or to a CDN and with what opens it.

use anyhow::Context as _;
use cdn::{CookieSigner, SignError};
use url::{Host, Url};

use super::gate::Grant;
use super::token::TOKEN_LIFE;
use crate::settings::{CdnSettings, PrivateKey};

/// Where HLS comes from. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// The CDN, without a slash at its end; empty where it is the station itself.
    base: String,
    signer: Option<CookieSigner>,
    /// Of which domain cookies for the CDN are; without one, of the station's host alone.
    domain: Option<String>,
}

impl Delivery {
    /// As the settings have it, of a station at `public`.
    pub fn of(settings: &CdnSettings, public: Option<&Url>) -> anyhow::Result<Self> {
        let Some(url) = &settings.url else { return Ok(Self::default()) };
        let base = url.as_str().trim_end_matches('/').to_owned();
        let Some(signer) = &settings.signer else { return Ok(Self { base, ..Self::default() }) };
        let pem = match &signer.private_key {
            PrivateKey::Pem(pem) => pem.expose().clone(),
            PrivateKey::File(path) => std::fs::read_to_string(path)
                .with_context(|| format!("reading ONAIR_CLOUDFRONT_PRIVATE_KEY from {}", path.display()))?,
        };
        let signer = CookieSigner::new(&signer.key_pair_id, &pem).context("ONAIR_CLOUDFRONT_PRIVATE_KEY")?;
        let domain = match (public.and_then(Url::host), url.host()) {
            (Some(station), Some(cdn)) if station != cdn => Some(shared(&station, &cdn).with_context(|| {
                format!(
                    "cookies that {station} sets never reach {cdn}: ONAIR_PUBLIC_URL and ONAIR_CDN_URL need a domain \
                     in common"
                )
            })?),
            _ => None,
        };
        Ok(Self { base, signer: Some(signer), domain })
    }

    /// The address of `path`, which begins with a slash: absolute where there is a CDN.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Values of `Set-Cookie` with which CloudFront lets through what lies below the prefix of `grant`, for as long as
    /// the grant itself is good; none where it is not to ask. The policy and the path are the prefix's own, so that
    /// two broadcasts in one browser do not meet.
    pub fn cookies(&self, grant: &Grant) -> Result<Vec<String>, SignError> {
        let Some(signer) = &self.signer else { return Ok(Vec::new()) };
        let path = grant.prefix();
        let domain = self.domain.as_ref().map(|domain| format!("; Domain={domain}")).unwrap_or_default();
        let life = TOKEN_LIFE.as_secs();
        // `None`, since a player at the CDN's own host is another site to some browsers; that needs `Secure`.
        let cookies = signer.cookies(&self.address(&path), grant.expires)?.into_iter().map(|cookie| {
            let (name, value) = (cookie.name, cookie.value);
            format!("{name}={value}{domain}; Path={path}; Max-Age={life}; Secure; HttpOnly; SameSite=None")
        });
        Ok(cookies.collect())
    }
}

/// The longest domain that both hosts are in, of two labels at least. Whether cookies may be set for it is the
/// browser's to say (`co.uk` is nobody's).
fn shared(one: &Host<&str>, other: &Host<&str>) -> Option<String> {
    let (Host::Domain(one), Host::Domain(other)) = (one, other) else { return None };
    let labels = one.rsplit('.').zip(other.rsplit('.')).take_while(|(one, other)| one == other);
    let labels: Vec<&str> = labels.map(|(label, _)| label).collect();
    (labels.len() >= 2).then(|| labels.into_iter().rev().collect::<Vec<_>>().join("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::secrets::Secret;
    use crate::logs::Redacted;
    use crate::playback::{Gate, Policy};
    use crate::settings::SignerSettings;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn settings() -> CdnSettings {
        let pem = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap().serialize_pem();
        let private_key = PrivateKey::Pem(Redacted::new(pem));
        CdnSettings {
            url: Some(url("https://cdn.radio.example/")),
            distribution: None,
            signer: Some(SignerSettings { key_pair_id: "K2JCJMDEHXQW5F".into(), private_key }),
        }
    }

    #[test]
    fn without_a_cdn_addresses_are_the_stations() {
        assert_eq!(Delivery::default().address("/live/a/index.m3u8"), "/live/a/index.m3u8");
        let delivery = Delivery::of(&CdnSettings { signer: None, ..settings() }, None).unwrap();
        assert_eq!(delivery.address("/live/a/index.m3u8"), "https://cdn.radio.example/live/a/index.m3u8");
    }

    #[test]
    fn cookies_open_what_the_grant_opens_and_reach_the_cdn() {
        let delivery = Delivery::of(&settings(), Some(&url("https://radio.example"))).unwrap();
        let gate = Gate::new(Policy::Private, &Secret::new("secret".to_owned()));
        let grant = gate.grant("studio", None, 1_000).unwrap();
        let cookies = delivery.cookies(&grant).unwrap();
        assert_eq!(cookies.len(), 4);
        for cookie in &cookies {
            assert!(cookie.starts_with("CloudFront-"), "{cookie}");
            assert!(
                cookie.contains(&format!("; Domain=radio.example; Path=/s/{}/live/studio/;", grant.token))
            );
        }
        assert!(Delivery::default().cookies(&grant).unwrap().is_empty());
    }

    #[test]
    fn cookies_that_could_never_arrive_are_refused_at_the_start() {
        for public in ["https://other.example", "http://127.0.0.1:8080"] {
            let error = Delivery::of(&settings(), Some(&url(public))).unwrap_err();
            assert!(error.to_string().contains("a domain in common"), "{error}");
        }
        assert_eq!(Delivery::of(&settings(), Some(&url("https://cdn.radio.example"))).unwrap().domain, None);
    }
}
