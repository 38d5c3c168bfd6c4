DROP TABLE deleted_recordings;
