//! Recordings: made, found, cut, heard again with what was said.

mod access;
mod answer;
mod chapters;
mod edit;
mod files;
mod list;
mod pieces;
mod record;
mod replay;
#[cfg(test)]
mod tests;
mod tracks;
mod transcript;

pub(super) use answer::size;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Context;

/// The parameter `{id}` of every route here.
#[derive(utoipa::IntoParams)]
#[into_params(names("id"), parameter_in = Path)]
struct RecordingId(
    /// The recording's id.
    #[param(max_length = 64)]
    #[expect(dead_code, reason = "the document alone reads it")]
    String,
);

/// A waveform, as audiowaveform writes it: for each pixel the least and the greatest sample.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the document alone reads it")]
struct Waveform {
    /// 2.
    version: u32,
    /// 1: all channels are one.
    channels: u32,
    /// Samples a second.
    sample_rate: u32,
    /// Samples of one pixel.
    samples_per_pixel: u32,
    /// 8: from -128 to 127.
    bits: u32,
    /// How many pixels.
    length: usize,
    /// Two numbers a pixel.
    data: Vec<i8>,
}

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(record::start))
        .routes(routes!(record::stop))
        .routes(routes!(list::list))
        .routes(routes!(list::show, edit::change, edit::delete))
        .routes(routes!(pieces::split))
        .routes(routes!(pieces::clip))
        .routes(routes!(replay::replay))
        .routes(routes!(chapters::chapters))
        .routes(routes!(files::m4a))
        .routes(routes!(files::opus))
        .routes(routes!(files::peaks))
        .merge(transcript::routes())
        .routes(routes!(tracks::download))
}
