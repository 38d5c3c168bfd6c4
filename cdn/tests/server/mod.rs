//! An S3 server of the tests' own, which is not ours: `s3s-fs` over a folder that goes with it. In front of it
//! stands a door that a test can shut in several ways, and a book of what was stored. Included by path.

#![allow(dead_code, reason = "included by path, and each test uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cdn::{Access, Bucket, ObjectStore, Patience, S3};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

const BUCKET: &str = "radio";
const KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI";

/// How the server is today.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mood {
    /// It does what it is asked for.
    Well,
    /// It breaks connections off.
    Away,
    /// It takes requests and answers none.
    Stalled,
    /// It answers 503.
    Busy,
    /// It does what it is asked for and breaks the connection off before it has said so.
    Forgetful,
}

/// What was asked of it.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Names of what was stored, in the order in which that was done; with the length of each.
    pub(crate) stored: Vec<(String, u64)>,
    /// Requests that it did not serve.
    pub(crate) turned_away: u64,
}

/// The server.
pub(crate) struct S3Server {
    folder: TempDir,
    address: SocketAddr,
    mood: watch::Sender<Mood>,
    /// What was asked of it.
    pub(crate) book: Arc<Mutex<Book>>,
}

impl S3Server {
    /// Starts one, well and with an empty bucket. It ends with the runtime.
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mood, moods) = watch::channel(Mood::Well);
        let book = Arc::new(Mutex::new(Book::default()));
        let door = Door { service, moods, book: book.clone() };
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let door = door.clone();
                tokio::spawn(async move {
                    let serve = service_fn(move |request| door.clone().open(request));
                    // A connection that the door breaks off ends with an error, as it should.
                    auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(socket), serve)
                        .await
                        .ok();
                });
            }
        });
        Self { folder, address, mood, book }
    }

    /// Its bucket.
    pub(crate) fn bucket(&self) -> Bucket {
        Bucket { name: BUCKET.into(), endpoint: Some(format!("http://{}", self.address)), region: None }
    }

    /// The keys that it takes.
    pub(crate) fn access() -> Access {
        Access::Keys { id: KEY_ID.into(), secret: SECRET.into(), session_token: None }
    }

    /// A client of it, which waits for a second at the most.
    pub(crate) async fn store(&self) -> ObjectStore {
        let second = Duration::from_secs(1);
        let patience = Patience { connect: second, request: second };
        ObjectStore::S3(S3::open(&self.bucket(), &Self::access(), patience).await)
    }

    /// Changes how it is; requests that it has not answered are broken off.
    pub(crate) fn becomes(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// Requests that it did not serve so far.
    pub(crate) fn turned_away(&self) -> u64 {
        self.book.lock().unwrap().turned_away
    }

    /// The names of all objects.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.book.lock().unwrap().stored.iter().map(|(name, _)| name.clone()).collect()
    }

    /// How often each name was stored, where that is more than once.
    pub(crate) fn repeated(&self) -> Vec<String> {
        let book = self.book.lock().unwrap();
        let mut seen = BTreeSet::new();
        book.stored
            .iter()
            .filter(|(name, _)| !seen.insert(name.clone()))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// The file in which an object is.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(BUCKET).join(name)
    }
}

#[derive(Clone)]
struct Door {
    service: S3Service,
    moods: watch::Receiver<Mood>,
    book: Arc<Mutex<Book>>,
}

/// The connection is broken off.
#[derive(Debug, thiserror::Error)]
#[error("broken off")]
struct BrokenOff;

impl Door {
    async fn open(mut self, request: Request<Incoming>) -> Result<Response<s3s::Body>, BrokenOff> {
        let mood = *self.moods.borrow_and_update();
        if !matches!(mood, Mood::Well | Mood::Forgetful) {
            self.book.lock().unwrap().turned_away += 1;
        }
        match mood {
            Mood::Well => Ok(self.serve(request).await),
            Mood::Forgetful => {
                self.serve(request).await;
                self.book.lock().unwrap().turned_away += 1;
                Err(BrokenOff)
            }
            Mood::Away => Err(BrokenOff),
            Mood::Stalled => {
                self.moods.changed().await.map_err(|_| BrokenOff)?;
                Err(BrokenOff)
            }
            Mood::Busy => {
                let mut busy = Response::new(s3s::Body::empty());
                *busy.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                Ok(busy)
            }
        }
    }

    async fn serve(&self, request: Request<Incoming>) -> Response<s3s::Body> {
        let put = (request.method() == Method::PUT).then(|| {
            let name =
                request.uri().path().strip_prefix(&format!("/{BUCKET}/")).unwrap_or_default().to_owned();
            let length =
                request.headers().get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
            (name, length.unwrap_or_default())
        });
        let answer =
            self.service.call(request.map(s3s::Body::from)).await.unwrap_or_else(|error| panic!("{error:?}"));
        if let Some(put) = put
            && answer.status().is_success()
        {
            self.book.lock().unwrap().stored.push(put);
        }
        answer
    }
}
