//! Lets sound in: every door yields the same [`Publication`] of access units.
//!
//! A door ([`rtmp::Listener`], or the station's WHIP with [`whip::Door`]) sends a [`PublishRequest`]: somebody shows a stream key and wants to publish.
//! Whoever receives it checks the key, then accepts or rejects; until then the publisher waits, and nothing
//! has been promised to it. Accepting gives a [`Publication`], from which tracks and access units come.
//! Video is read past. Everything a stranger sends has a bound; see [`rtmp::Limits`].
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use ingest::{Refusal, StreamKey, rtmp};
//! use tokio_util::sync::CancellationToken;
//!
//! let listener = rtmp::Listener::bind(([0, 0, 0, 0], 1935).into(), rtmp::Limits::default(), None).await?;
//! let (sender, mut requests) = tokio::sync::mpsc::channel(16);
//! let door = listener.run(sender, CancellationToken::new());
//! let station = async {
//!     let studio = StreamKey::parse("s3cret").expect("letters and digits");
//!     while let Some(request) = requests.recv().await {
//!         if request.broadcast == "studio" && request.key == studio {
//!             let mut publication = request.accept();
//!             while let Some(media) = publication.recv().await {
//!                 println!("{media:?}");
//!             }
//!         } else {
//!             request.reject(Refusal::BadKey);
//!         }
//!     }
//! };
//! tokio::join!(door, station);
//! # Ok(())
//! # }
//! ```

pub mod aac;
mod activity;
mod admission;
mod bit_reader;
pub mod flv;
pub mod mp3;
pub mod opus;
mod publication;
mod publish_request;
mod refusal;
pub mod rtmp;
mod stream_key;
pub mod whip;

pub use activity::Activity;
pub use flv::Media;
pub use publication::{Closing, Publication, PublicationHandle, RecvError, Sink};
pub use publish_request::{Answer, Protocol, PublishRequest, Publisher};
pub use refusal::{CloseReason, Refusal};
pub use stream_key::{InvalidKey, StreamKey};
