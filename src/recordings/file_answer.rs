//! A file as HTTP answers with it: whole or in a range, read as the client takes it (RFC 9110 13, 14).

use std::fmt::Write;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use origin::range::{self, Asked};
use tokio::task::JoinHandle;

/// Characters of a file's name.
const NAME_MAX: usize = 120;

/// A file that is whole, however it comes to be.
pub trait WholeFile: Send + Sync + 'static {
    /// Its length in bytes.
    fn size(&self) -> u64;

    /// Names its bytes (RFC 9110 8.8.3), with quotes.
    fn etag(&self) -> &str;

    /// Its media type.
    fn media_type(&self) -> &'static str;

    /// How the names of such files end.
    fn ending(&self) -> &'static str;

    /// The beginning of a range of its bytes, not empty. Blocks.
    fn read(&self, range: Range<u64>) -> io::Result<Bytes>;
}

/// The answer to a GET or HEAD of `file`, which is saved under `title` and its ending. A range is given where
/// `If-Range` names these very bytes.
pub fn answer(file: &Arc<impl WholeFile>, title: &str, method: &Method, asked: &HeaderMap) -> Response<Body> {
    let text = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
    let mut answer = Response::new(Body::empty());
    let put = |answer: &mut Response<Body>, name: HeaderName, value: &str| {
        let value = HeaderValue::from_str(value).expect("names are escaped, and all else is ASCII of ours");
        answer.headers_mut().insert(name, value);
    };
    put(&mut answer, ETAG, file.etag());
    put(&mut answer, ACCEPT_RANGES, "bytes");
    // Who may have it is asked each time; what it is does not change under one ETag.
    put(&mut answer, CACHE_CONTROL, "private, no-cache");
    if text(IF_NONE_MATCH).is_some_and(|tags| tags == "*" || tags.split(',').any(|tag| is(tag, file.etag())))
    {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return answer;
    }
    let size = file.size();
    let same = text(IF_RANGE).is_none_or(|tag| tag.trim() == file.etag());
    let range = match range::parse(text(RANGE).filter(|_| same), usize::try_from(size).unwrap_or(usize::MAX))
    {
        Asked::All => 0..size,
        Asked::Part(part) => {
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
            put(&mut answer, CONTENT_RANGE, &format!("bytes {}-{}/{size}", part.start, part.end - 1));
            part.start as u64..part.end as u64
        }
        Asked::Unsatisfiable => {
            *answer.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            put(&mut answer, CONTENT_RANGE, &format!("bytes */{size}"));
            return answer;
        }
    };
    put(&mut answer, CONTENT_TYPE, file.media_type());
    put(&mut answer, CONTENT_LENGTH, &(range.end - range.start).to_string());
    put(&mut answer, CONTENT_DISPOSITION, &disposition(title, file.ending()));
    if method != Method::HEAD {
        *answer.body_mut() =
            Body::new(FileBody { file: Arc::clone(file) as Arc<dyn WholeFile>, range, reading: None });
    }
    answer
}

/// Whether a tag of `If-None-Match`, weak or not, names this file.
fn is(tag: &str, own: &str) -> bool {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag) == own
}

/// `Content-Disposition` with a name that no file system minds (RFC 6266; RFC 8187 for what is not ASCII).
fn disposition(title: &str, ending: &str) -> String {
    let kept = |letter: char| !letter.is_control() && !r#"/\:*?"<>|"#.contains(letter);
    let name: String =
        title.chars().map(|letter| if kept(letter) { letter } else { ' ' }).take(NAME_MAX).collect();
    let words: Vec<_> =
        name.split_whitespace().filter(|word| word.chars().any(|letter| letter != '.')).collect();
    let name = words.join(" ");
    let name = match name.trim_matches('.') {
        "" => "recording",
        name => name,
    };
    let plain: String =
        name.chars().map(|letter| if letter.is_ascii() && letter != '%' { letter } else { '_' }).collect();
    let mut out = format!("attachment; filename=\"{plain}.{ending}\"");
    if plain != name {
        out.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                write!(out, "%{byte:02X}").expect("memory takes whatever is written");
            }
        }
        write!(out, ".{ending}").expect("memory takes whatever is written");
    }
    out
}

/// A range of a file: a segment is read when the one before has been sent.
struct FileBody {
    file: Arc<dyn WholeFile>,
    range: Range<u64>,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.range.is_empty() {
            return Poll::Ready(None);
        }
        let (file, range) = (Arc::clone(&self.file), self.range.clone());
        let reading =
            self.reading.get_or_insert_with(|| tokio::task::spawn_blocking(move || file.read(range)));
        let read = ready!(Pin::new(reading).poll(cx));
        self.reading = None;
        let read = read.unwrap_or_else(|stopping| Err(io::Error::other(stopping)));
        // The length is told already: a file that ends early is an error, and the connection says so by its end.
        let read = read.and_then(|bytes| {
            if bytes.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
        });
        Poll::Ready(Some(match read {
            Ok(bytes) => {
                self.range.start += bytes.len() as u64;
                Ok(Frame::data(bytes))
            }
            Err(error) => {
                self.range.start = self.range.end;
                Err(error)
            }
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.range.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.range.end - self.range.start)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use media::MediaDuration;
    use packager::RunId;
    use recording::{Chapters, Tags};

    use super::super::downloads::{Downloads, Form, Planned, Wanted};
    use super::super::on_disk::{FRAMES, START, record};
    use super::*;

    async fn file(root: &std::path::Path) -> Arc<Planned> {
        record(root, "b1");
        let wanted = Wanted {
            broadcast: "b1".into(),
            run: RunId::parse("r1").unwrap(),
            from: START,
            to: START + MediaDuration::from_ticks(FRAMES),
            form: Form::M4a,
            tags: Tags::default(),
            chapters: Chapters::default(),
        };
        Downloads::new(root.to_owned(), None).plan(wanted).await.unwrap()
    }

    /// The status, the headers and the body of the answer to a request with these headers.
    async fn get(file: &Arc<Planned>, asked: &[(HeaderName, &str)]) -> (StatusCode, HeaderMap, Bytes) {
        let asked = asked.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        let (parts, body) = answer(file, "An evening", &Method::GET, &asked).into_parts();
        (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
    }

    #[tokio::test]
    async fn a_range_is_that_stretch_of_the_whole_and_only_of_the_same_file() {
        let root = tempfile::tempdir().unwrap();
        let file = file(root.path()).await;
        let (status, headers, whole) = get(&file, &[]).await;
        assert_eq!((status, whole.len() as u64), (StatusCode::OK, file.size()));
        assert_eq!(headers[CONTENT_TYPE], "audio/mp4");
        assert_eq!(headers[ACCEPT_RANGES], "bytes");

        let (status, headers, part) = get(&file, &[(RANGE, "bytes=100-40000")]).await;
        assert_eq!(status, StatusCode::PARTIAL_CONTENT);
        assert_eq!(headers[CONTENT_RANGE], format!("bytes 100-40000/{}", whole.len()));
        assert_eq!(part, whole.slice(100..=40_000));

        let same = get(&file, &[(RANGE, "bytes=0-9"), (IF_RANGE, file.etag())]).await;
        assert_eq!((same.0, same.2.len()), (StatusCode::PARTIAL_CONTENT, 10));
        for other in ["\"another\"", &format!("W/{}", file.etag())] {
            let all = get(&file, &[(RANGE, "bytes=0-9"), (IF_RANGE, other)]).await;
            assert_eq!((all.0, all.2.len()), (StatusCode::OK, whole.len()), "{other}");
        }

        let (status, headers, _) = get(&file, &[(RANGE, "bytes=99999999-")]).await;
        assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(headers[CONTENT_RANGE], format!("bytes */{}", whole.len()));
        let (status, _, body) = get(&file, &[(IF_NONE_MATCH, file.etag())]).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
    }

    #[tokio::test]
    async fn a_head_tells_what_a_get_would_send() {
        let root = tempfile::tempdir().unwrap();
        let file = file(root.path()).await;
        let head = answer(&file, "An evening", &Method::HEAD, &HeaderMap::new());
        assert_eq!(head.headers()[CONTENT_LENGTH], file.size().to_string());
        assert_eq!(head.headers()[CONTENT_DISPOSITION], "attachment; filename=\"An evening.m4a\"");
        assert!(head.into_body().collect().await.unwrap().to_bytes().is_empty());
    }

    #[tokio::test]
    async fn a_file_that_goes_while_it_is_sent_ends_in_an_error() {
        let root = tempfile::tempdir().unwrap();
        let file = file(root.path()).await;
        std::fs::remove_dir_all(root.path().join("b1")).unwrap();
        let body = answer(&file, "An evening", &Method::GET, &HeaderMap::new()).into_body();
        assert!(body.collect().await.is_err());
    }

    #[test]
    fn a_name_is_safe_to_save_under_and_says_what_it_can() {
        for (title, expected) in [
            ("An evening", "attachment; filename=\"An evening.m4a\""),
            ("../../etc/passwd", "attachment; filename=\"etc passwd.m4a\""),
            ("a\"b\r\nSet-Cookie: x", "attachment; filename=\"a b Set-Cookie x.m4a\""),
            ("  ...  ", "attachment; filename=\"recording.m4a\""),
            ("", "attachment; filename=\"recording.m4a\""),
            ("50 %", "attachment; filename=\"50 _.m4a\"; filename*=UTF-8''50%20%25.m4a"),
            ("Grüße", "attachment; filename=\"Gr__e.m4a\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.m4a"),
        ] {
            assert_eq!(disposition(title, "m4a"), expected, "{title:?}");
        }
        assert!(disposition(&"x".repeat(500), "opus").len() < 200);
    }
}
