-- What a room was asked and what it answered, and how many got to hear a broadcast by WebRTC in each minute.

CREATE TABLE polls (
    id TEXT PRIMARY KEY,
    broadcast_id TEXT NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    question TEXT NOT NULL,
    answers TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    program_time BIGINT,
    closed_at BIGINT
);
CREATE INDEX polls_of_broadcast ON polls (broadcast_id, opened_at, id);

ALTER TABLE listener_minutes ADD COLUMN joins BIGINT NOT NULL DEFAULT 0;
ALTER TABLE listener_minutes ADD COLUMN joins_failed BIGINT NOT NULL DEFAULT 0;
