-- Several recordings of one run, clips of them, and what their hosts make of them. Positions are frames at 48 kHz on the
-- run's timeline; nothing that was recorded is lost by cutting.

DROP INDEX recordings__run;
ALTER TABLE recordings ADD COLUMN kind TEXT NOT NULL DEFAULT 'recording' CHECK (kind IN ('recording', 'clip'));
ALTER TABLE recordings ADD COLUMN parent_id TEXT;
ALTER TABLE recordings ADD COLUMN title TEXT NOT NULL DEFAULT '';
ALTER TABLE recordings ADD COLUMN words TEXT NOT NULL DEFAULT '';
ALTER TABLE recordings ADD COLUMN published BIGINT NOT NULL DEFAULT 1;
ALTER TABLE recordings ADD COLUMN preview_key TEXT;
ALTER TABLE recordings ADD COLUMN from_frames BIGINT NOT NULL DEFAULT 0;
ALTER TABLE recordings ADD COLUMN to_frames BIGINT;
ALTER TABLE recordings ADD COLUMN recorded_from BIGINT NOT NULL DEFAULT 0;
ALTER TABLE recordings ADD COLUMN recorded_to BIGINT;
ALTER TABLE recordings ADD COLUMN recorded_ms BIGINT;
ALTER TABLE recordings ADD COLUMN loudness_milli BIGINT;
ALTER TABLE recordings ADD COLUMN analysed_at BIGINT;
ALTER TABLE recordings ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE recordings ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
UPDATE recordings SET
    title = (SELECT b.title FROM broadcasts b WHERE b.id = broadcast_id),
    words = (SELECT ' ' || LOWER(b.title) FROM broadcasts b WHERE b.id = broadcast_id),
    to_frames = duration_ms * 48,
    recorded_to = duration_ms * 48,
    recorded_ms = duration_ms,
    updated_at = created_at;
-- What a host sees has every status.
CREATE INDEX recordings_latest ON recordings (started_at, id);
CREATE INDEX recordings_of_run ON recordings (broadcast_id, run);
-- What was said comes back with the sound of its moment.
CREATE INDEX chat_messages_heard ON chat_messages (broadcast_id, (COALESCE(program_time, sent_at)), id);
CREATE INDEX recordings_of_parent ON recordings (parent_id) WHERE parent_id IS NOT NULL;

-- Which runs have something to be told to the stations that hold their media; a row outlives its broadcast.
CREATE TABLE recorded_runs (
    broadcast_id TEXT NOT NULL,
    run TEXT NOT NULL,
    number BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (broadcast_id, run)
);
CREATE INDEX recorded_runs_changed ON recorded_runs (number, broadcast_id, run);
INSERT INTO recorded_runs (broadcast_id, run, number, changed_at)
    SELECT broadcast_id, run, 1, MAX(created_at) FROM recordings GROUP BY broadcast_id, run;
CREATE TABLE recorded_runs_counter (value BIGINT NOT NULL);
INSERT INTO recorded_runs_counter (value) VALUES (1);
