//! The ports of the station: bound before anything else, so that a taken one stops it with one line.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use ingest::PublishRequest;
use ingest::rtmp::{Limits as RtmpLimits, Listener};
use rustls::server::ResolvesServerCert;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::front::{Door, Front};
use crate::http::client::{Client, system_roots};
use crate::http::server::{Counters, Limits as HttpLimits, Server};
use crate::port::BindError;
use crate::settings::table::Key;
use crate::settings::{Certificate, Settings};
use crate::tls::{Acme, Files, Protocols, acme, files, server_config};

/// Every port, bound and not yet served.
pub(super) struct Doors {
    http: Server,
    https: Option<Server>,
    rtmp: Listener,
    rtmps: Option<Listener>,
}

impl Doors {
    /// Binds every port that the settings name; starts keeping the certificate where one is needed.
    pub(super) async fn open(
        settings: &Settings,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let http = bind_http(Key::HttpListen, settings.http.listen, None)?;
        let rtmp = bind_rtmp(Key::RtmpListen, settings.rtmp.listen, settings, None).await?;
        let (mut https, mut rtmps) = (None, None);
        if let Some(certificate) = &settings.certificate {
            let (resolver, web) = keep(certificate, settings, tasks, shutdown).await?;
            if let Some(address) = settings.http.https_listen {
                let config = server_config(resolver.clone(), web);
                https = Some(bind_http(Key::HttpsListen, address, Some(config))?);
            }
            if let Some(address) = settings.rtmp.rtmps_listen {
                let config = server_config(resolver, Protocols::Unnamed);
                rtmps = Some(bind_rtmp(Key::RtmpsListen, address, settings, Some(config)).await?);
            }
        }
        Ok(Self { http, https, rtmp, rtmps })
    }

    /// Web addresses with their schemes, the best first.
    pub(super) fn web(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        let https = self.https.iter().map(|server| ("https", server.local_addr()));
        https.chain([("http", self.http.local_addr())])
    }

    /// RTMP addresses with their schemes, the one for OBS first.
    pub(super) fn rtmp(&self) -> anyhow::Result<Vec<(&'static str, SocketAddr)>> {
        let mut all = vec![("rtmp", self.rtmp.local_addr()?)];
        if let Some(rtmps) = &self.rtmps {
            all.push(("rtmps", rtmps.local_addr()?));
        }
        Ok(all)
    }

    /// What the web ports count.
    pub(super) fn http_counters(&self) -> Vec<Arc<Counters>> {
        std::iter::once(&self.http).chain(&self.https).map(Server::counters).collect()
    }

    /// What the RTMP ports count.
    pub(super) fn rtmp_counters(&self) -> Vec<Arc<ingest::rtmp::Counters>> {
        std::iter::once(&self.rtmp).chain(&self.rtmps).map(Listener::counters).collect()
    }

    /// Serves every port on `tasks`: publishers until `shutdown`, the web until `web_shutdown`.
    pub(super) fn serve(
        self,
        settings: &Settings,
        front: &Arc<Front>,
        requests: &mpsc::Sender<PublishRequest>,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
        web_shutdown: &CancellationToken,
    ) {
        let limits = HttpLimits {
            connections: settings.http.connections_max,
            drain: settings.shutdown_grace,
            ..HttpLimits::default()
        };
        for server in std::iter::once(self.http).chain(self.https) {
            let front = front.clone();
            let door = move |peer| Door::new(front.clone(), peer);
            tasks.spawn(server.run(door, limits.clone(), web_shutdown.clone()));
        }
        for listener in std::iter::once(self.rtmp).chain(self.rtmps) {
            tasks.spawn(listener.run(requests.clone(), shutdown.clone()));
        }
    }
}

/// Reads the certificate, and keeps it fresh for as long as the station runs.
async fn keep(
    certificate: &Certificate,
    settings: &Settings,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> anyhow::Result<(Arc<dyn ResolvesServerCert>, Protocols)> {
    match certificate {
        Certificate::Files { cert, key } => {
            let kept = Files::open(cert, key).await.context("reading the TLS certificate")?;
            let (running, shutdown) = (kept.clone(), shutdown.clone());
            tasks.spawn(async move { running.run(files::LOOK, shutdown).await });
            Ok((kept, Protocols::Web))
        }
        Certificate::Acme(wanted) => {
            let domains = wanted.domains.iter().map(|name| name.as_ref().to_owned()).collect();
            let cache = settings.storage.data_dir.join("acme");
            let kept = acme::AcmeSettings {
                directory: wanted.directory_url.to_string(),
                contact: wanted.contact.as_ref().map(|contact| contact.expose().clone()),
                ..acme::AcmeSettings::lets_encrypt(domains, cache)
            };
            let kept = Acme::open(kept, Client::new(system_roots())).await.context("preparing ACME")?;
            let (running, shutdown) = (kept.clone(), shutdown.clone());
            tasks.spawn(async move { running.run(shutdown).await });
            Ok((kept, Protocols::WebAndAcme))
        }
    }
}

fn bind_http(
    key: Key,
    address: SocketAddr,
    tls: Option<Arc<rustls::ServerConfig>>,
) -> Result<Server, BindError> {
    Server::bind(address, tls).map_err(|cause| BindError::new(key, address, cause))
}

async fn bind_rtmp(
    key: Key,
    address: SocketAddr,
    settings: &Settings,
    tls: Option<Arc<rustls::ServerConfig>>,
) -> Result<Listener, BindError> {
    let limits = RtmpLimits {
        connections: settings.rtmp.connections_max,
        per_address: settings.rtmp.connections_per_address_max,
        ..RtmpLimits::default()
    };
    Listener::bind(address, limits, tls).await.map_err(|cause| BindError::new(key, address, cause))
}
