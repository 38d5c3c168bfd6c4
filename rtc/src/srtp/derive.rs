//! Session keys from master keys (RFC 3711 section 4.3).

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

/// What a session key is for.
#[derive(Clone, Copy)]
pub(crate) enum Label {
    RtpCipher = 0,
    RtpAuth = 1,
    RtpSalt = 2,
    RtcpCipher = 3,
    RtcpAuth = 4,
    RtcpSalt = 5,
}

/// Room for the longest session key.
type Derived = [u8; 32];

/// The first `length` (at most 32) bytes of a session key, the key derivation rate being zero.
pub(crate) fn derive(key: &[u8], salt: &[u8], label: Label, length: usize) -> Derived {
    // x = (label || 0) xor salt, 112 bits; a GCM salt of 96 bits is its upper part (RFC 7714 section 11).
    let mut block = [0; 16];
    block[..salt.len()].copy_from_slice(salt);
    block[7] ^= label as u8;
    let mut stream = [0; 32];
    keystream(key, block, &mut stream[..length]);
    stream
}

/// AES in counter mode over zeros, from this counter block on, xored into `data`.
pub(crate) fn keystream(key: &[u8], counter: [u8; 16], data: &mut [u8]) {
    let algorithm = if key.len() == 32 { &AES_256 } else { &AES_128 };
    let key = UnboundCipherKey::new(algorithm, key).expect("a key of the algorithm's length");
    let key = EncryptingKey::ctr(key).expect("AES has a counter mode");
    key.less_safe_encrypt(data, EncryptionContext::Iv128(FixedLength::from(counter)))
        .expect("counter mode takes any length");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// RFC 3711 appendix B.3.
    #[test]
    fn session_keys_are_those_of_the_rfc() {
        let key = bytes("E1F97A0D3E018BE0D64FA32C06DE4139");
        let salt = bytes("0EC675AD498AFEEBB6960B3AABE6");
        let derived = |label, length| derive(&key, &salt, label, length)[..length].to_vec();
        assert_eq!(derived(Label::RtpCipher, 16), bytes("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(derived(Label::RtpSalt, 14), bytes("30CBBC08863D8C85D49DB34A9AE1"));
        assert_eq!(derived(Label::RtpAuth, 20), bytes("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
    }

    /// RFC 3711 appendix B.2.
    #[test]
    fn counter_mode_is_that_of_the_rfc() {
        let mut stream = [0; 32];
        let counter: [u8; 16] = bytes("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000").try_into().unwrap();
        keystream(&bytes("2B7E151628AED2A6ABF7158809CF4F3C"), counter, &mut stream);
        assert_eq!(
            stream.to_vec(),
            bytes("E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB")
        );
    }
}
