//! Media URLs below `/live/`.

use media::RungId;
use packager::playlist::Kind;
use packager::{Msn, PartIndex, Position, RunId};

/// What a path below `/live/` names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Resource<'a> {
    /// `{id}/index.m3u8`, `{id}/standard.m3u8`, `{id}/dvr.m3u8`: the newest run's Multivariant Playlist. `None`: as
    /// the broadcast's latency mode has it.
    Multivariant(Option<Kind>),
    /// `{id}/stream.aac`, `{id}/stream.opus`: endless.
    Endless(RungId),
    /// Something of one run.
    OfRun(&'a str, RunResource<'a>),
}

/// What a path below `/live/{id}/{run}/` names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RunResource<'a> {
    /// `main.m3u8`, `main.standard.m3u8`, `main.dvr.m3u8`.
    Playlist(RungId, Kind),
    /// `main/init.mp4`.
    Init(RungId),
    /// `main/8.m4s`.
    Segment(RungId, Msn),
    /// `main/8.0.m4s`.
    Part(RungId, Position),
    /// `rec/{recording}/index.m3u8`, `rec/{recording}/main.m3u8`: a recording of the run, its Multivariant Playlist
    /// or that of a rung.
    Recording(&'a str, Option<RungId>),
}

/// Splits `{id}/…`, the path after `/live/`. `None` when it can be nothing of ours.
pub fn parse(path: &str) -> Option<(&str, Resource<'_>)> {
    let (id, rest) = path.split_once('/')?;
    let resource = match rest {
        "index.m3u8" => Resource::Multivariant(None),
        "standard.m3u8" => Resource::Multivariant(Some(Kind::Whole)),
        "dvr.m3u8" => Resource::Multivariant(Some(Kind::Dvr)),
        "stream.aac" => Resource::Endless(RungId::Main),
        "stream.opus" => Resource::Endless(RungId::Opus),
        _ => {
            let (run, rest) = rest.split_once('/')?;
            RunId::parse(run)?;
            Resource::OfRun(run, of_run(rest)?)
        }
    };
    Some((id, resource))
}

fn of_run(path: &str) -> Option<RunResource<'_>> {
    if let Some(path) = path.strip_prefix("rec/") {
        let (id, name) = path.split_once('/')?;
        let name = name.strip_suffix(".m3u8")?;
        let rung = if name == "index" { None } else { Some(rung_named(name)?) };
        return is_recording_id(id).then_some(RunResource::Recording(id, rung));
    }
    if let Some((rung, name)) = path.split_once('/') {
        let rung = rung_named(rung)?;
        if name == "init.mp4" {
            return Some(RunResource::Init(rung));
        }
        let name = name.strip_suffix(".m4s")?;
        return Some(match name.split_once('.') {
            None => RunResource::Segment(rung, Msn(number(name)?)),
            Some((msn, part)) => {
                let part = PartIndex(u16::try_from(number(part)?).ok()?);
                RunResource::Part(rung, Position { msn: Msn(number(msn)?), part })
            }
        });
    }
    let name = path.strip_suffix(".m3u8")?;
    let (rung, kind) = match name.split_once('.') {
        None => (name, Kind::Parts),
        Some((rung, "standard")) => (rung, Kind::Whole),
        Some((rung, "dvr")) => (rung, Kind::Dvr),
        Some(_) => return None,
    };
    Some(RunResource::Playlist(rung_named(rung)?, kind))
}

/// Longest id of a recording: a UUID.
const RECORDING_ID_MAX: usize = 36;

fn is_recording_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !id.is_empty() && id.len() <= RECORDING_ID_MAX && id.bytes().all(plain)
}

fn rung_named(name: &str) -> Option<RungId> {
    RungId::ALL.into_iter().find(|rung| rung.name() == name)
}

/// One spelling a number: `08` would be a second name for the same bytes.
fn number(text: &str) -> Option<u64> {
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    canonical.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use packager::playlist::{init_name, part_name, playlist_name, segment_name};

    use super::*;

    #[test]
    fn every_name_a_playlist_gives_is_found_again() {
        let position = Position { msn: Msn(12), part: PartIndex(3) };
        for rung in RungId::ALL {
            for (name, expected) in [
                (playlist_name(rung, Kind::Parts), RunResource::Playlist(rung, Kind::Parts)),
                (playlist_name(rung, Kind::Whole), RunResource::Playlist(rung, Kind::Whole)),
                (playlist_name(rung, Kind::Dvr), RunResource::Playlist(rung, Kind::Dvr)),
                (format!("rec/019-a/{rung}.m3u8"), RunResource::Recording("019-a", Some(rung))),
                ("rec/019-a/index.m3u8".into(), RunResource::Recording("019-a", None)),
                (init_name(rung), RunResource::Init(rung)),
                (segment_name(rung, Msn(12)), RunResource::Segment(rung, Msn(12))),
                (part_name(rung, position), RunResource::Part(rung, position)),
            ] {
                assert_eq!(
                    parse(&format!("studio/r1/{name}")),
                    Some(("studio", Resource::OfRun("r1", expected)))
                );
            }
        }
    }

    #[test]
    fn what_no_playlist_names_is_nothing() {
        for path in [
            "studio",
            "studio/",
            "studio/r1/../main.m3u8",
            "studio/r1/main/08.m4s",
            "studio/r1/main/8.00.m4s",
            "studio/r1/main/8.99999.m4s",
            "studio/r1/main/-1.m4s",
            "studio/r1/main/.m4s",
            "studio/r1/other.m3u8",
            "studio/r1/main.dvr.standard.m3u8",
            "studio/r1/rec/main.m3u8",
            "studio/r1/rec//main.m3u8",
            "studio/r1/rec/../main.m3u8",
            "studio/r1/rec/a/other.m3u8",
            "studio/R1/main.m3u8",
            "studio/r1/main/99999999999999999999.m4s",
        ] {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
