-- What happened to accounts, sign-ins and API keys, for every station on the database to take over: each keeps in memory
-- whom it lets in. Numbered in the order in which it was committed; access_counter has the last number.

CREATE TABLE access_changes (
    number BIGINT PRIMARY KEY,
    subject TEXT NOT NULL CHECK (subject IN ('user', 'session', 'api_key')),
    subject_id TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX access_changes_oldest ON access_changes (at);

CREATE TABLE access_counter (
    value BIGINT NOT NULL
);
INSERT INTO access_counter (value) VALUES (0);
