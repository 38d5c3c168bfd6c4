-- Broadcasts, and what lists and searches of them need.

CREATE TABLE broadcasts (
    id TEXT PRIMARY KEY,
    room_name TEXT NOT NULL,
    host_id TEXT NOT NULL REFERENCES users (id),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    tags TEXT NOT NULL,
    cover_url TEXT,
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
    latency_mode TEXT NOT NULL,
    audio_profile TEXT NOT NULL,
    publisher_grace_seconds BIGINT NOT NULL,
    scheduled_start BIGINT,
    timezone TEXT,
    recurrence TEXT,
    reminder_offsets TEXT NOT NULL,
    recording_enabled BIGINT NOT NULL,
    max_speakers BIGINT NOT NULL,
    single_publisher BIGINT NOT NULL,
    auto_start BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('scheduled', 'live', 'ended', 'cancelled')),
    stream_key TEXT NOT NULL,
    run TEXT,
    started_at BIGINT,
    ended_at BIGINT,
    peak_listeners BIGINT NOT NULL,
    -- Where it stands among those of its status, smallest first.
    list_rank BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX broadcasts__room_name ON broadcasts (room_name);
CREATE INDEX broadcasts_listed ON broadcasts (visibility, status, list_rank, id);
CREATE INDEX broadcasts_newest_listed ON broadcasts (visibility, created_at, id);
CREATE INDEX broadcasts_by_status ON broadcasts (status, list_rank, id);
CREATE INDEX broadcasts_newest ON broadcasts (created_at, id);
CREATE INDEX broadcasts_of_host ON broadcasts (host_id, visibility, status, list_rank, id);
CREATE INDEX broadcasts_of_host_newest ON broadcasts (host_id, created_at, id);

-- How many broadcasts there are, kept with every change: counting 200,000 rows for each list takes too long.
CREATE TABLE broadcast_totals (
    visibility TEXT NOT NULL,
    status TEXT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (visibility, status)
);

-- Words of title and host, and tags with a # before them. Source 0 is the broadcast itself, 1 its host.
CREATE TABLE broadcast_terms (
    subject_id TEXT NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    term BYTEA NOT NULL,
    source BIGINT NOT NULL,
    PRIMARY KEY (subject_id, term, source)
);
CREATE INDEX broadcast_terms_by_term ON broadcast_terms (term, subject_id);

-- The picture of a broadcast; its bytes are a file.
CREATE TABLE covers (
    broadcast_id TEXT PRIMARY KEY REFERENCES broadcasts (id) ON DELETE CASCADE,
    file TEXT NOT NULL,
    media_type TEXT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Moderators and speakers, and who may hear a private broadcast.
CREATE TABLE broadcast_members (
    broadcast_id TEXT NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('moderator', 'speaker', 'listener')),
    added_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (broadcast_id, user_id)
);
CREATE INDEX broadcast_members_in_order ON broadcast_members (broadcast_id, added_at, user_id);
CREATE INDEX broadcast_members_of_user ON broadcast_members (user_id);
CREATE INDEX broadcast_members_by_adder ON broadcast_members (added_by);

CREATE TABLE blocks (
    broadcast_id TEXT NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    reason TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (broadcast_id, user_id)
);
CREATE INDEX blocks_in_order ON blocks (broadcast_id, created_at, user_id);
CREATE INDEX blocks_of_user ON blocks (user_id);
CREATE INDEX blocks_by_blocker ON blocks (blocked_by);
