//! Who makes a request, and how they show it.
//!
//! People sign in with a password and get two tokens: an access token ([`access`]) that is good for a quarter
//! of an hour and needs no database to be read, and a refresh token that is exchanged for the next pair.
//! Servers show an API key ([`keyring`]). What anybody may do is the business of [`room::Role::may`].

pub mod access;
pub mod browser;
pub mod fields;
pub mod grant;
pub mod jwt;
pub mod keyring;
pub mod passwords;
pub mod proxies;
pub mod revocations;
pub mod room_token;
pub mod secrets;
pub mod ticket;

/// Civil time in Unix milliseconds.
pub fn now() -> u64 {
    crate::live::clock::wall_clock().0 / 1_000
}
