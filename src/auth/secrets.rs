//! The secrets that tokens are made with: given by the operator, or made once and kept in the data
//! directory, readable by their owner alone.

use std::io;
use std::path::Path;

use anyhow::{Context, bail};
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::logs::Redacted;
use crate::private_file;

/// Fewest bytes of a secret: as many as HMAC-SHA256 puts out (RFC 7518, 3.2).
pub const SECRET_MIN: usize = 32;

/// A secret that signs, at least [`SECRET_MIN`] bytes of text.
pub type Secret = Redacted<String>;

/// Is `text` fit to be a secret? Long enough, and no example out of a document.
pub fn is_strong(text: &str) -> bool {
    let mut distinct: Vec<u8> = text.bytes().collect();
    distinct.sort_unstable();
    distinct.dedup();
    text.len() >= SECRET_MIN && distinct.len() >= 10 && !is_example(text)
}

/// Is `text` one of the secrets that stand in examples and that people forget to change?
pub fn is_example(text: &str) -> bool {
    let plain: String = text.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    EXAMPLES.iter().any(|example| plain.contains(example))
        || ["secret", "devkey", "password", "test", "admin", "apikey", "apisecret"].contains(&plain.as_str())
}

const EXAMPLES: [&str; 14] = [
    "supersecret",
    "changeme",
    "changethis",
    "changeit",
    "yoursecret",
    "yourjwt",
    "yourrefresh",
    "yourapi",
    "yourkey",
    "yourpassword",
    "example",
    "placeholder",
    "replaceme",
    "replacethis",
];

/// The secret in the file `name` of `data_dir`; made where there is none.
pub fn load_or_make(data_dir: &Path, name: &str) -> anyhow::Result<Secret> {
    let path = data_dir.join(name);
    match private_file::read(&path) {
        Ok(text) if text.trim().len() >= SECRET_MIN => Ok(Redacted::new(text.trim().to_owned())),
        Ok(_) => bail!("{} holds no secret; delete it to have a new one made", path.display()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = random(32)?;
            private_file::make(&path, secret.expose())
                .with_context(|| format!("making {}", path.display()))?;
            Ok(secret)
        }
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

/// `bytes` random bytes as base64url text without padding.
pub fn random(bytes: usize) -> io::Result<Secret> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(Redacted::new(URL_SAFE_NO_PAD.encode(random)))
}

/// Letters that nobody mistakes for another when they are read aloud or typed off a screen.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// `letters` letters by chance, of five bits each, for people to type.
pub fn readable(letters: usize) -> io::Result<Secret> {
    let mut random = vec![0; letters];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(Redacted::new(random.iter().map(|byte| LETTERS[usize::from(byte % 32)] as char).collect()))
}

/// Makes of `message` what nobody makes without `secret`: HMAC-SHA256, as base64url. `label` keeps one use
/// of a secret apart from another.
pub fn derive(secret: &Secret, label: &str, message: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(label.as_bytes());
    context.update(&[0]);
    context.update(message.as_bytes());
    URL_SAFE_NO_PAD.encode(context.sign())
}

/// The SHA-256 of a secret of ours, as base64url: what is kept of one that has 128 bits of chance or more and
/// cannot be guessed. Passwords are another matter.
pub fn fingerprint(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let made = load_or_make(dir.path(), "a.secret").unwrap();
        assert!(is_strong(made.expose()));
        assert_eq!(load_or_make(dir.path(), "a.secret").unwrap(), made);
        assert_ne!(load_or_make(dir.path(), "b.secret").unwrap(), made);
        let mode = fs::metadata(dir.path().join("a.secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_holds_no_secret_is_not_replaced_silently() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.secret"), "short\n").unwrap();
        let error = load_or_make(dir.path(), "a.secret").unwrap_err().to_string();
        assert!(error.contains("delete it"), "{error}");
    }

    #[test]
    fn secrets_out_of_documents_are_no_secrets() {
        let examples = [
            "secret",
            "devkey",
            "changeme",
            "your-super-secret-jwt-key-change-this-in-production",
            "your_jwt_secret_key_at_least_32_characters",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "please-CHANGE-ME-before-you-go-live-0123",
            "K8z3vPq0Lw7Xn2Ty5Rb9",
        ];
        for example in examples {
            assert!(!is_strong(example), "{example}");
        }
        assert!(is_strong("K8z3vPq0Lw7Xn2Ty5Rb9Jd4Gf6Hs1AcMe"));
    }

    #[test]
    fn a_derived_value_depends_on_secret_use_and_message() {
        let (one, other) = (random(32).unwrap(), random(32).unwrap());
        let derived = derive(&one, "use", "message");
        assert_eq!(derive(&one, "use", "message"), derived);
        for different in
            [derive(&other, "use", "message"), derive(&one, "us", "emessage"), derive(&one, "use", "")]
        {
            assert_ne!(different, derived);
        }
    }
}
