//! RTMP over TLS.

use std::sync::Arc;

use crate::client::Client;
use crate::door::{Door, times, track};
use ingest::Protocol;
use ingest::rtmp::Limits;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio_rustls::TlsConnector;

/// A server's config for `localhost` and a client's that trusts it.
fn configs() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate: CertificateDer<'static> = own.cert.der().clone();
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    (Arc::new(server), Arc::new(client))
}

#[tokio::test]
async fn a_publisher_comes_in_over_tls() {
    let (server, trusting) = configs();
    let mut door = Door::open(Limits::default(), Some(server)).await;
    let stream = TcpStream::connect(door.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(trusting).connect(name, stream).await.unwrap();
    let mut client = Client::over(stream);
    client.shake().await;
    client.ask("studio?token=s3cret").await;
    let request = door.requests.recv().await.unwrap();
    assert_eq!(request.protocol, Protocol::Rtmps);
    let mut publication = request.accept();
    client.sound().await;
    track(&mut publication).await;
    assert_eq!(times(&mut publication, 1).await, [23]);

    drop(publication);
    assert!(client.hear_out().await.contains("The broadcast has ended."));
    door.close().await;
}

#[tokio::test]
async fn ffmpeg_publishes_over_tls() {
    let (server, _) = configs();
    let mut door = Door::open(Limits::default(), Some(server)).await;
    let _ffmpeg = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-loglevel", "warning", "-re", "-f", "lavfi", "-i", "sine"])
        .args(["-c:a", "aac", "-f", "flv", "-tls_verify", "0"])
        .arg(format!("rtmps://{}/live/studio?token=s3cret", door.address))
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut publication = door.accept().await;
    track(&mut publication).await;
    assert!(times(&mut publication, 5).await.is_sorted());
    drop(publication);
    door.close().await;
}

#[tokio::test]
async fn a_publisher_in_the_clear_is_turned_away() {
    let (server, _) = configs();
    let door = Door::open(Limits::default(), Some(server)).await;
    let mut client = Client::dial(door.address).await;
    client.send(&[&[3][..], &[0; 1_536]].concat()).await;
    let heard = client.hear_out().await;
    assert!(heard.len() < 100, "no handshake, an alert at most: {heard:?}");
    door.close().await;
}
