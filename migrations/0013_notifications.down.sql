DROP INDEX broadcasts_by_hour;
DROP TABLE calendar_feeds;
DROP TABLE notification_sends;
DROP TABLE notification_preferences;
DROP TABLE devices;
DROP TABLE notifications;
