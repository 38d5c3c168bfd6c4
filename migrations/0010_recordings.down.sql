DROP TABLE recorded_runs_counter;
DROP TABLE recorded_runs;
DROP INDEX chat_messages_heard;
DROP INDEX recordings_of_parent;
DROP INDEX recordings_of_run;
DROP INDEX recordings_latest;
-- A run has one recording again: the first that was made of it.
DELETE FROM recordings WHERE kind <> 'recording' OR EXISTS (
    SELECT 1 FROM recordings other
    WHERE other.broadcast_id = recordings.broadcast_id AND other.run = recordings.run
        AND other.kind = 'recording' AND other.id < recordings.id
);
ALTER TABLE recordings DROP COLUMN updated_at;
ALTER TABLE recordings DROP COLUMN version;
ALTER TABLE recordings DROP COLUMN analysed_at;
ALTER TABLE recordings DROP COLUMN loudness_milli;
ALTER TABLE recordings DROP COLUMN recorded_ms;
ALTER TABLE recordings DROP COLUMN recorded_to;
ALTER TABLE recordings DROP COLUMN recorded_from;
ALTER TABLE recordings DROP COLUMN to_frames;
ALTER TABLE recordings DROP COLUMN from_frames;
ALTER TABLE recordings DROP COLUMN preview_key;
ALTER TABLE recordings DROP COLUMN published;
ALTER TABLE recordings DROP COLUMN words;
ALTER TABLE recordings DROP COLUMN title;
ALTER TABLE recordings DROP COLUMN parent_id;
ALTER TABLE recordings DROP COLUMN kind;
CREATE UNIQUE INDEX recordings__run ON recordings (broadcast_id, run);
