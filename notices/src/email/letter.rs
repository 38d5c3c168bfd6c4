//! A notice as an e-mail: for people who read HTML, and for those who do not.

use std::time::{Duration, SystemTime};

use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use url::Url;

use crate::notice::Notice;

/// Who writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Sender(Mailbox);

/// An address that mail cannot be sent to.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct BadAddress(pub(super) String);

impl Sender {
    /// `radio@radio.example` or `Radio <radio@radio.example>`.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        text.parse()
            .map(Self)
            .map_err(|_| BadAddress("use an address such as radio@radio.example".to_owned()))
    }

    /// The address alone.
    pub fn address(&self) -> &str {
        self.0.email.as_ref()
    }

    fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

/// A notice, addressed.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// Whom it is for.
    pub to: &'a str,
    /// What it says.
    pub notice: &'a Notice,
    /// Where a POST ends such letters, without a sign-in (RFC 8058). None where they cannot be ended, as those that
    /// somebody asked for just now.
    pub unsubscribe: Option<&'a Url>,
}

impl Letter<'_> {
    /// The message. Its Message-ID follows from the notice, so that a second copy can be seen to be one.
    pub(super) fn message(&self, sender: &Sender) -> Result<Message, BadAddress> {
        let to = self
            .to
            .parse()
            .map_err(|_| BadAddress("it is no address that mail can be sent to".to_owned()))?;
        let id = format!("<{}@{}>", self.notice.id, sender.domain());
        let since_1970 = Duration::from_secs(u64::try_from(self.notice.at.as_second()).unwrap_or(0));
        let mut message = Message::builder()
            .from(sender.0.clone())
            .to(Mailbox::new(None, to))
            .subject(&self.notice.title)
            .message_id(Some(id))
            .date(SystemTime::UNIX_EPOCH + since_1970)
            // No out-of-office answers to it (RFC 3834, 5).
            .raw_header(header("Auto-Submitted", "auto-generated"));
        if let Some(url) = self.unsubscribe {
            message = message
                .raw_header(header("List-Unsubscribe", &format!("<{url}>")))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        let parts = MultiPart::alternative()
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(self.text()))
            .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(self.html()));
        message.multipart(parts).map_err(|error| BadAddress(error.to_string()))
    }

    fn text(&self) -> String {
        let notice = self.notice;
        let mut text = format!("{}\r\n", notice.title);
        if !notice.body.is_empty() {
            text = format!("{text}\r\n{}\r\n", notice.body);
        }
        text = format!("{text}\r\n{}\r\n", notice.link);
        if let Some(url) = self.unsubscribe {
            text = format!("{text}\r\n-- \r\nNo more e-mail like this: {url}\r\n");
        }
        text
    }

    fn html(&self) -> String {
        let notice = self.notice;
        let (title, body, link) = (escape(&notice.title), escape(&notice.body), escape(notice.link.as_str()));
        let body = if body.is_empty() { body } else { format!("<p>{body}</p>\r\n") };
        let end = self.unsubscribe.map_or_else(String::new, |url| {
            let url = escape(url.as_str());
            format!("<hr>\r\n<p><small><a href=\"{url}\">No more e-mail like this</a></small></p>\r\n")
        });
        format!(
            "<!doctype html>\r\n<html>\r\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\r\n\
             <body style=\"font-family: sans-serif; max-width: 36em\">\r\n<h1 style=\"font-size: 1.3em\">{title}</h1>\r\n\
             {body}<p><a href=\"{link}\">{link}</a></p>\r\n{end}</body>\r\n</html>\r\n"
        )
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    // A URL is ASCII without spaces, and must not be folded or encoded.
    HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned())
}

/// Text inside HTML, in an attribute too.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
