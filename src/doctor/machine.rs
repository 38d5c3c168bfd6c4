//! Whether this machine can carry a station: ports, disk, clock, public address, certificate, files.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use cdn::{Access, Bucket};
use http::{Request, Response, header::DATE};
use http_body_util::Full;
use rustls::RootCertStore;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use url::Url;

use super::bucket;
use super::mail;
use super::redis;
use super::report::Report;
use super::udp;
use crate::{
    http::{Client, client::FetchError},
    settings::MailSettings,
    signal::bus::RedisUrl,
    tls::{Files, certificate::Facts},
};

/// How long a question to a port or the public address may take.
const ASK: Duration = Duration::from_secs(5);

/// Three rungs of the `music` profile on disk for an hour, 352 kb/s.
const HOUR_ON_DISK: u64 = 352_000 / 8 * 3600;

/// A live broadcast and a player each hold a few files; below this a popular one runs out.
const FILES_GOOD: u64 = 65_536;

/// Below this a few hundred listeners fill the table.
const FILES_LEAST: u64 = 4096;

/// A certificate that ends sooner was not renewed when it should have been.
const CERTIFICATE_SOON: Duration = Duration::from_hours(14 * 24);

/// Clocks apart by more than this show chat and programme at different moments.
const SKEW: Duration = Duration::from_secs(2);

/// No station existed before this instant (2026-01-01): a clock that says less was never set.
const FIRST_DAY: u64 = 1_767_225_600;

/// What a station is set to use.
#[derive(Clone, Debug)]
pub struct Station {
    /// `ONAIR_HTTP_LISTEN`.
    pub http: SocketAddr,
    /// `ONAIR_HTTPS_LISTEN`.
    pub https: Option<SocketAddr>,
    /// `ONAIR_RTMP_LISTEN`.
    pub rtmp: SocketAddr,
    /// Where RTMPS is served.
    pub rtmps: Option<SocketAddr>,
    /// `ONAIR_RTC_LISTEN`; `None` where WebRTC is switched off.
    pub rtc: Option<SocketAddr>,
    /// `ONAIR_RTC_PUBLIC_IP`.
    pub rtc_public: Vec<IpAddr>,
    /// `ONAIR_REDIS_URL`.
    pub redis: Option<RedisUrl>,
    /// What takes its e-mail.
    pub mail: Option<MailSettings>,
    /// `ONAIR_S3_BUCKET`, and what belongs to it.
    pub bucket: Option<Bucket>,
    /// With which rights the bucket is asked.
    pub access: Access,
    /// `ONAIR_DATA_DIR`.
    pub data_dir: PathBuf,
    /// `ONAIR_PUBLIC_URL`.
    pub public_url: Option<Url>,
    /// Where the certificate comes from.
    pub certificate: Option<CertificateSource>,
}

/// Where a station's certificate comes from.
#[derive(Clone, Debug)]
pub enum CertificateSource {
    /// `ONAIR_TLS_CERT` and `ONAIR_TLS_KEY`.
    Files {
        /// The chain.
        chain: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// `ONAIR_ACME_DOMAIN`: what the HTTPS port serves is asked.
    Acme {
        /// Its names.
        domains: Vec<String>,
    },
}

/// Goes through all checks.
pub async fn examine(station: &Station, roots: RootCertStore) -> Report {
    let mut report = Report::default();
    let client = Client::new(roots).with_timeout(ASK);
    let http = answers_http(&client, station.http, "http").await;
    let is_running = http == Answer::Station;
    port(&mut report, "HTTP port", station.http, http);
    if let Some(address) = station.https {
        port(&mut report, "HTTPS port", address, answers_http(&client, address, "https").await);
    }
    port(&mut report, "RTMP port", station.rtmp, answers_rtmp(station.rtmp).await);
    if let Some(address) = station.rtmps {
        port(&mut report, "RTMPS port", address, answers_http(&client, address, "https").await);
    }
    udp::examine(&mut report, station.rtc, &station.rtc_public, is_running);
    redis::examine(&mut report, station.redis.as_ref()).await;
    mail::examine(&mut report, station.mail.as_ref()).await;
    bucket::examine(&mut report, station.bucket.as_ref(), &station.access).await;
    data_directory(&mut report, &station.data_dir);
    clock(&mut report, SystemTime::now());
    public_address(&mut report, &client, station.public_url.as_ref()).await;
    certificate(&mut report, &client, station).await;
    open_files(&mut report, std::fs::read_to_string("/proc/self/limits").ok().as_deref());
    report
}

/// What a taken port answered.
#[derive(Debug, Eq, PartialEq)]
enum Answer {
    Station,
    Other(String),
}

fn port(report: &mut Report, check: &'static str, address: SocketAddr, answer: Answer) {
    if address.port() == 0 {
        return report.ok(check, format!("{address}: a free port is found at each start"));
    }
    match std::net::TcpListener::bind(address) {
        Ok(_) => report.ok(check, format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => match answer {
            Answer::Station => report.ok(check, format!("{address} is served by a running station")),
            Answer::Other(what) => report.fail(
                check,
                format!("{address} is taken, and not by a station: {what}"),
                format!("stop what listens there (`ss -ltnp 'sport = :{}'`) or set another port", address.port()),
            ),
        },
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => report.fail(
            check,
            format!("{address}: {error}"),
            "ports below 1024 need CAP_NET_BIND_SERVICE (`setcap cap_net_bind_service=+ep onair`) or another number",
        ),
        Err(error) => report.fail(
            check,
            format!("{address}: {error}"),
            "set an address that this machine has, or 0.0.0.0 for all",
        ),
    }
}

/// Where to reach a port that listens on all addresses.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn answers_http(client: &Client, address: SocketAddr, scheme: &str) -> Answer {
    match get(client, &format!("{scheme}://{}/healthz", reachable(address))).await {
        Ok(answer) if answer.status() == 200 => Answer::Station,
        Ok(answer) => Answer::Other(format!("/healthz answers {}", answer.status())),
        // The certificate is for a name, and this asked an address: it is TLS that answers.
        Err(FetchError::Tls { source, .. }) if source.to_string().contains("certificate") => Answer::Station,
        Err(error) => Answer::Other(error.to_string()),
    }
}

/// Begins an RTMP handshake: C0, C1, and S0 back, which is the version 3 (RTMP 5.2.2).
async fn answers_rtmp(address: SocketAddr) -> Answer {
    let ask = async {
        let mut stream = TcpStream::connect(reachable(address)).await?;
        let mut hello = [0; 1 + 1536];
        hello[0] = 3;
        stream.write_all(&hello).await?;
        stream.read_u8().await
    };
    match timeout(ASK, ask).await {
        Ok(Ok(3)) => Answer::Station,
        Ok(Ok(other)) => Answer::Other(format!("its first byte is {other}, RTMP's is 3")),
        Ok(Err(error)) => Answer::Other(error.to_string()),
        Err(_) => Answer::Other(format!("no RTMP handshake within {ASK:?}")),
    }
}

async fn get(client: &Client, address: &str) -> Result<Response<Bytes>, FetchError> {
    let address = address.parse::<http::Uri>().unwrap_or_default();
    let mut request = Request::new(Full::default());
    *request.uri_mut() = address;
    client.fetch(request).await
}

fn data_directory(report: &mut Report, folder: &Path) {
    let check = "data directory";
    let Some(there) = folder.ancestors().map(absolute).find(|folder| folder.exists()) else {
        return report.fail(check, format!("{} does not exist", folder.display()), "make it");
    };
    let probe = there.join(format!(".onair-doctor-{}", std::process::id()));
    let written = std::fs::write(&probe, b"probe").and_then(|()| std::fs::remove_file(&probe));
    if let Err(error) = written {
        return report.fail(
            check,
            format!("cannot write in {}: {error}", there.display()),
            "give the station's user the directory (`chown`), or set another (`--data-dir`)",
        );
    }
    let free = match rustix::fs::statvfs(&there) {
        Ok(stat) => stat.f_bavail.saturating_mul(stat.f_frsize),
        Err(error) => return report.warn(check, format!("free space is unknown: {error}"), "look with `df`"),
    };
    let hours = free / HOUR_ON_DISK;
    let found =
        format!("{} is writable, {} MB free: about {hours} hours on air", folder.display(), free >> 20);
    match hours {
        0 => report.fail(check, found, "make room: what is on air is kept on disk"),
        1..=9 => report.warn(check, found, "make room before a long broadcast"),
        _ => report.ok(check, found),
    }
}

fn absolute(folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }
}

fn clock(report: &mut Report, now: SystemTime) {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if seconds < FIRST_DAY {
        report.fail(
            "clock",
            format!("it says {seconds} s after 1970, which is past"),
            "set it (`timedatectl set-ntp true`)",
        );
    } else {
        report.ok("clock", "it is set");
    }
}

async fn public_address(report: &mut Report, client: &Client, url: Option<&Url>) {
    let check = "public address";
    let Some(url) = url else {
        return report.ok(check, "not set: links use the address each request came to");
    };
    let health = match url.join("/healthz") {
        Ok(health) => health,
        Err(error) => return report.fail(check, format!("{url}: {error}"), "set it as https://name"),
    };
    match get(client, health.as_str()).await {
        Ok(answer) if answer.status() == 200 => {
            report.ok(check, format!("{url} answers"));
            skew(report, &answer);
        }
        Ok(answer) => report.fail(
            check,
            format!("{health} answers {}", answer.status()),
            "let the proxy pass all paths to the station",
        ),
        Err(error) => report.fail(
            check,
            format!("{url}: {error}"),
            "start the station, and check its name in DNS, port forwarding and firewall",
        ),
    }
}

fn skew(report: &mut Report, answer: &Response<Bytes>) {
    let Some(theirs) = answer.headers().get(DATE).and_then(|date| http_date(date.to_str().ok()?)) else {
        return;
    };
    let now = SystemTime::now();
    // The header has whole seconds.
    let apart = now.duration_since(theirs).unwrap_or_else(|error| error.duration());
    if apart > SKEW {
        report.warn("clock", format!("{apart:.0?} apart from the public address"), "run NTP on both");
    }
}

/// The fixed form of an HTTP date (RFC 9110, 5.6.7), as in `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<SystemTime> {
    let (_, rest) = text.split_once(", ")?;
    let mut words = rest.strip_suffix(" GMT")?.split([' ', ':']);
    let day: u64 = words.next()?.parse().ok()?;
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let name = words.next()?;
    let month = months.iter().position(|month| *month == name)? as u64 + 1;
    let year: u64 = words.next()?.parse().ok().filter(|year| (1970..10_000).contains(year))?;
    let mut part = || words.next()?.parse::<u64>().ok();
    let (hour, minute, second) = (part()?, part()?, part()?);
    if !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Days from the civil calendar, with years that begin in March so that a leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400 + hour * 3600 + minute * 60 + second))
}

async fn certificate(report: &mut Report, client: &Client, station: &Station) {
    let check = "TLS certificate";
    let host = station.public_url.as_ref().and_then(Url::host_str);
    match &station.certificate {
        None if station.https.is_some() => report.fail(
            check,
            "HTTPS is on and there is none",
            "set ONAIR_TLS_CERT and ONAIR_TLS_KEY, or ONAIR_ACME_DOMAIN",
        ),
        None => report.ok(check, "TLS is off"),
        Some(CertificateSource::Files { chain, key }) => match Files::open(chain, key).await {
            Err(error) => report.fail(
                check,
                error.to_string(),
                "give it a PEM chain and its key, readable by the station",
            ),
            Ok(files) => {
                if let Some(facts) = files.facts() {
                    holds(report, &facts, host, SystemTime::now());
                }
            }
        },
        Some(CertificateSource::Acme { domains }) => {
            for domain in domains {
                match get(client, &format!("https://{domain}/healthz")).await {
                    Ok(_) => report.ok(check, format!("https://{domain} shows one that holds")),
                    Err(error) => report.fail(
                        check,
                        format!("https://{domain}: {error}"),
                        "port 443 of this name must reach the HTTPS listener; the log says what the authority said",
                    ),
                }
            }
        }
    }
}

fn holds(report: &mut Report, facts: &Facts, host: Option<&str>, now: SystemTime) {
    let check = "TLS certificate";
    let names = facts.names.join(", ");
    if now < facts.not_before {
        return report.fail(check, format!("{names}: not valid yet"), "set the clock, or wait");
    }
    let Ok(left) = facts.not_after.duration_since(now) else {
        return report.fail(
            check,
            format!("{names}: it has ended"),
            "renew it; the station takes the new file by itself",
        );
    };
    if let Some(host) = host
        && !facts.covers(host)
    {
        return report.fail(
            check,
            format!("it is for {names}, not for {host}"),
            "get one for the public address",
        );
    }
    let found = format!("{names}: holds for {} days", left.as_secs() / 86_400);
    if left < CERTIFICATE_SOON {
        report.warn(check, found, "check that its renewal works");
    } else {
        report.ok(check, found);
    }
}

fn open_files(report: &mut Report, limits: Option<&str>) {
    let check = "open files";
    let advice = "raise it (`ulimit -n 65536`, or LimitNOFILE=65536 in the unit)";
    let soft = limits
        .and_then(|limits| limits.lines().find_map(|line| line.strip_prefix("Max open files")))
        .and_then(|line| line.split_ascii_whitespace().next());
    match soft.map(|soft| (soft, soft.parse::<u64>())) {
        None => report.warn(check, "the limit is unknown on this system", advice),
        Some(("unlimited", _)) => report.ok(check, "no limit"),
        Some((_, Ok(soft))) if soft >= FILES_GOOD => report.ok(check, format!("{soft} at once")),
        Some((_, Ok(soft))) if soft >= FILES_LEAST => {
            report.warn(check, format!("{soft} at once: as many listeners at most"), advice);
        }
        Some((soft, _)) => report.fail(check, format!("{soft} at once: as many listeners at most"), advice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    fn verdict(examine: impl FnOnce(&mut Report)) -> Verdict {
        let mut report = Report::default();
        examine(&mut report);
        report.findings().last().unwrap().verdict
    }

    #[test]
    fn an_http_date_is_the_instant_it_names() {
        let instant = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(instant(784_111_777)));
        assert_eq!(http_date("Thu, 29 Feb 2024 00:00:00 GMT"), Some(instant(1_709_164_800)));
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(instant(0)));
        for wrong in ["", "06 Nov 1994", "Sun, 99 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT"] {
            assert_eq!(http_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_limit_of_open_files_is_judged() {
        let limits = |soft: &str| {
            format!("Limit  Soft  Hard  Units\nMax open files            {soft}       524288   files\n")
        };
        let judge = |soft: &str| verdict(|report| open_files(report, Some(&limits(soft))));
        assert_eq!(judge("1024"), Verdict::Fail);
        assert_eq!(judge("8192"), Verdict::Warn);
        assert_eq!(judge("1048576"), Verdict::Ok);
        assert_eq!(judge("unlimited"), Verdict::Ok);
        assert_eq!(verdict(|report| open_files(report, None)), Verdict::Warn);
    }

    #[test]
    fn a_certificate_is_judged_by_its_end_and_its_names() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
        let days = |days: u64| Duration::from_secs(days * 86_400);
        let facts = |left: u64| Facts {
            names: vec!["radio.example".into()],
            not_before: now - days(60),
            not_after: now + days(left),
        };
        let judge = |left, host, at| verdict(|report| holds(report, &facts(left), host, at));
        assert_eq!(judge(60, Some("radio.example"), now), Verdict::Ok);
        assert_eq!(judge(60, None, now), Verdict::Ok);
        assert_eq!(judge(60, Some("other.example"), now), Verdict::Fail);
        assert_eq!(judge(13, None, now), Verdict::Warn);
        assert_eq!(judge(13, None, now + days(14)), Verdict::Fail);
        assert_eq!(judge(13, None, now - days(61)), Verdict::Fail);
    }

    #[test]
    fn a_clock_that_was_never_set_fails() {
        assert_eq!(verdict(|report| clock(report, SystemTime::UNIX_EPOCH)), Verdict::Fail);
        assert_eq!(verdict(|report| clock(report, SystemTime::now())), Verdict::Ok);
    }
}
