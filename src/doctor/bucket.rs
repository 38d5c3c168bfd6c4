//! Whether the bucket in which media is kept takes, gives and deletes what it should.

use std::time::Instant;

use cdn::{Access, Bucket, Caching, Object, ObjectKey, ObjectStore, Patience, S3, StoreError};

use super::report::Report;

const CHECK: &str = "bucket";

/// Stores a small object in the bucket, reads it and deletes it; without a bucket there is nothing to look at.
pub(super) async fn examine(report: &mut Report, bucket: Option<&Bucket>, access: &Access) {
    let Some(bucket) = bucket else { return };
    let place = match &bucket.endpoint {
        Some(endpoint) => format!("{} at {endpoint}", bucket.name),
        None => bucket.name.clone(),
    };
    let store = ObjectStore::S3(S3::open(bucket, access, Patience::default()).await);
    let asked = Instant::now();
    match visit(&store).await {
        Ok(()) => {
            let took = asked.elapsed().as_millis();
            report.ok(CHECK, format!("{place} takes, gives and deletes an object in {took} ms"));
        }
        Err((step, Some(error))) => report.fail(
            CHECK,
            format!("{place} does not let us {step}: {error}"),
            "look at `ONAIR_S3_BUCKET`, `ONAIR_S3_ENDPOINT`, `ONAIR_S3_REGION` and the keys, which need s3:PutObject, \
             s3:GetObject, s3:DeleteObject and s3:ListBucket; until then media waits on local disk",
        ),
        Err((step, None)) => report.fail(
            CHECK,
            format!("{place} does not let us {step}: it gives something else than it took"),
            "ask whoever runs it: a store that does so is of no use",
        ),
    }
}

/// What did not work, and why; no error where an answer was wrong.
async fn visit(store: &ObjectStore) -> Result<(), (&'static str, Option<StoreError>)> {
    let mut bits = [0; 8];
    getrandom::fill(&mut bits).map_err(|error| ("begin", Some(StoreError::Request(error.to_string()))))?;
    // A name of its own, so that two who look at once do not meet.
    let name = format!("doctor/{:016x}", u64::from_ne_bytes(bits));
    let key = ObjectKey::parse(&name).expect("hexadecimal digits are plain");
    let object = Object { key: key.clone(), bytes: name.into(), caching: Caching::Growing };
    store.put(&object).await.map_err(|error| ("store an object", Some(error)))?;
    let read = store.get(&key).await.map_err(|error| ("read an object", Some(error)))?;
    let listed = store.delete_below(&ObjectKey::parse("doctor/none").expect("it is plain")).await;
    let deleted = store.delete(&key).await;
    listed.map_err(|error| ("list objects", Some(error)))?;
    deleted.map_err(|error| ("delete an object", Some(error)))?;
    if read.as_ref() == Some(&object.bytes) { Ok(()) } else { Err(("read an object", None)) }
}
