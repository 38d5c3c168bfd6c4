-- What people are told, where they can be reached, when they want to be, and by which ways it goes out.

CREATE TABLE notifications (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    -- What happened; somebody is told of it once.
    about TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    read_at BIGINT
);
CREATE UNIQUE INDEX notifications__about ON notifications (user_id, about);
CREATE INDEX notifications_newest ON notifications (user_id, created_at, id);
CREATE INDEX notifications_unread ON notifications (user_id, created_at) WHERE read_at IS NULL;
CREATE INDEX notifications_oldest ON notifications (created_at);

-- The id follows from channel and token, so that a device which is registered again is the same one.
CREATE TABLE devices (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel TEXT NOT NULL CHECK (channel IN ('web_push', 'fcm', 'apns')),
    token TEXT NOT NULL,
    key TEXT,
    auth TEXT,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX devices_of_user ON devices (user_id, created_at, id);

CREATE TABLE notification_preferences (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    timezone TEXT,
    quiet_from BIGINT,
    quiet_until BIGINT,
    digest_at BIGINT,
    channels TEXT NOT NULL,
    bounces BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- What goes out by which way; a device of '' is an address for e-mail.
CREATE TABLE notification_sends (
    notification_id TEXT NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    channel TEXT NOT NULL CHECK (channel IN ('email', 'web_push', 'fcm', 'apns')),
    device_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'sent', 'gone', 'refused', 'late')),
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    claimed_by TEXT,
    claimed_until BIGINT,
    last_error TEXT,
    sent_at BIGINT,
    PRIMARY KEY (notification_id, channel, device_id)
);
CREATE INDEX notification_sends_due ON notification_sends (due_at, notification_id) WHERE status = 'pending';
CREATE INDEX notification_sends_of_user ON notification_sends (user_id, channel, due_at) WHERE status = 'pending';

-- Whose calendar lies at a secret address.
CREATE TABLE calendar_feeds (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX calendar_feeds__secret_hash ON calendar_feeds (secret_hash);

-- What a host has planned, in the order of the hours.
CREATE INDEX broadcasts_by_hour ON broadcasts (host_id, scheduled_start) WHERE scheduled_start IS NOT NULL;
