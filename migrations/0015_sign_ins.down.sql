ALTER TABLE refresh_tokens DROP COLUMN device;
ALTER TABLE refresh_tokens DROP COLUMN signed_in_at;
