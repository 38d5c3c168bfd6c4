-- Several stations on one database: which of them brings a delivery, and until when it is that one's alone. And the
-- secret that a webhook had before, with which its requests are signed for a while beside the new one.

ALTER TABLE webhook_deliveries ADD COLUMN claimed_by TEXT;
ALTER TABLE webhook_deliveries ADD COLUMN claimed_until BIGINT;
ALTER TABLE webhooks ADD COLUMN retired_secret TEXT;
ALTER TABLE webhooks ADD COLUMN retired_until BIGINT;
