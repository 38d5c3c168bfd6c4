-- What happens in a room and around it, and what remains.

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    broadcast_id TEXT NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    user_id TEXT REFERENCES users (id) ON DELETE SET NULL,
    role TEXT NOT NULL,
    transport TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    left_at BIGINT
);
CREATE INDEX sessions_of_broadcast ON sessions (broadcast_id, joined_at, id);
CREATE INDEX sessions_of_user ON sessions (user_id, joined_at, id);
CREATE INDEX sessions_open ON sessions (broadcast_id) WHERE left_at IS NULL;

CREATE TABLE chat_messages (
    id TEXT PRIMARY KEY,
    broadcast_id TEXT NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    user_id TEXT REFERENCES users (id) ON DELETE SET NULL,
    author_name TEXT NOT NULL,
    message TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    program_time BIGINT,
    pinned_at BIGINT,
    deleted_at BIGINT,
    deleted_by TEXT REFERENCES users (id) ON DELETE SET NULL
);
CREATE INDEX chat_messages_of_broadcast ON chat_messages (broadcast_id, sent_at, id);
CREATE INDEX chat_messages_of_user ON chat_messages (user_id);
CREATE INDEX chat_messages_by_deleter ON chat_messages (deleted_by);

-- Summed: a row says how many of one kind fell into one stretch of time.
CREATE TABLE reactions (
    broadcast_id TEXT NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    interval_start BIGINT NOT NULL,
    emoji TEXT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (broadcast_id, interval_start, emoji)
);

CREATE TABLE follows (
    follower_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    followed_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (follower_id, followed_id)
);
CREATE INDEX follows_of_follower ON follows (follower_id, created_at, followed_id);
CREATE INDEX follows_of_followed ON follows (followed_id, created_at, follower_id);

CREATE TABLE reminders (
    id TEXT PRIMARY KEY,
    broadcast_id TEXT NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    offset_seconds BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    sent_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX reminders__offset_seconds ON reminders (broadcast_id, user_id, offset_seconds);
CREATE INDEX reminders_due ON reminders (due_at, id) WHERE sent_at IS NULL;
CREATE INDEX reminders_of_user ON reminders (user_id, due_at, id);

CREATE TABLE recordings (
    id TEXT PRIMARY KEY,
    broadcast_id TEXT NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    run TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('recording', 'ready', 'failed')),
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    duration_ms BIGINT,
    size_bytes BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX recordings__run ON recordings (broadcast_id, run);
CREATE INDEX recordings_of_broadcast ON recordings (broadcast_id, started_at, id);
CREATE INDEX recordings_newest ON recordings (status, started_at, id);

CREATE TABLE reports (
    id TEXT PRIMARY KEY,
    broadcast_id TEXT NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    reporter_id TEXT REFERENCES users (id) ON DELETE SET NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'upheld', 'dismissed')),
    reviewer_id TEXT REFERENCES users (id) ON DELETE SET NULL,
    reviewed_at BIGINT,
    note TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX reports_queue ON reports (state, created_at, id);
CREATE INDEX reports_newest ON reports (created_at, id);
CREATE INDEX reports_of_broadcast ON reports (broadcast_id, created_at, id);
CREATE INDEX reports_by_reporter ON reports (reporter_id);
CREATE INDEX reports_by_reviewer ON reports (reviewer_id);
