-- How much a day was listened to, over all broadcasts.

CREATE INDEX listener_minutes_by_minute ON listener_minutes (minute);
