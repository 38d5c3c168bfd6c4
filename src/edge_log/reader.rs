//! A log, line by line, whatever its length and its lines'.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::Tally;
use super::entry::{Columns, Line};

/// Longest line that is read. An address has 8 KB at most, a query with it.
const LINE_MAX: usize = 64 * 1024;

/// Counts what stands in a file; `-` is standard input. What begins as gzip does is unpacked.
///
/// # Errors
/// What the file system says, and what is wrong with the gzip.
pub fn count_file(path: &Path, tally: &mut Tally) -> io::Result<()> {
    if path == Path::new("-") {
        return count(BufReader::new(io::stdin().lock()), tally);
    }
    count(BufReader::new(File::open(path)?), tally)
}

/// Counts what `log` has.
///
/// # Errors
/// What reading says.
pub fn count(mut log: impl BufRead, tally: &mut Tally) -> io::Result<()> {
    if log.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return count_plain(BufReader::new(MultiGzDecoder::new(log)), tally);
    }
    count_plain(log, tally)
}

fn count_plain(mut log: impl BufRead, tally: &mut Tally) -> io::Result<()> {
    let mut columns = None;
    let mut line = Vec::new();
    while next_line(&mut log, &mut line)? {
        let Ok(text) = str::from_utf8(&line) else {
            tally.unreadable += 1;
            continue;
        };
        if text.starts_with('#') {
            columns = Columns::parse(text).or(columns);
            continue;
        }
        match Line::parse(text, columns.as_ref()) {
            Line::Media(entry) => tally.add(&entry),
            Line::Elsewhere => tally.elsewhere += 1,
            Line::Unreadable if text.is_empty() => {}
            Line::Unreadable => tally.unreadable += 1,
        }
    }
    Ok(())
}

/// Reads a line without its end into `line`; false at the end of the log. Of one that is too long the beginning is
/// kept, which is no line then.
fn next_line(log: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = log.by_ref().take(LINE_MAX as u64).read_until(b'\n', line)?;
    if read == 0 {
        return Ok(false);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    } else if read == LINE_MAX {
        log.skip_until(b'\n')?;
        line.truncate(1);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const LINE: &str = "1\t192.0.2.7\tGET\t/live/evening/r1/main/8.m4s\t200\t5\tHIT\tcurl\n";

    fn counted(log: &[u8]) -> Tally {
        let mut tally = Tally::default();
        count(log, &mut tally).unwrap();
        tally
    }

    #[test]
    fn plain_and_gzip_are_read_alike() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(LINE.repeat(3).as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        // Files that were put together are several streams.
        for log in [LINE.repeat(6).into_bytes(), [packed.clone(), packed].concat()] {
            assert_eq!(counted(&log).all().all().requests, 6);
        }
    }

    #[test]
    fn a_line_without_end_is_not_kept_and_what_follows_is_read() {
        let long = "x".repeat(3 * LINE_MAX);
        let tally = counted(format!("{LINE}{long}\n{LINE}").as_bytes());
        assert_eq!((tally.all().all().requests, tally.unreadable), (2, 1));
    }

    #[test]
    fn what_is_no_text_is_counted_and_passed_over() {
        let tally = counted(&[LINE.as_bytes(), b"\xff\xfe\n\n", LINE.as_bytes()].concat());
        assert_eq!((tally.all().all().requests, tally.unreadable), (2, 1));
    }

    #[test]
    fn a_packed_log_that_breaks_off_is_an_error() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(LINE.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        assert!(count(&packed[..packed.len() - 9], &mut Tally::default()).is_err());
    }
}
