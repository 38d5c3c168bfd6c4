ALTER TABLE webhooks DROP COLUMN retired_until;
ALTER TABLE webhooks DROP COLUMN retired_secret;
ALTER TABLE webhook_deliveries DROP COLUMN claimed_until;
ALTER TABLE webhook_deliveries DROP COLUMN claimed_by;
