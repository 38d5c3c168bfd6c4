-- Up to which entry each station's journal has been applied.
CREATE TABLE journals (
    id TEXT PRIMARY KEY,
    applied BIGINT NOT NULL,
    applied_at BIGINT NOT NULL
);
