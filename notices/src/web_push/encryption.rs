//! What only the browser reads: RFC 8291 on top of the content coding `aes128gcm` of RFC 8188, in one record.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use aws_lc_rs::rand;

use super::subscription::{POINT, Subscription};

/// The size of a record that is told: what follows fits into one (RFC 8291, 4).
const RECORD: u32 = 4096;

/// Bytes of the salt.
const SALT: usize = 16;

/// What a last record is padded with (RFC 8188, 2).
const LAST: u8 = 2;

/// `plain`, for the browser of `to` alone; at most 3993 bytes, which every push service takes once sealed.
///
/// # Errors
/// Without randomness.
pub(super) fn seal(to: &Subscription, plain: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut salt = [0; SALT];
    rand::fill(&mut salt)?;
    seal_with(to, plain, &PrivateKey::generate(&ECDH_P256)?, &salt)
}

/// The same with a key and a salt that are used once.
fn seal_with(
    to: &Subscription,
    plain: &[u8],
    own: &PrivateKey,
    salt: &[u8; SALT],
) -> Result<Vec<u8>, Unspecified> {
    let own_public = own.compute_public_key()?;
    let own_public = own_public.as_ref();
    let browser = UnparsedPublicKey::new(&ECDH_P256, &to.public);
    let keyed = agree(own, browser, Unspecified, |secret| {
        let mut info = Vec::with_capacity(14 + 2 * POINT);
        info.extend_from_slice(b"WebPush: info\0");
        info.extend_from_slice(&to.public);
        info.extend_from_slice(own_public);
        Ok(derive(&to.auth, secret, &info))
    })?;
    let key = derive(salt, &keyed, b"Content-Encoding: aes128gcm\0");
    let nonce = derive(salt, &keyed, b"Content-Encoding: nonce\0");

    let mut sealed = Vec::with_capacity(SALT + 5 + POINT + plain.len() + 1 + AES_128_GCM.tag_len());
    sealed.extend_from_slice(salt);
    sealed.extend_from_slice(&RECORD.to_be_bytes());
    sealed.push(POINT as u8);
    sealed.extend_from_slice(own_public);
    let mut record = Vec::with_capacity(plain.len() + 1 + AES_128_GCM.tag_len());
    record.extend_from_slice(plain);
    record.push(LAST);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key[..16])?);
    key.seal_in_place_append_tag(Nonce::try_assume_unique_for_key(&nonce[..12])?, Aad::empty(), &mut record)?;
    sealed.extend_from_slice(&record);
    Ok(sealed)
}

/// HKDF-SHA256 (RFC 5869) for as many bytes as one hash has, of which the caller takes the first.
fn derive(salt: &[u8], secret: &[u8], info: &[u8]) -> [u8; 32] {
    let extracted = sign(&Key::new(HMAC_SHA256, salt), secret);
    let expanded = sign(&Key::new(HMAC_SHA256, extracted.as_ref()), &[info, &[1]].concat());
    expanded.as_ref().try_into().expect("SHA-256 puts out 32 bytes")
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn the_example_of_rfc_8291_is_sealed_to_its_bytes() {
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let to = Subscription::parse(
            "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
        );
        let own = bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        let own = PrivateKey::from_private_key(&ECDH_P256, &own).unwrap();
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let sealed = seal_with(&to.unwrap(), b"When I grow up, I want to be a watermelon", &own, &salt);
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vC\
            YLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNW\
            QexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(sealed.unwrap()), expected);
    }
}
