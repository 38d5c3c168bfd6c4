//! What a person reads on the terminal when the station is on.

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;

use url::Url;

use crate::auth::FirstAdmin;
use crate::logs::Redacted;

/// Where everything is, and how to go live. Its `Display` shows the stream key: print it, never log it.
#[derive(Clone, Debug)]
pub struct Banner {
    /// Web addresses, the best one to open first.
    pub web: Vec<Url>,
    /// RTMP and RTMPS addresses, the one for OBS first.
    pub rtmp: Vec<Url>,
    /// The UDP ports of WebRTC.
    pub webrtc: Vec<u16>,
    /// What OBS needs to go live in `studio`.
    pub studio: Option<Publishing>,
    /// Who can sign in, where this start made them.
    pub admin: Option<FirstAdmin>,
    /// The page of the broadcast `demo`, where it is on air.
    pub demo: Option<Url>,
}

/// The two fields that OBS asks for, and where to hear it.
#[derive(Clone, Debug)]
pub struct Publishing {
    /// `rtmp://HOST:1935/live`.
    pub server: Url,
    /// `studio?token=…`.
    pub stream_key: Redacted<String>,
    /// The page where listeners hear it.
    pub listen: Url,
}

impl Banner {
    /// Prints it on standard output.
    pub fn print(&self) -> io::Result<()> {
        write!(io::stdout().lock(), "{self}")
    }
}

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nOnAir {} is on.\n", env!("CARGO_PKG_VERSION"))?;
        for url in &self.web {
            writeln!(f, "  Web         {url}")?;
        }
        for url in &self.rtmp {
            writeln!(f, "  {:<11} {url}", url.scheme().to_uppercase())?;
        }
        for port in &self.webrtc {
            writeln!(f, "  WebRTC      UDP port {port}")?;
        }
        if let Some(demo) = &self.demo {
            writeln!(f, "  Demo        {demo}")?;
        }
        if let Some(studio) = &self.studio {
            writeln!(f, "\n  To go live from OBS: Settings, Stream, Service «Custom…»")?;
            writeln!(f, "  Server      {}", studio.server)?;
            writeln!(f, "  Stream key  {}", studio.stream_key.expose())?;
            writeln!(f, "  Listen at   {}", studio.listen)?;
        }
        if let Some(admin) = &self.admin {
            writeln!(f, "\n  To sign in as the admin, whom this first start made:")?;
            writeln!(f, "  E-mail      {}", admin.email.as_str())?;
            match &admin.password {
                Some(password) => {
                    writeln!(f, "  Password    {}", password.expose())?;
                    writeln!(f, "  It is shown this once, and has to be changed at the first sign-in.")?;
                }
                None => writeln!(f, "  Password    the one in ONAIR_ADMIN_PASSWORD")?,
            }
        }
        writeln!(f)
    }
}

/// The address to tell people of a port bound at `bound`: the public URL's host where there is one, else
/// `localhost` where it listens on every address. `scheme` is `http`, `https`, `rtmp` or `rtmps`; `path`
/// begins with a slash.
pub fn address(scheme: &str, bound: SocketAddr, public: Option<&Url>, path: &str) -> Url {
    // A proxy that stands before the web has its own port; RTMP comes straight to ours.
    if let Some(public) = public.filter(|public| public.scheme() == scheme) {
        let mut url = public.clone();
        url.set_path(path);
        return url;
    }
    let host = match public.and_then(Url::host_str) {
        Some(host) => host.to_owned(),
        None if bound.ip().is_unspecified() => "localhost".to_owned(),
        None if bound.is_ipv6() => format!("[{}]", bound.ip()),
        None => bound.ip().to_string(),
    };
    Url::parse(&format!("{scheme}://{host}:{}{path}", bound.port()))
        .expect("a host that was parsed, a port and a path make a URL")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::fields::Email;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn the_banner_shows_the_two_fields_of_obs() {
        let banner = Banner {
            web: vec![url("http://localhost:8080/")],
            rtmp: vec![url("rtmp://localhost:1935/live"), url("rtmps://localhost:1936/live")],
            webrtc: vec![8189],
            studio: Some(Publishing {
                server: url("rtmp://localhost:1935/live"),
                stream_key: Redacted::new("studio?token=abc".to_owned()),
                listen: url("http://localhost:8080/listen/studio"),
            }),
            admin: Some(FirstAdmin {
                email: Email::parse("admin@localhost").unwrap(),
                password: Some(Redacted::new("sesame".to_owned())),
            }),
            demo: Some(url("http://localhost:8080/listen/demo")),
        };
        let text = banner.to_string();
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(
            lines[1..],
            [
                "Web         http://localhost:8080/",
                "RTMP        rtmp://localhost:1935/live",
                "RTMPS       rtmps://localhost:1936/live",
                "WebRTC      UDP port 8189",
                "Demo        http://localhost:8080/listen/demo",
                "To go live from OBS: Settings, Stream, Service «Custom…»",
                "Server      rtmp://localhost:1935/live",
                "Stream key  studio?token=abc",
                "Listen at   http://localhost:8080/listen/studio",
                "To sign in as the admin, whom this first start made:",
                "E-mail      admin@localhost",
                "Password    sesame",
                "It is shown this once, and has to be changed at the first sign-in.",
            ]
        );
        let debug = format!("{banner:?}");
        assert!(!debug.contains("abc") && !debug.contains("sesame"));
    }

    #[test]
    fn a_port_on_every_address_is_told_as_localhost() {
        let told = |scheme, bound: &str, public: Option<&str>| {
            address(scheme, bound.parse().unwrap(), public.map(url).as_ref(), "/x").to_string()
        };
        assert_eq!(told("http", "0.0.0.0:8080", None), "http://localhost:8080/x");
        assert_eq!(told("rtmp", "[::]:1935", None), "rtmp://localhost:1935/x");
        assert_eq!(told("rtmp", "[::1]:1935", None), "rtmp://[::1]:1935/x");
        assert_eq!(told("http", "192.0.2.1:80", None), "http://192.0.2.1/x");
    }

    #[test]
    fn a_public_url_tells_the_host_and_keeps_its_port_to_itself() {
        let bound = "0.0.0.0:1935".parse().unwrap();
        let public = url("https://radio.example");
        assert_eq!(address("https", bound, Some(&public), "/").as_str(), "https://radio.example/");
        assert_eq!(address("rtmp", bound, Some(&public), "/live").as_str(), "rtmp://radio.example:1935/live");
    }
}
