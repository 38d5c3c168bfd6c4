DROP TABLE reports;
DROP TABLE recordings;
DROP TABLE reminders;
DROP TABLE follows;
DROP TABLE reactions;
DROP TABLE chat_messages;
DROP TABLE sessions;
