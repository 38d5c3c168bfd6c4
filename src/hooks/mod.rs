//! What the station tells other programs, and asks of them.
//!
//! A webhook is an address that events are posted to: kept in the store, numbered, tried again until they
//! are taken or a day is over ([`outbox`]). An admission hook is asked before a publisher is let in
//! ([`admission`]). Every request is signed ([`signature`]); `docs/WEBHOOKS.md` tells the receiver's side.

pub mod admission;
pub mod backoff;
pub mod courier;
pub mod event;
pub mod news;
pub mod outbox;
pub mod signature;
pub mod standing;
#[cfg(test)]
pub(crate) mod testing;
