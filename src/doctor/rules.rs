//! Rules that a playlist keeps by itself, without a clock or a network.
//!
//! Each answers with what it saw, or with what is wrong. Sections are those of
//! draft-pantos-hls-rfc8216bis.

use super::playlist::{Media, Multivariant, Position, number};

type Outcome = Result<String, String>;

/// Seconds that printed durations may be off by rounding.
const ROUNDING: f64 = 0.001;

fn need(holds: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(wrong()) }
}

/// 4.4.6.2: what a player needs to choose.
pub(super) fn variants(multivariant: &Multivariant) -> Outcome {
    for (attributes, uri) in &multivariant.variants {
        let bandwidth = number(attributes, "BANDWIDTH").unwrap_or(0.0);
        need(bandwidth > 0.0, || format!("{uri} has no BANDWIDTH above 0"))?;
        need(attributes.contains_key("CODECS"), || format!("{uri} has no CODECS"))?;
    }
    need(multivariant.independent, || "EXT-X-INDEPENDENT-SEGMENTS is missing".to_owned())?;
    Ok(format!("{} with BANDWIDTH and CODECS", multivariant.variants.len()))
}

/// 4.3.1 and 8: the first lines.
pub(super) fn head(media: &Media) -> Outcome {
    need(media.headed, || "#EXTM3U is not its first line".to_owned())?;
    let version = media.version.unwrap_or(1);
    need(version >= 6, || format!("version {version} is too low for EXT-X-MAP in it (6)"))?;
    need(version >= 9 || !media.control.contains_key("CAN-SKIP-UNTIL"), || {
        format!("version {version} is too low for EXT-X-SKIP (9)")
    })?;
    Ok(format!("version {version}"))
}

/// 4.4.3.1: no segment longer than the target.
pub(super) fn target_duration(media: &Media) -> Outcome {
    let target = media.target.ok_or("EXT-X-TARGETDURATION is missing")?;
    for segment in &media.segments {
        need(segment.duration.round() <= f64::from(target), || {
            format!("a segment lasts {} s, the target is {target}", segment.duration)
        })?;
    }
    Ok(format!("{target} s, {} segments within it", media.segments.len()))
}

/// 4.4.3.7 and 4.4.4.9: parts within their target, and not too short.
pub(super) fn parts(media: &Media) -> Outcome {
    let target = media.part_target.ok_or("EXT-X-PART-INF is missing: there are no parts")?;
    let mut count = 0;
    for segment in &media.segments {
        for (index, part) in segment.parts.iter().enumerate() {
            count += 1;
            need(part.duration <= target + ROUNDING, || {
                format!("a part lasts {} s, the target is {target}", part.duration)
            })?;
            let exempt = part.independent || part.gap || index + 1 == segment.parts.len();
            need(exempt || part.duration >= 0.85 * target - ROUNDING, || {
                format!("a part lasts {} s, under 85 % of {target}", part.duration)
            })?;
        }
    }
    need(count > 0, || "no part is listed".to_owned())?;
    Ok(format!("{count} of at most {target} s"))
}

/// 4.4.3.8: what the server can, and how far behind to stay.
pub(super) fn server_control(media: &Media) -> Outcome {
    let control = &media.control;
    need(control.get("CAN-BLOCK-RELOAD").is_some_and(|value| value == "YES"), || {
        "CAN-BLOCK-RELOAD=YES is missing".to_owned()
    })?;
    let part_target = media.part_target.ok_or("EXT-X-PART-INF is missing")?;
    let target = f64::from(media.target.unwrap_or(0));
    let hold_back = number(control, "PART-HOLD-BACK").ok_or("PART-HOLD-BACK is missing")?;
    need(hold_back >= 3.0 * part_target - ROUNDING, || {
        format!("PART-HOLD-BACK={hold_back} is under three part targets of {part_target}")
    })?;
    if let Some(whole) = number(control, "HOLD-BACK") {
        need(whole >= 3.0 * target - ROUNDING, || {
            format!("HOLD-BACK={whole} is under three targets of {target}")
        })?;
    }
    let skip = number(control, "CAN-SKIP-UNTIL").ok_or("CAN-SKIP-UNTIL is missing: no delta updates")?;
    need(skip >= 6.0 * target - ROUNDING, || {
        format!("CAN-SKIP-UNTIL={skip} is under six targets of {target}")
    })?;
    Ok(format!("blocking reload, {hold_back} s behind, delta updates"))
}

/// B.1: every Media Playlist tells the civil time of its sound.
pub(super) fn date_time(media: &Media) -> Outcome {
    let with: Vec<&str> = media.segments.iter().filter_map(|segment| segment.date_time.as_deref()).collect();
    let first = with.first().ok_or("EXT-X-PROGRAM-DATE-TIME is missing")?;
    for text in &with {
        let zone = text.ends_with('Z')
            || text.get(text.len().saturating_sub(6)..).is_some_and(|end| end.starts_with(['+', '-']));
        need(zone, || format!("{text} has no time zone"))?;
        need(text.contains('.'), || format!("{text} has no milliseconds"))?;
    }
    Ok(format!("on {} segments, from {first}", with.len()))
}

/// 4.4.5.3: one hint to the next part while live.
pub(super) fn hint(media: &Media) -> Outcome {
    match media.hints.as_slice() {
        [hint] => Ok(hint.clone()),
        [] => Err("EXT-X-PRELOAD-HINT is missing".to_owned()),
        hints => Err(format!("{} hints of type PART", hints.len())),
    }
}

/// 6.2.1 and 4.4.3.5: as long as a player needs, and free to slide.
pub(super) fn window(media: &Media) -> Outcome {
    let least = 3.0 * f64::from(media.target.unwrap_or(0));
    let duration = media.duration();
    need(duration >= least - ROUNDING, || {
        format!("{duration:.2} s are listed, less than three targets ({least} s)")
    })?;
    need(media.kind.as_deref() != Some("VOD"), || "a live playlist has PLAYLIST-TYPE:VOD".to_owned())?;
    Ok(format!("{duration:.1} s in {} segments", media.segments.len()))
}

/// The last part that is listed.
pub(super) fn last(media: &Media) -> Option<Position> {
    let index = media.segments.iter().rposition(|segment| !segment.parts.is_empty())?;
    Some((media.first() + index as u64, media.segments[index].parts.len() as u64 - 1))
}

/// 4.4.5.4: a report for each of `others` other playlists, as fresh as this one.
pub(super) fn reports(media: &Media, others: usize) -> Outcome {
    need(media.reports.len() == others, || {
        format!("{} EXT-X-RENDITION-REPORT for {others} other playlists", media.reports.len())
    })?;
    let own = last(media).ok_or("no part is listed")?;
    for report in &media.reports {
        let uri = report.get("URI").map_or("a report without URI", String::as_str);
        let number = |name: &str| report.get(name).and_then(|value| value.parse::<u64>().ok());
        let told = number("LAST-MSN").zip(number("LAST-PART"));
        let told = told.ok_or_else(|| format!("{uri}: LAST-MSN or LAST-PART is missing"))?;
        need(told >= own, || format!("{uri} is said to be at {told:?}, this playlist is at {own:?}"))?;
        need(!uri.contains("://"), || format!("{uri} is not relative"))?;
    }
    Ok(format!("{others}, at segment {} part {}", own.0, own.1))
}

/// 6.2.1: what may change from one playlist to a later one.
pub(super) fn successor(before: &Media, after: &Media) -> Result<(), String> {
    need(before.target == after.target, || "EXT-X-TARGETDURATION changed".to_owned())?;
    need(before.part_target == after.part_target, || "PART-TARGET changed".to_owned())?;
    need(before.control == after.control, || "EXT-X-SERVER-CONTROL changed".to_owned())?;
    need(before.version == after.version, || "EXT-X-VERSION changed".to_owned())?;
    need(after.sequence >= before.sequence, || {
        format!("EXT-X-MEDIA-SEQUENCE went back from {} to {}", before.sequence, after.sequence)
    })?;
    need(after.next() >= before.next(), || "the end of the playlist went back".to_owned())?;
    for (index, segment) in before.segments.iter().enumerate() {
        let msn = before.first() + index as u64;
        let Some(later) =
            msn.checked_sub(after.first()).and_then(|at| after.segments.get(usize::try_from(at).ok()?))
        else {
            continue;
        };
        need(segment.uri.is_none() || segment.uri == later.uri, || {
            format!("segment {msn} changed its address")
        })?;
    }
    Ok(())
}

/// 6.2.5.1: a delta update of `whole` says what it left out.
pub(super) fn delta(whole: &Media, delta: &Media) -> Outcome {
    let skipped = delta.skipped.ok_or("asked with _HLS_skip=YES, the answer has no EXT-X-SKIP")?;
    need(delta.sequence >= whole.sequence, || {
        "its EXT-X-MEDIA-SEQUENCE is not that of the whole".to_owned()
    })?;
    need(delta.next() >= whole.next(), || {
        format!(
            "skipped and listed segments end at {:?}, the whole ended at {:?}",
            delta.next(),
            whole.next()
        )
    })?;
    let until = number(&whole.control, "CAN-SKIP-UNTIL").unwrap_or(0.0);
    let listed: f64 = delta.duration();
    need(
        listed >= until - f64::from(whole.target.unwrap_or(0))
            || delta.segments.len() >= whole.segments.len(),
        || format!("{listed:.1} s are left, the skip boundary is {until} s from the end"),
    )?;
    Ok(format!("{skipped} segments skipped"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "#EXTM3U\n#EXT-X-VERSION:10\n#EXT-X-TARGETDURATION:4\n\
        #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.92,HOLD-BACK=12,CAN-SKIP-UNTIL=24\n\
        #EXT-X-PART-INF:PART-TARGET=0.64\n#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-MAP:URI=\"i.mp4\"\n\
        #EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n#EXTINF:3.84,\na\n#EXTINF:3.84,\nb\n#EXTINF:3.84,\nc\n\
        #EXTINF:3.84,\nd\n#EXT-X-PART:DURATION=0.64,INDEPENDENT=YES,URI=\"e.0\"\n\
        #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"e.1\"\n#EXT-X-RENDITION-REPORT:URI=\"o.m3u8\",LAST-MSN=9,LAST-PART=0\n";

    fn with(old: &str, new: &str) -> Media {
        assert!(GOOD.contains(old), "{old}");
        Media::read(&GOOD.replacen(old, new, 1))
    }

    #[test]
    fn a_good_playlist_keeps_every_rule() {
        let media = Media::read(GOOD);
        for rule in [head, target_duration, parts, server_control, date_time, hint, window] {
            rule(&media).unwrap();
        }
        reports(&media, 1).unwrap();
        successor(&media, &media).unwrap();
    }

    #[test]
    fn each_rule_sees_its_fault() {
        head(&with("VERSION:10", "VERSION:8")).unwrap_err();
        head(&with("#EXTM3U\n", "")).unwrap_err();
        target_duration(&with("EXTINF:3.84", "EXTINF:4.5")).unwrap_err();
        parts(&with("DURATION=0.64", "DURATION=0.70")).unwrap_err();
        parts(&with("#EXT-X-PART-INF:PART-TARGET=0.64\n", "")).unwrap_err();
        server_control(&with("CAN-BLOCK-RELOAD=YES,", "")).unwrap_err();
        server_control(&with("PART-HOLD-BACK=1.92", "PART-HOLD-BACK=1.6")).unwrap_err();
        server_control(&with(",HOLD-BACK=12", ",HOLD-BACK=8")).unwrap_err();
        server_control(&with("CAN-SKIP-UNTIL=24", "CAN-SKIP-UNTIL=20")).unwrap_err();
        date_time(&with("00.000Z", "00.000")).unwrap_err();
        hint(&with("#EXT-X-PRELOAD-HINT:TYPE=PART", "#EXT-X-PRELOAD-HINT:TYPE=MAP")).unwrap_err();
        window(&with("#EXTINF:3.84,\na\n#EXTINF:3.84,\nb\n", "")).unwrap_err();
        reports(&with("LAST-PART=0", "LAST-X=0"), 1).unwrap_err();
        reports(&with("LAST-MSN=9", "LAST-MSN=8"), 1).unwrap_err();
        reports(&Media::read(GOOD), 2).unwrap_err();
    }

    #[test]
    fn a_later_playlist_may_grow_and_slide_and_nothing_else() {
        let before = Media::read(GOOD);
        successor(&before, &with("#EXT-X-MEDIA-SEQUENCE:5", "#EXT-X-MEDIA-SEQUENCE:6")).unwrap_err();
        successor(&before, &with("SEQUENCE:5", "SEQUENCE:4")).unwrap_err();
        successor(&before, &with("\nb\n", "\nB\n")).unwrap_err();
        successor(&before, &with("PART-HOLD-BACK=1.92", "PART-HOLD-BACK=2")).unwrap_err();
        let slid = GOOD.replacen("#EXTINF:3.84,\na\n", "", 1).replacen("SEQUENCE:5", "SEQUENCE:6", 1);
        successor(&before, &Media::read(&slid)).unwrap();
    }
}
