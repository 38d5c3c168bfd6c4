//! Where media lies for good: object stores, the order in which a run is stored, and what CloudFront wants signed.
//!
//! A shell with cores inside. [`Spool`] decides what is stored next, when what failed is tried again and what is
//! given up when too much waits; [`Progress`] knows how far a run is stored, and [`Heard`] when its playlists there are
//! written again. They are told what happens, and the first the time and the dice; they do no IO. Around them: [`ObjectStore`] (a folder, or S3 and what speaks like it),
//! [`Notes`] (what of a run is stored, on disk), [`CookieSigner`] and [`Invalidation`] for CloudFront.
//!
//! The files of a run on local disk *are* the spool: nothing is written twice. It refuses names that could lead out
//! of a folder ([`ObjectKey`]), and holds no secret that it would print.
//!
//! ```
//! use std::time::Instant;
//!
//! use cdn::{Bounds, Item, Keep, Output, Spool};
//!
//! let now = Instant::now();
//! let mut spool = Spool::new(Bounds { bytes: 1_000, at_once: 2 });
//! spool.push(Item { what: "main/8.m4s", bytes: 600, keep: Keep::WhileRoom, since: now });
//! let Some(Output::Put(ticket, "main/8.m4s")) = spool.poll_output(now) else { panic!("it is its turn") };
//! assert!(spool.stored(ticket).is_some());
//! assert_eq!(spool.bytes(), 0);
//! ```

mod backoff;
mod directory;
mod failure;
mod heard;
mod invalidation;
mod key;
mod notes;
mod object;
mod progress;
mod s3;
mod signed_cookies;
mod spool;
mod store;

pub use directory::Directory;
pub use failure::{Failure, StoreError};
pub use heard::{Heard, Listing};
pub use invalidation::{Invalidation, InvalidationError};
pub use key::ObjectKey;
pub use notes::{Note, Notes, Told};
pub use object::{Caching, Object};
pub use progress::Progress;
pub use s3::{Access, Bucket, Patience, S3};
pub use signed_cookies::{CookieSigner, KeyError, SignError, SignedCookie};
pub use spool::{Bounds, Item, Keep, Output, Spool, Ticket};
pub use store::ObjectStore;
