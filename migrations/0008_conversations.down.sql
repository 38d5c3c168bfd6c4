DROP TABLE listener_minutes;
ALTER TABLE chat_messages DROP COLUMN author_role;
ALTER TABLE chat_messages DROP COLUMN reply_to;
