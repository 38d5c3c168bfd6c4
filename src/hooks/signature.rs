//! How a receiver knows that a request is this station's.

use std::fmt::Write;

use aws_lc_rs::hmac;

/// The header that carries a signature.
pub const HEADER: &str = "x-onair-signature";

/// The signature of `body`, sent at `at` (seconds since 1970): `t={at},v1={hex}` where the second is
/// HMAC-SHA256 of `{at}.{body}`. The time is signed too, so that a receiver can refuse what was recorded and
/// is sent again later. There is a `v1` for each of `secrets`, and one that fits is enough.
pub fn sign<'a>(secrets: impl IntoIterator<Item = &'a [u8]>, at: u64, body: &[u8]) -> String {
    let mut header = format!("t={at}");
    for secret in secrets {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
        context.update(at.to_string().as_bytes());
        context.update(b".");
        context.update(body);
        header.push_str(",v1=");
        for byte in context.sign().as_ref() {
            write!(header, "{byte:02x}").expect("writing into a String cannot fail");
        }
    }
    header
}

#[cfg(test)]
mod tests {
    fn sign(secret: &[u8], at: u64, body: &[u8]) -> String {
        super::sign([secret], at, body)
    }

    #[test]
    fn each_secret_has_a_signature() {
        let (new, old) = (sign(b"new", 1, b"body"), sign(b"old", 1, b"body"));
        let both = super::sign([&b"new"[..], b"old"], 1, b"body");
        assert_eq!(both, format!("{new},{}", old.strip_prefix("t=1,").unwrap()));
    }

    /// `printf '1800000000.{"id":"1"}' | openssl dgst -sha256 -hmac 'a shared secret'`
    #[test]
    fn openssl_makes_the_same_signature() {
        let signature = sign(b"a shared secret", 1_800_000_000, br#"{"id":"1"}"#);
        assert_eq!(
            signature,
            "t=1800000000,v1=0078f584af21138aceba81a6df48b70b6438829ab65bd685b6215effd7af17df"
        );
    }

    #[test]
    fn time_body_and_secret_all_count() {
        let signature = sign(b"secret", 1, b"body");
        assert_ne!(sign(b"secret", 2, b"body"), signature);
        assert_ne!(sign(b"secret", 1, b"bodY"), signature);
        assert_ne!(sign(b"Secret", 1, b"body"), signature);
        assert_ne!(sign(b"secret", 11, b".body")[5..], sign(b"secret", 1, b"1.body")[4..]);
    }
}
