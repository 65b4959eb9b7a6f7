DROP TABLE log_epoch;
DROP FUNCTION database_identity();
