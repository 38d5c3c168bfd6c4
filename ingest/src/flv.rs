//! Audio in FLV tags, legacy and Enhanced RTMP: the payload of RTMP's audio messages.

pub mod audio_tag;
pub mod demuxer;

pub use audio_tag::{AudioCodec, AudioTag, TagError, TagKind};
pub use demuxer::{DemuxError, Demuxer, Media};
