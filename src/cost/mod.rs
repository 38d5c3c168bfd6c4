//! What an audience costs behind a CDN, and what passes through the wires: `onair cost`.
//!
//! [`Traffic`] is what one listener and one broadcast make in an hour. It is measured, not estimated: the packager makes
//! the parts and playlists of a run in full swing, the origin the answers' heads, and their sizes are what counts. A
//! [`Bill`] multiplies it by an [`Audience`] and by [`Prices`], which are assumptions and say so.

pub mod bill;
pub mod document;
pub mod prices;
pub mod report;
pub mod traffic;

pub use bill::{Audience, Bill, PUTS_PER_SEGMENT};
pub use prices::Prices;
pub use traffic::Traffic;
