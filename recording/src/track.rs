//! What an init section says of its rung.

use std::io;

use bytes::Bytes;
use media::{Codec, Rung, Timescale, TrackInfo};
use mp4_atom::{Any, Buf, DecodeMaybe, Moov};

/// The sample entry of the only track in the init section `init`.
pub(crate) fn sample_entry(init: &Bytes) -> io::Result<mp4_atom::Codec> {
    let mut rest = init.as_ref();
    while rest.has_remaining() {
        match Any::decode_maybe(&mut rest).map_err(|error| invalid(&error))? {
            Some(Any::Moov(moov)) => return only_entry(moov),
            Some(_) => {}
            None => break,
        }
    }
    Err(invalid("it has no moov"))
}

fn only_entry(moov: Moov) -> io::Result<mp4_atom::Codec> {
    let track = moov.trak.into_iter().next().ok_or_else(|| invalid("it has no track"))?;
    let entries = track.mdia.minf.stbl.stsd.codecs;
    entries.into_iter().next().ok_or_else(|| invalid("its track has no sample entry"))
}

/// `rung` as a track for a decoder, with the configuration of its init section.
pub(crate) fn of(rung: &Rung, init: &Bytes) -> io::Result<TrackInfo> {
    let config = match (rung.codec, sample_entry(init)?) {
        (Codec::Opus, mp4_atom::Codec::Opus(_)) => Bytes::new(),
        (_, mp4_atom::Codec::Mp4a(entry)) => {
            let specific = entry.esds.es_desc.dec_config.dec_specific;
            specific.ok_or_else(|| invalid("it has no AudioSpecificConfig"))?.raw.into()
        }
        _ => return Err(invalid("it is of another codec")),
    };
    Ok(TrackInfo {
        codec: rung.codec,
        timescale: Timescale::PROGRAMME,
        sample_rate: Timescale::PROGRAMME.hz(),
        channels: rung.channels,
        config,
    })
}

fn invalid(why: &(impl ToString + ?Sized)) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("an init section cannot be read: {}", why.to_string()))
}

#[cfg(test)]
mod tests {
    use media::AudioProfile;
    use packager::InitSection;

    use super::*;

    #[test]
    fn an_init_section_tells_its_configuration() {
        let [main, low, opus] = AudioProfile::Standard.rungs();
        let track = of(&main, InitSection::new(&main, &[0x11, 0x90]).bytes()).unwrap();
        assert_eq!((track.codec, &track.config[..]), (Codec::AacLc, &[0x11, 0x90][..]));
        assert!(of(&opus, InitSection::new(&opus, &[]).bytes()).unwrap().config.is_empty());
        assert!(of(&low, InitSection::new(&opus, &[]).bytes()).is_err());
    }

    #[test]
    fn what_is_no_init_section_is_refused() {
        let whole = InitSection::new(&AudioProfile::Voice.rungs()[0], &[0x11, 0x88]);
        for cut in [0, 4, 40, whole.bytes().len() - 1] {
            assert!(sample_entry(&whole.bytes().slice(..cut)).is_err(), "{cut}");
        }
    }
}
