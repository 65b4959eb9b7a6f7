DROP TABLE event_usage;
