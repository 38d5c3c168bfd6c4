-- When a sign-in began, and on what; each token of it knows. What was there before does not.

ALTER TABLE refresh_tokens ADD COLUMN signed_in_at BIGINT;
ALTER TABLE refresh_tokens ADD COLUMN device TEXT;
