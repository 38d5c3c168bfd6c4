ALTER TABLE listener_minutes DROP COLUMN joins_failed;
ALTER TABLE listener_minutes DROP COLUMN joins;
DROP TABLE polls;
