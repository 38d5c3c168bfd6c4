//! The ways by which people are told something when they are not here: e-mail, Web Push, FCM and APNs.
//!
//! A shell. A channel takes a [`Notice`], which is words and a link, and an address of its own kind, and answers with an
//! [`Outcome`]: it was taken, it may be tried again, nobody is at that address any more, or it is refused for good. What
//! is told to whom and when, what is kept and how often is tried again is for others to decide: this crate keeps
//! connections and the tokens of its own calls, and nothing else.
//!
//! It refuses to send a password in the clear, to follow a redirect, and to connect to a machine that its caller does
//! not let it reach ([`http::Client`]). Nothing secret is in what it prints or answers.
//!
//! ```no_run
//! # async fn example(roots: rustls::RootCertStore) -> Result<(), Box<dyn std::error::Error>> {
//! use notices::web_push::{Subscription, VapidKeys, WebPush};
//! use notices::{Notice, Outcome, http};
//!
//! let client = http::Client::new(roots, |address| !address.is_loopback());
//! let channel = WebPush::new(client, VapidKeys::generate()?, "mailto:radio@radio.example".to_owned());
//! let device = Subscription::parse("https://push.example/1", "BCVxsr7N…", "BTBZMqHH…")?;
//! let link = "https://radio.example/listen/evening".parse()?;
//! let notice = Notice::new(uuid::Uuid::now_v7(), "Ada is on air", "Evening news", link)?;
//! match channel.send(&device, &notice).await {
//!     Outcome::Sent => {}
//!     Outcome::Later { after, why } => println!("again after {after:?}: {why}"),
//!     Outcome::Gone { why } | Outcome::Refused { why } => println!("never again: {why}"),
//! }
//! # Ok(())
//! # }
//! ```

pub mod apns;
pub mod email;
pub mod fcm;
pub mod http;
mod jws;
mod moment;
mod notice;
mod outcome;
#[cfg(test)]
mod testing;
pub mod web_push;

pub use jws::BadKey;
pub use moment::told;
pub use notice::{Notice, TooLong, Urgency};
pub use outcome::Outcome;
