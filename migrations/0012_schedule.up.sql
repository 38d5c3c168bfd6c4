-- What is planned: jobs that are done when their time comes, and broadcasts that repeat.

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    -- One of each kind, for ever: what is asked for twice is done once.
    key TEXT NOT NULL,
    -- The broadcast whose plan it is part of.
    broadcast_id TEXT,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'failed')),
    due_at BIGINT NOT NULL,
    -- From when on somebody may take it: a lease and a back-off push it ahead.
    next_attempt_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- Names the batch that has taken it.
    claimed_by TEXT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE UNIQUE INDEX jobs__key ON jobs (kind, key);
CREATE INDEX jobs_waiting ON jobs (kind, next_attempt_at, id) WHERE state = 'waiting';
CREATE INDEX jobs_claimed ON jobs (claimed_by) WHERE claimed_by IS NOT NULL;
CREATE INDEX jobs_of_broadcast ON jobs (broadcast_id) WHERE state = 'waiting';
CREATE INDEX jobs_listed ON jobs (state, due_at, id);

-- What repeats. Each of its occurrences is a broadcast.
CREATE TABLE series (
    id TEXT PRIMARY KEY,
    host_id TEXT NOT NULL REFERENCES users (id),
    -- Where it goes on from another series that was changed from some day on.
    continues TEXT REFERENCES series (id) ON DELETE SET NULL,
    rule TEXT NOT NULL,
    timezone TEXT NOT NULL,
    -- The first occurrence by the clock on the wall of `timezone`: 2027-03-28T02:30:00.
    first_start TEXT NOT NULL,
    -- Starts that are left out, in milliseconds, as a list.
    exceptions TEXT NOT NULL,
    -- What each new occurrence begins with, as an object.
    pattern TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX series_of_host ON series (host_id, created_at, id);
CREATE INDEX series_by_origin ON series (continues);

-- Without REFERENCES: SQLite could not drop the column again. No series is ever removed while it has broadcasts.
ALTER TABLE broadcasts ADD COLUMN series_id TEXT;
-- The start that the rule gave it; stays when it is moved.
ALTER TABLE broadcasts ADD COLUMN occurrence_start BIGINT;
ALTER TABLE broadcasts ADD COLUMN duration_seconds BIGINT;
ALTER TABLE broadcasts ADD COLUMN start_on_time BIGINT NOT NULL DEFAULT 0;
ALTER TABLE broadcasts ADD COLUMN end_on_time BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX broadcasts__occurrence_start ON broadcasts (series_id, occurrence_start);
CREATE INDEX broadcasts_planned ON broadcasts (host_id, scheduled_start) WHERE status = 'scheduled';
