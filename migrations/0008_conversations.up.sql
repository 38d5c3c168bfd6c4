-- What a message answers and what its author was, and how many listened in each minute.

ALTER TABLE chat_messages ADD COLUMN reply_to TEXT;
ALTER TABLE chat_messages ADD COLUMN author_role TEXT NOT NULL DEFAULT 'listener';

CREATE TABLE listener_minutes (
    broadcast_id TEXT NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    minute BIGINT NOT NULL,
    station TEXT NOT NULL,
    webrtc BIGINT NOT NULL,
    hls BIGINT NOT NULL,
    people BIGINT NOT NULL,
    PRIMARY KEY (broadcast_id, minute, station)
);
