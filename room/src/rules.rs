//! What a room's crew has decided for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How a room is kept. The crew changes it while it goes on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
    /// Whether people may write; the crew always may.
    pub chat: bool,
    /// The least time between two messages of one person; zero where there is none. At most [`Rules::SLOWEST`].
    pub slow_mode: Duration,
    /// Whether only who follows the host may write.
    pub followers_only: bool,
    /// Whether messages may lead elsewhere.
    pub links: bool,
    /// Whether people without an account may be here.
    pub guests: bool,
    /// What people react with; 1 to [`Rules::EMOJI_MAX`] different ones.
    pub reactions: Vec<Emoji>,
}

impl Rules {
    /// The longest pause that slow mode asks for.
    pub const SLOWEST: Duration = Duration::from_mins(10);

    /// Most kinds of reactions.
    pub const EMOJI_MAX: usize = 24;

    /// Whether every value is within its bounds.
    pub(crate) fn are_sound(&self) -> bool {
        let different = |(place, emoji)| !self.reactions.iter().take(place).any(|other| other == emoji);
        self.slow_mode <= Self::SLOWEST
            && (1..=Self::EMOJI_MAX).contains(&self.reactions.len())
            && self.reactions.iter().enumerate().all(different)
    }
}

/// What people react with where nobody chose.
const USUAL: [&str; 12] = ["❤️", "👍", "👏", "😂", "😮", "😢", "🔥", "🎉", "🙏", "🤲", "💯", "🤔"];

impl Default for Rules {
    fn default() -> Self {
        Self {
            chat: true,
            slow_mode: Duration::ZERO,
            followers_only: false,
            links: true,
            guests: true,
            reactions: USUAL.iter().map(|emoji| Emoji((*emoji).into())).collect(),
        }
    }
}

/// One emoji.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Emoji(Arc<str>);

/// Something that is no emoji.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be one emoji")]
pub struct NoEmoji;

impl Emoji {
    /// A family of four is the longest: seven characters, 25 bytes; flags of regions have 28.
    const LONGEST: usize = 36;

    /// Takes it from outside. Letters, digits by themselves and white space are none.
    pub fn parse(raw: &str) -> Result<Self, NoEmoji> {
        let fits = (1..=Self::LONGEST).contains(&raw.len());
        // A keycap is a digit with marks around; everything else has no ASCII in it.
        let is_keycap = raw.ends_with('\u{20e3}');
        let plain = |letter: char| {
            letter.is_alphabetic() || letter.is_whitespace() || letter.is_control() || letter.is_ascii()
        };
        if fits && (is_keycap || !raw.chars().any(plain)) { Ok(Self(raw.into())) } else { Err(NoEmoji) }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_emoji_are_there_from_the_start() {
        let rules = Rules::default();
        assert!(rules.are_sound());
        assert_eq!(rules.reactions.len(), 12);
        for emoji in &rules.reactions {
            assert_eq!(Emoji::parse(emoji.as_str()).as_ref(), Ok(emoji));
        }
    }

    #[test]
    fn an_emoji_is_a_sign_and_no_word() {
        assert!(
            Emoji::parse("👨\u{200d}👩\u{200d}👧\u{200d}👦").is_ok()
                && Emoji::parse("1\u{fe0f}\u{20e3}").is_ok()
        );
        for bad in ["", "a", "ha", "1", "👍 ", "ع", &"👍".repeat(20)] {
            assert_eq!(Emoji::parse(bad), Err(NoEmoji), "{bad:?}");
        }
    }
}
