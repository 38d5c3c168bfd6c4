ALTER TABLE broadcasts DROP COLUMN record_tracks;
DROP INDEX recordings_of_transcript;
ALTER TABLE recordings DROP COLUMN transcript_id;
DROP TABLE transcripts;
ALTER TABLE recordings DROP COLUMN loudness_range_milli;
DROP TABLE deleted_recordings;
