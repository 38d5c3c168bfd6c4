//! What people tell about themselves, parsed at the door. A refusal says what would be taken.

use std::fmt;

use rustls::pki_types::DnsName;

use crate::logs::Redacted;

/// What is wrong with a field, and what would be right; made to be shown to whoever filled it in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct BadField(pub &'static str);

/// An e-mail address in lower case; the name by which people sign in. Whether anybody reads it is another
/// matter.
#[derive(Clone, Eq, PartialEq)]
pub struct Email(String);

impl Email {
    /// Blanks around it do not count; 3 to 254 characters (RFC 5321, 4.5.3.1), ASCII alone.
    pub fn parse(text: &str) -> Result<Self, BadField> {
        let bad = BadField("must be an e-mail address such as name@example.org, at most 254 characters");
        let text = text.trim().to_ascii_lowercase();
        let (user, host) = text.split_once('@').ok_or(bad)?;
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '@' | ',' | ';' | '<' | '>' | '(' | ')');
        let fits = text.len() <= 254 && (1..=64).contains(&user.len()) && user.chars().all(plain);
        if fits && DnsName::try_from(host).is_ok() { Ok(Self(text)) } else { Err(bad) }
    }

    /// As it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::logs::REDACTED)
    }
}

/// The unique name that others see: 3 to 32 of `a-z`, `0-9`, `_`, `.` and `-`, a letter or digit first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Username(String);

impl Username {
    /// Capital letters become small ones.
    pub fn parse(text: &str) -> Result<Self, BadField> {
        let text = text.trim().to_ascii_lowercase();
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte);
        let begins = text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        if begins && (3..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(BadField("must have 3 to 32 of the characters a-z, 0-9, _, . and -, a letter or digit first"))
        }
    }

    /// As it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name that others read: 1 to 80 characters, none of them invisible.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DisplayName(String);

impl DisplayName {
    /// Blanks around it do not count.
    pub fn parse(text: &str) -> Result<Self, BadField> {
        let text = text.trim();
        let shown = |c: char| !c.is_control() && !is_invisible(c);
        if (1..=80).contains(&text.chars().count()) && text.chars().all(shown) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadField("must have 1 to 80 characters, without line breaks and other invisible ones"))
        }
    }

    /// As it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Marks that turn the direction of text, or take no room: they make one name look like another. The
/// joiners of emoji and of several scripts (U+200C, U+200D) stay.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A password that somebody chose: 10 to 128 characters, and not what everybody would try first.
pub struct Password(Redacted<String>);

impl Password {
    /// Fewest characters.
    pub const MIN: usize = 10;
    /// Most characters; a password manager's longest fits.
    pub const MAX: usize = 128;

    /// `email` and `username` are of the account that it is for; a password that is one of them is refused.
    pub fn parse(text: &str, email: &Email, username: &Username) -> Result<Self, BadField> {
        if !Self::is_long_enough(text) {
            return Err(BadField("must have 10 to 128 characters"));
        }
        let lower = text.to_lowercase();
        let local = email.as_str().split('@').next().unwrap_or_default();
        if [email.as_str(), local, username.as_str()].contains(&lower.as_str()) {
            return Err(BadField("must be something else than the e-mail address or the username"));
        }
        if is_common(&lower) {
            return Err(BadField("is one of the first that anybody would try; choose another"));
        }
        Ok(Self(Redacted::new(text.to_owned())))
    }

    /// Could it be somebody's password, whoever that is?
    pub fn is_fit(text: &str) -> bool {
        Self::is_long_enough(text) && !is_common(&text.to_lowercase())
    }

    fn is_long_enough(text: &str) -> bool {
        (Self::MIN..=Self::MAX).contains(&text.chars().count())
    }

    /// The password itself, to be hashed.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Few characters over and over, a run along the keyboard, or a word that heads every list, with digits.
fn is_common(lower: &str) -> bool {
    let mut distinct: Vec<char> = lower.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let word = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    distinct.len() < 4
        || RUNS.iter().any(|run| run.contains(lower))
        || WORDS.contains(&word)
        || WORDS.iter().any(|word| lower.replace(word, "").is_empty())
}

const RUNS: [&str; 4] = [
    "1234567890123456789012345678901234567890",
    "0987654321098765432109876543210987654321",
    "qwertyuiopasdfghjklzxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
];

const WORDS: [&str; 14] = [
    "password",
    "passwort",
    "passw0rd",
    "letmein",
    "welcome",
    "admin",
    "administrator",
    "changeme",
    "secret",
    "iloveyou",
    "onair",
    "qwerty",
    "qwertyuiop",
    "default",
];

/// The address of a picture: `https`, at most 2,048 bytes, without a user or a password in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PictureUrl(String);

impl PictureUrl {
    /// Longest, in bytes.
    pub const MAX: usize = 2_048;

    /// Kept in the form that browsers make of it.
    pub fn parse(text: &str) -> Result<Self, BadField> {
        let bad = BadField("must be an https:// address of at most 2048 bytes, without a user name in it");
        let url = url::Url::parse(text).map_err(|_| bad)?;
        let anonymous = url.username().is_empty() && url.password().is_none();
        if url.scheme() == "https" && anonymous && url.as_str().len() <= Self::MAX {
            Ok(Self(url.into()))
        } else {
            Err(bad)
        }
    }

    /// As it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Result<Password, BadField> {
        let email = Email::parse("amelia.pond@example.org").unwrap();
        Password::parse(text, &email, &Username::parse("amelia_p-1938").unwrap())
    }

    #[test]
    fn an_email_address_is_kept_in_lower_case() {
        assert_eq!(Email::parse(" Me@Radio.Example ").unwrap().as_str(), "me@radio.example");
        assert_eq!(Email::parse("admin@localhost").unwrap().as_str(), "admin@localhost");
        let long = format!("{}@a.example", "x".repeat(65));
        for wrong in ["", "me", "@a", "me@", "a@b@c", "a b@c", "a,b@c", "ä@c", "me@-a", "me@a b", &long] {
            assert!(Email::parse(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(format!("{:?}", Email::parse("me@a").unwrap()), "[redacted]");
    }

    #[test]
    fn a_username_is_small_and_plain() {
        assert_eq!(Username::parse("Amy_1.x-y").unwrap().as_str(), "amy_1.x-y");
        let long = "x".repeat(33);
        for wrong in ["", "ab", "-abc", ".abc", "_abc", "a b", "ämy", "a@b", "a/b", &long] {
            assert!(Username::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_display_name_has_nothing_hidden_in_it() {
        assert_eq!(DisplayName::parse("  Amélie 👩‍🚀 ").unwrap().as_str(), "Amélie 👩‍🚀");
        assert!(DisplayName::parse(&"é".repeat(80)).is_ok());
        let long = "é".repeat(81);
        for wrong in ["", "  ", "a\nb", "a\u{202e}b", "\u{200b}", &long] {
            assert!(DisplayName::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_password_is_long_and_not_the_first_that_one_would_try() {
        assert_eq!(password("correct horse").unwrap().expose(), "correct horse");
        assert!(password(&"aé3 ".repeat(32)).is_ok());
        let long = "aé3 ".repeat(33);
        let wrong = [
            "short",
            "123456789",
            "1234567890",
            "Password123",
            "passwordpassword",
            "aaaaaaaaaa",
            "ababababab",
            "qwertyuiop",
            "amelia.pond@example.org",
            "Amelia.Pond",
            "amelia_p-1938",
            "changeme!!!",
            &long,
        ];
        for wrong in wrong {
            assert!(password(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(format!("{:?}", password("correct horse").unwrap()), "[redacted]");
    }

    #[test]
    fn a_picture_is_fetched_by_https_alone() {
        assert_eq!(PictureUrl::parse("https://A.example/é").unwrap().as_str(), "https://a.example/%C3%A9");
        let long = format!("https://a.example/{}", "x".repeat(2_048));
        for wrong in ["", "http://a.example/", "javascript:1", "https://u@a.example/", "/a.png", &long] {
            assert!(PictureUrl::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
