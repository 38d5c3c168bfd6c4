//! Cover pictures: what people upload, made small and plain, and the folder where it lies.

use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use cdn::{ObjectKey, ObjectStore};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use tokio::sync::Semaphore;

use crate::uploads::Uploads;

/// Largest upload in bytes.
pub const UPLOAD_MAX: usize = 2 * 1024 * 1024;

/// Longest side of what is kept, in pixels.
const SIDE: u32 = 1_024;

/// Longest side of what is decoded: more than any phone's camera has, and 256 MiB of pixels at the most.
const DECODED_SIDE: u32 = 8_192;
const DECODED_BYTES: u64 = 256 * 1024 * 1024;

/// JPEG quality, of 100: covers are photographs seen at a few hundred pixels.
const QUALITY: u8 = 85;

/// Pictures decoded at a time; who comes then waits for a moment.
const AT_ONCE: usize = 2;

/// Why a picture is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CoverError {
    /// It is none of the three formats.
    #[error("a cover is a PNG, JPEG or WebP picture")]
    Format,
    /// It is too large to be decoded.
    #[error("a cover has at most {DECODED_SIDE} × {DECODED_SIDE} pixels")]
    TooLarge,
    /// It is damaged.
    #[error("the picture cannot be decoded: {0}")]
    Damaged(ImageError),
    /// It cannot be kept on disk.
    #[error("the cover cannot be kept now: {0}")]
    Disk(#[from] io::Error),
}

/// A picture as it is kept.
#[derive(Debug)]
struct Picture {
    bytes: Vec<u8>,
    /// The ending of its file's name.
    ending: &'static str,
}

/// The folder of covers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Covers {
    folder: PathBuf,
    turns: Arc<Semaphore>,
    stored: Option<(Uploads, ObjectStore)>,
}

impl Covers {
    /// Covers below `data_dir`.
    pub fn new(data_dir: &Path) -> Self {
        Self { folder: data_dir.join("covers"), turns: Arc::new(Semaphore::new(AT_ONCE)), stored: None }
    }

    /// The same, brought to `store` by `uploads` too, and read there where another station took them in.
    #[must_use]
    pub fn stored(self, uploads: Uploads, store: ObjectStore) -> Self {
        Self { stored: Some((uploads, store)), ..self }
    }

    /// Takes an upload in, and answers with the name of its file, which follows from its content.
    pub async fn keep(&self, upload: Vec<u8>) -> Result<String, CoverError> {
        let _turn = self.turns.acquire().await.map_err(io::Error::other)?;
        let folder = self.folder.clone();
        let uploads = self.stored.as_ref().map(|(uploads, _)| uploads.clone());
        let kept = tokio::task::spawn_blocking(move || {
            let picture = recode(&upload)?;
            let hash = digest(&SHA256, &picture.bytes);
            let name = format!("{:032x}.{}", first_half(hash.as_ref()), picture.ending);
            std::fs::create_dir_all(&folder)?;
            let owed = uploads.zip(key(&name));
            if let Some((uploads, key)) = &owed {
                uploads.owe_file(key)?;
            }
            // Written beside and moved into place: nobody is served half a picture.
            let beside = folder.join(format!("{name}.new"));
            std::fs::write(&beside, &picture.bytes)?;
            std::fs::rename(beside, folder.join(&name))?;
            if let Some((uploads, key)) = owed {
                uploads.hurry(key);
            }
            Ok(name)
        });
        kept.await.map_err(io::Error::other)?
    }

    /// The bytes of a cover and their media type; `None` where there is none of this name.
    pub async fn read(&self, name: &str) -> io::Result<Option<(Bytes, &'static str)>> {
        let Some(media_type) = media_type(name) else { return Ok(None) };
        match tokio::fs::read(self.folder.join(name)).await {
            Ok(bytes) => Ok(Some((bytes.into(), media_type))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (Some((_, store)), Some(key)) = (&self.stored, key(name)) else { return Ok(None) };
                let found = store.get(&key).await.map_err(io::Error::other)?;
                Ok(found.map(|bytes| (bytes, media_type)))
            }
            Err(error) => Err(error),
        }
    }
}

/// What a cover is called in a store: the path of its URL.
fn key(name: &str) -> Option<ObjectKey> {
    ObjectKey::parse(&format!("covers/{name}"))
}

/// What a name of ours stands for: 32 hexadecimal digits and an ending.
fn media_type(name: &str) -> Option<&'static str> {
    let (hash, ending) = name.split_once('.')?;
    let ours = hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    match ending {
        "jpg" if ours => Some("image/jpeg"),
        "webp" if ours => Some("image/webp"),
        _ => None,
    }
}

/// Decodes an upload and encodes it anew, upright and at most [`SIDE`] long: what was hidden in its file is
/// gone. What is see-through stays so, as WebP.
fn recode(upload: &[u8]) -> Result<Picture, CoverError> {
    let mut reader = ImageReader::new(Cursor::new(upload)).with_guessed_format()?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) {
        return Err(CoverError::Format);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(DECODED_SIDE);
    limits.max_image_height = Some(DECODED_SIDE);
    limits.max_alloc = Some(DECODED_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let orientation = decoder.orientation().map_err(refused)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(refused)?;
    image.apply_orientation(orientation);
    if image.width().max(image.height()) > SIDE {
        image = image.resize(SIDE, SIDE, image::imageops::FilterType::CatmullRom);
    }
    let mut bytes = Vec::new();
    if image.has_alpha() {
        image.to_rgba8().write_with_encoder(WebPEncoder::new_lossless(&mut bytes)).map_err(refused)?;
        return Ok(Picture { bytes, ending: "webp" });
    }
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    image.to_rgb8().write_with_encoder(encoder).map_err(refused)?;
    Ok(Picture { bytes, ending: "jpg" })
}

fn refused(error: ImageError) -> CoverError {
    match error {
        ImageError::Limits(_) => CoverError::TooLarge,
        ImageError::Unsupported(_) => CoverError::Format,
        error => CoverError::Damaged(error),
    }
}

/// 128 of the 256 bits: two pictures never meet.
fn first_half(hash: &[u8]) -> u128 {
    hash.iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use image::{GenericImageView, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn red(width: u32, height: u32) -> DynamicImage {
        RgbImage::from_pixel(width, height, Rgb([200, 10, 10])).into()
    }

    #[test]
    fn a_large_picture_is_made_small_and_keeps_its_shape() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let picture = recode(&encoded(&red(2_048, 512), format)).unwrap();
            assert_eq!(picture.ending, "jpg");
            let kept = image::load_from_memory(&picture.bytes).unwrap();
            assert_eq!(kept.dimensions(), (1_024, 256), "{format:?}");
            assert!(kept.get_pixel(500, 100).0[0] > 180, "it is still red");
        }
    }

    #[test]
    fn what_is_see_through_stays_so() {
        let glass = RgbaImage::from_pixel(40, 40, Rgba([0, 0, 255, 100])).into();
        let picture = recode(&encoded(&glass, ImageFormat::Png)).unwrap();
        assert_eq!(picture.ending, "webp");
        let kept = image::load_from_memory(&picture.bytes).unwrap();
        assert_eq!(kept.get_pixel(20, 20), Rgba([0, 0, 255, 100]));
    }

    #[test]
    fn a_bomb_is_not_decoded() {
        // A valid PNG of 30,000 × 30,000 pixels takes some kilobytes; its head alone is enough to refuse it.
        let mut bomb = encoded(&red(4, 4), ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
        let check = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&check.to_be_bytes());
        assert!(matches!(recode(&bomb), Err(CoverError::TooLarge)));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert!(matches!(recode(b"<svg onload=alert(1)>"), Err(CoverError::Format)));
        assert!(matches!(recode(b"GIF89a\x01\0\x01\0"), Err(CoverError::Format)));
        assert!(matches!(recode(b""), Err(CoverError::Format)));
        let mut torn = encoded(&red(64, 64), ImageFormat::Png);
        torn.truncate(60);
        assert!(matches!(recode(&torn), Err(CoverError::Damaged(_))));
    }

    #[tokio::test]
    async fn a_cover_is_found_under_the_name_of_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let covers = Covers::new(folder.path());
        let upload = encoded(&red(10, 10), ImageFormat::Png);
        let name = covers.keep(upload.clone()).await.unwrap();
        assert_eq!(covers.keep(upload).await.unwrap(), name);
        let (bytes, media_type) = covers.read(&name).await.unwrap().unwrap();
        assert_eq!((&bytes[..2], media_type), (&[0xFF, 0xD8][..], "image/jpeg"));
        for other in ["../studio.key", "a.jpg", &name.replace("jpg", "new")] {
            assert!(covers.read(other).await.unwrap().is_none(), "{other}");
        }
    }

    /// CRC-32 of PNG (ISO 3309), bit by bit.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
            })
        })
    }
}
