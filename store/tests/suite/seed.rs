//! Sample data, and lists over more of it than fits into one page.

use store::{BroadcastFilter, RecordingFilter, Sample, Seen, Slice, Status, Store, UserFilter};

use crate::on_both;

async fn walk(store: &Store, filter: &BroadcastFilter) -> (Vec<String>, i64) {
    let mut slice = Slice::first(Slice::MOST);
    let mut ids = Vec::new();
    loop {
        let page = store.broadcasts().list(filter, &slice).await.unwrap();
        ids.extend(page.items.iter().map(|item| item.broadcast.id.clone()));
        match slice.after(&page) {
            Some(next) => slice = next,
            None => return (ids, page.total),
        }
    }
}

on_both! {
    async fn sample_data_is_listed_without_gaps_or_doubles(store: Store) {
        store.seed(&Sample { users: 60, broadcasts: 6000, sessions: 2000 }).await.unwrap();
        let all = BroadcastFilter { seen: Seen::ByAdmin, ..BroadcastFilter::default() };
        let (ids, total) = walk(&store, &all).await;
        assert_eq!((ids.len(), total), (6000, 6000));
        let mut known = ids.clone();
        known.sort_unstable();
        known.dedup();
        assert_eq!(known.len(), 6000);
        let mut by_status = 0;
        for status in Status::ALL {
            let (ids, total) = walk(&store, &BroadcastFilter { status: Some(*status), ..all.clone() }).await;
            assert_eq!(ids.len() as i64, total, "{status:?}");
            by_status += total;
        }
        assert_eq!(by_status, 6000);
        let first = store.sessions().list(&ids[5999], &Slice::first(1)).await.unwrap();
        assert!(first.total >= 200, "{}", first.total);
        assert_eq!(store.users().list(&UserFilter::default(), &Slice::first(1)).await.unwrap().total, 60);
        assert!(store.recordings().list(&RecordingFilter::default(), &Slice::first(1)).await.unwrap().total > 2000);
    }

    /// More than [`store::SEARCH_COUNTED`] rows, so that dense and sparse matches are found in different ways.
    async fn a_search_finds_the_same_rows_in_each_way(store: Store) {
        store.seed(&Sample { users: 60, broadcasts: 6000, sessions: 0 }).await.unwrap();
        let mut more_than_counted = 0;
        for q in ["the", "signal", "the signal", "t", "morning show", "anna", "sample1 the", "s t", "t s a"] {
            let filter = BroadcastFilter { q: Some(q.to_owned()), ..BroadcastFilter::default() };
            let (ids, total) = walk(&store, &filter).await;
            let mut expected = Vec::new();
            let mut slice = Slice::first(Slice::MOST);
            loop {
                let page = store.broadcasts().list(&BroadcastFilter::default(), &slice).await.unwrap();
                for item in &page.items {
                    let text = format!(
                        "{} {} {} {}",
                        item.broadcast.title, item.broadcast.tags.join(" "), item.host.username, item.host.display_name
                    );
                    let text = text.to_lowercase();
                    let has = |word: &str| text.split(' ').any(|known| known.starts_with(word));
                    if q.split(' ').all(has) {
                        expected.push(item.broadcast.id.clone());
                    }
                }
                match slice.after(&page) {
                    Some(next) => slice = next,
                    None => break,
                }
            }
            assert_eq!(ids, expected, "{q}");
            assert!(total <= ids.len() as i64, "{q}: {total} of {}", ids.len());
            assert_eq!(total == 0, ids.is_empty(), "{q}");
            if total < ids.len() as i64 {
                more_than_counted += usize::from(q.contains(' '));
            }
        }
        assert!(more_than_counted > 0, "of usual words only the first rows are counted");
    }
}
