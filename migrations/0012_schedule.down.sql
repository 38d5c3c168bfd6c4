DROP INDEX broadcasts_planned;
DROP INDEX broadcasts__occurrence_start;
ALTER TABLE broadcasts DROP COLUMN end_on_time;
ALTER TABLE broadcasts DROP COLUMN start_on_time;
ALTER TABLE broadcasts DROP COLUMN duration_seconds;
ALTER TABLE broadcasts DROP COLUMN occurrence_start;
ALTER TABLE broadcasts DROP COLUMN series_id;
DROP TABLE series;
DROP TABLE jobs;
