use std::io::Cursor;

use image::{DynamicImage, GenericImageView, ImageFormat, Rgb, RgbImage};
use serde_json::json;
use store::Database;

use crate::api::testing::{Answer, Ask, Desk, Person};
use crate::both::on_both;
use crate::covers::UPLOAD_MAX;

/// What nobody is to find in a picture that is served.
const HIDDEN: &[u8] = b"51.4778 N, 0.0014 W";

/// A red picture, with something behind its end that no decoder looks at.
fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let image: DynamicImage = RgbImage::from_pixel(width, height, Rgb([200, 10, 10])).into();
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    let mut bytes = bytes.into_inner();
    bytes.extend_from_slice(HIDDEN);
    bytes
}

async fn upload(desk: &Desk, who: &Person, broadcast: &str, bytes: Vec<u8>) -> Answer {
    let path = format!("/api/broadcasts/{broadcast}/cover");
    desk.ask(who.asks("PUT", path).bytes("image/png", bytes)).await
}

async fn a_cover_is_encoded_anew_and_served_to_everybody(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let host = desk.person("amy").await;
    let id = desk.broadcast(&host, json!({ "title": "News" })).await;
    for (format, height) in [(ImageFormat::Png, 512), (ImageFormat::Jpeg, 256), (ImageFormat::WebP, 1_024)] {
        let told = upload(&desk, &host, &id, picture(2_048, height, format)).await.must_be(200);
        let url = told["coverUrl"].as_str().unwrap().to_owned();
        let shown = desk.ask(Ask::new("GET", format!("/api/broadcasts/{id}"))).await.must_be(200);
        assert_eq!(shown["coverUrl"], url.as_str(), "{format:?}");
        let cover = desk.ask(Ask::new("GET", url)).await;
        assert_eq!(cover.status, 200, "{format:?}");
        assert_eq!(cover.headers["content-type"], "image/jpeg");
        assert_eq!(cover.headers["cache-control"], "public, max-age=31536000, immutable");
        let kept = image::load_from_memory(&cover.bytes).unwrap();
        assert_eq!(kept.dimensions(), (1_024, height / 2), "{format:?}");
        assert!(kept.get_pixel(500, 50).0[0] > 180, "it is still red");
        assert!(!cover.bytes.windows(HIDDEN.len()).any(|part| part == HIDDEN), "{format:?}");
    }
}

async fn what_is_too_big_or_no_picture_is_refused_and_the_cover_stays(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let host = desk.person("amy").await;
    let id = desk.broadcast(&host, json!({ "title": "News" })).await;
    let cover = upload(&desk, &host, &id, picture(64, 64, ImageFormat::Png)).await.must_be(200);
    let too_big = upload(&desk, &host, &id, vec![0; UPLOAD_MAX + 1]).await.refused(413);
    assert!(too_big.contains("longer"), "{too_big}");
    let mut torn = picture(64, 64, ImageFormat::Png);
    torn.truncate(60);
    for (bytes, why) in [
        (b"<svg onload=alert(1)>".to_vec(), "PNG, JPEG or WebP"),
        (b"GIF89a\x01\0\x01\0".to_vec(), "PNG, JPEG or WebP"),
        (Vec::new(), "PNG, JPEG or WebP"),
        (vec![0; UPLOAD_MAX], "PNG, JPEG or WebP"),
        (torn, "cannot be decoded"),
        (picture(8_193, 1, ImageFormat::Png), "8192"),
    ] {
        let told = upload(&desk, &host, &id, bytes).await.refused(422);
        assert!(told.contains(why), "{told}");
    }
    let shown = desk.get(&format!("/api/broadcasts/{id}"), &host.token).await.must_be(200);
    assert_eq!(shown["coverUrl"], cover["coverUrl"]);
    for name in ["none.jpg", "..%2Fstudio.key", "0123456789abcdef0123456789abcdef.jpg"] {
        assert_eq!(desk.ask(Ask::new("GET", format!("/covers/{name}"))).await.status, 404, "{name}");
    }
}

async fn a_cover_is_its_hosts_and_the_admins_to_change(database: Database) {
    let desk = Desk::open(database, &[]).await;
    let (host, other) = (desk.person("amy").await, desk.person("rory").await);
    let (helper, admin) = (desk.person("river").await, desk.admin().await);
    let id = desk.broadcast(&host, json!({ "title": "News" })).await;
    desk.let_in(&host, &id, &helper, "moderator").await;
    let bytes = picture(64, 64, ImageFormat::Png);
    let nobody = Ask::new("PUT", format!("/api/broadcasts/{id}/cover")).bytes("image/png", bytes.clone());
    assert_eq!(desk.ask(nobody).await.status, 401);
    for (who, status) in [(&other, 403), (&helper, 403), (&admin, 200), (&host, 200)] {
        assert_eq!(upload(&desk, who, &id, bytes.clone()).await.status, status);
    }
    assert_eq!(upload(&desk, &host, "none", bytes).await.status, 404);
}

on_both! {
    a_cover_is_encoded_anew_and_served_to_everybody
    what_is_too_big_or_no_picture_is_refused_and_the_cover_stays
    a_cover_is_its_hosts_and_the_admins_to_change
}
