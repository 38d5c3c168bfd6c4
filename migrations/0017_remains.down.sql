ALTER TABLE recordings DROP COLUMN loudness_range_milli;
DROP TABLE deleted_recordings;
