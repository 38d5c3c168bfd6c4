-- Who is told what happens, and what was told.

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    owner_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    broadcast_id TEXT REFERENCES broadcasts (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    events TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    last_sequence BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX webhooks_newest ON webhooks (created_at, id);
CREATE INDEX webhooks_of_owner ON webhooks (owner_id, created_at, id);
CREATE INDEX webhooks_of_broadcast ON webhooks (broadcast_id);

CREATE TABLE webhook_deliveries (
    id TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    sequence BIGINT NOT NULL,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    last_status BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    delivered_at BIGINT
);
CREATE UNIQUE INDEX webhook_deliveries__sequence ON webhook_deliveries (webhook_id, sequence);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (webhook_id, sequence) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (created_at);
