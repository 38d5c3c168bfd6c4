use super::*;
use proptest::prelude::*;

const PLAIN: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mp4\r\ncontent-length: 5\r\n\r\nhello";
const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
    3;note=x\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: yes\r\n\r\n";

fn keeping() -> ResponseReader {
    let mut reader = ResponseReader::new();
    reader.expect(Keep::Body);
    reader
}

/// Every response in `bytes`, given to the reader `step` bytes at a time.
fn responses(bytes: &[u8], step: usize) -> Result<Vec<Response>, ReadError> {
    let mut reader = keeping();
    let mut whole = Vec::new();
    for piece in bytes.chunks(step) {
        let mut rest = piece;
        while !rest.is_empty() {
            let (used, response) = reader.read(rest)?;
            whole.extend(response);
            rest = &rest[used..];
        }
    }
    whole.extend(reader.end()?);
    Ok(whole)
}

fn hello() -> Response {
    Response { status: 200, length: 5, body: b"hello".to_vec(), ..Response::default() }
}

#[test]
fn a_response_reads_the_same_however_it_is_split() {
    for whole in [PLAIN, CHUNKED] {
        for step in 1..=whole.len() {
            assert_eq!(responses(whole, step), Ok(vec![hello()]), "{step} bytes at a time");
        }
    }
}

#[test]
fn responses_follow_each_other_on_one_connection() {
    let bytes = [PLAIN, CHUNKED, b"HTTP/1.1 204 No Content\r\n\r\n", PLAIN].concat();
    let statuses: Vec<u16> = responses(&bytes, 7).unwrap().iter().map(|response| response.status).collect();
    assert_eq!(statuses, [200, 200, 204, 200]);
}

#[test]
fn refusals_are_counted_and_not_kept() {
    let bytes = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nbusy\
        HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let got = responses(bytes, bytes.len()).unwrap();
    assert_eq!((got[0].status, got[0].length, got[0].body.len()), (503, 4, 0));
    assert_eq!((got[1].status, got[1].close), (404, true));
}

#[test]
fn a_body_that_is_not_wanted_is_only_counted() {
    let mut reader = ResponseReader::new();
    let (used, response) = reader.read(PLAIN).unwrap();
    let response = response.unwrap();
    assert_eq!((used, response.length, response.body.is_empty()), (PLAIN.len(), 5, true));
}

#[test]
fn a_close_in_the_middle_is_a_truncation() {
    for end in 1..PLAIN.len() {
        assert_eq!(responses(&PLAIN[..end], 64), Err(ReadError::Truncated), "after {end} bytes");
    }
    for end in 1..CHUNKED.len() {
        assert_eq!(responses(&CHUNKED[..end], 64), Err(ReadError::Truncated), "after {end} bytes");
    }
    assert_eq!(keeping().end(), Ok(None), "between responses a close is in order");
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let got = responses(b"HTTP/1.0 200 OK\r\n\r\nhello", 9).unwrap();
    assert_eq!(got, [Response { close: true, ..hello() }]);
}

#[test]
fn interim_responses_are_read_past_but_not_for_ever() {
    let bytes = [b"HTTP/1.1 103 Early Hints\r\n\r\n", PLAIN].concat();
    assert_eq!(responses(&bytes, 11), Ok(vec![hello()]));
    assert_eq!(responses(&b"HTTP/1.1 100 Continue\r\n\r\n".repeat(9), 50), Err(ReadError::TooLarge));
}

#[test]
fn gzip_is_told_and_other_codings_are_refused() {
    let gzip = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n";
    assert!(responses(gzip, 99).unwrap()[0].gzip);
    let brotli = b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(responses(brotli, 99), Err(ReadError::Coding));
}

#[test]
fn what_is_not_http_is_refused() {
    for bytes in [
        &b"\r\n\r\n"[..],
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20x OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 099 Low\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    ] {
        let got = responses(bytes, 1024);
        assert!(
            matches!(got, Err(ReadError::Malformed | ReadError::TooLarge)),
            "{:?} gave {got:?}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn everything_has_a_bound() {
    let head = [b"HTTP/1.1 200 OK\r\nX: ", &b"y".repeat(HEAD_MAX)[..]].concat();
    assert_eq!(responses(&head, 1000), Err(ReadError::TooLarge));
    let body = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", BODY_MAX + 1);
    assert_eq!(responses(body.as_bytes(), 1000), Err(ReadError::TooLarge));
    let chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n";
    let endless = [&chunk[..], &b"z".repeat(BODY_MAX as usize + 1)].concat();
    assert_eq!(responses(&endless, 1 << 20), Err(ReadError::TooLarge));
    let line = [&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"[..], &b"e".repeat(300)].concat();
    assert_eq!(responses(&line, 100), Err(ReadError::TooLarge));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic_or_stand_still(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let with_head = [&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..], &bytes].concat();
        for input in [&bytes, &with_head] {
            let mut reader = keeping();
            let mut rest = &input[..];
            while !rest.is_empty() {
                let Ok((used, _)) = reader.read(rest) else { break };
                prop_assert!(used > 0);
                rest = &rest[used..];
            }
        }
    }
}
