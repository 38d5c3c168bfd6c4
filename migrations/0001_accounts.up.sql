-- People, what they sign in with, and the log of what was done.
-- Every migration runs as it stands on SQLite and on PostgreSQL: TEXT, BIGINT and DOUBLE PRECISION alone (BYTEA
-- once, for search terms), times as Unix milliseconds, booleans as 0 and 1, lists as JSON. A unique index is
-- called table__column, so that its violation names the column.

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    username TEXT NOT NULL,
    display_name TEXT NOT NULL,
    avatar_url TEXT,
    password_hash TEXT,
    role TEXT NOT NULL CHECK (role IN ('admin', 'host', 'listener')),
    must_change_password BIGINT NOT NULL DEFAULT 0,
    suspended_at BIGINT,
    suspended_reason TEXT,
    last_sign_in_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX users__email ON users (email);
CREATE UNIQUE INDEX users__username ON users (username);
CREATE INDEX users_newest ON users (created_at, id);
CREATE INDEX users_by_role ON users (role, created_at, id);
CREATE INDEX users_suspended ON users (suspended_at);

-- The words by which an account is found, as UTF-8 bytes: bytes compare alike in every database, text does not.
CREATE TABLE user_terms (
    subject_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    term BYTEA NOT NULL,
    source BIGINT NOT NULL,
    PRIMARY KEY (subject_id, term, source)
);
CREATE INDEX user_terms_by_term ON user_terms (term, subject_id);

CREATE TABLE refresh_tokens (
    id TEXT PRIMARY KEY,
    family_id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX refresh_tokens__token_hash ON refresh_tokens (token_hash);
CREATE INDEX refresh_tokens_of_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_of_user ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'host')),
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_keys_newest ON api_keys (created_at, id);
CREATE INDEX api_keys_by_creator ON api_keys (created_by);

CREATE TABLE invitations (
    id TEXT PRIMARY KEY,
    code_hash TEXT NOT NULL,
    email TEXT,
    role TEXT NOT NULL CHECK (role IN ('admin', 'host', 'listener')),
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    used_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX invitations__code_hash ON invitations (code_hash);
CREATE INDEX invitations_newest ON invitations (created_at, id);
CREATE INDEX invitations_by_creator ON invitations (created_by);
CREATE INDEX invitations_by_user ON invitations (used_by);

-- Nothing refers from here to another table: an entry stays as it was when the account is gone.
CREATE TABLE audit_log (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'api_key', 'system', 'anonymous')),
    actor_id TEXT,
    action TEXT NOT NULL,
    subject_kind TEXT,
    subject_id TEXT,
    address TEXT,
    detail TEXT NOT NULL
);
CREATE INDEX audit_log_newest ON audit_log (at, id);
CREATE INDEX audit_log_by_actor ON audit_log (actor_id, at, id);
CREATE INDEX audit_log_by_action ON audit_log (action, at, id);
CREATE INDEX audit_log_by_subject ON audit_log (subject_id, at, id);
