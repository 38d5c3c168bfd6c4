DROP TABLE plan_audiences;
DROP TABLE reminder_refusals;
ALTER TABLE follows DROP COLUMN notify;
