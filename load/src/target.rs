//! The `http://` addresses a generator is pointed at.

use std::net::{SocketAddr, ToSocketAddrs};

/// An `http://host:port/path` taken apart, its host looked up once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// `host:port` as the `Host` header says it.
    pub authority: String,
    /// Where to connect.
    pub address: SocketAddr,
    /// Path and query, with the leading slash.
    pub path: String,
}

/// Why an address cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Only HTTP in clear is spoken here; TLS ends at a proxy in front.
    #[error("{0}: only http:// addresses can be loaded")]
    Scheme(String),
    /// No host, or one with characters that would end a header.
    #[error("{0}: no usable host")]
    Host(String),
    /// The name is unknown.
    #[error("{host} cannot be looked up: {source}")]
    Lookup {
        /// The host that was asked for.
        host: String,
        /// What the resolver said.
        source: std::io::Error,
    },
}

impl Target {
    /// Takes `url` apart and looks its host up. The port is 80 where none is named.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let rest = url.strip_prefix("http://").ok_or_else(|| TargetError::Scheme(url.into()))?;
        let (authority, path) = match rest.find('/') {
            Some(at) => (&rest[..at], &rest[at..]),
            None => (rest, "/"),
        };
        let graphic = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if authority.is_empty() || !graphic(authority) || !graphic(path) {
            return Err(TargetError::Host(url.into()));
        }
        let has_port = authority.rfind(':').is_some_and(|at| !authority[at..].contains(']'));
        let with_port = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        let lookup = |source| TargetError::Lookup { host: with_port.clone(), source };
        let address = with_port.to_socket_addrs().map_err(lookup)?.next();
        let address = address.ok_or_else(|| TargetError::Host(url.into()))?;
        Ok(Self { authority: authority.to_owned(), address, path: path.to_owned() })
    }
}

/// The path that `reference` names when it stands in the document at `base`.
///
/// Relative paths, absolute paths and `http://` addresses of the same house (RFC 3986, 5.2.4 for the dots).
/// The host of an absolute address is dropped: everything is fetched from where the playlist came.
pub fn resolve(base: &str, reference: &str) -> String {
    let reference = match reference.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => reference,
    };
    if reference.starts_with('/') {
        return reference.to_owned();
    }
    let base = base.split('?').next().unwrap_or(base);
    let folder = base.rfind('/').map_or("", |at| &base[..at]);
    let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    let mut rest = reference;
    loop {
        if let Some(tail) = rest.strip_prefix("./") {
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix("../") {
            steps.pop();
            rest = tail;
        } else {
            break;
        }
    }
    let mut path = String::with_capacity(base.len() + rest.len());
    for step in steps {
        path.push('/');
        path.push_str(step);
    }
    path.push('/');
    path.push_str(rest);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let target = Target::parse("http://127.0.0.1:8080/live/demo/index.m3u8").unwrap();
        assert_eq!(target.authority, "127.0.0.1:8080");
        assert_eq!(target.address, SocketAddr::from(([127, 0, 0, 1], 8080)));
        assert_eq!(target.path, "/live/demo/index.m3u8");
        assert_eq!(Target::parse("http://127.0.0.1").unwrap().address.port(), 80);
        assert_eq!(Target::parse("http://[::1]/x").unwrap().address.to_string(), "[::1]:80");
    }

    #[test]
    fn an_address_that_is_not_plain_http_is_refused() {
        assert!(matches!(Target::parse("https://127.0.0.1/"), Err(TargetError::Scheme(_))));
        assert!(matches!(Target::parse("127.0.0.1:80"), Err(TargetError::Scheme(_))));
        assert!(matches!(Target::parse("http:///x"), Err(TargetError::Host(_))));
        assert!(matches!(Target::parse("http://a/b c\r\nX: y"), Err(TargetError::Host(_))));
    }

    #[test]
    fn references_resolve_against_the_document_they_stand_in() {
        let base = "/live/demo/7/low.m3u8?_HLS_msn=3";
        assert_eq!(resolve(base, "low/3.1.m4s"), "/live/demo/7/low/3.1.m4s");
        assert_eq!(resolve(base, "./low/3.1.m4s"), "/live/demo/7/low/3.1.m4s");
        assert_eq!(resolve(base, "../8/low.m3u8"), "/live/demo/8/low.m3u8");
        assert_eq!(resolve(base, "../../../../../x"), "/x");
        assert_eq!(resolve(base, "/health"), "/health");
        assert_eq!(resolve(base, "http://other/live/x"), "/live/x");
        assert_eq!(resolve("/index.m3u8", "7/low.m3u8"), "/7/low.m3u8");
    }
}
