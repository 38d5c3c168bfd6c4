//! What to say when a port cannot be had.

use std::io;
use std::net::SocketAddr;

use crate::settings::table::Key;

/// A port that cannot be had. The message is one line that names it and says what to do; exit status 1.
#[derive(Debug)]
pub struct BindError {
    key: Key,
    address: SocketAddr,
    cause: io::Error,
}

impl BindError {
    /// Binding `address`, the value of the setting `key`, failed with `cause`.
    pub fn new(key: Key, address: SocketAddr, cause: io::Error) -> Self {
        Self { key, address, cause }
    }
}

impl std::fmt::Display for BindError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { address, cause, .. } = self;
        let setting = self.key.setting();
        let (env, flag) = (setting.env, setting.flag);
        match cause.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "{address} ({env}) is taken; stop the program that has it, or choose another: \
                 --{flag} {}",
                SocketAddr::new(address.ip(), 0)
            ),
            io::ErrorKind::PermissionDenied => write!(
                f,
                "{address} ({env}) is not ours to take; ports below 1024 belong to the system, choose \
                 another with --{flag}"
            ),
            io::ErrorKind::AddrNotAvailable => write!(
                f,
                "{address} ({env}) is no address of this machine; choose another with --{flag}, such as \
                 --{flag} :{}",
                address.port()
            ),
            _ => write!(f, "{address} ({env}) cannot be had: {cause}; choose another with --{flag}"),
        }
    }
}

// Without a source: `Display` tells the whole of it, and in a chain it would be told twice.
impl std::error::Error for BindError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: io::ErrorKind) -> String {
        BindError::new(Key::RtmpListen, "192.0.2.1:1935".parse().unwrap(), kind.into()).to_string()
    }

    #[test]
    fn a_port_that_cannot_be_had_is_named_with_what_to_do() {
        assert_eq!(
            told(io::ErrorKind::AddrInUse),
            "192.0.2.1:1935 (ONAIR_RTMP_LISTEN) is taken; stop the program that has it, or choose another: \
             --rtmp 192.0.2.1:0"
        );
        assert!(told(io::ErrorKind::PermissionDenied).ends_with("choose another with --rtmp"));
        assert!(told(io::ErrorKind::AddrNotAvailable).ends_with("such as --rtmp :1935"));
        assert!(
            told(io::ErrorKind::OutOfMemory)
                .starts_with("192.0.2.1:1935 (ONAIR_RTMP_LISTEN) cannot be had: ")
        );
    }
}
