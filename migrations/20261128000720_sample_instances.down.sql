ALTER TABLE instances DROP COLUMN lost_at;
DROP TABLE cluster_events;
DROP TABLE instance_samples;
