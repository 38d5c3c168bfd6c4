DROP TABLE access_counter;
DROP TABLE access_changes;
