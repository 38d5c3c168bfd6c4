-- What is done to the sound of a broadcast on its way. What there was stays as it sounded: neither.
ALTER TABLE broadcasts ADD COLUMN noise_suppression BIGINT NOT NULL DEFAULT 0;
ALTER TABLE broadcasts ADD COLUMN levelling BIGINT NOT NULL DEFAULT 0;
