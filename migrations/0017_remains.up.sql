-- Recordings that were deleted. What made them may tell of them once more, and they are not to come back by that.

CREATE TABLE deleted_recordings (
    id TEXT PRIMARY KEY,
    broadcast_id TEXT NOT NULL,
    run TEXT NOT NULL,
    deleted_at BIGINT NOT NULL
);
CREATE INDEX deleted_recordings_of_run ON deleted_recordings (broadcast_id, run, deleted_at);
CREATE INDEX deleted_recordings_at ON deleted_recordings (deleted_at);

-- The loudness range in thousandths of a LU. What was measured before lacks it, and is measured again.
ALTER TABLE recordings ADD COLUMN loudness_range_milli BIGINT;
UPDATE recordings SET analysed_at = NULL;

-- What was said in recordings, as hosts attach it. Those that were cut from one recording share one.
CREATE TABLE transcripts (
    id TEXT PRIMARY KEY,
    timed BIGINT NOT NULL,
    language TEXT,
    words TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
ALTER TABLE recordings ADD COLUMN transcript_id TEXT;
CREATE INDEX recordings_of_transcript ON recordings (transcript_id) WHERE transcript_id IS NOT NULL;

-- Is each speaker of a recording kept by themselves, too? Not unless its host wants that.
ALTER TABLE broadcasts ADD COLUMN record_tracks BIGINT NOT NULL DEFAULT 0;
