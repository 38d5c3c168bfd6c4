-- Who wants to hear what: of a host whom they follow, of one broadcast; and who is to be told of a change of plan.

ALTER TABLE follows ADD COLUMN notify BIGINT NOT NULL DEFAULT 1;

-- Who does not want to be reminded of a broadcast, though they follow its host.
CREATE TABLE reminder_refusals (
    broadcast_id TEXT NOT NULL REFERENCES broadcasts (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (broadcast_id, user_id)
);

-- Who waited for broadcasts that were moved or called off when that happened, until they are told. Without REFERENCES
-- to the broadcasts: one may be gone.
CREATE TABLE plan_audiences (
    -- Names the change.
    about TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Which of the broadcasts that were changed together.
    place BIGINT NOT NULL,
    -- 1 where they asked to be reminded of it, 0 where they are not to hear of it.
    wanted BIGINT NOT NULL,
    PRIMARY KEY (about, user_id, place)
);
